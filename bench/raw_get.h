/*
 * Fetching the same kind of thing over and over from any server, with as little of a client as
 * there can be: one request after another on a kept connection, the body thrown away unread where
 * the kernel can do that (MSG_TRUNC, tcp(7)), decrypted and dropped over TLS. The same for every
 * server that is compared.
 */
#ifndef CONSILIUM_BENCH_RAW_GET_H
#define CONSILIUM_BENCH_RAW_GET_H

#include "clients/native/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RAW_GET_CONNECTIONS_MAX = 16, RAW_GET_SAMPLES_MAX = 200000 };

struct raw_get {
    const struct server_address *address; /* borrowed, as all here */
    const char *bearer, *accept;          /* NULL = none */
    /* Of the number-th request; space for 512 bytes. */
    void (*path)(unsigned number, char path[512], void *data);
    void *data;
    unsigned connections;
    size_t body_least; /* a shorter body counts as failed */
};

struct raw_got {
    double rate;            /* a second */
    double p50_ms, p99_ms;  /* of one request, from its first byte sent to its last one read */
    unsigned count, failed; /* answers that were not 200 */
};

/* For so long. */
struct raw_got raw_get_run(const struct raw_get *get, double seconds);

#endif
