/* links: codecs; timeout: 60 */
/* The packet headers of a codestream, and where each resolution ends. */
#include "server/codecs/packet_prefixes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    uint64_t prefixes[HTJ2K_DECOMPOSITIONS];
    if (packet_prefixes_find(bytes, size, prefixes)) {
        for (unsigned i = 0; i < HTJ2K_DECOMPOSITIONS; i++) {
            if (prefixes[i] > size || (i > 0 && prefixes[i] > prefixes[i - 1])) {
                abort(); // a beginning that is longer than the whole, or than the next larger one
            }
        }
    }
    return 0;
}
