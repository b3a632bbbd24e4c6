/* links: server */
/* The header values of resumable uploads. The first byte says where the first value ends. */
#include "server/gateway/routes_sending.h"
#include "server/gateway/tus.h"
#include "server/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) {
        return 0;
    }
    uint32_t left = (uint32_t)(size - 1);
    uint32_t split = bytes[0] < left ? bytes[0] : left;
    struct text first = {split, (const char *)bytes + 1};
    struct text second = {left - split, (const char *)bytes + 1 + split};
    char name[32];
    size_t length = tus_file_name(first, name, sizeof name);
    if (length > sizeof name || !text_is_utf8((struct text){(uint32_t)length, name})) {
        abort();
    }
    uint8_t digest[TUS_DIGEST_MAX];
    if (tus_checksum(second, digest, &length) && length != 0 && length != 20 && length != 32) {
        abort();
    }
    struct sending sending = sending_read(first);
    if (sending.files > SENDING_FILES_MAX || sending.done > sending.files ||
        sending.bytes_done > sending.bytes || (sending.files == 0) != uuid_is_zero(sending.id)) {
        abort();
    }
    uint64_t number;
    if (tus_number(second, &number) && number >= UINT64_C(1000000000000000000)) {
        abort();
    }
    return 0;
}
