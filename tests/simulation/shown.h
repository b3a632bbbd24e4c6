/*
 * What somebody makes of a meeting and its cases who hears nothing but their events: a window,
 * whose person composes commands from it, stale as it may be; or the chronicle, which hears all of
 * them at the moment they are committed. Written anew rather than shared with the actors, so that
 * it can differ from them.
 */
#ifndef SIMULATION_SHOWN_H
#define SIMULATION_SHOWN_H

#include "actors/hanging.h"
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/sha256.h"

enum {
    SHOWN_ITEMS_MAX = 8,
    SHOWN_DECISIONS_MAX = 32,
    SHOWN_TASKS_MAX = 64,
    SHOWN_TOPICS = CARD_TOPIC_IMAGES + 1,
};

struct shown_item {
    uint32_t item;
    struct uuid patient_case;
    enum item_state state;
    enum item_outcome outcome;
    uint8_t reason;
    enum decision_state decision;
    uint16_t missing; /* mask of topics */
    bool standard;
    bool used; /* it was open before */
};

/* How images of a modality are hung. */
struct shown_hanging {
    char modality[17];
    uint8_t rows, columns;
    int64_t at;
};

struct shown_board {
    bool known;
    enum meeting_state state;
    uint32_t open;
    uint32_t next_item;
    struct shown_item items[SHOWN_ITEMS_MAX]; /* in any order */
    uint32_t count;
    struct shown_hanging hangings[HANGINGS_MAX]; /* in the order of their first time */
    uint32_t hanging_count;
};

struct shown_decision {
    struct uuid decision, board;
    uint32_t item, revision;
    enum side side;
    bool is_signed;
    struct sha256 content; /* of what a signer reads */
};

struct shown_task {
    struct uuid task, decision;
    enum task_state state;
};

struct shown_case {
    uint64_t card_at[SHOWN_TOPICS]; /* version of each entry; 0 = none */
    struct shown_decision decisions[SHOWN_DECISIONS_MAX];
    struct shown_task tasks[SHOWN_TASKS_MAX];
    uint32_t decision_count, task_count;
};

/* A snapshot or an event. */
void shown_board_hears(struct shown_board *shown, uint8_t tag, const void *message);
/* Of a snapshot the header has the tag alone. */
void shown_case_hears(struct shown_case *shown, struct uuid patient_case,
                      const struct event_header *header, const void *message);

/* NULL = not known. */
struct shown_item *shown_item(struct shown_board *shown, uint32_t item);
struct shown_item *shown_item_of(struct shown_board *shown, struct uuid patient_case);
struct shown_decision *shown_decision(struct shown_case *shown, struct uuid decision);
struct shown_decision *shown_decision_for(struct shown_case *shown, struct uuid board,
                                          uint32_t item);

#endif
