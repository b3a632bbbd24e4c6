/*
 * One account with what proves who it is of, read fresh from its row of the `login` list for each
 * proof and wiped after it: no secret waits in memory, and what another node changed counts.
 */
#ifndef CONSILIUM_ACCOUNT_H
#define CONSILIUM_ACCOUNT_H

#include "protocol/generated/user.h"
#include "server/store/store.h"

struct account {
    bool known;
    struct uuid id;
    struct arena arena; /* holds what the record borrows */
    struct user_record record;
};

/* done gets a zeroed account when nobody has this login; false = the database is away. The account
 * is the caller's, to be finished after done. */
void account_read(struct store *store, struct account *account, struct text login,
                  void (*done)(void *data, bool read), void *data);
void account_finish(struct account *account);

/* Mask of 1 << FACTOR_KIND_...; 0 = a password is all there is. */
unsigned account_factors(const struct account *account);
const struct factor *account_factor(const struct account *account, struct uuid id);
const struct factor *account_passkey(const struct account *account, struct bytes credential);

#endif
