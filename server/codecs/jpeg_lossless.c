#include "server/codecs/jpeg_lossless.h"

#include "server/codecs/jpeg_entropy.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    struct jpeg_header header;
    struct jpeg_bits bits;
    uint32_t left; // MCUs until a restart
};

static bool agrees(const struct jpeg_header *header, const struct pixel_form *form) {
    if (header->process != JPEG_SOF3 || header->rows != form->rows ||
        header->columns != form->columns || header->component_count != form->samples ||
        header->precision < 2 || header->precision > form->bits_allocated ||
        header->selection < 1 || header->selection > 7 ||
        header->approximation >= header->precision) {
        return false;
    }
    for (unsigned i = 0; i < header->component_count; i++) {
        const struct jpeg_component *component = &header->components[i];
        if (component->across != 1 || component->down != 1 ||
            !header->dc[component->dc_table].there) {
            return false;
        }
    }
    return true;
}

/* Table H.1. a: left, b: above, c: above left. */
static int32_t predict(unsigned selection, int32_t a, int32_t b, int32_t c) {
    switch (selection) {
    case 1:
        return a;
    case 2:
        return b;
    case 3:
        return c;
    case 4:
        return a + b - c;
    case 5:
        return a + ((b - c) >> 1);
    case 6:
        return b + ((a - c) >> 1);
    default:
        return (a + b) >> 1;
    }
}

/* H.1.2.2: categories up to 16, the last of which has no further bits. False at a code that is
 * none. */
static bool read_difference(struct scan *scan, unsigned component, int32_t *ret_difference) {
    const struct jpeg_table *table = &scan->header.dc[scan->header.components[component].dc_table];
    unsigned category = jpeg_bits_decode(&scan->bits, table);
    if (category > 16) {
        return false;
    }
    *ret_difference = category == 16 ? 32768 : jpeg_bits_extend(&scan->bits, category);
    return true;
}

static void put_sample(struct pixels *pixels, size_t at, uint16_t value) {
    if (pixels->form.bits_allocated == 16) {
        ((uint16_t *)pixels->bytes)[at] = value;
    } else {
        pixels->bytes[at] = (uint8_t)value;
    }
}

/* One row; `first` = predicted as the first of an image or a restart interval (H.1.2.1). */
static bool decode_row(struct scan *scan, struct pixels *pixels, uint32_t row, bool *first) {
    const struct pixel_form *form = &pixels->form;
    const struct jpeg_header *header = &scan->header;
    size_t stride = (size_t)form->columns * form->samples;
    size_t at = row * stride;
    bool new_start = *first;
    for (uint32_t column = 0; column < form->columns; column++) {
        if (header->restart_interval > 0 && scan->left == 0) {
            if (!jpeg_bits_restart(&scan->bits)) {
                return false;
            }
            scan->left = header->restart_interval;
            new_start = *first = true;
        }
        scan->left--;
        for (uint32_t i = 0; i < form->samples; i++, at++) {
            int32_t prediction;
            int32_t difference;
            if (new_start && column == 0) {
                prediction = 1 << (header->precision - header->approximation - 1);
            } else if (new_start) {
                prediction = pixels_bits_at(pixels, at - form->samples);
            } else if (column == 0) {
                prediction = pixels_bits_at(pixels, at - stride);
            } else {
                prediction = predict(header->selection, pixels_bits_at(pixels, at - form->samples),
                                     pixels_bits_at(pixels, at - stride),
                                     pixels_bits_at(pixels, at - stride - form->samples));
            }
            if (!read_difference(scan, i, &difference)) {
                return false;
            }
            put_sample(pixels, at, (uint16_t)(prediction + difference));
        }
    }
    *first = false;
    return true;
}

static void scale(struct pixels *pixels, unsigned approximation) {
    size_t count = pixels_size(&pixels->form) / pixels_sample_bytes(&pixels->form);
    for (size_t i = 0; approximation > 0 && i < count; i++) {
        put_sample(pixels, i, (uint16_t)(pixels_bits_at(pixels, i) << approximation));
    }
}

/* Values of a signed image come as what is stored, without the bits above them. */
static void extend_signs(struct pixels *pixels, unsigned precision) {
    size_t count = pixels_size(&pixels->form) / pixels_sample_bytes(&pixels->form);
    uint32_t half = 1u << (precision - 1);
    if (!pixels->form.is_signed || precision == pixels->form.bits_allocated) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t value = pixels_bits_at(pixels, i) & ((1u << precision) - 1);
        put_sample(pixels, i, (uint16_t)((value ^ half) - half));
    }
}

enum codec_result jpeg_lossless_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return CODEC_NO_MEMORY;
    }
    bool good = jpeg_header_read(bytes, size, &scan->header) &&
                agrees(&scan->header, &pixels->form) &&
                // Restarts lie between rows (H.1.1): predictions never cross the middle of one.
                scan->header.restart_interval % pixels->form.columns == 0;
    bool first = true;
    jpeg_bits_init(&scan->bits, bytes, size, scan->header.entropy);
    scan->left = scan->header.restart_interval;
    for (uint32_t row = 0; row < pixels->form.rows && good; row++) {
        good = decode_row(scan, pixels, row, &first) && !scan->bits.short_of;
    }
    if (good) {
        scale(pixels, scan->header.approximation);
        extend_signs(pixels, scan->header.precision);
    }
    free(scan);
    return good ? CODEC_OK : CODEC_DAMAGED;
}
