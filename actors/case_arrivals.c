/*
 * Files on their way into the case, as the archive that they come to tells it. Nothing of it is
 * committed: who comes gets what there is, and a slot says that an arrival is over before another
 * one takes its place.
 */
#include "actors/patient_case.h"

/* Until everybody who reads has heard that it is over. */
#define ARRIVAL_REST_US (60 * INT64_C(1000000))

static struct case_arrival *slot_of(struct case_arrivals *arrivals, struct uuid id) {
    for (uint32_t i = 0; i < arrivals->count; i++) {
        if (uuid_equal(arrivals->slots[i].shown.arrival, id)) {
            return &arrivals->slots[i];
        }
    }
    return NULL;
}

/* NULL = as many are under way as are shown: one more is not. */
static struct case_arrival *free_slot(struct case_arrivals *arrivals, int64_t now) {
    for (uint32_t i = 0; i < arrivals->count; i++) {
        struct case_arrival *slot = &arrivals->slots[i];
        if (slot->shown.state == ARRIVAL_STATE_GONE && now - slot->gone_at >= ARRIVAL_REST_US) {
            return slot;
        }
    }
    return arrivals->count == CASE_ARRIVALS_MAX ? NULL : &arrivals->slots[arrivals->count++];
}

void case_on_tell_arrival(struct patient_case *the_case, struct turn *turn,
                          const struct tell_arrival *signal) {
    struct case_arrivals *arrivals = &the_case->arrivals;
    bool gone = signal->arrival.state == ARRIVAL_STATE_GONE;
    struct case_arrival *slot = slot_of(arrivals, signal->arrival.arrival);
    bool nothing_new = slot != NULL ? arrival_equal(&slot->shown, &signal->arrival) : gone;
    if (!the_case->created || nothing_new) {
        return;
    }
    if (slot == NULL) {
        slot = free_slot(arrivals, turn->now);
    }
    if (slot == NULL) {
        return;
    }
    slot->shown = signal->arrival;
    slot->gone_at = gone ? turn->now : 0;
    slot->tick = stage_next_tick(&the_case->stage);
    turn_ephemera(turn);
}

struct arrival_list case_arrivals_told(const struct patient_case *the_case, const uint32_t *since,
                                       struct arena *arena) {
    const struct case_arrivals *arrivals = &the_case->arrivals;
    struct arrival_list list = {0};
    list.items = arena_alloc(arena, sizeof *list.items * CASE_ARRIVALS_MAX);
    for (uint32_t i = 0; list.items != NULL && i < arrivals->count; i++) {
        const struct case_arrival *slot = &arrivals->slots[i];
        if (since != NULL ? stage_is_newer(slot->tick, *since)
                          : slot->shown.state != ARRIVAL_STATE_GONE) {
            list.items[list.count++] = slot->shown;
        }
    }
    return list;
}
