/*
 * Items that go from one meeting to another. The one that gives asks, the one that takes answers;
 * only then is the item taken off here, so it is always on one agenda at least. The taker lists the
 * case before it answers, hence before the giver unlists it: who moves it keeps access meanwhile.
 * What was deferred here stays on this agenda, too: its minutes say so and why.
 */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"

bool board_is_given(const struct agenda_item *item) {
    bool may_be = item->outcome == ITEM_OUTCOME_DEFERRED || item->outcome == ITEM_OUTCOME_DECIDED;
    return item->state == ITEM_STATE_DISCUSSED && may_be && !uuid_is_zero(item->to_board);
}

/* One that is decided stays where it was decided, or its decision would wait for its signature on
 * no agenda at all. */
static bool waits(const struct agenda_item *item) {
    return item->state == ITEM_STATE_WAITING || item->state == ITEM_STATE_MOVING;
}

static bool may_go(const struct agenda_item *item) {
    return (waits(item) && item->decision == DECISION_STATE_NONE) ||
           (item->state == ITEM_STATE_DISCUSSED && item->outcome == ITEM_OUTCOME_DEFERRED);
}

/* Of one that is on its way already the same meeting is asked again: its answer may have been lost.
 */
void board_on_move_to_meeting(const struct board *board, struct turn *turn,
                              const struct move_to_meeting *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (!board_is_plannable(board, turn)) {
        return;
    }
    if (item == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (uuid_is_zero(command->board) || uuid_equal(command->board, board->actor.id)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!may_go(item)) {
        turn_refuse_item(turn, REFUSAL_BAD_STATE, item->item);
    } else if (board_is_given(item) ||
               (item->state == ITEM_STATE_MOVING && !uuid_equal(item->to_board, command->board))) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, item->to_board);
    } else {
        struct item_leaving event = {.item = item->item, .board = command->board};
        turn_event(turn, item_leaving_encode(turn->arena, &event));
        struct take_item message = {.command_id = turn_new_id(turn),
                                    .from_board = board->actor.id,
                                    .from_item = item->item,
                                    .patient_case = item->patient_case,
                                    .planned_seconds = item->planned_seconds,
                                    .presenter = item->presenter,
                                    .by = turn->sender.user};
        turn_send(turn, CHANNEL_KIND_BOARD, command->board,
                  take_item_encode(turn->arena, &message));
    }
}

static struct encoded answer(struct turn *turn, const struct take_item *command, bool taken) {
    struct item_taken message = {.command_id = turn_new_id(turn),
                                 .board = turn->self,
                                 .item = command->from_item,
                                 .taken = taken};
    return item_taken_encode(turn->arena, &message);
}

/* Volatile, as a refusal has no event that could carry it: should it be lost in a crash, the item
 * stays on its way until its meeting asks again. */
static void decline(struct turn *turn, const struct take_item *command, enum refusal reason) {
    turn_refuse(turn, reason);
    turn_send_volatile(turn, CHANNEL_KIND_BOARD, command->from_board, answer(turn, command, false));
}

/* It is to come here already, most likely because this question was asked twice: a refusal could
 * overtake the first answer, and the giver would open what has long been taken. Volatile, too. */
static void confirm(struct turn *turn, const struct take_item *command) {
    turn_send_volatile(turn, CHANNEL_KIND_BOARD, command->from_board, answer(turn, command, true));
}

void board_on_take_item(const struct board *board, struct turn *turn,
                        const struct take_item *command) {
    const struct member *by = board_member(board, command->by);
    const struct agenda_item *here = board_item_of(board, command->patient_case);
    if (!board->created) {
        decline(turn, command, REFUSAL_NOT_FOUND);
    } else if (by == NULL || by->role > ROLE_COORDINATOR) {
        decline(turn, command, REFUSAL_NOT_PERMITTED);
    } else if (board->state == MEETING_STATE_ENDED || board->state == MEETING_STATE_CLOSING) {
        decline(turn, command, REFUSAL_BAD_STATE);
    } else if (here != NULL && here->state == ITEM_STATE_WAITING) {
        confirm(turn, command);
    } else if (here != NULL) {
        decline(turn, command, REFUSAL_CONFLICT);
    } else if (board->items.count == BOARD_ITEMS_MAX) {
        decline(turn, command, REFUSAL_TOO_MANY);
    } else {
        bool presents = board_may_present(board, command->presenter, board->next_item);
        struct item_added event = {.item = board->next_item,
                                   .patient_case = command->patient_case,
                                   .planned_seconds = command->planned_seconds,
                                   .presenter = presents ? command->presenter : (struct uuid){{0}}};
        board_add_item(board, turn, &event, command->by);
        turn_send(turn, CHANNEL_KIND_BOARD, command->from_board, answer(turn, command, true));
    }
}

/* Taken there, and decided here while it was on its way: it stays in these minutes as what it is.
 */
static void stay_decided(const struct board *board, struct turn *turn,
                         const struct agenda_item *item) {
    struct item_closed closed = {
        .item = item->item, .used_ms = item->used_ms, .outcome = ITEM_OUTCOME_DECIDED};
    turn_event(turn, item_closed_encode(turn->arena, &closed));
    struct board_status status = {.status = CASE_STATUS_DISCUSSED, .outcome = ITEM_OUTCOME_DECIDED};
    board_tell_case(board, turn, item, &status);
}

static void note_taken(struct turn *turn, const struct item_taken *command) {
    struct item_leaving leaving = {.item = command->item, .board = command->board};
    turn_event(turn, item_leaving_encode(turn->arena, &leaving));
    struct item_stayed stayed = {.item = command->item, .taken = true};
    turn_event(turn, item_stayed_encode(turn->arena, &stayed));
}

/* A refusal to a second question may overtake the answer to the first, hence an item that was taken
 * goes also when it waits again here. One that was opened meanwhile is on both agendas. */
void board_on_item_taken(const struct board *board, struct turn *turn,
                         const struct item_taken *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (item == NULL) {
        return;
    }
    bool asked = uuid_equal(item->to_board, command->board);
    bool deferred = item->outcome == ITEM_OUTCOME_DEFERRED;
    bool late = command->taken && deferred && item->state == ITEM_STATE_DISCUSSED &&
                uuid_is_zero(item->to_board);
    if (asked && command->taken && waits(item) && !deferred) {
        if (item->decision == DECISION_STATE_NONE) {
            board_take_off(board, turn, item);
            return;
        }
        stay_decided(board, turn, item);
        note_taken(turn, command);
    } else if (late) {
        note_taken(turn, command);
    } else if (asked && item->state == ITEM_STATE_MOVING) {
        struct item_stayed event = {.item = item->item, .taken = command->taken};
        turn_event(turn, item_stayed_encode(turn->arena, &event));
    }
    /* Otherwise it was said twice, or decided otherwise meanwhile. */
}
