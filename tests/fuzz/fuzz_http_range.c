/* links: server */
/* A Range header: whatever it says, the range lies within the size. The first byte is the size. */
#include "server/gateway/byte_range.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) {
        return 0;
    }
    uint64_t whole = bytes[0];
    struct byte_range range;
    struct text header = {(uint32_t)(size - 1), (const char *)bytes + 1};
    if (byte_range_parse(header, whole, &range) == BYTE_RANGE_PART &&
        (range.length == 0 || range.first >= whole || range.length > whole - range.first)) {
        abort();
    }
    return 0;
}
