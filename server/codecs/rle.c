#include "server/codecs/rle.h"

#define HEADER_SIZE 64u // sixteen numbers: how many segments, where each begins (G.5)
#define SEGMENTS_MAX 15u

static uint32_t little_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* PackBits (G.3.2): `count` bytes, `step` apart. False when the segment holds less. */
static bool unpack(const uint8_t *from, const uint8_t *end, uint8_t *into, size_t count,
                   size_t step) {
    while (count > 0) {
        if (from == end) {
            return false;
        }
        uint8_t code = *from++;
        if (code == 128) {
            continue;
        }
        size_t run = code < 128 ? code + 1u : 257u - code;
        bool literal = code < 128;
        // What goes beyond the frame fills the segment up, at most to an even length.
        size_t taken = run < count ? run : count;
        if ((size_t)(end - from) < (literal ? taken : 1)) {
            return false;
        }
        for (size_t i = 0; i < taken; i++, into += step) {
            *into = literal ? from[i] : *from;
        }
        size_t left = (size_t)(end - from);
        from += literal ? (run < left ? run : left) : 1;
        count -= taken;
    }
    return true;
}

enum codec_result rle_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    const struct pixel_form *form = &pixels->form;
    uint32_t sample_bytes = pixels_sample_bytes(form);
    uint32_t wanted = form->samples * sample_bytes;
    if (size < HEADER_SIZE || wanted > SEGMENTS_MAX || little_u32(bytes) != wanted) {
        return CODEC_DAMAGED;
    }
    size_t count = (size_t)form->rows * form->columns;
    for (uint32_t segment = 0; segment < wanted; segment++) {
        uint32_t start = little_u32(bytes + 4 + 4 * segment);
        uint32_t end = segment + 1 < wanted ? little_u32(bytes + 8 + 4 * segment) : (uint32_t)size;
        if (start < HEADER_SIZE || end < start || end > size) {
            return CODEC_DAMAGED;
        }
        // Segments come sample after sample, the most significant byte first (G.2).
        uint32_t sample = segment / sample_bytes;
        uint32_t byte = sample_bytes - 1 - segment % sample_bytes;
        uint8_t *into = pixels->bytes + (size_t)sample * sample_bytes + byte;
        if (!unpack(bytes + start, bytes + end, into, count, wanted)) {
            return CODEC_DAMAGED;
        }
    }
    return CODEC_OK;
}
