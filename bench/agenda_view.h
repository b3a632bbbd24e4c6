/*
 * One person who comes to a meeting with nothing in hand: connects, opens the board, then every
 * case on its agenda, and holds the snapshots that come.
 */
#ifndef CONSILIUM_BENCH_AGENDA_VIEW_H
#define CONSILIUM_BENCH_AGENDA_VIEW_H

#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "tests/support/staff.h"

enum { AGENDA_CASES_MAX = 60 };

struct agenda_view {
    struct arena arena;                                  /* owned: all that is held */
    const struct board_snapshot *board;                  /* NULL before it has come */
    const struct case_snapshot *cases[AGENDA_CASES_MAX]; /* by place on the agenda */
    unsigned count;                                      /* of cases that are looked at */
    unsigned held;                                       /* of them */
    size_t bytes;                                        /* of all snapshots */
    double welcomed_ms, board_ms, held_ms; /* from beginning to connect; held_ms is the whole */
};

/* At most the first `most` cases. False, with the reason on standard error, when not all came. */
bool agenda_view_take(struct agenda_view *view, const struct staff *staff, unsigned person,
                      unsigned board, unsigned most);
void agenda_view_finish(struct agenda_view *view);

#endif
