/*
 * Lossless JPEG (ITU-T T.81 Annex H, process 14): 2 to 16 bits, predictors 1 to 7, restart
 * intervals, samples that lie together.
 */
#ifndef CONSILIUM_CODECS_JPEG_LOSSLESS_H
#define CONSILIUM_CODECS_JPEG_LOSSLESS_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given. */
enum codec_result jpeg_lossless_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

#endif
