/*
 * What the routes for running an organisation share. Everything is asked of the policy
 * (access.policy, resource organisation) with the roles that somebody's memberships give towards
 * that organisation; what may not be done looks as if it were not there. In addresses and
 * memberships the tenant's root is the zero id.
 */
#ifndef CONSILIUM_ADMINISTRATION_H
#define CONSILIUM_ADMINISTRATION_H

#include "actors/organisation.h"
#include "server/identity/identity_state.h"

enum { ADMINISTRATION_PAGE = 100, ORGANISATION_INVITE_DAYS_MAX = 30 };

static const struct uuid organisation_root = {{0}};

/* Mask of enum organisation_action that `user` may do to it now; 0 when it is not known. */
uint32_t administration_may(const struct identity *identity, struct uuid user,
                            struct uuid organisation);
bool administration_knows(const struct identity *identity, struct uuid organisation);
/* The actor that holds its name and invitations. */
struct uuid administration_actor(struct uuid organisation);
/* Empty when nobody gave the root one. */
struct text administration_name(const struct identity *identity, struct uuid organisation);

/* What has ended by the clock counts for nothing, here and in all that follows. */
bool administration_lasts(const struct identity *identity, const struct membership *membership);
const struct membership *administration_membership(const struct identity *identity,
                                                   const struct person *person,
                                                   struct uuid organisation); /* NULL = none */
/* A member of it; of the root also who is a member of nothing. */
bool administration_belongs(const struct identity *identity, const struct person *person,
                            struct uuid organisation);
/* The same, or of one that stands under it. */
bool administration_is_below(const struct identity *identity, const struct person *person,
                             struct uuid organisation);
/* Is at home there: belongs to it or those under it, and to nothing else. */
bool administration_is_home(const struct identity *identity, const struct person *person,
                            struct uuid organisation);
/* Mask of enum organisation_action that `user` may do to it where `person` is concerned: less when
 * they are something in an organisation that `user` does not administer. */
uint32_t administration_may_about(const struct identity *identity, struct uuid user,
                                  struct uuid organisation, const struct person *person);

/* The organisation of the path, when the asker may do `action` to it; false = answered 404. */
bool administration_path(struct identity *identity, struct http_exchange *exchange, uint32_t action,
                         struct uuid *ret_organisation);
/* The same to administer it, and the person of the path, who belongs to it and whom the asker looks
 * after. Borrowed until the next load. */
const struct person *administration_person(struct identity *identity,
                                           struct http_exchange *exchange,
                                           struct uuid *ret_organisation);
void administration_answer_absent(struct http_exchange *exchange);
void administration_answer_done(struct http_exchange *exchange); /* 204 */
/* Refusals of the actors in HTTP's words. */
void administration_answer_refused(struct http_exchange *exchange, enum refusal why);

/* Roles that a membership may hold, as words: {"roles":["administrator"]} in answers, and
 * "administrator specialist" in what is sent. False = another word. */
void administration_write_roles(struct json *json, uint16_t roles);
bool administration_read_roles(struct text words, uint16_t *ret_roles);
bool administration_is_name(struct text name); /* of an organisation */
/* Digits; false when they are none. 0 = absent. */
bool administration_read_number(const struct json_fields *fields, const char *name,
                                int64_t *ret_number);

/* Commands the user actor, reads the directory again and has open channels follow. `command_id`
 * says which change it is: the same one happens once. */
void administration_set_membership(struct identity *identity, struct uuid user, struct uuid by,
                                   struct uuid command_id, const struct membership *membership,
                                   void (*done)(void *data, bool accepted, enum refusal why),
                                   void *data);
/* Makes the root's actor when there is none yet. */
void administration_need_actor(struct identity *identity, struct uuid organisation, struct uuid by,
                               void (*done)(void *data, bool there), void *data);

/* routes_members.c, routes_invitations.c, routes_links.c, routes_accepting.c */
void add_member_routes(struct identity *identity);
void add_invitation_routes(struct identity *identity);
void add_link_routes(struct identity *identity);
void add_accepting_routes(struct identity *identity);

/* routes_sessions.c: of a person, for who administers them. */
void sessions_list_of(struct identity *identity, struct http_exchange *exchange, struct uuid whose);
void sessions_end_of(struct identity *identity, struct http_exchange *exchange, struct bytes body,
                     struct uuid whose);

#endif
