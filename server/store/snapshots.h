/* Snapshots: what the runtime saves of an actor, sealed, with the hash its next event follows. A
 * cache: losing one, or not saving it, costs a longer replay and nothing else. */
#ifndef CONSILIUM_SNAPSHOTS_H
#define CONSILIUM_SNAPSHOTS_H

#include "server/store/database.h"
#include "server/store/store.h"

enum { SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024 };

/* plain has space for the row's payload; ret_saved borrows from it. False = not what was saved. */
bool snapshot_open(struct store *store, const struct snapshot_row *row, uint8_t *plain,
                   struct saved_actor *ret_saved, uint8_t ret_hash[DATABASE_HASH_BYTES]);

#endif
