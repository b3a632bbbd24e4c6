#include "actors/runtime/timers.h"

#include "actors/runtime/runtime.h"

#include <stdlib.h>

enum { HEAP_FIRST = 64 };

void timers_finish(struct timers *timers) {
    for (size_t i = 0; i < timers->count; i++) {
        free(timers->heap[i]);
    }
    free(timers->heap);
    *timers = (struct timers){0};
}

static bool earlier(const struct timer *a, const struct timer *b) {
    return a->due_at != b->due_at ? a->due_at < b->due_at : a->order < b->order;
}

static bool make_space(struct timers *timers) {
    if (timers->count < timers->capacity) {
        return true;
    }
    if (timers->count >= RUNTIME_TIMERS_MAX) {
        return false;
    }
    size_t capacity = timers->capacity == 0 ? HEAP_FIRST : timers->capacity * 2;
    struct timer **heap = realloc(timers->heap, capacity * sizeof *heap);
    if (heap == NULL) {
        return false;
    }
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

bool timers_add(struct timers *timers, int64_t due_at, uint8_t kind, struct uuid target,
                struct encoded command) {
    if (!make_space(timers)) {
        return false;
    }
    struct timer *timer = malloc(sizeof *timer + command.fields.length);
    if (timer == NULL) {
        return false;
    }
    *timer = (struct timer){.due_at = due_at,
                            .order = timers->order++,
                            .target = target,
                            .kind = kind,
                            .tag = command.tag,
                            .length = command.fields.length};
    if (timer->length > 0) {
        memcpy(timer->fields, command.fields.bytes, timer->length);
    }
    size_t i = timers->count++;
    for (; i > 0 && earlier(timer, timers->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        timers->heap[i] = timers->heap[(i - 1) / 2];
    }
    timers->heap[i] = timer;
    return true;
}

struct timer *timers_pop(struct timers *timers, int64_t now) {
    if (timers->count == 0 || timers->heap[0]->due_at > now) {
        return NULL;
    }
    struct timer *due = timers->heap[0];
    struct timer *last = timers->heap[--timers->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count && earlier(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (!earlier(timers->heap[child], last)) {
            break;
        }
        timers->heap[i] = timers->heap[child];
        i = child;
    }
    if (timers->count > 0) {
        timers->heap[i] = last;
    }
    return due;
}

int64_t timers_next(const struct timers *timers) {
    return timers->count == 0 ? 0 : timers->heap[0]->due_at;
}
