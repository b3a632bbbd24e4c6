#include "server/dicomweb/file_meta.h"

#include <string.h>

/* Of no registered root: made from a UUID (PS3.5 B.2). */
#define IMPLEMENTATION_CLASS_UID "2.25.76137152846286047474812301893563289771"
#define IMPLEMENTATION_VERSION "CONSILIUM_1"

size_t file_preamble_write(uint8_t bytes[FILE_META_MAX]) {
    memset(bytes, 0, 128);
    memcpy(bytes + 128, "DICM", 4);
    return FILE_PREAMBLE_SIZE;
}

static size_t put_head(uint8_t *at, uint16_t element, const char *vr, size_t length) {
    const uint8_t head[] = {2,
                            0,
                            (uint8_t)element,
                            (uint8_t)(element >> 8),
                            (uint8_t)vr[0],
                            (uint8_t)vr[1],
                            (uint8_t)length,
                            (uint8_t)(length >> 8)};
    memcpy(at, head, sizeof head);
    return sizeof head;
}

static size_t put_text(uint8_t *at, uint16_t element, const char *vr, const char *text) {
    size_t length = strlen(text);
    size_t padded = length + length % 2;
    size_t head = put_head(at, element, vr, padded);
    memcpy(at + head, text, length);
    if (padded > length) {
        at[head + length] = vr[0] == 'U' ? 0 : ' ';
    }
    return head + padded;
}

size_t file_meta_write(uint8_t bytes[FILE_META_MAX], const char *sop_class_uid,
                       const char *sop_instance_uid, const char *transfer_syntax_uid) {
    static const uint8_t version[] = {2, 0, 1, 0, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1};
    size_t start = file_preamble_write(bytes);
    size_t size = start + put_head(bytes + start, 0, "UL", 4) + 4;
    size_t group = size;
    memcpy(bytes + size, version, sizeof version);
    size += sizeof version;
    size += put_text(bytes + size, 0x0002, "UI", sop_class_uid);
    size += put_text(bytes + size, 0x0003, "UI", sop_instance_uid);
    size += put_text(bytes + size, 0x0010, "UI", transfer_syntax_uid);
    size += put_text(bytes + size, 0x0012, "UI", IMPLEMENTATION_CLASS_UID);
    size += put_text(bytes + size, 0x0013, "SH", IMPLEMENTATION_VERSION);
    for (unsigned i = 0; i < 4; i++) {
        bytes[group - 4 + i] = (uint8_t)((size - group) >> 8 * i);
    }
    return size;
}
