#include "clients/native/json_text.h"

#include <stdio.h>
#include <string.h>

// Index of the closing quote of the string that begins at `at`, or `length`.
static size_t string_end(const uint8_t *json, size_t length, size_t at) {
    for (at++; at < length && json[at] != '"'; at++) {
        if (json[at] == '\\')
            at++;
    }
    return at < length ? at : length;
}

static size_t skip_space(const uint8_t *json, size_t length, size_t at) {
    while (at < length && strchr(" \t\r\n", json[at]) != NULL && json[at] != '\0')
        at++;
    return at;
}

static bool unescape(const uint8_t *json, size_t length, char *ret_text, size_t size) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    size_t written = 0;
    for (size_t at = 0; at < length; at++) {
        char character = (char)json[at];
        if (character == '\\') {
            const char *escape = at + 1 < length ? strchr(escapes, json[++at]) : NULL;
            if (escape == NULL || *escape == '\0')
                return false;
            character = meanings[escape - escapes];
        }
        if (written + 1 >= size)
            return false;
        ret_text[written++] = character;
    }
    ret_text[written] = '\0';
    return true;
}

bool json_find_text(const uint8_t *json, size_t length, const char *name, char *ret_text,
                    size_t size) {
    size_t name_length = strlen(name);
    for (size_t at = 0; at < length; at++) {
        if (json[at] != '"')
            continue;
        size_t end = string_end(json, length, at);
        bool named = end - at - 1 == name_length && memcmp(json + at + 1, name, name_length) == 0;
        at = end;
        size_t colon = skip_space(json, length, end + 1);
        if (!named || colon >= length || json[colon] != ':')
            continue;
        size_t value = skip_space(json, length, colon + 1);
        if (value >= length || json[value] != '"')
            continue;
        size_t value_end = string_end(json, length, value);
        return value_end < length &&
               unescape(json + value + 1, value_end - value - 1, ret_text, size);
    }
    return false;
}

bool json_quote(const char *text, char *ret_quoted, size_t size) {
    size_t written = 0;
    if (size < 3)
        return false;
    ret_quoted[written++] = '"';
    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;
        char piece[8];
        int length = character < 0x20 ? snprintf(piece, sizeof(piece), "\\u%04x", character)
                     : strchr("\"\\", character) != NULL
                         ? snprintf(piece, sizeof(piece), "\\%c", character)
                         : snprintf(piece, sizeof(piece), "%c", character);
        if (written + (size_t)length + 2 > size)
            return false;
        memcpy(ret_quoted + written, piece, (size_t)length);
        written += (size_t)length;
    }
    ret_quoted[written++] = '"';
    ret_quoted[written] = '\0';
    return true;
}
