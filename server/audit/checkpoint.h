/*
 * A checkpoint says where the chains stood: the last rows of all streams that moved since the one
 * before, hashed with that one's hash and signed (Ed25519, RFC 8032). Who can write to the database
 * alone can therefore neither rewrite a chain from some row on nor cut off its end unnoticed.
 */
#ifndef CONSILIUM_CHECKPOINT_H
#define CONSILIUM_CHECKPOINT_H

#include "server/audit/chain_check.h"

enum {
    CHECKPOINT_HEAD_BYTES = 16 + 8 + DATABASE_HASH_BYTES,
    CHECKPOINT_HEADS_MAX = 4096, /* of one checkpoint: 224 KiB */
    CHECKPOINT_SIGNATURE_BYTES = 64,
};

/* Row of `checkpoint`. */
struct checkpoint {
    struct uuid node;   /* who wrote it: one chain for each */
    uint64_t number;    /* from 1, dense */
    int64_t at;         /* microseconds since 1970 */
    struct bytes heads; /* so many times stream, version in network order, hash */
    uint8_t hash[DATABASE_HASH_BYTES];
    uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]; /* of the hash */
};

void chain_head_write(const struct chain_head *head, uint8_t ret[CHECKPOINT_HEAD_BYTES]);
struct chain_head chain_head_read(const uint8_t bytes[CHECKPOINT_HEAD_BYTES]);

/* SHA-512/256 over the hash before, node, number, time and heads. */
void checkpoint_hash(const struct checkpoint *checkpoint, const uint8_t before[DATABASE_HASH_BYTES],
                     uint8_t ret[DATABASE_HASH_BYTES]);

/* The key that signs them, a PEM file (PKCS #8) with mode 0600. It lies beside the key-encryption
 * key, so that all nodes of a deployment have the same. */
struct checkpoint_key;
enum { CHECKPOINT_KEY_PATH_MAX = 4096 };
/* `key_file` NULL = the one in the data folder. False = too long. */
bool checkpoint_key_path(const char *data_folder, const char *key_file,
                         char ret[CHECKPOINT_KEY_PATH_MAX]);
/* NULL: message says why. With `make`, an absent file is made. */
struct checkpoint_key *checkpoint_key_open(const char *path, bool make, const char **ret_message);
void checkpoint_key_close(struct checkpoint_key *key); /* NULL is fine */
/* Anything that is to be signed as checkpoints are, by its hash. */
void checkpoint_key_sign(struct checkpoint_key *key, const uint8_t hash[DATABASE_HASH_BYTES],
                         uint8_t ret[CHECKPOINT_SIGNATURE_BYTES]);
bool checkpoint_key_holds(struct checkpoint_key *key, const uint8_t hash[DATABASE_HASH_BYTES],
                          const uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]);
void checkpoint_sign(struct checkpoint_key *key, struct checkpoint *checkpoint);
bool checkpoint_is_signed(struct checkpoint_key *key, const struct checkpoint *checkpoint);

#endif
