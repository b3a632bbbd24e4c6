/*
 * Metadata for who is not told who the patient is: of the DICOM JSON that we wrote at ingest, what
 * a viewer needs to draw an image, and nothing else.
 *
 * A list of what stays rather than of what goes: an attribute that nobody has thought about, a
 * private one, or one of a later edition of the standard, is left out. None of the list is in table
 * E.1-1 of PS3.15 but what its options keep: UIDs (by which images are asked for), sex and age
 * (Retain Patient Characteristics), and the study's date (Retain Longitudinal Temporal Information
 * With Full Dates), as a prior means nothing without one. No text that somebody typed stays.
 */
#ifndef CONSILIUM_IMAGING_METADATA_MASK_H
#define CONSILIUM_IMAGING_METADATA_MASK_H

#include "server/imaging/bounded_output.h"

/* Whether this attribute is told to everybody who sees the image. */
bool metadata_mask_keeps(uint32_t tag);

/* Appends the text without the others; false when it is not JSON as we write it, or does not fit:
 * nothing of it may be used then. */
bool metadata_mask(const uint8_t *json, size_t size, struct bounded_output *output);

#endif
