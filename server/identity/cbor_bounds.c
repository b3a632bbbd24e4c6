#include "server/identity/cbor_bounds.h"

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT_STRING, ARRAY, MAP, TAG, SIMPLE };

struct cursor {
    const uint8_t *at, *end;
};

/* RFC 8949 3: the initial byte and its argument. */
static bool read_head(struct cursor *cursor, enum major *ret_major, uint64_t *ret_argument) {
    if (cursor->at == cursor->end) {
        return false;
    }
    uint8_t first = *cursor->at++;
    unsigned information = first & 31;
    *ret_major = (enum major)(first >> 5);
    *ret_argument = information;
    if (information < 24) {
        return true;
    }
    unsigned length = 1u << (information - 24);
    if (information > 27 || (size_t)(cursor->end - cursor->at) < length) {
        return false; /* reserved, or of indefinite length */
    }
    *ret_argument = 0;
    for (unsigned i = 0; i < length; i++) {
        *ret_argument = *ret_argument << 8 | *cursor->at++;
    }
    return true;
}

bool cbor_is_bounded(struct bytes bytes) {
    struct cursor cursor = {bytes.bytes, bytes.bytes + bytes.length};
    uint64_t left[CBOR_DEEP_MAX] = {0}; /* items still to come in each open map or array */
    unsigned deep = 0, items = 0;
    while (deep > 0 || cursor.at < cursor.end) {
        enum major major;
        uint64_t argument;
        if (++items > CBOR_ITEMS_MAX || !read_head(&cursor, &major, &argument) || major == TAG) {
            return false;
        }
        if (deep > 0) {
            left[deep - 1]--;
        }
        if (major == BYTES || major == TEXT_STRING) {
            if (argument > (uint64_t)(cursor.end - cursor.at)) {
                return false;
            }
            cursor.at += argument;
        } else if (major == ARRAY || major == MAP) {
            if (deep == CBOR_DEEP_MAX || argument > CBOR_ITEMS_MAX) {
                return false;
            }
            left[deep++] = major == MAP ? 2 * argument : argument;
        }
        while (deep > 0 && left[deep - 1] == 0) {
            deep--;
        }
    }
    return true;
}
