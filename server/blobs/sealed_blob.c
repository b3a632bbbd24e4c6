#include "server/blobs/sealed_blob.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_SIZE 8
#define SALT_OFFSET 16 // 8 magic, 4 chunk size, 4 zero
#define SALT_SIZE 16
#define PREFIX_OFFSET (SALT_OFFSET + SALT_SIZE)
#define PREFIX_SIZE 7 // and one zero byte
#define NONCE_SIZE 12
#define KEY_LABEL "consilium blob 1"
#define NAME_LABEL "consilium blob name 1"

static const uint8_t magic[MAGIC_SIZE] = {'C', 'N', 'S', 'L', 'B', 'L', 'B', '1'};

static void hmac(const uint8_t key[BLOB_KEY_SIZE], const char *label, const void *what, size_t size,
                 uint8_t ret_digest[32]) {
    // The label is hashed with its terminator, so no label continues into `what`.
    uint8_t inner[32];
    unsigned length = sizeof inner;
    HMAC(EVP_sha256(), key, BLOB_KEY_SIZE, (const uint8_t *)label, strlen(label) + 1, inner,
         &length);
    HMAC(EVP_sha256(), inner, sizeof inner, what, size, ret_digest, &length);
    OPENSSL_cleanse(inner, sizeof inner);
}

void blob_name(const uint8_t key[BLOB_KEY_SIZE], const void *what, size_t size,
               uint8_t ret_name[BLOB_NAME_SIZE]) {
    hmac(key, NAME_LABEL, what, size, ret_name);
}

void blob_digest(const void *bytes, size_t size, uint8_t ret_digest[BLOB_DIGEST_SIZE]) {
    unsigned length = BLOB_DIGEST_SIZE;
    int hashed = EVP_Digest(bytes, size, ret_digest, &length, EVP_sha512_256(), NULL);
    assert(hashed == 1 && length == BLOB_DIGEST_SIZE);
}

static void make_nonce(const uint8_t header[BLOB_HEADER_SIZE], uint32_t counter, bool last,
                       uint8_t nonce[NONCE_SIZE]) {
    memcpy(nonce, header + PREFIX_OFFSET, PREFIX_SIZE);
    nonce[7] = (uint8_t)(counter >> 24);
    nonce[8] = (uint8_t)(counter >> 16);
    nonce[9] = (uint8_t)(counter >> 8);
    nonce[10] = (uint8_t)counter;
    nonce[11] = last;
}

static void make_header(const uint8_t random[BLOB_RANDOM_SIZE], uint8_t header[BLOB_HEADER_SIZE]) {
    memset(header, 0, BLOB_HEADER_SIZE);
    memcpy(header, magic, MAGIC_SIZE);
    for (int i = 0; i < 4; i++) {
        header[MAGIC_SIZE + i] = (uint8_t)(BLOB_CHUNK_SIZE >> 8 * i);
    }
    memcpy(header + SALT_OFFSET, random, SALT_SIZE + PREFIX_SIZE);
}

/* Sets the file's own key, once for the life of the context. */
static bool set_key(EVP_CIPHER_CTX *cipher, const uint8_t key[BLOB_KEY_SIZE],
                    const uint8_t header[BLOB_HEADER_SIZE], int encrypt) {
    uint8_t file_key[BLOB_KEY_SIZE];
    hmac(key, KEY_LABEL, header + SALT_OFFSET, SALT_SIZE, file_key);
    int set = EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, file_key, NULL, encrypt);
    OPENSSL_cleanse(file_key, sizeof file_key);
    return set == 1;
}

bool sealed_blob_writer_init(struct sealed_blob_writer *writer, const uint8_t key[BLOB_KEY_SIZE],
                             const uint8_t name[BLOB_NAME_SIZE],
                             const uint8_t random[BLOB_RANDOM_SIZE], blob_sink sink, void *data) {
    memset(writer, 0, sizeof *writer);
    writer->sink = sink;
    writer->sink_data = data;
    memcpy(writer->name, name, BLOB_NAME_SIZE);
    make_header(random, writer->header);
    writer->cipher = EVP_CIPHER_CTX_new();
    writer->digest = EVP_MD_CTX_new();
    writer->chunk = malloc(BLOB_SEALED_CHUNK_SIZE);
    return writer->cipher && writer->digest && writer->chunk &&
           set_key(writer->cipher, key, writer->header, 1) &&
           EVP_DigestInit_ex(writer->digest, EVP_sha512_256(), NULL) == 1;
}

void sealed_blob_writer_skip_digest(struct sealed_blob_writer *writer) {
    EVP_MD_CTX_free(writer->digest);
    writer->digest = NULL;
}

void sealed_blob_writer_finish(struct sealed_blob_writer *writer) {
    EVP_CIPHER_CTX_free(writer->cipher);
    EVP_MD_CTX_free(writer->digest);
    if (writer->chunk) {
        OPENSSL_cleanse(writer->chunk, BLOB_SEALED_CHUNK_SIZE);
    }
    free(writer->chunk);
    memset(writer, 0, sizeof *writer);
}

/* Seals in place: the chunk has space for its tag. */
static bool seal_chunk(struct sealed_blob_writer *writer, bool last) {
    uint8_t nonce[NONCE_SIZE];
    make_nonce(writer->header, writer->counter, last, nonce);
    int length = (int)writer->filled;
    EVP_CIPHER_CTX *cipher = writer->cipher;
    bool sealed =
        EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) == 1 &&
        EVP_EncryptUpdate(cipher, NULL, &(int){0}, writer->header, BLOB_HEADER_SIZE) == 1 &&
        EVP_EncryptUpdate(cipher, NULL, &(int){0}, writer->name, BLOB_NAME_SIZE) == 1 &&
        EVP_EncryptUpdate(cipher, writer->chunk, &length, writer->chunk, length) == 1 &&
        EVP_EncryptFinal_ex(cipher, writer->chunk + length, &(int){0}) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, BLOB_TAG_SIZE,
                            writer->chunk + writer->filled) == 1;
    if (writer->counter == 0 && sealed) {
        sealed = writer->sink(writer->sink_data, writer->header, BLOB_HEADER_SIZE);
    }
    sealed =
        sealed && writer->sink(writer->sink_data, writer->chunk, writer->filled + BLOB_TAG_SIZE);
    writer->counter++;
    writer->filled = 0;
    return sealed;
}

bool sealed_blob_write(struct sealed_blob_writer *writer, const void *bytes, size_t size) {
    const uint8_t *from = bytes;
    if (writer->failed || size > BLOB_SIZE_MAX - writer->size ||
        (writer->digest && EVP_DigestUpdate(writer->digest, from, size) != 1)) {
        writer->failed = true;
        return false;
    }
    writer->size += size;
    while (size > 0) {
        // A full chunk is sealed only when more follows: the last one carries the flag.
        if (writer->filled == BLOB_CHUNK_SIZE && !seal_chunk(writer, false)) {
            writer->failed = true;
            return false;
        }
        size_t space = BLOB_CHUNK_SIZE - writer->filled;
        size_t step = size < space ? size : space;
        memcpy(writer->chunk + writer->filled, from, step);
        writer->filled += step;
        from += step;
        size -= step;
    }
    return true;
}

bool sealed_blob_close(struct sealed_blob_writer *writer, uint8_t ret_digest[BLOB_DIGEST_SIZE]) {
    unsigned length = BLOB_DIGEST_SIZE;
    return !writer->failed && seal_chunk(writer, true) &&
           (!writer->digest || EVP_DigestFinal_ex(writer->digest, ret_digest, &length) == 1);
}

static uint64_t chunks_of(uint64_t plaintext_size) {
    uint64_t chunks = (plaintext_size + BLOB_CHUNK_SIZE - 1) / BLOB_CHUNK_SIZE;
    return chunks ? chunks : 1;
}

uint64_t sealed_blob_file_size(uint64_t plaintext_size) {
    return BLOB_HEADER_SIZE + plaintext_size + chunks_of(plaintext_size) * BLOB_TAG_SIZE;
}

/* The plaintext size a file size belongs to; false when to none. */
static bool plaintext_size_of(uint64_t file_size, uint64_t *ret_size) {
    if (file_size < BLOB_HEADER_SIZE + BLOB_TAG_SIZE || file_size > 2 * BLOB_SIZE_MAX) {
        return false;
    }
    uint64_t body = file_size - BLOB_HEADER_SIZE;
    uint64_t chunks = (body + BLOB_SEALED_CHUNK_SIZE - 1) / BLOB_SEALED_CHUNK_SIZE;
    if (body < chunks * BLOB_TAG_SIZE) {
        return false;
    }
    uint64_t size = body - chunks * BLOB_TAG_SIZE;
    if (size > BLOB_SIZE_MAX || sealed_blob_file_size(size) != file_size) {
        return false;
    }
    *ret_size = size;
    return true;
}

bool sealed_blob_reader_init(struct sealed_blob_reader *reader, const uint8_t key[BLOB_KEY_SIZE],
                             const uint8_t name[BLOB_NAME_SIZE],
                             const uint8_t header[BLOB_HEADER_SIZE], uint64_t file_size) {
    memset(reader, 0, sizeof *reader);
    uint8_t expected[BLOB_HEADER_SIZE];
    make_header(header + SALT_OFFSET, expected);
    if (memcmp(expected, header, BLOB_HEADER_SIZE) != 0 ||
        !plaintext_size_of(file_size, &reader->size)) {
        return false;
    }
    memcpy(reader->header, header, BLOB_HEADER_SIZE);
    memcpy(reader->name, name, BLOB_NAME_SIZE);
    reader->chunk_count = (uint32_t)chunks_of(reader->size);
    reader->cipher = EVP_CIPHER_CTX_new();
    return reader->cipher && set_key(reader->cipher, key, header, 0);
}

void sealed_blob_reader_finish(struct sealed_blob_reader *reader) {
    EVP_CIPHER_CTX_free(reader->cipher);
    memset(reader, 0, sizeof *reader);
}

static size_t plain_chunk_size(const struct sealed_blob_reader *reader, uint32_t chunk) {
    return chunk + 1 < reader->chunk_count
               ? BLOB_CHUNK_SIZE
               : (size_t)(reader->size - (uint64_t)chunk * BLOB_CHUNK_SIZE);
}

struct sealed_span sealed_blob_span(const struct sealed_blob_reader *reader, uint64_t offset,
                                    size_t length) {
    assert(offset <= reader->size && length <= reader->size - offset);
    // An empty range still opens one chunk, so that an empty blob is verified too.
    uint64_t first = offset / BLOB_CHUNK_SIZE;
    first = first < reader->chunk_count ? first : reader->chunk_count - 1;
    uint64_t last = length ? (offset + length - 1) / BLOB_CHUNK_SIZE : first;
    struct sealed_span span = {.first_chunk = (uint32_t)first,
                               .chunk_count = (uint32_t)(last - first + 1),
                               .file_offset = BLOB_HEADER_SIZE + first * BLOB_SEALED_CHUNK_SIZE};
    span.file_length = (size_t)(last - first) * BLOB_SEALED_CHUNK_SIZE +
                       plain_chunk_size(reader, (uint32_t)last) + BLOB_TAG_SIZE;
    return span;
}

static bool open_chunk(struct sealed_blob_reader *reader, uint32_t chunk, const uint8_t *sealed,
                       size_t size, uint8_t *plain) {
    uint8_t nonce[NONCE_SIZE];
    make_nonce(reader->header, chunk, chunk + 1 == reader->chunk_count, nonce);
    uint8_t tag[BLOB_TAG_SIZE];
    memcpy(tag, sealed + size, BLOB_TAG_SIZE);
    int length = 0;
    EVP_CIPHER_CTX *cipher = reader->cipher;
    return EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, nonce) == 1 &&
           EVP_DecryptUpdate(cipher, NULL, &length, reader->header, BLOB_HEADER_SIZE) == 1 &&
           EVP_DecryptUpdate(cipher, NULL, &length, reader->name, BLOB_NAME_SIZE) == 1 &&
           EVP_DecryptUpdate(cipher, plain, &length, sealed, (int)size) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, BLOB_TAG_SIZE, tag) == 1 &&
           EVP_DecryptFinal_ex(cipher, plain + length, &length) == 1;
}

/* A chunk that lies only partly in the range goes through `edge`. */
static bool open_edge(struct sealed_blob_reader *reader, uint32_t chunk, const uint8_t *sealed,
                      size_t skip, size_t take, uint8_t *ret_bytes) {
    size_t size = plain_chunk_size(reader, chunk);
    uint8_t *edge = malloc(size ? size : 1);
    bool opened = edge && open_chunk(reader, chunk, sealed, size, edge);
    if (opened && take > 0) {
        memcpy(ret_bytes, edge + skip, take);
    }
    free(edge);
    return opened;
}

bool sealed_blob_open(struct sealed_blob_reader *reader, const struct sealed_span *span,
                      const uint8_t *sealed, uint64_t offset, size_t length, uint8_t *ret_bytes) {
    size_t done = 0;
    for (uint32_t i = 0; i < span->chunk_count; i++) {
        uint32_t chunk = span->first_chunk + i;
        size_t size = plain_chunk_size(reader, chunk);
        size_t skip = i == 0 ? (size_t)(offset - (uint64_t)chunk * BLOB_CHUNK_SIZE) : 0;
        size_t take = size - skip < length - done ? size - skip : length - done;
        bool whole = skip == 0 && take == size;
        bool opened = whole ? open_chunk(reader, chunk, sealed, size, ret_bytes + done)
                            : open_edge(reader, chunk, sealed, skip, take, ret_bytes + done);
        if (!opened) {
            OPENSSL_cleanse(ret_bytes, done);
            return false;
        }
        done += take;
        sealed += size + BLOB_TAG_SIZE;
    }
    assert(done == length);
    return true;
}
