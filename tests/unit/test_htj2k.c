/* links: codecs m; timeout: 60 */
/* Our lossless copies: the same pixels come back, and each prefix is exact. */
#include "server/codecs/packet_prefixes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SPACE = 8 << 20 };

/* Something like anatomy: a disc with structure, noise, and air around it. */
static void draw(struct pixels *pixels, const struct pixel_form *form, unsigned seed) {
    assert_true(pixel_form_is_valid(form));
    assert_true(pixels_allocate(pixels, form));
    uint32_t state = seed * 2654435761u + 1;
    uint32_t mask = form->bits_stored < 32 ? (1u << form->bits_stored) - 1 : UINT32_MAX;
    size_t at = 0;
    for (uint32_t y = 0; y < form->rows; y++) {
        for (uint32_t x = 0; x < form->columns; x++) {
            for (uint32_t s = 0; s < form->samples; s++, at++) {
                double dx = (double)x / form->columns - 0.5, dy = (double)y / form->rows - 0.5;
                state = state * 1664525u + 1013904223u;
                double value = dx * dx + dy * dy < 0.2 ? 0.5 + 0.2 * sin(20 * dx + s) : 0.02;
                int32_t number = (int32_t)(value * mask + (state >> 24) * (mask / 4096.0));
                if (form->is_signed) {
                    number -= (int32_t)(mask / 2);
                    int32_t half = (int32_t)(mask / 2);
                    number = number > half ? half : number;
                } else {
                    number = number > (int32_t)mask ? (int32_t)mask : number;
                }
                if (form->bits_allocated == 16) {
                    ((uint16_t *)pixels->bytes)[at] = (uint16_t)number;
                } else {
                    pixels->bytes[at] = (uint8_t)number;
                }
            }
        }
    }
}

static const struct pixel_form forms[] = {
    {512, 512, 1, 16, 12, false, COLOUR_MONOCHROME2},
    {512, 512, 1, 16, 16, true, COLOUR_MONOCHROME2},
    {512, 512, 1, 16, 16, false, COLOUR_MONOCHROME1},
    {274, 384, 1, 16, 12, true, COLOUR_MONOCHROME2},
    {480, 640, 3, 8, 8, false, COLOUR_RGB},
    {480, 640, 3, 8, 8, false, COLOUR_YBR_FULL},
    {17, 1, 1, 16, 12, false, COLOUR_MONOCHROME2},
    {7, 19, 1, 8, 8, false, COLOUR_MONOCHROME2},
    {1, 33, 1, 8, 1, false, COLOUR_MONOCHROME2},
    {31, 65, 3, 16, 16, false, COLOUR_RGB},
    {2100, 1700, 1, 16, 14, false, COLOUR_MONOCHROME2},
    {64, 64, 3, 16, 12, true, COLOUR_RGB},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static uint8_t space[SPACE];

static void the_same_pixels_come_back(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct pixels drawn, decoded;
        size_t size = 0;
        draw(&drawn, &forms[i], (unsigned)i);
        assert_int_equal(htj2k_encode(&drawn, space, SPACE, &size), CODEC_OK);
        assert_int_equal(htj2k_decode(space, size, &forms[i], 0, &decoded), CODEC_OK);
        assert_memory_equal(drawn.bytes, decoded.bytes, pixels_size(&forms[i]));
        pixels_free(&drawn);
        pixels_free(&decoded);
    }
}

static void a_prefix_decodes_as_the_whole_does_and_a_byte_less_does_not(void **state) {
    (void)state;
    unsigned shorter_differs = 0;
    for (size_t i = 0; i < FORMS; i++) {
        struct pixels drawn;
        size_t size = 0;
        uint64_t prefixes[HTJ2K_DECOMPOSITIONS];
        draw(&drawn, &forms[i], (unsigned)i);
        assert_int_equal(htj2k_encode(&drawn, space, SPACE, &size), CODEC_OK);
        assert_true(packet_prefixes_find(space, size, prefixes));
        for (unsigned reduction = 1; reduction <= HTJ2K_DECOMPOSITIONS; reduction++) {
            struct pixels whole, part, shorter;
            size_t prefix = (size_t)prefixes[reduction - 1];
            assert_true(prefix <= size);
            assert_int_equal(htj2k_decode(space, size, &forms[i], reduction, &whole), CODEC_OK);
            assert_int_equal(htj2k_decode(space, prefix, &forms[i], reduction, &part), CODEC_OK);
            assert_memory_equal(whole.bytes, part.bytes, pixels_size(&whole.form));
            bool differs =
                htj2k_decode(space, prefix - 1, &forms[i], reduction, &shorter) != CODEC_OK ||
                memcmp(whole.bytes, shorter.bytes, pixels_size(&whole.form)) != 0;
            shorter_differs += differs;
            pixels_free(&whole);
            pixels_free(&part);
            pixels_free(&shorter);
        }
        pixels_free(&drawn);
    }
    // The last byte of a block may be filling.
    assert_true(shorter_differs > FORMS * HTJ2K_DECOMPOSITIONS / 2);
    print_message("%u of %u prefixes are of no use a byte shorter\n", shorter_differs,
                  (unsigned)(FORMS * HTJ2K_DECOMPOSITIONS));
}

static void values_beyond_the_bits_that_are_said_are_kept(void **state) {
    (void)state;
    struct pixel_form form = {64, 64, 1, 16, 12, false, COLOUR_MONOCHROME2};
    for (int is_signed = 0; is_signed <= 1; is_signed++) {
        struct pixels drawn, decoded;
        size_t size = 0;
        form.is_signed = is_signed == 1;
        draw(&drawn, &form, 1);
        ((uint16_t *)drawn.bytes)[77] = 0x7830;
        ((uint16_t *)drawn.bytes)[78] = 0xF830;
        assert_int_equal(htj2k_encode(&drawn, space, SPACE, &size), CODEC_OK);
        assert_int_equal(htj2k_decode(space, size, &form, 0, &decoded), CODEC_OK);
        assert_memory_equal(drawn.bytes, decoded.bytes, pixels_size(&form));
        pixels_free(&drawn);
        pixels_free(&decoded);
    }
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct pixels drawn;
    size_t size = 0;
    draw(&drawn, &forms[0], 1);
    assert_int_equal(htj2k_encode(&drawn, space, 1000, &size), CODEC_OVER_LIMIT);
    pixels_free(&drawn);
}

static void what_lies_or_is_cut_is_refused(void **state) {
    (void)state;
    struct pixels drawn, decoded;
    size_t size = 0;
    draw(&drawn, &forms[0], 1);
    assert_int_equal(htj2k_encode(&drawn, space, SPACE, &size), CODEC_OK);
    pixels_free(&drawn);
    struct pixel_form other = forms[0];
    other.rows = 511;
    assert_int_equal(htj2k_decode(space, size, &other, 0, &decoded), CODEC_DAMAGED);
    other = forms[0];
    other.is_signed = true;
    assert_int_equal(htj2k_decode(space, size, &other, 0, &decoded), CODEC_DAMAGED);
    for (size_t cut = 0; cut < size; cut += size / 37) {
        assert_int_not_equal(htj2k_decode(space, cut, &forms[0], 0, &decoded), CODEC_OK);
    }
    uint64_t prefixes[HTJ2K_DECOMPOSITIONS];
    assert_false(packet_prefixes_find(space, size - 1, prefixes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_pixels_come_back),
        cmocka_unit_test(a_prefix_decodes_as_the_whole_does_and_a_byte_less_does_not),
        cmocka_unit_test(values_beyond_the_bits_that_are_said_are_kept),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_lies_or_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
