/* links: codecs; timeout: 60 */
/* A data set up to its pixels: planes, palettes, windows and tables. The first byte chooses how it
 * is encoded, and of which frame groups are looked for. */
#include "server/codecs/pixel_header.h"
#include "server/codecs/shown_values.h"

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
    static struct shown_values values;
    enum dicom_encoding encoding = (enum dicom_encoding)(bytes[0] % 3);
    shown_values_read(bytes + 1, size - 1, encoding, 1 + bytes[0] / 3, &values);
    if (values.modality.count > VALUE_TABLE_MAX || values.voi.count > VALUE_TABLE_MAX ||
        values.slope == 0) {
        abort();
    }
    return 0;
}
