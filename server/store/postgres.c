#include "server/store/postgres_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct postgres *postgres_create(uv_loop_t *loop, const char *url, unsigned pool_size) {
    assert(pool_size > 0 && pool_size <= POSTGRES_POOL_MAX);
    struct postgres *postgres = calloc(1, sizeof *postgres);
    assert(postgres != NULL);
    postgres->loop = loop;
    postgres->url = strdup(url);
    postgres->pool_size = pool_size;
    for (unsigned i = 0; i < pool_size; i++)
        postgres->pool[i] = connection_create(loop, url, NULL, NULL);
    return postgres;
}

static void on_connection_closed(void *data) {
    struct postgres *postgres = data;
    if (--postgres->open > 0)
        return;
    void (*closed)(void *data) = postgres->closed;
    void *closed_data = postgres->closed_data;
    free(postgres->database);
    free(postgres->url);
    free(postgres);
    if (closed != NULL)
        closed(closed_data);
}

void postgres_close(struct postgres *postgres, void (*closed)(void *data), void *data) {
    postgres->closed = closed;
    postgres->closed_data = data;
    postgres->open = postgres->pool_size;
    if (postgres->database != NULL) {
        unsigned connections;
        postgres_database_close(postgres->database, on_connection_closed, postgres, &connections);
        postgres->open += connections;
    }
    for (unsigned i = 0; i < postgres->pool_size; i++)
        connection_close(postgres->pool[i], on_connection_closed, postgres);
}

/* The connection with the least to do; one that is away answers at once that it is. */
static struct connection *choose(const struct postgres *postgres) {
    struct connection *best = postgres->pool[0];
    for (unsigned i = 1; i < postgres->pool_size; i++) {
        struct connection *other = postgres->pool[i];
        if (connection_ready(other) != connection_ready(best)) {
            if (connection_ready(other))
                best = other;
        } else if (connection_waiting(other) < connection_waiting(best)) {
            best = other;
        }
    }
    return best;
}

void postgres_query(struct postgres *postgres, const char *sql,
                    const struct postgres_parameter *parameters, int count, postgres_done done,
                    void *data) {
    struct postgres_statement statement = {.sql = sql, .parameters = parameters, .count = count};
    connection_request(choose(postgres), &statement, 1, done, data);
}

void postgres_transaction(struct postgres *postgres, const struct postgres_statement *statements,
                          size_t count, postgres_done done, void *data) {
    assert(count > 0);
    connection_request(choose(postgres), statements, count, done, data);
}

bool postgres_available(const struct postgres *postgres) {
    bool pool = false;
    for (unsigned i = 0; i < postgres->pool_size; i++)
        pool = pool || connection_ready(postgres->pool[i]);
    return pool && (postgres->database == NULL || postgres_database_available(postgres->database));
}
