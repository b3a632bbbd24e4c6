#include "server/store/postgres_database.h"

#include "server/store/postgres_pool.h"
#include "server/store/postgres_request.h"

#include <assert.h>
#include <stdlib.h>

static bool available(const struct database *database) {
    return postgres_database_available((const struct postgres_database *)database);
}

struct database *postgres_database(struct postgres *postgres) {
    if (postgres->database != NULL)
        return &postgres->database->database;
    struct postgres_database *database = calloc(1, sizeof *database);
    assert(database != NULL);
    database->append = connection_create(postgres->loop, postgres->url, NULL, NULL);
    database->reads = connection_create(postgres->loop, postgres->url, NULL, NULL);
    database->lease = connection_create(postgres->loop, postgres->url, NULL, NULL);
    database->database.available = available;
    postgres_append_operations(&database->database);
    postgres_read_operations(&database->database);
    postgres_list_operations(&database->database);
    postgres_ownership_operations(&database->database);
    postgres->database = database;
    return &database->database;
}

void postgres_database_close(struct postgres_database *database, void (*closed)(void *data),
                             void *data, unsigned *ret_connections) {
    *ret_connections = 3;
    connection_close(database->append, closed, data);
    connection_close(database->reads, closed, data);
    connection_close(database->lease, closed, data);
    for (size_t i = 0; i < APPEND_ARRAYS; i++)
        array_finish(&database->arrays[i]);
}

bool postgres_database_available(const struct postgres_database *database) {
    return connection_ready(database->append) && connection_ready(database->reads) &&
           connection_ready(database->lease);
}

struct operation *operation_create(struct database *database, void (*done)(void), void *data) {
    struct operation *operation = malloc(sizeof *operation);
    assert(operation != NULL);
    *operation = (struct operation){postgres_database_of(database), done, data};
    return operation;
}

enum database_result database_result_of(enum postgres_result result,
                                        const struct postgres_rows *rows) {
    if (result == POSTGRES_AWAY)
        return DATABASE_AWAY;
    if (result == POSTGRES_OK)
        /* Nothing we do warns, but a commit that stopped waiting for its synchronous standby: it is
         * committed here and perhaps nowhere else. */
        return rows->warned ? DATABASE_AWAY : DATABASE_OK;
    const char *sqlstate = postgres_sqlstate(rows);
    if (strcmp(sqlstate, "CN001") == 0)
        return DATABASE_FENCED;
    if (strcmp(sqlstate, "23505") == 0)
        return DATABASE_CONFLICT;
    /* 08 connection exception, 57 operator intervention: shutting down, starting up. */
    if (strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57", 2) == 0)
        return DATABASE_AWAY;
    return DATABASE_FAILED;
}

bool read_stream_key(const struct postgres_rows *rows, int row, int column,
                     struct stream_key_row *ret) {
    *ret = (struct stream_key_row){
        .stream = value_uuid(postgres_value(rows, row, column)),
        .tenant = value_uuid(postgres_value(rows, row, column + 1)),
        .kind = (uint8_t)value_integer(postgres_value(rows, row, column + 2)),
        .key_id = (uint64_t)value_integer(postgres_value(rows, row, column + 3)),
        .generation = (uint32_t)value_integer(postgres_value(rows, row, column + 4)),
    };
    return value_fixed(postgres_value(rows, row, column + 5), ret->wrapped, sizeof ret->wrapped);
}
