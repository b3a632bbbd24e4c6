/*
 * How a row is closed and chained. Closed: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce
 * in front and a 128-bit tag behind; what is not secret of the row is its additional data, so a row
 * cannot be moved, renamed or re-dated. Chained: SHA-512/256 (FIPS 180-4) over the hash before, the
 * header and the closed payload.
 *
 * One `struct seal` for one thread; it holds OpenSSL's contexts and no key.
 */
#ifndef CONSILIUM_SEAL_H
#define CONSILIUM_SEAL_H

#include "server/store/database.h"

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_NONCE_BYTES = 12,
    SEAL_TAG_BYTES = 16,
    SEAL_BYTES = SEAL_NONCE_BYTES + SEAL_TAG_BYTES, /* that closing adds */
    SEAL_HEADER_MAX = 160,
};

struct seal;

struct seal *seal_create(void);
void seal_destroy(struct seal *seal);

/* First byte of every header, so that a row of one table never opens as one of another. */
enum seal_row { SEAL_EVENT = 1, SEAL_SNAPSHOT, SEAL_PENDING, SEAL_LIST, SEAL_ACCESS };

/* Additional data of a row: what kind of row, then its columns in network order. */
struct seal_header {
    uint8_t bytes[SEAL_HEADER_MAX];
    size_t length;
};
struct seal_header seal_event_header(const struct event_row *row, uint8_t kind);
struct seal_header seal_snapshot_header(const struct snapshot_row *row);
struct seal_header seal_pending_header(const struct pending_row *row);
struct seal_header seal_list_header(const struct list_row *row);

/* Writes plain.length + SEAL_BYTES bytes. */
void seal_close(struct seal *seal, const uint8_t key[SEAL_KEY_BYTES],
                const uint8_t nonce[SEAL_NONCE_BYTES], const struct seal_header *header,
                struct bytes plain, uint8_t *ret);
/* Writes sealed.length - SEAL_BYTES bytes; false = not what was closed, ret is then worthless. */
bool seal_open(struct seal *seal, const uint8_t key[SEAL_KEY_BYTES],
               const struct seal_header *header, struct bytes sealed, uint8_t *ret);

/* Hash of a row that follows one with hash `before` (all zero before the first). */
void seal_chain(struct seal *seal, const uint8_t before[DATABASE_HASH_BYTES],
                const struct seal_header *header, struct bytes sealed,
                uint8_t ret[DATABASE_HASH_BYTES]);

/* Keyed hash of a list's key: HMAC-SHA-256 over the list's name, 0, and the key. */
void seal_list_key(const uint8_t key[SEAL_KEY_BYTES], const char *list, struct bytes plain,
                   uint8_t ret[DATABASE_HASH_BYTES]);

#endif
