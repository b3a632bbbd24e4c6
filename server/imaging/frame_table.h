/*
 * Where each frame of an instance lies in its file.
 *
 * Native frames are equal pieces, so two numbers say it all. Encapsulated frames are one or more
 * fragments each (PS3.5 A.4): the table keeps every fragment and, when a frame may have several,
 * the first fragment of each frame. While a data set is walked the builder takes the fragments as
 * they come; frame_table_finish then tells frames apart, by the extended or the basic offset table
 * when there is one, otherwise by how a frame of this packing begins.
 */
#ifndef CONSILIUM_IMAGING_FRAME_TABLE_H
#define CONSILIUM_IMAGING_FRAME_TABLE_H

#include "server/imaging/element_walker.h"
#include "server/imaging/file_refusal.h"
#include "server/imaging/transfer_syntax.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_PIECES_MAX 100000u // fragments, and so frames, of one instance

struct frame_piece {
    uint64_t offset; // from the start of the file
    uint64_t length; // bytes
};

struct frame_table {
    /* Owned. */
    struct frame_piece *pieces; // NULL for native frames
    uint32_t *first_pieces;     // of each frame; NULL when every frame is one piece
    /* Derived. */
    uint32_t piece_count;
    uint32_t piece_capacity;
    uint32_t frame_count;
    uint64_t native_offset; // of the first native frame
    uint64_t native_size;   // of each, 0 when encapsulated
};

/* What the walk met besides fragments; slices are borrowed from the file. */
struct frame_offsets {
    const uint8_t *basic; // u32 little endian each
    size_t basic_size;
    const uint8_t *extended; // u64 each, (7FE0,0001)
    size_t extended_size;
    bool extended_big_endian;
};

void frame_table_finish_memory(struct frame_table *table);

/* Adds a fragment; false when there are more than FRAME_PIECES_MAX or no memory. */
bool frame_table_add_fragment(struct frame_table *table, size_t offset, size_t length);

/* Cuts the collected fragments into `frame_count` frames. `file` is the buffer their offsets count
 * in. */
enum file_refusal_kind frame_table_finish(struct frame_table *table, const uint8_t *file,
                                          const struct frame_offsets *offsets,
                                          enum pixel_packing packing, uint32_t frame_count,
                                          struct file_refusal *refusal);

/* The pieces of one frame, counted from 0; `native` is space for the one piece of a native frame.
 */
const struct frame_piece *frame_table_pieces(const struct frame_table *table, uint32_t frame,
                                             struct frame_piece *native, uint32_t *ret_count);

#endif
