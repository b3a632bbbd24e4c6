/* Series of different frames of reference that a person laid onto each other: a prior beside the
 * current study, scrolled and pointed at as if they were one. */
#include "actors/growing_list.h"
#include "actors/patient_case.h"

#include <math.h>

static const double unit_tolerance = 1e-6;
static const double farthest_mm = 1e5;

static bool is_place(const struct point *point) {
    return fabs(point->x) <= farthest_mm && fabs(point->y) <= farthest_mm &&
           fabs(point->z) <= farthest_mm; /* false for what is no number, too */
}

static double along(const struct point *a, const struct point *b) {
    return a->x * b->x + a->y * b->y + a->z * b->z;
}

static bool is_rigid(const struct series_link *link) {
    return is_place(&link->offset) && is_place(&link->x_axis) && is_place(&link->y_axis) &&
           fabs(along(&link->x_axis, &link->x_axis) - 1) <= unit_tolerance &&
           fabs(along(&link->y_axis, &link->y_axis) - 1) <= unit_tolerance &&
           fabs(along(&link->x_axis, &link->y_axis)) <= unit_tolerance;
}

static const struct stored_link *link_of(const struct patient_case *the_case, struct uuid id) {
    for (uint32_t i = 0; i < the_case->links.count; i++) {
        if (uuid_equal(the_case->links.items[i].link.link, id)) {
            return &the_case->links.items[i];
        }
    }
    return NULL;
}

/* The one between the same two spaces, whichever of them is its first. */
static const struct stored_link *link_between(const struct patient_case *the_case,
                                              const struct series_link *link) {
    for (uint32_t i = 0; i < the_case->links.count; i++) {
        const struct series_link *other = &the_case->links.items[i].link;
        if ((text_equal(other->first, link->first) && text_equal(other->second, link->second)) ||
            (text_equal(other->first, link->second) && text_equal(other->second, link->first))) {
            return &the_case->links.items[i];
        }
    }
    return NULL;
}

void case_on_link_series(const struct patient_case *the_case, struct turn *turn,
                         const struct link_series *command) {
    const struct series_link *link = &command->link;
    if (uuid_is_zero(link->link) || link->first.length == 0 || link->second.length == 0 ||
        text_equal(link->first, link->second) || !is_rigid(link)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (case_display_set(the_case, link->first_set) == NULL ||
               case_display_set(the_case, link->second_set) == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (link_of(the_case, link->link) != NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, link->link);
    } else if (the_case->links.count == CASE_LINKS_MAX && link_between(the_case, link) == NULL) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct series_linked event = {.link = *link};
        turn_event(turn, series_linked_encode(turn->arena, &event));
    }
}

void case_on_unlink_series(const struct patient_case *the_case, struct turn *turn,
                           const struct unlink_series *command) {
    if (link_of(the_case, command->link) == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else {
        struct series_unlinked event = {.link = command->link};
        turn_event(turn, series_unlinked_encode(turn->arena, &event));
    }
}

void case_apply_series_linked(struct patient_case *the_case, const struct event_header *header,
                              const struct series_linked *event) {
    struct stored_link *stored = (struct stored_link *)link_between(the_case, &event->link);
    if (stored == NULL) {
        stored = growing_list_add(the_case->actor.state, &the_case->links);
    }
    stored->by = header->by;
    stored->at = header->at;
    series_link_copy(the_case->actor.state, &stored->link, &event->link);
}

void case_apply_series_unlinked(struct patient_case *the_case, const struct event_header *header,
                                const struct series_unlinked *event) {
    (void)header;
    const struct stored_link *stored = link_of(the_case, event->link);
    if (stored != NULL) {
        growing_list_remove(&the_case->links, (uint32_t)(stored - the_case->links.items));
    }
}
