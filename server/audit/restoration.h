/*
 * The statement that a record was restored: to which moment, when, by whom. It stands in the
 * restored record, signed, and explains why checkpoints that were told outside are not in it.
 */
#ifndef CONSILIUM_RESTORATION_H
#define CONSILIUM_RESTORATION_H

#include "server/audit/checkpoint.h"

#include <libpq-fe.h>

enum {
    RESTORATION_TEXT_MAX = 64,
    RESTORATIONS_MAX = 1024,
    /* A checkpoint dates itself a moment before it is committed. */
    RESTORATION_SLACK_US = 120 * 1000 * 1000,
};

struct restoration {
    uint64_t number; /* from 1, dense */
    int64_t at, restored_to, asked_for;
    char operator[RESTORATION_TEXT_MAX + 1], base[RESTORATION_TEXT_MAX + 1];
    uint8_t hash[DATABASE_HASH_BYTES];
    uint8_t signature[CHECKPOINT_SIGNATURE_BYTES];
};

/* Signs it, with the number after the last, and writes the row. False: the connection says why. */
bool restoration_write(PGconn *connection, struct checkpoint_key *key, struct restoration *row);
bool restoration_holds(struct checkpoint_key *key, const struct restoration *row);
/* All rows in their order; none when the table is not there. `ret` holds RESTORATIONS_MAX. */
bool restorations_read(PGconn *connection, struct restoration *ret, size_t *ret_count);
/* A checkpoint of that moment is missing because of it. */
bool restoration_explains(const struct restoration *row, int64_t checkpoint_at);

#endif
