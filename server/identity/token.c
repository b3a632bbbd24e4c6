#include "server/identity/token.h"

#include "server/identity/base64url.h"

#include <openssl/sha.h>

void token_write(const uint8_t random[TOKEN_RANDOM_BYTES], char ret[TOKEN_TEXT_LENGTH + 1]) {
    base64url_write((struct bytes){TOKEN_RANDOM_BYTES, random}, ret);
}

bool token_hash_of(struct text token, struct token_hash *ret) {
    if (token.length != TOKEN_TEXT_LENGTH) {
        return false;
    }
    uint8_t random[TOKEN_RANDOM_BYTES];
    uint32_t length;
    if (!base64url_read(token, random, sizeof random, &length)) {
        return false;
    }
    SHA256((const unsigned char *)token.bytes, token.length, ret->bytes);
    return true;
}
