#include "server/imaging/imaging_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 100u // between looks at who waits too long

struct line {
    struct memory_claim *first, *last;
    unsigned count;
};

struct imaging_memory {
    uv_loop_t *loop; // borrowed
    uv_timer_t timer;
    unsigned wait_ms;
    struct line lines[2]; // of small claims, of large ones
    uint64_t claims;      // that are granted, handed on ones included
    uint64_t large_bytes;
    struct memory_counts counts;
    bool granting; // a grant may return another claim
    bool closing;
    bool gone; // the timer is: free with the last claim
    void (*closed)(void *data);
    void *closed_data;
};

/* An eighth of the machine's memory, when that is less. */
static uint64_t default_bound(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t eighth = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 8 : UINT64_MAX;
    return eighth < IMAGING_MEMORY_DEFAULT ? eighth : IMAGING_MEMORY_DEFAULT;
}

struct imaging_memory *imaging_memory_create(uv_loop_t *loop, uint64_t bound, unsigned wait_ms) {
    struct imaging_memory *memory = calloc(1, sizeof *memory);
    if (!memory) {
        return NULL;
    }
    memory->loop = loop;
    memory->wait_ms = wait_ms;
    memory->counts.bound = bound ? bound : default_bound();
    uv_timer_init(loop, &memory->timer);
    memory->timer.data = memory;
    return memory;
}

static void free_when_done(struct imaging_memory *memory) {
    if (memory->gone && memory->claims == 0) {
        free(memory);
    }
}

/* The one that leaves need not be the first. */
static void leave(struct line *line, struct memory_claim *claim) {
    struct memory_claim *before = NULL;
    for (struct memory_claim *at = line->first; at != claim; at = at->next) {
        before = at;
    }
    *(before ? &before->next : &line->first) = claim->next;
    line->last = line->last == claim ? before : line->last;
    line->count--;
    claim->next = NULL;
    claim->waits = false;
}

static void count_in(struct imaging_memory *memory, struct memory_claim *claim) {
    memory->claims++;
    memory->counts.bytes += claim->bytes;
    memory->large_bytes += claim->large ? claim->bytes : 0;
    if (memory->counts.bytes > memory->counts.most) {
        memory->counts.most = memory->counts.bytes;
    }
}

static void count_out(struct imaging_memory *memory, const struct memory_claim *claim) {
    assert(memory->claims > 0 && memory->counts.bytes >= claim->bytes);
    memory->claims--;
    memory->counts.bytes -= claim->bytes;
    memory->large_bytes -= claim->large ? claim->bytes : 0;
}

/* Large ones have three quarters, or all of it when there is no other: it would wait for ever. A
 * quarter is left to small ones, whatever large ones take. */
static bool fits(const struct imaging_memory *memory, const struct memory_claim *claim) {
    uint64_t bound = memory->counts.bound, bytes = memory->counts.bytes;
    uint64_t small = bytes - memory->large_bytes;
    bool free_enough = claim->bytes <= bound && bytes <= bound - claim->bytes;
    if (claim->large) {
        return memory->large_bytes == 0 ||
               (free_enough && memory->large_bytes + claim->bytes <= bound - bound / 4);
    }
    return free_enough || small == 0 || small + claim->bytes <= bound / 4;
}

static void end_waiting(struct imaging_memory *memory, struct line *line,
                        struct memory_claim *claim, bool granted) {
    leave(line, claim);
    memory->counts.waiting--;
    if (granted) {
        count_in(memory, claim);
    } else {
        memory->counts.turned_away++;
        claim->memory = NULL;
    }
    claim->granted(claim, granted); // it may be gone now
}

/* Small ones first. */
static void grant(struct imaging_memory *memory) {
    if (memory->granting) {
        return; // whoever grants looks again
    }
    memory->granting = true;
    for (size_t i = 0; i < 2;) {
        struct line *line = &memory->lines[i];
        if (line->first && fits(memory, line->first)) {
            end_waiting(memory, line, line->first, true);
            i = 0;
        } else {
            i++;
        }
    }
    memory->granting = false;
    if (memory->counts.waiting == 0 && !memory->closing) {
        uv_timer_stop(&memory->timer);
    }
}

/* Those who came first waited longest. */
static void on_look(uv_timer_t *timer) {
    struct imaging_memory *memory = timer->data;
    uint64_t now = uv_now(memory->loop);
    for (size_t i = 0; i < 2; i++) {
        struct line *line = &memory->lines[i];
        while (line->first && line->first->until <= now) {
            end_waiting(memory, line, line->first, false);
        }
    }
    grant(memory);
}

enum memory_answer imaging_memory_claim(struct imaging_memory *memory, struct memory_claim *claim,
                                        uint64_t bytes, bool large) {
    assert(!claim->memory);
    struct line *line = &memory->lines[large];
    claim->bytes = bytes;
    claim->large = large;
    claim->next = NULL;
    if (memory->closing || line->count == IMAGING_MEMORY_LINE_MAX) {
        memory->counts.turned_away++;
        return MEMORY_BUSY;
    }
    claim->memory = memory;
    if (!line->first && fits(memory, claim)) {
        count_in(memory, claim);
        return MEMORY_GRANTED;
    }
    claim->waits = true;
    claim->until = uv_now(memory->loop) + memory->wait_ms;
    *(line->last ? &line->last->next : &line->first) = claim;
    line->last = claim;
    line->count++;
    memory->counts.waiting++;
    memory->counts.waited++;
    if (!uv_is_active((uv_handle_t *)&memory->timer)) {
        uv_timer_start(&memory->timer, on_look, LOOK_MS, LOOK_MS);
    }
    return MEMORY_WAITS;
}

void imaging_memory_resize(struct memory_claim *claim, uint64_t bytes) {
    struct imaging_memory *memory = claim->memory;
    if (!memory || claim->waits) {
        return;
    }
    count_out(memory, claim);
    claim->bytes = bytes;
    count_in(memory, claim);
    grant(memory);
}

void imaging_memory_return(struct memory_claim *claim) {
    struct imaging_memory *memory = claim->memory;
    if (!memory) {
        return;
    }
    claim->memory = NULL;
    if (claim->waits) {
        leave(&memory->lines[claim->large], claim);
        memory->counts.waiting--;
    } else {
        count_out(memory, claim);
    }
    if (!memory->closing) {
        grant(memory);
    }
    free_when_done(memory);
}

struct memory_claim *imaging_memory_hand_on(struct memory_claim *claim, uint64_t bytes) {
    struct memory_claim *further =
        claim->memory && !claim->waits ? calloc(1, sizeof *further) : NULL;
    if (further) {
        *further =
            (struct memory_claim){.memory = claim->memory, .bytes = bytes, .large = claim->large};
        count_out(claim->memory, claim);
        claim->bytes = claim->bytes > bytes ? claim->bytes - bytes : 0;
        count_in(claim->memory, claim);
        count_in(claim->memory, further);
    }
    return further;
}

void imaging_memory_drop(void *claim) {
    if (claim) {
        imaging_memory_return(claim);
        free(claim);
    }
}

struct memory_counts imaging_memory_count(const struct imaging_memory *memory) {
    return memory->counts;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct imaging_memory *memory = handle->data;
    void (*closed)(void *data) = memory->closed;
    void *data = memory->closed_data;
    memory->gone = true;
    free_when_done(memory);
    if (closed) {
        closed(data);
    }
}

void imaging_memory_stop(struct imaging_memory *memory) {
    memory->closing = true;
    for (size_t i = 0; i < 2; i++) {
        struct line *line = &memory->lines[i];
        while (line->first) {
            end_waiting(memory, line, line->first, false);
        }
    }
}

void imaging_memory_close(struct imaging_memory *memory, void (*closed)(void *data), void *data) {
    memory->closing = true;
    memory->closed = closed;
    memory->closed_data = data;
    uv_close((uv_handle_t *)&memory->timer, on_timer_closed);
}
