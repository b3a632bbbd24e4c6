#include "server/store/seal.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

struct seal {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *cipher_context;
    EVP_MD *digest;
    EVP_MD_CTX *digest_context;
};

struct seal *seal_create(void) {
    struct seal *seal = calloc(1, sizeof *seal);
    assert(seal != NULL);
    seal->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    seal->cipher_context = EVP_CIPHER_CTX_new();
    seal->digest = EVP_MD_fetch(NULL, "SHA512-256", NULL);
    seal->digest_context = EVP_MD_CTX_new();
    assert(seal->cipher != NULL && seal->cipher_context != NULL && seal->digest != NULL &&
           seal->digest_context != NULL);
    return seal;
}

void seal_destroy(struct seal *seal) {
    if (seal == NULL)
        return;
    EVP_MD_CTX_free(seal->digest_context);
    EVP_MD_free(seal->digest);
    EVP_CIPHER_CTX_free(seal->cipher_context);
    EVP_CIPHER_free(seal->cipher);
    free(seal);
}

/* Headers */

static void add(struct seal_header *header, const void *bytes, size_t length) {
    assert(header->length + length <= SEAL_HEADER_MAX);
    memcpy(header->bytes + header->length, bytes, length);
    header->length += length;
}

static void add_number(struct seal_header *header, uint64_t value) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    add(header, bytes, sizeof bytes);
}

static void add_uuid(struct seal_header *header, struct uuid uuid) {
    add(header, uuid.bytes, sizeof uuid.bytes);
}

static struct seal_header begin(enum seal_row kind) {
    struct seal_header header = {.length = 1};
    header.bytes[0] = (uint8_t)kind;
    return header;
}

struct seal_header seal_event_header(const struct event_row *row, uint8_t kind) {
    struct seal_header header = begin(SEAL_EVENT);
    add(&header, &kind, 1);
    add(&header, &row->type, 1);
    add_uuid(&header, row->tenant);
    add_uuid(&header, row->stream);
    add_number(&header, row->version);
    add_number(&header, row->part);
    add_uuid(&header, row->command_id);
    add_number(&header, (uint64_t)row->at);
    add_uuid(&header, row->user);
    add_number(&header, row->key_id);
    return header;
}

struct seal_header seal_snapshot_header(const struct snapshot_row *row) {
    struct seal_header header = begin(SEAL_SNAPSHOT);
    add_uuid(&header, row->tenant);
    add_uuid(&header, row->stream);
    add_number(&header, row->version);
    add_number(&header, row->state_format);
    add_number(&header, row->key_id);
    return header;
}

struct seal_header seal_pending_header(const struct pending_row *row) {
    struct seal_header header = begin(SEAL_PENDING);
    add(&header, &row->target_kind, 1);
    add_uuid(&header, row->tenant);
    add_uuid(&header, row->source);
    add_uuid(&header, row->target);
    add_uuid(&header, row->command_id);
    add_number(&header, (uint64_t)row->due_at);
    add_number(&header, row->key_id);
    return header;
}

struct seal_header seal_list_header(const struct list_row *row) {
    struct seal_header header = begin(SEAL_LIST);
    add_uuid(&header, row->tenant);
    add_uuid(&header, row->owner);
    add(&header, row->key, sizeof row->key); /* the list's name is in this hash */
    add_number(&header, row->key_id);
    return header;
}

/* Closing and opening. What can fail here is memory or our own use of OpenSSL. */

void seal_close(struct seal *seal, const uint8_t key[SEAL_KEY_BYTES],
                const uint8_t nonce[SEAL_NONCE_BYTES], const struct seal_header *header,
                struct bytes plain, uint8_t *ret) {
    EVP_CIPHER_CTX *context = seal->cipher_context;
    uint8_t *cipher = ret + SEAL_NONCE_BYTES;
    int length = 0;
    memcpy(ret, nonce, SEAL_NONCE_BYTES);
    bool closed =
        EVP_EncryptInit_ex2(context, seal->cipher, key, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(context, NULL, &length, header->bytes, (int)header->length) == 1;
    if (closed && plain.length > 0)
        closed = EVP_EncryptUpdate(context, cipher, &length, plain.bytes, (int)plain.length) == 1;
    closed = closed && EVP_EncryptFinal_ex(context, cipher + plain.length, &length) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES,
                                 cipher + plain.length) == 1;
    assert(closed);
}

bool seal_open(struct seal *seal, const uint8_t key[SEAL_KEY_BYTES],
               const struct seal_header *header, struct bytes sealed, uint8_t *ret) {
    if (sealed.length < SEAL_BYTES)
        return false;
    EVP_CIPHER_CTX *context = seal->cipher_context;
    const uint8_t *cipher = sealed.bytes + SEAL_NONCE_BYTES;
    int plain = (int)(sealed.length - SEAL_BYTES);
    int length = 0;
    uint8_t none[1];
    bool opened =
        EVP_DecryptInit_ex2(context, seal->cipher, key, sealed.bytes, NULL) == 1 &&
        EVP_DecryptUpdate(context, NULL, &length, header->bytes, (int)header->length) == 1;
    if (opened && plain > 0)
        opened = EVP_DecryptUpdate(context, ret, &length, cipher, plain) == 1;
    /* OpenSSL takes the tag through a pointer to non-const and only reads it. */
    return opened &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES,
                               (void *)(uintptr_t)(cipher + plain)) == 1 &&
           EVP_DecryptFinal_ex(context, none, &length) == 1;
}

void seal_chain(struct seal *seal, const uint8_t before[DATABASE_HASH_BYTES],
                const struct seal_header *header, struct bytes sealed,
                uint8_t ret[DATABASE_HASH_BYTES]) {
    EVP_MD_CTX *context = seal->digest_context;
    unsigned length = 0;
    bool hashed = EVP_DigestInit_ex2(context, seal->digest, NULL) == 1 &&
                  EVP_DigestUpdate(context, before, DATABASE_HASH_BYTES) == 1 &&
                  EVP_DigestUpdate(context, header->bytes, header->length) == 1 &&
                  EVP_DigestUpdate(context, sealed.bytes, sealed.length) == 1 &&
                  EVP_DigestFinal_ex(context, ret, &length) == 1;
    assert(hashed && length == DATABASE_HASH_BYTES);
}

void seal_list_key(const uint8_t key[SEAL_KEY_BYTES], const char *list, struct bytes plain,
                   uint8_t ret[DATABASE_HASH_BYTES]) {
    uint8_t text[256];
    size_t name = strlen(list) + 1; /* with its 0, which no name contains */
    assert(name + plain.length <= sizeof text);
    memcpy(text, list, name);
    if (plain.length > 0)
        memcpy(text + name, plain.bytes, plain.length);
    unsigned length = 0;
    const uint8_t *hashed =
        HMAC(EVP_sha256(), key, SEAL_KEY_BYTES, text, name + plain.length, ret, &length);
    assert(hashed != NULL && length == DATABASE_HASH_BYTES);
}
