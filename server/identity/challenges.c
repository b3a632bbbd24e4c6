#include "server/identity/challenges.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_BYTES = 8, OPEN_BYTES = TIME_BYTES + 16, SEAL_LENGTH = CHALLENGE_BYTES - OPEN_BYTES };

struct used {
    uint8_t seal[SEAL_LENGTH];
    int64_t until;
};

struct challenges {
    uint8_t secret[32];
    struct used used[CHALLENGES_USED_MAX];
};

struct challenges *challenges_create(const uint8_t secret[32]) {
    struct challenges *challenges = calloc(1, sizeof *challenges);
    if (challenges != NULL) {
        memcpy(challenges->secret, secret, sizeof challenges->secret);
    }
    return challenges;
}

void challenges_destroy(struct challenges *challenges) {
    if (challenges != NULL) {
        OPENSSL_cleanse(challenges->secret, sizeof challenges->secret);
        free(challenges);
    }
}

static void seal(const struct challenges *challenges, enum challenge_purpose purpose,
                 struct uuid user, const uint8_t open[OPEN_BYTES], uint8_t ret[SEAL_LENGTH]) {
    uint8_t said[OPEN_BYTES + 1 + sizeof user.bytes];
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    memcpy(said, open, OPEN_BYTES);
    said[OPEN_BYTES] = (uint8_t)purpose;
    memcpy(said + OPEN_BYTES + 1, user.bytes, sizeof user.bytes);
    HMAC(EVP_sha256(), challenges->secret, sizeof challenges->secret, said, sizeof said, digest,
         &length);
    memcpy(ret, digest, SEAL_LENGTH);
}

void challenges_write(const struct challenges *challenges, enum challenge_purpose purpose,
                      struct uuid user, const uint8_t random[16], int64_t now,
                      char ret[CHALLENGE_TEXT + 1]) {
    uint8_t bytes[CHALLENGE_BYTES];
    int64_t until = now + (int64_t)CHALLENGE_S * 1000000;
    for (unsigned i = 0; i < TIME_BYTES; i++) {
        bytes[i] = (uint8_t)((uint64_t)until >> (56 - 8 * i));
    }
    memcpy(bytes + TIME_BYTES, random, 16);
    seal(challenges, purpose, user, bytes, bytes + OPEN_BYTES);
    base64url_write((struct bytes){sizeof bytes, bytes}, ret);
}

static bool read_challenge(struct text challenge, uint8_t ret[CHALLENGE_BYTES],
                           int64_t *ret_until) {
    uint32_t length;
    uint64_t until = 0;
    if (!base64url_read(challenge, ret, CHALLENGE_BYTES, &length) || length != CHALLENGE_BYTES) {
        return false;
    }
    for (unsigned i = 0; i < TIME_BYTES; i++) {
        until = until << 8 | ret[i];
    }
    *ret_until = (int64_t)until;
    return true;
}

static bool is_used(const struct challenges *challenges, const uint8_t given[SEAL_LENGTH]) {
    for (unsigned i = 0; i < CHALLENGES_USED_MAX; i++) {
        if (challenges->used[i].until != 0 &&
            memcmp(challenges->used[i].seal, given, SEAL_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

bool challenges_hold(const struct challenges *challenges, enum challenge_purpose purpose,
                     struct uuid user, struct text challenge, int64_t now) {
    uint8_t bytes[CHALLENGE_BYTES];
    uint8_t right[SEAL_LENGTH];
    int64_t until;
    if (!read_challenge(challenge, bytes, &until)) {
        return false;
    }
    seal(challenges, purpose, user, bytes, right);
    return CRYPTO_memcmp(bytes + OPEN_BYTES, right, SEAL_LENGTH) == 0 && until > now &&
           !is_used(challenges, right);
}

bool challenges_use(struct challenges *challenges, struct text challenge, int64_t now) {
    uint8_t bytes[CHALLENGE_BYTES];
    int64_t until;
    if (!read_challenge(challenge, bytes, &until) || is_used(challenges, bytes + OPEN_BYTES)) {
        return false;
    }
    for (unsigned i = 0; i < CHALLENGES_USED_MAX; i++) {
        struct used *used = &challenges->used[i];
        if (used->until <= now) {
            memcpy(used->seal, bytes + OPEN_BYTES, SEAL_LENGTH);
            used->until = until;
            return true;
        }
    }
    return false;
}
