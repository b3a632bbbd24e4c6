/*
 * Metadata of one instance, deflated so that the parts of a series become one gzip file (RFC 1952)
 * by being written one after the other: each part is a run of deflate blocks that ends on a byte
 * and refers to nothing before it, with the CRC and length of what it holds. Serving a series then
 * costs copying, not compressing.
 *
 * A part is cut into pieces before the address of each bulk value, so that what stands before it
 * (of the server, the case and the instance) is put in when it is served.
 */
#ifndef CONSILIUM_IMAGING_METADATA_PART_H
#define CONSILIUM_IMAGING_METADATA_PART_H

#include "protocol/values.h"
#include "server/imaging/bounded_output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METADATA_BULK_MEMBER "\"BulkDataURI\":\"" // an address follows

/* Appends the part; false when it does not fit or there is no memory. */
bool metadata_part_make(const uint8_t *json, size_t size, struct bounded_output *output);

/* Appends the text of one part; false when it is damaged or does not fit. */
bool metadata_part_read(const uint8_t *part, size_t size, struct text bulk,
                        struct bounded_output *output);

/* Builds `[part,part,...]` as a gzip file. Begin, add each, end. */
struct metadata_series {
    struct bounded_output *output; // borrowed
    uint32_t crc;
    uint64_t size; // of the text
    bool any;
};
void metadata_series_begin(struct metadata_series *series, struct bounded_output *output);
/* `bulk` is put before each address of a bulk value. */
bool metadata_series_add(struct metadata_series *series, const uint8_t *part, size_t size,
                         struct text bulk);
void metadata_series_end(struct metadata_series *series);

/* Makes a gzip file of a text that is not kept: as quickly as it can be. False when it does not fit
 * or there is no memory. */
bool metadata_text_deflate(const uint8_t *text, size_t size, struct bounded_output *output);

/* Inflates a gzip file under the output's limit. */
bool metadata_series_inflate(const uint8_t *gzip, size_t size, struct bounded_output *output);

#endif
