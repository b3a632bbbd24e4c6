/*
 * PostgreSQL's binary format of the types we use, for the parameters and rows of postgres.h:
 * integers are big-endian, a uuid is its 16 bytes, text and bytea are their bytes. A parameter
 * borrows what it was made of.
 */
#ifndef CONSILIUM_POSTGRES_BINARY_H
#define CONSILIUM_POSTGRES_BINARY_H

#include "protocol/values.h"
#include "server/store/postgres.h"

#include <string.h>

struct binary_integer {
    uint8_t bytes[8];
};

static inline struct binary_integer binary_integer(int64_t value) {
    struct binary_integer integer;
    for (int i = 0; i < 8; i++)
        integer.bytes[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    return integer;
}

/* The last bytes of a big-endian number are the number in a narrower type. */
static inline struct postgres_parameter parameter_int8(const struct binary_integer *integer) {
    return (struct postgres_parameter){integer->bytes, 8};
}

static inline struct postgres_parameter parameter_int4(const struct binary_integer *integer) {
    return (struct postgres_parameter){integer->bytes + 4, 4};
}

static inline struct postgres_parameter parameter_int2(const struct binary_integer *integer) {
    return (struct postgres_parameter){integer->bytes + 6, 2};
}

static inline struct postgres_parameter parameter_bool(const bool *value) {
    return (struct postgres_parameter){value, 1};
}

static inline struct postgres_parameter parameter_uuid(const struct uuid *uuid) {
    return (struct postgres_parameter){uuid->bytes, sizeof uuid->bytes};
}

static inline struct postgres_parameter parameter_bytes(const void *bytes, size_t length) {
    return (struct postgres_parameter){bytes == NULL ? "" : bytes, (int)length};
}

static inline struct postgres_parameter parameter_text(const char *text) {
    return (struct postgres_parameter){text, (int)strlen(text)};
}

/* Values of a row; of another size or NULL they are 0, zero or empty. */
static inline int64_t value_integer(struct postgres_parameter value) {
    if (value.bytes == NULL || value.length < 1 || value.length > 8)
        return 0;
    const uint8_t *bytes = value.bytes;
    uint64_t number = (bytes[0] & 0x80) != 0 && value.length > 1 ? UINT64_MAX : 0;
    for (int i = 0; i < value.length; i++)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

static inline struct uuid value_uuid(struct postgres_parameter value) {
    struct uuid uuid = {{0}};
    if (value.bytes != NULL && value.length == (int)sizeof uuid.bytes)
        memcpy(uuid.bytes, value.bytes, sizeof uuid.bytes);
    return uuid;
}

static inline struct bytes value_bytes(struct postgres_parameter value) {
    return (struct bytes){.length = (uint32_t)value.length, .bytes = value.bytes};
}

/* Exactly `length` bytes into ret; false when the value is of another size. */
static inline bool value_fixed(struct postgres_parameter value, void *ret, int length) {
    if (value.bytes == NULL || value.length != length)
        return false;
    memcpy(ret, value.bytes, (size_t)length);
    return true;
}

#endif
