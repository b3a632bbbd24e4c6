/*
 * A board that meets again and again: who belongs to it, and its template. Meetings are made from
 * it, with a durable message to the board; they keep what they were made with, so that an edit is
 * for the next one.
 *
 * Lives as long as its activation; everything its members point to lies in actor.state.
 */
#ifndef CONSILIUM_SERIES_H
#define CONSILIUM_SERIES_H

#include "actors/hanging.h"
#include "actors/runtime/actor.h"
#include "protocol/generated/series_behaviour.h"

/* The bounds of series.schema. */
enum {
    SERIES_MEMBERS_MAX = 128,
    SERIES_MEETINGS_MAX = 500,
    SERIES_TOLD_MAX = 32, /* meetings that hear of one hanging, the latest planned first */
};

struct series {
    struct actor actor;
    /* Committed */
    bool created;
    struct text title;
    struct uuid organisation; /* that owns it */
    struct series_member_list members;
    struct template template;
    struct series_meeting_list meetings; /* in order of planning; the oldest are forgotten */
    struct uuid edited_by;               /* the template */
    struct hanging_list hangings;        /* one for each modality */
};

#endif
