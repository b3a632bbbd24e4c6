/*
 * Random tokens, as text that fits a cookie and a URL, and what is kept of them: a hash, so that
 * whoever reads the table or a memory dump of it cannot sign in.
 */
#ifndef CONSILIUM_TOKEN_H
#define CONSILIUM_TOKEN_H

#include "protocol/values.h"

#include <stddef.h>

enum { TOKEN_RANDOM_BYTES = 32, TOKEN_TEXT_LENGTH = 43, TOKEN_HASH_BYTES = 32 };

struct token_hash {
    uint8_t bytes[TOKEN_HASH_BYTES];
};

/* base64url without padding (RFC 4648 5) of 32 random bytes. */
void token_write(const uint8_t random[TOKEN_RANDOM_BYTES], char ret[TOKEN_TEXT_LENGTH + 1]);
/* SHA-256. False when it cannot be a token: another length or other characters. */
bool token_hash_of(struct text token, struct token_hash *ret);

#endif
