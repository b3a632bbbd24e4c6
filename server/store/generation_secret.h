/*
 * Files that hold one key of 32 bytes each and are destroyed when their time has come: the secrets
 * of generations of the tenant's key (keys.h). Destroyed = overwritten, synced, removed; on a disk
 * that writes elsewhere what is overwritten the old bytes may live on until it uses them again.
 */
#ifndef CONSILIUM_GENERATION_SECRET_H
#define CONSILIUM_GENERATION_SECRET_H

#include "server/store/keys.h"

#define GENERATION_SECRET_PREFIX "generation-"

/* Where they lie: beside the key file where that folder can be written to, else in DATA/keys. False
 * = the path is too long. */
bool generation_secret_folder(const char *data_folder, const char *key_file,
                              char ret[KEYS_PATH_MAX]);

enum secret_result { SECRET_READ, SECRET_ABSENT, SECRET_DAMAGED };

/* An empty folder has none. */
enum secret_result generation_secret_read(const char *folder, uint32_t generation,
                                          uint8_t ret[KEY_BYTES]);
/* Makes it, durably; one that is there already stays. */
bool generation_secret_make(const char *folder, uint32_t generation);
/* All below `generation`. False = one of them is still there. */
bool generation_secrets_destroy(const char *folder, uint32_t generation);
/* Number in a file's name; 0 = it is none of these. */
uint32_t generation_of_name(const char *name);
/* Puts `fresh` in the place of a key file, whose old bytes are overwritten. */
bool generation_secret_replace(const char *path, const char *fresh);

#endif
