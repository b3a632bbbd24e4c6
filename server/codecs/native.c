#include "server/codecs/native.h"

#include <stdbool.h>
#include <string.h>

void planes_join(const uint8_t *planes, struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    size_t count = (size_t)form->rows * form->columns;
    uint32_t sample_bytes = pixels_sample_bytes(form);
    for (uint32_t sample = 0; sample < form->samples; sample++) {
        const uint8_t *from = planes + sample * count * sample_bytes;
        uint8_t *into = pixels->bytes + (size_t)sample * sample_bytes;
        for (size_t i = 0; i < count; i++) {
            memcpy(into + i * form->samples * sample_bytes, from + i * sample_bytes, sample_bytes);
        }
    }
}

void planes_part(const struct pixels *pixels, uint8_t *planes) {
    const struct pixel_form *form = &pixels->form;
    size_t count = (size_t)form->rows * form->columns;
    uint32_t sample_bytes = pixels_sample_bytes(form);
    for (uint32_t sample = 0; sample < form->samples; sample++) {
        const uint8_t *from = pixels->bytes + (size_t)sample * sample_bytes;
        uint8_t *into = planes + sample * count * sample_bytes;
        for (size_t i = 0; i < count; i++) {
            memcpy(into + i * sample_bytes, from + i * form->samples * sample_bytes, sample_bytes);
        }
    }
}

static void swap_words(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint8_t first = bytes[i];
        bytes[i] = bytes[i + 1];
        bytes[i + 1] = first;
    }
}

/* Two pixels are four bytes: luma, luma, and the chroma of both (PS3.3 C.7.6.3.1.2). */
static void chroma_double(const uint8_t *pairs, struct pixels *pixels) {
    size_t count = (size_t)pixels->form.rows * pixels->form.columns;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pair = pairs + i / 2 * 4;
        uint8_t pixel[3] = {pair[i % 2], pair[2], pair[3]};
        memcpy(pixels->bytes + i * 3, pixel, sizeof pixel);
    }
}

/* What the data set calls YBR_FULL_422; its size tells it from YBR_FULL. */
static bool halves_chroma(const struct pixel_form *form, size_t size) {
    return form->colour == COLOUR_YBR_FULL && form->bits_allocated == 8 && form->columns % 2 == 0 &&
           size == (size_t)form->rows * form->columns * 2;
}

enum codec_result native_decode(const uint8_t *bytes, size_t size, bool big_endian,
                                const struct pixel_header *header, struct pixels *pixels) {
    size_t wanted = pixels_size(&pixels->form);
    if (halves_chroma(&pixels->form, size) && !(big_endian && header->words_swapped)) {
        chroma_double(bytes, pixels);
        return CODEC_OK;
    }
    // One byte more fills a value to an even length; a frame is never shorter.
    if (size < wanted || size > wanted + 1) {
        return CODEC_DAMAGED;
    }
    bool swapped = big_endian && (pixels->form.bits_allocated == 16 || header->words_swapped);
    if (swapped && pixels->form.bits_allocated == 8 && wanted % 2 != 0) {
        return CODEC_UNSUPPORTED; // its last byte lies behind a filling one
    }
    if (header->planar && pixels->form.samples > 1) {
        planes_join(bytes, pixels);
    } else {
        memcpy(pixels->bytes, bytes, wanted);
    }
    if (swapped) {
        swap_words(pixels->bytes, wanted);
    }
    return CODEC_OK;
}
