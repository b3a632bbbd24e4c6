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

enum { KNOWN_ADDRESS_DAYS = 30, GUESS_ENTRIES_MAX = 16384 };

/* So many at once, and one more every so many seconds. */
struct guess_bound {
    uint32_t guesses, refill_s;
};
struct guess_bounds {
    struct guess_bound pair;      /* one login from one address */
    struct guess_bound address;   /* one address */
    struct guess_bound strangers; /* one login from addresses it does not know */
};
extern const struct guess_bounds password_guesses;
/* Of six digits three are right at any time: whoever has the password finds one in a year with
 * three chances in ten, and then only from addresses the person never signed in from. */
extern const struct guess_bounds code_guesses;

struct guess_limit;
struct guess_limit *guess_limit_create(const struct guess_bounds *bounds, const uint8_t secret[32]);
void guess_limit_destroy(struct guess_limit *limit);

/* Takes one guess; 0 = go on, else seconds until it is worth coming back. now in microseconds. */
uint32_t guess_limit_take(struct guess_limit *limit, struct text login, const uint8_t address[16],
                          int64_t now);
/* It was the right password: the guesses come back, and the address is known. */
void guess_limit_right(struct guess_limit *limit, struct text login, const uint8_t address[16],
                       int64_t now);

#endif
