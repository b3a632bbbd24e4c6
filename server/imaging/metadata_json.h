/*
 * Writes the DICOM JSON model (PS3.18 Annex F) of one instance while its data set is walked.
 *
 * Of bulk (pixel data, and binary values over 1 KB) only the address is written, as BulkDataURI:
 * "GGGGEEEE.OFFSET.LENGTH", in bytes of the file or of its inflated data set, or "7FE00010" when
 * the pixels are encapsulated. Group lengths and the file meta information are left out; the
 * transfer syntax appears as Available Transfer Syntax UID (0008,3002), where readers of metadata
 * look for it. Text is UTF-8, whatever the file used, and (0008,0005) says so.
 * Nothing here allocates per element; the output's limit bounds all.
 */
#ifndef CONSILIUM_IMAGING_METADATA_JSON_H
#define CONSILIUM_IMAGING_METADATA_JSON_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/character_set.h"
#include "server/imaging/element_walker.h"

#define METADATA_BINARY_MAX 1024u            // bytes of a binary value kept inline
#define METADATA_SIZE_MAX ((size_t)32 << 20) // bytes of JSON of one instance

struct metadata_json {
    /* Given. */
    struct bounded_output *output; // borrowed
    struct character_sets *sets;   // borrowed
    const char *transfer_syntax_uid;
    /* Owned. */
    struct bounded_output text; // one decoded value
    /* Derived. */
    bool wrote_transfer_syntax;
    bool signed_pixels;
    struct character_set charsets[WALK_DEPTH_MAX + 1]; // of each item depth
    bool has_member[WALK_DEPTH_MAX + 1];               // a member was written at this item depth
    bool has_item[WALK_DEPTH_MAX + 1]; // an item was written in this depth's sequence
};

void metadata_json_begin(struct metadata_json *json, struct bounded_output *output,
                         struct character_sets *sets, const char *transfer_syntax_uid);

/* Takes one step of the walk, in the order it happens. */
void metadata_json_event(struct metadata_json *json, enum walk_event event,
                         const struct dicom_element *element);

/* Closes the object and frees what begin made. `output->failed` tells whether it fitted. */
void metadata_json_end(struct metadata_json *json);

/* The character set in force for elements at this item depth. */
struct character_set metadata_json_charset(const struct metadata_json *json, unsigned depth);

#endif
