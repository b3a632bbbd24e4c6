/* What keys.c and keys_streams.c share. Everything that is a key lies in key_pages. */
#ifndef CONSILIUM_KEYS_STATE_H
#define CONSILIUM_KEYS_STATE_H

#include "server/store/key_pages.h"
#include "server/store/keys.h"
#include "server/store/seal.h"
#include "server/store/uuid_table.h"

#include <openssl/kdf.h>

struct tenant_key {
    struct tenant_key *next; /* older generation, or another tenant */
    struct uuid tenant;
    uint32_t generation;
    uint8_t key[KEY_BYTES];
};

struct stream_key {
    struct uuid tenant;
    uint8_t key[KEY_BYTES];
    /* Every event needs this one: derived once. */
    uint8_t event_key[KEY_BYTES];
    bool event_key_known;
    /* Of the stream whose key this is, or is one of: its topics' keys, forgotten with its own. Zero
     * = no more. */
    struct uuid next_topic;
};

struct keys {
    uint8_t *kek;      /* in `tenant_pages` */
    uint8_t *next_kek; /* NULL = none is on its way */
    char kek_path[KEYS_PATH_MAX];
    char folder[KEYS_PATH_MAX]; /* of the secrets of generations; "" = none */
    struct tenant_key *tenants;
    struct uuid_table streams; /* to the address of a struct stream_key */
    struct key_pages tenant_pages;
    struct key_pages stream_pages;
    struct seal *seal;
    EVP_KDF *kdf;
};

/* Additional data of a wrapped key: whose it is, so that rows cannot be exchanged. */
struct seal_header keys_wrap_header(const char *what, struct uuid tenant, struct uuid stream,
                                    uint32_t generation);
bool keys_wrap(struct keys *keys, const uint8_t by[KEY_BYTES], const struct seal_header *header,
               const uint8_t key[KEY_BYTES], uint8_t ret[WRAPPED_KEY_BYTES]);
bool keys_unwrap(struct keys *keys, const uint8_t by[KEY_BYTES], const struct seal_header *header,
                 const uint8_t wrapped[WRAPPED_KEY_BYTES], uint8_t ret[KEY_BYTES]);

/* NULL = not known here. */
struct tenant_key *keys_find_tenant(const struct keys *keys, struct uuid tenant,
                                    uint32_t generation);
struct tenant_key *keys_find_newest(const struct keys *keys, struct uuid tenant);

#endif
