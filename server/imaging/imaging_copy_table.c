#include "server/imaging/imaging_copy_table.h"

#include "server/imaging/frame_table.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_SIZE 4u
#define FRAME_SIZE (8u + 4u * COPY_LEVELS)

static void put_number(uint8_t *bytes, uint64_t number, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static uint64_t get_number(const uint8_t *bytes, int size) {
    uint64_t number = 0;
    for (int i = size - 1; i >= 0; i--) {
        number = number << 8 | bytes[i];
    }
    return number;
}

uint64_t copy_table_size(const struct copy_table *table) {
    const struct copied_frame *last = table->count ? &table->frames[table->count - 1] : NULL;
    return last ? last->offset + last->length : 0;
}

/* Prefixes grow with the resolution and are a part of the whole. */
static bool is_sensible(const struct copied_frame *frame) {
    uint64_t larger = frame->length;
    for (unsigned i = 0; i < COPY_LEVELS; i++) {
        if (frame->prefixes[i] == 0 || frame->prefixes[i] > larger) {
            return false;
        }
        larger = frame->prefixes[i];
    }
    return frame->length > 0 && frame->length <= UINT32_MAX;
}

static bool grow(struct copy_table *table, size_t count) {
    if (count > FRAME_PIECES_MAX) {
        return false;
    }
    struct copied_frame *frames = realloc(table->frames, count * sizeof *frames);
    if (frames) {
        table->frames = frames;
    }
    return frames != NULL;
}

bool copy_table_add(struct copy_table *table, const struct coded_frame_list *made) {
    if (made->count == 0 || !grow(table, (size_t)table->count + made->count)) {
        return false;
    }
    for (uint32_t i = 0; i < made->count; i++) {
        const struct coded_frame *from = &made->items[i];
        struct copied_frame frame = {copy_table_size(table),
                                     from->length,
                                     {(uint32_t)from->prefix_1, (uint32_t)from->prefix_2,
                                      (uint32_t)from->prefix_3, (uint32_t)from->prefix_4,
                                      (uint32_t)from->prefix_5}};
        if (!is_sensible(&frame)) {
            return false;
        }
        table->frames[table->count++] = frame;
    }
    return true;
}

uint8_t *copy_table_encode(const struct copy_table *table, size_t *ret_size) {
    *ret_size = COUNT_SIZE + (size_t)table->count * FRAME_SIZE;
    uint8_t *bytes = malloc(*ret_size);
    if (!bytes) {
        return NULL;
    }
    put_number(bytes, table->count, COUNT_SIZE);
    uint8_t *at = bytes + COUNT_SIZE;
    for (uint32_t i = 0; i < table->count; i++, at += FRAME_SIZE) {
        put_number(at, table->frames[i].length, 8);
        for (unsigned level = 0; level < COPY_LEVELS; level++) {
            put_number(at + 8 + 4 * level, table->frames[i].prefixes[level], 4);
        }
    }
    return bytes;
}

bool copy_table_decode(struct copy_table *table, const uint8_t *bytes, size_t size) {
    if (size < COUNT_SIZE) {
        return false;
    }
    uint64_t count = get_number(bytes, COUNT_SIZE);
    if (count == 0 || size != COUNT_SIZE + count * FRAME_SIZE || !grow(table, (size_t)count)) {
        return false;
    }
    const uint8_t *at = bytes + COUNT_SIZE;
    for (uint64_t i = 0; i < count; i++, at += FRAME_SIZE) {
        struct copied_frame frame = {copy_table_size(table), get_number(at, 8), {0}};
        for (unsigned level = 0; level < COPY_LEVELS; level++) {
            frame.prefixes[level] = (uint32_t)get_number(at + 8 + 4 * level, 4);
        }
        if (!is_sensible(&frame)) {
            return false;
        }
        table->frames[table->count++] = frame;
    }
    return true;
}

void copy_table_free(struct copy_table *table) {
    free(table->frames);
    memset(table, 0, sizeof *table);
}
