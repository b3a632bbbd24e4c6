/*
 * The key hierarchy: key-encryption key (a file, mode 0600) -> tenant key by generation -> stream
 * key (case, board, user)
 * -> HKDF-SHA-256 subkeys by purpose. Wrapped keys are rows; unwrapped ones live in locked memory
 * and are wiped. Never logged, never in a core dump.
 */
#ifndef CONSILIUM_KEYS_H
#define CONSILIUM_KEYS_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_BYTES = 32 };
enum key_purpose { KEY_EVENT, KEY_BLOB, KEY_LIST, KEY_NAME, KEY_RECORDING };

struct keys;

/* Reads the key-encryption key, or makes it when `create` and the file is absent. NULL = refused,
 * message in words. */
struct keys *keys_open(const char *kek_path, bool create, const char **ret_message);
struct keys *keys_for_test(const uint8_t kek[KEY_BYTES]);
void keys_close(struct keys *keys);

/* Wrap and unwrap, AES-256-GCM with the generation or stream id as additional data. 60 = nonce 12 +
 * key 32 + tag 16. */
enum { WRAPPED_KEY_BYTES = 60 };
bool keys_new_tenant(struct keys *keys, struct uuid tenant, uint32_t generation,
                     uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
bool keys_add_tenant(struct keys *keys, struct uuid tenant, uint32_t generation,
                     const uint8_t wrapped[WRAPPED_KEY_BYTES]);
bool keys_new_stream(struct keys *keys, struct uuid tenant, struct uuid stream,
                     uint32_t *ret_generation, uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
bool keys_add_stream(struct keys *keys, struct uuid tenant, struct uuid stream, uint32_t generation,
                     const uint8_t wrapped[WRAPPED_KEY_BYTES]);
bool keys_has_stream(const struct keys *keys, struct uuid stream);
void keys_forget_stream(struct keys *keys, struct uuid stream);

/* Subkey of a stream, or of the tenant when stream is zero. False = not known here. */
bool keys_derive(struct keys *keys, struct uuid tenant, struct uuid stream,
                 enum key_purpose purpose, uint8_t ret_key[KEY_BYTES]);

#endif
