#define _GNU_SOURCE // sync_file_range
#include "server/blobs/growing_blob.h"

#include <assert.h>
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

#define FOLDER "growing"
#define PATH_SIZE (sizeof FOLDER + 2 * BLOB_NAME_SIZE + 1)
#define MAGIC "CNSLGRW1"
#define MAGIC_SIZE 8
#define SALT_SIZE 16
#define NONCE_SIZE 12
#define LENGTH_SIZE 4
#define OVERHEAD (LENGTH_SIZE + NONCE_SIZE + BLOB_TAG_SIZE)
#define ON_TRIAL UINT32_C(0x80000000)
#define VERDICT UINT32_C(0x40000000)
#define KEY_LABEL "consilium growing blob 1"

static enum blob_result result_of_errno(void) {
    return errno == ENOSPC || errno == EDQUOT ? BLOB_NO_SPACE
           : errno == ENOENT                  ? BLOB_ABSENT
                                              : BLOB_IO_FAILED;
}

static void path_of(const uint8_t name[BLOB_NAME_SIZE], char path[PATH_SIZE]) {
    int at = snprintf(path, PATH_SIZE, FOLDER "/");
    for (int i = 0; i < BLOB_NAME_SIZE; i++) {
        snprintf(path + at + 2 * i, 3, "%02x", name[i]);
    }
}

static bool sync_folder(const struct blob_files *files) {
    int folder = openat(files->folder, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return synced;
}

static bool write_at(int file, const uint8_t *bytes, size_t size, uint64_t offset) {
    while (size > 0) {
        ssize_t written = pwrite(file, bytes, size, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return true;
}

static bool read_at(int file, uint8_t *bytes, size_t size, uint64_t offset) {
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

static void put_number(uint8_t *bytes, uint64_t number, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static uint32_t get_length(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static bool prepare(struct growing_blob *blob, const uint8_t key[BLOB_KEY_SIZE],
                    const uint8_t name[BLOB_NAME_SIZE]) {
    memcpy(blob->name, name, BLOB_NAME_SIZE);
    // The salt is what the file's own key is made of, as a blob's name is of what it is of.
    uint8_t what[sizeof KEY_LABEL + SALT_SIZE];
    memcpy(what, KEY_LABEL, sizeof KEY_LABEL);
    memcpy(what + sizeof KEY_LABEL, blob->header + MAGIC_SIZE, SALT_SIZE);
    blob_name(key, what, sizeof what, blob->key);
    blob->cipher = EVP_CIPHER_CTX_new();
    blob->space = malloc(BLOB_CHUNK_SIZE + OVERHEAD);
    blob->file_size = BLOB_HEADER_SIZE;
    return blob->cipher && blob->space;
}

static void clear(struct growing_blob *blob) {
    memset(blob, 0, sizeof *blob);
    blob->file = -1;
}

enum blob_result growing_blob_create(struct growing_blob *blob, const struct blob_files *files,
                                     const uint8_t key[BLOB_KEY_SIZE],
                                     const uint8_t name[BLOB_NAME_SIZE]) {
    clear(blob);
    memcpy(blob->header, MAGIC, MAGIC_SIZE);
    if (RAND_bytes(blob->header + MAGIC_SIZE, SALT_SIZE) != 1 || !prepare(blob, key, name) ||
        (mkdirat(files->folder, FOLDER, 0700) != 0 && errno != EEXIST)) {
        return BLOB_IO_FAILED;
    }
    char path[PATH_SIZE];
    path_of(name, path);
    blob->file = openat(files->folder, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (blob->file < 0 || !write_at(blob->file, blob->header, BLOB_HEADER_SIZE, 0) ||
        fsync(blob->file) != 0 || !sync_folder(files)) {
        return result_of_errno();
    }
    return BLOB_OK;
}

/* All of a record that is authenticated beside its bytes; `word` is its length as it is written. */
static bool authenticate(struct growing_blob *blob, uint64_t offset, uint32_t word, bool sealing) {
    uint8_t place[12];
    int ignored;
    put_number(place, offset, 8);
    put_number(place + 8, word, 4);
    int (*update)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int) =
        sealing ? EVP_EncryptUpdate : EVP_DecryptUpdate;
    return update(blob->cipher, NULL, &ignored, blob->header, BLOB_HEADER_SIZE) == 1 &&
           update(blob->cipher, NULL, &ignored, blob->name, BLOB_NAME_SIZE) == 1 &&
           update(blob->cipher, NULL, &ignored, place, sizeof place) == 1;
}

static bool seal(struct growing_blob *blob, const uint8_t *bytes, uint32_t length, uint32_t word) {
    uint8_t *nonce = blob->space + LENGTH_SIZE;
    uint8_t *body = nonce + NONCE_SIZE;
    int written = 0;
    put_number(blob->space, word, LENGTH_SIZE);
    return RAND_bytes(nonce, NONCE_SIZE) == 1 &&
           EVP_EncryptInit_ex(blob->cipher, EVP_aes_256_gcm(), NULL, blob->key, nonce) == 1 &&
           authenticate(blob, blob->size, word, true) &&
           (length == 0 ||
            EVP_EncryptUpdate(blob->cipher, body, &written, bytes, (int)length) == 1) &&
           EVP_EncryptFinal_ex(blob->cipher, body + written, &written) == 1 &&
           EVP_CIPHER_CTX_ctrl(blob->cipher, EVP_CTRL_GCM_GET_TAG, BLOB_TAG_SIZE, body + length) ==
               1;
}

/* Reads what lies there into `space` and opens it there; NULL when it does not verify. */
static uint8_t *open_at(struct growing_blob *blob, const struct growing_record *record,
                        uint32_t length, uint32_t word) {
    uint8_t *nonce = blob->space + LENGTH_SIZE;
    uint8_t *body = nonce + NONCE_SIZE;
    int written = 0;
    bool opened =
        read_at(blob->file, blob->space, length + OVERHEAD, record->file_offset) &&
        get_length(blob->space) == word &&
        EVP_DecryptInit_ex(blob->cipher, EVP_aes_256_gcm(), NULL, blob->key, nonce) == 1 &&
        authenticate(blob, record->offset, word, false) &&
        (length == 0 || EVP_DecryptUpdate(blob->cipher, body, &written, body, (int)length) == 1) &&
        EVP_CIPHER_CTX_ctrl(blob->cipher, EVP_CTRL_GCM_SET_TAG, BLOB_TAG_SIZE, body + length) ==
            1 &&
        EVP_DecryptFinal_ex(blob->cipher, body + written, &written) == 1;
    return opened ? body : NULL;
}

static uint8_t *open_record(struct growing_blob *blob, const struct growing_record *record,
                            uint32_t length) {
    return open_at(blob, record, length, length | (record->trial != 0 ? ON_TRIAL : 0));
}

static bool remember(struct growing_blob *blob, uint32_t length) {
    if (blob->record_count == blob->record_capacity) {
        size_t capacity = blob->record_capacity ? 2 * blob->record_capacity : 64;
        struct growing_record *grown = realloc(blob->records, capacity * sizeof *grown);
        if (!grown) {
            return false;
        }
        blob->records = grown;
        blob->record_capacity = capacity;
    }
    blob->records[blob->record_count++] =
        (struct growing_record){blob->size, blob->file_size, blob->trial};
    blob->size += length;
    blob->file_size += length + OVERHEAD;
    return true;
}

static uint32_t record_length(const struct growing_blob *blob, size_t record) {
    uint64_t end = record + 1 < blob->record_count ? blob->records[record + 1].offset : blob->size;
    return (uint32_t)(end - blob->records[record].offset);
}

static void forget_from(struct growing_blob *blob, size_t record) {
    if (record < blob->record_count) {
        blob->size = blob->records[record].offset;
        blob->file_size = blob->records[record].file_offset;
        blob->record_count = record;
    }
}

/* What was never synced may have come to the disk in part, and in any order. */
static void forget_unverified(struct growing_blob *blob) {
    size_t first = blob->record_count;
    while (first > 0 &&
           blob->size - blob->records[first - 1].offset <= GROWING_UNSYNCED_MAX + BLOB_CHUNK_SIZE) {
        first--;
    }
    for (size_t i = first; i < blob->record_count; i++) {
        if (!open_record(blob, &blob->records[i], record_length(blob, i))) {
            // What was settled together goes together.
            uint32_t trial = blob->records[i].trial;
            forget_from(blob, trial != 0 ? trial - 1 : i);
        }
    }
    OPENSSL_cleanse(blob->space, BLOB_CHUNK_SIZE + OVERHEAD);
}

/* A verdict that was written, over what is on trial before it. */
static bool read_verdict(struct growing_blob *blob) {
    struct growing_record place = {.offset = blob->size, .file_offset = blob->file_size};
    if (blob->trial == 0 || !open_at(blob, &place, 0, VERDICT)) {
        return false;
    }
    blob->file_size += OVERHEAD;
    blob->trial = 0;
    return true;
}

/* The record that lies next. False = it is not whole, or (`failed`) there is no memory. */
static bool read_next(struct growing_blob *blob, uint64_t end, bool *failed) {
    uint8_t length_bytes[LENGTH_SIZE];
    if (blob->file_size + OVERHEAD > end || blob->record_count >= GROWING_RECORDS_MAX ||
        !read_at(blob->file, length_bytes, LENGTH_SIZE, blob->file_size)) {
        return false;
    }
    uint32_t word = get_length(length_bytes);
    if (word == VERDICT) {
        return read_verdict(blob);
    }
    uint32_t length = word & ~ON_TRIAL;
    bool on_trial = (word & ON_TRIAL) != 0;
    bool whole = length > 0 && length <= BLOB_CHUNK_SIZE &&
                 length + OVERHEAD <= end - blob->file_size && (on_trial || blob->trial == 0);
    if (whole && on_trial && blob->trial == 0) {
        growing_blob_try(blob);
    }
    *failed = whole && !remember(blob, length);
    return whole && !*failed;
}

enum blob_result growing_blob_open(struct growing_blob *blob, const struct blob_files *files,
                                   const uint8_t key[BLOB_KEY_SIZE],
                                   const uint8_t name[BLOB_NAME_SIZE]) {
    clear(blob);
    char path[PATH_SIZE];
    path_of(name, path);
    blob->file = openat(files->folder, path, O_RDWR | O_CLOEXEC);
    struct stat status;
    if (blob->file < 0 || fstat(blob->file, &status) != 0) {
        return result_of_errno();
    }
    if (!read_at(blob->file, blob->header, BLOB_HEADER_SIZE, 0) ||
        memcmp(blob->header, MAGIC, MAGIC_SIZE) != 0) {
        return BLOB_DAMAGED;
    }
    if (!prepare(blob, key, name)) {
        return BLOB_IO_FAILED;
    }
    bool failed = false;
    while (read_next(blob, (uint64_t)status.st_size, &failed)) {
    }
    if (failed) {
        return BLOB_IO_FAILED;
    }
    if (blob->trial != 0) {
        forget_from(blob, blob->trial - 1); // nobody compared it with what it should be
    }
    blob->trial = 0;
    forget_unverified(blob);
    if (ftruncate(blob->file, (off_t)blob->file_size) != 0 || fsync(blob->file) != 0) {
        return result_of_errno();
    }
    return BLOB_OK;
}

enum blob_result growing_blob_add(struct growing_blob *blob, const void *bytes, size_t size) {
    size_t before = blob->record_count;
    uint64_t from_offset = blob->file_size;
    uint64_t unsynced = blob->unsynced;
    const uint8_t *from = bytes;
    enum blob_result result = BLOB_OK;
    while (size > 0 && result == BLOB_OK) {
        uint32_t step = size < BLOB_CHUNK_SIZE ? (uint32_t)size : (uint32_t)BLOB_CHUNK_SIZE;
        bool fits = blob->record_count < GROWING_RECORDS_MAX;
        if (!fits || !seal(blob, from, step, step | (blob->trial != 0 ? ON_TRIAL : 0))) {
            result = BLOB_IO_FAILED;
        } else if (!write_at(blob->file, blob->space, step + OVERHEAD, blob->file_size)) {
            result = result_of_errno();
        } else if (!remember(blob, step)) {
            result = BLOB_IO_FAILED;
        }
        from += step;
        size -= step;
        blob->unsynced += step;
        if (result == BLOB_OK && blob->unsynced >= GROWING_UNSYNCED_MAX) {
            result = growing_blob_sync(blob);
        }
    }
    if (result != BLOB_OK) {
        forget_from(blob, before);
        blob->unsynced = unsynced;
        // A part that stays is not whole, and is cut off when the file is opened.
        (void)!ftruncate(blob->file, (off_t)blob->file_size);
        return result;
    }
    // The disk begins with it now: whoever waits for the sync waits for the rest alone.
    sync_file_range(blob->file, (off_t)from_offset, (off_t)(blob->file_size - from_offset),
                    SYNC_FILE_RANGE_WRITE);
    return BLOB_OK;
}

enum blob_result growing_blob_sync(struct growing_blob *blob) {
    if (fdatasync(blob->file) != 0) {
        return result_of_errno();
    }
    blob->unsynced = 0;
    return BLOB_OK;
}

void growing_blob_try(struct growing_blob *blob) {
    blob->trial = (uint32_t)blob->record_count + 1;
}

enum blob_result growing_blob_settle(struct growing_blob *blob) {
    bool something = blob->trial != 0 && blob->record_count >= blob->trial;
    blob->trial = 0;
    if (something) {
        if (!seal(blob, NULL, 0, VERDICT)) {
            return BLOB_IO_FAILED;
        }
        if (!write_at(blob->file, blob->space, OVERHEAD, blob->file_size)) {
            return result_of_errno();
        }
        blob->file_size += OVERHEAD;
    }
    return growing_blob_sync(blob);
}

/* The record that holds this byte; the last one for the end. */
static size_t find_record(const struct growing_blob *blob, uint64_t offset) {
    size_t low = 0;
    size_t high = blob->record_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (blob->records[middle].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

enum blob_result growing_blob_cut(struct growing_blob *blob, uint64_t size) {
    assert(size <= blob->size);
    blob->trial = 0;
    if (size == blob->size) {
        return BLOB_OK;
    }
    size_t record = find_record(blob, size);
    assert(blob->records[record].offset == size);
    forget_from(blob, record);
    bool cut = ftruncate(blob->file, (off_t)blob->file_size) == 0 && fsync(blob->file) == 0;
    return cut ? BLOB_OK : result_of_errno();
}

enum blob_result growing_blob_read(struct growing_blob *blob, uint64_t offset, size_t length,
                                   uint8_t *ret_bytes) {
    assert(offset <= blob->size && length <= blob->size - offset);
    size_t done = 0;
    size_t record = length > 0 ? find_record(blob, offset) : 0;
    while (done < length) {
        uint32_t size = record_length(blob, record);
        size_t skip = (size_t)(offset + done - blob->records[record].offset);
        size_t take = size - skip < length - done ? size - skip : length - done;
        const uint8_t *plain = open_record(blob, &blob->records[record], size);
        if (!plain) {
            OPENSSL_cleanse(ret_bytes, done);
            return BLOB_DAMAGED;
        }
        memcpy(ret_bytes + done, plain + skip, take);
        done += take;
        record++;
    }
    return BLOB_OK;
}

void growing_blob_close(struct growing_blob *blob) {
    if (blob->file >= 0) {
        close(blob->file);
    }
    EVP_CIPHER_CTX_free(blob->cipher);
    if (blob->space) {
        OPENSSL_cleanse(blob->space, BLOB_CHUNK_SIZE + OVERHEAD);
    }
    free(blob->space);
    free(blob->records);
    OPENSSL_cleanse(blob, sizeof *blob);
    clear(blob);
}

enum blob_result growing_blob_delete(const struct blob_files *files,
                                     const uint8_t name[BLOB_NAME_SIZE]) {
    char path[PATH_SIZE];
    path_of(name, path);
    if (unlinkat(files->folder, path, 0) != 0) {
        return result_of_errno();
    }
    return sync_folder(files) ? BLOB_OK : result_of_errno();
}

static bool name_of(const char *text, uint8_t ret_name[BLOB_NAME_SIZE]) {
    for (int i = 0; i < BLOB_NAME_SIZE; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
            return false;
        }
        ret_name[i] = (uint8_t)byte;
    }
    return text[2 * BLOB_NAME_SIZE] == 0;
}

void growing_blob_sweep(const struct blob_files *files,
                        bool (*wanted)(void *data, const uint8_t name[BLOB_NAME_SIZE]),
                        void *data) {
    int folder = openat(files->folder, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        uint8_t name[BLOB_NAME_SIZE];
        bool whole = strlen(entry->d_name) == (size_t)2 * BLOB_NAME_SIZE;
        if (whole && name_of(entry->d_name, name) && !wanted(data, name)) {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    closedir(entries);
}
