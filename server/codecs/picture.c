#include "server/codecs/picture.h"

#include "server/codecs/grey_table.h"

#include <stdlib.h>
#include <string.h>

static int32_t sample_at(const struct pixels *pixels, size_t at) {
    uint16_t bits = pixels_bits_at(pixels, at);
    return !pixels->form.is_signed             ? bits
           : pixels->form.bits_allocated == 16 ? (int16_t)bits
                                               : (int8_t)bits;
}

static uint8_t to_byte(double value) {
    return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5);
}

/* PS3.3 C.7.6.3.1.2. */
static void from_ybr(const int32_t ybr[3], uint8_t rgb[3]) {
    double y = ybr[0], b = ybr[1] - 128, r = ybr[2] - 128;
    rgb[0] = to_byte(y + 1.402 * r);
    rgb[1] = to_byte(y - 0.344136 * b - 0.714136 * r);
    rgb[2] = to_byte(y + 1.772 * b);
}

static void from_palette(const struct palette *palette, int32_t value, uint8_t rgb[3]) {
    int64_t place = (int64_t)value - palette->first;
    place = place < 0 ? 0 : place >= palette->count ? palette->count - 1 : place;
    rgb[0] = palette->red[place];
    rgb[1] = palette->green[place];
    rgb[2] = palette->blue[place];
}

static void colour_at(const struct pixels *pixels, const struct palette *palette, size_t pixel,
                      uint8_t rgb[3]) {
    if (pixels->form.colour == COLOUR_PALETTE) {
        from_palette(palette, sample_at(pixels, pixel), rgb);
        return;
    }
    int32_t samples[3];
    unsigned shift = pixels->form.bits_stored > 8 ? pixels->form.bits_stored - 8 : 0;
    for (unsigned i = 0; i < 3; i++) {
        samples[i] = sample_at(pixels, 3 * pixel + i) >> shift;
    }
    if (pixels->form.colour == COLOUR_YBR_FULL) {
        from_ybr(samples, rgb);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        rgb[i] = to_byte(samples[i]);
    }
}

/* Where the source of a place begins: neighbours share out all there is. */
static uint32_t source_of(uint32_t place, uint32_t from, uint32_t into) {
    return (uint32_t)((uint64_t)place * from / into);
}

/* What is seen is shared out, not what is stored: a table need not be a line. */
static void fill_grey(const struct pixels *pixels, const uint16_t *greys, uint32_t y, uint32_t x,
                      struct pixels *picture) {
    const struct pixel_form *from = &pixels->form, *into = &picture->form;
    uint32_t top = source_of(y, from->rows, into->rows);
    uint32_t bottom = source_of(y + 1, from->rows, into->rows);
    uint32_t left = source_of(x, from->columns, into->columns);
    uint32_t right = source_of(x + 1, from->columns, into->columns);
    uint64_t sum = 0;
    for (uint32_t row = top; row < bottom; row++) {
        for (uint32_t column = left; column < right; column++) {
            sum += greys[pixels_bits_at(pixels, (size_t)row * from->columns + column)];
        }
    }
    uint64_t whole = (uint64_t)GREY_ONE * (bottom - top) * (right - left);
    picture->bytes[(size_t)y * into->columns + x] = (uint8_t)((sum + whole / 2) / whole);
}

static void fill_colour(const struct pixels *pixels, const struct palette *palette, uint32_t y,
                        uint32_t x, struct pixels *picture) {
    const struct pixel_form *from = &pixels->form, *into = &picture->form;
    uint32_t top = source_of(y, from->rows, into->rows);
    uint32_t bottom = source_of(y + 1, from->rows, into->rows);
    uint32_t left = source_of(x, from->columns, into->columns);
    uint32_t right = source_of(x + 1, from->columns, into->columns);
    uint64_t sums[3] = {0, 0, 0};
    for (uint32_t row = top; row < bottom; row++) {
        for (uint32_t column = left; column < right; column++) {
            uint8_t rgb[3];
            colour_at(pixels, palette, (size_t)row * from->columns + column, rgb);
            for (unsigned i = 0; i < 3; i++) {
                sums[i] += rgb[i];
            }
        }
    }
    uint64_t count = (uint64_t)(bottom - top) * (right - left);
    for (unsigned i = 0; i < 3; i++) {
        picture->bytes[3 * ((size_t)y * into->columns + x) + i] =
            (uint8_t)((sums[i] + count / 2) / count);
    }
}

/* Fits, keeping its shape; never larger than it is. */
static void fit(struct pixel_form *form, const struct picture_wanted *wanted) {
    double scale = 1;
    if (wanted->rows_max > 0 && wanted->rows_max < form->rows) {
        scale = (double)wanted->rows_max / form->rows;
    }
    if (wanted->columns_max > 0 && wanted->columns_max < form->columns * scale) {
        scale = (double)wanted->columns_max / form->columns;
    }
    uint32_t rows = (uint32_t)(form->rows * scale + 0.5);
    uint32_t columns = (uint32_t)(form->columns * scale + 0.5);
    form->rows = rows ? rows : 1;
    form->columns = columns ? columns : 1;
}

enum codec_result picture_make(const struct pixels *pixels, const struct palette *palette,
                               const struct shown_values *values,
                               const struct picture_wanted *wanted, struct pixels *ret_picture) {
    bool grey = pixels->form.samples == 1 && pixels->form.colour != COLOUR_PALETTE;
    struct pixel_form form = {.rows = pixels->form.rows,
                              .columns = pixels->form.columns,
                              .samples = grey ? 1 : 3,
                              .bits_allocated = 8,
                              .bits_stored = 8,
                              .colour = grey ? COLOUR_MONOCHROME2 : COLOUR_RGB};
    memset(ret_picture, 0, sizeof *ret_picture);
    if (pixels->form.colour == COLOUR_PALETTE && palette->count == 0) {
        return CODEC_UNSUPPORTED;
    }
    fit(&form, wanted);
    if (!pixels_allocate(ret_picture, &form)) {
        return CODEC_NO_MEMORY;
    }
    uint16_t *greys = grey ? malloc(GREY_TABLE_SIZE * sizeof *greys) : NULL;
    if (grey && !greys) {
        pixels_free(ret_picture);
        return CODEC_NO_MEMORY;
    }
    if (grey) {
        grey_table_make(pixels, values, &wanted->window, greys);
    }
    for (uint32_t y = 0; y < form.rows; y++) {
        for (uint32_t x = 0; x < form.columns; x++) {
            if (grey) {
                fill_grey(pixels, greys, y, x, ret_picture);
            } else {
                fill_colour(pixels, palette, y, x, ret_picture);
            }
        }
    }
    free(greys);
    return CODEC_OK;
}
