/*
 * Which frames a display set shows, in its order, and where their copies lie: worked out from the
 * rows of the case and remembered for a few display sets, until something of the case changes.
 * Counted references; used on the loop, read on threads while somebody holds it. Holds no key.
 */
#ifndef CONSILIUM_IMAGING_PREVIEW_PLAN_H
#define CONSILIUM_IMAGING_PREVIEW_PLAN_H

#include "server/imaging/display_sets.h"
#include "server/imaging/imaging_copy_table.h"
#include "server/imaging/imaging_state.h"

#define PREVIEW_FRAMES_MAX 100000u // of one display set

struct planned_instance {
    char sop_instance_uid[65];
    uint8_t digest[BLOB_DIGEST_SIZE]; // of the original
    struct copy_table copy;           // count 0 = there is none yet
    uint32_t frame_count;
    bool burned_in; // words in the pixels
};

struct preview_plan {
    unsigned references;
    struct uuid patient_case;
    char display_set[DISPLAY_SET_ID_SIZE + 1];
    char series_uid[65];
    struct planned_instance *instances; // in display order
    size_t count;
    uint32_t frame_count; // of all
};

/* The plan is borrowed for the call; NULL when there is no such display set or it cannot be read
 * (`result` says which). May be called at once. */
typedef void (*preview_planned)(void *data, enum imaging_read_result result,
                                struct preview_plan *plan);
void preview_plan_make(struct imaging_service *service, struct uuid patient_case,
                       struct text display_set, preview_planned planned, void *data);

struct preview_plan *preview_plan_ref(struct preview_plan *plan);
void preview_plan_unref(struct preview_plan *plan); // NULL is fine

/* Something of this case (zero: of any) has changed. */
void preview_plans_forget(struct imaging_service *service, struct uuid patient_case);

#endif
