#include "server/identity/token.h"

#include <openssl/sha.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void token_write(const uint8_t random[TOKEN_RANDOM_BYTES], char ret[TOKEN_TEXT_LENGTH + 1]) {
    uint32_t bits = 0;
    unsigned held = 0;
    unsigned at = 0;
    for (unsigned i = 0; i < TOKEN_RANDOM_BYTES; i++) {
        bits = bits << 8 | random[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            ret[at++] = alphabet[bits >> held & 63];
        }
    }
    ret[at++] = alphabet[bits << (6 - held) & 63];
    ret[at] = 0;
}

bool token_hash_of(struct text token, struct token_hash *ret) {
    if (token.length != TOKEN_TEXT_LENGTH) {
        return false;
    }
    for (uint32_t i = 0; i < token.length; i++) {
        if (token.bytes[i] == 0 || strchr(alphabet, token.bytes[i]) == NULL) {
            return false;
        }
    }
    SHA256((const unsigned char *)token.bytes, token.length, ret->bytes);
    return true;
}

uint64_t token_number(const struct token_hash *hash) {
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++) {
        number = number << 8 | hash->bytes[i];
    }
    return number >> 1;
}
