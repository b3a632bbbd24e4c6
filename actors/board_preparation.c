/*
 * Preparation: the cut-off, at which the agenda is published; what the cases still lack, as they
 * tell it; and what is therefore expected of whom. A check that no discipline owes, or one that
 * nobody here has, comes to the coordinators.
 */
#include "actors/board.h"
#include "protocol/generated/session.h"

void board_set_timer(struct turn *turn, int64_t cut_off_at) {
    if (cut_off_at != 0) {
        struct pass_cut_off command = {.command_id = turn_new_id(turn), .at = cut_off_at};
        turn_durable_timer(turn, cut_off_at, pass_cut_off_encode(turn->arena, &command));
    }
}

/* Not once it has passed: what people have read cannot be taken back. */
void board_on_set_cut_off(const struct board *board, struct turn *turn,
                          const struct set_cut_off *command) {
    if (!board_is_plannable(board, turn)) {
        return;
    }
    if (board->published) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (command->at != board->cut_off_at) {
        struct cut_off_set event = {.at = command->at};
        turn_event(turn, cut_off_set_encode(turn->arena, &event));
        board_set_timer(turn, command->at);
    }
}

void board_on_pass_cut_off(const struct board *board, struct turn *turn,
                           const struct pass_cut_off *command) {
    bool moved = command->at == 0 || command->at != board->cut_off_at;
    if (!moved && !board->published && board->state != MEETING_STATE_ENDED) {
        turn_event(turn, cut_off_passed_encode(turn->arena, &(struct cut_off_passed){0}));
    }
}

void board_on_report_readiness(const struct board *board, struct turn *turn,
                               const struct report_readiness *command) {
    const struct agenda_item *item = board_item(board, command->item, NULL);
    bool known = item != NULL && uuid_equal(item->patient_case, command->patient_case) &&
                 board->state != MEETING_STATE_ENDED;
    if (known && (item->decision != command->decision ||
                  !card_topic_list_equal(&item->missing, &command->missing))) {
        struct item_reported event = {
            .item = command->item, .missing = command->missing, .decision = command->decision};
        turn_event(turn, item_reported_encode(turn->arena, &event));
    }
}

/* What is expected of whom */

static bool is_to_come(const struct agenda_item *item) {
    return item->state != ITEM_STATE_DISCUSSED;
}

static bool may_owe(const struct member *member) {
    return member->role < ROLE_OBSERVER;
}

static bool has_somebody_of(const struct board *board, struct text discipline) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        const struct member *member = &board->members.items[i];
        if (may_owe(member) && text_equal(member->discipline, discipline)) {
            return true;
        }
    }
    return false;
}

void board_expect(const struct board *board, struct board_expectations *ret) {
    const struct check_list *checks = &board->template.checks;
    ret->nobodys = 0;
    for (uint32_t i = 0; i < checks->count; i++) {
        struct text owed_by = checks->items[i].owed_by;
        if (owed_by.length == 0 || !has_somebody_of(board, owed_by)) {
            ret->nobodys |= (uint16_t)(1u << checks->items[i].topic);
        }
    }
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        ret->missing[i] = 0;
        for (uint32_t k = 0; is_to_come(item) && k < item->missing.count; k++) {
            ret->missing[i] |= (uint16_t)(1u << item->missing.items[k]);
        }
    }
}

uint16_t board_prepares(const struct board *board, const struct member *member) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        count += is_to_come(item) && uuid_equal(item->presenter, member->user);
    }
    return (uint16_t)count;
}

uint16_t board_owes(const struct board *board, const struct board_expectations *expectations,
                    const struct member *member) {
    const struct check_list *checks = &board->template.checks;
    uint16_t theirs = member->role == ROLE_COORDINATOR ? expectations->nobodys : 0;
    for (uint32_t i = 0; i < checks->count; i++) {
        struct text owed_by = checks->items[i].owed_by;
        if (owed_by.length > 0 && may_owe(member) && text_equal(owed_by, member->discipline)) {
            theirs |= (uint16_t)(1u << checks->items[i].topic);
        }
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->items.count; i++) {
        count += (expectations->missing[i] & theirs) != 0;
    }
    return (uint16_t)count;
}
