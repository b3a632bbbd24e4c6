/*
 * The grey that each stored value is shown as: rescaled or looked up, then windowed or looked up
 * (PS3.3 C.11.1, C.11.2), then turned over where the smallest value is white.
 */
#ifndef CONSILIUM_CODECS_GREY_TABLE_H
#define CONSILIUM_CODECS_GREY_TABLE_H

#include "server/codecs/pixels.h"
#include "server/codecs/shown_values.h"

#define GREY_TABLE_SIZE 65536u
#define GREY_ONE 256u // of a grey of eight bits

/* By the bits of a sample as they lie in memory: 0 to 255 * GREY_ONE. `asked` takes the place of
 * the image's own window if its width is not 0. Without any, the frame's values are spread out from
 * the least to the greatest. */
void grey_table_make(const struct pixels *pixels, const struct shown_values *values,
                     const struct value_window *asked, uint16_t ret_table[GREY_TABLE_SIZE]);

#endif
