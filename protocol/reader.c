#include "protocol/reader.h"

#include <math.h>

/* Formats of the msgpack specification. */
enum format {
    FORMAT_FIXMAP = 0x80,
    FORMAT_FIXARRAY = 0x90,
    FORMAT_FIXSTR = 0xa0,
    FORMAT_NIL = 0xc0,
    FORMAT_NEVER_USED = 0xc1,
    FORMAT_FALSE = 0xc2,
    FORMAT_TRUE = 0xc3,
    FORMAT_BIN_8 = 0xc4,
    FORMAT_BIN_32 = 0xc6,
    FORMAT_EXT_8 = 0xc7,
    FORMAT_EXT_32 = 0xc9,
    FORMAT_FLOAT_32 = 0xca,
    FORMAT_FLOAT_64 = 0xcb,
    FORMAT_UINT_8 = 0xcc,
    FORMAT_UINT_64 = 0xcf,
    FORMAT_INT_8 = 0xd0,
    FORMAT_INT_64 = 0xd3,
    FORMAT_FIXEXT_1 = 0xd4,
    FORMAT_FIXEXT_16 = 0xd8,
    FORMAT_STR_8 = 0xd9,
    FORMAT_STR_32 = 0xdb,
    FORMAT_ARRAY_16 = 0xdc,
    FORMAT_ARRAY_32 = 0xdd,
    FORMAT_MAP_16 = 0xde,
    FORMAT_MAP_32 = 0xdf,
    FORMAT_NEGATIVE_FIXINT = 0xe0,
};

static const uint8_t *take(struct reader *reader, size_t size) {
    if (reader_left(reader) < size) {
        return NULL;
    }
    const uint8_t *taken = reader->at;
    reader->at += size;
    return taken;
}

static bool take_format(struct reader *reader, uint8_t *ret) {
    const uint8_t *at = take(reader, 1);
    if (at == NULL) {
        return false;
    }
    *ret = *at;
    return true;
}

/* `size` bytes, the most significant first. */
static bool take_number(struct reader *reader, size_t size, uint64_t *ret) {
    const uint8_t *at = take(reader, size);
    if (at == NULL) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | at[i];
    }
    *ret = number;
    return true;
}

/* An integer of any width: two's complement in `ret_bits`. */
static bool take_integer(struct reader *reader, uint64_t *ret_bits, bool *ret_negative) {
    uint8_t format;
    if (!take_format(reader, &format)) {
        return false;
    }
    *ret_negative = false;
    if (format < FORMAT_FIXMAP) {
        *ret_bits = format;
        return true;
    }
    if (format >= FORMAT_NEGATIVE_FIXINT) {
        *ret_negative = true;
        *ret_bits = UINT64_MAX << 8 | format;
        return true;
    }
    if (format >= FORMAT_UINT_8 && format <= FORMAT_UINT_64) {
        return take_number(reader, (size_t)1 << (format - FORMAT_UINT_8), ret_bits);
    }
    if (format < FORMAT_INT_8 || format > FORMAT_INT_64) {
        return false;
    }
    unsigned width = 8u << (format - FORMAT_INT_8);
    uint64_t bits;
    if (!take_number(reader, width / 8, &bits)) {
        return false;
    }
    *ret_negative = (bits >> (width - 1) & 1) != 0;
    *ret_bits = *ret_negative && width < 64 ? UINT64_MAX << width | bits : bits;
    return true;
}

static bool take_unsigned(struct reader *reader, uint64_t max, uint64_t *ret) {
    bool negative;
    return take_integer(reader, ret, &negative) && !negative && *ret <= max;
}

static bool take_signed(struct reader *reader, int64_t min, int64_t max, int64_t *ret) {
    uint64_t bits;
    bool negative;
    if (!take_integer(reader, &bits, &negative) || (!negative && bits > INT64_MAX)) {
        return false;
    }
    memcpy(ret, &bits, sizeof bits);
    return *ret >= min && *ret <= max;
}

bool reader_bool(struct reader *reader, bool *ret) {
    uint8_t format;
    if (!take_format(reader, &format) || (format != FORMAT_FALSE && format != FORMAT_TRUE)) {
        return false;
    }
    *ret = format == FORMAT_TRUE;
    return true;
}

bool reader_u8(struct reader *reader, uint8_t *ret) {
    uint64_t number = 0;
    bool good = take_unsigned(reader, UINT8_MAX, &number);
    *ret = (uint8_t)number;
    return good;
}

bool reader_u16(struct reader *reader, uint16_t *ret) {
    uint64_t number = 0;
    bool good = take_unsigned(reader, UINT16_MAX, &number);
    *ret = (uint16_t)number;
    return good;
}

bool reader_u32(struct reader *reader, uint32_t *ret) {
    uint64_t number = 0;
    bool good = take_unsigned(reader, UINT32_MAX, &number);
    *ret = (uint32_t)number;
    return good;
}

bool reader_u64(struct reader *reader, uint64_t *ret) {
    return take_unsigned(reader, UINT64_MAX, ret);
}

bool reader_i32(struct reader *reader, int32_t *ret) {
    int64_t number = 0;
    bool good = take_signed(reader, INT32_MIN, INT32_MAX, &number);
    *ret = (int32_t)number;
    return good;
}

bool reader_i64(struct reader *reader, int64_t *ret) {
    return take_signed(reader, INT64_MIN, INT64_MAX, ret);
}

bool reader_time(struct reader *reader, int64_t *ret) {
    return take_signed(reader, -WHOLE_NUMBER_LIMIT + 1, WHOLE_NUMBER_LIMIT - 1, ret);
}

bool reader_version(struct reader *reader, uint64_t *ret) {
    return take_unsigned(reader, (uint64_t)WHOLE_NUMBER_LIMIT - 1, ret);
}

bool reader_enum(struct reader *reader, uint32_t count, uint8_t *ret) {
    return reader_u8(reader, ret) && *ret < count;
}

static bool take_float(struct reader *reader, float *ret) {
    uint64_t bits;
    if (!take_number(reader, sizeof *ret, &bits)) {
        return false;
    }
    uint32_t narrow = (uint32_t)bits;
    memcpy(ret, &narrow, sizeof narrow);
    return isfinite(*ret);
}

bool reader_f32(struct reader *reader, float *ret) {
    uint8_t format;
    return take_format(reader, &format) && format == FORMAT_FLOAT_32 && take_float(reader, ret);
}

bool reader_f64(struct reader *reader, double *ret) {
    uint8_t format;
    uint64_t bits;
    if (!take_format(reader, &format)) {
        return false;
    }
    if (format == FORMAT_FLOAT_32) {
        float narrow = 0;
        bool good = take_float(reader, &narrow);
        *ret = (double)narrow;
        return good;
    }
    if (format != FORMAT_FLOAT_64 || !take_number(reader, sizeof *ret, &bits)) {
        return false;
    }
    memcpy(ret, &bits, sizeof bits);
    return isfinite(*ret);
}

/* Bytes in the continuation of a UTF-8 sequence that starts with `first`, and the bounds of its
 * second byte, which shut out overlong forms, surrogates and what is above U+10FFFF (RFC 3629 4).
 */
static bool utf8_sequence(uint8_t first, size_t *ret_more, uint8_t *ret_low, uint8_t *ret_high) {
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        *ret_more = 1;
        return true;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *ret_more = 2;
        *ret_low = first == 0xe0 ? 0xa0 : 0x80;
        *ret_high = first == 0xed ? 0x9f : 0xbf;
        return true;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *ret_more = 3;
        *ret_low = first == 0xf0 ? 0x90 : 0x80;
        *ret_high = first == 0xf4 ? 0x8f : 0xbf;
        return true;
    }
    return false;
}

static bool is_text(const uint8_t *at, size_t length) {
    const uint8_t *end = at + length;
    while (at < end) {
        uint8_t first = *at++;
        if (first == 0) {
            return false;
        }
        if (first < 0x80) {
            continue;
        }
        size_t more;
        uint8_t low, high;
        if (!utf8_sequence(first, &more, &low, &high) || (size_t)(end - at) < more) {
            return false;
        }
        if (at[0] < low || at[0] > high) {
            return false;
        }
        for (size_t i = 1; i < more; i++) {
            if (at[i] < 0x80 || at[i] > 0xbf) {
                return false;
            }
        }
        at += more;
    }
    return true;
}

bool reader_text(struct reader *reader, uint32_t length_max, struct text *ret) {
    uint8_t format;
    if (!take_format(reader, &format)) {
        return false;
    }
    uint64_t length;
    if (format >= FORMAT_FIXSTR && format < FORMAT_NIL) {
        length = format - FORMAT_FIXSTR;
    } else if (format < FORMAT_STR_8 || format > FORMAT_STR_32 ||
               !take_number(reader, (size_t)1 << (format - FORMAT_STR_8), &length)) {
        return false;
    }
    if (length > length_max) {
        return false;
    }
    const uint8_t *at = take(reader, (size_t)length);
    if (at == NULL || !is_text(at, (size_t)length)) {
        return false;
    }
    *ret = (struct text){(uint32_t)length, (const char *)at};
    return true;
}

bool reader_bytes(struct reader *reader, uint32_t length_max, struct bytes *ret) {
    uint8_t format;
    uint64_t length;
    if (!take_format(reader, &format) || format < FORMAT_BIN_8 || format > FORMAT_BIN_32 ||
        !take_number(reader, (size_t)1 << (format - FORMAT_BIN_8), &length) ||
        length > length_max) {
        return false;
    }
    const uint8_t *at = take(reader, (size_t)length);
    if (at == NULL) {
        return false;
    }
    *ret = (struct bytes){(uint32_t)length, at};
    return true;
}

bool reader_uuid(struct reader *reader, struct uuid *ret) {
    struct bytes bytes;
    if (!reader_bytes(reader, sizeof ret->bytes, &bytes) || bytes.length != sizeof ret->bytes) {
        return false;
    }
    memcpy(ret->bytes, bytes.bytes, sizeof ret->bytes);
    return true;
}

/* Header of an array or of a map: both have a form for 15 at most, and two wider ones. */
static bool take_count(struct reader *reader, uint8_t fix, uint8_t wide, uint32_t *ret) {
    uint8_t format;
    if (!take_format(reader, &format)) {
        return false;
    }
    uint64_t count;
    if ((format & 0xf0) == fix) {
        count = format & 0x0f;
    } else if ((format != wide && format != wide + 1) ||
               !take_number(reader, format == wide ? 2 : 4, &count)) {
        return false;
    }
    *ret = (uint32_t)count;
    return count <= reader_left(reader); /* a value takes a byte at least */
}

bool reader_fields(struct reader *reader, uint32_t *ret_count) {
    return take_count(reader, FORMAT_FIXARRAY, FORMAT_ARRAY_16, ret_count);
}

bool reader_list(struct reader *reader, uint32_t count_max, uint32_t *ret_count) {
    return reader_fields(reader, ret_count) && *ret_count <= count_max;
}

bool reader_map(struct reader *reader, uint32_t count_max, uint32_t *ret_count) {
    return take_count(reader, FORMAT_FIXMAP, FORMAT_MAP_16, ret_count) && *ret_count <= count_max &&
           *ret_count <= reader_left(reader) / 2;
}

bool reader_some(struct reader *reader, bool *ret_has) {
    *ret_has = reader_left(reader) == 0 || *reader->at != FORMAT_NIL;
    if (!*ret_has) {
        reader->at++;
    }
    return *ret_has;
}

/* Bytes that follow `format` before its contents, and how these go on: `ret_size` raw bytes and
 * `ret_values` values. */
static bool take_head(struct reader *reader, uint8_t format, uint64_t *ret_size,
                      uint64_t *ret_values) {
    *ret_size = 0;
    *ret_values = 0;
    if (format < FORMAT_FIXMAP || format >= FORMAT_NEGATIVE_FIXINT || format == FORMAT_NIL ||
        format == FORMAT_FALSE || format == FORMAT_TRUE) {
        return true;
    }
    if (format < FORMAT_FIXARRAY) {
        *ret_values = (uint64_t)(format - FORMAT_FIXMAP) * 2;
        return true;
    }
    if (format < FORMAT_FIXSTR) {
        *ret_values = format - FORMAT_FIXARRAY;
        return true;
    }
    if (format < FORMAT_NIL) {
        *ret_size = format - FORMAT_FIXSTR;
        return true;
    }
    if (format >= FORMAT_BIN_8 && format <= FORMAT_BIN_32) {
        return take_number(reader, (size_t)1 << (format - FORMAT_BIN_8), ret_size);
    }
    if (format >= FORMAT_EXT_8 && format <= FORMAT_EXT_32) {
        bool good = take_number(reader, (size_t)1 << (format - FORMAT_EXT_8), ret_size);
        *ret_size += 1; /* the type */
        return good;
    }
    if (format == FORMAT_FLOAT_32 || format == FORMAT_FLOAT_64) {
        *ret_size = format == FORMAT_FLOAT_32 ? 4 : 8;
        return true;
    }
    if (format >= FORMAT_UINT_8 && format <= FORMAT_INT_64) {
        *ret_size = (uint64_t)1 << (format - FORMAT_UINT_8) % 4;
        return true;
    }
    if (format >= FORMAT_FIXEXT_1 && format <= FORMAT_FIXEXT_16) {
        *ret_size = ((uint64_t)1 << (format - FORMAT_FIXEXT_1)) + 1;
        return true;
    }
    if (format >= FORMAT_STR_8 && format <= FORMAT_STR_32) {
        return take_number(reader, (size_t)1 << (format - FORMAT_STR_8), ret_size);
    }
    if (format == FORMAT_ARRAY_16 || format == FORMAT_ARRAY_32) {
        return take_number(reader, format == FORMAT_ARRAY_16 ? 2 : 4, ret_values);
    }
    if (format == FORMAT_MAP_16 || format == FORMAT_MAP_32) {
        bool good = take_number(reader, format == FORMAT_MAP_16 ? 2 : 4, ret_values);
        *ret_values *= 2;
        return good;
    }
    return false; /* FORMAT_NEVER_USED */
}

bool reader_skip(struct reader *reader, uint32_t count) {
    /* Nesting needs no stack: it only matters how many values are still to come. Each takes a byte
     * at least, so whatever a header claims, the loop ends where the bytes end. */
    uint64_t pending = count;
    while (pending > 0) {
        uint8_t format;
        uint64_t size, values;
        if (!take_format(reader, &format) || !take_head(reader, format, &size, &values) ||
            size > reader_left(reader)) {
            return false;
        }
        reader->at += size;
        pending += values;
        pending--;
    }
    return true;
}
