#include "protocol/json_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096, NUMBER_MAX = 24, FRACTION_DIGITS = 9 };

static const char hexadecimal[] = "0123456789abcdef";

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

static void put_escaped(struct json_writer *json, uint8_t byte) {
    if (byte == '"' || byte == '\\') {
        char pair[] = {'\\', (char)byte};
        put(json, pair, sizeof pair);
    } else if (byte == '\n') {
        put(json, "\\n", 2);
    } else {
        char code[] = {'\\', 'u', '0', '0', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
        put(json, code, sizeof code);
    }
}

static void put_string(struct json_writer *json, struct text value) {
    put(json, "\"", 1);
    uint32_t from = 0;
    for (uint32_t i = 0; i < value.length; i++) {
        uint8_t byte = (uint8_t)value.bytes[i];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            put(json, value.bytes + from, i - from);
            put_escaped(json, byte);
            from = i + 1;
        }
    }
    if (value.length > from) {
        put(json, value.bytes + from, value.length - from);
    }
    put(json, "\"", 1);
}

/* Decimal, with at least `digits` of them. */
static void put_number(struct json_writer *json, uint64_t value, unsigned digits) {
    char text[NUMBER_MAX];
    size_t at = sizeof text;
    while (value > 0 || sizeof text - at < digits) {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    }
    put(json, text + at, sizeof text - at);
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
    begin_value(json, name);
    put(json, "\"", 1);
    for (uint32_t i = 0; i < value.length; i++) {
        char pair[2] = {hexadecimal[value.bytes[i] >> 4], hexadecimal[value.bytes[i] & 15]};
        put(json, pair, sizeof pair);
    }
    put(json, "\"", 1);
}

void json_writer_uuid(struct json_writer *json, const char *name, struct uuid value) {
    char text[36];
    uint32_t at = 0;
    for (size_t i = 0; i < sizeof value.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = hexadecimal[value.bytes[i] >> 4];
        text[at++] = hexadecimal[value.bytes[i] & 15];
    }
    json_writer_text(json, name, (struct text){at, text});
}

void json_writer_bool(struct json_writer *json, const char *name, bool value) {
    begin_value(json, name);
    put_words(json, value ? "true" : "false");
}

void json_writer_unsigned(struct json_writer *json, const char *name, uint64_t value) {
    begin_value(json, name);
    put_number(json, value, 1);
}

void json_writer_integer(struct json_writer *json, const char *name, int64_t value) {
    begin_value(json, name);
    if (value < 0) {
        put(json, "-", 1);
    }
    put_number(json, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

void json_writer_real(struct json_writer *json, const char *name, double value) {
    const double scale = 1e9, beyond = 1e9;
    begin_value(json, name);
    if (!(value > -beyond && value < beyond)) {
        put_words(json, "null");
        return;
    }
    if (value < 0) {
        put(json, "-", 1);
        value = -value;
    }
    uint64_t scaled = (uint64_t)(value * scale + 0.5);
    put_number(json, scaled / (uint64_t)scale, 1);
    if (scaled % (uint64_t)scale != 0) {
        put(json, ".", 1);
        put_number(json, scaled % (uint64_t)scale, FRACTION_DIGITS);
    }
}

struct day {
    uint64_t year;
    unsigned month, day;
};

/* Of the Gregorian calendar. Counted in years that begin in March, so that the day that not every
 * year has is the last; a cycle of 400 years has 146,097 days. */
static struct day day_of(uint64_t days_since_1970) {
    uint64_t days = days_since_1970 + 719468; /* since the first of March of the year 0 */
    uint64_t cycle = days / 146097, of_cycle = days % 146097;
    uint64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
    unsigned of_year = (unsigned)(of_cycle - (365 * year + year / 4 - year / 100));
    unsigned month = (5 * of_year + 2) / 153; /* from March */
    return (struct day){.year = cycle * 400 + year + (month >= 10),
                        .month = month < 10 ? month + 3 : month - 9,
                        .day = of_year - (153 * month + 2) / 5 + 1};
}

static void put_part(struct json_writer *json, const char *before, uint64_t value,
                     unsigned digits) {
    put_words(json, before);
    put_number(json, value, digits);
}

void json_writer_time(struct json_writer *json, const char *name, int64_t at) {
    begin_value(json, name);
    if (at <= 0) {
        put_words(json, "null");
        return;
    }
    uint64_t microseconds = (uint64_t)at, seconds = microseconds / 1000000;
    struct day day = day_of(seconds / 86400);
    put_part(json, "\"", day.year, 4);
    put_part(json, "-", day.month, 2);
    put_part(json, "-", day.day, 2);
    put_part(json, "T", seconds / 3600 % 24, 2);
    put_part(json, ":", seconds / 60 % 60, 2);
    put_part(json, ":", seconds % 60, 2);
    put_part(json, ".", microseconds % 1000000, 6);
    put_words(json, "Z\"");
}
