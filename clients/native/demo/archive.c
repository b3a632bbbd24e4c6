#include "clients/native/demo/archive.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    TAR_BLOCK = 512,
    TAR_NAME_LENGTH = 100,
    TAR_SIZE_OFFSET = 124,
    TAR_SIZE_LENGTH = 12,
    TAR_CHECKSUM_OFFSET = 148,
    TAR_CHECKSUM_LENGTH = 8,
    TAR_TYPE_OFFSET = 156,
    ENTRIES_MAX = 4096,
};
#define INFLATED_BYTES_MAX ((size_t)1 << 30)

struct entry {
    char name[TAR_NAME_LENGTH + 1];
    size_t length;
    bool is_file;
};

static bool read_exactly(gzFile file, void *bytes, size_t length) {
    return length <= INFLATED_BYTES_MAX && gzread(file, bytes, (unsigned)length) == (int)length;
}

static bool skip(gzFile file, size_t length) {
    uint8_t dropped[16 * 1024];
    while (length > 0) {
        size_t part = length < sizeof(dropped) ? length : sizeof(dropped);
        if (!read_exactly(file, dropped, part))
            return false;
        length -= part;
    }
    return true;
}

static bool octal(const uint8_t *digits, size_t length, size_t *ret_number) {
    size_t number = 0;
    for (size_t i = 0; i < length && digits[i] != '\0' && digits[i] != ' '; i++) {
        if (digits[i] < '0' || digits[i] > '7')
            return false;
        number = number * 8 + (size_t)(digits[i] - '0');
    }
    *ret_number = number;
    return true;
}

static bool read_entry(const uint8_t block[TAR_BLOCK], struct entry *ret_entry) {
    size_t stated, sum = 0, length;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool in_checksum =
            i >= TAR_CHECKSUM_OFFSET && i < TAR_CHECKSUM_OFFSET + TAR_CHECKSUM_LENGTH;
        sum += in_checksum ? ' ' : block[i];
    }
    if (!octal(block + TAR_CHECKSUM_OFFSET, TAR_CHECKSUM_LENGTH, &stated) || stated != sum)
        return false;
    if (!octal(block + TAR_SIZE_OFFSET, TAR_SIZE_LENGTH, &length) || length > INFLATED_BYTES_MAX)
        return false;
    memcpy(ret_entry->name, block, TAR_NAME_LENGTH);
    ret_entry->name[TAR_NAME_LENGTH] = '\0';
    ret_entry->length = length;
    ret_entry->is_file = block[TAR_TYPE_OFFSET] == '0' || block[TAR_TYPE_OFFSET] == '\0';
    return true;
}

static struct archive_member *wanted(const struct entry *entry, struct archive_member *members,
                                     size_t count) {
    const char *slash = strrchr(entry->name, '/');
    const char *name = slash ? slash + 1 : entry->name;
    for (size_t i = 0; i < count; i++) {
        if (entry->is_file && members[i].bytes == NULL && strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

static bool take(gzFile file, const struct entry *entry, struct archive_member *member) {
    if (entry->length > member->length_max)
        return false;
    member->bytes = malloc(entry->length + 1);
    if (member->bytes == NULL || !read_exactly(file, member->bytes, entry->length))
        return false;
    member->bytes[entry->length] = '\0';
    member->length = entry->length;
    return true;
}

static bool walk(gzFile file, struct archive_member *members, size_t count) {
    size_t missing = count;
    size_t inflated = 0;
    for (int entries = 0; missing > 0 && entries < ENTRIES_MAX; entries++) {
        uint8_t block[TAR_BLOCK];
        struct entry entry;
        if (!read_exactly(file, block, sizeof(block)) || !read_entry(block, &entry))
            return false;
        inflated += entry.length;
        if (inflated > INFLATED_BYTES_MAX)
            return false;
        struct archive_member *member = wanted(&entry, members, count);
        if (member != NULL) {
            if (!take(file, &entry, member))
                return false;
            missing--;
        } else if (!skip(file, entry.length)) {
            return false;
        }
        if (!skip(file, (TAR_BLOCK - entry.length % TAR_BLOCK) % TAR_BLOCK))
            return false;
    }
    return missing == 0;
}

bool archive_extract(const char *path, struct archive_member *members, size_t count) {
    for (size_t i = 0; i < count; i++)
        members[i].bytes = NULL;
    gzFile file = gzopen(path, "rb");
    bool found = file != NULL && walk(file, members, count);
    if (file != NULL)
        gzclose(file);
    for (size_t i = 0; i < count && !found; i++) {
        free(members[i].bytes);
        members[i].bytes = NULL;
    }
    return found;
}
