/*
 * database.h on a real PostgreSQL, in four files: this one's .c holds the three connections
 * (append; reads; lease, which nothing slow may stand in front of) and what they share;
 * postgres_append.c, postgres_reads.c and postgres_ownership.c hold the operations. Private to
 * them.
 */
#ifndef CONSILIUM_POSTGRES_DATABASE_H
#define CONSILIUM_POSTGRES_DATABASE_H

#include "server/store/database.h"
#include "server/store/postgres_array.h"
#include "server/store/postgres_connection.h"

enum { APPEND_ARRAYS = 40 };

struct postgres_database {
    struct database database; /* first: the operations get this */
    struct connection *append;
    struct connection *reads;
    struct connection *lease;
    struct postgres_array arrays[APPEND_ARRAYS];
    uint64_t named; /* number of the append connection that carries its node's name */
};

static inline struct postgres_database *postgres_database_of(struct database *database) {
    return (struct postgres_database *)database;
}

/* What an answer of PostgreSQL means to the store. */
enum database_result database_result_of(enum postgres_result result,
                                        const struct postgres_rows *rows);

/* One operation on its way. */
struct operation {
    struct postgres_database *database;
    void (*done)(void); /* of the operation's own type */
    void *data;
};
struct operation *operation_create(struct database *database, void (*done)(void), void *data);

void postgres_append_operations(struct database *database);
void postgres_read_operations(struct database *database);
void postgres_list_operations(struct database *database);
void postgres_ownership_operations(struct database *database);

/* Rows that more than one file reads, from `column` on. False = not as the schema says. */
bool read_stream_key(const struct postgres_rows *rows, int row, int column,
                     struct stream_key_row *ret);

#endif
