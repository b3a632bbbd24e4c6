#include "actors/runtime/directory.h"

#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

static uint64_t hash_of(const struct directory *directory, uint8_t kind, struct uuid id) {
    uint64_t high, low;
    memcpy(&high, id.bytes, sizeof high);
    memcpy(&low, id.bytes + 8, sizeof low);
    uint64_t hash = (high ^ directory->secret ^ kind) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 32) ^ low) * UINT64_C(0xd6e8feb86659fd93);
    hash = (hash ^ (hash >> 32) ^ directory->secret) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}

void directory_init(struct directory *directory, uint64_t secret) {
    *directory = (struct directory){.secret = secret};
}

void directory_finish(struct directory *directory) {
    free(directory->slots);
    *directory = (struct directory){0};
}

struct activation *directory_find(const struct directory *directory, uint8_t kind, struct uuid id) {
    if (directory->slot_count == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(directory, kind, id);
    size_t mask = directory->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        const struct directory_slot *slot = &directory->slots[i];
        if (slot->activation == NULL) {
            return NULL;
        }
        if (slot->hash == hash && slot->activation->kind_number == kind &&
            uuid_equal(slot->activation->id, id)) {
            return slot->activation;
        }
    }
}

static void place(struct directory *directory, struct directory_slot slot) {
    size_t mask = directory->slot_count - 1;
    size_t i = slot.hash & mask;
    while (directory->slots[i].activation != NULL) {
        i = (i + 1) & mask;
    }
    directory->slots[i] = slot;
}

static bool grow(struct directory *directory) {
    struct directory old = *directory;
    size_t slot_count = old.slot_count == 0 ? SLOTS_FIRST : old.slot_count * 2;
    struct directory_slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    directory->slots = slots;
    directory->slot_count = slot_count;
    for (size_t i = 0; i < old.slot_count; i++) {
        if (old.slots[i].activation != NULL) {
            place(directory, old.slots[i]);
        }
    }
    free(old.slots);
    return true;
}

bool directory_add(struct directory *directory, struct activation *activation) {
    /* At most two thirds full, so that probes stay short. */
    if ((directory->count + 1) * 3 > directory->slot_count * 2 && !grow(directory)) {
        return false;
    }
    place(directory, (struct directory_slot){
                         hash_of(directory, activation->kind_number, activation->id), activation});
    directory->count++;
    return true;
}

void directory_remove(struct directory *directory, struct activation *activation) {
    size_t mask = directory->slot_count - 1;
    size_t hole = hash_of(directory, activation->kind_number, activation->id) & mask;
    while (directory->slots[hole].activation != activation) {
        assert(directory->slots[hole].activation != NULL);
        hole = (hole + 1) & mask;
    }
    /* Whoever was pushed past the hole moves into it, so that no search ends too early. */
    for (size_t i = (hole + 1) & mask; directory->slots[i].activation != NULL; i = (i + 1) & mask) {
        size_t home = directory->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            directory->slots[hole] = directory->slots[i];
            hole = i;
        }
    }
    directory->slots[hole] = (struct directory_slot){0};
    directory->count--;
}
