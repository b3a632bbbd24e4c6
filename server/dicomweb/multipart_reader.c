#define _GNU_SOURCE // memmem
#include "server/dicomweb/multipart_reader.h"

#include <strings.h>

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t';
}

static struct text trimmed(struct text text) {
    while (text.length > 0 && is_space(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.bytes[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* What comes before the next semicolon outside of quotes; *rest is what follows it. */
static struct text take_parameter(struct text *rest) {
    bool quoted = false;
    uint32_t length = 0;
    while (length < rest->length && (quoted || rest->bytes[length] != ';')) {
        quoted ^= rest->bytes[length] == '"';
        length++;
    }
    struct text taken = trimmed((struct text){length, rest->bytes});
    uint32_t step = length < rest->length ? length + 1 : length;
    *rest = (struct text){rest->length - step, rest->bytes + step};
    return taken;
}

/* The value when the parameter has this name. */
static bool parameter_is(struct text parameter, const char *name, struct text *ret_value) {
    const char *equals = memchr(parameter.bytes, '=', parameter.length);
    if (equals == NULL) {
        return false;
    }
    struct text own = trimmed((struct text){(uint32_t)(equals - parameter.bytes), parameter.bytes});
    if (own.length != strlen(name) || strncasecmp(own.bytes, name, own.length) != 0) {
        return false;
    }
    struct text value = trimmed(
        (struct text){parameter.length - (uint32_t)(equals + 1 - parameter.bytes), equals + 1});
    if (value.length >= 2 && value.bytes[0] == '"' && value.bytes[value.length - 1] == '"') {
        value = (struct text){value.length - 2, value.bytes + 1};
    }
    *ret_value = value;
    return true;
}

/* RFC 2046 5.1.1: what a boundary is made of; a space is not its last. */
static bool is_boundary(struct text text) {
    static const char marks[] = "'()+_,-./:=? ";
    for (uint32_t i = 0; i < text.length; i++) {
        char byte = text.bytes[i];
        bool letter = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= 'a' && byte <= 'z');
        if (!letter && memchr(marks, byte, sizeof marks - 1) == NULL) {
            return false;
        }
    }
    return text.length > 0 && text.length <= MULTIPART_BOUNDARY_MAX &&
           text.bytes[text.length - 1] != ' ';
}

bool multipart_reader_init(struct multipart_reader *reader, struct text content_type,
                           struct text *ret_type) {
    struct text rest = content_type;
    struct text media_type = take_parameter(&rest);
    struct text boundary = {0, ""};
    *ret_type = (struct text){0, ""};
    if (media_type.length != 17 || strncasecmp(media_type.bytes, "multipart/related", 17) != 0) {
        return false;
    }
    while (rest.length > 0) {
        struct text parameter = take_parameter(&rest);
        if (!parameter_is(parameter, "boundary", &boundary)) {
            parameter_is(parameter, "type", ret_type);
        }
    }
    if (!is_boundary(boundary)) {
        return false;
    }
    memset(reader, 0, offsetof(struct multipart_reader, headers));
    memcpy(reader->delimiter, "\r\n--", 4);
    memcpy(reader->delimiter + 4, boundary.bytes, boundary.length);
    reader->delimiter_length = 4 + boundary.length;
    reader->state = MULTIPART_PREAMBLE;
    reader->matched = 2; // the first delimiter may be the very beginning
    return true;
}

static void skip(struct bytes *rest, uint32_t count) {
    rest->bytes += count;
    rest->length -= count;
}

/* Goes on in a delimiter that began in what was read before. True when it is decided: `*ret_held`
 * is how much of it turned out to be body, the whole was matched when that is 0. */
static bool go_on_matching(struct multipart_reader *reader, struct bytes *rest,
                           uint32_t *ret_held) {
    while (rest->length > 0 && reader->matched < reader->delimiter_length) {
        if (rest->bytes[0] != (uint8_t)reader->delimiter[reader->matched]) {
            *ret_held = reader->matched; // no part of it but its first byte is a CR
            reader->matched = 0;
            return true;
        }
        reader->matched++;
        skip(rest, 1);
    }
    *ret_held = 0;
    return reader->matched == reader->delimiter_length;
}

static enum multipart_event end_body(struct multipart_reader *reader) {
    reader->matched = 0;
    reader->header_length = 0;
    reader->state = MULTIPART_AFTER;
    bool was_part = reader->in_part;
    reader->in_part = false;
    return was_part ? MULTIPART_PART_END : MULTIPART_MORE;
}

/* How many bytes at the end of the piece may be the beginning of a delimiter. */
static uint32_t tail_matched(const struct multipart_reader *reader, struct bytes rest) {
    uint32_t most = reader->delimiter_length - 1;
    uint32_t from = rest.length > most ? rest.length - most : 0;
    for (uint32_t at = from; at < rest.length; at++) {
        if (rest.bytes[at] == '\r' &&
            memcmp(rest.bytes + at, reader->delimiter, rest.length - at) == 0) {
            return rest.length - at;
        }
    }
    return 0;
}

/* A step in a body or the preamble; MULTIPART_MORE also when the piece is not used up and the
 * state has changed. */
static enum multipart_event step_body(struct multipart_reader *reader, struct bytes *rest,
                                      struct bytes *ret_slice) {
    if (reader->matched > 0) {
        uint32_t held;
        bool decided = go_on_matching(reader, rest, &held);
        if (!decided) {
            return MULTIPART_MORE;
        }
        if (held == 0) {
            return end_body(reader);
        }
        *ret_slice = (struct bytes){held, (const uint8_t *)reader->delimiter};
        return reader->in_part ? MULTIPART_PART_BYTES : MULTIPART_MORE;
    }
    const uint8_t *found =
        memmem(rest->bytes, rest->length, reader->delimiter, reader->delimiter_length);
    uint32_t body = found != NULL ? (uint32_t)(found - rest->bytes)
                                  : rest->length - tail_matched(reader, *rest);
    *ret_slice = (struct bytes){body, rest->bytes};
    if (body > 0) {
        skip(rest, body);
        return reader->in_part ? MULTIPART_PART_BYTES : MULTIPART_MORE;
    }
    // It begins with a delimiter, or a part of one.
    reader->matched = found != NULL ? reader->delimiter_length : rest->length;
    skip(rest, reader->matched);
    return found != NULL ? end_body(reader) : MULTIPART_MORE;
}

static enum multipart_event fail(struct multipart_reader *reader) {
    reader->state = MULTIPART_BROKEN;
    return MULTIPART_MALFORMED;
}

static bool ends_with(const struct multipart_reader *reader, const char *end, uint32_t length) {
    return reader->header_length >= length &&
           memcmp(reader->headers + reader->header_length - length, end, length) == 0;
}

/* After a delimiter: two hyphens, or spaces and the end of the line. */
static enum multipart_event step_after(struct multipart_reader *reader, struct bytes *rest) {
    enum { PADDING_MAX = 64 };
    while (rest->length > 0) {
        reader->headers[reader->header_length++] = (char)rest->bytes[0];
        skip(rest, 1);
        if (reader->header_length == 2 && memcmp(reader->headers, "--", 2) == 0) {
            reader->state = MULTIPART_EPILOGUE;
            return MULTIPART_END;
        }
        char last = reader->headers[reader->header_length - 1];
        if (ends_with(reader, "\r\n", 2)) {
            reader->state = MULTIPART_HEADERS;
            reader->header_length = 0;
            return MULTIPART_MORE;
        }
        bool hyphen = last == '-' && reader->header_length == 1;
        if (reader->header_length == PADDING_MAX || (!is_space(last) && last != '\r' && !hyphen)) {
            return fail(reader);
        }
    }
    return MULTIPART_MORE;
}

static enum multipart_event step_headers(struct multipart_reader *reader, struct bytes *rest) {
    while (rest->length > 0) {
        if (reader->header_length == MULTIPART_HEADERS_MAX) {
            return fail(reader);
        }
        reader->headers[reader->header_length++] = (char)rest->bytes[0];
        skip(rest, 1);
        bool none = reader->header_length == 2 && ends_with(reader, "\r\n", 2);
        if (none || ends_with(reader, "\r\n\r\n", 4)) {
            reader->state = MULTIPART_BODY;
            reader->in_part = true;
            return MULTIPART_PART_BEGIN;
        }
    }
    return MULTIPART_MORE;
}

enum multipart_event multipart_reader_next(struct multipart_reader *reader, struct bytes *rest,
                                           struct bytes *ret_slice) {
    for (;;) {
        enum multipart_event event = MULTIPART_MORE;
        if (reader->state == MULTIPART_BROKEN) {
            return MULTIPART_MALFORMED;
        }
        if (rest->length == 0) {
            return MULTIPART_MORE;
        }
        switch (reader->state) {
        case MULTIPART_PREAMBLE:
        case MULTIPART_BODY:
            event = step_body(reader, rest, ret_slice);
            break;
        case MULTIPART_AFTER:
            event = step_after(reader, rest);
            break;
        case MULTIPART_HEADERS:
            event = step_headers(reader, rest);
            break;
        case MULTIPART_EPILOGUE:
            skip(rest, rest->length);
            break;
        case MULTIPART_BROKEN:
            break;
        }
        if (event != MULTIPART_MORE) {
            return event;
        }
    }
}

struct text multipart_reader_header(const struct multipart_reader *reader, const char *name) {
    struct text lines = {reader->header_length, reader->headers};
    size_t name_length = strlen(name);
    while (lines.length > 0) {
        const char *end = memchr(lines.bytes, '\r', lines.length);
        uint32_t length = end != NULL ? (uint32_t)(end - lines.bytes) : lines.length;
        struct text line = {length, lines.bytes};
        uint32_t step = length + 2 < lines.length ? length + 2 : lines.length;
        lines = (struct text){lines.length - step, lines.bytes + step};
        if (line.length > name_length && line.bytes[name_length] == ':' &&
            strncasecmp(line.bytes, name, name_length) == 0) {
            struct text value = {line.length - (uint32_t)name_length - 1,
                                 line.bytes + name_length + 1};
            return take_parameter(&value);
        }
    }
    return (struct text){0, ""};
}
