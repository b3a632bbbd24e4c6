/*
 * The Range header of RFC 9110 section 14, for one range of bytes.
 *
 * A header that is malformed, of another unit, or of several ranges is ignored, as section 14.2
 * allows: the whole is then sent. A well-formed range that no byte lies in cannot be satisfied.
 */
#ifndef CONSILIUM_GATEWAY_BYTE_RANGE_H
#define CONSILIUM_GATEWAY_BYTE_RANGE_H

#include "protocol/values.h"

enum byte_range_kind {
    BYTE_RANGE_WHOLE,         // answer 200 with everything
    BYTE_RANGE_PART,          // answer 206
    BYTE_RANGE_UNSATISFIABLE, // answer 416
};

struct byte_range {
    uint64_t first;  // byte
    uint64_t length; // bytes, above 0 for a part
};

/* `header` is the value of Range, empty when absent; `size` the bytes of the whole. */
enum byte_range_kind byte_range_parse(struct text header, uint64_t size,
                                      struct byte_range *ret_range);

#endif
