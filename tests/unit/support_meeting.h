/*
 * A meeting made from a series with a template. Its cases are not there: what the board tells them
 * is held and looked at, and what they would say the test says. So these tests are about the board
 * alone.
 */
#ifndef CONSILIUM_SUPPORT_MEETING_H
#define CONSILIUM_SUPPORT_MEETING_H

#include "tests/unit/support_world.h"

enum { A_SERIES = 12, NEXT_BOARD = 13 };

/*
 * Checks: the question owed by nobody in particular, pathology by Pathology (SECOND_MEMBER's), a
 * guideline by Oncology (which nobody here has). Two reasons to defer.
 */
struct template meeting_template(void);
/* Gives the coordinator's session on it. */
uint32_t meeting_series(struct world *world);
/* A meeting of the series, a week from now. */
void meeting_plan(struct world *world, uint32_t coordinator, uint32_t board);
/* Starts the world, with `count` cases on the agenda of A_BOARD that lack nothing; MEMBER presents
 * them. Gives the chair's session. */
uint32_t meeting_begin(struct world *world, uint32_t count);
/* A session on A_BOARD. */
uint32_t meeting_come(struct world *world, uint32_t person);
struct board *meeting_board(struct world *world);
/* By its number. */
const struct agenda_item *meeting_item(struct world *world, uint32_t item);

/* What the case of an item says; `missing` is a mask of topics. */
void meeting_report(struct world *world, uint32_t item, uint32_t missing,
                    enum decision_state decision);
/* To the closing that goes on, or to another. */
void meeting_seal(struct world *world, uint32_t item, enum decision_state decision);
void meeting_seal_for(struct world *world, uint32_t closing, uint32_t item,
                      enum decision_state decision);

/* OpenItem, without an outcome and with one. */
enum refusal meeting_open(struct world *world, uint32_t slot, uint32_t item, uint32_t next);
enum refusal meeting_leave(struct world *world, uint32_t slot, uint32_t item, uint32_t next,
                           enum item_outcome outcome, uint8_t reason);
/* The item that the last answer to a session names. */
uint32_t meeting_named(struct world *world, uint32_t slot);

/* How many messages of this tag the cases were sent since the last look away. */
uint32_t meeting_told(struct world *world, uint8_t tag);
/* The one to the case of an item, read into memory that the next call takes back; NULL = none. */
const void *meeting_said(struct world *world, uint32_t patient_case, uint8_t tag);
void meeting_look_away(struct world *world);

/* What a person's worklist says of a board. */
const struct worklist_entry *meeting_entry(struct world *world, uint32_t person, uint32_t board);

#endif
