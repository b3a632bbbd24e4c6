/*
 * The parts of the server put together, brought up in order and taken down in order:
 * cluster -> postgres -> migrations -> keys -> store -> gateway and node -> identity -> imaging ->
 * listening.
 *
 * Draining is the same way back: no new connections, sessions told to come back, answers finished,
 * the store's last batch committed and its shards given up, PostgreSQL stopped.
 */
#ifndef CONSILIUM_SERVICE_H
#define CONSILIUM_SERVICE_H

#include "server/config.h"
#include "server/data_folder.h"

#include <uv.h>

enum {
    SERVICE_RECONNECT_SPREAD_MS = 5000, /* over which sessions are told to come back */
    SERVICE_DRAIN_MS = 8000,            /* for sessions and answers to end */
    SERVICE_STOP_MS = 25000,            /* for everything; then it ends without */
    SERVICE_POSTGRES_POOL = 4,
};

struct service;

struct service *service_start(uv_loop_t *loop, const struct config *config,
                              const struct data_folder *folder);
/* Begins to drain; the loop runs dry when it is done. Calling it again changes nothing. */
void service_drain(struct service *service);
/* SIGHUP: loads the certificate again; without TLS it drains. */
void service_reload(struct service *service);
/* After the loop has run dry: frees, and says how it went: 0, or 1 when it could not start or
 * drain. */
int service_finish(struct service *service);

#endif
