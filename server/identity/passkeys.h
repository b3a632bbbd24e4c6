/* Asking a browser for a passkey: what navigator.credentials.get and .create are given. */
#ifndef CONSILIUM_PASSKEYS_H
#define CONSILIUM_PASSKEYS_H

#include "server/identity/challenges.h"
#include "server/identity/identity.h"

/*
 * Answers {"challenge","domain","user","passkeys":[id...]}: for CHALLENGE_PROOF and CHALLENGE_ADD
 * with those the person has. 404 where the server has no name, but an address: there are no
 * passkeys there.
 */
void passkey_ask(struct identity *identity, struct http_exchange *exchange,
                 enum challenge_purpose purpose, struct uuid user);

#endif
