/* Inside of struct postgres, for postgres.c and postgres_database.c only. */
#ifndef CONSILIUM_POSTGRES_POOL_H
#define CONSILIUM_POSTGRES_POOL_H

#include "server/store/postgres_connection.h"

enum { POSTGRES_POOL_MAX = 8 };

struct postgres_database;

struct postgres {
    /* Given. */
    uv_loop_t *loop;
    /* Owned. */
    char *url;
    struct connection *pool[POSTGRES_POOL_MAX];
    unsigned pool_size;
    struct postgres_database *database; /* NULL until somebody asked */
    /* Closing. */
    unsigned open;
    void (*closed)(void *data);
    void *closed_data;
};

/* postgres_database.c */
void postgres_database_close(struct postgres_database *database, void (*closed)(void *data),
                             void *data, unsigned *ret_connections);
bool postgres_database_available(const struct postgres_database *database);

#endif
