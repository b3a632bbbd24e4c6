#include "tests/simulation/model_tables.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more in a table, which is given back uncleared. */
#define ADD(table, count) (table = grown(table, count, sizeof *(table)), &(table)[(count)++])

static void *grown(void *rows, size_t count, size_t size) {
    if ((count & (count - 1)) != 0) { /* space is made when the count reaches a power of two */
        return rows;
    }
    void *more = realloc(rows, (count == 0 ? 1 : count * 2) * size);
    assert(more != NULL);
    return more;
}

struct bytes model_bytes_copy(struct bytes from) {
    uint8_t *copy = malloc(from.length + 1);
    assert(copy != NULL);
    if (from.length > 0) {
        memcpy(copy, from.bytes, from.length);
    }
    return (struct bytes){from.length, copy};
}

static void free_bytes(struct bytes bytes) {
    free((void *)(uintptr_t)bytes.bytes);
}

void model_tables_finish(struct model_tables *tables) {
    for (size_t i = 0; i < tables->event_count; i++) {
        free_bytes(tables->events[i].payload);
    }
    for (size_t i = 0; i < tables->pending_count; i++) {
        free_bytes(tables->pending[i].payload);
    }
    for (size_t i = 0; i < tables->list_row_count; i++) {
        free_bytes(tables->list_rows[i].payload);
    }
    for (size_t i = 0; i < tables->snapshot_count; i++) {
        free_bytes(tables->snapshots[i].payload);
    }
    free(tables->events);
    free(tables->stream_keys);
    free(tables->pending);
    free(tables->list_rows);
    free(tables->snapshots);
    free(tables->tenant_keys);
    free(tables->fences);
    free(tables->leases);
}

const struct event_row *model_event(const struct model_tables *tables, struct uuid stream,
                                    uint64_t version) {
    for (size_t i = tables->event_count; i-- > 0;) {
        if (tables->events[i].version == version && uuid_equal(tables->events[i].stream, stream)) {
            return &tables->events[i];
        }
    }
    return NULL;
}

const struct event_row *model_event_from(const struct model_tables *tables, struct uuid stream,
                                         uint64_t version) {
    const struct event_row *first = model_event(tables, stream, version);
    if (first != NULL) {
        return first; /* versions are dense until somebody tampers with them */
    }
    for (size_t i = 0; i < tables->event_count; i++) {
        const struct event_row *row = &tables->events[i];
        if (uuid_equal(row->stream, stream) && row->version >= version &&
            (first == NULL || row->version < first->version)) {
            first = row;
        }
    }
    return first;
}

const struct event_row *model_command(const struct model_tables *tables, struct uuid stream,
                                      struct uuid command_id, uint16_t part) {
    for (size_t i = tables->event_count; i-- > 0;) {
        const struct event_row *row = &tables->events[i];
        if (row->part == part && uuid_equal(row->command_id, command_id) &&
            uuid_equal(row->stream, stream)) {
            return row;
        }
    }
    return NULL;
}

const struct stream_key_row *model_stream_key(const struct model_tables *tables,
                                              struct uuid stream) {
    for (size_t i = 0; i < tables->stream_key_count; i++) {
        if (uuid_equal(tables->stream_keys[i].stream, stream)) {
            return &tables->stream_keys[i];
        }
    }
    return NULL;
}

static struct snapshot_row *snapshot_at(const struct model_tables *tables, struct uuid stream) {
    for (size_t i = 0; i < tables->snapshot_count; i++) {
        if (uuid_equal(tables->snapshots[i].stream, stream)) {
            return &tables->snapshots[i];
        }
    }
    return NULL;
}

const struct snapshot_row *model_snapshot(const struct model_tables *tables, struct uuid stream) {
    return snapshot_at(tables, stream);
}

static struct list_row *list_row_at(const struct model_tables *tables, struct uuid tenant,
                                    const char *list, const uint8_t *key) {
    for (size_t i = 0; i < tables->list_row_count; i++) {
        struct list_row *row = &tables->list_rows[i];
        if (strcmp(row->list, list) == 0 && uuid_equal(row->tenant, tenant) &&
            memcmp(row->key, key, DATABASE_HASH_BYTES) == 0) {
            return row;
        }
    }
    return NULL;
}

const struct list_row *model_list_row(const struct model_tables *tables, struct uuid tenant,
                                      const char *list, const uint8_t *key) {
    return list_row_at(tables, tenant, list, key);
}

static struct fence_row *fence_at(const struct model_tables *tables, struct uuid node) {
    for (size_t i = 0; i < tables->fence_count; i++) {
        if (uuid_equal(tables->fences[i].node, node)) {
            return &tables->fences[i];
        }
    }
    return NULL;
}

uint64_t model_incarnation(const struct model_tables *tables, struct uuid node) {
    const struct fence_row *row = fence_at(tables, node);
    return row == NULL ? 0 : row->incarnation;
}

void model_set_incarnation(struct model_tables *tables, struct uuid node, uint64_t incarnation) {
    struct fence_row *row = fence_at(tables, node);
    if (row == NULL) {
        row = ADD(tables->fences, tables->fence_count);
        row->node = node;
    }
    row->incarnation = incarnation;
}

static struct lease_row *lease_at(const struct model_tables *tables, struct uuid node) {
    for (size_t i = 0; i < tables->lease_count; i++) {
        if (uuid_equal(tables->leases[i].node, node)) {
            return &tables->leases[i];
        }
    }
    return NULL;
}

void model_set_lease(struct model_tables *tables, struct uuid node, int64_t ends_at) {
    struct lease_row *row = lease_at(tables, node);
    if (row == NULL) {
        row = ADD(tables->leases, tables->lease_count);
        row->node = node;
    }
    row->ends_at = ends_at;
}

int64_t model_lease(const struct model_tables *tables, struct uuid node) {
    const struct lease_row *row = lease_at(tables, node);
    return row == NULL ? 0 : row->ends_at;
}

static size_t pending_index(const struct model_tables *tables, struct uuid target,
                            struct uuid command_id) {
    size_t i = 0;
    while (i < tables->pending_count && !(uuid_equal(tables->pending[i].target, target) &&
                                          uuid_equal(tables->pending[i].command_id, command_id))) {
        i++;
    }
    return i;
}

bool model_refuses(const struct model_tables *tables, const struct database_batch *batch) {
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct event_row *row = &batch->events[i];
        if (model_event(tables, row->stream, row->version) != NULL ||
            model_command(tables, row->stream, row->command_id, row->part) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < batch->stream_key_count; i++) {
        if (model_stream_key(tables, batch->stream_keys[i].stream) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < batch->pending_count; i++) {
        const struct pending_row *row = &batch->pending[i];
        if (pending_index(tables, row->target, row->command_id) < tables->pending_count) {
            return true;
        }
    }
    for (size_t i = 0; i < batch->list_row_count; i++) {
        const struct list_row *row = &batch->list_rows[i];
        const struct list_row *stands = model_list_row(tables, row->tenant, row->list, row->key);
        if (stands != NULL && stands->payload.length > 0 && row->payload.length > 0 &&
            !uuid_equal(stands->owner, row->owner)) {
            return true;
        }
    }
    return false;
}

static void settle(struct model_tables *tables, const struct settled_row *settled) {
    size_t i = pending_index(tables, settled->target, settled->command_id);
    if (i < tables->pending_count) {
        free_bytes(tables->pending[i].payload);
        memmove(&tables->pending[i], &tables->pending[i + 1],
                (tables->pending_count - i - 1) * sizeof *tables->pending);
        /* The space stays as large as it was: growth is asked for by count, so never shrink past
         * it.
         */
        tables->pending_count--;
        tables->pending =
            realloc(tables->pending, (tables->pending_count * 2 + 1) * sizeof *tables->pending);
        assert(tables->pending != NULL);
    }
}

static void put_list_row(struct model_tables *tables, const struct list_row *row) {
    struct list_row *stands = list_row_at(tables, row->tenant, row->list, row->key);
    if (stands == NULL) {
        if (row->payload.length == 0) {
            return;
        }
        stands = ADD(tables->list_rows, tables->list_row_count);
    } else {
        free_bytes(stands->payload);
    }
    *stands = *row;
    stands->payload = model_bytes_copy(row->payload);
}

void model_apply(struct model_tables *tables, const struct database_batch *batch) {
    for (size_t i = 0; i < batch->stream_key_count; i++) {
        *ADD(tables->stream_keys, tables->stream_key_count) = batch->stream_keys[i];
    }
    for (size_t i = 0; i < batch->event_count; i++) {
        struct event_row *row = ADD(tables->events, tables->event_count);
        *row = batch->events[i];
        row->payload = model_bytes_copy(batch->events[i].payload);
    }
    for (size_t i = 0; i < batch->settled_count; i++) {
        settle(tables, &batch->settled[i]);
    }
    for (size_t i = 0; i < batch->pending_count; i++) {
        struct pending_row *row = ADD(tables->pending, tables->pending_count);
        *row = batch->pending[i];
        row->payload = model_bytes_copy(batch->pending[i].payload);
    }
    for (size_t i = 0; i < batch->list_row_count; i++) {
        put_list_row(tables, &batch->list_rows[i]);
    }
}

void model_put_snapshot(struct model_tables *tables, const struct snapshot_row *row) {
    struct snapshot_row *stands = snapshot_at(tables, row->stream);
    if (stands == NULL) {
        stands = ADD(tables->snapshots, tables->snapshot_count);
    } else if (stands->state_format == row->state_format && stands->version >= row->version) {
        return;
    } else {
        free_bytes(stands->payload);
    }
    *stands = *row;
    stands->payload = model_bytes_copy(row->payload);
}

bool model_put_tenant_key(struct model_tables *tables, const struct tenant_key_row *row) {
    for (size_t i = 0; i < tables->tenant_key_count; i++) {
        if (uuid_equal(tables->tenant_keys[i].tenant, row->tenant) &&
            tables->tenant_keys[i].generation == row->generation) {
            return false;
        }
    }
    *ADD(tables->tenant_keys, tables->tenant_key_count) = *row;
    return true;
}
