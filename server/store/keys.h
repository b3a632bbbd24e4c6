/*
 * The key hierarchy: key-encryption key (a file, mode 0600) -> tenant key by generation -> stream
 * key (case, board, user) -> HKDF-SHA-256 subkeys by purpose. Wrapped keys are rows; unwrapped ones
 * live in locked memory and are wiped. Never logged, never in a core dump.
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

enum { KEYS_PATH_MAX = 4096 };

/* Reads the key-encryption key, or makes it when `create` and the file is absent. NULL = refused,
 * message in words. */
struct keys *keys_open(const char *kek_path, bool create, const char **ret_message);
struct keys *keys_for_test(const uint8_t kek[KEY_BYTES]);
void keys_close(struct keys *keys);

/*
 * Each generation of a tenant's key has a secret of its own, FOLDER/generation-N, and is wrapped by
 * that and the key-encryption key together: destroying the file destroys the generation in every
 * copy of the database there is. Generations without a file are wrapped by the key-encryption key
 * alone (NULL, as here before: all are).
 */
bool keys_use_folder(struct keys *keys, const char *folder);
const char *keys_folder(const struct keys *keys); /* NULL = none */

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
void keys_forget_stream(struct keys *keys, struct uuid stream); /* with its topics */

/* The key of what a stream says of another one, under the id that topic.h gives it: wherever a key
 * is named by its stream, it is named by that. False also when the stream's own key is not here. */
bool keys_new_topic(struct keys *keys, struct uuid tenant, struct uuid stream, struct uuid topic,
                    uint32_t *ret_generation, uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
bool keys_add_topic(struct keys *keys, struct uuid tenant, struct uuid stream, struct uuid topic,
                    uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES]);
void keys_forget_topic(struct keys *keys, struct uuid stream, struct uuid topic);

/* Rotation (rotation.h). */
uint32_t keys_newest(const struct keys *keys, struct uuid tenant); /* 0 = none is known */
/* A generation that is not used yet: keys_add_tenant makes it the newest, once its row stands. */
bool keys_make_generation(struct keys *keys, struct uuid tenant, uint32_t generation,
                          uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
/* The same stream's key by the newest generation. */
bool keys_rewrap_stream(struct keys *keys, struct uuid tenant, struct uuid stream,
                        uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                        uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
/* Overwrites and removes the secrets of all generations below this one. */
bool keys_destroy_secrets_below(struct keys *keys, uint32_t generation);
/* And these keys themselves, once nothing on its way can need them. */
void keys_forget_below(struct keys *keys, struct uuid tenant, uint32_t generation);

/* A new key-encryption key: made beside the old one as FILE.next, which is read like it until
 * keys_take_next_kek puts it in its place. False = the folder cannot be written to. */
bool keys_make_next_kek(struct keys *keys);
bool keys_wrap_by_next_kek(struct keys *keys, struct uuid tenant, uint32_t generation,
                           uint8_t ret_wrapped[WRAPPED_KEY_BYTES]);
bool keys_take_next_kek(struct keys *keys);

/* Subkey of a stream, or of the tenant when stream is zero. False = not known here. */
bool keys_derive(struct keys *keys, struct uuid tenant, struct uuid stream,
                 enum key_purpose purpose, uint8_t ret_key[KEY_BYTES]);

#endif
