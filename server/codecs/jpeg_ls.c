#include "server/codecs/jpeg_ls.h"

#include "server/codecs/native.h"

#include <charls/charls.h>
#include <stdlib.h>

static bool agrees(const charls_frame_info *info, const struct pixel_form *form) {
    return info->width == form->columns && info->height == form->rows &&
           info->component_count == (int32_t)form->samples && info->bits_per_sample >= 2 &&
           info->bits_per_sample <= (int32_t)form->bits_allocated &&
           (info->bits_per_sample > 8) == (form->bits_allocated == 16);
}

/* Few stored bits in two allocated bytes come as one byte each. */
static void widen(struct pixels *pixels) {
    size_t count = pixels_size(&pixels->form) / 2;
    for (size_t i = count; i-- > 0;) {
        ((uint16_t *)pixels->bytes)[i] = pixels->bytes[i];
    }
}

static void extend_signs(struct pixels *pixels, unsigned precision) {
    size_t count = pixels_size(&pixels->form) / pixels_sample_bytes(&pixels->form);
    uint32_t half = 1u << (precision - 1);
    uint32_t mask = (1u << precision) - 1;
    for (size_t i = 0; i < count; i++) {
        if (pixels->form.bits_allocated == 16) {
            uint16_t *value = (uint16_t *)pixels->bytes + i;
            *value = (uint16_t)(((*value & mask) ^ half) - half);
        } else {
            pixels->bytes[i] = (uint8_t)(((pixels->bytes[i] & mask) ^ half) - half);
        }
    }
}

static enum codec_result decode_planes(charls_jpegls_decoder *decoder, struct pixels *pixels) {
    size_t size = pixels_size(&pixels->form);
    uint8_t *planes = malloc(size);
    if (!planes) {
        return CODEC_NO_MEMORY;
    }
    bool good = charls_jpegls_decoder_decode_to_buffer(decoder, planes, size, 0) == 0;
    if (good) {
        planes_join(planes, pixels);
    }
    free(planes);
    return good ? CODEC_OK : CODEC_DAMAGED;
}

static enum codec_result decode(charls_jpegls_decoder *decoder, const uint8_t *bytes, size_t size,
                                struct pixels *pixels) {
    charls_frame_info info;
    charls_interleave_mode mode;
    if (charls_jpegls_decoder_set_source_buffer(decoder, bytes, size) != 0 ||
        charls_jpegls_decoder_read_header(decoder) != 0 ||
        charls_jpegls_decoder_get_frame_info(decoder, &info) != 0 ||
        charls_jpegls_decoder_get_interleave_mode(decoder, &mode) != 0) {
        return CODEC_DAMAGED;
    }
    const struct pixel_form *form = &pixels->form;
    bool narrow = form->bits_allocated == 16 && info.bits_per_sample <= 8;
    charls_frame_info as_allocated = info;
    as_allocated.bits_per_sample = narrow ? 16 : info.bits_per_sample;
    if (!agrees(&as_allocated, form)) {
        return CODEC_DAMAGED;
    }
    enum codec_result result;
    if (mode == CHARLS_INTERLEAVE_MODE_NONE && form->samples > 1) {
        result = narrow ? CODEC_UNSUPPORTED : decode_planes(decoder, pixels);
    } else {
        size_t wanted = pixels_size(form) / (narrow ? 2 : 1);
        bool good = charls_jpegls_decoder_decode_to_buffer(decoder, pixels->bytes, wanted, 0) == 0;
        result = good ? CODEC_OK : CODEC_DAMAGED;
        if (good && narrow) {
            widen(pixels);
        }
    }
    if (result == CODEC_OK && form->is_signed) {
        extend_signs(pixels, (unsigned)info.bits_per_sample);
    }
    return result;
}

/* EOI, behind which a frame may be filled to an even length. Without it CharLS 2.4.1 reads zeros
 * for ever. */
static bool is_whole(const uint8_t *bytes, size_t size) {
    for (int filling = 0; filling < 2 && size > 0 && bytes[size - 1] == 0; filling++) {
        size--;
    }
    return size >= 2 && bytes[size - 2] == 0xFF && bytes[size - 1] == 0xD9;
}

enum codec_result jpeg_ls_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    if (!is_whole(bytes, size)) {
        return CODEC_DAMAGED;
    }
    charls_jpegls_decoder *decoder = charls_jpegls_decoder_create();
    if (!decoder) {
        return CODEC_NO_MEMORY;
    }
    enum codec_result result = decode(decoder, bytes, size, pixels);
    charls_jpegls_decoder_destroy(decoder);
    return result;
}
