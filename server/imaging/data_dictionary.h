/*
 * The value representation of standard attributes (PS3.6), for data sets that do not say it
 * themselves: Implicit VR, and elements that passed through software that did not know them (UN).
 *
 * It holds the attributes of the image, document, presentation and report modules; any other
 * attribute is UN, which loses nothing but its readable form.
 */
#ifndef CONSILIUM_IMAGING_DATA_DICTIONARY_H
#define CONSILIUM_IMAGING_DATA_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As DICOM_VR('C', 'S'). Where PS3.6 leaves a choice: US for "US or SS", OW for "OB or OW". Group
 * lengths are UL, private creators LO, everything unknown UN. */
uint16_t data_dictionary_vr(uint32_t tag);

/* True for the attributes PS3.6 lists as "US or SS", whose sign follows Pixel Representation. */
bool data_dictionary_follows_pixel_sign(uint32_t tag);

/* Walks the table, in ascending order of tags, for the test that compares it with another
 * dictionary. */
size_t data_dictionary_size(void);
uint32_t data_dictionary_tag_at(size_t place);

#endif
