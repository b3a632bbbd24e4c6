/* Reading list rows: each is opened with its owner's key. What is asked for before the tenant's
 * keys are there waits for them. */
#include "server/store/lists.h"

#include "server/store/store_state.h"

#include <assert.h>
#include <stdlib.h>

/* The first member of a read. */
struct list_wait {
    struct list_wait *next;
    int64_t since;
    void (*begin)(struct list_wait *wait);
    void (*give_up)(struct list_wait *wait); /* tells UNAVAILABLE and frees */
};

static void begin_or_wait(struct store *store, struct list_wait *wait) {
    wait->since = store_now(store);
    if (store->lists.ready && !store->draining) {
        wait->begin(wait);
        return;
    }
    if (store->lists.last == NULL)
        store->lists.first = wait;
    else
        store->lists.last->next = wait;
    store->lists.last = wait;
}

static struct list_wait *first_waiting(struct lists *lists) {
    struct list_wait *wait = lists->first;
    lists->first = wait->next;
    if (lists->first == NULL)
        lists->last = NULL;
    return wait;
}

void lists_become_ready(struct lists *lists) {
    lists->ready = true;
    while (lists->first != NULL) {
        struct list_wait *wait = first_waiting(lists);
        wait->begin(wait);
    }
}

int64_t lists_tick(struct store *store, int64_t now) {
    struct lists *lists = &store->lists;
    /* Those that ask again when told stand behind the last of now. */
    for (const struct list_wait *last = lists->last; lists->first != NULL;) {
        struct list_wait *wait = lists->first;
        if (!store->draining && now - wait->since < STORE_PATIENCE_US)
            return wait->since + STORE_PATIENCE_US;
        bool was_last = wait == last;
        first_waiting(lists)->give_up(wait);
        if (was_last)
            break;
    }
    return lists->first == NULL ? INT64_MAX : now + STORE_RETRY_FIRST_US;
}

void lists_finish(struct lists *lists) {
    while (lists->first != NULL)
        free(first_waiting(lists));
}

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
    struct list_wait wait; /* first: a wait is one of these */
    struct store *store;
    const char *list;
    struct bytes key; /* lies behind this struct */
    list_done done;
    void *data;
};

static void on_row(void *data, enum database_result result, const struct list_row *row,
                   const struct stream_key_row *owner) {
    struct getting getting = *(struct getting *)data;
    free(data);
    getting.store->reads--;
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

static void begin_getting(struct list_wait *wait) {
    struct getting *getting = (struct getting *)wait;
    struct store *store = getting->store;
    struct database *database = store->config.database;
    uint8_t key[DATABASE_HASH_BYTES];
    store->reads++;
    seal_list_key(store->list_key, getting->list, getting->key, key);
    database->list_get(database, store->config.tenant, getting->list, key, on_row, getting);
}

static void give_up_getting(struct list_wait *wait) {
    struct getting getting = *(struct getting *)wait;
    free(wait);
    getting.done(getting.data, STORE_UNAVAILABLE, (struct uuid){{0}}, (struct bytes){0, NULL});
}

void store_list_get(struct store *store, const char *list, struct bytes key, list_done done,
                    void *data) {
    struct getting *getting = malloc(sizeof *getting + key.length);
    assert(getting != NULL);
    memcpy(getting + 1, key.bytes, key.length);
    *getting = (struct getting){
        .wait = {.begin = begin_getting, .give_up = give_up_getting},
        .store = store,
        .list = list,
        .key = {key.length, (const uint8_t *)(getting + 1)},
        .done = done,
        .data = data,
    };
    begin_or_wait(store, &getting->wait);
}

struct listing {
    struct list_wait wait; /* first: a wait is one of these */
    struct store *store;
    const char *list;
    uint8_t after[DATABASE_HASH_BYTES];
    void (*row)(void *data, struct uuid owner, struct bytes row);
    void (*done)(void *data, enum store_result result);
    void *data;
};

static void finish_listing(struct listing *listing, enum store_result result) {
    struct listing finished = *listing;
    free(listing);
    finished.done(finished.data, result);
}

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
    listing->store->reads--;
    finish_listing(listing, outcome);
}

static void begin_listing(struct list_wait *wait) {
    struct listing *listing = (struct listing *)wait;
    struct database *database = listing->store->config.database;
    listing->store->reads++;
    database->list_page(database, listing->store->config.tenant, listing->list, NULL, on_page,
                        listing);
}

static void give_up_listing(struct list_wait *wait) {
    finish_listing((struct listing *)wait, STORE_UNAVAILABLE);
}

void store_list_all(struct store *store, const char *list,
                    void (*row)(void *data, struct uuid owner, struct bytes row),
                    void (*done)(void *data, enum store_result result), void *data) {
    struct listing *listing = malloc(sizeof *listing);
    assert(listing != NULL);
    *listing = (struct listing){
        .wait = {.begin = begin_listing, .give_up = give_up_listing},
        .store = store,
        .list = list,
        .row = row,
        .done = done,
        .data = data,
    };
    begin_or_wait(store, &listing->wait);
}
