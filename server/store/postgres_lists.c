/* Reading pending rows and list rows, each with the key that opens it. */
#include "server/store/postgres_database.h"

#include <assert.h>
#include <stdlib.h>

#define KEY_COLUMNS "k.stream_id, k.tenant_id, k.kind, k.key_id, k.generation, k.wrapped"

static const char read_pending[] =
    "SELECT p.tenant_id, p.source_stream, p.target_stream, p.target_kind, p.command_id, p.due_at,"
    " p.key_id, p.payload, " KEY_COLUMNS " FROM pending p"
    " JOIN stream_key k ON k.stream_id = p.source_stream"
    " WHERE p.shard = ANY ($1::int2[]) AND (p.due_at, p.target_stream, p.command_id) > ($2, $3, $4)"
    " ORDER BY p.due_at, p.target_stream, p.command_id LIMIT $5::int4";
static const char get_list_row[] =
    "SELECT l.key, l.owner_stream, l.key_id, l.payload, " KEY_COLUMNS
    " FROM list_row l JOIN stream_key k ON k.stream_id = l.owner_stream"
    " WHERE l.tenant_id = $1 AND l.list = $2 AND l.key = $3";
static const char read_list_rows[] =
    "SELECT l.key, l.owner_stream, l.key_id, l.payload, " KEY_COLUMNS
    " FROM list_row l JOIN stream_key k ON k.stream_id = l.owner_stream"
    " WHERE l.tenant_id = $1 AND l.list = $2 AND l.key > $3 ORDER BY l.key LIMIT $4::int4";

typedef void (*pending_done)(void *data, enum database_result result,
                             const struct pending_row *rows, const struct stream_key_row *keys,
                             size_t count);
typedef void (*list_get_done)(void *data, enum database_result result, const struct list_row *row,
                              const struct stream_key_row *owner);
typedef void (*list_page_done)(void *data, enum database_result result, const struct list_row *rows,
                               const struct stream_key_row *owners, size_t count);

static void on_pending(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    struct pending_row pending[DATABASE_PAGE_MAX];
    struct stream_key_row keys[DATABASE_PAGE_MAX];
    int count = outcome == DATABASE_OK ? postgres_row_count(rows) : 0;
    assert(count <= DATABASE_PAGE_MAX);
    for (int i = 0; i < count && outcome == DATABASE_OK; i++) {
        pending[i] = (struct pending_row){
            .tenant = value_uuid(postgres_value(rows, i, 0)),
            .source = value_uuid(postgres_value(rows, i, 1)),
            .target = value_uuid(postgres_value(rows, i, 2)),
            .target_kind = (uint8_t)value_integer(postgres_value(rows, i, 3)),
            .command_id = value_uuid(postgres_value(rows, i, 4)),
            .due_at = value_integer(postgres_value(rows, i, 5)),
            .key_id = (uint64_t)value_integer(postgres_value(rows, i, 6)),
            .payload = value_bytes(postgres_value(rows, i, 7)),
        };
        if (!read_stream_key(rows, i, 8, &keys[i]))
            outcome = DATABASE_FAILED;
    }
    ((pending_done)operation.done)(operation.data, outcome, pending, keys,
                                   outcome == DATABASE_OK ? (size_t)count : 0);
}

static void pending_page(struct database *database, const bool shards[SHARD_COUNT],
                         const struct pending_row *after, pending_done done, void *data) {
    static const struct pending_row start = {.due_at = INT64_MIN};
    const struct pending_row *from = after == NULL ? &start : after;
    struct postgres_array wanted = {0};
    array_begin(&wanted, TYPE_INT2);
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (shards[shard])
            array_add_integer(&wanted, shard);
    struct binary_integer due_at = binary_integer(from->due_at);
    struct binary_integer limit = binary_integer(DATABASE_PAGE_MAX);
    struct postgres_parameter parameters[] = {
        array_parameter(&wanted), parameter_int8(&due_at), parameter_uuid(&from->target),
        parameter_uuid(&from->command_id), parameter_int4(&limit)};
    struct postgres_statement statement = {read_pending, parameters, 5};
    connection_request(postgres_database_of(database)->reads, &statement, 1, on_pending,
                       operation_create(database, (void (*)(void))done, data));
    array_finish(&wanted);
}

/* A list operation keeps the name and the tenant, which its rows do not repeat. */
struct list_operation {
    struct operation operation;
    struct uuid tenant;
    const char *list; /* static, as database.h's rows have it */
};

static struct list_operation *list_operation_create(struct database *database, struct uuid tenant,
                                                    const char *list, void (*done)(void),
                                                    void *data) {
    struct list_operation *operation = malloc(sizeof *operation);
    assert(operation != NULL);
    *operation =
        (struct list_operation){{postgres_database_of(database), done, data}, tenant, list};
    return operation;
}

static bool read_list_row(const struct list_operation *operation, const struct postgres_rows *rows,
                          int row, struct list_row *ret, struct stream_key_row *ret_owner) {
    *ret = (struct list_row){
        .tenant = operation->tenant,
        .list = operation->list,
        .owner = value_uuid(postgres_value(rows, row, 1)),
        .key_id = (uint64_t)value_integer(postgres_value(rows, row, 2)),
        .payload = value_bytes(postgres_value(rows, row, 3)),
    };
    return value_fixed(postgres_value(rows, row, 0), ret->key, sizeof ret->key) &&
           read_stream_key(rows, row, 4, ret_owner);
}

static void on_list_row(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct list_operation operation = *(struct list_operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    struct list_row row;
    struct stream_key_row owner;
    if (outcome == DATABASE_OK && postgres_row_count(rows) == 0)
        outcome = DATABASE_ABSENT;
    else if (outcome == DATABASE_OK && !read_list_row(&operation, rows, 0, &row, &owner))
        outcome = DATABASE_FAILED;
    bool found = outcome == DATABASE_OK;
    ((list_get_done)operation.operation.done)(operation.operation.data, outcome,
                                              found ? &row : NULL, found ? &owner : NULL);
}

static void list_get(struct database *database, struct uuid tenant, const char *list,
                     const uint8_t key[DATABASE_HASH_BYTES], list_get_done done, void *data) {
    struct postgres_parameter parameters[] = {parameter_uuid(&tenant), parameter_text(list),
                                              parameter_bytes(key, DATABASE_HASH_BYTES)};
    struct postgres_statement statement = {get_list_row, parameters, 3};
    connection_request(postgres_database_of(database)->reads, &statement, 1, on_list_row,
                       list_operation_create(database, tenant, list, (void (*)(void))done, data));
}

static void on_list_page(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct list_operation operation = *(struct list_operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    struct list_row page[DATABASE_PAGE_MAX];
    struct stream_key_row owners[DATABASE_PAGE_MAX];
    int count = outcome == DATABASE_OK ? postgres_row_count(rows) : 0;
    assert(count <= DATABASE_PAGE_MAX);
    for (int i = 0; i < count && outcome == DATABASE_OK; i++)
        if (!read_list_row(&operation, rows, i, &page[i], &owners[i]))
            outcome = DATABASE_FAILED;
    ((list_page_done)operation.operation.done)(operation.operation.data, outcome, page, owners,
                                               outcome == DATABASE_OK ? (size_t)count : 0);
}

static void list_page(struct database *database, struct uuid tenant, const char *list,
                      const uint8_t *after, list_page_done done, void *data) {
    struct binary_integer limit = binary_integer(DATABASE_PAGE_MAX);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&tenant), parameter_text(list),
        parameter_bytes(after, after == NULL ? 0 : DATABASE_HASH_BYTES), parameter_int4(&limit)};
    struct postgres_statement statement = {read_list_rows, parameters, 4};
    connection_request(postgres_database_of(database)->reads, &statement, 1, on_list_page,
                       list_operation_create(database, tenant, list, (void (*)(void))done, data));
}

void postgres_list_operations(struct database *database) {
    database->pending = pending_page;
    database->list_get = list_get;
    database->list_page = list_page;
}
