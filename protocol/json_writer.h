/*
 * JSON (RFC 8259) into memory that grows to a bound, for copies of what is kept. The generated
 * `..._json_fields` write each field under its name in the schema, in camelCase: times as ISO 8601
 * in UTC (null for none), uuids and bytes as text, enums as words.
 *
 * Owns its bytes from init to finish. A failure (no memory, over the bound) stays: look once at the
 * end.
 */
#ifndef CONSILIUM_JSON_WRITER_H
#define CONSILIUM_JSON_WRITER_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 32 };

struct json_writer {
    char *bytes;
    size_t length, capacity, length_max;
    bool failed;
    unsigned depth;
    bool filled[JSON_DEPTH_MAX]; /* of each object or list that is open: something is in it */
};

void json_writer_init(struct json_writer *json, size_t length_max);
void json_writer_finish(struct json_writer *json);

/* `name` is ours and plain; NULL in a list, and for the outermost. */
void json_writer_open(struct json_writer *json, const char *name);
void json_writer_close(struct json_writer *json);
void json_writer_open_list(struct json_writer *json, const char *name);
void json_writer_close_list(struct json_writer *json);
void json_writer_text(struct json_writer *json, const char *name, struct text value);
void json_writer_word(struct json_writer *json, const char *name, const char *value);
void json_writer_bytes(struct json_writer *json, const char *name, struct bytes value);
void json_writer_uuid(struct json_writer *json, const char *name, struct uuid value);
void json_writer_bool(struct json_writer *json, const char *name, bool value);
void json_writer_unsigned(struct json_writer *json, const char *name, uint64_t value);
void json_writer_integer(struct json_writer *json, const char *name, int64_t value);
/* To a thousand-millionth; null from a thousand million on, which no measure here has. */
void json_writer_real(struct json_writer *json, const char *name, double value);
void json_writer_time(struct json_writer *json, const char *name, int64_t at);

#endif
