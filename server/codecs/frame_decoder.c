#include "server/codecs/frame_decoder.h"

#include "server/codecs/htj2k.h"
#include "server/codecs/jpeg2000.h"
#include "server/codecs/jpeg_baseline.h"
#include "server/codecs/jpeg_extended.h"
#include "server/codecs/jpeg_lossless.h"
#include "server/codecs/jpeg_ls.h"
#include "server/codecs/native.h"
#include "server/codecs/rle.h"
#include "server/imaging/transfer_syntax.h"

#include <string.h>

#define UID_ROOT "1.2.840.10008.1.2"

typedef enum codec_result (*decoder)(const struct frame_coding *coding, const uint8_t *bytes,
                                     size_t size, struct pixels *pixels);

static enum codec_result decode_native(const struct frame_coding *coding, const uint8_t *bytes,
                                       size_t size, struct pixels *pixels) {
    return native_decode(bytes, size, false, coding->header, pixels);
}

static enum codec_result decode_native_big(const struct frame_coding *coding, const uint8_t *bytes,
                                           size_t size, struct pixels *pixels) {
    return native_decode(bytes, size, true, coding->header, pixels);
}

static enum codec_result decode_htj2k(const struct frame_coding *coding, const uint8_t *bytes,
                                      size_t size, struct pixels *pixels) {
    return htj2k_decode(bytes, size, &coding->form, 0, pixels);
}

static enum codec_result decode_rle(const struct frame_coding *coding, const uint8_t *bytes,
                                    size_t size, struct pixels *pixels) {
    (void)coding;
    return rle_decode(bytes, size, pixels);
}

static enum codec_result decode_lossless(const struct frame_coding *coding, const uint8_t *bytes,
                                         size_t size, struct pixels *pixels) {
    (void)coding;
    return jpeg_lossless_decode(bytes, size, pixels);
}

static enum codec_result decode_baseline(const struct frame_coding *coding, const uint8_t *bytes,
                                         size_t size, struct pixels *pixels) {
    (void)coding;
    return jpeg_baseline_decode(bytes, size, pixels);
}

/* The same syntax holds frames of 8 bits, which are baseline in all but name. */
static enum codec_result decode_extended(const struct frame_coding *coding, const uint8_t *bytes,
                                         size_t size, struct pixels *pixels) {
    return coding->form.bits_allocated == 8 ? jpeg_baseline_decode(bytes, size, pixels)
                                            : jpeg_extended_decode(bytes, size, pixels);
}

static enum codec_result decode_ls(const struct frame_coding *coding, const uint8_t *bytes,
                                   size_t size, struct pixels *pixels) {
    (void)coding;
    return jpeg_ls_decode(bytes, size, pixels);
}

static enum codec_result decode_2000(const struct frame_coding *coding, const uint8_t *bytes,
                                     size_t size, struct pixels *pixels) {
    (void)coding;
    return jpeg2000_decode(bytes, size, pixels);
}

static const struct {
    const char *transfer_syntax;
    decoder decode;
    bool allocates; // memory of its own, rather than filling what it is given
} decoders[] = {
    {TRANSFER_SYNTAX_IMPLICIT_LE, decode_native, false},
    {TRANSFER_SYNTAX_EXPLICIT_LE, decode_native, false},
    {TRANSFER_SYNTAX_EXPLICIT_BE, decode_native_big, false},
    {UID_ROOT ".1.98", decode_native, false},
    {UID_ROOT ".5", decode_rle, false},
    {UID_ROOT ".4.50", decode_baseline, false},
    {UID_ROOT ".4.51", decode_extended, false},
    {UID_ROOT ".4.57", decode_lossless, false},
    {UID_ROOT ".4.70", decode_lossless, false},
    {UID_ROOT ".4.80", decode_ls, false},
    {UID_ROOT ".4.81", decode_ls, false},
    {UID_ROOT ".4.90", decode_2000, false},
    {UID_ROOT ".4.91", decode_2000, false},
    {UID_ROOT ".4.201", decode_htj2k, true},
    {UID_ROOT ".4.202", decode_htj2k, true},
    {UID_ROOT ".4.203", decode_htj2k, true},
};

bool frame_colour(const char *photometric, const char *transfer_syntax, uint32_t samples,
                  enum pixel_colour *ret_colour) {
    static const struct {
        const char *name;
        enum pixel_colour colour;
    } colours[] = {
        {"MONOCHROME1", COLOUR_MONOCHROME1},
        {"MONOCHROME2", COLOUR_MONOCHROME2},
        {"PALETTE COLOR", COLOUR_PALETTE},
        {"RGB", COLOUR_RGB},
        {"YBR_FULL", COLOUR_YBR_FULL},
        {"YBR_FULL_422", COLOUR_YBR_FULL},
        {"YBR_RCT", COLOUR_RGB},
        {"YBR_ICT", COLOUR_RGB},
    };
    (void)transfer_syntax;
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
        bool three = colours[i].colour >= COLOUR_RGB;
        if (strcmp(colours[i].name, photometric) == 0 && three == (samples == 3)) {
            *ret_colour = colours[i].colour;
            return true;
        }
    }
    // What is missing or unknown and has one sample is looked at as grey.
    *ret_colour = COLOUR_MONOCHROME2;
    return samples == 1;
}

/* More pixels than so few bytes are of: a bomb, or a size that lies. */
static bool swells(const struct pixel_form *form, size_t size) {
    size_t pixels = pixels_size(form);
    return pixels > FRAME_SWELL_FREE && pixels / FRAME_SWELL_MAX > size;
}

enum codec_result frame_decode(const struct frame_coding *coding, const uint8_t *bytes, size_t size,
                               struct pixels *ret_pixels) {
    memset(ret_pixels, 0, sizeof *ret_pixels);
    if (!pixel_form_is_valid(&coding->form)) {
        return CODEC_UNSUPPORTED;
    }
    if (swells(&coding->form, size)) {
        return CODEC_DAMAGED;
    }
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
        if (strcmp(decoders[i].transfer_syntax, coding->transfer_syntax) != 0) {
            continue;
        }
        if (!decoders[i].allocates && !pixels_allocate(ret_pixels, &coding->form)) {
            return CODEC_NO_MEMORY;
        }
        enum codec_result result = decoders[i].decode(coding, bytes, size, ret_pixels);
        if (result != CODEC_OK) {
            pixels_free(ret_pixels);
        }
        return result;
    }
    return CODEC_UNSUPPORTED;
}
