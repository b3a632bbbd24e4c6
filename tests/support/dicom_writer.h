/*
 * Writes small DICOM files for tests, element by element, in Explicit VR Little Endian. Header
 * only: a test that wants an image has one in three lines.
 */
#ifndef CONSILIUM_TESTS_DICOM_WRITER_H
#define CONSILIUM_TESTS_DICOM_WRITER_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DICOM_WRITER_MAX 32768
#define DICOM_WRITER_ROWS 16
#define DICOM_WRITER_COLUMNS 16

struct dicom_writer {
    size_t size;
    uint8_t bytes[DICOM_WRITER_MAX];
};

static inline void dicom_writer_raw(struct dicom_writer *writer, const void *bytes, size_t size) {
    assert(size <= sizeof writer->bytes - writer->size);
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

static inline void dicom_writer_element(struct dicom_writer *writer, uint32_t tag, const char *vr,
                                        const void *value, size_t size) {
    uint8_t header[12] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 24), (uint8_t)tag,
                          (uint8_t)(tag >> 8),  (uint8_t)vr[0],       (uint8_t)vr[1]};
    int is_long = strstr("OB OW SQ UN UT UC", vr) != NULL;
    size_t padded = size + size % 2;
    for (int i = 0; i < (is_long ? 4 : 2); i++) {
        header[(is_long ? 8 : 6) + i] = (uint8_t)(padded >> 8 * i);
    }
    dicom_writer_raw(writer, header, is_long ? 12 : 8);
    dicom_writer_raw(writer, value, size);
    if (padded > size) {
        dicom_writer_raw(writer, vr[0] == 'U' || vr[0] == 'O' ? "" : " ", 1);
    }
}

static inline void dicom_writer_text(struct dicom_writer *writer, uint32_t tag, const char *vr,
                                     const char *text) {
    dicom_writer_element(writer, tag, vr, text, strlen(text));
}

static inline void dicom_writer_u16(struct dicom_writer *writer, uint32_t tag, uint16_t number) {
    uint8_t bytes[2] = {(uint8_t)number, (uint8_t)(number >> 8)};
    dicom_writer_element(writer, tag, "US", bytes, sizeof bytes);
}

/* Sequences and items of undefined length. */
static inline void dicom_writer_mark(struct dicom_writer *writer, uint32_t tag, const char *rest,
                                     size_t size) {
    uint8_t bytes[4] = {(uint8_t)(tag >> 16), (uint8_t)(tag >> 24), (uint8_t)tag,
                        (uint8_t)(tag >> 8)};
    dicom_writer_raw(writer, bytes, sizeof bytes);
    dicom_writer_raw(writer, rest, size);
}

static inline void dicom_writer_sequence_begin(struct dicom_writer *writer, uint32_t tag) {
    dicom_writer_mark(writer, tag, "SQ\0\0\xff\xff\xff\xff", 8);
}

static inline void dicom_writer_item_begin(struct dicom_writer *writer) {
    dicom_writer_mark(writer, 0xFFFEE000, "\xff\xff\xff\xff", 4);
}

static inline void dicom_writer_item_end(struct dicom_writer *writer) {
    dicom_writer_mark(writer, 0xFFFEE00D, "\0\0\0\0", 4);
}

static inline void dicom_writer_sequence_end(struct dicom_writer *writer) {
    dicom_writer_mark(writer, 0xFFFEE0DD, "\0\0\0\0", 4);
}

/* A functional group with numbers of up to two attributes (PS3.3 C.7.6.16.2); tag 0 = one only. */
static inline void dicom_writer_macro_of_two(struct dicom_writer *writer, uint32_t sequence,
                                             uint32_t tag, const char *value, uint32_t other_tag,
                                             const char *other_value) {
    dicom_writer_sequence_begin(writer, sequence);
    dicom_writer_item_begin(writer);
    dicom_writer_text(writer, tag, "DS", value);
    if (other_tag) {
        dicom_writer_text(writer, other_tag, "DS", other_value);
    }
    dicom_writer_item_end(writer);
    dicom_writer_sequence_end(writer);
}

static inline void dicom_writer_macro(struct dicom_writer *writer, uint32_t sequence, uint32_t tag,
                                      const char *value) {
    dicom_writer_macro_of_two(writer, sequence, tag, value, 0, NULL);
}

/* Preamble, prefix and meta information of the transfer syntax. */
static inline void dicom_writer_begin_as(struct dicom_writer *writer, const char *syntax) {
    memset(writer->bytes, 0, 128);
    writer->size = 128;
    dicom_writer_raw(writer, "DICM", 4);
    dicom_writer_text(writer, 0x00020010, "UI", syntax);
}

static inline void dicom_writer_begin(struct dicom_writer *writer) {
    dicom_writer_begin_as(writer, "1.2.840.10008.1.2.1");
}

static inline void dicom_writer_identity(struct dicom_writer *writer, unsigned number) {
    char uid[65];
    snprintf(uid, sizeof uid, "1.2.3.4.%u", number);
    dicom_writer_text(writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    dicom_writer_text(writer, 0x00080018, "UI", uid);
    dicom_writer_text(writer, 0x00080020, "DA", "20260102");
    dicom_writer_text(writer, 0x00080060, "CS", "CT");
    dicom_writer_text(writer, 0x0008103E, "LO", "Thorax");
    dicom_writer_text(writer, 0x00100010, "PN", "Example^Eva");
    dicom_writer_text(writer, 0x00100020, "LO", "E-1");
}

static inline void dicom_writer_slice_as(struct dicom_writer *writer, unsigned number,
                                         const char *burned_in) {
    char text[64];
    dicom_writer_identity(writer, number);
    dicom_writer_text(writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(writer, 0x0020000E, "UI", "1.2.3.2");
    snprintf(text, sizeof text, "%u", number);
    dicom_writer_text(writer, 0x00200013, "IS", text);
    snprintf(text, sizeof text, "-8\\-8\\%u", 2 * number);
    dicom_writer_text(writer, 0x00200032, "DS", text);
    dicom_writer_text(writer, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    dicom_writer_text(writer, 0x00200052, "UI", "1.2.3.3");
    dicom_writer_u16(writer, 0x00280002, 1);
    dicom_writer_text(writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(writer, 0x00280010, DICOM_WRITER_ROWS);
    dicom_writer_u16(writer, 0x00280011, DICOM_WRITER_COLUMNS);
    dicom_writer_text(writer, 0x00280030, "DS", "1\\1");
    dicom_writer_u16(writer, 0x00280100, 16);
    dicom_writer_u16(writer, 0x00280101, 12);
    dicom_writer_u16(writer, 0x00280103, 0);
    if (burned_in) {
        dicom_writer_text(writer, 0x00280301, "CS", burned_in);
    }
    uint8_t pixels[DICOM_WRITER_ROWS * DICOM_WRITER_COLUMNS * 2];
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = (uint8_t)(i + number);
    }
    dicom_writer_element(writer, 0x7FE00010, "OW", pixels, sizeof pixels);
}

/* Slice `number` (from 1) of an axial series, 2 mm apart, 16 x 16 pixels that name the slice. */
static inline void dicom_writer_slice(struct dicom_writer *writer, unsigned number) {
    dicom_writer_slice_as(writer, number, NULL);
}

/* One that says of itself that there are words in its pixels. */
static inline void dicom_writer_slice_with_words(struct dicom_writer *writer, unsigned number) {
    dicom_writer_slice_as(writer, number, "YES");
}

#endif
