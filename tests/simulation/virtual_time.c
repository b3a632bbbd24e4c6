#include "tests/simulation/virtual_time.h"

#include <assert.h>
#include <stdlib.h>

enum { START_SECONDS = 1767225600 }; /* 2026-01-01 00:00 UTC */

void virtual_time_init(struct virtual_time *time, uint64_t seed) {
    *time = (struct virtual_time){.now = (int64_t)START_SECONDS * 1000000, .random = seed};
}

void virtual_time_finish(struct virtual_time *time) {
    free(time->heap);
}

static bool before(const struct plan *a, const struct plan *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct plan *a, struct plan *b) {
    struct plan kept = *a;
    *a = *b;
    *b = kept;
}

void plan_after(struct virtual_time *time, int64_t delay, planned happens, void *data) {
    if (time->count == time->capacity) {
        time->capacity = time->capacity == 0 ? 256 : time->capacity * 2;
        time->heap = realloc(time->heap, time->capacity * sizeof *time->heap);
        assert(time->heap != NULL);
    }
    size_t at = time->count++;
    time->heap[at] =
        (struct plan){time->now + (delay > 0 ? delay : 0), time->order++, happens, data};
    while (at > 0 && before(&time->heap[at], &time->heap[(at - 1) / 2])) {
        swap(&time->heap[at], &time->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sink_first(struct virtual_time *time) {
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < time->count && before(&time->heap[child], &time->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        swap(&time->heap[at], &time->heap[least]);
        at = least;
    }
}

bool let_next_happen(struct virtual_time *time, int64_t until) {
    if (time->count == 0 || time->heap[0].at > until) {
        return false;
    }
    struct plan next = time->heap[0];
    time->heap[0] = time->heap[--time->count];
    sink_first(time);
    time->now = next.at;
    next.happens(next.data);
    return true;
}

/* SplitMix64 (Steele, Lea, Flood 2014): tiny, and good for any seed, 0 included. */
uint64_t chance(struct virtual_time *time) {
    uint64_t z = time->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t chance_below(struct virtual_time *time, uint64_t limit) {
    return chance(time) % limit;
}

bool chance_percent(struct virtual_time *time, unsigned percent) {
    return chance_below(time, 100) < percent;
}

int64_t chance_between(struct virtual_time *time, int64_t low, int64_t high) {
    return low + (int64_t)chance_below(time, (uint64_t)(high - low + 1));
}
