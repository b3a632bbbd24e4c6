/* Frames that are not compressed (PS3.5 section 8.1.1), also those in fragments (A.4.11). */
#ifndef CONSILIUM_CODECS_NATIVE_H
#define CONSILIUM_CODECS_NATIVE_H

#include "server/codecs/pixel_header.h"
#include "server/codecs/pixels.h"

enum codec_result native_decode(const uint8_t *bytes, size_t size, bool big_endian,
                                const struct pixel_header *header, struct pixels *pixels);

/* Planes of samples, one after the other, to samples that lie together; `planes` and the pixels are
 * of the same size. */
void planes_join(const uint8_t *planes, struct pixels *pixels);
/* The other way. */
void planes_part(const struct pixels *pixels, uint8_t *planes);

#endif
