#include "server/export/file_name.h"

#include <stdio.h>
#include <string.h>

enum { FILE_NAME_END = 30 };

static bool is_plain(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '.' || byte == '-' || byte == '_' || byte == ' ';
}

/* Bytes of the character that begins here; the text is UTF-8. */
static uint32_t length_of(uint8_t byte) {
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

static uint32_t code_of(const uint8_t *bytes, uint32_t length) {
    uint32_t code = length == 2 ? bytes[0] & 0x1Fu : length == 3 ? bytes[0] & 0x0Fu : bytes[0] & 7u;
    for (uint32_t i = 1; i < length; i++) {
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    return code;
}

/* Nothing to be seen, or it changes how what stands beside it is seen (Unicode, Cc, Cf, Zl, Zp and
 * spaces that are none of ours). */
static bool is_hidden(uint32_t code) {
    static const uint32_t ranges[][2] = {{0x80, 0xA0},     {0xAD, 0xAD},     {0x61C, 0x61C},
                                         {0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F},
                                         {0x205F, 0x206F}, {0x3000, 0x3000}, {0xFE00, 0xFE0F},
                                         {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF}, {0xE0000, 0x10FFFF}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i][0] && code <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static struct text last_part(struct text name) {
    for (uint32_t i = name.length; i > 0; i--) {
        if (name.bytes[i - 1] == '/' || name.bytes[i - 1] == '\\') {
            return (struct text){name.length - i, name.bytes + i};
        }
    }
    return name;
}

/* The first character from `at` on that is not the rest of another one. */
static uint32_t begin_of(struct text name, uint32_t at) {
    while (at < name.length && ((uint8_t)name.bytes[at] & 0xC0u) == 0x80) {
        at++;
    }
    return at;
}

static size_t add_part(struct text name, uint32_t from, uint32_t to, char *path, size_t at) {
    const uint8_t *bytes = (const uint8_t *)name.bytes;
    while (from < to) {
        uint32_t length = length_of(bytes[from]);
        if (from + length > to) {
            break; /* only of what is cut */
        }
        bool kept = length == 1 ? is_plain(bytes[from]) : !is_hidden(code_of(bytes + from, length));
        memcpy(path + at, kept ? name.bytes + from : "_", kept ? length : 1);
        at += kept ? length : 1;
        from += length;
    }
    return at;
}

void export_file_path(uint32_t number, struct text name, char ret_path[ZIP_NAME_MAX + 1]) {
    struct text last = last_part(name);
    size_t at = (size_t)snprintf(ret_path, ZIP_NAME_MAX, "files/%04u-", (unsigned)number);
    size_t begin = at;
    if (last.length <= FILE_NAME_KEPT) {
        at = add_part(last, 0, last.length, ret_path, at);
    } else {
        at = add_part(last, 0, FILE_NAME_KEPT - FILE_NAME_END - 1, ret_path, at);
        ret_path[at++] = '_';
        at = add_part(last, begin_of(last, last.length - FILE_NAME_END), last.length, ret_path, at);
    }
    if (at == begin) {
        ret_path[at++] = '_';
    }
    if (ret_path[at - 1] == '.' || ret_path[at - 1] == ' ') {
        ret_path[at - 1] = '_'; /* Windows takes them away */
    }
    ret_path[at] = 0;
}
