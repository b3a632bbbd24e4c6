#include "actors/board.h"

#include "actors/kinds.h"

#include <assert.h>

static void finish(struct actor *actor) {
    stage_finish(&((struct board *)actor)->stage);
}

/* The stage keeps its memory outside the state arena. */
static void carry_over(struct actor *fresh, struct actor *old) {
    struct stage stage = ((struct board *)fresh)->stage;
    ((struct board *)fresh)->stage = ((struct board *)old)->stage;
    ((struct board *)old)->stage = stage;
}

static struct grant grant(const struct actor *actor, struct uuid user, bool administrator,
                          int64_t now) {
    (void)now;
    const struct board *board = (const struct board *)actor;
    struct grant grant = {0};
    if (!board->created) {
        if (administrator) {
            grant.audiences = AUDIENCE_WORKFLOW;
            grant.roles = 1u << ROLE_ADMINISTRATOR | 1u << ROLE_COORDINATOR;
        }
        return grant;
    }
    const struct member *member = board_member(board, user);
    if (member != NULL) {
        grant.audiences = AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW;
        grant.roles = (uint16_t)(1u << member->role);
    }
    if (administrator) {
        grant.audiences |= AUDIENCE_WORKFLOW;
        grant.roles |= 1u << ROLE_ADMINISTRATOR;
    }
    return grant;
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    struct board *board = (struct board *)actor;
    bool counts = board_member(board, who->user) != NULL && board->state != MEETING_STATE_ENDED;
    if (counts && !board_has_attended(board, who->user) &&
        board->attended.count < BOARD_MEMBERS_MAX) {
        struct attended event = {.user = who->user};
        turn_event(turn, attended_encode(turn->arena, &event));
    }
    return stage_attach(&board->stage, turn, who);
}

static void detach(struct actor *actor, struct turn *turn, struct session_number session) {
    stage_detach(&((struct board *)actor)->stage, turn, session);
}

static struct encoded ephemera(const struct actor *actor, uint8_t audiences, uint32_t since,
                               struct arena *arena, uint32_t *ret_tick) {
    return stage_ephemera(&((const struct board *)actor)->stage, audiences, since, arena, ret_tick);
}

/* After the meeting there is nothing to drive any more. */
static bool is_over(const struct board *board, struct turn *turn) {
    if (board->state == MEETING_STATE_ENDED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return true;
    }
    return false;
}

#define STAGE_COMMAND(name, function, type)                                                        \
    static void name(const struct board *board, struct turn *turn, const struct type *command) {   \
        if (!is_over(board, turn)) {                                                               \
            function(&board->stage, turn, command);                                                \
        }                                                                                          \
    }
STAGE_COMMAND(on_request_floor, stage_request_floor, request_floor)
STAGE_COMMAND(on_grant_floor, stage_grant_floor, grant_floor)
STAGE_COMMAND(on_settle_stage, stage_settle, settle_stage)
STAGE_COMMAND(on_quiet_pointers, stage_quiet_pointers, quiet_pointers)
STAGE_COMMAND(on_release_floor, stage_release_floor, release_floor)

#define STAGE_SIGNAL(name, function, type)                                                         \
    static void name(struct board *board, struct turn *turn, const struct type *message) {         \
        function(&board->stage, turn, message);                                                    \
    }
STAGE_SIGNAL(on_move_pointer, stage_move_pointer, move_pointer)
STAGE_SIGNAL(on_set_viewport, stage_set_viewport, set_viewport)
STAGE_SIGNAL(on_set_layout, stage_set_layout, set_layout)
STAGE_SIGNAL(on_draft_annotation, stage_draft, draft_annotation)
STAGE_SIGNAL(on_report_painted, stage_report_painted, report_painted)
STAGE_SIGNAL(on_set_hand, stage_set_hand, set_hand)
STAGE_SIGNAL(on_set_pointing, stage_set_pointing, set_pointing)
STAGE_SIGNAL(on_bind_handle, stage_bind_handle, bind_handle)

#define STAGE_EVENT(name, function, type)                                                          \
    static void name(struct board *board, const struct event_header *header,                       \
                     const struct type *event) {                                                   \
        function(&board->stage, header, event);                                                    \
    }
STAGE_EVENT(apply_floor_changed, stage_apply_floor, floor_changed)
STAGE_EVENT(apply_stage_settled, stage_apply_settled, stage_settled)
STAGE_EVENT(apply_pointers_quieted, stage_apply_quiet, pointers_quieted)

static const struct board_behaviour behaviour = {
    .create_board = board_on_create,
    .add_item = board_on_add_item,
    .move_item = board_on_move_item,
    .remove_item = board_on_remove_item,
    .open_item = board_on_open_item,
    .start_meeting = board_on_start_meeting,
    .end_meeting = board_on_end_meeting,
    .add_member = board_on_add_member,
    .remove_member = board_on_remove_member,
    .item_refused = board_on_item_refused,
    .board_created = board_apply_created,
    .item_added = board_apply_item_added,
    .item_moved = board_apply_item_moved,
    .item_removed = board_apply_item_removed,
    .item_opened = board_apply_item_opened,
    .item_closed = board_apply_item_closed,
    .meeting_started = board_apply_meeting_started,
    .meeting_ended = board_apply_meeting_ended,
    .member_added = board_apply_member_added,
    .member_removed = board_apply_member_removed,
    .attended = board_apply_attended,
    .request_floor = on_request_floor,
    .grant_floor = on_grant_floor,
    .release_floor = on_release_floor,
    .settle_stage = on_settle_stage,
    .quiet_pointers = on_quiet_pointers,
    .move_pointer = on_move_pointer,
    .set_viewport = on_set_viewport,
    .set_layout = on_set_layout,
    .draft_annotation = on_draft_annotation,
    .report_painted = on_report_painted,
    .set_hand = on_set_hand,
    .set_pointing = on_set_pointing,
    .bind_handle = on_bind_handle,
    .floor_changed = apply_floor_changed,
    .stage_settled = apply_stage_settled,
    .pointers_quieted = apply_pointers_quieted,
};

static void start(struct actor *actor) {
    assert(board_behaviour_complete(&behaviour));
    stage_start(&((struct board *)actor)->stage);
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    board_dispatch(&behaviour, (struct board *)actor, turn, tag, message);
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    return board_apply(&behaviour, (struct board *)actor, header, fields, arena);
}

const struct actor_kind board_kind = {
    .name = "board",
    .number = CHANNEL_KIND_BOARD,
    .state_format = 1,
    .size = sizeof(struct board),
    .rules = board_rules,
    .start = start,
    .finish = finish,
    .decode = board_decode,
    .command_id = board_command_id,
    .handle = handle,
    .apply = apply,
    .grant = grant,
    .attach = attach,
    .detach = detach,
    .snapshot = board_show,
    .save = board_save,
    .restore = board_restore,
    .carry_over = carry_over,
    .ephemera = ephemera,
};
