/*
 * A board at which fifty people point at once, sixty times a second each, and how late the others
 * see it: from the call that sends to the other's decoded message. One in a process.
 */
#ifndef CONSILIUM_BENCH_POINTER_BOARD_H
#define CONSILIUM_BENCH_POINTER_BOARD_H

#include "tests/support/bots.h"

enum { POINTER_PEOPLE = 50, POINTER_SECONDS = 6, POINTER_SECONDS_QUICK = 2 };

struct pointer_lateness {
    double p50_ms, p99_ms;
};

/* Everybody of `staff` at board 0, their pointers bound; false = they did not come. Borrows staff.
 * Ended by bots_finish. */
bool pointer_board_open(struct bots *bots, const struct staff *staff);
void pointer_board_play(struct bots *bots, double seconds);
struct pointer_lateness pointer_board_measure(struct bots *bots, double seconds);

#endif
