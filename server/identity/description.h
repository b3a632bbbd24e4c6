/* What identity knows of a person, for a copy of their data, and what others may be called. */
#ifndef CONSILIUM_DESCRIPTION_H
#define CONSILIUM_DESCRIPTION_H

#include "server/identity/account.h"
#include "server/identity/identity.h"
#include "server/identity/sign_ins.h"

struct person_description {
    const struct user_record *record; /* with its secrets: none of them leaves */
    uint32_t sign_in_count;           /* not over, the newest first */
    struct sign_in sign_ins[SIGN_INS_LISTED_MAX];
};

/* Borrowed for the call; NULL = the database is away, or there is no such person. Comes later, or
 * at once. */
void identity_describe(struct identity *identity, struct uuid user,
                       void (*done)(void *data, const struct person_description *description),
                       void *data);
/* As shown; empty = nobody that is known. Borrowed until the next turn of the loop. */
struct text identity_name_of(const struct identity *identity, struct uuid user);
/* Of the tenant's root: empty unless somebody gave it one. */
struct text identity_organisation_name(const struct identity *identity, struct uuid organisation);
/* The actor that holds its invitations. */
struct uuid identity_organisation_actor(struct uuid organisation);
/* This sign-in has proved who it is within the last minutes. */
bool identity_is_proved(const struct identity *identity, uint64_t sign_in);

#endif
