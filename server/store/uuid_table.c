#include "server/store/uuid_table.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

void uuid_table_init(struct uuid_table *table, uint64_t seed) {
    *table = (struct uuid_table){.seed = seed};
}

void uuid_table_finish(struct uuid_table *table) {
    free(table->places);
    *table = (struct uuid_table){0};
}

static size_t home(const struct uuid_table *table, struct uuid id) {
    uint64_t halves[2];
    memcpy(halves, id.bytes, sizeof halves);
    uint64_t mixed = (halves[0] ^ table->seed) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 32 ^ halves[1]) * 0xD6E8FEB86659FD93u;
    return (size_t)(mixed ^ mixed >> 32) & (table->capacity - 1);
}

/* Place of `id`, or the free one where it would go. */
static size_t find_place(const struct uuid_table *table, struct uuid id) {
    size_t at = home(table, id);
    while (table->places[at].used && !uuid_equal(table->places[at].id, id))
        at = (at + 1) & (table->capacity - 1);
    return at;
}

uint64_t *uuid_table_find(const struct uuid_table *table, struct uuid id) {
    if (table->capacity == 0)
        return NULL;
    struct uuid_place *place = &table->places[find_place(table, id)];
    return place->used ? &place->value : NULL;
}

static void grow(struct uuid_table *table) {
    struct uuid_table larger = {.seed = table->seed};
    larger.capacity = table->capacity == 0 ? CAPACITY_FIRST : table->capacity * 2;
    larger.places = calloc(larger.capacity, sizeof larger.places[0]);
    assert(larger.places != NULL);
    for (size_t i = 0; i < table->capacity; i++) {
        if (!table->places[i].used)
            continue;
        larger.places[find_place(&larger, table->places[i].id)] = table->places[i];
        larger.count++;
    }
    free(table->places);
    *table = larger;
}

void uuid_table_set(struct uuid_table *table, struct uuid id, uint64_t value) {
    if (table->count + 1 > table->capacity / 4 * 3)
        grow(table);
    struct uuid_place *place = &table->places[find_place(table, id)];
    if (!place->used)
        table->count++;
    *place = (struct uuid_place){.id = id, .value = value, .used = true};
}

void uuid_table_remove(struct uuid_table *table, struct uuid id) {
    if (table->capacity == 0)
        return;
    size_t hole = find_place(table, id);
    if (!table->places[hole].used)
        return;
    table->count--;
    /* Whoever was pushed past the hole moves back into it. */
    size_t mask = table->capacity - 1;
    for (size_t at = (hole + 1) & mask; table->places[at].used; at = (at + 1) & mask) {
        size_t wanted = home(table, table->places[at].id);
        if (((at - wanted) & mask) < ((at - hole) & mask))
            continue;
        table->places[hole] = table->places[at];
        hole = at;
    }
    table->places[hole].used = false;
}

void uuid_table_clear(struct uuid_table *table) {
    for (size_t i = 0; i < table->capacity; i++)
        table->places[i].used = false;
    table->count = 0;
}
