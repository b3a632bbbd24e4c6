#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_DICOM_DATASET_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_DICOM_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A flat DICOM data set: the top-level elements of one file, in any order, written out sorted as a
 * Part 10 file (PS3.10 section 7) in Explicit VR Little Endian or, when the pixel data came
 * compressed, in its own transfer syntax. Reading takes the same two forms and skips sequences:
 * what the demonstration needs of foreign files are geometry and pixels.
 *
 * Lifetime: `dicom_init` and it is usable; nothing to finish. Short values are copied into the
 * data set; pixel data and everything read from a file is borrowed from the caller's bytes.
 */

enum {
    DICOM_ELEMENTS_MAX = 320,
    DICOM_COPIED_BYTES_MAX = 8192,
    DICOM_SEQUENCE_DEPTH_MAX = 16,
};

#define DICOM_EXPLICIT_LITTLE_ENDIAN "1.2.840.10008.1.2.1"
#define DICOM_JPEG_BASELINE "1.2.840.10008.1.2.4.50"

struct dicom_element {
    uint32_t tag; // group in the upper, element in the lower 16 bits
    char vr[3];
    bool encapsulated; // pixel data as a sequence of fragments, undefined length
    const uint8_t *value;
    size_t length;
};

struct dicom_dataset {
    struct dicom_element elements[DICOM_ELEMENTS_MAX];
    size_t count;
    char transfer_syntax[65];
    uint8_t copied[DICOM_COPIED_BYTES_MAX];
    size_t copied_length;
};

void dicom_init(struct dicom_dataset *dataset);

// Each put replaces an element of the same tag. Text is padded to even length; its repertoire and
// length are the caller's. More than the two bounds above is a bug of ours and asserts.
void dicom_put_text(struct dicom_dataset *dataset, uint32_t tag, const char *vr, const char *text);
void dicom_put_number(struct dicom_dataset *dataset, uint32_t tag, uint16_t number); // VR US
void dicom_put_tag(struct dicom_dataset *dataset, uint32_t tag, uint32_t pointed);   // VR AT
// VR DS: `count` numbers, each in at most 16 characters (PS3.5 table 6.2-1).
void dicom_put_decimals(struct dicom_dataset *dataset, uint32_t tag, const double *numbers,
                        size_t count);
// Borrows `element->value`.
void dicom_put_element(struct dicom_dataset *dataset, const struct dicom_element *element);

// NULL when there is no such element.
const struct dicom_element *dicom_find(const struct dicom_dataset *dataset, uint32_t tag);
// The `nth` number (0-based) of a DS or US element; false when absent or not a number.
bool dicom_number(const struct dicom_dataset *dataset, uint32_t tag, size_t nth,
                  double *ret_number);
// Copies a text element without its padding; false when absent or longer than `size - 1`.
bool dicom_text(const struct dicom_dataset *dataset, uint32_t tag, char *ret_text, size_t size);

// True for the value representations with a 32-bit length (PS3.5 section 7.1.2).
bool dicom_vr_has_long_length(const char *vr);

// Reads a Part 10 file held in memory. False when it is not one, is cut short, is in a transfer
// syntax that is not explicit little endian, or is over a bound. Borrows `bytes`.
bool dicom_read(struct dicom_dataset *dataset, const uint8_t *bytes, size_t length);

// Writes a Part 10 file. SOPClassUID and SOPInstanceUID must be present. False when `file` fails.
bool dicom_write(struct dicom_dataset *dataset, FILE *file);

#endif
