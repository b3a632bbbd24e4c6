/* links: imaging_format protocol */
/* A DICOMDIR of anybody's CD: what it names lies in the file. */
#include "server/imaging/media_directory.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct text uids[MEDIA_DIRECTORY_MAX];
    uint32_t count;
    if (!media_directory_read(bytes, size, uids, &count)) {
        return 0;
    }
    if (count > MEDIA_DIRECTORY_MAX) {
        abort();
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *start = (const uint8_t *)uids[i].bytes;
        if (uids[i].length == 0 || start < bytes || start + uids[i].length > bytes + size) {
            abort(); // a name from somewhere else
        }
    }
    return 0;
}
