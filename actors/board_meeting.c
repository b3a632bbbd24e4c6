/* The meeting itself: moving everybody from case to case, and the clock. */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"

static void tell_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                      enum case_status status) {
    struct board_status message = {.command_id = turn_new_id(turn),
                                   .board = board->actor.id,
                                   .item = item->item,
                                   .status = status};
    turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
              board_status_encode(turn->arena, &message));
}

static void close_open_item(const struct board *board, struct turn *turn) {
    const struct agenda_item *item = board_item(board, board->open_item, NULL);
    if (item == NULL) {
        return;
    }
    int64_t open_us = turn->now - item->opened_at;
    struct item_closed event = {.item = item->item,
                                .used_ms = item->used_ms + (uint64_t)(open_us / 1000)};
    turn_event(turn, item_closed_encode(turn->arena, &event));
    tell_case(board, turn, item, CASE_STATUS_DISCUSSED);
}

static void open_item(const struct board *board, struct turn *turn,
                      const struct agenda_item *item) {
    struct item_opened event = {.item = item == NULL ? 0 : item->item};
    turn_event(turn, item_opened_encode(turn->arena, &event));
    stage_pass_floor(&board->stage, turn, item == NULL ? (struct uuid){{0}} : item->presenter);
    turn_ephemera(turn);
    if (item != NULL) {
        tell_case(board, turn, item, CASE_STATUS_IN_DISCUSSION);
    }
}

static void start(const struct board *board, struct turn *turn) {
    turn_event(turn, meeting_started_encode(turn->arena, &(struct meeting_started){0}));
    board_put_entries(board, turn, MEETING_STATE_RUNNING);
}

void board_on_open_item(const struct board *board, struct turn *turn,
                        const struct open_item *command) {
    const struct agenda_item *next = board_item(board, command->next, NULL);
    if (board->state == MEETING_STATE_ENDED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
    } else if (command->next != 0 && next == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->next != board->open_item) {
        if (board->state == MEETING_STATE_PLANNED) {
            start(board, turn);
        }
        close_open_item(board, turn);
        open_item(board, turn, next);
    }
}

void board_on_start_meeting(const struct board *board, struct turn *turn,
                            const struct start_meeting *command) {
    (void)command;
    if (!board->created || board->state != MEETING_STATE_PLANNED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    start(board, turn);
}

void board_on_end_meeting(const struct board *board, struct turn *turn,
                          const struct end_meeting *command) {
    if (board->state != MEETING_STATE_RUNNING) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
        return;
    }
    if (board->open_item != 0) {
        close_open_item(board, turn);
        open_item(board, turn, NULL);
    } else {
        stage_pass_floor(&board->stage, turn, (struct uuid){{0}});
    }
    turn_event(turn, meeting_ended_encode(turn->arena, &(struct meeting_ended){0}));
    board_put_entries(board, turn, MEETING_STATE_ENDED);
}
