/*
 * What a passkey signs (WebAuthn 13.4.3): random, good for two minutes, for one purpose and person,
 * and once. A challenge says all of that of itself under a key that only this process has, so that
 * whoever asks for many takes no memory; those that were used are remembered until they are over.
 */
#ifndef CONSILIUM_CHALLENGES_H
#define CONSILIUM_CHALLENGES_H

#include "server/identity/base64url.h"

enum {
    CHALLENGE_S = 2 * 60,
    CHALLENGE_BYTES = 48, /* time, 16 random ones, 24 of the seal */
    CHALLENGE_TEXT = BASE64URL_LENGTH(CHALLENGE_BYTES),
    CHALLENGES_USED_MAX = 4096,
};
enum challenge_purpose {
    CHALLENGE_SIGN_IN = 1, /* by a passkey alone: of nobody yet */
    CHALLENGE_PROOF = 2,   /* beside a password, or while signed in */
    CHALLENGE_ADD = 3,     /* a new passkey */
};

struct challenges;
struct challenges *challenges_create(const uint8_t secret[32]);
void challenges_destroy(struct challenges *challenges);
void challenges_write(const struct challenges *challenges, enum challenge_purpose purpose,
                      struct uuid user, const uint8_t random[16], int64_t now,
                      char ret[CHALLENGE_TEXT + 1]);
/* It is ours, for this, not over and not used. */
bool challenges_hold(const struct challenges *challenges, enum challenge_purpose purpose,
                     struct uuid user, struct text challenge, int64_t now);
/* Once what it was for is done. False = used already, or so many were that none can be remembered:
 * it did not count. */
bool challenges_use(struct challenges *challenges, struct text challenge, int64_t now);

#endif
