/* The parts of identity as its own files see them. Nothing outside server/identity includes this.
 */
#ifndef CONSILIUM_IDENTITY_STATE_H
#define CONSILIUM_IDENTITY_STATE_H

#include "server/audit/access_log.h"
#include "server/gateway/exchange_peer.h"
#include "server/identity/displays.h"
#include "server/identity/guess_limit.h"
#include "server/identity/identity.h"
#include "server/identity/organisations.h"
#include "server/identity/password.h"
#include "server/identity/people.h"
#include "server/identity/sign_ins.h"
#include "server/identity/tickets.h"

enum { IDENTITY_SWEEP_MS = 30000, IDENTITY_RETRY_MS = 100, REGISTRATIONS_MAX = 16 };

struct identity {
    /* Given */
    struct identity_config config;
    struct gateway *gateway;
    struct node *node;
    /* Owned */
    struct authority authority;
    struct affiliations affiliations;
    struct password_thread *passwords;
    struct guess_limit *guesses;
    struct tickets *tickets;
    struct sign_ins *sign_ins;
    struct people *people;
    struct organisations *organisations;
    uv_timer_t sweep_timer;
    uv_timer_t retry_timer;
    struct registration *registrations; /* under way */
    struct displays displays;           /* being paired */
    char stranger[VERIFIER_MAX]; /* what an unknown login's password is held against: takes as long
                                  */
    /* Derived */
    bool ready;
    bool stopping;
};

/* A person to be made. Copied; `verifier` is filled in on the way. */
struct new_person {
    struct uuid id;
    char login[LOGIN_BYTES_MAX + 1];
    char name[NAME_BYTES_MAX + 1];
    uint16_t rights;
    struct uuid by; /* who asks; zero = the server itself */
};
enum registration_result {
    REGISTRATION_MADE,
    REGISTRATION_THERE, /* the same id has this login already */
    REGISTRATION_LOGIN_TAKEN,
    REGISTRATION_BUSY, /* or the database is away: try again */
};
/* identity.c: as organisations_rights, of somebody who is here. */
uint16_t identity_rights(const struct identity *identity, struct uuid user,
                         const struct uuid *organisation);
/* identity.c: that somebody came, went, or was refused. `user` zero = nobody known. */
void identity_note(struct identity *identity, enum access_action action, enum access_result result,
                   struct uuid user, uint64_t sign_in, struct peer_address address);

/* registration.c. Answers later. */
void register_person(struct identity *identity, const struct new_person *person,
                     struct text password,
                     void (*done)(void *data, enum registration_result result), void *data);
bool login_being_registered(const struct identity *identity, struct text login);

/* bootstrap.c: with nobody there, makes `administrator`; done again until it worked. */
void bootstrap(struct identity *identity);
void bootstrap_retry(struct identity *identity); /* in IDENTITY_RETRY_MS */

/* routes_sign_in.c, routes_people.c, routes_displays.c */
void add_sign_in_routes(struct identity *identity);
void add_people_routes(struct identity *identity);
void add_display_routes(struct identity *identity);

#endif
