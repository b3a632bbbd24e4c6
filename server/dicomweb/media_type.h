/*
 * Media types of pixel data by transfer syntax (PS3.18 tables 8.7.3-2 and 8.7.3-5). Pure.
 */
#ifndef CONSILIUM_DICOMWEB_MEDIA_TYPE_H
#define CONSILIUM_DICOMWEB_MEDIA_TYPE_H

#include "server/dicomweb/accept.h"

/* Of one frame as it is stored; "application/octet-stream" for what is not compressed. Static. */
const char *media_type_of_frame(const char *transfer_syntax_uid);

/* How frames, or files, are given. */
struct media_choice {
    bool multipart;
    const char *media_type; /* static */
};
/* The first that the client takes; false = none: 406. `parts`: how many there are to give. */
bool media_choose_frames(const struct accept *accept, const char *transfer_syntax_uid,
                         uint32_t parts, struct media_choice *ret);

#endif
