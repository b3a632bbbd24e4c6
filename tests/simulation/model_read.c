/* Everything that reads, with save_snapshot and add_tenant_key: one step each. */
#include "tests/simulation/model_operations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef void (*open_done)(void *data, enum database_result result,
                          const struct stream_key_row *keys, size_t key_count,
                          const struct snapshot_row *snapshot);
typedef void (*read_done)(void *data, enum database_result result, const struct event_row *rows,
                          size_t count);
typedef void (*find_done)(void *data, enum database_result result, uint64_t version);
typedef void (*pending_done)(void *data, enum database_result result,
                             const struct pending_row *rows, const struct stream_key_row *keys,
                             size_t count);
typedef void (*list_get_done)(void *data, enum database_result result, const struct list_row *row,
                              const struct stream_key_row *owner);
typedef void (*list_page_done)(void *data, enum database_result result, const struct list_row *rows,
                               const struct stream_key_row *owners, size_t count);
typedef void (*tenant_keys_done)(void *data, enum database_result result,
                                 const struct tenant_key_row *rows, size_t count);

static void release(struct bytes bytes) {
    free((void *)(uintptr_t)bytes.bytes);
}

/* What a killed process had in hand: nobody frees that there either. Kept in sight of the leak
 * checker. */
static struct operation *graveyard;

void operation_free(struct operation *operation) {
    if (operation->connection->dead && operation->data != NULL) {
        operation->next = graveyard;
        graveyard = operation;
        return;
    }
    for (size_t i = 0; operation->events != NULL && i < operation->count; i++) {
        release(operation->events[i].payload);
    }
    for (size_t i = 0; operation->pending != NULL && i < operation->count; i++) {
        release(operation->pending[i].payload);
    }
    for (size_t i = 0; operation->list_rows != NULL && i < operation->count; i++) {
        release(operation->list_rows[i].payload);
    }
    free(operation->events);
    free(operation->pending);
    free(operation->list_rows);
    free(operation->stream_keys);
    free(operation->tenant_keys);
    release(operation->snapshot.payload);
    free(operation);
}

struct operation *operation_copy_for_answer(const struct operation *operation) {
    struct operation *copy = malloc(sizeof *copy);
    assert(copy != NULL);
    *copy = *operation;
    copy->events = NULL;
    copy->pending = NULL;
    copy->list_rows = NULL;
    copy->stream_keys = NULL;
    copy->tenant_keys = NULL;
    copy->count = copy->key_count = 0;
    copy->has_snapshot = false;
    copy->snapshot.payload = (struct bytes){0};
    return copy;
}

static struct operation *ask(struct database *database, void (*run)(struct operation *),
                             void (*answer)(struct operation *), void *data) {
    (void)database;
    struct operation *operation = calloc(1, sizeof *operation);
    assert(operation != NULL);
    operation->run = run;
    operation->answer = answer;
    operation->data = data;
    return operation;
}

static void queue(struct database *database, struct operation *operation) {
    operation_queue((struct model_connection *)database, operation, LANE_READ);
}

static struct model_tables *tables_of(struct operation *operation) {
    return &operation->connection->model->tables;
}

static bool away(struct operation *operation) {
    if (operation->connection->model->down) {
        operation_answer(operation, DATABASE_AWAY);
        return true;
    }
    return false;
}

static void run_open(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct model_tables *tables = tables_of(operation);
    const struct stream_key_row *key = model_stream_key(tables, operation->id);
    const struct snapshot_row *snapshot = model_snapshot(tables, operation->id);
    if (key != NULL) {
        operation->stream_keys = calloc(tables->stream_key_count, sizeof *operation->stream_keys);
        assert(operation->stream_keys != NULL);
        operation->stream_keys[operation->key_count++] = *key;
        for (size_t i = 0; i < tables->stream_key_count; i++) {
            if (uuid_equal(tables->stream_keys[i].of, operation->id)) {
                operation->stream_keys[operation->key_count++] = tables->stream_keys[i];
            }
        }
    }
    if (snapshot != NULL) {
        operation->has_snapshot = true;
        operation->snapshot = *snapshot;
        operation->snapshot.payload = model_bytes_copy(snapshot->payload);
    }
    operation_answer(operation, key == NULL ? DATABASE_ABSENT : DATABASE_OK);
}

static void answer_open(struct operation *operation) {
    ((open_done)operation->done)(operation->data, operation->result, operation->stream_keys,
                                 operation->key_count,
                                 operation->has_snapshot ? &operation->snapshot : NULL);
}

static void open_stream(struct database *database, struct uuid stream, open_done done, void *data) {
    struct operation *operation = ask(database, run_open, answer_open, data);
    operation->id = stream;
    operation->done = (any_done)done;
    queue(database, operation);
}

static void run_read(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    uint32_t limit = operation->limit < DATABASE_PAGE_MAX ? operation->limit : DATABASE_PAGE_MAX;
    operation->events = calloc(limit + 1, sizeof *operation->events);
    assert(operation->events != NULL);
    const struct event_row *row = NULL;
    uint64_t next = operation->number;
    while (operation->count < limit &&
           (row = model_event_from(tables_of(operation), operation->id, next)) != NULL) {
        struct event_row *found = &operation->events[operation->count++];
        *found = *row;
        next = row->version + 1;
        found->payload = model_bytes_copy(row->payload);
    }
    operation_answer(operation, DATABASE_OK);
}

static void answer_read(struct operation *operation) {
    ((read_done)operation->done)(operation->data, operation->result, operation->events,
                                 operation->count);
}

static void read_stream(struct database *database, struct uuid stream, uint64_t first,
                        uint32_t limit, read_done done, void *data) {
    struct operation *operation = ask(database, run_read, answer_read, data);
    operation->id = stream;
    operation->number = first;
    operation->limit = limit;
    operation->done = (any_done)done;
    queue(database, operation);
}

static void run_find(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct model_tables *tables = tables_of(operation);
    operation->number = 0;
    for (size_t i = 0; i < tables->event_count; i++) {
        const struct event_row *row = &tables->events[i];
        if (uuid_equal(row->command_id, operation->command_id) &&
            uuid_equal(row->stream, operation->id) && row->version > operation->number) {
            operation->number = row->version;
        }
    }
    operation_answer(operation, operation->number == 0 ? DATABASE_ABSENT : DATABASE_OK);
}

static void answer_find(struct operation *operation) {
    ((find_done)operation->done)(operation->data, operation->result, operation->number);
}

static void find_command(struct database *database, struct uuid stream, struct uuid command_id,
                         find_done done, void *data) {
    struct operation *operation = ask(database, run_find, answer_find, data);
    operation->id = stream;
    operation->command_id = command_id;
    operation->done = (any_done)done;
    queue(database, operation);
}

static void run_save_snapshot(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    if (operation->connection->model->disk_full) {
        operation_answer(operation, DATABASE_FAILED);
        return;
    }
    model_put_snapshot(tables_of(operation), &operation->snapshot);
    operation_answer(operation, DATABASE_OK);
}

static void answer_plain(struct operation *operation) {
    ((database_done)operation->done)(operation->data, operation->result);
}

static void save_snapshot(struct database *database, const struct snapshot_row *row,
                          database_done done, void *data) {
    struct operation *operation = ask(database, run_save_snapshot, answer_plain, data);
    operation->snapshot = *row;
    operation->snapshot.payload = model_bytes_copy(row->payload);
    operation->done = (any_done)done;
    queue(database, operation);
}

static int compare_pending(const void *left, const void *right) {
    const struct pending_row *a = left;
    const struct pending_row *b = right;
    if (a->due_at != b->due_at) {
        return a->due_at < b->due_at ? -1 : 1;
    }
    int order = memcmp(a->target.bytes, b->target.bytes, sizeof a->target.bytes);
    return order != 0
               ? order
               : memcmp(a->command_id.bytes, b->command_id.bytes, sizeof a->command_id.bytes);
}

static unsigned shard_of(struct uuid stream) {
    return (unsigned)(stream.bytes[14] & 3) << 8 | stream.bytes[15];
}

static void run_pending(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct model_tables *tables = tables_of(operation);
    operation->pending = calloc(tables->pending_count + 1, sizeof *operation->pending);
    assert(operation->pending != NULL);
    size_t found = 0;
    for (size_t i = 0; i < tables->pending_count; i++) {
        const struct pending_row *row = &tables->pending[i];
        if (operation->shards[shard_of(row->target)] &&
            (!operation->has_after || compare_pending(row, &operation->after) > 0)) {
            operation->pending[found++] = *row;
        }
    }
    qsort(operation->pending, found, sizeof *operation->pending, compare_pending);
    operation->count = found < DATABASE_PAGE_MAX ? found : DATABASE_PAGE_MAX;
    operation->stream_keys = calloc(operation->count + 1, sizeof *operation->stream_keys);
    assert(operation->stream_keys != NULL);
    for (size_t i = 0; i < operation->count; i++) {
        operation->stream_keys[i] = *model_stream_key(tables, operation->pending[i].source);
        operation->pending[i].payload = model_bytes_copy(operation->pending[i].payload);
    }
    operation_answer(operation, DATABASE_OK);
}

static void answer_pending(struct operation *operation) {
    ((pending_done)operation->done)(operation->data, operation->result, operation->pending,
                                    operation->stream_keys, operation->count);
}

static void pending(struct database *database, const bool shards[SHARD_COUNT],
                    const struct pending_row *after, pending_done done, void *data) {
    struct operation *operation = ask(database, run_pending, answer_pending, data);
    memcpy(operation->shards, shards, sizeof operation->shards);
    operation->has_after = after != NULL;
    if (after != NULL) {
        operation->after = *after;
    }
    operation->done = (any_done)done;
    queue(database, operation);
}

static void find_list_row(struct operation *operation, const struct list_row *row) {
    const struct model_tables *tables = tables_of(operation);
    operation->list_rows[operation->count] = *row;
    operation->list_rows[operation->count].payload = model_bytes_copy(row->payload);
    operation->stream_keys[operation->count++] = *model_stream_key(tables, row->owner);
}

static void make_list_space(struct operation *operation, size_t count) {
    operation->list_rows = calloc(count, sizeof *operation->list_rows);
    operation->stream_keys = calloc(count, sizeof *operation->stream_keys);
    assert(operation->list_rows != NULL && operation->stream_keys != NULL);
}

static void run_list_get(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct list_row *row =
        model_list_row(tables_of(operation), operation->id, operation->list, operation->key);
    bool found = row != NULL && row->payload.length > 0;
    make_list_space(operation, 1);
    if (found) {
        find_list_row(operation, row);
    }
    operation_answer(operation, found ? DATABASE_OK : DATABASE_ABSENT);
}

static void answer_list_get(struct operation *operation) {
    bool found = operation->count > 0;
    ((list_get_done)operation->done)(operation->data, operation->result,
                                     found ? operation->list_rows : NULL,
                                     found ? operation->stream_keys : NULL);
}

static void list_get(struct database *database, struct uuid tenant, const char *list,
                     const uint8_t key[DATABASE_HASH_BYTES], list_get_done done, void *data) {
    struct operation *operation = ask(database, run_list_get, answer_list_get, data);
    operation->id = tenant;
    operation->list = list;
    memcpy(operation->key, key, DATABASE_HASH_BYTES);
    operation->done = (any_done)done;
    queue(database, operation);
}

static int compare_list_rows(const void *left, const void *right) {
    const struct list_row *const *a = left;
    const struct list_row *const *b = right;
    return memcmp((*a)->key, (*b)->key, DATABASE_HASH_BYTES);
}

static void run_list_page(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct model_tables *tables = tables_of(operation);
    const struct list_row **sorted = calloc(tables->list_row_count + 1, sizeof(*sorted));
    assert(sorted != NULL);
    size_t found = 0;
    for (size_t i = 0; i < tables->list_row_count; i++) {
        const struct list_row *row = &tables->list_rows[i];
        if (row->payload.length > 0 && strcmp(row->list, operation->list) == 0 &&
            uuid_equal(row->tenant, operation->id) &&
            (!operation->has_key || memcmp(row->key, operation->key, DATABASE_HASH_BYTES) > 0)) {
            sorted[found++] = row;
        }
    }
    qsort(sorted, found, sizeof(*sorted), compare_list_rows);
    make_list_space(operation, DATABASE_PAGE_MAX);
    for (size_t i = 0; i < found && i < DATABASE_PAGE_MAX; i++) {
        find_list_row(operation, sorted[i]);
    }
    free(sorted);
    operation_answer(operation, DATABASE_OK);
}

static void answer_list_page(struct operation *operation) {
    ((list_page_done)operation->done)(operation->data, operation->result, operation->list_rows,
                                      operation->stream_keys, operation->count);
}

static void list_page(struct database *database, struct uuid tenant, const char *list,
                      const uint8_t *after, list_page_done done, void *data) {
    struct operation *operation = ask(database, run_list_page, answer_list_page, data);
    operation->id = tenant;
    operation->list = list;
    operation->has_key = after != NULL;
    if (after != NULL) {
        memcpy(operation->key, after, DATABASE_HASH_BYTES);
    }
    operation->done = (any_done)done;
    queue(database, operation);
}

static void run_tenant_keys(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    const struct model_tables *tables = tables_of(operation);
    operation->tenant_keys = calloc(tables->tenant_key_count + 1, sizeof *operation->tenant_keys);
    assert(operation->tenant_keys != NULL);
    for (size_t i = 0; i < tables->tenant_key_count; i++) {
        if (uuid_equal(tables->tenant_keys[i].tenant, operation->id)) {
            operation->tenant_keys[operation->count++] = tables->tenant_keys[i];
        }
    }
    operation_answer(operation, DATABASE_OK);
}

static void answer_tenant_keys(struct operation *operation) {
    ((tenant_keys_done)operation->done)(operation->data, operation->result, operation->tenant_keys,
                                        operation->count);
}

static void tenant_keys(struct database *database, struct uuid tenant, tenant_keys_done done,
                        void *data) {
    struct operation *operation = ask(database, run_tenant_keys, answer_tenant_keys, data);
    operation->id = tenant;
    operation->done = (any_done)done;
    queue(database, operation);
}

static void run_add_tenant_key(struct operation *operation) {
    if (away(operation)) {
        return;
    }
    bool added = model_put_tenant_key(tables_of(operation), &operation->tenant_key);
    operation_answer(operation, added ? DATABASE_OK : DATABASE_CONFLICT);
}

static void add_tenant_key(struct database *database, const struct tenant_key_row *row,
                           database_done done, void *data) {
    struct operation *operation = ask(database, run_add_tenant_key, answer_plain, data);
    operation->tenant_key = *row;
    operation->done = (any_done)done;
    queue(database, operation);
}

void read_offer(struct database *database) {
    database->open = open_stream;
    database->read = read_stream;
    database->find_command = find_command;
    database->save_snapshot = save_snapshot;
    database->pending = pending;
    database->list_get = list_get;
    database->list_page = list_page;
    database->tenant_keys = tenant_keys;
    database->add_tenant_key = add_tenant_key;
}
