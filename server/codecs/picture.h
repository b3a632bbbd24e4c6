/*
 * A frame as a person would see it: its window applied, its palette looked up, as grey or RGB of
 * eight bits, made smaller when it does not fit.
 */
#ifndef CONSILIUM_CODECS_PICTURE_H
#define CONSILIUM_CODECS_PICTURE_H

#include "server/codecs/pixel_header.h"
#include "server/codecs/pixels.h"
#include "server/codecs/shown_values.h"

struct picture_wanted {
    uint32_t rows_max, columns_max; // 0 = as many as there are
    struct value_window window;     // width 0 = the image's own
};

/* `values` are those of a grey frame. Gives 8-bit pixels of one sample or RGB, to free. */
enum codec_result picture_make(const struct pixels *pixels, const struct palette *palette,
                               const struct shown_values *values,
                               const struct picture_wanted *wanted, struct pixels *ret_picture);

#endif
