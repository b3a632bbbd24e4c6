#include "server/imaging/frame_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64u
#define ITEM_HEADER_SIZE 8 // offsets of an offset table count item headers (PS3.5 A.4)

void frame_table_finish_memory(struct frame_table *table) {
    free(table->pieces);
    free(table->first_pieces);
    memset(table, 0, sizeof *table);
}

bool frame_table_add_fragment(struct frame_table *table, size_t offset, size_t length) {
    if (table->piece_count == FRAME_PIECES_MAX) {
        return false;
    }
    if (table->piece_count == table->piece_capacity) {
        uint32_t capacity = table->piece_capacity ? table->piece_capacity * 2 : FIRST_CAPACITY;
        struct frame_piece *pieces = realloc(table->pieces, capacity * sizeof *pieces);
        if (!pieces) {
            return false;
        }
        table->pieces = pieces;
        table->piece_capacity = capacity;
    }
    table->pieces[table->piece_count++] = (struct frame_piece){offset, length};
    return true;
}

static uint64_t table_entry(const struct frame_offsets *offsets, uint32_t frame) {
    if (offsets->extended) {
        return dicom_u64(offsets->extended + (size_t)frame * 8, offsets->extended_big_endian);
    }
    return dicom_u32(offsets->basic + (size_t)frame * 4, false);
}

static bool has_table(const struct frame_offsets *offsets, uint32_t frame_count) {
    if (offsets->extended) {
        return offsets->extended_size / 8 == frame_count;
    }
    return offsets->basic && offsets->basic_size / 4 == frame_count;
}

/* An offset table is believed only when every entry is the start of a fragment, in order. */
static bool cut_by_table(struct frame_table *table, const struct frame_offsets *offsets,
                         uint32_t frame_count) {
    if (!has_table(offsets, frame_count) || table->piece_count == 0) {
        return false;
    }
    uint64_t base = table->pieces[0].offset - ITEM_HEADER_SIZE;
    uint32_t piece = 0;
    for (uint32_t frame = 0; frame < frame_count; frame++) {
        uint64_t wanted = table_entry(offsets, frame);
        while (piece < table->piece_count &&
               table->pieces[piece].offset - ITEM_HEADER_SIZE - base < wanted) {
            piece++;
        }
        if (piece == table->piece_count ||
            table->pieces[piece].offset - ITEM_HEADER_SIZE - base != wanted ||
            (frame == 0) != (piece == 0)) {
            return false;
        }
        table->first_pieces[frame] = piece++;
    }
    return true;
}

static bool starts_frame(const struct frame_piece *piece, const uint8_t *file,
                         enum pixel_packing packing) {
    static const uint8_t jpeg[] = {0xFF, 0xD8};                 // SOI, ISO/IEC 10918-1 B.1.1.3
    static const uint8_t jpeg2000[] = {0xFF, 0x4F, 0xFF, 0x51}; // SOC SIZ, ISO/IEC 15444-1 A.4
    const uint8_t *mark = packing == PIXELS_JPEG ? jpeg : jpeg2000;
    size_t size = packing == PIXELS_JPEG ? sizeof jpeg : sizeof jpeg2000;
    return piece->length >= size && memcmp(file + piece->offset, mark, size) == 0;
}

static bool cut_by_marks(struct frame_table *table, const uint8_t *file, enum pixel_packing packing,
                         uint32_t frame_count) {
    if (packing != PIXELS_JPEG && packing != PIXELS_JPEG2000) {
        return false;
    }
    uint32_t frame = 0;
    for (uint32_t piece = 0; piece < table->piece_count; piece++) {
        if (!starts_frame(&table->pieces[piece], file, packing)) {
            continue;
        }
        if (frame == frame_count) {
            return false;
        }
        table->first_pieces[frame++] = piece;
    }
    return frame == frame_count && table->first_pieces[0] == 0;
}

enum file_refusal_kind frame_table_finish(struct frame_table *table, const uint8_t *file,
                                          const struct frame_offsets *offsets,
                                          enum pixel_packing packing, uint32_t frame_count,
                                          struct file_refusal *refusal) {
    if (packing == PIXELS_VIDEO) {
        frame_count = 1;
    }
    if (table->piece_count == 0 || frame_count == 0 || frame_count > table->piece_count) {
        return file_refuse(refusal, FILE_REFUSAL_TRUNCATED, 0,
                           "%u frames are declared, %u fragments found", (unsigned)frame_count,
                           (unsigned)table->piece_count);
    }
    table->frame_count = frame_count;
    if (frame_count == table->piece_count) {
        return FILE_REFUSAL_NONE;
    }
    table->first_pieces = calloc(frame_count, sizeof *table->first_pieces);
    if (!table->first_pieces) {
        return file_refuse(refusal, FILE_REFUSAL_OVER_LIMIT, 0, "no memory for the frame table");
    }
    if (frame_count == 1 || cut_by_table(table, offsets, frame_count) ||
        cut_by_marks(table, file, packing, frame_count)) {
        return FILE_REFUSAL_NONE;
    }
    return file_refuse(refusal, FILE_REFUSAL_MALFORMED, (size_t)table->pieces[0].offset,
                       "%u fragments cannot be told apart into %u frames",
                       (unsigned)table->piece_count, (unsigned)frame_count);
}

const struct frame_piece *frame_table_pieces(const struct frame_table *table, uint32_t frame,
                                             struct frame_piece *native, uint32_t *ret_count) {
    assert(frame < table->frame_count);
    if (table->native_size) {
        *native = (struct frame_piece){table->native_offset + frame * table->native_size,
                                       table->native_size};
        *ret_count = 1;
        return native;
    }
    if (!table->first_pieces) {
        *ret_count = 1;
        return &table->pieces[frame];
    }
    uint32_t first = table->first_pieces[frame];
    uint32_t end =
        frame + 1 < table->frame_count ? table->first_pieces[frame + 1] : table->piece_count;
    *ret_count = end - first;
    return &table->pieces[first];
}
