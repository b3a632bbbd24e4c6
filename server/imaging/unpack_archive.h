/*
 * A ZIP archive (APPNOTE.TXT 6.3.10), read from its central directory, entry by entry, in bounded
 * memory whatever it says of itself: ZIP64, data descriptors, stored and deflated. An archive in an
 * archive is an entry like any other.
 *
 * Bytes come from and go to functions: no input or output here. Entries are in the order in which
 * they lie, and none may lie over another: what a bomb repeats is refused before it is inflated.
 */
#ifndef CONSILIUM_IMAGING_UNPACK_ARCHIVE_H
#define CONSILIUM_IMAGING_UNPACK_ARCHIVE_H

#include "protocol/generated/unpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNPACK_ENTRIES_MAX 100000u
#define UNPACK_DIRECTORY_MAX ((uint64_t)64 << 20) // bytes of the central directory
#define UNPACK_TOTAL_MAX ((uint64_t)64 << 30)     // bytes of all entries together
#define UNPACK_RATIO_MAX 250                      // of them to the archive, beyond
#define UNPACK_FREE_SIZE ((uint64_t)1 << 30)      // bytes that may swell as they like
#define UNPACK_NAME_MAX 1024
#define UNPACK_STEP ((size_t)1 << 20)  // bytes read or given at once
#define UNPACK_WINDOW_SIZE UNPACK_STEP // of the memory they go through; there are two, in and out

struct unpack_entry {
    uint64_t offset; // of its local header
    uint64_t packed_size, size;
    uint32_t crc;
    uint32_t name_at; // in the directory
    uint16_t name_length;
    uint16_t flags, method;
};

struct unpack_archive {
    /* Given. */
    /* Fills ret_bytes; false ends everything. */
    bool (*read)(void *data, uint64_t offset, size_t length, uint8_t *ret_bytes);
    /* At most UNPACK_STEP; false ends everything. */
    bool (*give)(void *data, const uint8_t *bytes, size_t length);
    void *data;
    uint64_t size;
    uint64_t entry_size_max;
    /* Owned. */
    uint8_t *directory;
    struct unpack_entry *entries;
    uint8_t *in, *out; // UNPACK_STEP each
    /* Derived. */
    uint32_t entry_count;
    uint64_t directory_offset;
    const char *reason; // in words, beside a refusal
    bool broken;        // read or give said no
};

/* Reads the directory. What is given stands in the archive before; finish is safe after any
 * result. */
enum unpack_refusal unpack_archive_open(struct unpack_archive *archive);
void unpack_archive_finish(struct unpack_archive *archive);

/* As the archive says it, at most UNPACK_NAME_MAX bytes of it. */
struct bytes unpack_archive_name(const struct unpack_archive *archive, uint32_t entry);

/* May it be unpacked? */
enum unpack_refusal unpack_archive_check(struct unpack_archive *archive, uint32_t entry);

/* Gives its bytes, which are exactly as many as it says, and right, when this says NONE. */
enum unpack_refusal unpack_archive_entry(struct unpack_archive *archive, uint32_t entry);

#endif
