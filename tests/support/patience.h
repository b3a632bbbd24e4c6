/*
 * Waiting for what another process does: looked for again and again, for so long and no longer.
 *
 *     struct patience patience = patience_of(5000);
 *     while (!is_there() && patience_lasts(&patience)) {
 *     }
 */
#ifndef CONSILIUM_TESTS_PATIENCE_H
#define CONSILIUM_TESTS_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { PATIENCE_LOOK_MS = 10 };

struct patience {
    int64_t until_ms;
};

static inline int64_t patience_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline struct patience patience_of(int64_t ms) {
    return (struct patience){patience_now_ms() + ms};
}

/* Rests for a moment; false = it is over. */
static inline bool patience_lasts(const struct patience *patience) {
    nanosleep(&(struct timespec){.tv_nsec = PATIENCE_LOOK_MS * 1000000L}, NULL);
    return patience_now_ms() < patience->until_ms;
}

#endif
