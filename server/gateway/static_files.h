/*
 * The web client's files. They are read into memory once, at start, compressed on a thread, and
 * never change while the server runs, so that serving them never waits for a disk. Bounded by
 * number and size.
 */
#ifndef CONSILIUM_STATIC_FILES_H
#define CONSILIUM_STATIC_FILES_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
    STATIC_FILES_MAX = 2048,
    STATIC_PATH_MAX = 256,
    STATIC_FILE_BYTES_MAX = 64 * 1024 * 1024,
    STATIC_BYTES_MAX = 256 * 1024 * 1024,
    STATIC_COMPRESS_MIN = 1024,
};

struct static_file {
    char *path; /* "/assets/index-4f2a.js" */
    const char *content_type;
    const char *caching;
    char etag[40]; /* quoted */
    uint8_t *bytes;
    uint32_t length;
    uint8_t *packed; /* gzip; NULL until it is made, and when it would not be smaller */
    uint32_t packed_length;
};

struct static_files;
/* NULL when the folder is not there or empty. */
struct static_files *static_files_load(const char *folder);
/* Compresses on the loop's threads; files are served as they are until then. */
void static_files_pack(struct static_files *files, uv_loop_t *loop);
bool static_files_packed(const struct static_files *files);
void static_files_free(struct static_files *files); /* NULL is fine */
const struct static_file *static_files_find(const struct static_files *files, struct text path);
/* For a path of the client's own (no dot in its last part): index.html. */
const struct static_file *static_files_page(const struct static_files *files, struct text path);

#endif
