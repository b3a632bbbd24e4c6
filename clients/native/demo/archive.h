#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_ARCHIVE_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes named members out of a gzipped tar file (POSIX ustar interchange format) in one pass.
 * Whatever else the archive holds is inflated and dropped, never stored.
 */

struct archive_member {
    const char *name;  // without its folders
    size_t length_max; // a longer member of that name fails the extraction
    uint8_t *bytes;    // given: the caller frees; one NUL follows the last byte
    size_t length;
};

// True when all members were found. On false nothing is given.
bool archive_extract(const char *path, struct archive_member *members, size_t count);

#endif
