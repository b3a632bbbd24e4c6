/*
 * SHA-256 (FIPS 180-4), for what a signature is bound to: the hash of an encoding of the schema,
 * computed here, by browsers and by every other client from the same bytes. Not for secrets: it
 * takes no care of its own traces in memory, and passwords and tokens have OpenSSL.
 */
#ifndef CONSILIUM_SHA256_H
#define CONSILIUM_SHA256_H

#include "protocol/values.h"

enum { SHA256_BYTES = 32 };

struct sha256 {
    uint8_t bytes[SHA256_BYTES];
};

struct sha256 sha256_of(struct bytes bytes);

#endif
