/* What a connection is asked to do, copied whole, and the rows that come back. Private to
 * postgres_*.c. */
#ifndef CONSILIUM_POSTGRES_REQUEST_H
#define CONSILIUM_POSTGRES_REQUEST_H

#include "server/store/postgres.h"

#include <libpq-fe.h>

struct postgres_rows {
    PGresult *result; /* NULL when there is none */
    char sqlstate[6];
    bool warned; /* PostgreSQL sent a warning with it */
};

struct request {
    struct request *next;
    postgres_done done;
    void *data;
    size_t count;
    struct postgres_statement statements[]; /* point into this block */
};

/* Gives a copy of everything in one block; NULL without memory. */
struct request *request_create(const struct postgres_statement *statements, size_t count,
                               postgres_done done, void *data);
/* Calls done and frees. rows may be NULL. */
void request_finish(struct request *request, enum postgres_result result,
                    const struct postgres_rows *rows);

struct request_queue {
    struct request *first, *last;
    size_t count;
};
void request_queue_push(struct request_queue *queue, struct request *request);
struct request *request_queue_pop(struct request_queue *queue); /* NULL when empty */

#endif
