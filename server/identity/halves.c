#include "server/identity/halves.h"

#include <openssl/crypto.h>

bool halves_issue(struct halves *halves, const uint8_t random[TOKEN_RANDOM_BYTES], struct uuid user,
                  bool bearer, int64_t now, char ret_text[TOKEN_TEXT_LENGTH + 1]) {
    for (unsigned i = 0; i < HALVES_MAX; i++) {
        struct half *half = &halves->list[i];
        if (half->until > now) {
            continue;
        }
        *half = (struct half){.user = user,
                              .bearer = bearer,
                              .tries_left = HALF_TRIES,
                              .until = now + (int64_t)HALF_S * 1000000};
        token_write(random, ret_text);
        token_hash_of((struct text){TOKEN_TEXT_LENGTH, ret_text}, &half->hash);
        return true;
    }
    return false;
}

static struct half *find(struct halves *halves, const struct token_hash *hash, int64_t now) {
    for (unsigned i = 0; i < HALVES_MAX; i++) {
        struct half *half = &halves->list[i];
        if (half->until > now &&
            CRYPTO_memcmp(half->hash.bytes, hash->bytes, sizeof hash->bytes) == 0) {
            return half;
        }
    }
    return NULL;
}

struct half *halves_of(struct halves *halves, struct text text, int64_t now) {
    struct token_hash hash;
    return token_hash_of(text, &hash) ? find(halves, &hash, now) : NULL;
}

struct half *halves_try(struct halves *halves, struct text text, int64_t now) {
    struct half *half = halves_of(halves, text, now);
    if (half == NULL || half->tries_left == 0) {
        return NULL;
    }
    half->tries_left--;
    return half;
}

bool halves_use(struct halves *halves, const struct token_hash *hash, int64_t now) {
    struct half *half = find(halves, hash, now);
    if (half == NULL) {
        return false;
    }
    half->until = 0;
    return true;
}
