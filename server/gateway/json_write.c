#include "server/gateway/json.h"

#include "server/uuid_text.h"

#include <inttypes.h>
#include <stdio.h>

void json_begin(struct json *json, char *text, size_t space) {
    *json = (struct json){.text = text, .space = space, .first = true};
}

static void put(struct json *json, const char *bytes, size_t length) {
    if (length > json->space - json->length) {
        json->overflow = true;
        return;
    }
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
}

static void put_string(struct json *json, struct text value) {
    put(json, "\"", 1);
    for (uint32_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.bytes[i];
        if (c == '"' || c == '\\') {
            char escaped[2] = {'\\', (char)c};
            put(json, escaped, 2);
        } else if (c < 0x20) {
            char escaped[8];
            put(json, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", c));
        } else {
            put(json, (const char *)&value.bytes[i], 1);
        }
    }
    put(json, "\"", 1);
}

static void put_name(struct json *json, const char *name) {
    if (!json->first) {
        put(json, ",", 1);
    }
    json->first = false;
    if (name != NULL) {
        put_string(json, (struct text){(uint32_t)strlen(name), name});
        put(json, ":", 1);
    }
}

void json_open(struct json *json, const char *name) {
    put_name(json, name);
    put(json, "{", 1);
    json->first = true;
}

void json_close(struct json *json) {
    put(json, "}", 1);
    json->first = false;
}

void json_open_list(struct json *json, const char *name) {
    put_name(json, name);
    put(json, "[", 1);
    json->first = true;
}

void json_close_list(struct json *json) {
    put(json, "]", 1);
    json->first = false;
}

void json_text(struct json *json, const char *name, struct text value) {
    put_name(json, name);
    put_string(json, value);
}

void json_uuid(struct json *json, const char *name, struct uuid value) {
    char text[UUID_TEXT_LENGTH + 1];
    uuid_to_text(value, text);
    json_text(json, name, (struct text){UUID_TEXT_LENGTH, text});
}

void json_number(struct json *json, const char *name, int64_t value) {
    char digits[24];
    put_name(json, name);
    put(json, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRId64, value));
}

void json_boolean(struct json *json, const char *name, bool value) {
    put_name(json, name);
    put(json, value ? "true" : "false", value ? 4 : 5);
}

size_t json_end(struct json *json) {
    return json->overflow ? 0 : json->length;
}
