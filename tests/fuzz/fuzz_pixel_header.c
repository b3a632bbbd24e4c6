/* links: codecs; timeout: 60 */
/* A data set up to its pixels: planes and palettes. The first byte chooses how it is encoded. */
#include "server/codecs/pixel_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct pixel_header header;
    if (size == 0) {
        return 0;
    }
    pixel_header_read(bytes + 1, size - 1, (enum dicom_encoding)(bytes[0] % 3), &header);
    if (header.palette.count > PALETTE_ENTRIES_MAX) {
        abort();
    }
    return 0;
}
