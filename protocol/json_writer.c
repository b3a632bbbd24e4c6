#include "protocol/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_CAPACITY = 4096, NUMBER_MAX = 40 };

void json_writer_init(struct json_writer *json, size_t length_max) {
    *json = (struct json_writer){.length_max = length_max};
}

void json_writer_finish(struct json_writer *json) {
    free(json->bytes);
    *json = (struct json_writer){0};
}

static void put(struct json_writer *json, const void *bytes, size_t length) {
    if (json->failed || length > json->length_max - json->length) {
        json->failed = true;
        return;
    }
    if (length > json->capacity - json->length) {
        size_t capacity = json->capacity == 0 ? FIRST_CAPACITY : json->capacity;
        while (capacity - json->length < length) {
            capacity *= 2;
        }
        char *grown = realloc(json->bytes, capacity);
        if (grown == NULL) {
            json->failed = true;
            return;
        }
        json->bytes = grown;
        json->capacity = capacity;
    }
    memcpy(json->bytes + json->length, bytes, length);
    json->length += length;
}

static void put_words(struct json_writer *json, const char *words) {
    put(json, words, strlen(words));
}

static void put_string(struct json_writer *json, struct text value) {
    put(json, "\"", 1);
    uint32_t from = 0;
    for (uint32_t i = 0; i < value.length; i++) {
        uint8_t byte = (uint8_t)value.bytes[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        put(json, value.bytes + from, i - from);
        char escaped[8];
        int length = byte == '"' || byte == '\\' ? snprintf(escaped, sizeof escaped, "\\%c", byte)
                     : byte == '\n'              ? snprintf(escaped, sizeof escaped, "\\n")
                                    : snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        put(json, escaped, (size_t)length);
        from = i + 1;
    }
    if (value.length > from) {
        put(json, value.bytes + from, value.length - from);
    }
    put(json, "\"", 1);
}

static void begin_value(struct json_writer *json, const char *name) {
    if (json->depth > 0) {
        bool *filled = &json->filled[json->depth - 1];
        put_words(json, *filled ? ",\n" : "\n");
        *filled = true;
        for (unsigned i = 0; i < json->depth; i++) {
            put(json, " ", 1);
        }
    }
    if (name != NULL) {
        put(json, "\"", 1);
        put_words(json, name);
        put_words(json, "\": ");
    }
}

static void open_with(struct json_writer *json, const char *name, const char *bracket) {
    begin_value(json, name);
    put_words(json, bracket);
    assert(json->depth < JSON_DEPTH_MAX);
    json->filled[json->depth++] = false;
}

static void close_with(struct json_writer *json, const char *bracket) {
    assert(json->depth > 0);
    json->depth--;
    put_words(json, bracket);
}

void json_writer_open(struct json_writer *json, const char *name) {
    open_with(json, name, "{");
}

void json_writer_close(struct json_writer *json) {
    close_with(json, "}");
}

void json_writer_open_list(struct json_writer *json, const char *name) {
    open_with(json, name, "[");
}

void json_writer_close_list(struct json_writer *json) {
    close_with(json, "]");
}

void json_writer_text(struct json_writer *json, const char *name, struct text value) {
    begin_value(json, name);
    put_string(json, value);
}

void json_writer_word(struct json_writer *json, const char *name, const char *value) {
    json_writer_text(json, name, (struct text){(uint32_t)strlen(value), value});
}

void json_writer_bytes(struct json_writer *json, const char *name, struct bytes value) {
    static const char digits[] = "0123456789abcdef";
    begin_value(json, name);
    put(json, "\"", 1);
    for (uint32_t i = 0; i < value.length; i++) {
        char pair[2] = {digits[value.bytes[i] >> 4], digits[value.bytes[i] & 15]};
        put(json, pair, sizeof pair);
    }
    put(json, "\"", 1);
}

void json_uuid_text(struct uuid id, char text[36]) {
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = digits[id.bytes[i] >> 4];
        text[at++] = digits[id.bytes[i] & 15];
    }
}

void json_writer_uuid(struct json_writer *json, const char *name, struct uuid value) {
    char text[36];
    json_uuid_text(value, text);
    json_writer_text(json, name, (struct text){sizeof text, text});
}

void json_writer_bool(struct json_writer *json, const char *name, bool value) {
    begin_value(json, name);
    put_words(json, value ? "true" : "false");
}

void json_writer_unsigned(struct json_writer *json, const char *name, uint64_t value) {
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "%" PRIu64, value);
    begin_value(json, name);
    put_words(json, text);
}

void json_writer_integer(struct json_writer *json, const char *name, int64_t value) {
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    begin_value(json, name);
    put_words(json, text);
}

void json_writer_real(struct json_writer *json, const char *name, double value) {
    char text[NUMBER_MAX] = "null";
    if (isfinite(value)) {
        snprintf(text, sizeof text, "%.17g", value);
    }
    begin_value(json, name);
    put_words(json, text);
}

size_t json_time_text(int64_t at, char text[JSON_TIME_TEXT]) {
    time_t seconds = (time_t)(at / 1000000);
    struct tm utc;
    text[0] = '\0';
    if (at <= 0 || gmtime_r(&seconds, &utc) == NULL || utc.tm_year > 9999 - 1900) {
        return 0;
    }
    char whole[JSON_TIME_TEXT];
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &utc);
    int length = snprintf(text, JSON_TIME_TEXT, "%.19s.%06dZ", whole, (int)(at % 1000000));
    return (size_t)length;
}

void json_writer_time(struct json_writer *json, const char *name, int64_t at) {
    char text[JSON_TIME_TEXT];
    size_t length = json_time_text(at, text);
    begin_value(json, name);
    if (length == 0) {
        put_words(json, "null");
    } else {
        put_string(json, (struct text){(uint32_t)length, text});
    }
}
