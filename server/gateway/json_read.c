#include "server/gateway/json.h"

/* What is being read; `at` never passes `end`. */
struct source {
    char *at;
    char *end;
};

static void skip_space(struct source *source) {
    while (source->at < source->end && (*source->at == ' ' || *source->at == '\t' ||
                                        *source->at == '\n' || *source->at == '\r')) {
        source->at++;
    }
}

static bool take(struct source *source, char c) {
    skip_space(source);
    if (source->at < source->end && *source->at == c) {
        source->at++;
        return true;
    }
    return false;
}

static bool take_word(struct source *source, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(source->end - source->at) < length || memcmp(source->at, word, length) != 0) {
        return false;
    }
    source->at += length;
    return true;
}

static bool take_hex(struct source *source, uint32_t *ret) {
    if (source->end - source->at < 4) {
        return false;
    }
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = *source->at++;
        char lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint32_t)(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        } else {
            return false;
        }
    }
    *ret = value;
    return true;
}

/* RFC 8259 7: a character beyond U+FFFF is written as a surrogate pair. U+0000 is in no text of
 * ours. */
static bool take_unicode(struct source *source, uint32_t *ret) {
    if (!take_hex(source, ret)) {
        return false;
    }
    if (*ret >= 0xd800 && *ret <= 0xdbff) {
        uint32_t low;
        if (!take_word(source, "\\u") || !take_hex(source, &low) || low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
        return true;
    }
    return *ret != 0 && !(*ret >= 0xdc00 && *ret <= 0xdfff);
}

/* Never longer than the six or twelve characters it was escaped with, so it fits where they were.
 */
static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

static bool take_escape(struct source *source, char **to) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (source->at >= source->end) {
        return false;
    }
    char c = *source->at++;
    if (c == 'u') {
        uint32_t unicode;
        if (!take_unicode(source, &unicode)) {
            return false;
        }
        *to = put_utf8(*to, unicode);
        return true;
    }
    const char *letter = memchr(letters, c, sizeof(letters) - 1);
    if (letter == NULL) {
        return false;
    }
    *(*to)++ = meanings[letter - letters];
    return true;
}

static bool take_string(struct source *source, struct text *ret) {
    if (!take(source, '"')) {
        return false;
    }
    char *begin = source->at;
    char *to = begin;
    while (source->at < source->end) {
        char c = *source->at++;
        if (c == '"') {
            *ret = (struct text){(uint32_t)(to - begin), begin};
            return true;
        }
        if ((unsigned char)c < 0x20) {
            return false;
        }
        if (c == '\\') {
            if (!take_escape(source, &to)) {
                return false;
            }
        } else {
            *to++ = c;
        }
    }
    return false;
}

static bool take_value(struct source *source, struct json_field *field) {
    skip_space(source);
    if (source->at >= source->end) {
        return false;
    }
    if (*source->at == '"') {
        field->kind = JSON_TEXT;
        return take_string(source, &field->value);
    }
    static const struct {
        const char *word;
        enum json_kind kind;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (take_word(source, words[i].word)) {
            field->kind = words[i].kind;
            return true;
        }
    }
    char *begin = source->at;
    while (source->at < source->end && memchr("+-.0123456789eE", *source->at, 15) != NULL) {
        source->at++;
    }
    field->kind = JSON_NUMBER;
    field->value = (struct text){(uint32_t)(source->at - begin), begin};
    return source->at > begin;
}

bool json_read_object(char *body, size_t length, struct json_fields *ret) {
    struct source source = {body, body + length};
    *ret = (struct json_fields){.count = 0};
    if (!take(&source, '{')) {
        return false;
    }
    bool more = !take(&source, '}');
    while (more) {
        if (ret->count == JSON_FIELDS_MAX) {
            return false;
        }
        struct json_field *field = &ret->all[ret->count++];
        if (!take_string(&source, &field->name) || !take(&source, ':') ||
            !take_value(&source, field)) {
            return false;
        }
        more = take(&source, ',');
        if (!more && !take(&source, '}')) {
            return false;
        }
    }
    skip_space(&source);
    return source.at == source.end;
}

static const struct json_field *find(const struct json_fields *fields, const char *name) {
    struct text wanted = {(uint32_t)strlen(name), name};
    for (uint32_t i = 0; i < fields->count; i++) {
        if (text_equal(fields->all[i].name, wanted)) {
            return &fields->all[i];
        }
    }
    return NULL;
}

struct text json_field_text(const struct json_fields *fields, const char *name) {
    const struct json_field *field = find(fields, name);
    return field != NULL && field->kind == JSON_TEXT ? field->value : (struct text){0, NULL};
}

bool json_field_true(const struct json_fields *fields, const char *name) {
    const struct json_field *field = find(fields, name);
    return field != NULL && field->kind == JSON_TRUE;
}
