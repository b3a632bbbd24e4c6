/* A one-dimensional array in PostgreSQL's binary format, built element by element. The memory is
 * kept for the next. */
#ifndef CONSILIUM_POSTGRES_ARRAY_H
#define CONSILIUM_POSTGRES_ARRAY_H

#include "server/store/postgres_binary.h"

/* Of pg_type; fixed for ever. */
enum postgres_type {
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_UUID = 2950,
};

struct postgres_array {
    uint8_t *bytes; /* owned */
    size_t length, capacity;
    uint32_t count;
    enum postgres_type type;
};

void array_begin(struct postgres_array *array, enum postgres_type type);
void array_add(struct postgres_array *array, const void *bytes, size_t length);
void array_add_integer(struct postgres_array *array,
                       int64_t value); /* as wide as the array's type */
void array_add_uuid(struct postgres_array *array, struct uuid uuid);
/* Borrows until the next change. */
struct postgres_parameter array_parameter(struct postgres_array *array);
void array_finish(struct postgres_array *array);

#endif
