#include "server/codecs/frame_copy.h"

#include "server/codecs/packet_prefixes.h"

#include <string.h>

static bool comes_back(const struct pixels *pixels, const uint8_t *coded, size_t size) {
    struct pixels again;
    bool same = htj2k_decode(coded, size, &pixels->form, 0, &again) == CODEC_OK &&
                memcmp(again.bytes, pixels->bytes, pixels_size(&pixels->form)) == 0;
    pixels_free(&again);
    return same;
}

enum codec_result frame_copy_make(const struct frame_coding *coding, const uint8_t *bytes,
                                  size_t size, uint8_t *space, size_t space_size,
                                  struct frame_copy *ret_copy) {
    struct pixels pixels;
    // The means of two places in a table are the place of a third colour: no preview comes of it.
    if (coding->form.colour == COLOUR_PALETTE) {
        return CODEC_UNSUPPORTED;
    }
    enum codec_result result = frame_decode(coding, bytes, size, &pixels);
    if (result != CODEC_OK) {
        return result;
    }
    result = htj2k_encode(&pixels, space, space_size, &ret_copy->size);
    if (result == CODEC_OK && (!comes_back(&pixels, space, ret_copy->size) ||
                               !packet_prefixes_find(space, ret_copy->size, ret_copy->prefixes))) {
        result = CODEC_UNSUPPORTED;
    }
    pixels_free(&pixels);
    return result;
}
