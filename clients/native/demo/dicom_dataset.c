#include "clients/native/demo/dicom_dataset.h"

#include "clients/native/demo/dicom_tags.h"
#include "clients/native/demo/uid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void dicom_init(struct dicom_dataset *dataset) {
    dataset->count = 0;
    dataset->copied_length = 0;
    snprintf(dataset->transfer_syntax, sizeof(dataset->transfer_syntax), "%s",
             DICOM_EXPLICIT_LITTLE_ENDIAN);
}

void dicom_put_element(struct dicom_dataset *dataset, const struct dicom_element *element) {
    for (size_t i = 0; i < dataset->count; i++) {
        if (dataset->elements[i].tag == element->tag) {
            dataset->elements[i] = *element;
            return;
        }
    }
    assert(dataset->count < DICOM_ELEMENTS_MAX);
    dataset->elements[dataset->count++] = *element;
}

static void put_copy(struct dicom_dataset *dataset, uint32_t tag, const char *vr, const void *value,
                     size_t length, char padding) {
    size_t padded = length + (length & 1);
    assert(dataset->copied_length + padded <= DICOM_COPIED_BYTES_MAX);
    uint8_t *copy = dataset->copied + dataset->copied_length;
    memcpy(copy, value, length);
    if (padded > length)
        copy[length] = (uint8_t)padding;
    dataset->copied_length += padded;
    struct dicom_element element = {.tag = tag, .value = copy, .length = padded};
    memcpy(element.vr, vr, 2);
    dicom_put_element(dataset, &element);
}

void dicom_put_text(struct dicom_dataset *dataset, uint32_t tag, const char *vr, const char *text) {
    // PS3.5 section 6.2: UIDs are padded with NUL, character strings with a space.
    char padding = strncmp(vr, "UI", 2) == 0 ? '\0' : ' ';
    put_copy(dataset, tag, vr, text, strlen(text), padding);
}

void dicom_put_number(struct dicom_dataset *dataset, uint32_t tag, uint16_t number) {
    uint8_t bytes[2] = {(uint8_t)number, (uint8_t)(number >> 8)};
    put_copy(dataset, tag, "US", bytes, sizeof(bytes), 0);
}

void dicom_put_tag(struct dicom_dataset *dataset, uint32_t tag, uint32_t pointed) {
    uint8_t bytes[4] = {(uint8_t)(pointed >> 16), (uint8_t)(pointed >> 24), (uint8_t)pointed,
                        (uint8_t)(pointed >> 8)};
    put_copy(dataset, tag, "AT", bytes, sizeof(bytes), 0);
}

void dicom_put_decimals(struct dicom_dataset *dataset, uint32_t tag, const double *numbers,
                        size_t count) {
    enum { DECIMAL_MAX = 16, DECIMALS_MAX = 8 };
    assert(count <= DECIMALS_MAX);
    char text[DECIMALS_MAX * (DECIMAL_MAX + 1) + 1];
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        char decimal[40];
        int precision = 10;
        while (snprintf(decimal, sizeof(decimal), "%.*g", precision, numbers[i]) > DECIMAL_MAX)
            precision--;
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i ? "\\" : "", decimal);
    }
    put_copy(dataset, tag, "DS", text, length, ' ');
}

const struct dicom_element *dicom_find(const struct dicom_dataset *dataset, uint32_t tag) {
    for (size_t i = 0; i < dataset->count; i++) {
        if (dataset->elements[i].tag == tag)
            return &dataset->elements[i];
    }
    return NULL;
}

bool dicom_text(const struct dicom_dataset *dataset, uint32_t tag, char *ret_text, size_t size) {
    const struct dicom_element *element = dicom_find(dataset, tag);
    if (element == NULL)
        return false;
    size_t length = element->length;
    while (length > 0 && (element->value[length - 1] == ' ' || element->value[length - 1] == 0))
        length--;
    if (length >= size)
        return false;
    memcpy(ret_text, element->value, length);
    ret_text[length] = '\0';
    return true;
}

bool dicom_number(const struct dicom_dataset *dataset, uint32_t tag, size_t nth,
                  double *ret_number) {
    const struct dicom_element *element = dicom_find(dataset, tag);
    if (element == NULL)
        return false;
    if (strcmp(element->vr, "US") == 0) {
        if (nth >= element->length / 2)
            return false;
        *ret_number = element->value[2 * nth] + 256 * element->value[2 * nth + 1];
        return true;
    }
    char text[256];
    if (!dicom_text(dataset, tag, text, sizeof(text)))
        return false;
    char *part = text;
    for (; nth > 0; nth--) {
        part = strchr(part, '\\');
        if (part == NULL)
            return false;
        part++;
    }
    char *end;
    double number = strtod(part, &end);
    if (end == part)
        return false;
    *ret_number = number;
    return true;
}

// PS3.5 table 7.1-1: these have two reserved bytes and a 32-bit length.
bool dicom_vr_has_long_length(const char *vr) {
    static const char long_vrs[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
    const char *found = strlen(vr) == 2 ? strstr(long_vrs, vr) : NULL;
    return found != NULL && (found - long_vrs) % 3 == 0;
}

static int by_tag(const void *left, const void *right) {
    uint32_t a = ((const struct dicom_element *)left)->tag;
    uint32_t b = ((const struct dicom_element *)right)->tag;
    return (a > b) - (a < b);
}

static void put_little_endian(uint8_t *bytes, uint32_t number, size_t width) {
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static size_t header_of(const struct dicom_element *element, uint8_t header[12]) {
    put_little_endian(header, element->tag >> 16, 2);
    put_little_endian(header + 2, element->tag, 2);
    memcpy(header + 4, element->vr, 2);
    assert(element->length <= UINT32_MAX - 1);
    uint32_t length = element->encapsulated ? UINT32_MAX : (uint32_t)element->length;
    if (dicom_vr_has_long_length(element->vr)) {
        put_little_endian(header + 6, 0, 2);
        put_little_endian(header + 8, length, 4);
        return 12;
    }
    assert(length <= UINT16_MAX);
    put_little_endian(header + 6, length, 2);
    return 8;
}

static bool write_elements(const struct dicom_dataset *dataset, FILE *file) {
    for (size_t i = 0; i < dataset->count; i++) {
        const struct dicom_element *element = &dataset->elements[i];
        uint8_t header[12];
        size_t header_length = header_of(element, header);
        if (fwrite(header, 1, header_length, file) != header_length)
            return false;
        if (fwrite(element->value, 1, element->length, file) != element->length)
            return false;
    }
    return true;
}

static size_t encoded_length(const struct dicom_dataset *dataset) {
    size_t length = 0;
    for (size_t i = 0; i < dataset->count; i++) {
        uint8_t header[12];
        length += header_of(&dataset->elements[i], header) + dataset->elements[i].length;
    }
    return length;
}

// File Meta Information, PS3.10 section 7.1.
static void describe_file(struct dicom_dataset *meta, const struct dicom_dataset *dataset) {
    char uid[65];
    dicom_init(meta);
    put_copy(meta, TAG_FILE_META_VERSION, "OB", "\0\1", 2, 0);
    bool named = dicom_text(dataset, TAG_SOP_CLASS_UID, uid, sizeof(uid));
    assert(named);
    dicom_put_text(meta, TAG_MEDIA_SOP_CLASS_UID, "UI", uid);
    named = dicom_text(dataset, TAG_SOP_INSTANCE_UID, uid, sizeof(uid));
    assert(named);
    dicom_put_text(meta, TAG_MEDIA_SOP_INSTANCE_UID, "UI", uid);
    dicom_put_text(meta, TAG_TRANSFER_SYNTAX_UID, "UI", dataset->transfer_syntax);
    demo_uid(uid, "implementation");
    dicom_put_text(meta, TAG_IMPLEMENTATION_CLASS_UID, "UI", uid);
    dicom_put_text(meta, TAG_IMPLEMENTATION_VERSION, "SH", "CONSILIUM DEMO");
}

bool dicom_write(struct dicom_dataset *dataset, FILE *file) {
    static const uint8_t preamble[128];
    struct dicom_dataset meta;
    describe_file(&meta, dataset);
    uint8_t group_length[4];
    put_little_endian(group_length, (uint32_t)encoded_length(&meta), 4);
    put_copy(&meta, TAG_FILE_META_GROUP_LENGTH, "UL", group_length, sizeof(group_length), 0);
    qsort(meta.elements, meta.count, sizeof(meta.elements[0]), by_tag);
    qsort(dataset->elements, dataset->count, sizeof(dataset->elements[0]), by_tag);
    return fwrite(preamble, 1, sizeof(preamble), file) == sizeof(preamble) &&
           fwrite("DICM", 1, 4, file) == 4 && write_elements(&meta, file) &&
           write_elements(dataset, file);
}
