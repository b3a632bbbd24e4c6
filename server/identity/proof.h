/*
 * Proving who one is: a password, a code of an authenticator app or of the paper, a passkey, or two
 * of them. Everything that asks for a proof asks here, so that limits, the time it takes and what
 * is written down are the same everywhere. What was used is used up before the answer comes.
 */
#ifndef CONSILIUM_PROOF_H
#define CONSILIUM_PROOF_H

#include "server/gateway/json.h"
#include "server/identity/account.h"
#include "server/identity/challenges.h"
#include "server/identity/identity.h"

enum proof_need {
    NEED_PASSWORD, /* alone: the first step of a sign-in */
    NEED_FACTOR,   /* the second step */
    NEED_BOTH,     /* a password, and a factor if the account has one */
    NEED_ONE,      /* a password, a code or a passkey: before a signature; no code of the paper */
    NEED_PASSKEY,  /* alone, which has verified its person: a sign-in without a password */
};

enum proof_outcome {
    PROOF_RIGHT,
    PROOF_WRONG,
    PROOF_LACKS_FACTOR, /* the password is right, and the account has a factor: give it, too */
    PROOF_LIMITED,      /* not looked at: wait wait_s */
    PROOF_MALFORMED,    /* what is needed was not sent */
    PROOF_BUSY,
    PROOF_AWAY, /* the database */
};

struct proof {
    enum proof_outcome outcome;
    uint32_t wait_s;
    uint8_t factor;                /* enum proof_factor: the strongest that was given */
    bool strong;                   /* by two, or by a passkey that has verified its person */
    struct uuid claimed;           /* who it would have been; zero = nobody known */
    const struct account *account; /* borrowed for the call; before PROOF_RIGHT only if known */
};

struct proof_wish {
    enum proof_need need;
    struct uuid user;  /* whose it must be; zero = that of the login or passkey */
    struct text login; /* for NEED_PASSWORD */
};

/*
 * Copies what it needs of the fields: password, code, and of a passkey credential,
 * authenticatorData, clientData, signature, and for NEED_PASSKEY user. done may come at once. The
 * exchange is only looked at during the call.
 */
void prove(struct identity *identity, struct http_exchange *exchange, const struct proof_wish *wish,
           const struct json_fields *fields, void (*done)(void *data, const struct proof *proof),
           void *data);

/* The answer for every outcome but PROOF_RIGHT and PROOF_LACKS_FACTOR. */
void proof_answer(struct http_exchange *exchange, const struct proof *proof, const char *word,
                  const char *message);

#endif
