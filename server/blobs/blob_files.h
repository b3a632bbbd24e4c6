/*
 * Sealed blobs as files under one folder. Blocking: called on threads that may wait, never on the
 * loop (work_queue.h has such threads).
 *
 * A blob is written under a name of its own making in `unfinished/`, synced, and renamed to
 * `NN/NAME` (NAME in hexadecimal, NN its first byte), and both folders are synced: after
 * blob_write_commit it survives the machine losing power; before, nobody sees it. What a crash left
 * unfinished is deleted when the folder is opened. A blob is never changed.
 */
#ifndef CONSILIUM_BLOBS_BLOB_FILES_H
#define CONSILIUM_BLOBS_BLOB_FILES_H

#include "server/blobs/sealed_blob.h"

#include <limits.h>

enum blob_result {
    BLOB_OK,
    BLOB_ABSENT,    // there is no such blob
    BLOB_DAMAGED,   // it does not verify: changed, cut, or another key
    BLOB_NO_SPACE,  // the disk is full; nothing was kept
    BLOB_IO_FAILED, // anything else the system refuses
};

struct blob_files {
    int folder; // descriptor
};

/* Makes the folder when it is absent. */
enum blob_result blob_files_open(struct blob_files *files, const char *path);
void blob_files_close(struct blob_files *files);

struct blob_write {
    const struct blob_files *files; // borrowed
    int file;                       // descriptor, -1 when there is none
    char unfinished[64];            // name below the folder
    uint8_t name[BLOB_NAME_SIZE];
    struct sealed_blob_writer writer;
    enum blob_result failure;
};

enum blob_result blob_write_begin(struct blob_write *write, const struct blob_files *files,
                                  const uint8_t key[BLOB_KEY_SIZE],
                                  const uint8_t name[BLOB_NAME_SIZE]);
/* Before the first byte: its digest is known; commit gives none, and may be given NULL. */
void blob_write_skip_digest(struct blob_write *write);
enum blob_result blob_write_bytes(struct blob_write *write, const void *bytes, size_t size);

/* Makes it durable under its name and frees the write. A blob that is already there is replaced:
 * names are of contents, so it holds the same. */
enum blob_result blob_write_commit(struct blob_write *write, uint8_t ret_digest[BLOB_DIGEST_SIZE]);

/* Frees the write and leaves nothing behind; safe after a failed begin, bytes or commit. */
void blob_write_abort(struct blob_write *write);

/* Reads and verifies a range. `plaintext_size` is what the blob is known to have; another size on
 * disk is damage. */
enum blob_result blob_read(const struct blob_files *files, const uint8_t key[BLOB_KEY_SIZE],
                           const uint8_t name[BLOB_NAME_SIZE], uint64_t plaintext_size,
                           uint64_t offset, size_t length, uint8_t *ret_bytes);

enum blob_result blob_delete(const struct blob_files *files, const uint8_t name[BLOB_NAME_SIZE]);

const char *blob_result_text(enum blob_result result);

#endif
