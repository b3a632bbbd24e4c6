/*
 * The floor under the cost of sealing: server/blobs/blob_files.h done with plain files. Linked into
 * a program of this folder in place of the real one (`consilium-unsealed`, see CMakeLists.txt), so
 * that everything else is the same server; the product has no such file and no switch for it.
 * Names, folders, fsync and rename are as there; a range is read by one pread into its place.
 */
#include "server/blobs/blob_files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_SIZE = 3 + 2 * BLOB_NAME_SIZE + 1 };

const char *blob_result_text(enum blob_result result) {
    return result == BLOB_OK ? "fine" : "a plain file cannot be kept or read";
}

enum blob_result blob_files_open(struct blob_files *files, const char *path) {
    char name[3];
    bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
    files->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; made && files->folder >= 0 && i < 256; i++) {
        snprintf(name, sizeof name, "%02x", i);
        made = mkdirat(files->folder, name, 0700) == 0 || errno == EEXIST;
    }
    return made && files->folder >= 0 ? BLOB_OK : BLOB_IO_FAILED;
}

void blob_files_close(struct blob_files *files) {
    close(files->folder);
    files->folder = -1;
}

static void name_text(const uint8_t name[BLOB_NAME_SIZE], char text[TEXT_SIZE]) {
    snprintf(text, TEXT_SIZE, "%02x/", name[0]);
    for (int i = 0; i < BLOB_NAME_SIZE; i++)
        snprintf(text + 3 + 2 * i, 3, "%02x", name[i]);
}

enum blob_result blob_write_begin(struct blob_write *write_to, const struct blob_files *files,
                                  const uint8_t key[BLOB_KEY_SIZE],
                                  const uint8_t name[BLOB_NAME_SIZE]) {
    char text[TEXT_SIZE];
    (void)key;
    memset(write_to, 0, sizeof *write_to);
    write_to->files = files;
    memcpy(write_to->name, name, BLOB_NAME_SIZE);
    name_text(name, text);
    snprintf(write_to->unfinished, sizeof write_to->unfinished, "%.60s", text);
    write_to->file =
        openat(files->folder, write_to->unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    write_to->writer.digest = EVP_MD_CTX_new();
    return write_to->file >= 0 && write_to->writer.digest != NULL &&
                   EVP_DigestInit_ex(write_to->writer.digest, EVP_sha512_256(), NULL) == 1
               ? BLOB_OK
               : BLOB_IO_FAILED;
}

void blob_write_skip_digest(struct blob_write *write_to) {
    EVP_MD_CTX_free(write_to->writer.digest);
    write_to->writer.digest = NULL;
}

enum blob_result blob_write_bytes(struct blob_write *write_to, const void *bytes, size_t size) {
    EVP_MD_CTX *digest = write_to->writer.digest;
    return (digest == NULL || EVP_DigestUpdate(digest, bytes, size) == 1) &&
                   write(write_to->file, bytes, size) == (ssize_t)size
               ? BLOB_OK
               : BLOB_IO_FAILED;
}

enum blob_result blob_write_commit(struct blob_write *write_to,
                                   uint8_t ret_digest[BLOB_DIGEST_SIZE]) {
    unsigned length = BLOB_DIGEST_SIZE;
    char text[TEXT_SIZE];
    int folder = write_to->files->folder;
    name_text(write_to->name, text);
    EVP_MD_CTX *digest = write_to->writer.digest;
    if ((digest != NULL && EVP_DigestFinal_ex(digest, ret_digest, &length) != 1) ||
        fsync(write_to->file) != 0 || renameat(folder, write_to->unfinished, folder, text) != 0)
        return BLOB_IO_FAILED;
    write_to->unfinished[0] = 0;
    blob_write_abort(write_to);
    return BLOB_OK;
}

void blob_write_abort(struct blob_write *write_to) {
    if (write_to->file >= 0)
        close(write_to->file);
    if (write_to->file >= 0 && write_to->unfinished[0] != 0)
        unlinkat(write_to->files->folder, write_to->unfinished, 0);
    write_to->file = -1;
    EVP_MD_CTX_free(write_to->writer.digest);
    write_to->writer.digest = NULL;
}

enum blob_result blob_read(const struct blob_files *files, const uint8_t key[BLOB_KEY_SIZE],
                           const uint8_t name[BLOB_NAME_SIZE], uint64_t plaintext_size,
                           uint64_t offset, size_t length, uint8_t *ret_bytes) {
    char text[TEXT_SIZE];
    struct stat status;
    (void)key;
    name_text(name, text);
    int file = openat(files->folder, text, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return BLOB_ABSENT;
    bool whole = fstat(file, &status) == 0 && (uint64_t)status.st_size == plaintext_size &&
                 pread(file, ret_bytes, length, (off_t)offset) == (ssize_t)length;
    close(file);
    return whole ? BLOB_OK : BLOB_DAMAGED;
}

enum blob_result blob_delete(const struct blob_files *files, const uint8_t name[BLOB_NAME_SIZE]) {
    char text[TEXT_SIZE];
    name_text(name, text);
    return unlinkat(files->folder, text, 0) == 0 ? BLOB_OK : BLOB_ABSENT;
}
