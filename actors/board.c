#include "actors/board.h"

#include "actors/growing_list.h"
#include "actors/kinds.h"
#include "actors/maker.h"
#include "protocol/generated/policy.h"

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

/* As what a member of the roster appears on the stage and to their own client: a guest takes part
 * while an item of theirs is open, a display looks as an observer does. */
static uint16_t shown_roles(const struct member *member, bool is_listed) {
    uint16_t roles = (uint16_t)(1u << member->role);
    if (member->role == ROLE_GUEST && is_listed) {
        roles |= 1u << ROLE_MEMBER;
    } else if (member->role == ROLE_DISPLAY) {
        roles |= 1u << ROLE_OBSERVER;
    }
    return roles;
}

static bool owner(const struct actor *actor, struct uuid *ret_organisation) {
    const struct board *board = (const struct board *)actor;
    *ret_organisation = board->organisation;
    return board->created;
}

static struct grant grant(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now) {
    const struct board *board = (const struct board *)actor;
    if (!board->created) {
        return maker_grant(rights, policy_of_board(rights, BOARD_WHEN_UNMADE));
    }
    const struct member *member = board_member(board, user);
    if (member != NULL && board_member_is_over(member, now)) {
        member = NULL;
    }
    bool is_listed = member != NULL && board_is_guest_of(member, board->open_item);
    uint16_t reaching = rights & POLICY_REACHING;
    uint16_t held = (uint16_t)(reaching | (member == NULL ? 0 : 1u << member->role));
    uint8_t conditions = is_listed ? BOARD_WHEN_LISTED : 0;
    if (board->state != MEETING_STATE_ENDED) {
        conditions |= BOARD_WHEN_AHEAD;
    }
    struct allowance allowed = policy_of_board(held, conditions);
    return (struct grant){
        .valid_until = member == NULL ? 0 : member->until,
        .audiences = allowed.audiences,
        .actions = allowed.actions,
        .roles = (uint16_t)(reaching | (member == NULL ? 0 : shown_roles(member, is_listed))),
    };
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    struct board *board = (struct board *)actor;
    const struct member *member = board_member(board, who->user);
    struct attachment participant = *who;
    bool counts =
        member != NULL && member->role != ROLE_DISPLAY && board->state != MEETING_STATE_ENDED;
    if (counts && !board_has_attended(board, who->user) &&
        board->attended.count < BOARD_MEMBERS_MAX) {
        struct attended event = {.user = who->user};
        turn_event(turn, attended_encode(turn->arena, &event));
    }
    if (member != NULL && member->role == ROLE_GUEST) {
        /* A number from the start, as nobody gets one later; what may be done with it is asked for
         * each time. */
        participant.grant.audiences |= AUDIENCE_CLINICAL;
        participant.grant.roles = 1u << ROLE_MEMBER;
    }
    return stage_attach(&board->stage, turn, &participant);
}

static void detach(struct actor *actor, struct turn *turn, struct session_number session) {
    stage_detach(&((struct board *)actor)->stage, turn, session);
}

static struct encoded ephemera(const struct actor *actor, uint8_t audiences, uint32_t since,
                               struct arena *arena, uint32_t *ret_tick) {
    return stage_ephemera(&((const struct board *)actor)->stage, NULL, audiences, since, arena,
                          ret_tick);
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

static void on_remember_hanging(const struct board *board, struct turn *turn,
                                const struct remember_hanging *command) {
    if (!is_over(board, turn)) {
        board_on_remember_hanging(board, turn, command);
    }
}

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
    .admit_guest = board_on_admit_guest,
    .dismiss_guest = board_on_dismiss_guest,
    .link_called_back = board_apply_link_called_back,
    .item_refused = board_on_item_refused,
    .forget_case = board_on_forget_case,
    .item_gone = board_apply_item_gone,
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
    .set_item = board_on_set_item,
    .undo_step = board_on_undo_step,
    .confirm_standard = board_on_confirm_standard,
    .move_to_meeting = board_on_move_to_meeting,
    .take_item = board_on_take_item,
    .item_taken = board_on_item_taken,
    .tick_in = board_on_tick_in,
    .tick_out = board_on_tick_out,
    .set_cut_off = board_on_set_cut_off,
    .pass_cut_off = board_on_pass_cut_off,
    .report_readiness = board_on_report_readiness,
    .item_sealed = board_on_item_sealed,
    .remember_hanging = on_remember_hanging,
    .take_hanging = board_on_take_hanging,
    .hanging_remembered = board_apply_hanging_remembered,
    .item_set = board_apply_item_set,
    .step_undone = board_apply_step_undone,
    .standard_confirmed = board_apply_standard_confirmed,
    .rest_put_off = board_apply_rest_put_off,
    .item_leaving = board_apply_item_leaving,
    .item_stayed = board_apply_item_stayed,
    .ticked_in = board_apply_ticked_in,
    .ticked_out = board_apply_ticked_out,
    .cut_off_set = board_apply_cut_off_set,
    .cut_off_passed = board_apply_cut_off_passed,
    .item_reported = board_apply_item_reported,
    .meeting_closing = board_apply_meeting_closing,
    .closing_answered = board_apply_closing_answered,
    .closing_called_off = board_apply_closing_called_off,
    .unready_opened = board_apply_unready_opened,
    .guests_told = board_apply_guests_told,
};

static void start(struct actor *actor) {
    assert(board_behaviour_complete(&behaviour));
    stage_start(&((struct board *)actor)->stage);
}

static bool is_of_stage(uint8_t tag) {
    return tag == STAGE_FLOOR_CHANGED || tag == STAGE_STAGE_SETTLED ||
           tag == STAGE_POINTERS_QUIETED;
}

/* The board that the events of this turn will make, in the turn's arena; without its stage. */
static void foresee(const struct board *board, struct turn *turn, struct board *ret) {
    *ret = *board;
    ret->actor.state = turn->arena;
    turn_check(turn, growing_list_part(turn->arena, &ret->members) &&
                         growing_list_part(turn->arena, &ret->items) &&
                         growing_list_part(turn->arena, &ret->attended) &&
                         growing_list_part(turn->arena, &ret->in_the_room) &&
                         growing_list_part(turn->arena, &ret->closing) &&
                         growing_list_part(turn->arena, &ret->unsigned_items) &&
                         growing_list_part(turn->arena, &ret->called_back) &&
                         growing_list_part(turn->arena, &ret->hangings));
    for (uint32_t i = 0; i < turn->effects.event_count; i++) {
        const struct encoded *event = &turn->effects.events[i];
        struct event_header header = {.at = turn->now, .by = turn->sender.user, .tag = event->tag};
        bool applied = is_of_stage(event->tag) ||
                       board_apply(&behaviour, ret, &header, event->fields, turn->arena);
        turn_check(turn, applied);
    }
}

static bool changes_the_board(const struct turn *turn) {
    for (uint32_t i = 0; !turn->effects.refused && i < turn->effects.event_count; i++) {
        if (!is_of_stage(turn->effects.events[i].tag)) {
            return true;
        }
    }
    return false;
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    struct board *board = (struct board *)actor;
    board_dispatch(&behaviour, board, turn, tag, message);
    if (changes_the_board(turn)) {
        struct board after;
        foresee(board, turn, &after);
        board_tell(board, &after, turn);
    }
}

/* What the board's own events mean for what is on its stage. */
static void follow_on_stage(struct board *board, const struct event_header *header) {
    const struct agenda_item *open = board_item(board, board->open_item, NULL);
    switch (header->tag) {
    case BOARD_ITEM_OPENED:
    case BOARD_STEP_UNDONE:
        stage_empty(&board->stage, board->open_item,
                    open == NULL ? (struct uuid){{0}} : open->patient_case);
        stage_end_all_drafts(&board->stage, header->at);
        break;
    case BOARD_MEETING_ENDED:
        stage_set_open(&board->stage, false);
        stage_end_all_drafts(&board->stage, header->at);
        break;
    default:
        break;
    }
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    struct board *board = (struct board *)actor;
    bool applied = board_apply(&behaviour, board, header, fields, arena);
    if (applied) {
        follow_on_stage(board, header);
    }
    return applied;
}

const struct actor_kind board_kind = {
    .name = "board",
    .number = CHANNEL_KIND_BOARD,
    .state_format = 2,
    .size = sizeof(struct board),
    .rules = board_rules,
    .start = start,
    .finish = finish,
    .decode = board_decode,
    .command_id = board_command_id,
    .handle = handle,
    .apply = apply,
    .owner = owner,
    .grant = grant,
    .attach = attach,
    .detach = detach,
    .snapshot = board_show,
    .save = board_save,
    .restore = board_restore,
    .carry_over = carry_over,
    .ephemera = ephemera,
};
