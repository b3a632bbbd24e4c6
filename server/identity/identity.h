/*
 * Who somebody is: sign-in with a password, the sign-in session that follows, tickets for
 * WebSockets, and people. It is the gateway's authority (gateway.h) and answers the routes under
 * /api that need one.
 *
 * Order: identity_create -> gateway_create with identity_authority -> node_create ->
 * identity_start. It borrows all it is given until identity_stop, after which the loop must run
 * until its handles are closed.
 */
#ifndef CONSILIUM_IDENTITY_H
#define CONSILIUM_IDENTITY_H

#include "server/gateway/gateway.h"
#include "server/store/postgres.h"

struct identity;

struct identity_config {
    uv_loop_t *loop;
    struct host_clock *clock;
    struct postgres *postgres;
    struct store *store;
    struct metrics *metrics;
    struct access_log *access_log; /* NULL = nothing is written down */
    const char *data_folder;       /* for bootstrap.json */
    const char *version;           /* of the program, for /api/me */
    bool second_factor_required;   /* of every person; otherwise it is offered */
};

struct identity *identity_create(const struct identity_config *config);
struct authority *identity_authority(struct identity *identity);
/* For the node. */
struct affiliations *identity_affiliations(struct identity *identity);
/* Adds the routes; then, as soon as the database answers, reads who there is, and makes the first
 * administrator when there is nobody. */
void identity_start(struct identity *identity, struct gateway *gateway, struct node *node);
/* People are known: before that /readyz says no. */
bool identity_ready(const struct identity *identity);
/* The person behind a sign-in did something: it is not idle. */
void identity_used(struct identity *identity, uint64_t sign_in);
void identity_stop(struct identity *identity);
void identity_destroy(struct identity *identity); /* after the loop has run dry */

#endif
