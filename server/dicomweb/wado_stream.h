/*
 * The body of what is retrieved: one thing alone, or parts of multipart/related (RFC 2387, PS3.18
 * 8.6.1.2), read piece by piece as the socket takes them.
 */
#ifndef CONSILIUM_DICOMWEB_WADO_STREAM_H
#define CONSILIUM_DICOMWEB_WADO_STREAM_H

#include "server/dicomweb/ask.h"

enum wado_lead {
    LEAD_NONE,
    LEAD_PREAMBLE, /* 128 bytes and DICM: the file has its meta information */
    LEAD_META,     /* that and a meta information of ours */
};

struct wado_part {
    char sop_instance_uid[65];
    char sop_class_uid[65]; /* for LEAD_META */
    uint32_t frame;         /* as of imaging_download_open */
    uint8_t lead;
    uint64_t offset, length;                  /* of what is read */
    const char *media_type, *transfer_syntax; /* static; the second "" = none is said */
};

struct wado_stream;

/* Answers the ask with the parts (of malloc, given away), and ends it; also when it cannot. The
 * ask's operation is the stream meanwhile. `opened` is a download of the first part, given away, or
 * NULL. Alone there is one part, with `etag` and ranges when that is not NULL. */
void wado_stream_begin(struct dicomweb_ask *ask, struct wado_part *parts, uint32_t count,
                       bool alone, const char *etag, struct imaging_download *opened);
/* A let_go of the ask. */
void wado_stream_let_go(void *operation);

#endif
