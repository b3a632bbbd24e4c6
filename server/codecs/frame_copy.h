/*
 * The lossless copy of one frame: decoded, coded as HTJ2K, decoded again and compared, measured.
 */
#ifndef CONSILIUM_CODECS_FRAME_COPY_H
#define CONSILIUM_CODECS_FRAME_COPY_H

#include "server/codecs/frame_decoder.h"
#include "server/codecs/htj2k.h"

struct frame_copy {
    size_t size;                             // bytes
    uint64_t prefixes[HTJ2K_DECOMPOSITIONS]; // [n - 1]: bytes for reduction n
};

/* Writes the codestream into `space`. Nothing that does not come back bit for bit is given out. */
enum codec_result frame_copy_make(const struct frame_coding *coding, const uint8_t *bytes,
                                  size_t size, uint8_t *space, size_t space_size,
                                  struct frame_copy *ret_copy);

#endif
