#include "clients/native/demo/dicom_dataset.h"
#include "clients/native/demo/dicom_tags.h"

#include <string.h>

// Reading of foreign files: every length is checked against the bytes that are left before it is
// used, and nested sequences are skipped with a counter instead of recursion.

struct cursor {
    const uint8_t *bytes;
    size_t left;
};

struct element_header {
    uint32_t tag;
    char vr[3];
    uint32_t length;
};

#define UNDEFINED_LENGTH UINT32_MAX
#define TAG_ITEM_END UINT32_C(0xfffee00d)
#define TAG_SEQUENCE_END UINT32_C(0xfffee0dd)

static uint32_t little_endian(const uint8_t *bytes, size_t width) {
    uint32_t number = 0;
    for (size_t i = width; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

static void advance(struct cursor *cursor, size_t count) {
    cursor->bytes += count;
    cursor->left -= count;
}

// PS3.5 section 7.1.2 and, for items and delimiters, 7.5: those have no VR.
static bool read_header(struct cursor *cursor, struct element_header *ret_header) {
    if (cursor->left < 8)
        return false;
    struct element_header header = {.tag = little_endian(cursor->bytes, 2) << 16 |
                                           little_endian(cursor->bytes + 2, 2)};
    if (header.tag >> 16 == 0xfffe) {
        header.length = little_endian(cursor->bytes + 4, 4);
        advance(cursor, 8);
        *ret_header = header;
        return true;
    }
    memcpy(header.vr, cursor->bytes + 4, 2);
    if (dicom_vr_has_long_length(header.vr)) {
        if (cursor->left < 12)
            return false;
        header.length = little_endian(cursor->bytes + 8, 4);
        advance(cursor, 12);
    } else {
        header.length = little_endian(cursor->bytes + 6, 2);
        advance(cursor, 8);
    }
    *ret_header = header;
    return true;
}

// Skips the inside of a sequence or item of undefined length, up to and with its delimiter.
static bool skip_undefined(struct cursor *cursor) {
    unsigned depth = 1;
    while (depth > 0) {
        struct element_header header;
        if (!read_header(cursor, &header))
            return false;
        if (header.tag == TAG_ITEM_END || header.tag == TAG_SEQUENCE_END) {
            depth--;
        } else if (header.length == UNDEFINED_LENGTH) {
            if (++depth > DICOM_SEQUENCE_DEPTH_MAX)
                return false;
        } else {
            if (header.length > cursor->left)
                return false;
            advance(cursor, header.length);
        }
    }
    return true;
}

static bool read_element(struct cursor *cursor, struct dicom_dataset *dataset) {
    struct element_header header;
    if (!read_header(cursor, &header))
        return false;
    struct dicom_element element = {.tag = header.tag, .value = cursor->bytes};
    memcpy(element.vr, header.vr, sizeof(element.vr));
    if (header.length == UNDEFINED_LENGTH) {
        if (!skip_undefined(cursor))
            return false;
        element.encapsulated = header.tag == TAG_PIXEL_DATA;
        element.length = (size_t)(cursor->bytes - element.value);
    } else {
        if (header.length > cursor->left)
            return false;
        element.length = header.length;
        advance(cursor, header.length);
    }
    bool sequence = strcmp(header.vr, "SQ") == 0 ||
                    (header.length == UNDEFINED_LENGTH && !element.encapsulated);
    if (sequence)
        return true;
    if (dataset->count == DICOM_ELEMENTS_MAX)
        return false;
    dicom_put_element(dataset, &element);
    return true;
}

static bool is_explicit_little_endian(const char *transfer_syntax) {
    // All but implicit (1.2), deflated (1.2.1.99) and big endian (1.2.2), PS3.5 section 10.
    return strcmp(transfer_syntax, "1.2.840.10008.1.2") != 0 &&
           strcmp(transfer_syntax, "1.2.840.10008.1.2.1.99") != 0 &&
           strcmp(transfer_syntax, "1.2.840.10008.1.2.2") != 0;
}

bool dicom_read(struct dicom_dataset *dataset, const uint8_t *bytes, size_t length) {
    dicom_init(dataset);
    if (length < 132 || memcmp(bytes + 128, "DICM", 4) != 0)
        return false;
    struct cursor cursor = {bytes + 132, length - 132};
    while (cursor.left >= 8 && little_endian(cursor.bytes, 2) == 2) {
        if (!read_element(&cursor, dataset))
            return false;
    }
    if (!dicom_text(dataset, TAG_TRANSFER_SYNTAX_UID, dataset->transfer_syntax,
                    sizeof(dataset->transfer_syntax)) ||
        !is_explicit_little_endian(dataset->transfer_syntax))
        return false;
    dataset->count = 0; // the file's description is not part of the data set
    while (cursor.left > 0) {
        bool last = cursor.left >= 4 && little_endian(cursor.bytes, 2) == 0x7fe0 &&
                    little_endian(cursor.bytes + 2, 2) == 0x0010;
        if (!read_element(&cursor, dataset))
            return false;
        if (last)
            break; // what follows the pixels is padding at most
    }
    return true;
}
