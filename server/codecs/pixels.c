#include "server/codecs/pixels.h"

#include <stdlib.h>
#include <string.h>

bool pixel_form_is_valid(const struct pixel_form *form) {
    bool one = form->samples == 1 && form->colour <= COLOUR_PALETTE;
    bool three = form->samples == 3 && form->colour >= COLOUR_RGB;
    return form->rows > 0 && form->columns > 0 && form->rows <= PIXELS_SIDE_MAX &&
           form->columns <= PIXELS_SIDE_MAX && (one || three) &&
           (form->bits_allocated == 8 || form->bits_allocated == 16) && form->bits_stored > 0 &&
           form->bits_stored <= form->bits_allocated && pixels_size(form) <= PIXELS_SIZE_MAX;
}

bool pixels_allocate(struct pixels *pixels, const struct pixel_form *form) {
    pixels->form = *form;
    pixels->bytes = malloc(pixels_size(form));
    return pixels->bytes != NULL;
}

void pixels_free(struct pixels *pixels) {
    free(pixels->bytes);
    memset(pixels, 0, sizeof *pixels);
}

const char *codec_result_text(enum codec_result result) {
    switch (result) {
    case CODEC_OK:
        return "decoded";
    case CODEC_UNSUPPORTED:
        return "pixels of this kind are not decoded here";
    case CODEC_DAMAGED:
        return "the pixels of a frame are damaged or are not what the file says of them";
    case CODEC_OVER_LIMIT:
        return "a frame is larger than there is space for";
    case CODEC_NO_MEMORY:
        return "there is not enough memory for a frame";
    }
    return "";
}
