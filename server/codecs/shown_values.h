/*
 * What a data set says of how the grey values of one of its frames are shown: the modality's and
 * the window's step of the pipeline (PS3.4 N.2), with the functional groups of that very frame
 * (PS3.3 C.7.6.16.2.9, C.7.6.16.2.10), which count before what is said of all frames.
 */
#ifndef CONSILIUM_CODECS_SHOWN_VALUES_H
#define CONSILIUM_CODECS_SHOWN_VALUES_H

#include "protocol/generated/ingest.h"
#include "server/imaging/element_walker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_TABLE_MAX 65536u // entries

/* Of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1). */
struct value_table {
    uint32_t count; // entries, 0 = there is none
    int32_t first;  // value of the first entry; below it is the same
    unsigned bits;  // of an entry
    uint16_t values[VALUE_TABLE_MAX];
};

struct value_window {
    double center, width; // of rescaled values; width 0 = there is none
    enum window_function function;
};

struct shown_values {
    double slope, intercept; // where there is no table of the modality
    struct value_table modality;
    struct value_window window; // the first one
    struct value_table voi;
    uint32_t high_bit; // (0028,0102); 0 = not said
};

/* Reads `bytes`, a data set up to its pixels, for a frame counted from 1. What is not there or does
 * not make sense is as if it were not said: slope 1, intercept 0, no window. */
void shown_values_read(const uint8_t *bytes, size_t size, enum dicom_encoding encoding,
                       uint32_t frame, struct shown_values *ret_values);

/* Descriptor of a table: (count, first value, bits); 0 entries are 65536. False when it makes no
 * sense. `is_signed`: where the file does not say it, are its values? */
bool table_descriptor_read(const struct dicom_element *descriptor, bool is_signed,
                           uint32_t *ret_count, int32_t *ret_first, unsigned *ret_bits);

#endif
