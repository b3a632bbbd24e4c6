#define _GNU_SOURCE // memmem
#include "server/imaging/metadata_part.h"

#include <string.h>
#include <zlib.h>

#define PART_HEADER_SIZE 8                 // CRC-32 and length of the text, little endian
#define PIECE_FOLLOWS UINT32_C(0x80000000) // in the length: the size of the blocks stands after it
#define INFLATE_STEP ((size_t)64 << 10)

static void put_u32(uint8_t *bytes, uint32_t number) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static uint32_t get_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Where the next address begins: what is spliced in goes there. `size` when there is none. */
static size_t piece_length(const uint8_t *json, size_t size) {
    // No text that a file holds looks so: in those every quotation mark is escaped.
    static const char mark[] = METADATA_BULK_MEMBER;
    const uint8_t *found = memmem(json, size, mark, sizeof mark - 1);
    return found ? (size_t)(found - json) + sizeof mark - 1 : size;
}

static bool write_piece(z_stream *stream, const uint8_t *json, size_t size, bool last,
                        struct bounded_output *output) {
    size_t header = last ? PART_HEADER_SIZE : PART_HEADER_SIZE + 4;
    size_t bound = deflateBound(stream, (uLong)size) + 16; // the flush adds an empty block
    size_t start = output->size;
    if (!bounded_output_extend(output, header + bound)) {
        return false;
    }
    uint8_t *space = output->bytes + start;
    stream->next_in = (Bytef *)(uintptr_t)json;
    stream->avail_in = (uInt)size;
    stream->next_out = space + header;
    stream->avail_out = (uInt)bound;
    int status = deflate(stream, Z_FULL_FLUSH);
    bool whole = status == Z_OK && stream->avail_in == 0 && stream->avail_out > 0;
    output->size -= stream->avail_out;
    put_u32(space, (uint32_t)crc32(0, json, (uInt)size));
    put_u32(space + 4, (uint32_t)size | (last ? 0 : PIECE_FOLLOWS));
    if (!last) {
        put_u32(space + 8, (uint32_t)(bound - stream->avail_out));
    }
    return whole;
}

bool metadata_part_make(const uint8_t *json, size_t size, struct bounded_output *output) {
    z_stream stream = {0};
    // A negative window writes bare blocks without header and trailer (RFC 1951).
    if (size >= PIECE_FOLLOWS || deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                              -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    bool written = true, last = false;
    while (written && !last) {
        size_t length = piece_length(json, size);
        last = length == size;
        written = write_piece(&stream, json, length, last, output);
        json += length;
        size -= length;
    }
    deflateEnd(&stream);
    return written;
}

struct piece {
    uint32_t crc, length;  // of the text
    const uint8_t *blocks; // deflated
    size_t size;
    bool last;
};

/* Takes the next piece off the part; false when there is none or it is damaged. */
static bool next_piece(const uint8_t **part, size_t *size, struct piece *ret) {
    if (*size < PART_HEADER_SIZE) {
        return false;
    }
    uint32_t length = get_u32(*part + 4);
    size_t header = PART_HEADER_SIZE;
    size_t blocks = *size - header;
    bool last = (length & PIECE_FOLLOWS) == 0;
    if (!last) {
        header += 4;
        if (*size < header || get_u32(*part + 8) > *size - header) {
            return false;
        }
        blocks = get_u32(*part + 8);
    }
    *ret = (struct piece){get_u32(*part), length & ~PIECE_FOLLOWS, *part + header, blocks, last};
    *part += header + blocks;
    *size -= header + blocks;
    return true;
}

static bool inflate_piece(z_stream *stream, const struct piece *piece,
                          struct bounded_output *output) {
    uint8_t *space = bounded_output_extend(output, piece->length);
    stream->next_in = (Bytef *)(uintptr_t)piece->blocks;
    stream->avail_in = (uInt)piece->size;
    stream->next_out = space;
    stream->avail_out = piece->length;
    if (!space || inflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_out > 0) {
        return false;
    }
    return crc32(0, space, piece->length) == piece->crc;
}

bool metadata_part_read(const uint8_t *part, size_t size, struct text bulk,
                        struct bounded_output *output) {
    z_stream stream = {0};
    struct piece piece = {.last = false};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return false;
    }
    bool read = true;
    while (read && !piece.last) {
        read = next_piece(&part, &size, &piece) && inflate_piece(&stream, &piece, output);
        if (read && !piece.last) {
            bounded_output_write(output, bulk.bytes, bulk.length);
        }
    }
    inflateEnd(&stream);
    return read && !output->failed;
}

/* Text as a stored block (RFC 1951 section 3.2.4). */
static void add_stored(struct metadata_series *series, const void *text, uint16_t size, bool last) {
    const uint8_t header[] = {last, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size,
                              (uint8_t)(~(unsigned)size >> 8)};
    bounded_output_write(series->output, header, sizeof header);
    bounded_output_write(series->output, text, size);
    series->crc = (uint32_t)crc32(series->crc, text, size);
    series->size += size;
}

void metadata_series_begin(struct metadata_series *series, struct bounded_output *output) {
    // Deflate, no name, no time, unknown system (RFC 1952 section 2.3).
    static const uint8_t header[] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255};
    *series = (struct metadata_series){.output = output};
    bounded_output_write(output, header, sizeof header);
    add_stored(series, "[", 1, false);
}

bool metadata_series_add(struct metadata_series *series, const uint8_t *part, size_t size,
                         struct text bulk) {
    struct piece piece = {.last = false};
    if (series->any) {
        add_stored(series, ",", 1, false);
    }
    series->any = true;
    while (!piece.last) {
        if (!next_piece(&part, &size, &piece) || bulk.length > UINT16_MAX) {
            return false;
        }
        series->crc = (uint32_t)crc32_combine(series->crc, piece.crc, (z_off_t)piece.length);
        series->size += piece.length;
        bounded_output_write(series->output, piece.blocks, piece.size);
        if (!piece.last && bulk.length > 0) {
            add_stored(series, bulk.bytes, (uint16_t)bulk.length, false);
        }
    }
    return !series->output->failed;
}

void metadata_series_end(struct metadata_series *series) {
    add_stored(series, "]", 1, true);
    uint8_t trailer[8];
    put_u32(trailer, series->crc);
    put_u32(trailer + 4, (uint32_t)series->size);
    bounded_output_write(series->output, trailer, sizeof trailer);
}

bool metadata_text_deflate(const uint8_t *text, size_t size, struct bounded_output *output) {
    z_stream stream = {0};
    // 16 more than the window writes a gzip header and trailer.
    if (size > UINT32_MAX || deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8,
                                          Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t bound = deflateBound(&stream, (uLong)size);
    uint8_t *space = bounded_output_extend(output, bound);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)size;
    stream.next_out = space;
    stream.avail_out = (uInt)bound;
    bool whole = space && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    output->size -= space ? stream.avail_out : 0;
    deflateEnd(&stream);
    return whole;
}

bool metadata_series_inflate(const uint8_t *gzip, size_t size, struct bounded_output *output) {
    z_stream stream = {0};
    if (size > UINT32_MAX || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
        return false;
    }
    stream.next_in = (Bytef *)(uintptr_t)gzip;
    stream.avail_in = (uInt)size;
    int status = Z_OK;
    while (status == Z_OK) {
        uint8_t *space = bounded_output_extend(output, INFLATE_STEP);
        if (!space) {
            break;
        }
        stream.next_out = space;
        stream.avail_out = INFLATE_STEP;
        status = inflate(&stream, Z_NO_FLUSH);
        output->size -= stream.avail_out;
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END;
}
