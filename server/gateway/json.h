/*
 * Writes JSON (RFC 8259) into a buffer of fixed size, and reads the flat objects that people's
 * forms send. Both are for small things; pictures and records never go through here.
 */
#ifndef CONSILIUM_JSON_H
#define CONSILIUM_JSON_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

/* Writing. Names are ours and plain; NULL inside a list. What does not fit makes json_end give 0.
 */
struct json {
    char *text;
    size_t space;
    size_t length;
    bool first;
    bool overflow;
};
void json_begin(struct json *json, char *text, size_t space);
void json_open(struct json *json, const char *name);      /* { */
void json_close(struct json *json);                       /* } */
void json_open_list(struct json *json, const char *name); /* [ */
void json_close_list(struct json *json);                  /* ] */
void json_text(struct json *json, const char *name, struct text value);
void json_uuid(struct json *json, const char *name, struct uuid value);
void json_number(struct json *json, const char *name, int64_t value);
void json_boolean(struct json *json, const char *name, bool value);
size_t json_end(struct json *json);

/* Reading one object whose values are strings, booleans or numbers. Strings are decoded in place:
 * `body` changes. */
enum { JSON_FIELDS_MAX = 16 };
enum json_kind { JSON_TEXT, JSON_TRUE, JSON_FALSE, JSON_NULL, JSON_NUMBER };
struct json_fields {
    struct json_field {
        struct text name;
        enum json_kind kind;
        struct text value; /* text, or the digits */
    } all[JSON_FIELDS_MAX];
    uint32_t count;
};
bool json_read_object(char *body, size_t length, struct json_fields *ret);
/* length 0 and bytes NULL = absent or no text. */
struct text json_field_text(const struct json_fields *fields, const char *name);
bool json_field_true(const struct json_fields *fields, const char *name);

#endif
