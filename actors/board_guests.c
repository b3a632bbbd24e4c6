/*
 * Guests who came by a link: for the items that it names, until it ends or the meeting does, or
 * the link is called back. That may be while its guest is still being admitted, which then comes
 * too late.
 */
#include "actors/board.h"
#include "actors/growing_list.h"

bool board_member_is_over(const struct member *member, int64_t now) {
    return member->until != 0 && member->until <= now;
}

bool board_came_by_link(const struct member *member) {
    return !uuid_is_zero(member->link);
}

static bool was_called_back(const struct board *board, struct uuid link) {
    for (uint32_t i = 0; i < board->called_back.count; i++) {
        if (uuid_equal(board->called_back.items[i], link)) {
            return true;
        }
    }
    return false;
}

/* Those of its items that there still are. */
static struct u32_list items_there(const struct board *board, struct turn *turn,
                                   const struct u32_list *named) {
    struct u32_list there = {0, arena_alloc(turn->arena, (named->count + 1) * sizeof *there.items)};
    turn_check(turn, there.items != NULL);
    for (uint32_t i = 0; i < named->count; i++) {
        if (board_item(board, named->items[i], NULL) != NULL) {
            there.items[there.count++] = named->items[i];
        }
    }
    return there;
}

static bool is_guest_by_link(const struct member *member) {
    return !uuid_is_zero(member->user) && member->name.length > 0 && member->role == ROLE_GUEST &&
           member->items.count > 0 && member->until != 0 && board_came_by_link(member);
}

void board_on_admit_guest(const struct board *board, struct turn *turn,
                          const struct admit_guest *command) {
    struct member guest = command->member;
    const struct member *known = board_member(board, guest.user);
    bool there = known != NULL && !board_member_is_over(known, turn->now);
    if (!board->created || was_called_back(board, guest.link)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (!is_guest_by_link(&guest)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    guest.items = items_there(board, turn, &guest.items);
    if (board->state == MEETING_STATE_ENDED || board_member_is_over(&guest, turn->now)) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (guest.items.count == 0) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (there && !uuid_equal(known->link, guest.link)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, guest.user);
    } else if (known == NULL && board->members.count == BOARD_MEMBERS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (!there) {
        struct member_added event = {.member = guest};
        turn_event(turn, member_added_encode(turn->arena, &event));
    }
}

void board_on_dismiss_guest(const struct board *board, struct turn *turn,
                            const struct dismiss_guest *command) {
    if (!board->created || uuid_is_zero(command->link)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    for (uint32_t i = 0; i < board->members.count; i++) {
        const struct member *member = &board->members.items[i];
        if (uuid_equal(member->link, command->link)) {
            struct member_removed event = {.user = member->user};
            turn_event(turn, member_removed_encode(turn->arena, &event));
            stage_forget_user(&board->stage, turn, member->user);
            return;
        }
    }
    if (!was_called_back(board, command->link)) {
        struct link_called_back event = {.link = command->link};
        turn_event(turn, link_called_back_encode(turn->arena, &event));
    }
}

void board_apply_link_called_back(struct board *board, const struct event_header *header,
                                  const struct link_called_back *event) {
    (void)header;
    if (board->called_back.count == BOARD_CALLED_BACK_MAX) {
        growing_list_remove(&board->called_back, 0);
    }
    *growing_list_add(board->actor.state, &board->called_back) = event->link;
}
