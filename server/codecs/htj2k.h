/*
 * High-throughput JPEG 2000 (ISO 15444-15) by OpenJPH: our lossless copies written, theirs and ours
 * read. What OpenJPH throws stays behind this header.
 */
#ifndef CONSILIUM_CODECS_HTJ2K_H
#define CONSILIUM_CODECS_HTJ2K_H

#include "server/codecs/pixels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HTJ2K_DECOMPOSITIONS 5u
#define HTJ2K_SIDE_MIN 17u // of the longer side: OpenJPH 0.9.0 writes smaller ones wrongly

/* Reversible, one tile, one layer, blocks of 64 x 64, resolution after resolution (RPCL), RGB with
 * the reversible colour transform. Writes into `space` and nothing beyond; CODEC_OVER_LIMIT when it
 * does not fit. Sample values that do not fit bits_stored are kept by writing all bits that are
 * allocated. */
enum codec_result htj2k_encode(const struct pixels *pixels, uint8_t *space, size_t space_size,
                               size_t *ret_size);

/* Decodes into memory of its own. With `reduction` n every side is divided by 2^n, rounded up, and
 * `ret_pixels->form` says so; the bytes may then be the prefix that this resolution needs, and a
 * codestream that ends early is taken as far as it goes. With 0 it must be whole. */
enum codec_result htj2k_decode(const uint8_t *bytes, size_t size, const struct pixel_form *expected,
                               unsigned reduction, struct pixels *ret_pixels);

#ifdef __cplusplus
}
#endif

#endif
