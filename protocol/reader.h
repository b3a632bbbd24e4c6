/* Reads msgpack (https://msgpack.org) as a schema directs.
 *
 * The caller says what must come next and how much of it may come; there is no tree of values, so
 * a peer's header alone never makes anybody allocate: a list's count is checked against its bound
 * and against the bytes that are left before memory is asked for. A general unpacker allocates an
 * array's items from its header, 16 GiB from the five bytes dd 1a 12 8f 8f.
 *
 * Every function returns false for what is malformed, truncated or over its bound; the reader is
 * then of no further use and `ret_` values may be half written. Integers are taken in any width
 * that holds them, f32 only as float 32, floats only when finite. Texts and bytes borrow from the
 * bytes that are read. */
#ifndef PROTOCOL_READER_H
#define PROTOCOL_READER_H

#include "protocol/values.h"

#include <stddef.h>

struct reader {
    const uint8_t *at; /* borrows */
    const uint8_t *end;
};

static inline struct reader reader_of(struct bytes bytes) {
    return (struct reader){bytes.bytes, bytes.bytes == NULL ? NULL : bytes.bytes + bytes.length};
}

static inline size_t reader_left(const struct reader *reader) {
    return (size_t)(reader->end - reader->at);
}

bool reader_bool(struct reader *reader, bool *ret);
bool reader_u8(struct reader *reader, uint8_t *ret);
bool reader_u16(struct reader *reader, uint16_t *ret);
bool reader_u32(struct reader *reader, uint32_t *ret);
bool reader_u64(struct reader *reader, uint64_t *ret);
bool reader_i32(struct reader *reader, int32_t *ret);
bool reader_i64(struct reader *reader, int64_t *ret);
bool reader_f32(struct reader *reader, float *ret);
bool reader_f64(struct reader *reader, double *ret);
bool reader_uuid(struct reader *reader, struct uuid *ret);
bool reader_time(struct reader *reader, int64_t *ret);
bool reader_version(struct reader *reader, uint64_t *ret);
bool reader_text(struct reader *reader, uint32_t length_max, struct text *ret);
bool reader_bytes(struct reader *reader, uint32_t length_max, struct bytes *ret);

/* A number below `count`: the numbers of an enum have no gaps. */
bool reader_enum(struct reader *reader, uint32_t count, uint8_t *ret);

/* Header of a record's or message's array. */
bool reader_fields(struct reader *reader, uint32_t *ret_count);

/* Header of a list or map of at most `count_max`; the count is at most the bytes left. */
bool reader_list(struct reader *reader, uint32_t count_max, uint32_t *ret_count);
bool reader_map(struct reader *reader, uint32_t count_max, uint32_t *ret_count);

/* Whether an optional value follows; steps over the nil that says no. */
bool reader_some(struct reader *reader, bool *ret_has);

/* Steps over `count` values of any kind, as a newer peer may append them to a record. */
bool reader_skip(struct reader *reader, uint32_t count);

#endif
