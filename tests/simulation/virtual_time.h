/*
 * Time and chance of a simulated world: one queue of what happens when, in one thread, from one
 * seed. Two things at the same moment happen in the order they were planned, so a seed is the whole
 * story of a run.
 */
#ifndef SIMULATION_VIRTUAL_TIME_H
#define SIMULATION_VIRTUAL_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*planned)(void *data);

struct plan {
    int64_t at;
    uint64_t order;
    planned happens;
    void *data;
};

struct virtual_time {
    int64_t now; /* microseconds since 1970 */
    uint64_t random;
    uint64_t order;
    struct plan *heap; /* owned */
    size_t count, capacity;
};

void virtual_time_init(struct virtual_time *time, uint64_t seed);
void virtual_time_finish(struct virtual_time *time);

/* After `delay` microseconds. data is borrowed until then. */
void plan_after(struct virtual_time *time, int64_t delay, planned happens, void *data);
/* Lets the next thing happen; false = there is none before `until`. */
bool let_next_happen(struct virtual_time *time, int64_t until);

uint64_t chance(struct virtual_time *time);                       /* any number */
uint64_t chance_below(struct virtual_time *time, uint64_t limit); /* 0 .. limit - 1 */
bool chance_percent(struct virtual_time *time, unsigned percent);
int64_t chance_between(struct virtual_time *time, int64_t low, int64_t high); /* both included */

#endif
