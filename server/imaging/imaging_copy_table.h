/*
 * Where the frames of a lossless copy lie in its file, and how much of each is needed at each
 * reduced resolution; kept in one column of its row.
 */
#ifndef CONSILIUM_IMAGING_COPY_TABLE_H
#define CONSILIUM_IMAGING_COPY_TABLE_H

#include "protocol/generated/ingest.h"

#include <stddef.h>

#define COPY_LEVELS 5u // resolutions below the whole one: each halves both sides

struct copied_frame {
    uint64_t offset;                // in the copy's file
    uint64_t length;                // bytes
    uint32_t prefixes[COPY_LEVELS]; // [n - 1]: bytes for reduction n
};

struct copy_table {
    struct copied_frame *frames; // owned
    uint32_t count;
};

/* Adds what a job made; false when it makes no sense or there is no memory. */
bool copy_table_add(struct copy_table *table, const struct coded_frame_list *made);

/* Gives bytes to free; NULL without memory. */
uint8_t *copy_table_encode(const struct copy_table *table, size_t *ret_size);
bool copy_table_decode(struct copy_table *table, const uint8_t *bytes, size_t size);

uint64_t copy_table_size(const struct copy_table *table); // bytes of the copy's file
void copy_table_free(struct copy_table *table);           // zeroed is fine

#endif
