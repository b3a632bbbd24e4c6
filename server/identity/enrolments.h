/*
 * Secrets of authenticator apps between being shown and being confirmed by a first code: in memory
 * for ten minutes, one for each person. Until then they are no factor.
 */
#ifndef CONSILIUM_ENROLMENTS_H
#define CONSILIUM_ENROLMENTS_H

#include "server/identity/totp.h"

enum { ENROLMENT_S = 10 * 60, ENROLMENTS_MAX = 256 };

struct enrolment {
    struct uuid user;
    uint8_t secret[TOTP_SECRET_BYTES];
    int64_t until; /* 0 = free */
};

struct enrolments {
    struct enrolment list[ENROLMENTS_MAX];
};

/* Takes the place of one that this person had begun. NULL = too many. */
struct enrolment *enrolments_begin(struct enrolments *enrolments, struct uuid user,
                                   const uint8_t random[TOTP_SECRET_BYTES], int64_t now);
struct enrolment *enrolments_of(struct enrolments *enrolments, struct uuid user, int64_t now);
void enrolments_end(struct enrolment *enrolment);

#endif
