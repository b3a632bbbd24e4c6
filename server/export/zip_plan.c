#include "server/export/zip_plan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum {
    HEAD = 30,
    TAIL = 16,
    LINE = 46,
    END = 22,
    FLAGS = 1 << 3 | 1 << 11, /* checksum behind the data; names are UTF-8 */
    VERSION = 20,             /* 2.0: folders */
    MADE_BY_UNIX = 3 << 8,
};
#define FILE_MODE (UINT32_C(0100644) << 16)

struct piece {
    uint8_t *out;
    size_t length;
};

static void put16(struct piece *piece, uint16_t value) {
    piece->out[piece->length++] = (uint8_t)value;
    piece->out[piece->length++] = (uint8_t)(value >> 8);
}

static void put32(struct piece *piece, uint32_t value) {
    put16(piece, (uint16_t)value);
    put16(piece, (uint16_t)(value >> 16));
}

static void put_name(struct piece *piece, const char *name) {
    size_t length = strlen(name);
    memcpy(piece->out + piece->length, name, length);
    piece->length += length;
}

void zip_plan_init(struct zip_plan *plan, int64_t now) {
    *plan = (struct zip_plan){.date = 1 << 5 | 1}; /* 1980-01-01 */
    time_t seconds = (time_t)(now / 1000000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) != NULL && utc.tm_year >= 80 && utc.tm_year < 208) {
        plan->date = (uint16_t)((utc.tm_year - 80) << 9 | (utc.tm_mon + 1) << 5 | utc.tm_mday);
        plan->time = (uint16_t)(utc.tm_hour << 11 | utc.tm_min << 5 | utc.tm_sec / 2);
    }
}

void zip_plan_finish(struct zip_plan *plan) {
    for (uint32_t i = 0; i < plan->count; i++) {
        free(plan->entries[i].name);
    }
    free(plan->entries);
    *plan = (struct zip_plan){0};
}

static bool make_space(struct zip_plan *plan) {
    if (plan->count < plan->capacity) {
        return true;
    }
    uint32_t capacity = plan->capacity == 0 ? 16 : plan->capacity * 2;
    struct zip_entry *entries = realloc(plan->entries, capacity * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    plan->entries = entries;
    plan->capacity = capacity;
    return true;
}

bool zip_plan_add(struct zip_plan *plan, const char *name, uint64_t size) {
    size_t length = strlen(name);
    uint64_t frame = HEAD + TAIL + LINE + 2 * (uint64_t)length;
    if (length > ZIP_NAME_MAX || plan->count == ZIP_ENTRIES_MAX || size > ZIP_LENGTH_MAX ||
        zip_plan_length(plan) + frame + size > ZIP_LENGTH_MAX || !make_space(plan)) {
        return false;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return false;
    }
    plan->entries[plan->count++] = (struct zip_entry){
        .name = copy, .size = (uint32_t)size, .offset = (uint32_t)plan->data_length};
    plan->data_length += HEAD + length + size + TAIL;
    plan->directory_length += LINE + length;
    return true;
}

uint64_t zip_plan_length(const struct zip_plan *plan) {
    return plan->data_length + plan->directory_length + END;
}

size_t zip_plan_head(const struct zip_plan *plan, uint32_t entry, uint8_t *out) {
    struct piece piece = {out, 0};
    put32(&piece, 0x04034b50);
    put16(&piece, VERSION);
    put16(&piece, FLAGS);
    put16(&piece, 0); /* stored */
    put16(&piece, plan->time);
    put16(&piece, plan->date);
    put32(&piece, 0);
    put32(&piece, 0);
    put32(&piece, 0);
    put16(&piece, (uint16_t)strlen(plan->entries[entry].name));
    put16(&piece, 0);
    put_name(&piece, plan->entries[entry].name);
    return piece.length;
}

void zip_plan_data(struct zip_plan *plan, uint32_t entry, const void *bytes, size_t length) {
    uint32_t *checksum = &plan->entries[entry].checksum;
    *checksum = (uint32_t)crc32(*checksum, bytes, (uInt)length);
}

size_t zip_plan_tail(const struct zip_plan *plan, uint32_t entry, uint8_t *out) {
    const struct zip_entry *it = &plan->entries[entry];
    struct piece piece = {out, 0};
    put32(&piece, 0x08074b50);
    put32(&piece, it->checksum);
    put32(&piece, it->size);
    put32(&piece, it->size);
    return piece.length;
}

size_t zip_plan_directory(const struct zip_plan *plan, uint32_t entry, uint8_t *out) {
    const struct zip_entry *it = &plan->entries[entry];
    struct piece piece = {out, 0};
    put32(&piece, 0x02014b50);
    put16(&piece, MADE_BY_UNIX | VERSION);
    put16(&piece, VERSION);
    put16(&piece, FLAGS);
    put16(&piece, 0);
    put16(&piece, plan->time);
    put16(&piece, plan->date);
    put32(&piece, it->checksum);
    put32(&piece, it->size);
    put32(&piece, it->size);
    put16(&piece, (uint16_t)strlen(it->name));
    put16(&piece, 0); /* extra, */
    put16(&piece, 0); /* comment, */
    put16(&piece, 0); /* disk, */
    put16(&piece, 0); /* internal attributes */
    put32(&piece, FILE_MODE);
    put32(&piece, it->offset);
    put_name(&piece, it->name);
    return piece.length;
}

size_t zip_plan_end(const struct zip_plan *plan, uint8_t *out) {
    struct piece piece = {out, 0};
    put32(&piece, 0x06054b50);
    put16(&piece, 0);
    put16(&piece, 0);
    put16(&piece, (uint16_t)plan->count);
    put16(&piece, (uint16_t)plan->count);
    put32(&piece, (uint32_t)plan->directory_length);
    put32(&piece, (uint32_t)plan->data_length);
    put16(&piece, 0);
    return piece.length;
}
