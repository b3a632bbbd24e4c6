/*
 * PostgreSQL through libpq, non-blocking on the libuv loop. Two users: the database of store.h
 * (postgres_database, its own connection, pipeline mode) and plain queries of identity and imaging
 * (postgres_query, a small pool). Reconnects by itself with back-off; while away, queries fail at
 * once with POSTGRES_AWAY.
 */
#ifndef CONSILIUM_POSTGRES_H
#define CONSILIUM_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct postgres;
struct database;

enum postgres_result { POSTGRES_OK, POSTGRES_AWAY, POSTGRES_FAILED };

struct postgres *postgres_create(uv_loop_t *loop, const char *url, unsigned pool_size);
void postgres_close(struct postgres *postgres, void (*closed)(void *data), void *data);

struct postgres_parameter {
    const void *bytes; /* NULL = SQL NULL; binary format */
    int length;
};
/* Rows are binary format; borrowed for the call. */
struct postgres_rows;
int postgres_row_count(const struct postgres_rows *rows);
struct postgres_parameter postgres_value(const struct postgres_rows *rows, int row, int column);
const char *postgres_sqlstate(const struct postgres_rows *rows); /* "" when fine */

typedef void (*postgres_done)(void *data, enum postgres_result result,
                              const struct postgres_rows *rows);
/* One statement (several in one transaction: postgres_transaction). Copies the parameters. */
void postgres_query(struct postgres *postgres, const char *sql,
                    const struct postgres_parameter *parameters, int count, postgres_done done,
                    void *data);
struct postgres_statement {
    const char *sql;
    const struct postgres_parameter *parameters;
    int count;
};
/* All or nothing; done gets the rows of the last statement. */
void postgres_transaction(struct postgres *postgres, const struct postgres_statement *statements,
                          size_t count, postgres_done done, void *data);

struct database *postgres_database(struct postgres *postgres); /* borrows */
bool postgres_available(const struct postgres *postgres);

#endif
