/* The agenda: which cases, in which order. */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"

struct agenda_item *board_item(const struct board *board, uint32_t number, uint32_t *ret_index) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        if (board->items.items[i].item == number) {
            if (ret_index != NULL) {
                *ret_index = i;
            }
            return &board->items.items[i];
        }
    }
    return NULL;
}

const struct agenda_item *board_item_of(const struct board *board, struct uuid patient_case) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        if (uuid_equal(board->items.items[i].patient_case, patient_case)) {
            return &board->items.items[i];
        }
    }
    return NULL;
}

bool board_is_plannable(const struct board *board, struct turn *turn) {
    if (board->state == MEETING_STATE_ENDED || board->state == MEETING_STATE_CLOSING) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return false;
    }
    return true;
}

void board_add_item(const struct board *board, struct turn *turn, const struct item_added *added,
                    struct uuid by) {
    turn_event(turn, item_added_encode(turn->arena, added));
    struct agenda_item item = {.item = added->item, .patient_case = added->patient_case};
    board_list_case(board, turn, &item, by);
}

void board_on_add_item(const struct board *board, struct turn *turn,
                       const struct add_item *command) {
    if (!board->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!board_is_plannable(board, turn)) {
        return;
    } else if (uuid_is_zero(command->patient_case) ||
               command->planned_seconds > BOARD_PLANNED_SECONDS_MAX) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (board_item_of(board, command->patient_case) != NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, command->patient_case);
    } else if (board->items.count == BOARD_ITEMS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (!board_may_present(board, command->presenter, board->next_item)) {
        turn_refuse_subject(turn, REFUSAL_NOT_FOUND, command->presenter);
    } else {
        struct item_added event = {.item = board->next_item,
                                   .patient_case = command->patient_case,
                                   .planned_seconds = command->planned_seconds,
                                   .presenter = command->presenter};
        board_add_item(board, turn, &event, turn->sender.user);
    }
}

/* The minutes of a meeting with a template name its items in their order: that stands once it
 * closes. */
static bool order_stands(const struct board *board, struct turn *turn) {
    return board->has_template && !board_is_plannable(board, turn);
}

void board_on_move_item(const struct board *board, struct turn *turn,
                        const struct move_item *command) {
    uint32_t index = 0;
    if (order_stands(board, turn)) {
        return;
    }
    if (board_item(board, command->item, &index) == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->position >= board->items.count) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (index != command->position) {
        struct item_moved event = {.item = command->item, .position = command->position};
        turn_event(turn, item_moved_encode(turn->arena, &event));
    }
}

void board_take_off(const struct board *board, struct turn *turn, const struct agenda_item *item) {
    struct item_removed event = {.item = item->item};
    turn_event(turn, item_removed_encode(turn->arena, &event));
    struct unlist_from_board message = {
        .command_id = turn_new_id(turn), .board = board->actor.id, .item = item->item};
    turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
              unlist_from_board_encode(turn->arena, &message));
}

/* What was said of it, or decided, belongs in the minutes; and a decision that waits for its
 * signature would no longer keep the meeting open. */
static bool is_settled(const struct board *board, const struct agenda_item *item) {
    return board->has_template &&
           (item->state == ITEM_STATE_DISCUSSED || item->decision != DECISION_STATE_NONE);
}

void board_on_remove_item(const struct board *board, struct turn *turn,
                          const struct remove_item *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (order_stands(board, turn)) {
        return;
    }
    if (item == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (item->item == board->open_item || is_settled(board, item)) {
        turn_refuse_item(turn, REFUSAL_BAD_STATE, item->item);
    } else {
        board_take_off(board, turn, item);
    }
}

void board_on_set_item(const struct board *board, struct turn *turn,
                       const struct set_item *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (!board_is_plannable(board, turn)) {
        return;
    }
    if (item == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->planned_seconds > BOARD_PLANNED_SECONDS_MAX) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!board_may_present(board, command->presenter, item->item)) {
        turn_refuse_subject(turn, REFUSAL_NOT_FOUND, command->presenter);
    } else if (command->planned_seconds != item->planned_seconds ||
               !uuid_equal(command->presenter, item->presenter) ||
               command->standard != item->standard) {
        struct item_set event = {.item = command->item,
                                 .planned_seconds = command->planned_seconds,
                                 .presenter = command->presenter,
                                 .standard = command->standard};
        turn_event(turn, item_set_encode(turn->arena, &event));
    }
}

static void leave_open_item(const struct board *board, struct turn *turn) {
    struct item_opened nothing = {.item = 0};
    turn_event(turn, item_opened_encode(turn->arena, &nothing));
    stage_pass_floor(&board->stage, turn, (struct uuid){{0}});
    turn_ephemera(turn);
}

/* Its slot stays in the agenda and in the minutes, and says so. */
void board_on_forget_case(const struct board *board, struct turn *turn,
                          const struct forget_case *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (item == NULL || item->gone || !uuid_equal(item->patient_case, command->patient_case)) {
        return;
    }
    if (item->item == board->open_item) {
        leave_open_item(board, turn);
    }
    struct item_gone event = {.item = command->item};
    turn_event(turn, item_gone_encode(turn->arena, &event));
    board_wait_no_longer(board, turn, command->item);
}

void board_on_item_refused(const struct board *board, struct turn *turn,
                           const struct item_refused *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (item == NULL) {
        return; /* said twice, or taken off meanwhile */
    }
    if (item->item == board->open_item) {
        leave_open_item(board, turn);
    }
    struct item_removed event = {.item = command->item};
    turn_event(turn, item_removed_encode(turn->arena, &event));
    board_wait_no_longer(board, turn, command->item);
}
