/* The append transaction: one request, one round trip, whatever is in the batch. */
#include "server/store/postgres_database.h"

#include "server/store/postgres_request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char set_name[] = "SELECT set_config('application_name', $1, false)";
static const char take_fence[] = "SELECT take_fence($1, $2)";
static const char insert_keys[] =
    "INSERT INTO stream_key (stream_id, tenant_id, kind, key_id, generation, wrapped, of_stream,"
    " about) SELECT id, tenant, kind, number, generation, wrapped, nullif(stream, none),"
    " nullif(about, none) FROM unnest($1::uuid[], $2::uuid[], $3::int2[], $4::int8[], $5::int4[],"
    " $6::bytea[], $7::uuid[], $8::uuid[])"
    " AS fresh (id, tenant, kind, number, generation, wrapped, stream, about),"
    " (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS none) AS zero";
static const char insert_events[] =
    "INSERT INTO event (tenant_id, stream_id, version, part, command_id, type, at, user_id, key_id,"
    " payload, hash) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int2[],"
    " $5::uuid[], $6::int2[], $7::int8[], $8::uuid[], $9::int8[], $10::bytea[], $11::bytea[])";
static const char delete_settled[] =
    "DELETE FROM pending USING unnest($1::uuid[], $2::uuid[]) AS settled (target, command)"
    " WHERE target_stream = target AND command_id = command";
static const char insert_pending[] =
    "INSERT INTO pending (tenant_id, shard, source_stream, target_stream, target_kind, command_id,"
    " due_at, key_id, payload) SELECT * FROM unnest($1::uuid[], $2::int2[], $3::uuid[], $4::uuid[],"
    " $5::int2[], $6::uuid[], $7::int8[], $8::int8[], $9::bytea[])";
static const char delete_list_rows[] =
    "DELETE FROM list_row USING unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[])"
    " AS gone (tenant, name, hashed, owner)"
    " WHERE tenant_id = tenant AND list = name AND key = hashed AND owner_stream = owner";
static const char insert_list_rows[] =
    "INSERT INTO list_row (tenant_id, list, key, owner_stream, key_id, payload)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::int8[], "
    "$6::bytea[])"
    " AS fresh (tenant, name, hashed, owner, key_id, payload) WHERE length(fresh.payload) > 0";

enum { STATEMENTS_MAX = 8, PARAMETERS_MAX = APPEND_ARRAYS + 3, NAME_BYTES = 72 };

/* A transaction while it is put together. */
struct draft {
    struct postgres_database *database;
    struct postgres_statement statements[STATEMENTS_MAX];
    struct postgres_parameter parameters[PARAMETERS_MAX];
    size_t statement_count, parameter_count, array_count;
};

static void add_statement(struct draft *draft, const char *sql) {
    assert(draft->statement_count < STATEMENTS_MAX);
    draft->statements[draft->statement_count++] = (struct postgres_statement){
        .sql = sql, .parameters = &draft->parameters[draft->parameter_count], .count = 0};
}

/* To the statement that was added last. */
static void add_parameter(struct draft *draft, struct postgres_parameter parameter) {
    assert(draft->parameter_count < PARAMETERS_MAX);
    draft->parameters[draft->parameter_count++] = parameter;
    draft->statements[draft->statement_count - 1].count++;
}

/* Every array has memory of its own, kept from batch to batch. */
static struct postgres_array *begin_arrays(struct draft *draft, const enum postgres_type *types,
                                           size_t count) {
    assert(draft->array_count + count <= APPEND_ARRAYS);
    struct postgres_array *arrays = &draft->database->arrays[draft->array_count];
    draft->array_count += count;
    for (size_t i = 0; i < count; i++)
        array_begin(&arrays[i], types[i]);
    return arrays;
}

static void add_arrays(struct draft *draft, const char *sql, struct postgres_array *arrays,
                       size_t count) {
    add_statement(draft, sql);
    for (size_t i = 0; i < count; i++)
        add_parameter(draft, array_parameter(&arrays[i]));
}

static void add_stream_keys(struct draft *draft, const struct database_batch *batch) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_UUID,  TYPE_INT2, TYPE_INT8,
                                               TYPE_INT4, TYPE_BYTEA, TYPE_UUID, TYPE_UUID};
    struct postgres_array *arrays = begin_arrays(draft, types, 8);
    for (size_t i = 0; i < batch->stream_key_count; i++) {
        const struct stream_key_row *row = &batch->stream_keys[i];
        array_add_uuid(&arrays[0], row->stream);
        array_add_uuid(&arrays[1], row->tenant);
        array_add_integer(&arrays[2], row->kind);
        array_add_integer(&arrays[3], (int64_t)row->key_id);
        array_add_integer(&arrays[4], row->generation);
        array_add(&arrays[5], row->wrapped, sizeof row->wrapped);
        array_add_uuid(&arrays[6], row->of);
        array_add_uuid(&arrays[7], row->about);
    }
    add_arrays(draft, insert_keys, arrays, 8);
}

static void add_events(struct draft *draft, const struct database_batch *batch) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_UUID,  TYPE_INT8, TYPE_INT2,
                                               TYPE_UUID, TYPE_INT2,  TYPE_INT8, TYPE_UUID,
                                               TYPE_INT8, TYPE_BYTEA, TYPE_BYTEA};
    struct postgres_array *arrays = begin_arrays(draft, types, 11);
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct event_row *row = &batch->events[i];
        array_add_uuid(&arrays[0], row->tenant);
        array_add_uuid(&arrays[1], row->stream);
        array_add_integer(&arrays[2], (int64_t)row->version);
        array_add_integer(&arrays[3], row->part);
        array_add_uuid(&arrays[4], row->command_id);
        array_add_integer(&arrays[5], row->type);
        array_add_integer(&arrays[6], row->at);
        array_add_uuid(&arrays[7], row->user);
        array_add_integer(&arrays[8], (int64_t)row->key_id);
        array_add(&arrays[9], row->payload.bytes, row->payload.length);
        array_add(&arrays[10], row->hash, sizeof row->hash);
    }
    add_arrays(draft, insert_events, arrays, 11);
}

static void add_settled(struct draft *draft, const struct database_batch *batch) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_UUID};
    struct postgres_array *arrays = begin_arrays(draft, types, 2);
    for (size_t i = 0; i < batch->settled_count; i++) {
        array_add_uuid(&arrays[0], batch->settled[i].target);
        array_add_uuid(&arrays[1], batch->settled[i].command_id);
    }
    add_arrays(draft, delete_settled, arrays, 2);
}

static void add_pending(struct draft *draft, const struct database_batch *batch) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_INT2, TYPE_UUID,
                                               TYPE_UUID, TYPE_INT2, TYPE_UUID,
                                               TYPE_INT8, TYPE_INT8, TYPE_BYTEA};
    struct postgres_array *arrays = begin_arrays(draft, types, 9);
    for (size_t i = 0; i < batch->pending_count; i++) {
        const struct pending_row *row = &batch->pending[i];
        array_add_uuid(&arrays[0], row->tenant);
        array_add_integer(&arrays[1], database_shard(row->target));
        array_add_uuid(&arrays[2], row->source);
        array_add_uuid(&arrays[3], row->target);
        array_add_integer(&arrays[4], row->target_kind);
        array_add_uuid(&arrays[5], row->command_id);
        array_add_integer(&arrays[6], row->due_at);
        array_add_integer(&arrays[7], (int64_t)row->key_id);
        array_add(&arrays[8], row->payload.bytes, row->payload.length);
    }
    add_arrays(draft, insert_pending, arrays, 9);
}

/* Taken away first and put in again, so that another owner's row is met as a conflict and not
 * overwritten. */
static void add_list_rows(struct draft *draft, const struct database_batch *batch) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_TEXT, TYPE_BYTEA,
                                               TYPE_UUID, TYPE_INT8, TYPE_BYTEA};
    struct postgres_array *arrays = begin_arrays(draft, types, 6);
    for (size_t i = 0; i < batch->list_row_count; i++) {
        const struct list_row *row = &batch->list_rows[i];
        array_add_uuid(&arrays[0], row->tenant);
        array_add(&arrays[1], row->list, strlen(row->list));
        array_add(&arrays[2], row->key, sizeof row->key);
        array_add_uuid(&arrays[3], row->owner);
        array_add_integer(&arrays[4], (int64_t)row->key_id);
        array_add(&arrays[5], row->payload.bytes, row->payload.length);
    }
    add_arrays(draft, delete_list_rows, arrays, 4);
    add_arrays(draft, insert_list_rows, arrays, 6);
}

struct append_operation {
    struct postgres_database *database;
    uint64_t connection;
    database_done done;
    void *data;
};

static void on_appended(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct append_operation operation = *(struct append_operation *)data;
    free(data);
    if (result == POSTGRES_OK)
        operation.database->named = operation.connection;
    operation.done(operation.data, database_result_of(result, rows));
}

static void write_name(char name[NAME_BYTES], const struct database_batch *batch) {
    const uint8_t *id = batch->node.bytes;
    snprintf(name, NAME_BYTES,
             "consilium %02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x %llu",
             id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11],
             id[12], id[13], id[14], id[15], (unsigned long long)batch->incarnation);
}

static void append(struct database *database, const struct database_batch *batch,
                   database_done done, void *data) {
    struct postgres_database *self = postgres_database_of(database);
    struct append_operation *operation = malloc(sizeof *operation);
    assert(operation != NULL);
    *operation = (struct append_operation){self, connection_number(self->append), done, data};

    struct draft draft = {.database = self};
    /* A takeover ends this connection by its name if our process stands still in the middle of a
     * transaction. */
    char name[NAME_BYTES];
    if (self->named != operation->connection) {
        write_name(name, batch);
        add_statement(&draft, set_name);
        add_parameter(&draft, parameter_text(name));
    }
    struct binary_integer incarnation = binary_integer((int64_t)batch->incarnation);
    add_statement(&draft, take_fence);
    add_parameter(&draft, parameter_uuid(&batch->node));
    add_parameter(&draft, parameter_int8(&incarnation));
    if (batch->stream_key_count > 0)
        add_stream_keys(&draft, batch);
    if (batch->event_count > 0)
        add_events(&draft, batch);
    if (batch->settled_count > 0)
        add_settled(&draft, batch);
    if (batch->pending_count > 0)
        add_pending(&draft, batch);
    if (batch->list_row_count > 0)
        add_list_rows(&draft, batch);
    connection_request(self->append, draft.statements, draft.statement_count, on_appended,
                       operation);
}

void postgres_append_operations(struct database *database) {
    database->append = append;
}
