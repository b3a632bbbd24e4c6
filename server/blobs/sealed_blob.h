/*
 * The form in which a blob lies on disk: encrypted and authenticated in chunks, so that any range
 * can be read and verified without the rest.
 *
 *     header (40 bytes), then chunks of 64 KiB of plaintext, each followed by its 16-byte tag
 *
 * AES-256-GCM. The file's own key is HMAC-SHA-256(subkey, label, salt of the header), so nonces
 * only have to be unique inside one file: 7 random bytes of the header, a counter, and a flag that
 * marks the last chunk (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar, 2015).
 * The header and the blob's name are additional data of every chunk: chunks cannot be cut off,
 * swapped, repeated, or moved to another file or name without the tag failing.
 *
 * No input or output here: the writer hands sealed bytes to a function, the reader is told which
 * bytes of the file to fetch. Neither is used by two threads at once.
 */
#ifndef CONSILIUM_BLOBS_SEALED_BLOB_H
#define CONSILIUM_BLOBS_SEALED_BLOB_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOB_KEY_SIZE 32
#define BLOB_NAME_SIZE 32
#define BLOB_DIGEST_SIZE 32 // SHA-512/256 of the plaintext
#define BLOB_HEADER_SIZE 40
#define BLOB_CHUNK_SIZE ((size_t)64 << 10) // plaintext
#define BLOB_TAG_SIZE 16
#define BLOB_SEALED_CHUNK_SIZE (BLOB_CHUNK_SIZE + BLOB_TAG_SIZE)
#define BLOB_RANDOM_SIZE 23                // salt 16, nonce prefix 7
#define BLOB_SIZE_MAX ((uint64_t)64 << 30) // plaintext; keeps the counter far from its end

/* A keyed hash of what the blob is of: who sees the folder learns nothing from the names. */
void blob_name(const uint8_t key[BLOB_KEY_SIZE], const void *what, size_t size,
               uint8_t ret_name[BLOB_NAME_SIZE]);

/* SHA-512/256 (FIPS 180-4) in one go. */
void blob_digest(const void *bytes, size_t size, uint8_t ret_digest[BLOB_DIGEST_SIZE]);

/* Takes sealed bytes in order; false ends the writing. */
typedef bool (*blob_sink)(void *data, const uint8_t *bytes, size_t size);

struct sealed_blob_writer {
    /* Given. */
    blob_sink sink;
    void *sink_data;
    /* Owned. */
    EVP_CIPHER_CTX *cipher;
    EVP_MD_CTX *digest; // NULL = it is known
    uint8_t *chunk;     // plaintext waiting to be sealed
    /* Derived. */
    uint8_t header[BLOB_HEADER_SIZE];
    uint8_t name[BLOB_NAME_SIZE];
    size_t filled;
    uint32_t counter;
    uint64_t size; // plaintext so far
    bool failed;
};

/* `random` is fresh for every blob. False without memory; finish is safe after either. */
bool sealed_blob_writer_init(struct sealed_blob_writer *writer, const uint8_t key[BLOB_KEY_SIZE],
                             const uint8_t name[BLOB_NAME_SIZE],
                             const uint8_t random[BLOB_RANDOM_SIZE], blob_sink sink, void *data);
bool sealed_blob_write(struct sealed_blob_writer *writer, const void *bytes, size_t size);

/* Before the first byte: its digest is known, and is not reckoned once more. */
void sealed_blob_writer_skip_digest(struct sealed_blob_writer *writer);

/* Seals the last chunk; a blob without this call cannot be opened. `ret_digest` is left alone when
 * it was to be skipped. */
bool sealed_blob_close(struct sealed_blob_writer *writer, uint8_t ret_digest[BLOB_DIGEST_SIZE]);
void sealed_blob_writer_finish(struct sealed_blob_writer *writer);

struct sealed_blob_reader {
    /* Owned. */
    EVP_CIPHER_CTX *cipher;
    /* Derived. */
    uint8_t header[BLOB_HEADER_SIZE];
    uint8_t name[BLOB_NAME_SIZE];
    uint64_t size; // plaintext
    uint32_t chunk_count;
};

/* Bytes a file of this much plaintext has. */
uint64_t sealed_blob_file_size(uint64_t plaintext_size);

/* False when the header is not ours or no plaintext has a file of this size; finish is safe after
 * either. That the file was not cut at a chunk's border shows when its last chunk is opened, or at
 * once when the caller compares `size` with what it knows. */
bool sealed_blob_reader_init(struct sealed_blob_reader *reader, const uint8_t key[BLOB_KEY_SIZE],
                             const uint8_t name[BLOB_NAME_SIZE],
                             const uint8_t header[BLOB_HEADER_SIZE], uint64_t file_size);
void sealed_blob_reader_finish(struct sealed_blob_reader *reader);

/* Which bytes of the file hold a range of plaintext: whole chunks. */
struct sealed_span {
    uint32_t first_chunk;
    uint32_t chunk_count;
    uint64_t file_offset;
    size_t file_length;
};
struct sealed_span sealed_blob_span(const struct sealed_blob_reader *reader, uint64_t offset,
                                    size_t length);

/* Opens the chunks of a span and copies the range out of them. False when a tag fails: the file was
 * changed, and nothing of it may be believed. */
bool sealed_blob_open(struct sealed_blob_reader *reader, const struct sealed_span *span,
                      const uint8_t *sealed, uint64_t offset, size_t length, uint8_t *ret_bytes);

#endif
