/* Memory that is given out piece by piece and taken back all at once.
 *
 * A message is read into an arena, and so is everything a handler makes while it answers; one
 * `arena_reset` ends them all. Chunks grow from ARENA_CHUNK_SIZE_FIRST to ARENA_CHUNK_SIZE_LAST
 * (a larger piece gets a chunk of its own), and `size_max` bounds the pieces together.
 *
 * A piece that is refused, by the budget or by malloc, sets `failed`, which stays set until the
 * next reset: code that makes many pieces may look once, at its end. An arena of zero bytes is a
 * valid one with a budget of nothing. */
#ifndef PROTOCOL_ARENA_H
#define PROTOCOL_ARENA_H

#include "protocol/values.h"

#include <stddef.h>

#define ARENA_ALIGNMENT 16
#define ARENA_CHUNK_SIZE_FIRST ((size_t)1 << 10)
#define ARENA_CHUNK_SIZE_LAST ((size_t)64 << 10)

struct arena_chunk;

struct arena {
    /* Owned. */
    struct arena_chunk *newest;
    /* Derived. */
    uint8_t *at;      /* next free byte of the newest chunk */
    uint8_t *end;     /* its end */
    size_t allocated; /* bytes given out since the last reset, with alignment */
    bool failed;      /* a piece was refused since then */
    /* Given. */
    size_t size_max;
};

void arena_init(struct arena *arena, size_t size_max);

/* Takes everything back and keeps the first chunk for the next use. */
void arena_reset(struct arena *arena);

/* Takes everything back and frees it. The arena may be used again as after `arena_init`. */
void arena_finish(struct arena *arena);

/* Gives `size` bytes (more than 0), aligned, not cleared; NULL when refused. */
void *arena_alloc(struct arena *arena, size_t size);

/* Gives the piece `old` of `old_size` bytes the larger size `size`: in place when it is the newest
 * piece and its chunk has space, otherwise as a copy. NULL when refused; `old` stays as it is. */
void *arena_extend(struct arena *arena, void *old, size_t old_size, size_t size);

/* A copy of `size` bytes; NULL when refused or when `size` is 0. */
void *arena_copy(struct arena *arena, const void *from, size_t size);

/* A copy that borrows from the arena; empty when refused. */
struct text arena_text(struct arena *arena, struct text from);
struct bytes arena_bytes(struct arena *arena, struct bytes from);

#endif
