/*
 * What the routes share that make invitations, list them and call them back: those of an
 * organisation (routes_invitations.c), and those to one case or one board (routes_links.c). Each
 * is an errand, freed by whatever answers it.
 */
#ifndef CONSILIUM_INVITING_H
#define CONSILIUM_INVITING_H

#include "server/identity/invitations.h"

enum { INVITATION_BODY_MAX = 2048, INVITATION_ITEMS_MAX = 16 /* of organisation.schema */ };

/* Making one */
struct inviting {
    struct errand errand;
    struct invitation invitation;
    char name[NAME_BYTES_MAX];
    uint32_t items[INVITATION_ITEMS_MAX];
    struct invitation_link link; /* its organisation is for the route to say */
};
/* For whom, empty if it is not said, and two times, which are counted from now. The name is
 * borrowed from the fields. */
bool inviting_read(struct identity *identity, const struct json_fields *fields,
                   struct invitation *ret);
/* Copies it and gives it an id and a secret; NULL = answered. */
struct inviting *inviting_begin(struct identity *identity, struct http_exchange *exchange,
                                const struct invitation *invitation);
/* That the asker may has been looked at. Answers with the link, which is told this once. */
void inviting_go(struct inviting *inviting);
void inviting_refuse(struct inviting *inviting, enum refusal why);

/* Those that there are, of a list of organisation.h */
struct inviting_list;
/* NULL = answered. */
struct inviting_list *inviting_list_begin(struct identity *identity, struct http_exchange *exchange,
                                          const char *what, struct uuid of_what);
void inviting_list_go(struct inviting_list *listing);
void inviting_list_refuse(struct inviting_list *listing); /* as if it were not there */

/* Called back: takes the errand. `actor` is the organisation's that holds it. */
void inviting_call_back(struct errand *errand, struct uuid actor, struct uuid invitation);

/* The role on a case that a link may give; false = another word. */
bool inviting_read_case_role(struct text word, uint8_t *ret_role);

#endif
