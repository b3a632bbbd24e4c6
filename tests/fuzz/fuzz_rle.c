/* links: codecs; timeout: 60 */
/* A frame of RLE. */
#include "tests/fuzz/fuzzed_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    return decode_fuzzed("1.2.840.10008.1.2.5", bytes, size);
}
