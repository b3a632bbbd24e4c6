/*
 * A blob that is written in many sittings and survives each of them: what comes of an upload that
 * may be broken off. Blocking, as blob_files.h.
 *
 *     header (40 bytes), then records: length of the plaintext (u32, little endian, at most 64
 * KiB; bit 31: on trial; bit 30 alone: a verdict, of no bytes), nonce (12 bytes), the sealed bytes,
 * tag (16 bytes)
 *
 * AES-256-GCM under a key of the file's own (as sealed_blob.h), nonces at random: a record that was
 * cut off is sealed anew, perhaps with other bytes, and may not share a nonce with what was there.
 * The header, the blob's name, and the record's place and length are additional data. Records are
 * only added, so that what was durable stays durable whatever happens to the next one. What is
 * added on trial counts from its verdict on: without one it is cut off when the file is opened.
 *
 * Files lie in `growing/` of the folder of blobs, each under its name, until they are deleted.
 */
#ifndef CONSILIUM_BLOBS_GROWING_BLOB_H
#define CONSILIUM_BLOBS_GROWING_BLOB_H

#include "server/blobs/blob_files.h"

#define GROWING_RECORDS_MAX (1u << 19)
#define GROWING_UNSYNCED_MAX ((uint64_t)64 << 20) // bytes; then it is synced without being asked

struct growing_blob {
    /* Owned. */
    int file; // descriptor, -1 = closed
    EVP_CIPHER_CTX *cipher;
    struct growing_record {
        uint64_t offset;      // of its plaintext
        uint64_t file_offset; // of its length
        uint32_t trial;       // 1 + the first record of the trial it is of; 0 = of none
    } * records;
    uint8_t *space; // of one record
    /* Derived. */
    uint8_t header[BLOB_HEADER_SIZE];
    uint8_t name[BLOB_NAME_SIZE];
    uint8_t key[BLOB_KEY_SIZE]; // the file's own
    size_t record_count, record_capacity;
    uint64_t size;      // plaintext
    uint64_t file_size; //
    uint64_t unsynced;  // plaintext since the last sync
    uint32_t trial;     // as in a record, of what is added now
};

/* Makes it, empty and durable. It is closed by the caller whatever the result. */
enum blob_result growing_blob_create(struct growing_blob *blob, const struct blob_files *files,
                                     const uint8_t key[BLOB_KEY_SIZE],
                                     const uint8_t name[BLOB_NAME_SIZE]);

/* Opens it again and cuts off what was not whole: a record that a crash broke off, and with it all
 * behind it. */
enum blob_result growing_blob_open(struct growing_blob *blob, const struct blob_files *files,
                                   const uint8_t key[BLOB_KEY_SIZE],
                                   const uint8_t name[BLOB_NAME_SIZE]);

/* Adds bytes; durable after growing_blob_sync. After anything but BLOB_OK the blob is as long as
 * before. */
enum blob_result growing_blob_add(struct growing_blob *blob, const void *bytes, size_t size);
enum blob_result growing_blob_sync(struct growing_blob *blob);

/* What is added from here on is on trial, until it is settled or cut. */
void growing_blob_try(struct growing_blob *blob);
/* It counts, and is durable. */
enum blob_result growing_blob_settle(struct growing_blob *blob);

/* Back to a length it had between two additions; no trial is on after it. */
enum blob_result growing_blob_cut(struct growing_blob *blob, uint64_t size);

/* Reads and verifies; the range lies in the blob. */
enum blob_result growing_blob_read(struct growing_blob *blob, uint64_t offset, size_t length,
                                   uint8_t *ret_bytes);

/* Closes the file, which stays. */
void growing_blob_close(struct growing_blob *blob);

enum blob_result growing_blob_delete(const struct blob_files *files,
                                     const uint8_t name[BLOB_NAME_SIZE]);

/* Deletes those that `wanted` does not want, by their names. */
void growing_blob_sweep(const struct blob_files *files,
                        bool (*wanted)(void *data, const uint8_t name[BLOB_NAME_SIZE]), void *data);

#endif
