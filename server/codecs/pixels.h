/*
 * The pixels of one frame as they lie in memory, and what is said about them beforehand.
 *
 * Samples of a pixel lie together, rows follow one another without gaps, two bytes a sample are
 * little endian (this is written for little endian machines). Values are those of the file: nothing
 * is rescaled, windowed or converted to another colour space, except where a JPEG 2000 codestream
 * does so by itself (its reversible colour transform, which DICOM calls YBR_RCT).
 */
#ifndef CONSILIUM_CODECS_PIXELS_H
#define CONSILIUM_CODECS_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PIXELS_SIDE_MAX 32768u                // of a frame that is decoded
#define PIXELS_SIZE_MAX ((uint64_t)256 << 20) // bytes of a frame that is decoded

enum codec_result {
    CODEC_OK,
    CODEC_UNSUPPORTED, // a packing, or a kind of pixels, that is not decoded here
    CODEC_DAMAGED,     // it does not hold what it says, or not what was expected
    CODEC_OVER_LIMIT,  // larger than the space that was given
    CODEC_NO_MEMORY,
};

enum pixel_colour {
    COLOUR_MONOCHROME1, // the smallest value is white
    COLOUR_MONOCHROME2, //
    COLOUR_PALETTE,     // values are places in a table
    COLOUR_RGB,
    COLOUR_YBR_FULL, // PS3.3 C.7.6.3.1.2
};

/* What the index row says of a frame: never more is allocated, and a codestream that says otherwise
 * is refused. */
struct pixel_form {
    uint32_t rows, columns;
    uint32_t samples;        // 1 or 3
    uint32_t bits_allocated; // 8 or 16
    uint32_t bits_stored;    // 1 to bits_allocated
    bool is_signed;
    enum pixel_colour colour;
};

struct pixels {
    struct pixel_form form;
    /* Owned. */
    uint8_t *bytes; // pixels_size(&form)
};

static inline uint32_t pixels_sample_bytes(const struct pixel_form *form) {
    return form->bits_allocated / 8;
}

static inline size_t pixels_size(const struct pixel_form *form) {
    return (size_t)form->rows * form->columns * form->samples * pixels_sample_bytes(form);
}

/* The bits of a sample, whatever their sign; `at` counts samples. */
static inline uint16_t pixels_bits_at(const struct pixels *pixels, size_t at) {
    return pixels->form.bits_allocated == 16 ? ((const uint16_t *)(const void *)pixels->bytes)[at]
                                             : pixels->bytes[at];
}

/* Is it a form that is decoded here? Everything is bounded by this. */
bool pixel_form_is_valid(const struct pixel_form *form);

/* Memory for the form, not cleared; false without. */
bool pixels_allocate(struct pixels *pixels, const struct pixel_form *form);
void pixels_free(struct pixels *pixels); // zeroed is fine

const char *codec_result_text(enum codec_result result);

#ifdef __cplusplus
}
#endif

#endif
