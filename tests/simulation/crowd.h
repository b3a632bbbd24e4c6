/*
 * Too many of everything: hundreds of windows that speak at once while the database says nothing,
 * one that never reads, and one that sends what is too large. One process, no faults; here the
 * limits are really reached.
 */
#ifndef SIMULATION_CROWD_H
#define SIMULATION_CROWD_H

#include "tests/simulation/world.h"

struct crowd_story {
    unsigned accepted, busy; /* messages */
    size_t mailbox_most, lane_most;
    bool slow_was_cut, large_was_cut;
};

/* world->fault tells, as after world_run. */
void crowd_run(struct world *world, struct crowd_story *ret_story);

#endif
