/*
 * Sequential JPEG of 12 bits (ITU-T T.81 process 4, SOF1), which libjpeg-turbo 2.1 does not have:
 * greyscale, Huffman coded. The inverse transform is done in double precision.
 */
#ifndef CONSILIUM_CODECS_JPEG_EXTENDED_H
#define CONSILIUM_CODECS_JPEG_EXTENDED_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given: one sample, two bytes. */
enum codec_result jpeg_extended_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

#endif
