#include "server/store/postgres_array.h"

#include <assert.h>
#include <stdlib.h>

/* Dimensions, has-null flag, element type; length and lower bound of the one dimension. */
enum { HEADER_BYTES = 20, COUNT_AT = 12 };

static uint8_t *reserve(struct postgres_array *array, size_t more) {
    if (array->length + more > array->capacity) {
        size_t capacity = array->capacity == 0 ? 1024 : array->capacity;
        while (capacity < array->length + more)
            capacity *= 2;
        array->bytes = realloc(array->bytes, capacity);
        assert(array->bytes != NULL);
        array->capacity = capacity;
    }
    uint8_t *at = array->bytes + array->length;
    array->length += more;
    return at;
}

static void write_u32(uint8_t *at, uint32_t value) {
    struct binary_integer integer = binary_integer(value);
    memcpy(at, integer.bytes + 4, 4);
}

void array_begin(struct postgres_array *array, enum postgres_type type) {
    array->length = 0;
    array->count = 0;
    array->type = type;
    uint8_t *header = reserve(array, HEADER_BYTES);
    write_u32(header, 1);
    write_u32(header + 4, 0);
    write_u32(header + 8, (uint32_t)type);
    write_u32(header + COUNT_AT, 0);
    write_u32(header + 16, 1);
}

void array_add(struct postgres_array *array, const void *bytes, size_t length) {
    uint8_t *at = reserve(array, 4 + length);
    write_u32(at, (uint32_t)length);
    if (length > 0)
        memcpy(at + 4, bytes, length);
    array->count++;
}

void array_add_integer(struct postgres_array *array, int64_t value) {
    size_t width = array->type == TYPE_INT8 ? 8 : array->type == TYPE_INT4 ? 4 : 2;
    struct binary_integer integer = binary_integer(value);
    array_add(array, integer.bytes + 8 - width, width);
}

void array_add_uuid(struct postgres_array *array, struct uuid uuid) {
    array_add(array, uuid.bytes, sizeof uuid.bytes);
}

struct postgres_parameter array_parameter(struct postgres_array *array) {
    if (array->count > 0) {
        write_u32(array->bytes + COUNT_AT, array->count);
        return (struct postgres_parameter){array->bytes, (int)array->length};
    }
    /* No elements means no dimensions. */
    write_u32(array->bytes, 0);
    return (struct postgres_parameter){array->bytes, 12};
}

void array_finish(struct postgres_array *array) {
    free(array->bytes);
    *array = (struct postgres_array){0};
}
