/* The parts of identity as its own files see them. Nothing outside server/identity includes this.
 */
#ifndef CONSILIUM_IDENTITY_STATE_H
#define CONSILIUM_IDENTITY_STATE_H

#include "server/audit/access_log.h"
#include "server/gateway/exchange_peer.h"
#include "server/gateway/json.h"
#include "server/identity/account.h"
#include "server/identity/challenges.h"
#include "server/identity/displays.h"
#include "server/identity/enrolments.h"
#include "server/identity/guess_limit.h"
#include "server/identity/halves.h"
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
    struct guess_limit *code_guesses;
    struct challenges *challenges;
    struct halves halves;
    struct enrolments enrolments;
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
    bool administrator_leaves; /* one of the root's: one at a time */
};

/* A person to be made. Copied; `verifier` is filled in on the way. */
struct new_person {
    struct uuid id;
    char login[LOGIN_BYTES_MAX + 1];
    char name[NAME_BYTES_MAX + 1];
    uint16_t rights;
    bool specialist; /* belongs to the root without any right */
    struct uuid by;  /* who asks; zero = the server itself */
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
/* A sign-in is over in the database: its tickets, sockets and downloads end now. */
void identity_over(struct identity *identity, uint64_t sign_in);
struct uuid identity_new_id(struct identity *identity);
int64_t identity_now(struct identity *identity);
/* Another password's verifier, or the same one's under new parameters. done may be NULL. */
void identity_change_verifier(struct identity *identity, struct uuid user, const char *verifier,
                              void (*done)(void *data, bool accepted, enum refusal why,
                                           uint64_t version),
                              void *data);

/*
 * errand.c: what a request asked for, until it is answered. First member of a struct that is freed
 * by whoever ends it; outlives its exchange when the client goes away.
 */
struct errand {
    struct identity *identity;
    struct http_exchange *exchange; /* NULL = gone */
    struct uuid user;
    uint64_t sign_in;
    struct peer_address address;
};
/* Zeroed memory of `size`; NULL = answered that there is none. */
void *errand_begin(struct identity *identity, struct http_exchange *exchange, size_t size);
/* A body of at most IDENTITY_BODY_MAX as fields, decoded in `text`; false = answered that it is
 * none. */
enum { IDENTITY_BODY_MAX = 16 * 1024 };
bool errand_read(struct http_exchange *exchange, struct bytes body, char text[IDENTITY_BODY_MAX],
                 struct json_fields *ret);
void errand_answer_away(struct http_exchange *exchange);
/* As identity_note, of who asked. */
void errand_note(const struct errand *errand, enum access_action action, enum access_result result);
void errand_free(struct errand *errand); /* of one that has nothing more to free */

/*
 * entry.c: the one door. However somebody proved who they are - password, passkey, a screen's
 * pairing, one day OpenID Connect - it ends here: a sign-in is made, written down, and answered
 * with its cookie or token. The one the browser had before dies.
 */
struct entry {
    struct uuid user;
    char name[NAME_BYTES_MAX + 1];
    uint16_t rights;
    enum sign_in_kind kind;
    bool strong; /* proved by two factors, or one that is as good */
    bool bearer; /* wants the token itself, not a cookie */
};
struct entry entry_of(const struct identity *identity, const struct account *account);
void sign_in_enter(struct identity *identity, struct http_exchange *exchange,
                   const struct entry *entry);
/* Changes a sign-in and gives it another token (see sign_ins_change), which the client is told with
 * the members that `write` adds to the answer. Takes the errand, and ends with `finish`. */
void sign_in_renew(struct errand *errand, const struct sign_in *changed, bool keep_earlier,
                   void (*write)(struct errand *errand, struct json *json),
                   void (*finish)(struct errand *errand));

/* registration.c. Answers later. */
void register_person(struct identity *identity, const struct new_person *person,
                     struct text password,
                     void (*done)(void *data, enum registration_result result), void *data);
bool login_being_registered(const struct identity *identity, struct text login);

/* bootstrap.c: with nobody there, makes `administrator`; done again until it worked. */
void bootstrap(struct identity *identity);
void bootstrap_retry(struct identity *identity); /* in IDENTITY_RETRY_MS */

/* routes_*.c */
void add_sign_in_routes(struct identity *identity);
void add_session_routes(struct identity *identity);
void add_account_routes(struct identity *identity);
void add_step_up_routes(struct identity *identity);
void add_people_routes(struct identity *identity);
void add_organisation_routes(struct identity *identity);
void add_display_routes(struct identity *identity);
void add_emergency_routes(struct identity *identity);

#endif
