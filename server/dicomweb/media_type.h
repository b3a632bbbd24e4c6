/*
 * Media types of pixel data by transfer syntax (PS3.18 tables 8.7.3-2 and 8.7.3-5). Pure.
 */
#ifndef CONSILIUM_DICOMWEB_MEDIA_TYPE_H
#define CONSILIUM_DICOMWEB_MEDIA_TYPE_H

#include "server/dicomweb/accept.h"

/* Of one frame as it is stored; "application/octet-stream" for what is not compressed. Static. */
const char *media_type_of_frame(const char *transfer_syntax_uid);

/* What there is of frames to be given. */
struct media_offer {
    const char *stored; /* UID of the transfer syntax they are stored in */
    bool copy;          /* there is a lossless copy, HTJ2K with RPCL */
    bool decodes;       /* they can be decoded here, as far as their index row says */
    uint32_t parts;     /* how many are to be given */
};

enum media_form { MEDIA_STORED, MEDIA_COPY, MEDIA_DECODED };

/* How frames are given. */
struct media_choice {
    bool multipart;
    enum media_form form;
    const char *media_type, *transfer_syntax; /* static, or the offer's */
};

/* The first that the client takes, as they are stored before the copy, and that before decoded
 * ones; false = none: 406. */
bool media_choose_frames(const struct accept *accept, const struct media_offer *offer,
                         struct media_choice *ret);

#endif
