#include "server/imaging/json_scan.h"

#include <string.h>

/* The length of the string that begins at `at` with its quotes; 0 when it does not end. */
static size_t string_length(const char *at, const char *end) {
    for (const char *next = at + 1; next < end; next++) {
        if (*next == '"') {
            return (size_t)(next - at) + 1;
        }
        next += *next == '\\';
    }
    return 0;
}

static size_t literal_length(const char *at, const char *end) {
    const char *next = at;
    while (next < end && memchr("{}[],:\"", *next, 7) == NULL) {
        next++;
    }
    return (size_t)(next - at);
}

/* The length of the value that begins at `at`; 0 when it is none. */
static size_t value_length(const char *at, const char *end) {
    const char *next = at;
    size_t depth = 0;
    do {
        if (next >= end) {
            return 0;
        }
        size_t step = 1;
        if (*next == '{' || *next == '[') {
            depth++;
        } else if (*next == '}' || *next == ']') {
            if (depth == 0) {
                return 0;
            }
            depth--;
        } else if (*next == '"') {
            step = string_length(next, end);
        } else if (*next == ',' || *next == ':') {
            step = depth > 0;
        } else {
            step = literal_length(next, end);
        }
        if (step == 0) {
            return 0;
        }
        next += step;
    } while (depth > 0);
    return (size_t)(next - at);
}

static struct json_members inside(struct text text, char open, char close) {
    bool whole = text.length >= 2 && text.bytes[0] == open && text.bytes[text.length - 1] == close;
    return whole ? (struct json_members){text.bytes + 1, text.bytes + text.length - 1}
                 : (struct json_members){NULL, NULL};
}

struct json_members json_members_of(struct text object) {
    return inside(object, '{', '}');
}

struct json_members json_items_of(struct text list) {
    return inside(list, '[', ']');
}

static bool stop(struct json_members *members) {
    members->at = members->end;
    return false;
}

bool json_items_next(struct json_members *items, struct text *ret_item) {
    if (items->at != NULL && items->at < items->end && *items->at == ',') {
        items->at++;
    }
    if (items->at == items->end) {
        return false;
    }
    size_t length = value_length(items->at, items->end);
    if (length == 0) {
        return stop(items);
    }
    *ret_item = (struct text){(uint32_t)length, items->at};
    items->at += length;
    return true;
}

bool json_members_next(struct json_members *members, struct text *ret_name,
                       struct text *ret_value) {
    struct text name;
    if (!json_items_next(members, &name)) {
        return false;
    }
    bool named = name.length >= 2 && name.bytes[0] == '"' && members->at < members->end &&
                 *members->at == ':';
    if (!named) {
        return stop(members);
    }
    members->at++;
    size_t length = value_length(members->at, members->end);
    if (length == 0) {
        return stop(members);
    }
    *ret_name = (struct text){name.length - 2, name.bytes + 1};
    *ret_value = (struct text){(uint32_t)length, members->at};
    members->at += length;
    return true;
}

static bool hex_value(struct text digits, uint32_t *ret) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < digits.length; i++) {
        static const char all[] = "0123456789ABCDEFabcdef";
        const char *found = memchr(all, digits.bytes[i], sizeof all - 1);
        if (found == NULL) {
            return false;
        }
        uint32_t digit = (uint32_t)(found - all);
        value = value << 4 | (digit > 15 ? digit - 6 : digit);
    }
    *ret = value;
    return true;
}

bool json_tag_of(struct text name, uint32_t *ret_tag) {
    return name.length == 8 && hex_value(name, ret_tag);
}

/* One \uXXXX as UTF-8; we write only control characters so. */
static size_t put_character(char *out, uint32_t character) {
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | character >> 12);
    out[1] = (char)(0x80 | (character >> 6 & 0x3F));
    out[2] = (char)(0x80 | (character & 0x3F));
    return 3;
}

static size_t decode_string(struct text string, char *out) {
    const char *at = string.bytes + 1;
    const char *end = string.bytes + string.length - 1;
    size_t length = 0;
    while (at < end && length + 3 < JSON_SCAN_VALUE_MAX) {
        if (*at != '\\' || at + 1 >= end) {
            out[length++] = *at++;
            continue;
        }
        uint32_t character = 0;
        if (at[1] == 'u' && end - at >= 6 && hex_value((struct text){4, at + 2}, &character)) {
            length += put_character(out + length, character);
            at += 6;
        } else {
            out[length++] = at[1];
            at += 2;
        }
    }
    return length;
}

static size_t decode(struct text value, char *out) {
    if (value.length >= 2 && value.bytes[0] == '"') {
        return decode_string(value, out);
    }
    if (value.length > 0 && strchr("{[n", value.bytes[0]) != NULL) {
        return 0;
    }
    size_t length = value.length < JSON_SCAN_VALUE_MAX ? value.length : JSON_SCAN_VALUE_MAX - 1;
    memcpy(out, value.bytes, length);
    return length;
}

struct json_values json_values_of(struct text attribute, char ret_vr[3]) {
    struct json_values values = {{NULL, NULL}, {NULL, NULL}};
    struct json_members members = json_members_of(attribute);
    struct text name, value;
    memcpy(ret_vr, "UN", 3);
    while (json_members_next(&members, &name, &value)) {
        if (text_equal(name, TEXT("vr")) && value.length == 4) {
            memcpy(ret_vr, value.bytes + 1, 2);
        } else if (text_equal(name, TEXT("Value"))) {
            values.items = json_items_of(value);
        }
    }
    return values;
}

bool json_values_next(struct json_values *values, char value[JSON_SCAN_VALUE_MAX],
                      size_t *ret_length) {
    struct text name, item;
    for (;;) {
        while (json_members_next(&values->groups, &name, &item)) {
            if (item.bytes[0] == '"') {
                *ret_length = decode_string(item, value);
                return true;
            }
        }
        if (!json_items_next(&values->items, &item)) {
            return false;
        }
        if (item.bytes[0] == '{') {
            values->groups = json_members_of(item);
            continue;
        }
        *ret_length = decode(item, value);
        if (*ret_length > 0) {
            return true;
        }
    }
}
