/*
 * Volatile timers of all actors: a binary heap by due time, and by order of setting among equals,
 * so that a simulation replays. Durable timers are rows of the store and never come here.
 */
#ifndef CONSILIUM_TIMERS_H
#define CONSILIUM_TIMERS_H

#include "protocol/values.h"

#include <stddef.h>

/* Of a timer that is the runtime's own: load this actor again. */
#define TIMER_TAG_RETRY_LOAD 0

struct timer {
    int64_t due_at; /* microseconds since 1970 */
    uint64_t order;
    struct uuid target;
    uint8_t kind;
    uint8_t tag;
    uint32_t length;
    uint8_t fields[];
};

struct timers {
    struct timer **heap; /* owned */
    size_t count;
    size_t capacity;
    uint64_t order;
};

void timers_finish(struct timers *timers);
/* Copies the fields. False = out of memory, or RUNTIME_TIMERS_MAX are set. */
bool timers_add(struct timers *timers, int64_t due_at, uint8_t kind, struct uuid target,
                struct encoded command);
/* Gives the earliest one due at `now` (to be freed with free), or NULL. */
struct timer *timers_pop(struct timers *timers, int64_t now);
/* When the earliest is due; 0 = there is none. */
int64_t timers_next(const struct timers *timers);

#endif
