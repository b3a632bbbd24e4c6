/* RLE frames (PS3.5 Annex G). */
#ifndef CONSILIUM_CODECS_RLE_H
#define CONSILIUM_CODECS_RLE_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given. */
enum codec_result rle_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

#endif
