/* What follows a signed decision: tasks that come back until somebody says what became of them, and
 * whether the recommendation was followed. */
#include "actors/patient_case.h"
#include "protocol/generated/user.h"

struct task *case_task(const struct patient_case *the_case, struct uuid task) {
    for (uint32_t i = 0; i < the_case->tasks.count; i++) {
        if (uuid_equal(the_case->tasks.items[i].task, task)) {
            return &the_case->tasks.items[i];
        }
    }
    return NULL;
}

static void take_task_away(struct turn *turn, const struct task *task, struct uuid user) {
    struct remove_entry command = {.command_id = turn_new_id(turn), .id = task->task};
    turn_send(turn, CHANNEL_KIND_USER, user, remove_entry_encode(turn->arena, &command));
}

/* The patient is named only to those who may know who that is; who may not even know of the case
 * has nothing of it on their list. */
static void put_task(const struct patient_case *the_case, struct turn *turn,
                     const struct task *task, struct uuid user) {
    struct grant grant = case_grant(&the_case->actor, user, 0, turn->now);
    if (grant.audiences == 0) {
        take_task_away(turn, task, user);
        return;
    }
    bool knows = (grant.audiences & AUDIENCE_IDENTITY) != 0;
    struct put_entry command = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_TASK,
                  .id = task->task,
                  .title = task->text,
                  .detail = knows ? the_case->subject.name : TEXT(""),
                  .status = (uint8_t)task->state,
                  .at = task->due_at,
                  .about = the_case->actor.id},
    };
    turn_send(turn, CHANNEL_KIND_USER, user, put_entry_encode(turn->arena, &command));
}

/* Given out, that is: its decision is signed. */
static bool is_under_way(const struct patient_case *the_case, const struct task *task) {
    const struct decision *decision = case_decision(the_case, task->decision);
    return task->state == TASK_STATE_OPEN && !uuid_is_zero(task->owner) && decision != NULL &&
           decision->signed_at != 0;
}

void case_tell_tasks(const struct patient_case *after, struct turn *turn) {
    for (uint32_t i = 0; i < after->tasks.count; i++) {
        const struct task *task = &after->tasks.items[i];
        if (is_under_way(after, task)) {
            put_task(after, turn, task, task->owner);
        }
    }
}

void case_tell_tasks_of(const struct patient_case *after, struct turn *turn, struct uuid user) {
    for (uint32_t i = 0; i < after->tasks.count; i++) {
        const struct task *task = &after->tasks.items[i];
        if (is_under_way(after, task) && uuid_equal(task->owner, user)) {
            put_task(after, turn, task, user);
        }
    }
}

/* Beside its owner. */
static bool coordinates(const struct case_member *member, const struct task *task) {
    return member->role == ROLE_COORDINATOR && !uuid_equal(member->user, task->owner);
}

static void put_to_coordinators(const struct patient_case *the_case, struct turn *turn,
                                const struct task *task) {
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        if (coordinates(&the_case->members.items[i], task)) {
            put_task(the_case, turn, task, the_case->members.items[i].user);
        }
    }
}

static void take_from_coordinators(const struct patient_case *the_case, struct turn *turn,
                                   const struct task *task) {
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        if (coordinates(&the_case->members.items[i], task)) {
            take_task_away(turn, task, the_case->members.items[i].user);
        }
    }
}

void case_hand_out_tasks(const struct patient_case *the_case, struct turn *turn,
                         struct uuid decision) {
    for (uint32_t i = 0; i < the_case->tasks.count; i++) {
        const struct task *task = &the_case->tasks.items[i];
        if (!uuid_equal(task->decision, decision)) {
            continue;
        }
        if (!uuid_is_zero(task->owner)) {
            put_task(the_case, turn, task, task->owner);
        }
        if (task->due_at != 0) {
            struct task_due timer = {
                .command_id = turn_new_id(turn), .task = task->task, .due_at = task->due_at};
            turn_durable_timer(turn, task->due_at, task_due_encode(turn->arena, &timer));
        }
    }
}

/* To its owner while it is open; to the coordinators when nobody else has it, or it is late. */
static void hand_on(const struct patient_case *the_case, struct turn *turn, const struct task *task,
                    enum task_state state) {
    struct task changed = *task;
    changed.state = state;
    bool open = state == TASK_STATE_OPEN;
    bool late = open && task->due_at != 0 && task->due_at <= turn->now; /* its timer is gone */
    bool given_back = state == TASK_STATE_REFUSED && uuid_equal(task->owner, turn->sender.user);
    if (!uuid_is_zero(task->owner) && open) {
        put_task(the_case, turn, &changed, task->owner);
    } else if (!uuid_is_zero(task->owner)) {
        take_task_away(turn, task, task->owner);
    }
    if (late || given_back) {
        put_to_coordinators(the_case, turn, &changed);
    } else {
        take_from_coordinators(the_case, turn, task);
    }
}

void case_on_close_task(const struct patient_case *the_case, struct turn *turn,
                        const struct close_task *command) {
    const struct task *task = case_task(the_case, command->task);
    const struct decision *decision = task == NULL ? NULL : case_decision(the_case, task->decision);
    if (decision == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (decision->signed_at == 0) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (!uuid_equal(task->owner, turn->sender.user) &&
               (turn->sender.roles & 1u << ROLE_COORDINATOR) == 0) {
        turn_refuse_subject(turn, REFUSAL_NOT_YOURS, task->owner);
    } else if (command->state == TASK_STATE_REFUSED && command->reason.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (case_record_bytes(the_case) + command->reason.length > CASE_RECORD_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (command->state != task->state || !text_equal(command->reason, task->reason)) {
        struct task_closed event = {
            .task = command->task, .state = command->state, .reason = command->reason};
        turn_event(turn, task_closed_encode(turn->arena, &event));
        hand_on(the_case, turn, task, command->state);
    }
}

void case_on_task_due(const struct patient_case *the_case, struct turn *turn,
                      const struct task_due *command) {
    const struct task *task = case_task(the_case, command->task);
    if (task == NULL || task->state != TASK_STATE_OPEN || task->due_at != command->due_at) {
        return;
    }
    struct task_came_due event = {.task = task->task};
    turn_event(turn, task_came_due_encode(turn->arena, &event));
    put_to_coordinators(the_case, turn, task);
}

void case_on_record_following(const struct patient_case *the_case, struct turn *turn,
                              const struct record_following *command) {
    const struct decision *decision = case_decision(the_case, command->decision);
    bool needs_why =
        command->following == FOLLOWING_CHANGED || command->following == FOLLOWING_STOPPED;
    if (decision == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (decision->signed_at == 0) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (needs_why && command->why.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (case_record_bytes(the_case) + command->why.length > CASE_RECORD_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (command->following != decision->following ||
               !text_equal(command->why, decision->following_why)) {
        struct following_recorded event = {
            .decision = command->decision, .following = command->following, .why = command->why};
        turn_event(turn, following_recorded_encode(turn->arena, &event));
    }
}
