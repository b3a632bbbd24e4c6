/*
 * The record of the meetings and their cases as it grows: every row is opened at the moment it is
 * committed, so there is one order of everything, and each new event is looked at beside what was
 * committed before and what its author had composed.
 */
#ifndef SIMULATION_CHRONICLE_H
#define SIMULATION_CHRONICLE_H

#include "tests/simulation/shown.h"
#include "tests/simulation/world.h"

enum { CHRONICLE_BOARDS = 2, CHRONICLE_ITEMS_MAX = 64 };

struct chronicle {
    struct world *world;
    struct keys *keys;
    struct seal *seal;
    struct arena arena; /* of the row that is looked at */
    struct shown_board boards[CHRONICLE_BOARDS];
    struct shown_case cases[WORLD_CASES];
    /* Whose slot an item is or was: 1 + place of the case. 0 = there is no such item. */
    uint8_t slots[CHRONICLE_BOARDS][CHRONICLE_ITEMS_MAX];
    /* It takes no decisions for that board just now. */
    bool sealed[CHRONICLE_BOARDS][WORLD_CASES];
    bool listed[WORLD_CASES]; /* it is on an agenda, and stays on one */
};

struct chronicle *chronicle_create(struct world *world);
void chronicle_destroy(struct chronicle *chronicle);
void chronicle_commits(struct chronicle *chronicle, const struct database_batch *batch);

#endif
