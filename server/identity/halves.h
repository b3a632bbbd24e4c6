/*
 * Half sign-ins: the password was right, the second factor is still to come. A half opens nothing
 * else, works once, and is over after five minutes or five wrong answers. Kept in memory.
 */
#ifndef CONSILIUM_HALVES_H
#define CONSILIUM_HALVES_H

#include "server/identity/token.h"

enum { HALF_S = 5 * 60, HALF_TRIES = 5, HALVES_MAX = 4096 };

struct half {
    struct token_hash hash;
    struct uuid user;
    bool bearer; /* as it was asked for with the password */
    uint8_t tries_left;
    int64_t until; /* 0 = free */
};

struct halves {
    struct half list[HALVES_MAX];
};

/* False when HALVES_MAX are out. */
bool halves_issue(struct halves *halves, const uint8_t random[TOKEN_RANDOM_BYTES], struct uuid user,
                  bool bearer, int64_t now, char ret_text[TOKEN_TEXT_LENGTH + 1]);
/* Takes one of its tries; NULL = no such half, or over. */
struct half *halves_try(struct halves *halves, struct text text, int64_t now);
/* The same without taking a try. */
struct half *halves_of(struct halves *halves, struct text text, int64_t now);
/* Of a half that may be over meanwhile. False = it was, or was used. */
bool halves_use(struct halves *halves, const struct token_hash *hash, int64_t now);

#endif
