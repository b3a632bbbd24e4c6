/*
 * How often a password may be guessed. Three limits, each a bucket that fills again with time: for
 * one login from one address, for one address over all logins, and for one login over all addresses
 * that are strange to it. An address from which somebody did sign in is known to that login for 30
 * days and is not held back by what strangers do, so nobody can lock a person out from afar. Logins
 * and addresses are kept as keyed hashes.
 */
#ifndef CONSILIUM_GUESS_LIMIT_H
#define CONSILIUM_GUESS_LIMIT_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GUESSES_PER_PAIR = 10,
    GUESS_PAIR_REFILL_S = 30,
    GUESSES_PER_ADDRESS = 100,
    GUESS_ADDRESS_REFILL_S = 3,
    GUESSES_BY_STRANGERS = 50,
    GUESS_STRANGERS_REFILL_S = 10,
    KNOWN_ADDRESS_DAYS = 30,
    GUESS_ENTRIES_MAX = 16384,
};

struct guess_limit;
struct guess_limit *guess_limit_create(const uint8_t secret[32]);
void guess_limit_destroy(struct guess_limit *limit);

/* Takes one guess; 0 = go on, else seconds until it is worth coming back. now in microseconds. */
uint32_t guess_limit_take(struct guess_limit *limit, struct text login, const uint8_t address[16],
                          int64_t now);
/* It was the right password: the guesses come back, and the address is known. */
void guess_limit_right(struct guess_limit *limit, struct text login, const uint8_t address[16],
                       int64_t now);

#endif
