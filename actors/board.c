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

static void todo_set_item(const struct board *board, struct turn *turn, const struct set_item *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_undo_step(const struct board *board, struct turn *turn, const struct undo_step *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_confirm_standard(const struct board *board, struct turn *turn, const struct confirm_standard *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_move_to_meeting(const struct board *board, struct turn *turn, const struct move_to_meeting *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_take_item(const struct board *board, struct turn *turn, const struct take_item *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_item_taken(const struct board *board, struct turn *turn, const struct item_taken *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_tick_in(const struct board *board, struct turn *turn, const struct tick_in *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_tick_out(const struct board *board, struct turn *turn, const struct tick_out *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_set_cut_off(const struct board *board, struct turn *turn, const struct set_cut_off *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_pass_cut_off(const struct board *board, struct turn *turn, const struct pass_cut_off *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_report_readiness(const struct board *board, struct turn *turn, const struct report_readiness *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_item_sealed(const struct board *board, struct turn *turn, const struct item_sealed *command) {
    (void)board;
    (void)turn;
    (void)command;
    turn_refuse(turn, REFUSAL_BAD_STATE);
}
static void todo_item_set(struct board *board, const struct event_header *header, const struct item_set *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_step_undone(struct board *board, const struct event_header *header, const struct step_undone *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_standard_confirmed(struct board *board, const struct event_header *header, const struct standard_confirmed *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_item_leaving(struct board *board, const struct event_header *header, const struct item_leaving *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_item_stayed(struct board *board, const struct event_header *header, const struct item_stayed *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_ticked_in(struct board *board, const struct event_header *header, const struct ticked_in *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_ticked_out(struct board *board, const struct event_header *header, const struct ticked_out *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_cut_off_set(struct board *board, const struct event_header *header, const struct cut_off_set *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_cut_off_passed(struct board *board, const struct event_header *header, const struct cut_off_passed *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_item_reported(struct board *board, const struct event_header *header, const struct item_reported *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_meeting_closing(struct board *board, const struct event_header *header, const struct meeting_closing *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_closing_answered(struct board *board, const struct event_header *header, const struct closing_answered *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_closing_called_off(struct board *board, const struct event_header *header, const struct closing_called_off *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_unready_opened(struct board *board, const struct event_header *header, const struct unready_opened *event) {
    (void)board;
    (void)header;
    (void)event;
}
static void todo_guests_told(struct board *board, const struct event_header *header, const struct guests_told *event) {
    (void)board;
    (void)header;
    (void)event;
}

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
    .set_item = todo_set_item,
    .undo_step = todo_undo_step,
    .confirm_standard = todo_confirm_standard,
    .move_to_meeting = todo_move_to_meeting,
    .take_item = todo_take_item,
    .item_taken = todo_item_taken,
    .tick_in = todo_tick_in,
    .tick_out = todo_tick_out,
    .set_cut_off = todo_set_cut_off,
    .pass_cut_off = todo_pass_cut_off,
    .report_readiness = todo_report_readiness,
    .item_sealed = todo_item_sealed,
    .item_set = todo_item_set,
    .step_undone = todo_step_undone,
    .standard_confirmed = todo_standard_confirmed,
    .item_leaving = todo_item_leaving,
    .item_stayed = todo_item_stayed,
    .ticked_in = todo_ticked_in,
    .ticked_out = todo_ticked_out,
    .cut_off_set = todo_cut_off_set,
    .cut_off_passed = todo_cut_off_passed,
    .item_reported = todo_item_reported,
    .meeting_closing = todo_meeting_closing,
    .closing_answered = todo_closing_answered,
    .closing_called_off = todo_closing_called_off,
    .unready_opened = todo_unready_opened,
    .guests_told = todo_guests_told,
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
