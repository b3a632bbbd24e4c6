/*
 * A frame as a person would see it: its window applied, its palette looked up, as grey or RGB of
 * eight bits, made smaller when it does not fit.
 */
#ifndef CONSILIUM_CODECS_PICTURE_H
#define CONSILIUM_CODECS_PICTURE_H

#include "server/codecs/pixel_header.h"
#include "server/codecs/pixels.h"

struct picture_wanted {
    uint32_t rows_max, columns_max;     // 0 = as many as there are
    double window_center, window_width; // of rescaled values; width 0 = what is there is shown
    double slope, intercept;            // of rescaling
};

/* Gives 8-bit pixels of one sample or RGB, to free. */
enum codec_result picture_make(const struct pixels *pixels, const struct palette *palette,
                               const struct picture_wanted *wanted, struct pixels *ret_picture);

#endif
