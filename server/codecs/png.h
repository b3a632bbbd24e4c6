/* PNG of pictures (ISO/IEC 15948), written: eight bits, nothing lost. */
#ifndef CONSILIUM_CODECS_PNG_H
#define CONSILIUM_CODECS_PNG_H

#include "server/codecs/pixels.h"

/* A picture of 8 bits, one sample or RGB. */
enum codec_result png_encode(const struct pixels *picture, uint8_t *space, size_t space_size,
                             size_t *ret_size);

#endif
