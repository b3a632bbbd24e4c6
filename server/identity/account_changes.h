/* What the routes that change an account share: the proof that has to be fresh. */
#ifndef CONSILIUM_ACCOUNT_CHANGES_H
#define CONSILIUM_ACCOUNT_CHANGES_H

#include "server/identity/identity_state.h"

/* This sign-in has proved who it is within SIGN_IN_PROVED_S, or has come in to enrol. */
bool account_is_proved(const struct errand *errand);
/* An errand (see errand_begin) of who may change their account now; NULL = answered that they may
 * not. */
void *account_change_begin(struct identity *identity, struct http_exchange *exchange, size_t size);

/* routes_factors.c */
void add_factor_routes(struct identity *identity);

#endif
