/*
 * Values of single elements as numbers, whatever they are written as: text (IS, DS) or binary (US,
 * SL, FD...). A value that cannot be read is absent, never a guess.
 */
#ifndef CONSILIUM_IMAGING_ELEMENT_VALUE_H
#define CONSILIUM_IMAGING_ELEMENT_VALUE_H

#include "protocol/values.h"
#include "server/imaging/element_walker.h"

/* Reads up to `space` finite numbers; returns how many there were space for and could be read in a
 * row from the first. */
size_t element_numbers(const struct dicom_element *element, double *ret_numbers, size_t space);

/* The first value, true when it is whole and within [low, high]. */
bool element_integer(const struct dicom_element *element, int64_t low, int64_t high,
                     int64_t *ret_value);

/* The bytes without trailing padding; leading spaces are skipped where they do not count. */
const char *element_trimmed(const struct dicom_element *element, size_t *ret_size);

/* A decimal number of at most 32 characters (PS3.5 section 6.2 allows 16, writers exceed it). */
bool element_parse_decimal(const char *text, size_t size, double *ret_value);

/* Is this a UID (PS3.5 9.1): digits and points, 1 to 64? Then it may stand in an address. */
bool element_is_uid(struct text value);

/* Size of one binary value of this VR, 0 when it is text or a bag of bytes. */
size_t dicom_vr_value_size(uint16_t vr);

/* One binary value as a number. */
double element_binary_number(uint16_t vr, const uint8_t *value, bool big_endian);

#endif
