/*
 * A state arena only grows, and an actor that is never left is never loaded anew. Once most of the
 * arena must be garbage the committed state is saved, read into a fresh arena and takes the old
 * one's place; what the actor holds outside the arena, which is all that is ephemeral, moves over
 * untouched, so that nobody who is attached notices.
 */
#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

/* Less is not worth the work; the factor makes the work a fixed share of what caused it. */
enum { COMPACT_FROM = 1024 * 1024, COMPACT_FACTOR = 4 };

static bool is_mostly_garbage(const struct activation *activation) {
    size_t size = activation->state.allocated;
    return size > COMPACT_FROM && size > COMPACT_FACTOR * activation->state_compact;
}

static struct actor *read_anew(struct activation *activation, const struct saved_actor *saved) {
    const struct actor_kind *kind = activation->kind;
    struct actor *fresh = calloc(1, kind->size);
    assert(fresh != NULL);
    *fresh = (struct actor){.kind = kind, .id = activation->id, .state = &activation->state};
    kind->start(fresh);
    bool readable = saved_restore(fresh, saved);
    assert(readable); /* it was written a moment ago */
    (void)readable;
    return fresh;
}

static void exchange_state(struct activation *activation, const struct saved_actor *saved) {
    const struct actor_kind *kind = activation->kind;
    struct actor *old = activation->actor;
    struct arena garbage = activation->state;
    arena_init(&activation->state, STATE_BYTES_MAX);
    struct actor *fresh = read_anew(activation, saved);
    if (kind->carry_over != NULL) {
        kind->carry_over(fresh, old);
    }
    activation->actor = fresh;
    if (kind->finish != NULL) {
        kind->finish(old);
    }
    free(old);
    arena_finish(&garbage);
}

void activation_compact(struct activation *activation) {
    if (!is_mostly_garbage(activation)) {
        return;
    }
    struct arena arena;
    arena_init(&arena, STATE_BYTES_MAX);
    struct saved_actor saved = {0};
    if (saved_take(activation->actor, &arena, &saved)) {
        exchange_state(activation, &saved);
    }
    arena_finish(&arena);
    activation->state_compact = activation->state.allocated;
}
