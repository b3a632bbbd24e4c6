/*
 * Restriction of use (GDPR 18): a case that is kept and not used, say because the patient contests
 * what stands in it. The policy says who still sees it (`free` and `own` in access.policy) and that
 * nothing clinical is written; a hold, an erasure and consents go on, and so do boards that have it
 * on their agenda, without its content. In an emergency the glass can be broken all the same: the
 * vital interests of the patient come first.
 */
#include "actors/patient_case.h"

static void tell_of(const struct patient_case *the_case, struct turn *turn, bool restricted) {
    struct patient_case after = *the_case;
    after.is_restricted = restricted;
    case_tell_all(&after, turn);
    case_tell_tasks(&after, turn);
}

void case_on_restrict_use(const struct patient_case *the_case, struct turn *turn,
                          const struct restrict_use *command) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->reason.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (the_case->is_restricted) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, the_case->restriction.by);
    } else {
        struct use_restricted event = {
            .restriction = {.by = turn->sender.user, .at = turn->now, .reason = command->reason}};
        turn_event(turn, use_restricted_encode(turn->arena, &event));
        tell_of(the_case, turn, true);
    }
}

void case_on_lift_restriction(const struct patient_case *the_case, struct turn *turn,
                              const struct lift_restriction *command) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->reason.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!the_case->is_restricted) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else {
        struct restriction_lifted event = {.reason = command->reason};
        turn_event(turn, restriction_lifted_encode(turn->arena, &event));
        tell_of(the_case, turn, false);
    }
}

/* Events */

void case_apply_use_restricted(struct patient_case *the_case, const struct event_header *header,
                               const struct use_restricted *event) {
    (void)header;
    the_case->is_restricted = true;
    restriction_copy(the_case->actor.state, &the_case->restriction, &event->restriction);
}

void case_apply_restriction_lifted(struct patient_case *the_case, const struct event_header *header,
                                   const struct restriction_lifted *event) {
    (void)header;
    (void)event;
    the_case->is_restricted = false;
    the_case->restriction = (struct restriction){0};
}
