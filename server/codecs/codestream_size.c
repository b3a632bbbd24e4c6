#include "server/codecs/codestream_size.h"

// A tile costs memory whatever its size.
#define TILE_PIXELS 1024u // of a tile of 32 x 32, at least on average
#define TILES_MIN 16u     // that are allowed to small images

static uint32_t big_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool codestream_size_agrees(const uint8_t *bytes, size_t size, const struct pixel_form *form) {
    if (size < 42 || big_u32(bytes) != 0xFF4FFF51) {
        return false;
    }
    uint32_t columns = big_u32(bytes + 8), rows = big_u32(bytes + 12);
    uint32_t left = big_u32(bytes + 16), top = big_u32(bytes + 20);
    uint32_t tile_columns = big_u32(bytes + 24), tile_rows = big_u32(bytes + 28);
    uint32_t tile_left = big_u32(bytes + 32), tile_top = big_u32(bytes + 36);
    uint32_t components = (uint32_t)bytes[40] << 8 | bytes[41];
    if (left >= columns || top >= rows || columns - left != form->columns ||
        rows - top != form->rows || components != form->samples || tile_columns == 0 ||
        tile_rows == 0 || columns > 2 * PIXELS_SIDE_MAX || rows > 2 * PIXELS_SIDE_MAX) {
        return false;
    }
    // The first tile holds the image's first pixel; OpenJPH loops for minutes where none does.
    if (tile_left > left || tile_top > top || (uint64_t)tile_left + tile_columns <= left ||
        (uint64_t)tile_top + tile_rows <= top) {
        return false;
    }
    uint64_t across = ((uint64_t)columns - tile_left + tile_columns - 1) / tile_columns;
    uint64_t down = ((uint64_t)rows - tile_top + tile_rows - 1) / tile_rows;
    return across * down <= TILES_MIN + (uint64_t)form->rows * form->columns / TILE_PIXELS;
}
