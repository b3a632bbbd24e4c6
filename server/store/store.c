#include "server/store/store.h"

#include "server/store/store_state.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)SHARD_COUNT == 1024, "store.h gives the number of shards in its types");
_Static_assert((int)WRAPPED_KEY_BYTES == (int)DATABASE_WRAPPED_KEY_BYTES,
               "one size of wrapped key");

enum { REPORT_BYTES_MAX = 256 };

struct store *store_create(const struct store_config *config) {
    struct store *store = calloc(1, sizeof *store);
    assert(store != NULL);
    store->config = *config;
    store->seal = seal_create();
    store->now = config->clock->now(config->clock);
    journal_init(&store->journal, store);
    pending_init(&store->pending, store);
    ownership_init(&store->ownership, store);
    return store;
}

void store_destroy(struct store *store) {
    if (store == NULL)
        return;
    journal_finish(&store->journal);
    pending_finish(&store->pending);
    lists_finish(&store->lists);
    seal_destroy(store->seal);
    free(store);
}

/* What the parts share */

int64_t store_now(struct store *store) {
    return store->config.clock->now(store->config.clock);
}

void store_nonce(struct store *store, uint8_t nonce[SEAL_NONCE_BYTES]) {
    store->config.clock->random(store->config.clock, nonce, SEAL_NONCE_BYTES);
}

void store_report(struct store *store, const char *format, ...) {
    char words[REPORT_BYTES_MAX];
    va_list arguments;
    if (store->config.report == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    store->config.report(store->config.data, words);
}

enum store_result store_result_of(enum database_result result) {
    switch (result) {
    case DATABASE_OK:
        return STORE_OK;
    case DATABASE_ABSENT:
        return STORE_ABSENT;
    case DATABASE_FENCED:
        return STORE_FENCED;
    case DATABASE_CONFLICT:
        return STORE_CONFLICT;
    default:
        return STORE_UNAVAILABLE;
    }
}

bool store_key(struct store *store, const struct stream_key_row *row, enum key_purpose purpose,
               uint8_t ret[KEY_BYTES]) {
    struct keys *keys = store->config.keys;
    bool known = keys_has_stream(keys, row->stream);
    if (!known && !keys_add_stream(keys, row->tenant, row->stream, row->generation, row->wrapped))
        return false;
    bool derived = keys_derive(keys, row->tenant, row->stream, purpose, ret);
    if (!known)
        keys_forget_stream(keys, row->stream); /* only streams in memory keep their key here */
    return derived;
}

void store_shards_changed(struct store *store, const bool *owned) {
    static const bool none[SHARD_COUNT];
    pending_forget(&store->pending);
    if (owned == NULL)
        journal_fence(&store->journal);
    else if (store->config.gained != NULL)
        store->config.gained(store->config.data);
    store->on_shards(store->on_shards_data, owned == NULL ? none : owned);
}

/* Owning */

uint16_t store_shard(struct uuid stream) {
    return database_shard(stream);
}

bool store_owns(const struct store *store, struct uuid stream) {
    return ownership_held(&store->ownership) && store->ownership.owned[database_shard(stream)];
}

void store_start(struct store *store, store_on_shards on_shards, void *data) {
    store->on_shards = on_shards;
    store->on_shards_data = data;
    ownership_start(&store->ownership);
}

void store_drain(struct store *store, void (*done)(void *data), void *data) {
    assert(!store->draining);
    store->draining = true;
    store->drained = done;
    store->drained_data = data;
}

static void continue_drain(struct store *store) {
    enum ownership_state state = store->ownership.state;
    if (store->drained == NULL)
        return;
    if (state != OWNERSHIP_GIVING_UP && state != OWNERSHIP_ENDED) {
        if (journal_is_idle(&store->journal))
            ownership_give_up(&store->ownership);
    } else if (state == OWNERSHIP_ENDED && !store->ownership.busy && store->reads == 0) {
        void (*done)(void *data) = store->drained;
        store->drained = NULL;
        done(store->drained_data);
    }
}

/* Writing */

void store_append(struct store *store, struct stream_head *head, const struct append *append,
                  store_done done, void *data) {
    journal_append(&store->journal, head, append, done, data);
}

void store_settle(struct store *store, struct uuid target, struct uuid command_id) {
    if (store_owns(store, target))
        journal_settle(&store->journal, target, command_id);
}

void store_on_due(struct store *store, store_on_pending on_pending, void *data) {
    store->pending.on_pending = on_pending;
    store->pending.data = data;
}

/* Reading (loader.c, lists.c and snapshots.c hold the rest) */

struct finding {
    struct store *store;
    void (*done)(void *data, enum store_result result, uint64_t version);
    void *data;
};

static void on_found(void *data, enum database_result result, uint64_t version) {
    struct finding finding = *(struct finding *)data;
    free(data);
    finding.store->reads--;
    finding.done(finding.data, store_result_of(result), version);
}

void store_find_command(struct store *store, struct uuid stream, struct uuid command_id,
                        void (*done)(void *data, enum store_result result, uint64_t version),
                        void *data) {
    struct database *database = store->config.database;
    struct finding *finding = malloc(sizeof *finding);
    assert(finding != NULL);
    *finding = (struct finding){store, done, data};
    store->reads++;
    database->find_command(database, stream, command_id, on_found, finding);
}

void store_unload(struct store *store, struct uuid stream) {
    if (!uuid_equal(stream, store->config.tenant))
        keys_forget_stream(store->config.keys, stream);
}

/* Running */

int64_t store_tick(struct store *store, int64_t now) {
    store->now = now;
    int64_t next = ownership_tick(&store->ownership, now);
    int64_t others[] = {journal_tick(&store->journal, now), pending_tick(&store->pending, now),
                        lists_tick(store, now)};
    continue_drain(store);
    if (store->drained != NULL)
        next = now + STORE_RETRY_FIRST_US / 10;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        next = others[i] < next ? others[i] : next;
    return next;
}

bool store_available(const struct store *store) {
    const struct database *database = store->config.database;
    return ownership_held(&store->ownership) && database->available(database) &&
           store->journal.state != JOURNAL_AWAY;
}

void store_count(const struct store *store, struct store_counts *ret) {
    *ret = store->journal.counts;
    ret->in_flight = store->journal.flying.count;
    ret->waiting = store->journal.waiting.count;
    ret->pending_due = store->pending.ready.count + store->pending.held.count;
}
