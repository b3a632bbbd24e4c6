/*
 * Keeping and erasing. A hold wins over every order to erase. Once the order is committed the case
 * is gone for everybody: nobody has a grant, every command is refused, and what is left of its
 * state is that it was erased. The server destroys its key and its images after that.
 */
#include "actors/patient_case.h"
#include "protocol/generated/board.h"
#include "protocol/generated/user.h"

enum { TOLD_MAX = 480 }; /* of EFFECT_MESSAGES_MAX: a dead entry in a worklist leads nowhere */

static bool is_said(const struct patient_case *the_case, struct turn *turn, struct text reason) {
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (reason.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    }
    return the_case->created && reason.length > 0;
}

void case_on_place_hold(const struct patient_case *the_case, struct turn *turn,
                        const struct place_hold *command) {
    if (!is_said(the_case, turn, command->reason)) {
        return;
    }
    if (the_case->has_hold) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, the_case->hold.by);
        return;
    }
    struct hold_placed event = {
        .hold = {.by = turn->sender.user, .at = turn->now, .reason = command->reason}};
    turn_event(turn, hold_placed_encode(turn->arena, &event));
}

void case_on_lift_hold(const struct patient_case *the_case, struct turn *turn,
                       const struct lift_hold *command) {
    if (!is_said(the_case, turn, command->reason)) {
        return;
    }
    if (!the_case->has_hold) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    struct hold_lifted event = {.reason = command->reason};
    turn_event(turn, hold_lifted_encode(turn->arena, &event));
}

static void take_entry(struct turn *turn, struct uuid user, struct uuid entry) {
    if (turn->effects.message_count < TOLD_MAX && !uuid_is_zero(user)) {
        struct remove_entry command = {.command_id = turn_new_id(turn), .id = entry};
        turn_send(turn, CHANNEL_KIND_USER, user, remove_entry_encode(turn->arena, &command));
    }
}

static void take_task(const struct patient_case *the_case, struct turn *turn,
                      const struct task *task) {
    take_entry(turn, task->owner, task->task);
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        const struct case_member *member = &the_case->members.items[i];
        if (member->role == ROLE_COORDINATOR && !uuid_equal(member->user, task->owner)) {
            take_entry(turn, member->user, task->task);
        }
    }
}

/* Every worklist that says something of it, and every board that has it on its agenda. */
static void take_leave(const struct patient_case *the_case, struct turn *turn) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        struct forget_case command = {
            .command_id = turn_new_id(turn), .patient_case = turn->self, .item = link->item};
        turn_send(turn, CHANNEL_KIND_BOARD, link->board, forget_case_encode(turn->arena, &command));
    }
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        take_entry(turn, the_case->members.items[i].user, turn->self);
        if (the_case->held_studies > 0) {
            take_entry(turn, the_case->members.items[i].user, the_case->held_entry);
        }
    }
    for (uint32_t i = 0; i < the_case->tasks.count; i++) {
        if (the_case->tasks.items[i].state == TASK_STATE_OPEN) {
            take_task(the_case, turn, &the_case->tasks.items[i]);
        }
    }
}

void case_on_order_erasure(const struct patient_case *the_case, struct turn *turn,
                           const struct order_erasure *command) {
    if (!is_said(the_case, turn, command->reason)) {
        return;
    }
    if (the_case->has_hold) {
        turn_refuse_subject(turn, REFUSAL_ON_HOLD, the_case->hold.by);
        return;
    }
    if (!case_is_proved(turn, (struct uuid){{0}})) {
        turn_refuse(turn, REFUSAL_UNPROVED);
        return;
    }
    struct erasure_ordered event = {.reason = command->reason};
    turn_event(turn, erasure_ordered_encode(turn->arena, &event));
    /* Found again by a server that is started in the middle of it. */
    struct bytes id = {sizeof turn->self.bytes, turn->self.bytes};
    turn_row(turn, CASE_ERASING_LIST, id, id);
    take_leave(the_case, turn);
}

/* Events */

void case_apply_hold_placed(struct patient_case *the_case, const struct event_header *header,
                            const struct hold_placed *event) {
    (void)header;
    the_case->has_hold = true;
    legal_hold_copy(the_case->actor.state, &the_case->hold, &event->hold);
}

void case_apply_hold_lifted(struct patient_case *the_case, const struct event_header *header,
                            const struct hold_lifted *event) {
    (void)header;
    (void)event;
    the_case->has_hold = false;
    the_case->hold = (struct legal_hold){0};
}

void case_apply_erasure_ordered(struct patient_case *the_case, const struct event_header *header,
                                const struct erasure_ordered *event) {
    (void)header;
    (void)event;
    *the_case = (struct patient_case){.actor = the_case->actor,
                                      .created = true,
                                      .erased = true,
                                      .organisation = the_case->organisation,
                                      .stage = the_case->stage};
}
