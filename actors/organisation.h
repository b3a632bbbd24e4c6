/*
 * A hospital or a practice: its name, its place in the tree of its tenant, and the invitations it
 * has out. The tenant's root has the tenant's own id. Who belongs to it stands in the people's own
 * streams; a list row lets identity know the tree.
 */
#ifndef CONSILIUM_ORGANISATION_H
#define CONSILIUM_ORGANISATION_H

#include "actors/runtime/actor.h"
#include "protocol/generated/organisation_behaviour.h"

enum {
    ORGANISATION_INVITATIONS_MAX = 200, /* of organisation.schema */
    ORGANISATION_SECRET_HASH_BYTES = 32,
};

/* The list that identity reads the tree from: key = id, row = an encoded OrganisationSnapshot
 * without invitations. */
#define ORGANISATION_LIST "organisation"

struct organisation {
    struct actor actor;
    /* Committed */
    bool created;
    struct text name;
    struct uuid parent;
    struct invitation_list invitations; /* in order of making; the oldest closed ones give way */
};

#endif
