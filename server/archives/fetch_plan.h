/*
 * What of a study is still to be fetched, and how: all of it in one request while nothing is here,
 * a series in one when most of it is missing, otherwise image by image. What a larger request ended
 * without is asked for more narrowly, so that a fetch always comes to an end. Pure.
 */
#ifndef CONSILIUM_ARCHIVES_FETCH_PLAN_H
#define CONSILIUM_ARCHIVES_FETCH_PLAN_H

#include "server/archives/archive_answer.h"

enum { FETCH_INSTANCES_MAX = 50000 };

enum fetch_state {
    FETCH_PENDING, /* ends when it was answered, or when the archive has not got it after all */
    FETCH_STORED,
    FETCH_KNOWN, /* was in the case already */
    FETCH_HELD,  /* there, and a person has to decide */
    FETCH_REFUSED,
};

struct fetch_instance {
    struct archive_instance uids;
    uint8_t state;
    uint8_t asked;      /* 0, or the narrowest fetch_ask_kind that ended without it */
    const char *reason; /* static; why it was refused or held */
};

struct fetch_plan {
    struct fetch_instance *all; /* owned; in the order of their UIDs once it is sorted */
    uint32_t count, capacity;
    uint32_t tally[FETCH_REFUSED + 1]; /* by state */
};

void fetch_plan_finish(struct fetch_plan *plan);
/* False when there are too many, or no memory. Twice the same is once after sorting. */
bool fetch_plan_add(struct fetch_plan *plan, const struct archive_instance *instance);
void fetch_plan_sort(struct fetch_plan *plan);

/* False when the plan does not know it. Only of one that is pending the state is changed. */
bool fetch_plan_settle(struct fetch_plan *plan, const char *sop_instance_uid,
                       enum fetch_state state, const char *reason);

enum fetch_ask_kind { FETCH_ASK_NOTHING, FETCH_ASK_STUDY, FETCH_ASK_SERIES, FETCH_ASK_INSTANCE };
struct fetch_ask {
    enum fetch_ask_kind kind;
    struct archive_instance uids; /* of the series; of the instance */
};
struct fetch_ask fetch_plan_next(const struct fetch_plan *plan);
/* The request ended, whole or not: what is pending of it is asked for more narrowly. A single image
 * is refused instead, for `reason`; not when that is NULL. */
void fetch_plan_asked(struct fetch_plan *plan, const struct fetch_ask *ask, const char *reason);

#endif
