/*
 * The body of what is retrieved: one thing alone, or parts of multipart/related (RFC 2387, PS3.18
 * 8.6.1.2), read piece by piece as the socket takes them.
 */
#ifndef CONSILIUM_DICOMWEB_WADO_STREAM_H
#define CONSILIUM_DICOMWEB_WADO_STREAM_H

#include "server/dicomweb/ask.h"
#include "server/dicomweb/wado_part.h"

struct wado_stream;

/* Answers the ask with the parts (of malloc, given away), and ends it; also when it cannot. The
 * ask's operation is the stream meanwhile. `opened` is a download of the first part, given away, or
 * NULL. Alone there is one part, with `etag` and ranges when that is not NULL.
 *
 * What is made is made as the ask's `render` says, one part after the other, when the socket takes
 * it. Pictures that cannot be had are left out, whole parts of them; when none can be had that is
 * the answer. */
void wado_stream_begin(struct dicomweb_ask *ask, struct wado_part *parts, uint32_t count,
                       bool alone, const char *etag, struct imaging_download *opened);
/* A let_go of the ask. */
void wado_stream_let_go(void *operation);

#endif
