/* Who belongs to a board, and who is told. */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"

const struct member *board_member(const struct board *board, struct uuid user) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        if (uuid_equal(board->members.items[i].user, user)) {
            return &board->members.items[i];
        }
    }
    return NULL;
}

static bool is_member(const struct member *member) {
    return !uuid_is_zero(member->user) && member->role <= ROLE_OBSERVER && member->name.length > 0;
}

static bool is_roster(const struct member_list *members) {
    bool has_chair = false;
    for (uint32_t i = 0; i < members->count; i++) {
        if (!is_member(&members->items[i])) {
            return false;
        }
        has_chair = has_chair || members->items[i].role == ROLE_CHAIR;
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(members->items[i].user, members->items[j].user)) {
                return false;
            }
        }
    }
    return has_chair;
}

static void put_entry(struct turn *turn, const struct board *board, const struct member *member,
                      struct text title, int64_t starts_at, enum meeting_state state) {
    struct put_entry command = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_BOARD,
                  .id = board->actor.id,
                  .title = title,
                  .role = member->role,
                  .status = (uint8_t)state,
                  .at = starts_at},
    };
    turn_send(turn, CHANNEL_KIND_USER, member->user, put_entry_encode(turn->arena, &command));
}

void board_put_entries(const struct board *board, struct turn *turn, enum meeting_state state) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        put_entry(turn, board, &board->members.items[i], board->title, board->starts_at, state);
    }
}

void board_on_create(const struct board *board, struct turn *turn,
                     const struct create_board *command) {
    if (board->created) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    if (command->title.length == 0 || !is_roster(&command->members)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct board_created event = {
        .title = command->title, .starts_at = command->starts_at, .members = command->members};
    turn_event(turn, board_created_encode(turn->arena, &event));
    for (uint32_t i = 0; i < command->members.count; i++) {
        put_entry(turn, board, &command->members.items[i], command->title, command->starts_at,
                  MEETING_STATE_PLANNED);
    }
}

static struct case_member as_case_member(const struct member *member) {
    uint8_t role = member->role == ROLE_CHAIR ? (uint8_t)ROLE_COORDINATOR : member->role;
    return (struct case_member){.user = member->user, .role = role, .name = member->name};
}

void board_list_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     const struct member *changed, struct uuid removed, struct uuid by) {
    struct list_on_board command = {
        .command_id = turn_new_id(turn), .board = board->actor.id, .item = item->item, .by = by};
    struct case_member_list *members = &command.members;
    members->items = arena_alloc(turn->arena, (board->members.count + 1) * sizeof *members->items);
    turn_check(turn, members->items != NULL);
    for (uint32_t i = 0; i < board->members.count; i++) {
        const struct member *member = &board->members.items[i];
        bool out = uuid_equal(member->user, removed) ||
                   (changed != NULL && uuid_equal(member->user, changed->user));
        if (!out) {
            members->items[members->count++] = as_case_member(member);
        }
    }
    if (changed != NULL) {
        members->items[members->count++] = as_case_member(changed);
    }
    turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
              list_on_board_encode(turn->arena, &command));
}

static void list_all_cases(const struct board *board, struct turn *turn,
                           const struct member *changed, struct uuid removed) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        board_list_case(board, turn, &board->items.items[i], changed, removed, (struct uuid){{0}});
    }
}

static bool is_last_chair(const struct board *board, const struct member *member) {
    uint32_t chairs = 0;
    for (uint32_t i = 0; i < board->members.count; i++) {
        chairs += board->members.items[i].role == ROLE_CHAIR;
    }
    return member->role == ROLE_CHAIR && chairs == 1;
}

void board_on_add_member(const struct board *board, struct turn *turn,
                         const struct add_member *command) {
    const struct member *member = &command->member;
    const struct member *known = board_member(board, member->user);
    if (!board->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!is_member(member)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && board->members.count == BOARD_MEMBERS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known != NULL && member->role != ROLE_CHAIR && is_last_chair(board, known)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, member->user);
    } else if (known == NULL || !member_equal(known, member)) {
        struct member_added event = {.member = *member};
        turn_event(turn, member_added_encode(turn->arena, &event));
        if (member->role == ROLE_OBSERVER) {
            stage_forget_user(&board->stage, turn, member->user);
        }
        put_entry(turn, board, member, board->title, board->starts_at, board->state);
        list_all_cases(board, turn, member, (struct uuid){{0}});
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
    struct remove_entry entry = {.command_id = turn_new_id(turn), .id = board->actor.id};
    turn_send(turn, CHANNEL_KIND_USER, command->user, remove_entry_encode(turn->arena, &entry));
    list_all_cases(board, turn, NULL, command->user);
}
