/*
 * What a sender says of all the files that they send together, so that who waits knows how many
 * will come: a header of each file, and a word when no more does.
 */
#ifndef CONSILIUM_ROUTES_SENDING_H
#define CONSILIUM_ROUTES_SENDING_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

#define SENDING_FILES_MAX 1000000u
#define SENDING_BYTES_MAX ((uint64_t)1 << 48)

/* The value of Upload-Sending: a uuid, then six decimal numbers, a space before each: files and
 * bytes of all, then of those through before this file their number, bytes, new images, and kept
 * ones. Anything else says nothing: all zero. */
struct sending sending_read(struct text value);
/* Of this exchange. */
struct sending sending_of(struct http_exchange *exchange);

/* Borrows, for the gateway's life. */
void routes_sending_add(struct gateway *gateway, struct imaging_service *service);

#endif
