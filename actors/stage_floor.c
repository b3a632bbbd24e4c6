/*
 * The floor: who drives. Requests are commands, so of two that race the one whose event is
 * committed first holds it, the same one for all; the other waits in line.
 */
#include "actors/stage.h"

#include <assert.h>

struct floor stage_floor(const struct stage *stage) {
    bool held = !uuid_is_zero(stage->holder);
    return (struct floor){
        .state = held ? FLOOR_STATE_HELD : FLOOR_STATE_FREE,
        .holder = stage->holder,
        .since = stage->held_since,
        .waiting = {stage->waiting_count, (struct uuid *)stage->waiting},
    };
}

static void arm_release(struct turn *turn, struct uuid holder) {
    struct release_floor command = {.command_id = turn_new_id(turn), .user = holder};
    turn_timer(turn, turn->now + STAGE_FLOOR_GRACE_US, release_floor_encode(turn->arena, &command));
}

static void change(struct turn *turn, struct uuid holder, int64_t since, struct uuid_list waiting) {
    struct floor_changed event = {
        .floor = {.state = uuid_is_zero(holder) ? FLOOR_STATE_FREE : FLOOR_STATE_HELD,
                  .holder = holder,
                  .since = since,
                  .waiting = waiting},
    };
    turn_event(turn, floor_changed_encode(turn->arena, &event));
    turn_ephemera(turn); /* a pointer may appear or go with the floor */
    if (!uuid_is_zero(holder)) {
        arm_release(turn, holder); /* they may drop before this is committed */
    }
}

/* Those who wait, without one, in the turn's arena. */
static struct uuid_list waiting_without(const struct stage *stage, struct turn *turn,
                                        struct uuid user) {
    struct uuid_list list = {0, arena_alloc(turn->arena, sizeof stage->waiting)};
    turn_check(turn, list.items != NULL);
    for (uint32_t i = 0; i < stage->waiting_count; i++) {
        if (!uuid_equal(stage->waiting[i], user)) {
            list.items[list.count++] = stage->waiting[i];
        }
    }
    return list;
}

static bool waits(const struct stage *stage, struct uuid user) {
    for (uint32_t i = 0; i < stage->waiting_count; i++) {
        if (uuid_equal(stage->waiting[i], user)) {
            return true;
        }
    }
    return false;
}

static void give(const struct stage *stage, struct turn *turn, struct uuid user) {
    change(turn, user, turn->now, waiting_without(stage, turn, user));
}

/* To the first in line who is there; those who are not have lost their place. */
static void give_to_next(const struct stage *stage, struct turn *turn, struct uuid leaver) {
    struct uuid_list waiting = waiting_without(stage, turn, leaver);
    struct uuid next = {{0}};
    while (uuid_is_zero(next) && waiting.count > 0) {
        if (stage_user_is_present(stage, waiting.items[0])) {
            next = waiting.items[0];
        }
        waiting.items++;
        waiting.count--;
    }
    change(turn, next, uuid_is_zero(next) ? 0 : turn->now, waiting);
}

void stage_request_floor(const struct stage *stage, struct turn *turn,
                         const struct request_floor *command) {
    struct uuid user = turn->sender.user;
    bool chair = (turn->sender.roles & (1u << ROLE_CHAIR)) != 0;
    if (stage_refuses(stage, turn, command->item) || stage_holds_floor(stage, user)) {
        return;
    }
    if (!stage_user_is_present(stage, user)) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (chair || uuid_is_zero(stage->holder)) {
        give(stage, turn, user);
    } else if (waits(stage, user)) {
        return;
    } else if (stage->waiting_count == STAGE_WAITING_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct uuid_list waiting = waiting_without(stage, turn, user);
        waiting.items[waiting.count++] = user;
        change(turn, stage->holder, stage->held_since, waiting);
    }
}

static bool may_hold(const struct stage *stage, struct uuid user) {
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        const struct participant *shown = &stage->participants[i].shown;
        if (shown->present && uuid_equal(shown->user, user) && shown->role < ROLE_OBSERVER) {
            return true;
        }
    }
    return false;
}

void stage_grant_floor(const struct stage *stage, struct turn *turn,
                       const struct grant_floor *command) {
    bool chair = (turn->sender.roles & (1u << ROLE_CHAIR)) != 0;
    if (stage_refuses(stage, turn, command->item)) {
        return;
    }
    if (!chair && !stage_holds_floor(stage, turn->sender.user)) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED);
    } else if (!may_hold(stage, command->user)) {
        turn_refuse_subject(turn, REFUSAL_NOT_FOUND, command->user);
    } else if (!stage_holds_floor(stage, command->user)) {
        give(stage, turn, command->user);
    }
}

static void release_by_system(const struct stage *stage, struct turn *turn, struct uuid user) {
    /* The timer may be late for somebody who came back, or early for one who dropped again. */
    bool gone = stage_holds_floor(stage, user) && stage->holder_gone_at != 0 &&
                turn->now - stage->holder_gone_at >= STAGE_FLOOR_GRACE_US;
    if (gone) {
        give_to_next(stage, turn, user);
    }
}

void stage_release_floor(const struct stage *stage, struct turn *turn,
                         const struct release_floor *command) {
    if ((turn->sender.roles & (1u << ROLE_SYSTEM)) != 0) {
        release_by_system(stage, turn, command->user);
        return;
    }
    if (stage_refuses(stage, turn, command->item)) {
        return;
    }
    if (uuid_is_zero(stage->holder)) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (!stage_holds_floor(stage, command->user)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, stage->holder);
    } else if (!uuid_equal(command->user, turn->sender.user)) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED);
    } else {
        give_to_next(stage, turn, command->user);
    }
}

void stage_pass_floor(const struct stage *stage, struct turn *turn, struct uuid user) {
    bool there = !uuid_is_zero(user) && may_hold(stage, user);
    bool same = there ? stage_holds_floor(stage, user) : uuid_is_zero(stage->holder);
    if (same && stage->waiting_count == 0) {
        return;
    }
    change(turn, there ? user : (struct uuid){{0}}, there ? turn->now : 0,
           (struct uuid_list){0, NULL});
}

void stage_forget_user(const struct stage *stage, struct turn *turn, struct uuid user) {
    if (stage_holds_floor(stage, user)) {
        give_to_next(stage, turn, user);
    } else if (waits(stage, user)) {
        change(turn, stage->holder, stage->held_since, waiting_without(stage, turn, user));
    }
}

void stage_quiet_pointers(const struct stage *stage, struct turn *turn,
                          const struct quiet_pointers *command) {
    if (stage_refuses(stage, turn, command->item) || command->quiet == stage->quiet) {
        return;
    }
    struct pointers_quieted event = {.quiet = command->quiet};
    turn_event(turn, pointers_quieted_encode(turn->arena, &event));
    turn_ephemera(turn);
}

void stage_apply_floor(struct stage *stage, const struct event_header *header,
                       const struct floor_changed *event) {
    bool another = !uuid_equal(stage->holder, event->floor.holder);
    stage->holder = event->floor.holder;
    stage->held_since = event->floor.since;
    stage->waiting_count = event->floor.waiting.count;
    for (uint32_t i = 0; i < event->floor.waiting.count; i++) {
        stage->waiting[i] = event->floor.waiting.items[i];
    }
    if (another) {
        /* With nobody here it is a replay: then the first to come starts the clock. */
        bool dropped = !uuid_is_zero(stage->holder) && stage->participant_count > 0 &&
                       !stage_user_is_present(stage, stage->holder);
        stage->holder_gone_at = dropped ? header->at : 0;
        stage_hide_pointers(stage);
    }
}

void stage_apply_quiet(struct stage *stage, const struct event_header *header,
                       const struct pointers_quieted *event) {
    (void)header;
    stage->quiet = event->quiet;
    stage_hide_pointers(stage);
}

void stage_watch_holder(struct stage *stage, struct turn *turn) {
    if (uuid_is_zero(stage->holder) || stage_user_is_present(stage, stage->holder)) {
        stage->holder_gone_at = 0;
        return;
    }
    if (stage->holder_gone_at == 0) {
        /* Also the first to come after a restart arms this: nobody was attached who could have
         * left. */
        stage->holder_gone_at = turn->now;
        arm_release(turn, stage->holder);
    }
}
