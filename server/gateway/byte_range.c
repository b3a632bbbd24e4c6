#include "server/gateway/byte_range.h"

#include <strings.h>

#define UNIT "bytes="
#define UNIT_SIZE 6

struct cursor {
    const char *at;
    const char *end;
};

static void skip_blank(struct cursor *cursor) {
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}

/* 1*DIGIT. A number past 64 bits is more than any file has, which is all that matters of it. */
static bool read_number(struct cursor *cursor, uint64_t *ret_number) {
    const char *start = cursor->at;
    uint64_t number = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        uint64_t digit = (uint64_t)(*cursor->at++ - '0');
        number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
    }
    *ret_number = number;
    return cursor->at > start;
}

/* "-500": the last so many bytes. */
static enum byte_range_kind suffix(struct cursor *cursor, uint64_t size,
                                   struct byte_range *ret_range) {
    uint64_t length;
    cursor->at++;
    bool read = read_number(cursor, &length);
    skip_blank(cursor);
    if (!read || cursor->at != cursor->end) {
        return BYTE_RANGE_WHOLE;
    }
    if (length == 0 || size == 0) {
        return BYTE_RANGE_UNSATISFIABLE;
    }
    length = length < size ? length : size;
    *ret_range = (struct byte_range){size - length, length};
    return BYTE_RANGE_PART;
}

enum byte_range_kind byte_range_parse(struct text header, uint64_t size,
                                      struct byte_range *ret_range) {
    if (header.length < UNIT_SIZE || strncasecmp(header.bytes, UNIT, UNIT_SIZE) != 0) {
        return BYTE_RANGE_WHOLE;
    }
    struct cursor cursor = {header.bytes + UNIT_SIZE, header.bytes + header.length};
    skip_blank(&cursor);
    if (cursor.at < cursor.end && *cursor.at == '-') {
        return suffix(&cursor, size, ret_range);
    }
    uint64_t first;
    uint64_t last = UINT64_MAX;
    if (!read_number(&cursor, &first) || cursor.at == cursor.end || *cursor.at != '-') {
        return BYTE_RANGE_WHOLE;
    }
    cursor.at++;
    bool has_last = read_number(&cursor, &last);
    skip_blank(&cursor);
    if (cursor.at != cursor.end || (has_last && last < first)) {
        return BYTE_RANGE_WHOLE;
    }
    if (first >= size) {
        return BYTE_RANGE_UNSATISFIABLE;
    }
    last = has_last && last < size ? last : size - 1;
    *ret_range = (struct byte_range){first, last - first + 1};
    return BYTE_RANGE_PART;
}
