/*
 * A ZIP file (PKWARE APPNOTE 6.3.3) of stored entries, written from front to back without ever
 * going back: names and sizes are planned first, so its length is known before the first byte;
 * checksums are counted on the way and stand behind each entry (general purpose bit 3) and in the
 * directory at the end. No ZIP64: what would not fit is refused by zip_plan_add.
 *
 * Order of the bytes: for each entry head, data, tail; then each entry's line of the directory;
 * then the end. Pure: no input or output.
 */
#ifndef CONSILIUM_ZIP_PLAN_H
#define CONSILIUM_ZIP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ZIP_NAME_MAX = 200,
    ZIP_ENTRIES_MAX = 20100,
    ZIP_PIECE_MAX = 46 + ZIP_NAME_MAX, /* of every piece that the plan writes */
};
#define ZIP_LENGTH_MAX ((uint64_t)0xfffffffe)

struct zip_entry {
    char *name; /* owned; UTF-8, with / between folders */
    uint32_t size, offset, checksum;
};

struct zip_plan {
    struct zip_entry *entries; /* owned */
    uint32_t count, capacity;
    uint64_t data_length; /* heads, data and tails */
    uint64_t directory_length;
    uint16_t date, time; /* as DOS wrote them, in UTC */
};

/* `now` in microseconds since 1970. */
void zip_plan_init(struct zip_plan *plan, int64_t now);
void zip_plan_finish(struct zip_plan *plan);
/* False: too many, too long, or no memory; nothing was added. */
bool zip_plan_add(struct zip_plan *plan, const char *name, uint64_t size);
uint64_t zip_plan_length(const struct zip_plan *plan);

/* Each writes into at least ZIP_PIECE_MAX bytes and gives how many. */
size_t zip_plan_head(const struct zip_plan *plan, uint32_t entry, uint8_t *out);
void zip_plan_data(struct zip_plan *plan, uint32_t entry, const void *bytes, size_t length);
size_t zip_plan_tail(const struct zip_plan *plan, uint32_t entry, uint8_t *out);
size_t zip_plan_directory(const struct zip_plan *plan, uint32_t entry, uint8_t *out);
size_t zip_plan_end(const struct zip_plan *plan, uint8_t *out);

#endif
