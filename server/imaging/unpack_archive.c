#include "server/imaging/unpack_archive.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define END_SIGNATURE 0x06054b50u
#define END_SIZE 22
#define COMMENT_MAX 65535
#define LOCATOR_SIGNATURE 0x07064b50u
#define LOCATOR_SIZE 20
#define END64_SIGNATURE 0x06064b50u
#define END64_SIZE 56
#define CENTRAL_SIGNATURE 0x02014b50u
#define CENTRAL_SIZE 46
#define LOCAL_SIGNATURE 0x04034b50u
#define LOCAL_SIZE 30
#define EXTRA_ZIP64 1
#define FLAG_ENCRYPTED 1u
#define METHOD_STORED 0
#define METHOD_DEFLATED 8

static uint16_t get16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes) {
    return (uint32_t)get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static uint64_t get64(const uint8_t *bytes) {
    return (uint64_t)get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

static enum unpack_refusal refuse(struct unpack_archive *archive, enum unpack_refusal refusal,
                                  const char *reason) {
    archive->reason = reason;
    return refusal;
}

/* A range that lies in the archive; false when it does not, or the reader is gone. */
static bool read_range(struct unpack_archive *archive, uint64_t offset, size_t length,
                       uint8_t *ret_bytes) {
    if (offset > archive->size || length > archive->size - offset) {
        return false;
    }
    size_t done = 0;
    while (done < length && !archive->broken) {
        size_t step = length - done < UNPACK_STEP ? length - done : UNPACK_STEP;
        archive->broken = !archive->read(archive->data, offset + done, step, ret_bytes + done);
        done += step;
    }
    return !archive->broken;
}

struct ending {
    uint64_t offset; // of the first byte behind the directory
    uint64_t entries, directory_size, directory_offset;
};

/* The record at the very end, which is found by its signature and the length of its comment. */
static bool find_end(struct unpack_archive *archive, uint8_t *tail, size_t length, size_t *ret_at) {
    for (size_t back = END_SIZE; back <= length; back++) {
        const uint8_t *at = tail + length - back;
        if (get32(at) == END_SIGNATURE && (size_t)get16(at + 20) == back - END_SIZE) {
            *ret_at = length - back;
            return true;
        }
    }
    (void)archive;
    return false;
}

static bool read_end64(struct unpack_archive *archive, uint64_t locator_offset,
                       struct ending *ending) {
    uint8_t locator[LOCATOR_SIZE];
    uint8_t end[END64_SIZE];
    if (!read_range(archive, locator_offset, LOCATOR_SIZE, locator) ||
        get32(locator) != LOCATOR_SIGNATURE ||
        !read_range(archive, get64(locator + 8), END64_SIZE, end) ||
        get32(end) != END64_SIGNATURE) {
        return false;
    }
    ending->offset = get64(locator + 8);
    ending->entries = get64(end + 32);
    ending->directory_size = get64(end + 40);
    ending->directory_offset = get64(end + 48);
    return true;
}

static enum unpack_refusal read_end(struct unpack_archive *archive, struct ending *ending) {
    size_t length = archive->size < END_SIZE + COMMENT_MAX ? (size_t)archive->size
                                                           : (size_t)END_SIZE + COMMENT_MAX;
    uint8_t *tail = malloc(length + 1);
    size_t at = 0;
    bool found = tail && read_range(archive, archive->size - length, length, tail) &&
                 find_end(archive, tail, length, &at);
    if (!found) {
        free(tail);
        return refuse(archive, UNPACK_REFUSAL_NOT_AN_ARCHIVE,
                      "the directory at its end is missing: it was cut, or is no archive");
    }
    ending->offset = archive->size - length + at;
    ending->entries = get16(tail + at + 10);
    ending->directory_size = get32(tail + at + 12);
    ending->directory_offset = get32(tail + at + 16);
    bool wide = ending->entries == UINT16_MAX || ending->directory_size == UINT32_MAX ||
                ending->directory_offset == UINT32_MAX;
    free(tail);
    if (wide && ending->offset >= LOCATOR_SIZE &&
        !read_end64(archive, ending->offset - LOCATOR_SIZE, ending) &&
        ending->directory_offset == UINT32_MAX && ending->directory_size <= ending->offset) {
        // Debian's zip -fz into a socket promises such a record and writes none: the directory lies
        // where it always does.
        ending->directory_offset = ending->offset - ending->directory_size;
    }
    bool fits = ending->directory_size <= ending->offset &&
                ending->directory_offset <= ending->offset - ending->directory_size;
    if (archive->broken || !fits) {
        return refuse(archive, UNPACK_REFUSAL_NOT_AN_ARCHIVE,
                      "its directory does not lie where its end says");
    }
    if (ending->entries > UNPACK_ENTRIES_MAX || ending->directory_size > UNPACK_DIRECTORY_MAX) {
        return refuse(archive, UNPACK_REFUSAL_OVER_LIMIT, "it has too many entries");
    }
    return UNPACK_REFUSAL_NONE;
}

/* What does not fit into 32 bits stands in an extra field, in this order (4.5.3). */
static bool take_zip64(const uint8_t *extra, size_t length, struct unpack_entry *entry) {
    while (length >= 4) {
        uint16_t id = get16(extra);
        size_t size = get16(extra + 2);
        if (size > length - 4) {
            return false;
        }
        const uint8_t *at = extra + 4;
        uint64_t *const wide[] = {&entry->size, &entry->packed_size, &entry->offset};
        for (size_t i = 0; id == EXTRA_ZIP64 && i < 3; i++) {
            if (*wide[i] == UINT32_MAX) {
                if (size < 8) {
                    return false;
                }
                *wide[i] = get64(at);
                at += 8;
                size -= 8;
            }
        }
        size_t whole = (size_t)get16(extra + 2) + 4;
        extra += whole;
        length -= whole;
    }
    return true;
}

/* Reads one record of the directory; 0 = it is malformed. A folder is no entry of ours. */
static size_t read_record(struct unpack_archive *archive, size_t at, size_t size, uint64_t shift) {
    const uint8_t *record = archive->directory + at;
    if (size - at < CENTRAL_SIZE || get32(record) != CENTRAL_SIGNATURE) {
        return 0;
    }
    size_t name = get16(record + 28);
    size_t extra = get16(record + 30);
    size_t whole = CENTRAL_SIZE + name + extra + get16(record + 32);
    if (whole > size - at) {
        return 0;
    }
    struct unpack_entry entry = {.offset = get32(record + 42),
                                 .packed_size = get32(record + 20),
                                 .size = get32(record + 24),
                                 .crc = get32(record + 16),
                                 .name_at = (uint32_t)(at + CENTRAL_SIZE),
                                 .name_length = (uint16_t)name,
                                 .flags = get16(record + 8),
                                 .method = get16(record + 10)};
    if (!take_zip64(record + CENTRAL_SIZE + name, extra, &entry) ||
        entry.offset > archive->directory_offset - shift ||
        entry.packed_size > archive->directory_offset - shift - entry.offset) {
        return 0;
    }
    entry.offset += shift;
    bool folder = name > 0 && record[CENTRAL_SIZE + name - 1] == '/' && entry.size == 0;
    if (!folder) {
        archive->entries[archive->entry_count++] = entry;
    }
    return whole;
}

static int by_offset(const void *left, const void *right) {
    const struct unpack_entry *a = left;
    const struct unpack_entry *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Together, and none over another. */
static enum unpack_refusal check_all(struct unpack_archive *archive) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < archive->entry_count; i++) {
        const struct unpack_entry *entry = &archive->entries[i];
        if (entry->size > UNPACK_TOTAL_MAX - total) {
            return refuse(archive, UNPACK_REFUSAL_OVER_LIMIT, "what it holds is too large");
        }
        total += entry->size;
        uint64_t end = i + 1 < archive->entry_count ? archive->entries[i + 1].offset
                                                    : archive->directory_offset;
        if (end - entry->offset < LOCAL_SIZE + entry->packed_size) {
            return refuse(archive, UNPACK_REFUSAL_MALFORMED, "entries lie over each other");
        }
    }
    if (total > UNPACK_FREE_SIZE && total / UNPACK_RATIO_MAX > archive->size) {
        return refuse(archive, UNPACK_REFUSAL_OVER_LIMIT, "it swells out of all proportion");
    }
    return UNPACK_REFUSAL_NONE;
}

enum unpack_refusal unpack_archive_open(struct unpack_archive *archive) {
    struct ending ending;
    archive->in = malloc(UNPACK_STEP);
    archive->out = malloc(UNPACK_STEP);
    enum unpack_refusal refusal = read_end(archive, &ending);
    if (refusal != UNPACK_REFUSAL_NONE) {
        return refusal;
    }
    // What stands in front of an archive that unpacks itself moves everything.
    archive->directory_offset = ending.offset - ending.directory_size;
    uint64_t shift = archive->directory_offset - ending.directory_offset;
    size_t size = (size_t)ending.directory_size;
    archive->directory = malloc(size + 1);
    archive->entries = calloc((size_t)ending.entries + 1, sizeof *archive->entries);
    if (!archive->in || !archive->out || !archive->directory || !archive->entries) {
        return refuse(archive, UNPACK_REFUSAL_OVER_LIMIT, "no memory to read it");
    }
    if (!read_range(archive, archive->directory_offset, size, archive->directory)) {
        return refuse(archive, UNPACK_REFUSAL_NOT_AN_ARCHIVE, "its directory cannot be read");
    }
    size_t at = 0;
    for (uint64_t i = 0; i < ending.entries; i++) {
        size_t whole = read_record(archive, at, size, shift);
        if (whole == 0) {
            return refuse(archive, UNPACK_REFUSAL_MALFORMED, "its directory is damaged");
        }
        at += whole;
    }
    qsort(archive->entries, archive->entry_count, sizeof *archive->entries, by_offset);
    return check_all(archive);
}

void unpack_archive_finish(struct unpack_archive *archive) {
    free(archive->directory);
    free(archive->entries);
    free(archive->in);
    free(archive->out);
    archive->directory = archive->in = archive->out = NULL;
    archive->entries = NULL;
    archive->entry_count = 0;
}

struct bytes unpack_archive_name(const struct unpack_archive *archive, uint32_t index) {
    const struct unpack_entry *entry = &archive->entries[index];
    uint32_t length = entry->name_length < UNPACK_NAME_MAX ? entry->name_length : UNPACK_NAME_MAX;
    return (struct bytes){length, archive->directory + entry->name_at};
}

enum unpack_refusal unpack_archive_check(struct unpack_archive *archive, uint32_t index) {
    const struct unpack_entry *entry = &archive->entries[index];
    if (entry->flags & FLAG_ENCRYPTED) {
        return refuse(archive, UNPACK_REFUSAL_ENCRYPTED, "it is locked with a password");
    }
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED) {
        return refuse(archive, UNPACK_REFUSAL_UNSUPPORTED,
                      "it is packed in a way that is not read");
    }
    if (entry->size > archive->entry_size_max) {
        return refuse(archive, UNPACK_REFUSAL_OVER_LIMIT, "it is larger than one file may be");
    }
    if (entry->method == METHOD_STORED && entry->size != entry->packed_size) {
        return refuse(archive, UNPACK_REFUSAL_DAMAGED, "its length is said in two ways");
    }
    return UNPACK_REFUSAL_NONE;
}

/* Bytes of an entry as they go out: counted, summed, never more than was said. */
struct outflow {
    struct unpack_archive *archive;
    uint64_t left;
    uint32_t crc;
};

static bool give(struct outflow *outflow, const uint8_t *bytes, size_t length) {
    struct unpack_archive *archive = outflow->archive;
    if (length > outflow->left) {
        return false;
    }
    outflow->left -= length;
    outflow->crc = (uint32_t)crc32(outflow->crc, bytes, (uInt)length);
    archive->broken = length > 0 && !archive->give(archive->data, bytes, length);
    return !archive->broken;
}

static bool copy_stored(struct outflow *outflow, uint64_t offset, uint64_t length) {
    struct unpack_archive *archive = outflow->archive;
    while (length > 0) {
        size_t step = length < UNPACK_STEP ? (size_t)length : UNPACK_STEP;
        if (!read_range(archive, offset, step, archive->in) || !give(outflow, archive->in, step)) {
            return false;
        }
        offset += step;
        length -= step;
    }
    return true;
}

static bool inflate_all(struct outflow *outflow, z_stream *stream, uint64_t offset,
                        uint64_t length) {
    struct unpack_archive *archive = outflow->archive;
    while (true) {
        if (stream->avail_in == 0 && length > 0) {
            size_t step = length < UNPACK_STEP ? (size_t)length : UNPACK_STEP;
            if (!read_range(archive, offset, step, archive->in)) {
                return false;
            }
            stream->next_in = archive->in;
            stream->avail_in = (uInt)step;
            offset += step;
            length -= step;
        }
        stream->next_out = archive->out;
        stream->avail_out = (uInt)UNPACK_STEP;
        int result = inflate(stream, Z_NO_FLUSH);
        size_t made = UNPACK_STEP - stream->avail_out;
        if ((result != Z_OK && result != Z_STREAM_END) || !give(outflow, archive->out, made)) {
            return false;
        }
        if (result == Z_STREAM_END) {
            return true;
        }
        if (made == 0 && stream->avail_in == 0 && length == 0) {
            return false; // it ends in the middle
        }
    }
}

static bool copy_deflated(struct outflow *outflow, uint64_t offset, uint64_t length) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return false;
    }
    bool whole = inflate_all(outflow, &stream, offset, length);
    inflateEnd(&stream);
    return whole;
}

enum unpack_refusal unpack_archive_entry(struct unpack_archive *archive, uint32_t index) {
    const struct unpack_entry *entry = &archive->entries[index];
    uint64_t end = index + 1 < archive->entry_count ? archive->entries[index + 1].offset
                                                    : archive->directory_offset;
    uint8_t header[LOCAL_SIZE];
    if (!read_range(archive, entry->offset, LOCAL_SIZE, header) ||
        get32(header) != LOCAL_SIGNATURE) {
        return refuse(archive, UNPACK_REFUSAL_DAMAGED, "its header is not where it should be");
    }
    uint64_t offset = entry->offset + LOCAL_SIZE + get16(header + 26) + get16(header + 28);
    if (offset > end || entry->packed_size > end - offset) {
        return refuse(archive, UNPACK_REFUSAL_MALFORMED, "it lies over what comes after it");
    }
    struct outflow outflow = {archive, entry->size, (uint32_t)crc32(0, NULL, 0)};
    bool whole = entry->method == METHOD_STORED
                     ? copy_stored(&outflow, offset, entry->packed_size)
                     : copy_deflated(&outflow, offset, entry->packed_size);
    if (!whole || outflow.left > 0 || outflow.crc != entry->crc) {
        return refuse(archive, UNPACK_REFUSAL_DAMAGED,
                      "its bytes are not what its length and checksum say");
    }
    return UNPACK_REFUSAL_NONE;
}
