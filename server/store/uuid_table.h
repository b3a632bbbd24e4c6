/* From uuid to a number: open addressing, linear probing, at most 3/4 full. Ids are random or a
 * peer's choice, so they are mixed with a seed before they choose a place. */
#ifndef CONSILIUM_UUID_TABLE_H
#define CONSILIUM_UUID_TABLE_H

#include "protocol/values.h"

#include <stddef.h>

struct uuid_place {
    struct uuid id;
    uint64_t value;
    bool used;
};

struct uuid_table {
    struct uuid_place *places; /* owned */
    size_t capacity;           /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
};

void uuid_table_init(struct uuid_table *table, uint64_t seed);
void uuid_table_finish(struct uuid_table *table);
/* Borrows until the next change; NULL = not there. */
uint64_t *uuid_table_find(const struct uuid_table *table, struct uuid id);
/* Adds or overwrites. */
void uuid_table_set(struct uuid_table *table, struct uuid id, uint64_t value);
void uuid_table_remove(struct uuid_table *table, struct uuid id); /* absent is fine */
void uuid_table_clear(struct uuid_table *table);

#endif
