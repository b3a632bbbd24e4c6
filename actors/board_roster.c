/* Who belongs to a board, and who sits there without a device. */
#include "actors/board.h"
#include "actors/maker.h"
#include "protocol/generated/policy.h"
#include "protocol/generated/session.h"

const struct member *board_member(const struct board *board, struct uuid user) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        if (uuid_equal(board->members.items[i].user, user)) {
            return &board->members.items[i];
        }
    }
    return NULL;
}

bool board_is_guest_of(const struct member *member, uint32_t item) {
    return member->role == ROLE_GUEST && board_lists(&member->items, item);
}

bool board_may_present(const struct board *board, struct uuid user, uint32_t item) {
    const struct member *member = board_member(board, user);
    return uuid_is_zero(user) ||
           (member != NULL && (member->role < ROLE_OBSERVER || board_is_guest_of(member, item)));
}

static bool is_member(const struct member *member) {
    bool whole_meeting = member->role <= ROLE_OBSERVER || member->role == ROLE_DISPLAY;
    return !uuid_is_zero(member->user) && member->name.length > 0 &&
           (member->role == ROLE_GUEST || (whole_meeting && member->items.count == 0));
}

static bool is_roster(const struct member_list *members) {
    bool has_chair = false;
    for (uint32_t i = 0; i < members->count; i++) {
        /* A board that is being made has no items that somebody could be a guest of. */
        const struct member *member = &members->items[i];
        bool is_plain =
            member->items.count == 0 && member->until == 0 && uuid_is_zero(member->link);
        if (!is_member(member) || !is_plain) {
            return false;
        }
        has_chair = has_chair || member->role == ROLE_CHAIR;
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(member->user, members->items[j].user)) {
                return false;
            }
        }
    }
    return has_chair;
}

static bool is_coordinator(const struct member_list *members, struct uuid user) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (uuid_equal(members->items[i].user, user)) {
            return members->items[i].role == ROLE_COORDINATOR;
        }
    }
    return false;
}

static bool are_hangings(const struct hanging_list *hangings) {
    bool whole = true;
    for (uint32_t i = 0; whole && i < hangings->count; i++) {
        whole = hanging_is_whole(&hangings->items[i]);
    }
    return whole;
}

void board_on_create(const struct board *board, struct turn *turn,
                     const struct create_board *command) {
    if (board->created) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    uint16_t rights = turn_rights_in(turn, command->organisation);
    if (!maker_may(turn, policy_of_board(rights, BOARD_WHEN_UNMADE), BOARD_MAY_MAKE)) {
        return;
    }
    if (command->title.length == 0 || !is_roster(&command->members) ||
        (command->has_template && !template_is_whole(&command->template)) ||
        !are_hangings(&command->hangings) ||
        (maker_coordinates(turn) && !is_coordinator(&command->members, turn->sender.user))) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct board_created event = {.title = command->title,
                                  .starts_at = command->starts_at,
                                  .members = command->members,
                                  .series = command->series,
                                  .has_template = command->has_template,
                                  .template = command->template,
                                  .cut_off_at = command->cut_off_at,
                                  .organisation = command->organisation,
                                  .hangings = command->hangings};
    turn_event(turn, board_created_encode(turn->arena, &event));
    board_set_timer(turn, command->cut_off_at);
}

static bool is_last_chair(const struct board *board, const struct member *member) {
    uint32_t chairs = 0;
    for (uint32_t i = 0; i < board->members.count; i++) {
        chairs += board->members.items[i].role == ROLE_CHAIR;
    }
    return member->role == ROLE_CHAIR && chairs == 1;
}

/* An item that nobody knows, or 0. */
static uint32_t unknown_item(const struct board *board, const struct u32_list *items) {
    for (uint32_t i = 0; i < items->count; i++) {
        if (board_item(board, items->items[i], NULL) == NULL) {
            return items->items[i];
        }
    }
    return 0;
}

/* A guest's end and the link that they came by stay theirs as long as they are one. */
static struct member as_it_will_be(const struct member *said, const struct member *known) {
    struct member member = *said;
    bool stays = said->role == ROLE_GUEST && known != NULL && known->role == ROLE_GUEST;
    member.link = stays ? known->link : (struct uuid){{0}};
    if (said->role != ROLE_GUEST || board_came_by_link(&member)) {
        member.until = stays ? known->until : 0;
    }
    return member;
}

void board_on_add_member(const struct board *board, struct turn *turn,
                         const struct add_member *command) {
    const struct member *known = board_member(board, command->member.user);
    struct member next = as_it_will_be(&command->member, known);
    const struct member *member = &next;
    bool same_items = known != NULL && u32_list_equal(&known->items, &member->items);
    uint32_t nowhere = same_items ? 0 : unknown_item(board, &member->items);
    if (!board->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!is_member(member) || board_lists(&member->items, 0)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (nowhere != 0) {
        turn_refuse_item(turn, REFUSAL_NOT_FOUND, nowhere);
    } else if (known == NULL && board->members.count == BOARD_MEMBERS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known != NULL && member->role != ROLE_CHAIR && is_last_chair(board, known)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, member->user);
    } else if (known == NULL || !member_equal(known, member)) {
        struct member_added event = {.member = *member};
        turn_event(turn, member_added_encode(turn->arena, &event));
        if (member->role >= ROLE_OBSERVER && !board_is_guest_of(member, board->open_item)) {
            stage_forget_user(&board->stage, turn, member->user);
        }
    }
}

void board_on_remove_member(const struct board *board, struct turn *turn,
                            const struct remove_member *command) {
    const struct member *member = board_member(board, command->user);
    if (member == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (is_last_chair(board, member)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, command->user);
        return;
    }
    struct member_removed event = {.user = command->user};
    turn_event(turn, member_removed_encode(turn->arena, &event));
    stage_forget_user(&board->stage, turn, command->user);
}

/* Who sits there without a device */

const struct in_the_room *board_person_there(const struct board *board, struct uuid person) {
    for (uint32_t i = 0; i < board->in_the_room.count; i++) {
        if (uuid_equal(board->in_the_room.items[i].person, person)) {
            return &board->in_the_room.items[i];
        }
    }
    return NULL;
}

void board_on_tick_in(const struct board *board, struct turn *turn, const struct tick_in *command) {
    const struct in_the_room *person = &command->person;
    const struct in_the_room *known = board_person_there(board, person->person);
    if (board->state == MEETING_STATE_ENDED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (uuid_is_zero(person->person) || person->name.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && board->in_the_room.count == BOARD_IN_THE_ROOM_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL || !in_the_room_equal(known, person)) {
        struct ticked_in event = {.person = *person};
        turn_event(turn, ticked_in_encode(turn->arena, &event));
    }
}

void board_on_tick_out(const struct board *board, struct turn *turn,
                       const struct tick_out *command) {
    if (board->state == MEETING_STATE_ENDED) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (board_person_there(board, command->person) == NULL) {
        turn_refuse_subject(turn, REFUSAL_NOT_FOUND, command->person);
    } else {
        struct ticked_out event = {.person = command->person};
        turn_event(turn, ticked_out_encode(turn->arena, &event));
    }
}
