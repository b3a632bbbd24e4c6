/* Snapshots: what the runtime saves of an actor, sealed, with the hash its next event follows. A
 * cache: losing one, or not saving it, costs a longer replay and nothing else. */
#ifndef CONSILIUM_SNAPSHOTS_H
#define CONSILIUM_SNAPSHOTS_H

#include "server/store/database.h"
#include "server/store/store.h"

enum { SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024 };

/* What of it is about something that is not erased; owned. */
struct snapshot_parts {
    struct saved_part *items;
    uint32_t count;
};
void snapshot_parts_finish(struct snapshot_parts *parts);

/* plain has space for the row's payload; ret_saved borrows from it and from `parts`, which is empty
 * before and is to be finished in every case. False = not what was saved. */
bool snapshot_open(struct store *store, const struct snapshot_row *row, uint8_t *plain,
                   struct snapshot_parts *parts, struct saved_actor *ret_saved,
                   uint8_t ret_hash[DATABASE_HASH_BYTES]);

#endif
