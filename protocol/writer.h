/* Writes msgpack with msgpack-c, always in the shortest form, into a buffer that is bounded.
 *
 * The buffer lies on the heap and grows (`writer_init`), lies in an arena and grows there
 * (`writer_init_arena`), or is the caller's and does not (`writer_init_fixed`). Whatever cannot be
 * written - no space, a value over its bound in the schema, a float that is not finite - sets
 * `failed`; everything after it is ignored, so that one look at the end is enough. */
#ifndef PROTOCOL_WRITER_H
#define PROTOCOL_WRITER_H

#include "protocol/arena.h"
#include "protocol/values.h"

#include <stddef.h>

struct writer {
    /* Owned when on the heap, otherwise given. */
    uint8_t *bytes;
    /* Derived. */
    size_t length;
    size_t capacity;
    bool failed;
    /* Given. */
    size_t size_max;     /* `capacity` never exceeds it */
    struct arena *arena; /* NULL unless the buffer grows there */
    bool fixed;          /* the buffer is the caller's */
};

void writer_init(struct writer *writer, size_t size_max);
void writer_init_arena(struct writer *writer, struct arena *arena, size_t size_max);
void writer_init_fixed(struct writer *writer, uint8_t *bytes, size_t size);

/* Forgets what was written and keeps the buffer. */
void writer_reset(struct writer *writer);

/* Frees a buffer on the heap. Not needed, and harmless, for the others. */
void writer_finish(struct writer *writer);

/* What was written; borrows from the buffer until the next write. `bytes` NULL when it failed. */
struct bytes writer_bytes(const struct writer *writer);

void writer_nil(struct writer *writer);
void writer_bool(struct writer *writer, bool value);
void writer_u8(struct writer *writer, uint8_t value);
void writer_u16(struct writer *writer, uint16_t value);
void writer_u32(struct writer *writer, uint32_t value);
void writer_u64(struct writer *writer, uint64_t value);
void writer_i32(struct writer *writer, int32_t value);
void writer_i64(struct writer *writer, int64_t value);
void writer_f32(struct writer *writer, float value);
void writer_f64(struct writer *writer, double value);
void writer_uuid(struct writer *writer, struct uuid value);

void writer_time(struct writer *writer, int64_t value);
void writer_version(struct writer *writer, uint64_t value);
void writer_text(struct writer *writer, uint32_t length_max, struct text value);
void writer_bytes_value(struct writer *writer, uint32_t length_max, struct bytes value);

/* A number below `count`. */
void writer_enum(struct writer *writer, uint32_t count, uint32_t value);

/* Headers; the values follow. */
void writer_fields(struct writer *writer, uint32_t count);
void writer_list(struct writer *writer, uint32_t count_max, uint32_t count);
void writer_map(struct writer *writer, uint32_t count_max, uint32_t count);

/* Gives back `has`; writes the nil that stands for an absent value. */
bool writer_some(struct writer *writer, bool has);

/* Bytes that are packed already. */
void writer_packed(struct writer *writer, struct bytes packed);

#endif
