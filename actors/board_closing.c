/*
 * The end of a meeting, which needs its cases' word that everything is signed; and what needs no
 * discussion. A board without a template keeps no decisions and simply ends.
 */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"

bool board_lists(const struct u32_list *list, uint32_t item) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            return true;
        }
    }
    return false;
}

static struct u32_list an_empty_list(struct turn *turn) {
    struct u32_list list = {0, arena_alloc(turn->arena, BOARD_ITEMS_MAX * sizeof *list.items)};
    turn_check(turn, list.items != NULL);
    return list;
}

/* Whether something can be said of all of them in one go: each is there once, waits, and has no
 * decision that it would contradict. */
static bool may_pass_over(const struct board *board, struct turn *turn,
                          const struct u32_list *items, bool standard) {
    for (uint32_t i = 0; i < items->count; i++) {
        const struct agenda_item *item = board_item(board, items->items[i], NULL);
        struct u32_list before = {i, items->items};
        if (item == NULL) {
            turn_refuse_item(turn, REFUSAL_NOT_FOUND, items->items[i]);
            return false;
        }
        if (board_lists(&before, item->item)) {
            turn_refuse_item(turn, REFUSAL_MALFORMED, item->item);
            return false;
        }
        if ((standard && !item->standard) || item->state != ITEM_STATE_WAITING ||
            item->decision != DECISION_STATE_NONE) {
            turn_refuse_item(turn, REFUSAL_BAD_STATE, item->item);
            return false;
        }
    }
    return true;
}

/* Standard of care */

void board_on_confirm_standard(const struct board *board, struct turn *turn,
                               const struct confirm_standard *command) {
    const struct member *chair = board_member(board, turn->sender.user);
    if (!board_is_plannable(board, turn)) {
        return;
    }
    if (!board->has_template || chair == NULL) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    if (command->items.count == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct text words = template_standard_words(&board->template);
    if (words.length == 0) {
        turn_refuse(turn, REFUSAL_BAD_STATE); /* a decision that says nothing is none */
        return;
    }
    if (!text_equal(command->words, words)) {
        turn_refuse(turn, REFUSAL_CHANGED);
        return;
    }
    if (!may_pass_over(board, turn, &command->items, true)) {
        return;
    }
    if (turn->sender.factor == PROOF_NONE ||
        !uuid_equal(turn->sender.factor_board, board->actor.id)) {
        turn_refuse(turn, REFUSAL_UNPROVED);
        return;
    }
    board_start(board, turn);
    struct standard_confirmed event = {.items = command->items};
    turn_event(turn, standard_confirmed_encode(turn->arena, &event));
    for (uint32_t i = 0; i < command->items.count; i++) {
        const struct agenda_item *item = board_item(board, command->items.items[i], NULL);
        struct confirm_standard_care message = {.command_id = turn_new_id(turn),
                                                .board = board->actor.id,
                                                .item = item->item,
                                                .by = chair->user,
                                                .name = chair->name,
                                                .words = words,
                                                .discipline = chair->discipline,
                                                .factor = (enum signing_factor)turn->sender.factor,
                                                .at = turn->now};
        turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
                  confirm_standard_care_encode(turn->arena, &message));
    }
}

/* The end */

static void end_now(struct turn *turn) {
    turn_event(turn, meeting_ended_encode(turn->arena, &(struct meeting_ended){0}));
}

/* The first item that nobody has said anything about, nor says now by naming it in `rest`. One that
 * came since that was composed is not in it: the meeting does not end over it. */
static const struct agenda_item *undecided(const struct board *board, const struct u32_list *rest) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        bool waits = item->state == ITEM_STATE_WAITING && !board_lists(rest, item->item);
        if (waits || item->state == ITEM_STATE_MOVING) {
            return item;
        }
    }
    return NULL;
}

enum item_outcome board_outcome_put_off(const struct agenda_item *item) {
    return item->outcome == ITEM_OUTCOME_LATER ? ITEM_OUTCOME_DEFERRED : ITEM_OUTCOME_NOT_DISCUSSED;
}

static void put_off_rest(const struct board *board, struct turn *turn, const struct u32_list *rest,
                         uint8_t reason) {
    struct rest_put_off event = {.items = *rest, .reason = reason};
    turn_event(turn, rest_put_off_encode(turn->arena, &event));
    for (uint32_t i = 0; i < rest->count; i++) {
        const struct agenda_item *item = board_item(board, rest->items[i], NULL);
        struct board_status status = {.status = CASE_STATUS_DISCUSSED,
                                      .outcome = (uint8_t)board_outcome_put_off(item),
                                      .reason = template_reason(&board->template, reason)};
        board_tell_case(board, turn, item, &status);
    }
}

/* All of them: a case that was put off may have a decision that nobody told of yet, and none may
 * take one for this meeting once it is over. */
static struct u32_list items_to_ask(const struct board *board, struct turn *turn) {
    struct u32_list list = an_empty_list(turn);
    for (uint32_t i = 0; i < board->items.count; i++) {
        list.items[list.count++] = board->items.items[i].item;
    }
    return list;
}

/* Also said again to those that have not answered: a case that was away may have lost the first. */
static void ask(const struct board *board, struct turn *turn, struct u32_list items) {
    bool again = board->state == MEETING_STATE_CLOSING;
    struct meeting_closing event = {.waiting = items};
    turn_event(turn, meeting_closing_encode(turn->arena, &event));
    for (uint32_t i = 0; i < items.count; i++) {
        const struct agenda_item *item = board_item(board, items.items[i], NULL);
        struct seal_for_board message = {.command_id = turn_new_id(turn),
                                         .board = board->actor.id,
                                         .item = item->item,
                                         .closing = board->closings + (again ? 0 : 1)};
        turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
                  seal_for_board_encode(turn->arena, &message));
    }
}

static void leave_the_stage(const struct board *board, struct turn *turn,
                            const struct leaving *leaving) {
    board_close_open_item(board, turn, leaving);
    if (board->open_item != 0) {
        turn_event(turn, item_opened_encode(turn->arena, &(struct item_opened){0}));
        turn_ephemera(turn);
    }
    stage_pass_floor(&board->stage, turn, (struct uuid){{0}});
}

/* With a template no item is left as it was. */
static bool may_end(const struct board *board, struct turn *turn, const struct end_meeting *command,
                    const struct leaving *leaving) {
    const struct u32_list *rest = &command->rest;
    if (!may_pass_over(board, turn, rest, false)) {
        return false;
    }
    const struct agenda_item *left = undecided(board, rest);
    if (rest->count > 0 && !template_has_reason(&board->template, command->rest_reason)) {
        left = board_item(board, rest->items[0], NULL);
    }
    if (leaving->outcome == ITEM_OUTCOME_LATER || left != NULL) {
        turn_refuse_item(turn, REFUSAL_UNDECIDED, left == NULL ? board->open_item : left->item);
        return false;
    }
    return true;
}

void board_on_end_meeting(const struct board *board, struct turn *turn,
                          const struct end_meeting *command) {
    struct leaving leaving;
    if (board->state != MEETING_STATE_RUNNING && board->state != MEETING_STATE_CLOSING) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    if (command->item != board->open_item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, board->open_item);
        return;
    }
    if (board->state == MEETING_STATE_CLOSING) {
        ask(board, turn, board->closing);
        return;
    }
    if (!board_may_leave(board, turn, command->outcome, command->reason, &leaving)) {
        return;
    }
    if (board->has_template && !may_end(board, turn, command, &leaving)) {
        return;
    }
    struct u32_list items = {0};
    if (board->has_template) {
        items = items_to_ask(board, turn);
    }
    leave_the_stage(board, turn, &leaving);
    if (board->has_template && command->rest.count > 0) {
        put_off_rest(board, turn, &command->rest, command->rest_reason);
    }
    if (items.count > 0) {
        ask(board, turn, items);
    } else {
        end_now(turn);
    }
}

bool board_is_unsigned(const struct agenda_item *item, enum decision_state decision) {
    bool was_said = item->outcome == ITEM_OUTCOME_DECIDED || item->outcome == ITEM_OUTCOME_STANDARD;
    return decision == DECISION_STATE_RECORDED || (decision == DECISION_STATE_NONE && was_said);
}

static void call_off(const struct board *board, struct turn *turn, struct u32_list unsigned_items) {
    struct closing_called_off event = {.items = unsigned_items};
    turn_event(turn, closing_called_off_encode(turn->arena, &event));
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        struct unseal_for_board message = {
            .command_id = turn_new_id(turn), .board = board->actor.id, .item = item->item};
        turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
                  unseal_for_board_encode(turn->arena, &message));
    }
}

/* When nothing is waited for but `last`. `more` is found unsigned beside what was before; 0 = none.
 */
static void conclude(const struct board *board, struct turn *turn, uint32_t last, uint32_t more) {
    struct u32_list unsigned_items = an_empty_list(turn);
    for (uint32_t i = 0; i < board->unsigned_items.count; i++) {
        if (board->unsigned_items.items[i] != last) {
            unsigned_items.items[unsigned_items.count++] = board->unsigned_items.items[i];
        }
    }
    if (more != 0) {
        unsigned_items.items[unsigned_items.count++] = more;
    }
    if (unsigned_items.count > 0) {
        call_off(board, turn, unsigned_items);
    } else {
        end_now(turn);
    }
}

void board_wait_no_longer(const struct board *board, struct turn *turn, uint32_t item) {
    if (board->state == MEETING_STATE_CLOSING && board_lists(&board->closing, item) &&
        board->closing.count == 1) {
        conclude(board, turn, item, 0);
    }
}

void board_on_item_sealed(const struct board *board, struct turn *turn,
                          const struct item_sealed *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    if (board->state != MEETING_STATE_CLOSING || item == NULL ||
        command->closing != board->closings || !board_lists(&board->closing, command->item)) {
        return; /* it was asked twice, or by a closing that was called off */
    }
    struct closing_answered event = {.item = command->item, .decision = command->decision};
    turn_event(turn, closing_answered_encode(turn->arena, &event));
    if (board->closing.count == 1) {
        bool open = board_is_unsigned(item, command->decision);
        conclude(board, turn, command->item, open ? command->item : 0);
    }
}
