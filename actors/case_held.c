/*
 * Images that the archive holds: they say another patient than the case's, or another content of a
 * UID that is shown. It says how many there are; what somebody decides of them is recorded here,
 * and the archive carries it out.
 */
#include "actors/growing_list.h"
#include "actors/patient_case.h"
#include "protocol/generated/user.h"

enum { PATIENT_HASH_SIZE = 32 };

/* What it is to worklists of who may decide, and of nobody when nothing is held. */
static void tell(const struct patient_case *the_case, struct turn *turn, struct uuid entry,
                 uint32_t studies, struct uuid user) {
    if (studies == 0) {
        struct remove_entry command = {.command_id = turn_new_id(turn), .id = entry};
        turn_send(turn, CHANNEL_KIND_USER, user, remove_entry_encode(turn->arena, &command));
        return;
    }
    struct put_entry command = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_HELD,
                  .id = entry,
                  .title = the_case->title,
                  .detail = the_case->subject.name,
                  .role = ROLE_COORDINATOR,
                  .at = turn->now,
                  .about = turn->self},
    };
    turn_send(turn, CHANNEL_KIND_USER, user, put_entry_encode(turn->arena, &command));
}

/* The case's own coordinators: those of boards find it in the case. */
static void tell_coordinators(const struct patient_case *the_case, struct turn *turn,
                              struct uuid entry, uint32_t studies) {
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        const struct case_member *member = &the_case->members.items[i];
        if (member->role == ROLE_COORDINATOR) {
            tell(the_case, turn, entry, studies, member->user);
        }
    }
}

void case_on_note_held(const struct patient_case *the_case, struct turn *turn,
                       const struct note_held *command) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    /* Told again after a restart; but what a decision did may leave as many as there were. */
    if (command->images == the_case->held_images && command->studies == the_case->held_studies &&
        the_case->held_decisions.count == 0) {
        return;
    }
    bool known = !uuid_is_zero(the_case->held_entry);
    struct held_noted event = {.images = command->images,
                               .studies = command->studies,
                               .kept = command->kept,
                               .entry = known ? the_case->held_entry : turn_new_id(turn)};
    turn_event(turn, held_noted_encode(turn->arena, &event));
    if ((command->studies == 0) != (the_case->held_studies == 0)) {
        tell_coordinators(the_case, turn, event.entry, command->studies);
    }
}

static struct held_decision *decision_on(const struct patient_case *the_case, struct text study_uid,
                                         struct bytes patient) {
    for (uint32_t i = 0; i < the_case->held_decisions.count; i++) {
        struct held_decision *decision = &the_case->held_decisions.items[i];
        if (text_equal(decision->study_uid, study_uid) && bytes_equal(decision->patient, patient)) {
            return decision;
        }
    }
    return NULL;
}

/* False when it was refused. */
static bool may_be_decided(const struct patient_case *the_case, struct turn *turn,
                           struct text study_uid, struct bytes patient) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return false;
    }
    if (study_uid.length == 0 || (patient.length != 0 && patient.length != PATIENT_HASH_SIZE)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return false;
    }
    if (the_case->held_decisions.count == CASE_HELD_DECISIONS_MAX &&
        decision_on(the_case, study_uid, patient) == NULL) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
        return false;
    }
    return true;
}

static bool is_joined(const struct patient_case *the_case, struct text study_uid,
                      struct bytes patient) {
    const struct held_decision *last = decision_on(the_case, study_uid, patient);
    return last != NULL && last->outcome == HELD_OUTCOME_JOINED;
}

void case_on_join_held(const struct patient_case *the_case, struct turn *turn,
                       const struct join_held *command) {
    if (!may_be_decided(the_case, turn, command->study_uid, command->patient)) {
        return;
    }
    if (command->patient.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED); /* of two contents one is shown already */
        return;
    }
    struct held_joined event = {.decision = {.outcome = HELD_OUTCOME_JOINED,
                                             .study_uid = command->study_uid,
                                             .patient = command->patient,
                                             .images = command->images,
                                             .by = turn->sender.user,
                                             .at = turn->now}};
    turn_event(turn, held_joined_encode(turn->arena, &event));
}

void case_on_remove_held(const struct patient_case *the_case, struct turn *turn,
                         const struct remove_held *command) {
    if (!may_be_decided(the_case, turn, command->study_uid, command->patient)) {
        return;
    }
    if (command->reason.length == 0 || command->images == 0 || command->seen <= 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (the_case->has_hold) {
        turn_refuse_subject(turn, REFUSAL_ON_HOLD, the_case->hold.by);
    } else if (is_joined(the_case, command->study_uid, command->patient)) {
        turn_refuse(turn, REFUSAL_BAD_STATE); /* they are shown: nothing of them is held */
    } else {
        struct held_removed event = {.decision = {.outcome = HELD_OUTCOME_REMOVED,
                                                  .study_uid = command->study_uid,
                                                  .patient = command->patient,
                                                  .images = command->images,
                                                  .seen = command->seen,
                                                  .reason = command->reason,
                                                  .by = turn->sender.user,
                                                  .at = turn->now}};
        turn_event(turn, held_removed_encode(turn->arena, &event));
    }
}

void case_on_hold_again(const struct patient_case *the_case, struct turn *turn,
                        const struct hold_again *command) {
    if (!may_be_decided(the_case, turn, command->study_uid, command->patient)) {
        return;
    }
    if (command->reason.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!is_joined(the_case, command->study_uid, command->patient)) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else {
        struct held_again event = {.decision = {.outcome = HELD_OUTCOME_AGAIN,
                                                .study_uid = command->study_uid,
                                                .patient = command->patient,
                                                .reason = command->reason,
                                                .by = turn->sender.user,
                                                .at = turn->now}};
        turn_event(turn, held_again_encode(turn->arena, &event));
    }
}

/* Events */

void case_apply_held_noted(struct patient_case *the_case, const struct event_header *header,
                           const struct held_noted *event) {
    (void)header;
    the_case->held_images = event->images;
    the_case->held_studies = event->studies;
    the_case->held_entry = event->entry;
    for (uint32_t i = 0; i < the_case->held_decisions.count; i++) {
        struct held_decision *decision = &the_case->held_decisions.items[i];
        for (uint32_t j = 0; j < event->kept.count; j++) {
            if (decision->version == event->kept.items[j] &&
                decision->outcome == HELD_OUTCOME_REMOVED) {
                decision->outcome = HELD_OUTCOME_KEPT;
            }
        }
    }
}

/* The last one on a study and a patient is the one that holds, and stands last. */
static void put(struct patient_case *the_case, const struct event_header *header,
                const struct held_decision *decision) {
    struct held_decision *before = decision_on(the_case, decision->study_uid, decision->patient);
    if (before != NULL) {
        growing_list_remove(&the_case->held_decisions,
                            (uint32_t)(before - the_case->held_decisions.items));
    }
    struct held_decision *place =
        growing_list_add(the_case->actor.state, &the_case->held_decisions);
    held_decision_copy(the_case->actor.state, place, decision);
    place->version = header->version;
}

void case_apply_held_joined(struct patient_case *the_case, const struct event_header *header,
                            const struct held_joined *event) {
    put(the_case, header, &event->decision);
}

void case_apply_held_removed(struct patient_case *the_case, const struct event_header *header,
                             const struct held_removed *event) {
    put(the_case, header, &event->decision);
}

void case_apply_held_again(struct patient_case *the_case, const struct event_header *header,
                           const struct held_again *event) {
    put(the_case, header, &event->decision);
}
