#include "server/imaging/metadata_part.h"

#include <string.h>
#include <zlib.h>

#define PART_HEADER_SIZE 8 // CRC-32 and length of the text, little endian
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

bool metadata_part_make(const uint8_t *json, size_t size, struct bounded_output *output) {
    z_stream stream = {0};
    // A negative window writes bare blocks without header and trailer (RFC 1951).
    if (size > UINT32_MAX || deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                                          Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    size_t bound = deflateBound(&stream, (uLong)size) + 16; // the flush adds an empty block
    uint8_t *space = bounded_output_extend(output, PART_HEADER_SIZE + bound);
    if (!space) {
        deflateEnd(&stream);
        return false;
    }
    put_u32(space, (uint32_t)crc32(0, json, (uInt)size));
    put_u32(space + 4, (uint32_t)size);
    stream.next_in = (Bytef *)(uintptr_t)json;
    stream.avail_in = (uInt)size;
    stream.next_out = space + PART_HEADER_SIZE;
    stream.avail_out = (uInt)bound;
    int status = deflate(&stream, Z_FULL_FLUSH);
    bool whole = status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
    output->size -= stream.avail_out;
    deflateEnd(&stream);
    return whole;
}

/* One byte of text as a stored block (RFC 1951 section 3.2.4). */
static void add_byte(struct metadata_series *series, uint8_t byte, bool last) {
    const uint8_t block[] = {last, 1, 0, 0xFE, 0xFF, byte};
    bounded_output_write(series->output, block, sizeof block);
    series->crc = (uint32_t)crc32(series->crc, &byte, 1);
    series->size++;
}

void metadata_series_begin(struct metadata_series *series, struct bounded_output *output) {
    // Deflate, no name, no time, unknown system (RFC 1952 section 2.3).
    static const uint8_t header[] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255};
    *series = (struct metadata_series){.output = output};
    bounded_output_write(output, header, sizeof header);
    add_byte(series, '[', false);
}

bool metadata_series_add(struct metadata_series *series, const uint8_t *part, size_t size) {
    if (size < PART_HEADER_SIZE) {
        return false;
    }
    if (series->any) {
        add_byte(series, ',', false);
    }
    series->any = true;
    uint32_t length = get_u32(part + 4);
    series->crc = (uint32_t)crc32_combine(series->crc, get_u32(part), (z_off_t)length);
    series->size += length;
    bounded_output_write(series->output, part + PART_HEADER_SIZE, size - PART_HEADER_SIZE);
    return !series->output->failed;
}

void metadata_series_end(struct metadata_series *series) {
    add_byte(series, ']', true);
    uint8_t trailer[8];
    put_u32(trailer, series->crc);
    put_u32(trailer + 4, (uint32_t)series->size);
    bounded_output_write(series->output, trailer, sizeof trailer);
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
