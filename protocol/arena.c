#include "protocol/arena.h"

#include <assert.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
/* Memory taken back is poisoned, so that a use of it is found as a use after free would be. */
#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of `bytes` */
    _Alignas(ARENA_ALIGNMENT) uint8_t bytes[];
};

void arena_init(struct arena *arena, size_t size_max) {
    *arena = (struct arena){.size_max = size_max};
}

static void use_chunk(struct arena *arena, struct arena_chunk *chunk) {
    arena->newest = chunk;
    arena->at = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
    POISON(chunk->bytes, chunk->size);
}

static void free_chunk(struct arena_chunk *chunk) {
    UNPOISON(chunk->bytes, chunk->size);
    free(chunk);
}

void arena_reset(struct arena *arena) {
    struct arena_chunk *chunk = arena->newest;
    if (chunk != NULL) {
        while (chunk->older != NULL) {
            struct arena_chunk *older = chunk->older;
            free_chunk(chunk);
            chunk = older;
        }
        use_chunk(arena, chunk);
    }
    arena->allocated = 0;
    arena->failed = false;
}

void arena_finish(struct arena *arena) {
    arena_reset(arena);
    if (arena->newest != NULL) {
        free_chunk(arena->newest);
    }
    arena_init(arena, arena->size_max);
}

static bool add_chunk(struct arena *arena, size_t size) {
    size_t chunk_size = ARENA_CHUNK_SIZE_FIRST;
    if (arena->newest != NULL) {
        chunk_size = arena->newest->size * 2;
    }
    if (chunk_size > ARENA_CHUNK_SIZE_LAST) {
        chunk_size = ARENA_CHUNK_SIZE_LAST;
    }
    if (chunk_size < size) {
        chunk_size = size;
    }
    struct arena_chunk *chunk = malloc(sizeof *chunk + chunk_size);
    if (chunk == NULL) {
        return false;
    }
    chunk->older = arena->newest;
    chunk->size = chunk_size;
    use_chunk(arena, chunk);
    return true;
}

/* The next multiple of the alignment; SIZE_MAX, which no budget allows, when there is none. */
static size_t aligned(size_t size) {
    if (size > SIZE_MAX - (ARENA_ALIGNMENT - 1)) {
        return SIZE_MAX;
    }
    return (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
}

static void *refuse(struct arena *arena) {
    arena->failed = true;
    return NULL;
}

static void *give(struct arena *arena, size_t size, size_t taken) {
    void *piece = arena->at;
    UNPOISON(piece, size);
    arena->at += taken;
    arena->allocated += taken;
    return piece;
}

/* Seldom needed; on its own so that arena_alloc, which every message passes, has little to save. */
static __attribute__((noinline)) void *give_from_new_chunk(struct arena *arena, size_t size,
                                                           size_t taken) {
    return add_chunk(arena, taken) ? give(arena, size, taken) : refuse(arena);
}

void *arena_alloc(struct arena *arena, size_t size) {
    assert(size > 0);
    size_t taken = aligned(size);
    if (taken > arena->size_max - arena->allocated) {
        return refuse(arena);
    }
    if (taken > (size_t)(arena->end - arena->at)) {
        return give_from_new_chunk(arena, size, taken);
    }
    return give(arena, size, taken);
}

void *arena_extend(struct arena *arena, void *old, size_t old_size, size_t size) {
    assert(size >= old_size && old_size > 0);
    size_t before = aligned(old_size);
    size_t after = aligned(size);
    if (after == SIZE_MAX) {
        return refuse(arena);
    }
    size_t more = after - before;
    bool newest = (uint8_t *)old + before == arena->at;
    if (newest && more <= (size_t)(arena->end - arena->at)) {
        if (more > arena->size_max - arena->allocated) {
            return refuse(arena);
        }
        UNPOISON(old, size);
        arena->at += more;
        arena->allocated += more;
        return old;
    }
    void *moved = arena_alloc(arena, size);
    if (moved != NULL) {
        memcpy(moved, old, old_size);
    }
    return moved;
}

void *arena_copy(struct arena *arena, const void *from, size_t size) {
    if (size == 0) {
        return NULL;
    }
    void *copy = arena_alloc(arena, size);
    if (copy != NULL) {
        memcpy(copy, from, size);
    }
    return copy;
}

struct text arena_text(struct arena *arena, struct text from) {
    const char *copy = arena_copy(arena, from.bytes, from.length);
    return (struct text){copy == NULL ? 0 : from.length, copy};
}

struct bytes arena_bytes(struct arena *arena, struct bytes from) {
    const uint8_t *copy = arena_copy(arena, from.bytes, from.length);
    return (struct bytes){copy == NULL ? 0 : from.length, copy};
}
