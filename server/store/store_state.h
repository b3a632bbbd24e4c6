/* The store's parts and how they hang together. Private to the files of the store that server_core
 * links. */
#ifndef CONSILIUM_STORE_STATE_H
#define CONSILIUM_STORE_STATE_H

#include "server/store/database.h"
#include "server/store/journal.h"
#include "server/store/keys.h"
#include "server/store/lists.h"
#include "server/store/ownership.h"
#include "server/store/pending.h"
#include "server/store/seal.h"
#include "server/store/store.h"

enum {
    STORE_RETRY_FIRST_US = 50 * 1000,
    STORE_RETRY_LAST_US = 1000 * 1000,
    STORE_PATIENCE_US = 10 * 1000 * 1000, /* how long an append waits for a database that is away */
};

struct store {
    /* Given. */
    struct store_config config;
    store_on_shards on_shards;
    void *on_shards_data;
    void (*drained)(void *data); /* while draining; NULL otherwise */
    void *drained_data;
    /* Owned. */
    struct seal *seal;
    struct journal journal;
    struct pending pending;
    struct ownership ownership;
    struct lists lists;
    /* Derived. */
    bool draining;
    size_t reads;                /* in flight: their answers come to this struct */
    int64_t now;                 /* of the last tick */
    uint8_t list_key[KEY_BYTES]; /* subkey that hashes the keys of list rows */
};

int64_t store_now(struct store *store);
void store_nonce(struct store *store, uint8_t nonce[SEAL_NONCE_BYTES]);
/* For the log: what happened, without anything of a patient. Formatted. */
void store_report(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum store_result store_result_of(enum database_result result);
/* The shards changed, or all are lost (owned NULL). */
void store_shards_changed(struct store *store, const bool *owned);
/* Subkey for what `stream` seals; the wrapped key is taken in when it is not known yet. False =
 * refused. */
bool store_key(struct store *store, const struct stream_key_row *row, enum key_purpose purpose,
               uint8_t ret[KEY_BYTES]);

#endif
