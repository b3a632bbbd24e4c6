/*
 * A hospital or a practice: its name, its place in the tree of its tenant, and the invitations it
 * has out. Who belongs to it stands in the people's own streams; a list row lets identity know the
 * tree.
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

/* The tenant of a deployment, and the actor of its root, which holds the root's name and
 * invitations. In memberships, and as what stands above others, the root is zero. */
#define ORGANISATION_TENANT                                                                        \
    ((struct uuid){{0xc0, 0x45, 0x11, 0x1a, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x01}})
#define ORGANISATION_ROOT                                                                          \
    ((struct uuid){{0xc0, 0x45, 0x11, 0x1a, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x02}})

/* Lists of what one organisation has. Of INVITATIONS: key = id, row = an encoded Invitation; of
 * CASES: key = id, row = an encoded CaseRow. And of what organisations let people come to: those
 * INVITATIONS that lead to one case or one board, whichever organisations hold them. */
#define ORGANISATION_INVITATIONS "invitation"
#define ORGANISATION_CASES "case"
#define CASE_INVITATIONS "case link"
#define BOARD_INVITATIONS "board link"
enum { ORGANISATION_LIST_NAME_MAX = 48 };
void organisation_list_name(const char *what, struct uuid of_what,
                            char ret[ORGANISATION_LIST_NAME_MAX]);

struct organisation {
    struct actor actor;
    /* Committed */
    bool created;
    struct text name;
    struct uuid parent;
    struct invitation_list invitations; /* in order of making; the oldest closed ones give way */
};

#endif
