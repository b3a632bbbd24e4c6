/* Reading list rows: each is opened with its owner's key. */
#include "server/store/store_state.h"

#include <assert.h>
#include <stdlib.h>

typedef void (*list_done)(void *data, enum store_result result, struct uuid owner,
                          struct bytes row);

/* plain has space for the payload. */
static bool open_row(struct store *store, const struct list_row *row,
                     const struct stream_key_row *owner, uint8_t *plain, struct bytes *ret) {
    uint8_t key[KEY_BYTES];
    struct seal_header header = seal_list_header(row);
    if (row->payload.length < SEAL_BYTES || !store_key(store, owner, KEY_LIST, key) ||
        !seal_open(store->seal, key, &header, row->payload, plain)) {
        store_report(store, "a row of list %s cannot be opened", row->list);
        return false;
    }
    *ret = (struct bytes){row->payload.length - SEAL_BYTES, plain};
    return true;
}

struct getting {
    struct store *store;
    uint8_t key[DATABASE_HASH_BYTES];
    list_done done;
    void *data;
};

static void on_row(void *data, enum database_result result, const struct list_row *row,
                   const struct stream_key_row *owner) {
    struct getting getting = *(struct getting *)data;
    free(data);
    enum store_result outcome = store_result_of(result);
    struct bytes plain = {0, NULL};
    uint8_t *memory = NULL;
    if (outcome == STORE_OK) {
        memory = malloc((size_t)row->payload.length + 1);
        assert(memory != NULL);
        if (!open_row(getting.store, row, owner, memory, &plain))
            outcome = STORE_CORRUPT;
    }
    getting.done(getting.data, outcome, outcome == STORE_OK ? row->owner : (struct uuid){{0}},
                 plain);
    free(memory);
}

void store_list_get(struct store *store, const char *list, struct bytes key, list_done done,
                    void *data) {
    struct database *database = store->config.database;
    struct getting *getting = malloc(sizeof *getting);
    assert(getting != NULL);
    *getting = (struct getting){.store = store, .done = done, .data = data};
    seal_list_key(store->list_key, list, key, getting->key);
    database->list_get(database, store->config.tenant, list, getting->key, on_row, getting);
}

struct listing {
    struct store *store;
    const char *list;
    uint8_t after[DATABASE_HASH_BYTES];
    void (*row)(void *data, struct uuid owner, struct bytes row);
    void (*done)(void *data, enum store_result result);
    void *data;
};

static void on_page(void *data, enum database_result result, const struct list_row *rows,
                    const struct stream_key_row *owners, size_t count) {
    struct listing *listing = data;
    struct database *database = listing->store->config.database;
    enum store_result outcome = store_result_of(result);
    for (size_t i = 0; i < count && outcome == STORE_OK; i++) {
        uint8_t *memory = malloc((size_t)rows[i].payload.length + 1);
        struct bytes plain;
        assert(memory != NULL);
        if (open_row(listing->store, &rows[i], &owners[i], memory, &plain))
            listing->row(listing->data, rows[i].owner, plain);
        else
            outcome = STORE_CORRUPT;
        free(memory);
    }
    if (outcome == STORE_OK && count == DATABASE_PAGE_MAX) {
        memcpy(listing->after, rows[count - 1].key, sizeof listing->after);
        database->list_page(database, listing->store->config.tenant, listing->list, listing->after,
                            on_page, listing);
        return;
    }
    struct listing finished = *listing;
    free(listing);
    finished.done(finished.data, outcome);
}

void store_list_all(struct store *store, const char *list,
                    void (*row)(void *data, struct uuid owner, struct bytes row),
                    void (*done)(void *data, enum store_result result), void *data) {
    struct database *database = store->config.database;
    struct listing *listing = malloc(sizeof *listing);
    assert(listing != NULL);
    *listing =
        (struct listing){.store = store, .list = list, .row = row, .done = done, .data = data};
    database->list_page(database, store->config.tenant, list, NULL, on_page, listing);
}
