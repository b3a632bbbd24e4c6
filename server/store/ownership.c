#include "server/store/ownership.h"

#include "server/store/store_state.h"
#include "server/store/topic.h"

#include <string.h>

static struct database *database_of(const struct ownership *ownership) {
    return ownership->store->config.database;
}

/* Takes the step that the state stands for at `after` microseconds from now. */
static void go_on(struct ownership *ownership, enum ownership_state state, int64_t after) {
    ownership->busy = false;
    if (ownership->state == OWNERSHIP_GIVING_UP || ownership->state == OWNERSHIP_ENDED)
        return;
    ownership->state = state;
    ownership->next_at = store_now(ownership->store) + after;
    if (after == 0)
        ownership_tick(ownership, ownership->next_at);
}

static void again(struct ownership *ownership) {
    go_on(ownership, ownership->state, OWNERSHIP_RETRY_US);
}

/* Keys of the tenant */

static void on_tenant_key_added(void *data, enum database_result result) {
    struct ownership *ownership = data;
    if (result == DATABASE_OK || result == DATABASE_CONFLICT)
        /* Conflict: another node was first, or an earlier try of ours was. What stands there
         * counts. */
        go_on(ownership, OWNERSHIP_TENANT_KEYS, 0);
    else
        again(ownership);
}

static void make_tenant_key(struct ownership *ownership) {
    struct store *store = ownership->store;
    struct database *database = database_of(ownership);
    if (ownership->fresh.generation == 0) {
        ownership->fresh.tenant = store->config.tenant;
        if (!keys_new_tenant(store->config.keys, store->config.tenant, 1,
                             ownership->fresh.wrapped)) {
            again(ownership);
            return;
        }
        ownership->fresh.generation = 1;
    }
    database->add_tenant_key(database, &ownership->fresh, on_tenant_key_added, ownership);
}

static void refuse_keys(struct ownership *ownership) {
    if (!ownership->told_refusal)
        store_report(ownership->store,
                     "the key file does not fit this database: its keys do not open");
    ownership->told_refusal = true;
    again(ownership);
}

static void on_tenant_keys(void *data, enum database_result result,
                           const struct tenant_key_row *rows, size_t count) {
    struct ownership *ownership = data;
    if (result != DATABASE_OK) {
        again(ownership);
        return;
    }
    if (count == 0) {
        make_tenant_key(ownership);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!keys_add_tenant(ownership->store->config.keys, rows[i].tenant, rows[i].generation,
                             rows[i].wrapped)) {
            refuse_keys(ownership);
            return;
        }
    }
    go_on(ownership, OWNERSHIP_TAKE, 0);
}

/* Shards */

static void on_taken(void *data, enum database_result result, uint64_t incarnation,
                     const bool owned[SHARD_COUNT]) {
    struct ownership *ownership = data;
    if (result != DATABASE_OK) {
        if (result == DATABASE_FAILED)
            store_report(ownership->store, "the database refuses to give shards; its log says why");
        again(ownership);
        return;
    }
    ownership->incarnation = incarnation;
    memcpy(ownership->owned, owned, sizeof ownership->owned);
    go_on(ownership, OWNERSHIP_TENANT_OWN, 0);
}

static void become_held(struct ownership *ownership) {
    struct store *store = ownership->store;
    if (!keys_derive(store->config.keys, store->config.tenant, (struct uuid){{0}}, KEY_LIST,
                     store->list_key)) {
        refuse_keys(ownership);
        return;
    }
    lists_become_ready(&store->lists);
    go_on(ownership, OWNERSHIP_HELD, OWNERSHIP_RENEW_US);
    if (ownership->state == OWNERSHIP_HELD)
        store_shards_changed(store, ownership->owned);
}

static void on_own_key_added(void *data, enum database_result result) {
    struct ownership *ownership = data;
    if (result == DATABASE_FENCED)
        go_on(ownership, OWNERSHIP_TAKE, OWNERSHIP_AGAIN_US);
    else if (result == DATABASE_OK || result == DATABASE_CONFLICT)
        go_on(ownership, OWNERSHIP_TENANT_OWN, 0);
    else
        again(ownership);
}

static void make_own_key(struct ownership *ownership) {
    struct store *store = ownership->store;
    struct stream_key_row *own = &ownership->own;
    if (own->key_id == 0) {
        own->tenant = own->stream = store->config.tenant;
        if (!keys_new_stream(store->config.keys, own->tenant, own->stream, &own->generation,
                             own->wrapped)) {
            again(ownership);
            return;
        }
        own->key_id = STREAM_OWN_KEY;
    }
    ownership->own_batch = (struct database_batch){.node = store->config.node,
                                                   .incarnation = ownership->incarnation,
                                                   .stream_keys = own,
                                                   .stream_key_count = 1};
    database_of(ownership)->append(database_of(ownership), &ownership->own_batch, on_own_key_added,
                                   ownership);
}

static void on_own_key(void *data, enum database_result result, const struct stream_key_row *key,
                       size_t key_count, const struct snapshot_row *snapshot) {
    struct ownership *ownership = data;
    (void)key_count;
    (void)snapshot;
    if (result == DATABASE_ABSENT)
        make_own_key(ownership);
    else if (result != DATABASE_OK)
        again(ownership);
    else if (!keys_add_stream(ownership->store->config.keys, key->tenant, key->stream,
                              key->generation, key->wrapped))
        refuse_keys(ownership);
    else
        become_held(ownership);
}

/* The lease */

static void on_more_taken(void *data, enum database_result result, uint64_t incarnation,
                          const bool owned[SHARD_COUNT]) {
    struct ownership *ownership = data;
    (void)incarnation;
    ownership->busy = false;
    if (ownership->state != OWNERSHIP_HELD)
        return;
    if (result == DATABASE_FENCED) {
        ownership_lost(ownership);
        return;
    }
    /* Unheard, it may have been done: the shards are then ours without our knowing, and no longer
     * free for the next look to find. */
    ownership->unheard = result != DATABASE_OK;
    if (ownership->unheard)
        return;
    bool changed = memcmp(ownership->owned, owned, sizeof ownership->owned) != 0;
    memcpy(ownership->owned, owned, sizeof ownership->owned);
    if (changed)
        store_shards_changed(ownership->store, ownership->owned);
}

static void on_renewed(void *data, enum database_result result, bool free_shards) {
    struct ownership *ownership = data;
    struct store *store = ownership->store;
    struct database *database = database_of(ownership);
    ownership->busy = false;
    if (ownership->state != OWNERSHIP_HELD)
        return;
    if (result == DATABASE_FENCED) {
        ownership_lost(ownership);
    } else if (result != DATABASE_OK) {
        ownership->next_at = store_now(store) + OWNERSHIP_RETRY_US;
    } else if (free_shards || ownership->unheard) {
        ownership->busy = true;
        database->take(database, store->config.node, false, ownership->incarnation, on_more_taken,
                       ownership);
    }
}

void ownership_lost(struct ownership *ownership) {
    if (ownership->state != OWNERSHIP_HELD)
        return;
    store_report(ownership->store, "another node has taken over: incarnation %llu is over",
                 (unsigned long long)ownership->incarnation);
    ownership->state = OWNERSHIP_TAKE;
    ownership->next_at = store_now(ownership->store) + OWNERSHIP_AGAIN_US;
    memset(ownership->owned, 0, sizeof ownership->owned);
    store_shards_changed(ownership->store, NULL);
}

static void on_given_up(void *data, enum database_result result) {
    struct ownership *ownership = data;
    (void)result; /* unheard, the lease ends by itself */
    ownership->busy = false;
    ownership->state = OWNERSHIP_ENDED;
}

void ownership_give_up(struct ownership *ownership) {
    bool held = ownership->state == OWNERSHIP_HELD;
    memset(ownership->owned, 0, sizeof ownership->owned);
    ownership->state = held ? OWNERSHIP_GIVING_UP : OWNERSHIP_ENDED;
    ownership->next_at = 0;
}

/* Steps */

static void step(struct ownership *ownership) {
    struct database *database = database_of(ownership);
    struct uuid node = ownership->store->config.node;
    struct uuid tenant = ownership->store->config.tenant;
    ownership->busy = true;
    switch (ownership->state) {
    case OWNERSHIP_TENANT_KEYS:
        database->tenant_keys(database, tenant, on_tenant_keys, ownership);
        return;
    case OWNERSHIP_TAKE:
        database->take(database, node, true, 0, on_taken, ownership);
        return;
    case OWNERSHIP_TENANT_OWN:
        database->open(database, tenant, on_own_key, ownership);
        return;
    case OWNERSHIP_HELD:
        ownership->next_at = store_now(ownership->store) + OWNERSHIP_RENEW_US;
        database->renew(database, node, ownership->incarnation, on_renewed, ownership);
        return;
    case OWNERSHIP_GIVING_UP:
        database->give_up(database, node, ownership->incarnation, on_given_up, ownership);
        return;
    case OWNERSHIP_NONE:
    case OWNERSHIP_ENDED:
        ownership->busy = false;
    }
}

int64_t ownership_tick(struct ownership *ownership, int64_t now) {
    bool resting = ownership->state == OWNERSHIP_NONE || ownership->state == OWNERSHIP_ENDED;
    if (!resting && !ownership->busy && now >= ownership->next_at)
        step(ownership);
    return resting || ownership->busy ? INT64_MAX : ownership->next_at;
}

void ownership_init(struct ownership *ownership, struct store *store) {
    *ownership = (struct ownership){.store = store};
}

void ownership_start(struct ownership *ownership) {
    ownership->state = OWNERSHIP_TENANT_KEYS;
    ownership->next_at = 0;
}

bool ownership_held(const struct ownership *ownership) {
    return ownership->state == OWNERSHIP_HELD;
}

uint64_t ownership_incarnation(const struct ownership *ownership) {
    return ownership->incarnation;
}
