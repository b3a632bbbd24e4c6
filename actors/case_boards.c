/*
 * What boards tell a case. Nobody gains access by listing a case on a board of their own: who added
 * it must have had access before.
 */
#include "actors/patient_case.h"
#include "protocol/generated/board.h"
#include "protocol/generated/session.h"

const struct board_link *case_board(const struct patient_case *the_case, struct uuid board) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        if (uuid_equal(the_case->boards.items[i].board, board)) {
            return &the_case->boards.items[i];
        }
    }
    return NULL;
}

/*
 * Volatile, as a refusal has no event that could carry it: should it be lost in a crash, the next
 * message of the board about this item is refused again and takes it off then.
 */
static void decline(struct turn *turn, struct uuid board, uint32_t item, enum refusal reason) {
    turn_refuse(turn, reason);
    struct item_refused message = {.command_id = turn_new_id(turn), .item = item};
    turn_send_volatile(turn, CHANNEL_KIND_BOARD, board, item_refused_encode(turn->arena, &message));
}

static void change_status(const struct patient_case *the_case, struct turn *turn,
                          enum case_status status) {
    struct status_changed event = {.status = status};
    turn_event(turn, status_changed_encode(turn->arena, &event));
    case_put_entries(the_case, turn, status);
}

static bool may_list(const struct patient_case *the_case, struct uuid user) {
    struct grant grant = case_grant(&the_case->actor, user, false, 0);
    return (grant.roles & (1u << ROLE_COORDINATOR | 1u << ROLE_MEMBER)) != 0;
}

static bool is_roster(const struct case_member_list *members) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->items[i].role < ROLE_COORDINATOR || members->items[i].role > ROLE_OBSERVER) {
            return false;
        }
    }
    return true;
}

void case_on_list(const struct patient_case *the_case, struct turn *turn,
                  const struct list_on_board *command) {
    const struct board_link *known = case_board(the_case, command->board);
    struct board_link link = {
        .board = command->board, .item = command->item, .members = command->members};
    if (!the_case->created) {
        decline(turn, command->board, command->item, REFUSAL_NOT_FOUND);
    } else if (!is_roster(&command->members)) {
        decline(turn, command->board, command->item, REFUSAL_MALFORMED);
    } else if (known == NULL && !may_list(the_case, command->by)) {
        decline(turn, command->board, command->item, REFUSAL_NOT_PERMITTED);
    } else if (known == NULL && the_case->boards.count == CASE_BOARDS_MAX) {
        decline(turn, command->board, command->item, REFUSAL_TOO_MANY);
    } else if (known != NULL && command->item < known->item) {
        return; /* numbers only grow: this was said before the one we know */
    } else if (known == NULL || !board_link_equal(known, &link)) {
        struct listed_on_board event = {.link = link};
        turn_event(turn, listed_on_board_encode(turn->arena, &event));
        bool listed_anew = known == NULL || known->item != command->item;
        if (listed_anew &&
            (the_case->status == CASE_STATUS_OPENED || the_case->status == CASE_STATUS_DISCUSSED)) {
            change_status(the_case, turn, CASE_STATUS_SCHEDULED);
        }
    }
}

void case_on_unlist(const struct patient_case *the_case, struct turn *turn,
                    const struct unlist_from_board *command) {
    const struct board_link *known = case_board(the_case, command->board);
    if (known == NULL || known->item != command->item) {
        return;
    }
    struct unlisted_from_board event = {.board = command->board, .item = command->item};
    turn_event(turn, unlisted_from_board_encode(turn->arena, &event));
    if (the_case->status == CASE_STATUS_SCHEDULED && the_case->boards.count == 1) {
        change_status(the_case, turn, CASE_STATUS_OPENED);
    }
}

void case_on_board_status(const struct patient_case *the_case, struct turn *turn,
                          const struct board_status *command) {
    const struct board_link *known = case_board(the_case, command->board);
    bool opens = command->status == CASE_STATUS_IN_DISCUSSION;
    if (known == NULL) {
        decline(turn, command->board, command->item, REFUSAL_NOT_FOUND);
    } else if (!opens && command->status != CASE_STATUS_DISCUSSED) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (opens && the_case->status != CASE_STATUS_IN_DISCUSSION) {
        change_status(the_case, turn, CASE_STATUS_IN_DISCUSSION);
        stage_pass_floor(&the_case->stage, turn, (struct uuid){{0}});
        turn_ephemera(turn);
    } else if (!opens && the_case->status == CASE_STATUS_IN_DISCUSSION) {
        change_status(the_case, turn, CASE_STATUS_DISCUSSED);
    }
}
