/*
 * Where an actor is in memory, by its kind and id: an open hash table with linear probing and no
 * tombstones. Ids come from clients, so the hash is keyed with a secret of the process: nobody can
 * aim collisions at it.
 */
#ifndef CONSILIUM_DIRECTORY_H
#define CONSILIUM_DIRECTORY_H

#include "protocol/values.h"

#include <stddef.h>

struct activation;

struct directory_slot {
    uint64_t hash;
    struct activation *activation; /* borrows; NULL = free */
};

struct directory {
    /* Given */
    uint64_t secret;
    /* Owned */
    struct directory_slot *slots;
    /* Derived */
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void directory_init(struct directory *directory, uint64_t secret);
void directory_finish(struct directory *directory);
struct activation *directory_find(const struct directory *directory, uint8_t kind, struct uuid id);
/* It must not be there yet. False = out of memory. */
bool directory_add(struct directory *directory, struct activation *activation);
void directory_remove(struct directory *directory, struct activation *activation);

#endif
