/*
 * The value part of one attribute in the DICOM JSON model (PS3.18 section F.2.3): what stands
 * between "vr":"XX" and the closing brace.
 */
#ifndef CONSILIUM_IMAGING_METADATA_VALUE_H
#define CONSILIUM_IMAGING_METADATA_VALUE_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/character_set.h"
#include "server/imaging/element_walker.h"

/* True for VRs whose value is InlineBinary. */
bool metadata_value_is_binary(uint16_t vr);

/* Appends `,"Value":[...]` or `,"InlineBinary":"..."`, nothing for an empty value. `scratch` holds
 * decoded text meanwhile and is left empty. */
void metadata_value_write(struct bounded_output *output, struct bounded_output *scratch,
                          struct character_sets *sets, struct character_set charset,
                          const struct dicom_element *element);

/* Appends UTF-8 as a JSON string with its quotes (RFC 8259 section 7). */
void json_write_string(struct bounded_output *output, const char *text, size_t size);

#endif
