/*
 * The header values of tus 1.0.0 (https://tus.io/protocols/resumable-upload), read. Every byte of
 * them is a client's; no input, no output, nothing kept.
 */
#ifndef CONSILIUM_TUS_H
#define CONSILIUM_TUS_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUS_VERSION "1.0.0"
#define TUS_EXTENSIONS "creation,creation-with-upload,checksum,termination,expiration"
#define TUS_CHECKSUMS "sha256,sha1"
#define TUS_BODY_TYPE "application/offset+octet-stream"

enum { TUS_DIGEST_MAX = 32 };

/* Decimal digits, at most 18. */
bool tus_number(struct text text, uint64_t *ret);

/* base64 with padding (RFC 4648 4). False = other characters, or more than `space` bytes. */
bool base64_read(struct text text, uint8_t *ret, size_t space, size_t *ret_length);

/* The value of "filename" of an Upload-Metadata header, or of "name". Clean UTF-8 of at most
 * `space` bytes, without control characters; its length, 0 when there is none. */
size_t tus_file_name(struct text metadata, char *ret, size_t space);

/* What Upload-Checksum promises. False = malformed; an algorithm that is not ours has length 0. */
bool tus_checksum(struct text text, uint8_t ret[TUS_DIGEST_MAX], size_t *ret_length);

#endif
