/*
 * Coming by an invitation, once its link was looked at (routes_accepting.c). The order is: what can
 * be refused is refused first; the organisation's actor gives the invitation to one; then the
 * person is made, then they belong. A link makes one person only, whose id follows from it, and
 * each command's id does too: whatever is cut short is done again by the same link, and nothing
 * happens twice.
 */
#ifndef CONSILIUM_ACCEPTING_H
#define CONSILIUM_ACCEPTING_H

#include "server/identity/invitations.h"

enum { ACCEPT_BODY_MAX = 4096 };

struct accepting {
    struct errand errand;
    struct invitation_link link;
    struct invitation invitation; /* its texts lie in `arena` */
    struct arena arena;
    char list[ORGANISATION_LIST_NAME_MAX];
    struct new_person person; /* login empty = the errand's user comes by it themselves */
    char password[PASSWORD_BYTES_MAX];
    uint32_t password_length;
    bool looks_only;
    bool made;
};
bool accepting_makes_person(const struct accepting *accepting);
/* What they will be in the link's organisation: what they are there still stays, and lasts no
 * longer for it. A membership has one end, so what they are beyond the invitation must end with it.
 * False = it does not. */
bool accepting_membership(const struct accepting *accepting, struct membership *ret);

/* Each ends it, with an answer if somebody still waits for one. */
void accepting_go(struct accepting *accepting); /* all else was looked at: who invited is asked */
void accepting_refuse(struct accepting *accepting, enum invitation_standing standing);
void accepting_give_up(struct accepting *accepting); /* the database is away, or the server ends */
void accepting_finish(struct accepting *accepting);  /* answered already */

#endif
