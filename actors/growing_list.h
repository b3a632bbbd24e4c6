/*
 * The lists of a state: generated lists that grow in the actor's arena. Space is always the next
 * power of two at or above the count, so that it need not be remembered; a list that grows so may
 * not be filled by the generated ..._list_copy, which leaves no space.
 */
#ifndef CONSILIUM_GROWING_LIST_H
#define CONSILIUM_GROWING_LIST_H

#include "protocol/arena.h"

#include <assert.h>

enum { GROWING_LIST_FIRST = 4 };

static inline void *growing_list_space(struct arena *arena, void *items, uint32_t count,
                                       size_t item_size) {
    void *space = items;
    if (count == 0 && items == NULL) {
        space = arena_alloc(arena, GROWING_LIST_FIRST * item_size);
    } else if (count >= GROWING_LIST_FIRST && (count & (count - 1)) == 0) {
        space = arena_extend(arena, items, count * item_size, 2 * (size_t)count * item_size);
    }
    assert(space != NULL); /* the bounds of the schema are far below the arena's */
    return space;
}

/* A new last item, not cleared. */
#define growing_list_add(arena, list)                                                              \
    ((list)->items =                                                                               \
         growing_list_space((arena), (list)->items, (list)->count, sizeof *(list)->items),         \
     &(list)->items[(list)->count++])

/* The space that a list of `count` items has. */
static inline uint32_t growing_list_capacity(uint32_t count) {
    uint32_t capacity = GROWING_LIST_FIRST;
    while (capacity < count) {
        capacity *= 2;
    }
    return capacity;
}

/* Gives the list items of its own, in another arena; what they point to stays shared. */
static inline void *growing_list_copy_items(struct arena *arena, const void *items, uint32_t count,
                                            size_t item_size) {
    if (count == 0) {
        return NULL;
    }
    void *copy = arena_alloc(arena, growing_list_capacity(count) * item_size);
    if (copy != NULL) {
        memcpy(copy, items, count * item_size);
    }
    return copy;
}
#define growing_list_part(arena, list)                                                             \
    ((list)->items =                                                                               \
         growing_list_copy_items((arena), (list)->items, (list)->count, sizeof *(list)->items),    \
     (list)->items != NULL || (list)->count == 0)

/* Takes item `index` out and keeps the order of the others. */
#define growing_list_remove(list, index)                                                           \
    (memmove(&(list)->items[index], &(list)->items[(index) + 1],                                   \
             ((list)->count - (index)-1) * sizeof *(list)->items),                                 \
     (list)->count--)

#endif
