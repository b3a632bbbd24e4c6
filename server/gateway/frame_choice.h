/* Which frame and which of the two forms of a frame an exchange wants, and what is said about the
 * other one. */
#ifndef CONSILIUM_GATEWAY_FRAME_CHOICE_H
#define CONSILIUM_GATEWAY_FRAME_CHOICE_H

#include "server/gateway/http.h"

#define FRAME_PREFIXES_MAX 64 // bytes of text

/* Does its Accept name the transfer syntax of our lossless copies (PS3.18 section 8.7.3.5.2)? */
bool frame_copy_is_accepted(const struct http_exchange *exchange);
bool frame_copy_is_named(struct text accept);

/* "a,b,c,d,e": bytes for reduction 5, 4, 3, 2, 1, in ascending order. `prefixes` begins with 1. */
void frame_prefixes_write(const uint32_t prefixes[5], char ret_text[FRAME_PREFIXES_MAX]);

/* A frame number as in PS3.18 section 10.4: decimal, from 1. */
bool frame_number_read(struct text text, uint32_t *ret_frame);

#endif
