/*
 * What is needed of a data set to make pictures of its pixels and is not in the index row: how the
 * samples of native frames lie, and palettes.
 */
#ifndef CONSILIUM_CODECS_PIXEL_HEADER_H
#define CONSILIUM_CODECS_PIXEL_HEADER_H

#include "server/imaging/element_walker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PALETTE_ENTRIES_MAX 65536u

struct palette {
    uint32_t count; // entries, 0 = there is none
    int32_t first;  // value of the first entry; below it is the same
    uint8_t red[PALETTE_ENTRIES_MAX], green[PALETTE_ENTRIES_MAX], blue[PALETTE_ENTRIES_MAX];
};

struct pixel_header {
    bool planar;        // (0028,0006): all red, then all green, then all blue
    bool words_swapped; // bytes of a native frame that lie in words of the other order
    struct palette palette;
};

/* Reads `bytes`, a data set up to its pixels. What is not there or does not make sense is zero. */
void pixel_header_read(const uint8_t *bytes, size_t size, enum dicom_encoding encoding,
                       struct pixel_header *ret_header);

#endif
