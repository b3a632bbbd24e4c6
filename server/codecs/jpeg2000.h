/* JPEG 2000 (ISO 15444-1), reversible and not, by OpenJPEG. */
#ifndef CONSILIUM_CODECS_JPEG2000_H
#define CONSILIUM_CODECS_JPEG2000_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given. */
enum codec_result jpeg2000_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

#endif
