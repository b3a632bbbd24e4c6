/*
 * One connection to PostgreSQL on the loop: connects, reconnects with back-off, and carries
 * requests one after the other. A request is one statement, or several in one transaction, sent in
 * one go (libpq's pipeline mode) so that it costs one round trip. Statements are prepared the first
 * time this connection meets them.
 *
 * A request's `done` is called once, from the loop, never from inside a call made here. When the
 * connection is lost, everything that waits is told POSTGRES_AWAY; nothing is repeated behind the
 * caller's back.
 */
#ifndef CONSILIUM_POSTGRES_CONNECTION_H
#define CONSILIUM_POSTGRES_CONNECTION_H

#include "server/store/postgres.h"

enum {
    CONNECTION_REQUESTS_MAX = 4096,  /* waiting; one more is told POSTGRES_AWAY */
    CONNECTION_STATEMENTS_MAX = 128, /* kept prepared; others are parsed each time */
    CONNECTION_CONNECT_MS = 5000,
    CONNECTION_BACKOFF_FIRST_MS = 50,
    CONNECTION_BACKOFF_LAST_MS = 2000,
};

struct connection;

/* Copies url. `changed` is called when it became ready or was lost; may be NULL. */
struct connection *connection_create(uv_loop_t *loop, const char *url,
                                     void (*changed)(void *data, bool ready), void *data);
/* Tells everything that waits POSTGRES_AWAY, then closes; `closed` is called when the memory is
 * gone. */
void connection_close(struct connection *connection, void (*closed)(void *data), void *data);

bool connection_ready(const struct connection *connection);
size_t
connection_waiting(const struct connection *connection); /* requests, with the one on its way */
/* Counts connects; a request that needs something set up on its connection can tell by it. */
uint64_t connection_number(const struct connection *connection);

/* Copies the statements and parameters. count > 1: all or nothing, and `done` gets the last one's
 * rows. */
void connection_request(struct connection *connection, const struct postgres_statement *statements,
                        size_t count, postgres_done done, void *data);

#endif
