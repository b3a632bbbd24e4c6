/* Baseline JPEG of 8 bits by libjpeg-turbo, read and written. */
#ifndef CONSILIUM_CODECS_JPEG_BASELINE_H
#define CONSILIUM_CODECS_JPEG_BASELINE_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given. Colour comes as RGB, and the form says so then:
 * YBR_FULL_422 has no meaning without its compression. */
enum codec_result jpeg_baseline_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

/* A picture of 8 bits, one sample or RGB. */
enum codec_result jpeg_baseline_encode(const struct pixels *picture, unsigned quality,
                                       uint8_t *space, size_t space_size, size_t *ret_size);

#endif
