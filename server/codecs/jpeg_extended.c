#include "server/codecs/jpeg_extended.h"

#include "server/codecs/jpeg_entropy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 8u
#define BLOCK (SIDE * SIDE)

struct scan {
    struct jpeg_header header;
    struct jpeg_bits bits;
    double cosines[SIDE][SIDE]; // [position][frequency], scaled (A.3.3)
    int32_t last_dc;
};

/* Figure A.6: place in a block of each coefficient as they come. */
static const uint8_t zigzag[BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static bool agrees(const struct jpeg_header *header, const struct pixel_form *form) {
    const struct jpeg_component *component = &header->components[0];
    return header->process == JPEG_SOF1 && header->rows == form->rows &&
           header->columns == form->columns && header->component_count == 1 && form->samples == 1 &&
           header->precision == 12 && form->bits_allocated == 16 &&
           header->dc[component->dc_table].there && header->ac[component->ac_table].there &&
           header->quantisation_there[component->quantisation];
}

/* Coefficients of one block, dequantised (F.2.2). False at a code that is none. */
static bool read_block(struct scan *scan, double coefficients[BLOCK]) {
    const struct jpeg_component *component = &scan->header.components[0];
    const uint16_t *steps = scan->header.quantisation[component->quantisation];
    memset(coefficients, 0, BLOCK * sizeof *coefficients);
    unsigned category = jpeg_bits_decode(&scan->bits, &scan->header.dc[component->dc_table]);
    if (category > 15) {
        return false;
    }
    scan->last_dc += jpeg_bits_extend(&scan->bits, category);
    // More than any image has: the sum of hostile differences must not run over.
    if (scan->last_dc > 1 << 20 || scan->last_dc < -(1 << 20)) {
        return false;
    }
    coefficients[0] = (double)scan->last_dc * steps[0];
    for (unsigned k = 1; k < BLOCK; k++) {
        unsigned code = jpeg_bits_decode(&scan->bits, &scan->header.ac[component->ac_table]);
        if (code > 255) {
            return false;
        }
        unsigned zeros = code >> 4, bits = code & 15;
        if (bits == 0) {
            if (zeros != 15) {
                return true; // nothing but zeros to the end
            }
            k += 15;
            continue;
        }
        k += zeros;
        if (k >= BLOCK) {
            return false;
        }
        coefficients[zigzag[k]] = (double)jpeg_bits_extend(&scan->bits, bits) * steps[k];
    }
    return true;
}

/* A.3.3, along rows and then along columns. */
static void transform(const struct scan *scan, const double from[BLOCK], double into[BLOCK]) {
    double half[BLOCK];
    for (unsigned v = 0; v < SIDE; v++) {
        for (unsigned x = 0; x < SIDE; x++) {
            double sum = 0;
            for (unsigned u = 0; u < SIDE; u++) {
                sum += scan->cosines[x][u] * from[v * SIDE + u];
            }
            half[v * SIDE + x] = sum;
        }
    }
    for (unsigned x = 0; x < SIDE; x++) {
        for (unsigned y = 0; y < SIDE; y++) {
            double sum = 0;
            for (unsigned v = 0; v < SIDE; v++) {
                sum += scan->cosines[y][v] * half[v * SIDE + x];
            }
            into[y * SIDE + x] = sum;
        }
    }
}

static void put_block(const double block[BLOCK], uint32_t top, uint32_t left,
                      struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    for (uint32_t y = 0; y < SIDE && top + y < form->rows; y++) {
        for (uint32_t x = 0; x < SIDE && left + x < form->columns; x++) {
            double value = floor(block[y * SIDE + x] + 2048.5);
            value = value < 0 ? 0 : value > 4095 ? 4095 : value;
            uint32_t stored = (uint32_t)value;
            if (form->is_signed) {
                stored = (stored ^ 2048u) - 2048u;
            }
            ((uint16_t *)pixels->bytes)[(size_t)(top + y) * form->columns + left + x] =
                (uint16_t)stored;
        }
    }
}

static bool decode(struct scan *scan, struct pixels *pixels) {
    uint32_t left = scan->header.restart_interval;
    double coefficients[BLOCK], block[BLOCK];
    for (uint32_t top = 0; top < pixels->form.rows; top += SIDE) {
        for (uint32_t column = 0; column < pixels->form.columns; column += SIDE) {
            if (scan->header.restart_interval > 0 && left-- == 0) {
                if (!jpeg_bits_restart(&scan->bits)) {
                    return false;
                }
                scan->last_dc = 0;
                left = scan->header.restart_interval - 1;
            }
            if (!read_block(scan, coefficients) || scan->bits.short_of) {
                return false;
            }
            transform(scan, coefficients, block);
            put_block(block, top, column, pixels);
        }
    }
    return true;
}

enum codec_result jpeg_extended_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return CODEC_NO_MEMORY;
    }
    const double pi = acos(-1.0);
    for (unsigned x = 0; x < SIDE; x++) {
        for (unsigned u = 0; u < SIDE; u++) {
            scan->cosines[x][u] = (u == 0 ? sqrt(0.125) : 0.5) * cos((2 * x + 1) * u * pi / 16);
        }
    }
    bool good =
        jpeg_header_read(bytes, size, &scan->header) && agrees(&scan->header, &pixels->form);
    if (good) {
        jpeg_bits_init(&scan->bits, bytes, size, scan->header.entropy);
        good = decode(scan, pixels);
    }
    free(scan);
    return good ? CODEC_OK : CODEC_DAMAGED;
}
