/* links: server */
/* multipart/related in pieces of any size: what is read of it does not depend on where it is cut.
 * The first byte is the size of a piece, the boundary is "x". */
#include "server/dicomweb/multipart_reader.h"

#include <stdlib.h>

struct read {
    uint32_t hash; /* FNV-1a of events and bytes of bodies */
    uint64_t body;
    bool malformed;
};

static void mix(struct read *read, uint8_t byte) {
    read->hash = (read->hash ^ byte) * 16777619u;
}

static struct read read_all(const uint8_t *bytes, size_t size, size_t piece) {
    struct multipart_reader reader;
    struct read read = {.hash = 2166136261u};
    struct text type;
    if (!multipart_reader_init(&reader, TEXT("multipart/related; boundary=x"), &type)) {
        abort();
    }
    for (size_t at = 0; at < size && !read.malformed; at += piece) {
        struct bytes rest = {(uint32_t)(size - at < piece ? size - at : piece), bytes + at};
        struct bytes slice;
        enum multipart_event event;
        while ((event = multipart_reader_next(&reader, &rest, &slice)) != MULTIPART_MORE) {
            if (event == MULTIPART_MALFORMED) {
                read.malformed = true;
                break;
            }
            if (event != MULTIPART_PART_BYTES) {
                mix(&read, (uint8_t)event);
                continue;
            }
            read.body += slice.length;
            for (uint32_t i = 0; i < slice.length; i++) {
                mix(&read, slice.bytes[i]);
            }
        }
    }
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct read whole = read_all(bytes + 1, size - 1, size);
    struct read cut = read_all(bytes + 1, size - 1, (size_t)bytes[0] + 1);
    if (whole.hash != cut.hash || whole.body != cut.body || whole.malformed != cut.malformed) {
        abort();
    }
    return 0;
}
