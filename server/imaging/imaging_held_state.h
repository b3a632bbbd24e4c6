/*
 * One look at what is held in a case, in the steps of imaging_held.c; which case has its turn when
 * is imaging_held_turns.c's.
 */
#ifndef CONSILIUM_IMAGING_HELD_STATE_H
#define CONSILIUM_IMAGING_HELD_STATE_H

#include "server/imaging/imaging_state.h"

struct kept_decision {
    uint64_t version;
    bool joined; // or else removed, or held again
    bool removed;
    bool done;
    char study_uid[65];
    uint8_t patient[BLOB_NAME_SIZE];
    int patient_size; // 0 or BLOB_NAME_SIZE
    /* Of a removal: what its author saw. */
    uint32_t images;
    int64_t seen; // microseconds since 1970
};

struct held_work {
    struct work work; // first, so that a work is its held work
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    /* Owned. */
    struct case_keys keys;
    struct kept_decision *decisions;
    struct kept_rows rows; // a page of what is removed
    struct held_work *next;
    /* Derived. */
    size_t count, at;
    bool again; // something happened meanwhile
    bool deleted;
    bool hidden; // what was shown is held again
    struct held_count held;
};

/* imaging_held.c: begins with it; it frees itself and calls imaging_held_ended. */
void imaging_held_begin(struct imaging_service *service, struct uuid patient_case);
void held_give_up(struct held_work *held, const char *step);
/* The decision whose turn it is was carried out on rows and files. */
void held_carried_out(struct held_work *held);
/* It removes none of what it should, which its case is told; only once that knows it, the decision
 * counts as carried out. */
void held_kept(struct held_work *held);
/* Something happened meanwhile that may change what is to be done: the work ended, and its case
 * has another turn. */
bool held_begins_anew(struct held_work *held);

/* imaging_held_removal.c: deletes what the decision whose turn it is removes. Ends in one of the
 * four above. */
void held_remove(struct held_work *held);

/* imaging_held_turns.c: the case has another look in some seconds; a work is over. */
void imaging_held_later(struct imaging_service *service, struct uuid patient_case);
void imaging_held_ended(struct imaging_service *service);

#endif
