#include "server/codecs/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    CHUNK_AROUND = 12, // length, type and checksum of a chunk
    HEADER_SIZE = 13,
    LEVEL = 4,          // of zlib: somebody waits for it
    FILTER_SUBTRACT = 1 // 9.2: from the pixel before
};

static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

static void put_u32(uint8_t *at, uint32_t number) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

/* Around content that lies at `chunk` + 8 already; returns what follows it. */
static uint8_t *end_chunk(uint8_t *chunk, const char *type, size_t size) {
    put_u32(chunk, (uint32_t)size);
    memcpy(chunk + 4, type, 4);
    put_u32(chunk + 8 + size, (uint32_t)crc32(0, chunk + 4, (uInt)size + 4));
    return chunk + CHUNK_AROUND + size;
}

static uint8_t *put_header(uint8_t *at, const struct pixel_form *form) {
    uint8_t *content = at + 8;
    memset(content, 0, HEADER_SIZE);
    put_u32(content, form->columns);
    put_u32(content + 4, form->rows);
    content[8] = 8;                          // bits
    content[9] = form->samples == 3 ? 2 : 0; // colour type
    return end_chunk(at, "IHDR", HEADER_SIZE);
}

static void filter_line(const uint8_t *from, size_t size, size_t pixel, uint8_t *line) {
    line[0] = FILTER_SUBTRACT;
    memcpy(line + 1, from, pixel);
    for (size_t i = pixel; i < size; i++) {
        line[1 + i] = (uint8_t)(from[i] - from[i - pixel]);
    }
}

static bool deflate_lines(z_stream *stream, const struct pixels *picture, uint8_t *line) {
    size_t pixel = picture->form.samples;
    size_t size = (size_t)picture->form.columns * pixel;
    for (uint32_t row = 0; row < picture->form.rows; row++) {
        filter_line(picture->bytes + row * size, size, pixel, line);
        stream->next_in = line;
        stream->avail_in = (uInt)size + 1;
        int flush = row + 1 == picture->form.rows ? Z_FINISH : Z_NO_FLUSH;
        int result = deflate(stream, flush);
        if (stream->avail_in > 0 || result != (flush == Z_FINISH ? Z_STREAM_END : Z_OK)) {
            return false; // the space is full
        }
    }
    return true;
}

enum codec_result png_encode(const struct pixels *picture, uint8_t *space, size_t space_size,
                             size_t *ret_size) {
    size_t around = sizeof signature + 3 * CHUNK_AROUND + HEADER_SIZE;
    if (space_size <= around) {
        return CODEC_OVER_LIMIT;
    }
    z_stream stream = {0};
    uint8_t *line = malloc((size_t)picture->form.columns * picture->form.samples + 1);
    if (!line || deflateInit(&stream, LEVEL) != Z_OK) {
        free(line);
        return CODEC_NO_MEMORY;
    }
    memcpy(space, signature, sizeof signature);
    uint8_t *data = put_header(space + sizeof signature, &picture->form);
    stream.next_out = data + 8;
    stream.avail_out = (uInt)(space_size - around);
    bool whole = deflate_lines(&stream, picture, line);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    free(line);
    if (!whole) {
        return CODEC_OVER_LIMIT;
    }
    uint8_t *last = end_chunk(data, "IDAT", size);
    *ret_size = (size_t)(end_chunk(last, "IEND", 0) - space);
    return CODEC_OK;
}
