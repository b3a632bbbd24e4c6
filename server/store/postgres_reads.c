/* Reading streams, their keys and snapshots. */
#include "server/store/postgres_database.h"

#include <assert.h>
#include <stdlib.h>

static const char open_stream[] =
    "SELECT k.stream_id, k.tenant_id, k.kind, k.key_id, k.generation, k.wrapped,"
    " s.version, s.state_format, s.key_id, s.payload"
    " FROM stream_key k LEFT JOIN snapshot s ON s.stream_id = k.stream_id"
    " WHERE k.stream_id = $1 OR k.of_stream = $1 ORDER BY k.of_stream IS NOT NULL";
static const char read_events[] =
    "SELECT tenant_id, version, part, command_id, type, at, user_id, key_id, payload, hash"
    " FROM event WHERE stream_id = $1 AND version >= $2 ORDER BY version LIMIT $3::int4";
static const char find_command_sql[] =
    "SELECT max(version) FROM event WHERE stream_id = $1 AND command_id = $2";
static const char save_snapshot_sql[] =
    "INSERT INTO snapshot (stream_id, tenant_id, version, state_format, key_id, payload)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (stream_id) DO UPDATE SET"
    " version = excluded.version, state_format = excluded.state_format,"
    " key_id = excluded.key_id, payload = excluded.payload"
    " WHERE snapshot.version < excluded.version OR snapshot.state_format <> excluded.state_format";
static const char read_tenant_keys[] =
    "SELECT generation, wrapped FROM tenant_key WHERE tenant_id = $1 ORDER BY generation";
static const char insert_tenant_key[] =
    "INSERT INTO tenant_key (tenant_id, generation, wrapped) VALUES ($1, $2, $3)";

typedef void (*open_done)(void *data, enum database_result result,
                          const struct stream_key_row *keys, size_t key_count,
                          const struct snapshot_row *snapshot);
typedef void (*read_done)(void *data, enum database_result result, const struct event_row *rows,
                          size_t count);
typedef void (*find_done)(void *data, enum database_result result, uint64_t version);
typedef void (*tenant_keys_done)(void *data, enum database_result result,
                                 const struct tenant_key_row *rows, size_t count);

struct stream_operation {
    struct operation operation;
    struct uuid id; /* stream, or tenant */
};

static struct stream_operation *stream_operation_create(struct database *database, struct uuid id,
                                                        void (*done)(void), void *data) {
    struct stream_operation *operation = malloc(sizeof *operation);
    assert(operation != NULL);
    *operation = (struct stream_operation){{postgres_database_of(database), done, data}, id};
    return operation;
}

static void request(struct database *database, const char *sql,
                    const struct postgres_parameter *parameters, int count, postgres_done done,
                    void *data) {
    struct postgres_statement statement = {sql, parameters, count};
    connection_request(postgres_database_of(database)->reads, &statement, 1, done, data);
}

static void give_opened(const struct operation *operation, const struct postgres_rows *rows,
                        const struct stream_key_row *keys, size_t count) {
    struct snapshot_row snapshot = {
        .tenant = keys[0].tenant,
        .stream = keys[0].stream,
        .version = (uint64_t)value_integer(postgres_value(rows, 0, 6)),
        .state_format = (uint16_t)value_integer(postgres_value(rows, 0, 7)),
        .key_id = (uint64_t)value_integer(postgres_value(rows, 0, 8)),
        .payload = value_bytes(postgres_value(rows, 0, 9)),
    };
    ((open_done)operation->done)(operation->data, DATABASE_OK, keys, count,
                                 snapshot.version > 0 ? &snapshot : NULL);
}

static void on_opened(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    open_done done = (open_done)operation.done;
    enum database_result outcome = database_result_of(result, rows);
    if (outcome == DATABASE_OK && postgres_row_count(rows) == 0)
        outcome = DATABASE_ABSENT;
    size_t count = outcome == DATABASE_OK ? (size_t)postgres_row_count(rows) : 0;
    struct stream_key_row *keys = calloc(count + 1, sizeof *keys);
    assert(keys != NULL);
    for (size_t i = 0; i < count; i++)
        if (!read_stream_key(rows, (int)i, 0, &keys[i]))
            outcome = DATABASE_FAILED;
    if (outcome == DATABASE_OK)
        give_opened(&operation, rows, keys, count);
    else
        done(operation.data, outcome, NULL, 0, NULL);
    free(keys);
}

static void open_one(struct database *database, struct uuid stream, open_done done, void *data) {
    struct postgres_parameter parameter = parameter_uuid(&stream);
    request(database, open_stream, &parameter, 1, on_opened,
            operation_create(database, (void (*)(void))done, data));
}

static bool read_event(const struct postgres_rows *rows, int row, struct uuid stream,
                       struct event_row *ret) {
    *ret = (struct event_row){
        .tenant = value_uuid(postgres_value(rows, row, 0)),
        .stream = stream,
        .version = (uint64_t)value_integer(postgres_value(rows, row, 1)),
        .part = (uint16_t)value_integer(postgres_value(rows, row, 2)),
        .command_id = value_uuid(postgres_value(rows, row, 3)),
        .type = (uint8_t)value_integer(postgres_value(rows, row, 4)),
        .at = value_integer(postgres_value(rows, row, 5)),
        .user = value_uuid(postgres_value(rows, row, 6)),
        .key_id = (uint64_t)value_integer(postgres_value(rows, row, 7)),
        .payload = value_bytes(postgres_value(rows, row, 8)),
    };
    return value_fixed(postgres_value(rows, row, 9), ret->hash, sizeof ret->hash);
}

static void on_read(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct stream_operation operation = *(struct stream_operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    struct event_row events[DATABASE_PAGE_MAX];
    int count = outcome == DATABASE_OK ? postgres_row_count(rows) : 0;
    assert(count <= DATABASE_PAGE_MAX);
    for (int i = 0; i < count && outcome == DATABASE_OK; i++)
        if (!read_event(rows, i, operation.id, &events[i]))
            outcome = DATABASE_FAILED;
    ((read_done)operation.operation.done)(operation.operation.data, outcome, events,
                                          outcome == DATABASE_OK ? (size_t)count : 0);
}

static void read_page(struct database *database, struct uuid stream, uint64_t first, uint32_t limit,
                      read_done done, void *data) {
    struct binary_integer from = binary_integer((int64_t)first);
    struct binary_integer most =
        binary_integer(limit < DATABASE_PAGE_MAX ? limit : DATABASE_PAGE_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&stream), parameter_int8(&from),
                                              parameter_int4(&most)};
    request(database, read_events, parameters, 3, on_read,
            stream_operation_create(database, stream, (void (*)(void))done, data));
}

static void on_found(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    uint64_t version = 0;
    if (outcome == DATABASE_OK)
        version = (uint64_t)value_integer(postgres_value(rows, 0, 0));
    if (outcome == DATABASE_OK && version == 0)
        outcome = DATABASE_ABSENT;
    ((find_done)operation.done)(operation.data, outcome, version);
}

static void find_command(struct database *database, struct uuid stream, struct uuid command_id,
                         find_done done, void *data) {
    struct postgres_parameter parameters[] = {parameter_uuid(&stream), parameter_uuid(&command_id)};
    request(database, find_command_sql, parameters, 2, on_found,
            operation_create(database, (void (*)(void))done, data));
}

static void on_written(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    ((database_done)operation.done)(operation.data, database_result_of(result, rows));
}

static void save_snapshot(struct database *database, const struct snapshot_row *row,
                          database_done done, void *data) {
    struct binary_integer version = binary_integer((int64_t)row->version);
    struct binary_integer format = binary_integer(row->state_format);
    struct binary_integer key_id = binary_integer((int64_t)row->key_id);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&row->stream), parameter_uuid(&row->tenant),
        parameter_int8(&version),     parameter_int4(&format),
        parameter_int8(&key_id),      parameter_bytes(row->payload.bytes, row->payload.length)};
    request(database, save_snapshot_sql, parameters, 6, on_written,
            operation_create(database, (void (*)(void))done, data));
}

enum { GENERATIONS_MAX = 64 };

static void on_tenant_keys(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct stream_operation operation = *(struct stream_operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    struct tenant_key_row keys[GENERATIONS_MAX];
    int count = outcome == DATABASE_OK ? postgres_row_count(rows) : 0;
    if (count > GENERATIONS_MAX)
        outcome = DATABASE_FAILED;
    for (int i = 0; i < count && outcome == DATABASE_OK; i++) {
        keys[i].tenant = operation.id;
        keys[i].generation = (uint32_t)value_integer(postgres_value(rows, i, 0));
        if (!value_fixed(postgres_value(rows, i, 1), keys[i].wrapped, sizeof keys[i].wrapped))
            outcome = DATABASE_FAILED;
    }
    ((tenant_keys_done)operation.operation.done)(operation.operation.data, outcome, keys,
                                                 outcome == DATABASE_OK ? (size_t)count : 0);
}

static void tenant_keys(struct database *database, struct uuid tenant, tenant_keys_done done,
                        void *data) {
    struct postgres_parameter parameter = parameter_uuid(&tenant);
    request(database, read_tenant_keys, &parameter, 1, on_tenant_keys,
            stream_operation_create(database, tenant, (void (*)(void))done, data));
}

static void add_tenant_key(struct database *database, const struct tenant_key_row *row,
                           database_done done, void *data) {
    struct binary_integer generation = binary_integer(row->generation);
    struct postgres_parameter parameters[] = {parameter_uuid(&row->tenant),
                                              parameter_int4(&generation),
                                              parameter_bytes(row->wrapped, sizeof row->wrapped)};
    request(database, insert_tenant_key, parameters, 3, on_written,
            operation_create(database, (void (*)(void))done, data));
}

void postgres_read_operations(struct database *database) {
    database->open = open_one;
    database->read = read_page;
    database->find_command = find_command;
    database->save_snapshot = save_snapshot;
    database->tenant_keys = tenant_keys;
    database->add_tenant_key = add_tenant_key;
}
