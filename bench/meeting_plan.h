/*
 * What a meeting is made of, so that benchmarks play the same one: the board's template, how its
 * cases are prepared, and what becomes of each.
 */
#ifndef CONSILIUM_BENCH_MEETING_PLAN_H
#define CONSILIUM_BENCH_MEETING_PLAN_H

#include "protocol/generated/board.h"
#include "tests/support/staff.h"

/* By place on the agenda, 0 first. The item there has the number after it. */
#define PLAN_STANDARD_WORDS "Treatment by the guideline" /* of standard of care */

enum fate {
    FATE_DECIDED,
    FATE_COMES_BACK, /* later in this meeting, and is decided then */
    FATE_DEFERRED,
    FATE_NOT_DISCUSSED,
    FATE_STANDARD, /* of care: confirmed with the others of its kind */
};

enum {
    MEETING_BOARD = 0, /* number of the board that is played */
    PLAN_TOPICS = 5,   /* of a card, filled in before the meeting */
};

enum fate plan_fate(unsigned place);
enum item_outcome plan_outcome(enum fate fate);
/* The template's reason of one that is put off, by digit. */
uint8_t plan_reason(unsigned place);
/* Whether the case lacks something when its turn comes. */
bool plan_is_unready(unsigned place);

const struct template *plan_template(void);

/* Makes the board and its cases, fills in their cards as their coordinator, and waits until the
 * board has heard what each lacks. */
bool plan_make(const struct staff *staff, unsigned board, unsigned first_case, unsigned count);

#endif
