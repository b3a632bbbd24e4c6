#include "server/blobs/blob_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED "unfinished"
#define NAME_TEXT_SIZE (3 + 2 * BLOB_NAME_SIZE + 1) // NN/ and the digits

const char *blob_result_text(enum blob_result result) {
    switch (result) {
    case BLOB_OK:
        return "fine";
    case BLOB_ABSENT:
        return "the blob is not there";
    case BLOB_DAMAGED:
        return "the blob does not verify";
    case BLOB_NO_SPACE:
        return "the disk is full";
    case BLOB_IO_FAILED:
        return "the file system refuses";
    }
    return "unknown";
}

static enum blob_result result_of_errno(void) {
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return BLOB_NO_SPACE;
    case ENOENT:
        return BLOB_ABSENT;
    default:
        return BLOB_IO_FAILED;
    }
}

static bool make_folder(int parent, const char *name) {
    return mkdirat(parent, name, 0700) == 0 || errno == EEXIST;
}

static bool sync_folder(int parent, const char *name) {
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    bool synced = fsync(folder) == 0;
    close(folder);
    return synced;
}

static void delete_unfinished(int folder) {
    int unfinished = openat(folder, UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = unfinished < 0 ? NULL : fdopendir(unfinished);
    if (!entries) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    closedir(entries);
}

enum blob_result blob_files_open(struct blob_files *files, const char *path) {
    files->folder = -1;
    if (!make_folder(AT_FDCWD, path)) {
        return result_of_errno();
    }
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return result_of_errno();
    }
    bool made = make_folder(folder, UNFINISHED);
    for (unsigned i = 0; i < 256 && made; i++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", i);
        made = make_folder(folder, name);
    }
    if (!made || fsync(folder) != 0) {
        enum blob_result result = result_of_errno();
        close(folder);
        return result;
    }
    delete_unfinished(folder);
    files->folder = folder;
    return BLOB_OK;
}

void blob_files_close(struct blob_files *files) {
    if (files->folder >= 0) {
        close(files->folder);
    }
    files->folder = -1;
}

static void name_text(const uint8_t name[BLOB_NAME_SIZE], char text[NAME_TEXT_SIZE]) {
    snprintf(text, NAME_TEXT_SIZE, "%02x/", name[0]);
    for (int i = 0; i < BLOB_NAME_SIZE; i++) {
        snprintf(text + 3 + 2 * i, 3, "%02x", name[i]);
    }
}

static bool write_all(void *data, const uint8_t *bytes, size_t size) {
    struct blob_write *write_to = data;
    while (size > 0) {
        ssize_t written = write(write_to->file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            write_to->failure = result_of_errno();
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

enum blob_result blob_write_begin(struct blob_write *write_to, const struct blob_files *files,
                                  const uint8_t key[BLOB_KEY_SIZE],
                                  const uint8_t name[BLOB_NAME_SIZE]) {
    memset(write_to, 0, sizeof *write_to);
    write_to->files = files;
    write_to->file = -1;
    write_to->failure = BLOB_IO_FAILED;
    memcpy(write_to->name, name, BLOB_NAME_SIZE);
    uint8_t random[BLOB_RANDOM_SIZE];
    uint64_t number;
    if (RAND_bytes(random, sizeof random) != 1 ||
        RAND_bytes((unsigned char *)&number, sizeof number) != 1 ||
        !sealed_blob_writer_init(&write_to->writer, key, name, random, write_all, write_to)) {
        return BLOB_IO_FAILED;
    }
    snprintf(write_to->unfinished, sizeof write_to->unfinished, UNFINISHED "/%016llx",
             (unsigned long long)number);
    write_to->file =
        openat(files->folder, write_to->unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return write_to->file < 0 ? result_of_errno() : BLOB_OK;
}

void blob_write_skip_digest(struct blob_write *write_to) {
    sealed_blob_writer_skip_digest(&write_to->writer);
}

enum blob_result blob_write_bytes(struct blob_write *write_to, const void *bytes, size_t size) {
    return sealed_blob_write(&write_to->writer, bytes, size) ? BLOB_OK : write_to->failure;
}

enum blob_result blob_write_commit(struct blob_write *write_to,
                                   uint8_t ret_digest[BLOB_DIGEST_SIZE]) {
    if (!sealed_blob_close(&write_to->writer, ret_digest)) {
        return write_to->failure;
    }
    char text[NAME_TEXT_SIZE];
    name_text(write_to->name, text);
    int folder = write_to->files->folder;
    if (fsync(write_to->file) != 0 || renameat(folder, write_to->unfinished, folder, text) != 0) {
        return result_of_errno();
    }
    // Renamed: an abort has nothing left to delete.
    write_to->unfinished[0] = 0;
    text[2] = 0;
    if (!sync_folder(folder, text)) {
        return result_of_errno();
    }
    blob_write_abort(write_to);
    return BLOB_OK;
}

void blob_write_abort(struct blob_write *write_to) {
    if (write_to->file >= 0) {
        close(write_to->file);
        if (write_to->unfinished[0]) {
            unlinkat(write_to->files->folder, write_to->unfinished, 0);
        }
    }
    sealed_blob_writer_finish(&write_to->writer);
    write_to->file = -1;
}

static bool read_all(int file, uint8_t *bytes, size_t size, uint64_t offset) {
    while (size > 0) {
        ssize_t got = pread(file, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        bytes += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

/* Chunk by chunk: what was read is still in the processor's cache when it is opened. */
static enum blob_result read_range(int file, struct sealed_blob_reader *reader, uint64_t offset,
                                   size_t length, uint8_t *ret_bytes) {
    uint8_t *sealed = malloc(BLOB_SEALED_CHUNK_SIZE);
    enum blob_result result = sealed ? BLOB_OK : BLOB_IO_FAILED;
    size_t done = 0;
    do {
        size_t in_chunk = BLOB_CHUNK_SIZE - (size_t)((offset + done) % BLOB_CHUNK_SIZE);
        size_t step = length - done < in_chunk ? length - done : in_chunk;
        struct sealed_span span = sealed_blob_span(reader, offset + done, step);
        if (result == BLOB_OK &&
            !(read_all(file, sealed, span.file_length, span.file_offset) &&
              sealed_blob_open(reader, &span, sealed, offset + done, step, ret_bytes + done))) {
            OPENSSL_cleanse(ret_bytes, done);
            result = BLOB_DAMAGED;
        }
        done += step;
    } while (result == BLOB_OK && done < length);
    free(sealed);
    return result;
}

enum blob_result blob_read(const struct blob_files *files, const uint8_t key[BLOB_KEY_SIZE],
                           const uint8_t name[BLOB_NAME_SIZE], uint64_t plaintext_size,
                           uint64_t offset, size_t length, uint8_t *ret_bytes) {
    char text[NAME_TEXT_SIZE];
    name_text(name, text);
    int file = openat(files->folder, text, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return result_of_errno();
    }
    struct stat status;
    uint8_t header[BLOB_HEADER_SIZE];
    struct sealed_blob_reader reader;
    memset(&reader, 0, sizeof reader);
    enum blob_result result = BLOB_DAMAGED;
    if (fstat(file, &status) == 0 && read_all(file, header, sizeof header, 0) &&
        sealed_blob_reader_init(&reader, key, name, header, (uint64_t)status.st_size) &&
        reader.size == plaintext_size) {
        result = read_range(file, &reader, offset, length, ret_bytes);
    }
    sealed_blob_reader_finish(&reader);
    close(file);
    return result;
}

enum blob_result blob_delete(const struct blob_files *files, const uint8_t name[BLOB_NAME_SIZE]) {
    char text[NAME_TEXT_SIZE];
    name_text(name, text);
    if (unlinkat(files->folder, text, 0) != 0) {
        return result_of_errno();
    }
    text[2] = 0;
    return sync_folder(files->folder, text) ? BLOB_OK : result_of_errno();
}
