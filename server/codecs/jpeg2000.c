#include "server/codecs/jpeg2000.h"

#include "server/codecs/codestream_size.h"

#include <openjpeg.h>
#include <string.h>

struct source {
    const uint8_t *bytes;
    size_t size, at;
};

static OPJ_SIZE_T read_source(void *into, OPJ_SIZE_T count, void *data) {
    struct source *source = data;
    size_t left = source->size - source->at;
    if (left == 0) {
        return (OPJ_SIZE_T)-1;
    }
    size_t taken = count < left ? count : left;
    memcpy(into, source->bytes + source->at, taken);
    source->at += taken;
    return taken;
}

static OPJ_OFF_T skip_source(OPJ_OFF_T count, void *data) {
    struct source *source = data;
    if (count < 0 || (uint64_t)count > source->size - source->at) {
        source->at = source->size;
        return -1;
    }
    source->at += (size_t)count;
    return count;
}

static OPJ_BOOL seek_source(OPJ_OFF_T to, void *data) {
    struct source *source = data;
    if (to < 0 || (uint64_t)to > source->size) {
        return OPJ_FALSE;
    }
    source->at = (size_t)to;
    return OPJ_TRUE;
}

static void say_nothing(const char *message, void *data) {
    (void)message;
    (void)data;
}

static uint32_t big_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool image_agrees(const opj_image_t *image, const struct pixel_form *form) {
    bool good = image->numcomps == form->samples;
    for (uint32_t i = 0; good && i < image->numcomps; i++) {
        const opj_image_comp_t *component = &image->comps[i];
        good = component->w == form->columns && component->h == form->rows && component->dx == 1 &&
               component->dy == 1 && component->prec >= 1 &&
               component->prec <= form->bits_allocated;
    }
    return good;
}

/* Of a signed image whose codestream says otherwise the bits are what counts, and the reverse. */
static void keep(const opj_image_t *image, struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    size_t count = (size_t)form->rows * form->columns;
    for (uint32_t sample = 0; sample < form->samples; sample++) {
        const opj_image_comp_t *component = &image->comps[sample];
        uint32_t half = 1u << (component->prec - 1);
        uint32_t mask = (uint32_t)((UINT64_C(1) << component->prec) - 1);
        for (size_t i = 0; i < count; i++) {
            uint32_t value = (uint32_t)component->data[i];
            if (form->is_signed && !component->sgnd) {
                value = ((value & mask) ^ half) - half;
            }
            size_t at = i * form->samples + sample;
            if (form->bits_allocated == 16) {
                ((uint16_t *)pixels->bytes)[at] = (uint16_t)value;
            } else {
                pixels->bytes[at] = (uint8_t)value;
            }
        }
    }
}

static enum codec_result decode(opj_codec_t *codec, opj_stream_t *stream, struct pixels *pixels) {
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t *image = NULL;
    bool good = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) &&
                opj_decode(codec, stream, image) && opj_end_decompress(codec, stream) &&
                image_agrees(image, &pixels->form);
    for (uint32_t i = 0; good && i < image->numcomps; i++) {
        good = image->comps[i].data != NULL;
    }
    if (good) {
        keep(image, pixels);
    }
    opj_image_destroy(image);
    return good ? CODEC_OK : CODEC_DAMAGED;
}

/* Some wrap the codestream in a file of its own (Annex I), which DICOM does not: steps over its
 * boxes to the one that holds it. */
static void unwrap(const uint8_t **bytes, size_t *size) {
    static const uint8_t signature[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
    if (*size < sizeof signature || memcmp(*bytes, signature, sizeof signature) != 0) {
        return;
    }
    while (*size >= 8) {
        bool found = memcmp(*bytes + 4, "jp2c", 4) == 0;
        size_t length = found ? 8 : big_u32(*bytes);
        if (length < 8 || length > *size) {
            return;
        }
        *bytes += length;
        *size -= length;
        if (found) {
            return;
        }
    }
}

enum codec_result jpeg2000_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    unwrap(&bytes, &size);
    struct source source = {bytes, size, 0};
    if (!codestream_size_agrees(bytes, size, &pixels->form)) {
        return CODEC_DAMAGED;
    }
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(size < 65536 ? size : 65536, OPJ_TRUE);
    enum codec_result result = CODEC_NO_MEMORY;
    if (codec && stream) {
        opj_set_info_handler(codec, say_nothing, NULL);
        opj_set_warning_handler(codec, say_nothing, NULL);
        opj_set_error_handler(codec, say_nothing, NULL);
        opj_stream_set_read_function(stream, read_source);
        opj_stream_set_skip_function(stream, skip_source);
        opj_stream_set_seek_function(stream, seek_source);
        opj_stream_set_user_data(stream, &source, NULL);
        opj_stream_set_user_data_length(stream, size);
        result = decode(codec, stream, pixels);
    }
    if (stream) {
        opj_stream_destroy(stream);
    }
    if (codec) {
        opj_destroy_codec(codec);
    }
    return result;
}
