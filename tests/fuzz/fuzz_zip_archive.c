/* links: imaging_format protocol */
/* An archive as somebody sends it: all of it is read, in bounded memory. */
#include "server/imaging/unpack_archive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
    const uint8_t *bytes;
    uint64_t given;
};

static bool read_input(void *data, uint64_t offset, size_t length, uint8_t *ret_bytes) {
    memcpy(ret_bytes, ((struct input *)data)->bytes + offset, length);
    return true;
}

static bool count(void *data, const uint8_t *bytes, size_t length) {
    (void)bytes;
    ((struct input *)data)->given += length;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct input input = {bytes, 0};
    struct unpack_archive archive = {
        .read = read_input, .give = count, .data = &input, .size = size, .entry_size_max = 1 << 20};
    bool opened = unpack_archive_open(&archive) == UNPACK_REFUSAL_NONE;
    for (uint32_t i = 0; opened && i < archive.entry_count; i++) {
        input.given = 0;
        bool whole = unpack_archive_check(&archive, i) == UNPACK_REFUSAL_NONE &&
                     unpack_archive_entry(&archive, i) == UNPACK_REFUSAL_NONE;
        if (input.given > archive.entries[i].size ||
            (whole && input.given < archive.entries[i].size)) {
            abort();
        }
    }
    unpack_archive_finish(&archive);
    return 0;
}
