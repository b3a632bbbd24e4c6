/* The meeting itself: moving everybody from case to case, and the clock. */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"

/*
 * With a template no item is left without an outcome: the case told of a decision, or the command
 * says that there is one (the case's word may be under way), or why there is none. Standard of care
 * is confirmed by its own command only.
 */
bool board_may_leave(const struct board *board, struct turn *turn, enum item_outcome outcome,
                     uint8_t reason, struct leaving *ret) {
    const struct agenda_item *item = board_item(board, board->open_item, NULL);
    *ret = (struct leaving){.outcome = ITEM_OUTCOME_NONE};
    if (item == NULL || !board->has_template) {
        return true;
    }
    switch (outcome) {
    case ITEM_OUTCOME_NONE:
        if (item->decision == DECISION_STATE_NONE) {
            break;
        }
        ret->outcome = ITEM_OUTCOME_DECIDED;
        return true;
    case ITEM_OUTCOME_DECIDED:
    case ITEM_OUTCOME_LATER:
        ret->outcome = outcome;
        return true;
    case ITEM_OUTCOME_DEFERRED:
    case ITEM_OUTCOME_NOT_DISCUSSED:
        if (!template_has_reason(&board->template, reason)) {
            break;
        }
        *ret = (struct leaving){.outcome = outcome, .reason = reason};
        return true;
    case ITEM_OUTCOME_STANDARD:
        break;
    }
    turn_refuse_item(turn, REFUSAL_UNDECIDED, item->item);
    return false;
}

static void move_to(struct turn *turn, uint32_t item, uint32_t index, uint32_t position) {
    if (index != position) {
        struct item_moved event = {.item = item, .position = position};
        turn_event(turn, item_moved_encode(turn->arena, &event));
    }
}

void board_close_open_item(const struct board *board, struct turn *turn,
                           const struct leaving *leaving) {
    uint32_t index = 0;
    const struct agenda_item *item = board_item(board, board->open_item, &index);
    if (item == NULL) {
        return;
    }
    int64_t open_us = turn->now - item->opened_at;
    struct item_closed event = {.item = item->item,
                                .used_ms = item->used_ms + (uint64_t)(open_us / 1000),
                                .outcome = leaving->outcome,
                                .reason = leaving->reason};
    turn_event(turn, item_closed_encode(turn->arena, &event));
    if (leaving->outcome == ITEM_OUTCOME_LATER) {
        move_to(turn, item->item, index, board->items.count - 1);
    }
    struct board_status status = {.status = CASE_STATUS_DISCUSSED,
                                  .outcome = (uint8_t)leaving->outcome,
                                  .reason = template_reason(&board->template, leaving->reason)};
    board_tell_case(board, turn, item, &status);
}

static void open_item(const struct board *board, struct turn *turn, const struct agenda_item *item,
                      struct text unready) {
    struct item_opened event = {.item = item == NULL ? 0 : item->item};
    turn_event(turn, item_opened_encode(turn->arena, &event));
    if (unready.length > 0) {
        struct unready_opened too_early = {.item = event.item};
        turn_event(turn, unready_opened_encode(turn->arena, &too_early));
    }
    stage_pass_floor(&board->stage, turn, item == NULL ? (struct uuid){{0}} : item->presenter);
    turn_ephemera(turn);
    if (item != NULL) {
        struct board_status status = {.status = CASE_STATUS_IN_DISCUSSION, .unready = unready};
        board_tell_case(board, turn, item, &status);
    }
}

void board_start(const struct board *board, struct turn *turn) {
    if (board->state == MEETING_STATE_PLANNED) {
        turn_event(turn, meeting_started_encode(turn->arena, &(struct meeting_started){0}));
    }
}

/* Whether the next item may be opened; its case may lack something only if somebody says why it is
 * discussed all the same. */
static bool may_open(const struct board *board, struct turn *turn, const struct agenda_item *next,
                     struct text *unready) {
    bool lacks = next != NULL && board->has_template && next->missing.count > 0;
    if (next != NULL && next->gone) {
        turn_refuse_item(turn, REFUSAL_ERASED, next->item);
        return false;
    }
    if (next != NULL && (next->state == ITEM_STATE_MOVING || board_is_given(next))) {
        turn_refuse_item(turn, REFUSAL_BAD_STATE, next->item);
        return false;
    }
    if (lacks && unready->length == 0) {
        turn_refuse_item(turn, REFUSAL_NOT_READY, next->item);
        return false;
    }
    if (!lacks) {
        *unready = (struct text){0, NULL};
    }
    return true;
}

void board_on_open_item(const struct board *board, struct turn *turn,
                        const struct open_item *command) {
    const struct agenda_item *next = board_item(board, command->next, NULL);
    struct text unready = command->unready;
    struct leaving leaving;
    if (!board_is_plannable(board, turn)) {
        return;
    }
    if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
    } else if (command->next != 0 && next == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->next != board->open_item &&
               board_may_leave(board, turn, command->outcome, command->reason, &leaving) &&
               may_open(board, turn, next, &unready)) {
        board_start(board, turn);
        board_close_open_item(board, turn, &leaving);
        open_item(board, turn, next, unready);
    }
}

enum item_state board_state_before(const struct agenda_item *item) {
    switch (item->outcome) {
    case ITEM_OUTCOME_NONE: /* a board that keeps no outcomes, or never opened before */
        return item->used_ms > 0 ? ITEM_STATE_DISCUSSED : ITEM_STATE_WAITING;
    case ITEM_OUTCOME_LATER:
        return ITEM_STATE_WAITING;
    default:
        return ITEM_STATE_DISCUSSED;
    }
}

/* The case of the item that the step opened. */
static void tell_taken_back(const struct board *board, struct turn *turn,
                            const struct agenda_item *item) {
    struct board_status status = {.status = CASE_STATUS_SCHEDULED};
    if (board_state_before(item) == ITEM_STATE_DISCUSSED) {
        status = (struct board_status){.status = CASE_STATUS_DISCUSSED,
                                       .outcome = (uint8_t)item->outcome,
                                       .reason = template_reason(&board->template, item->reason)};
    }
    board_tell_case(board, turn, item, &status);
}

static void take_step_back(const struct board *board, struct turn *turn,
                           const struct agenda_item *opened) {
    uint32_t index = 0;
    const struct agenda_item *closed = board_item(board, board->stepped_from, &index);
    struct step_undone event = {.item = board->stepped_from};
    turn_event(turn, step_undone_encode(turn->arena, &event));
    if (closed != NULL && closed->outcome == ITEM_OUTCOME_LATER &&
        board->stepped_place < board->items.count) {
        move_to(turn, closed->item, index, board->stepped_place);
    }
    stage_pass_floor(&board->stage, turn, closed == NULL ? (struct uuid){{0}} : closed->presenter);
    turn_ephemera(turn);
    if (opened != NULL) {
        tell_taken_back(board, turn, opened);
    }
    if (closed != NULL) {
        struct board_status status = {.status = CASE_STATUS_IN_DISCUSSION};
        board_tell_case(board, turn, closed, &status);
    }
}

void board_on_undo_step(const struct board *board, struct turn *turn,
                        const struct undo_step *command) {
    const struct agenda_item *closed = board_item(board, board->stepped_from, NULL);
    bool gone = board->stepped_from != 0 &&
                (closed == NULL || closed->state == ITEM_STATE_MOVING || board_is_given(closed));
    if (board->state != MEETING_STATE_RUNNING) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
    } else if (board->stepped_at == 0 || turn->now - board->stepped_at > BOARD_UNDO_US || gone) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else {
        take_step_back(board, turn, board_item(board, board->open_item, NULL));
    }
}

void board_on_start_meeting(const struct board *board, struct turn *turn,
                            const struct start_meeting *command) {
    (void)command;
    if (!board->created || board->state != MEETING_STATE_PLANNED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    board_start(board, turn);
}
