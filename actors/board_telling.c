/*
 * Who is told what. Worklists, what guests may know and which people a case is shown to follow from
 * what the board is, so after each command the board before it is compared with the one that its
 * events make, and whoever's part differs is told. No command can forget somebody.
 */
#include "actors/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"

void board_tell_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     const struct board_status *status) {
    struct board_status message = *status;
    message.command_id = turn_new_id(turn);
    message.board = board->actor.id;
    message.item = item->item;
    turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
              board_status_encode(turn->arena, &message));
}

/* Cases: who sees them through this board */

static bool has_vote(const struct board *board, const struct member *member) {
    if (!board->has_template || !board->template.votes || member->no_vote) {
        return false;
    }
    return member->role == ROLE_CHAIR ||
           (member->role < ROLE_OBSERVER && member->discipline.length > 0);
}

/* A display is not: it hangs among those who know. */
static bool is_masked(const struct board *board, const struct member *member) {
    return board->has_template && board->template.mask_observers && member->role == ROLE_OBSERVER;
}

static struct case_member as_case_member(const struct board *board, const struct member *member) {
    uint8_t role = member->role == ROLE_CHAIR     ? (uint8_t)ROLE_COORDINATOR
                   : member->role == ROLE_GUEST   ? (uint8_t)ROLE_MEMBER
                   : member->role == ROLE_DISPLAY ? (uint8_t)ROLE_OBSERVER
                                                  : member->role;
    return (struct case_member){.user = member->user,
                                .role = role,
                                .name = member->name,
                                .discipline = member->discipline,
                                .votes = has_vote(board, member),
                                .signs = member->role == ROLE_CHAIR,
                                .masked = is_masked(board, member),
                                .until = member->until};
}

static struct case_member *space_for_members(struct turn *turn) {
    struct case_member *space = arena_alloc(turn->arena, BOARD_MEMBERS_MAX * sizeof *space);
    turn_check(turn, space != NULL);
    return space;
}

/* Who came by a link is a guest of the meeting and no longer. */
static bool sees_case(const struct board *board, const struct member *member, uint32_t item) {
    bool over = board->state == MEETING_STATE_ENDED && board_came_by_link(member);
    return member->role != ROLE_GUEST || (board_is_guest_of(member, item) && !over);
}

/* `item` NULL: as for one that all guests take part in. */
static struct list_on_board listing(const struct board *board, struct turn *turn,
                                    const struct agenda_item *item, struct case_member *space) {
    struct list_on_board command = {.command_id = turn_new_id(turn),
                                    .board = board->actor.id,
                                    .item = item == NULL ? UINT32_MAX : item->item,
                                    .members = {0, space},
                                    .has_template = board->has_template,
                                    .template = board->template};
    for (uint32_t i = 0; i < board->members.count; i++) {
        const struct member *member = &board->members.items[i];
        if (item == NULL || sees_case(board, member, item->item)) {
            space[command.members.count++] = as_case_member(board, member);
        }
    }
    return command;
}

void board_list_case(const struct board *board, struct turn *turn, const struct agenda_item *item,
                     struct uuid by) {
    struct list_on_board command = listing(board, turn, item, space_for_members(turn));
    command.by = by;
    turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case,
              list_on_board_encode(turn->arena, &command));
}

/* Somebody sees this case no more though the roster stayed: the meeting is over. */
static bool loses_guests(const struct board *before, const struct board *after, uint32_t item) {
    for (uint32_t i = 0; i < after->members.count; i++) {
        const struct member *member = &after->members.items[i];
        if (sees_case(before, member, item) && !sees_case(after, member, item)) {
            return true;
        }
    }
    return false;
}

/* To all cases at once, each message in no more space than it needs: of a full board they fill most
 * of what a turn may make. */
static void tell_cases(const struct board *before, const struct board *after, struct turn *turn) {
    bool stays = member_list_equal(&before->members, &after->members);
    bool ends = before->state != after->state && after->state == MEETING_STATE_ENDED;
    if (!before->created || after->items.count == 0 || (stays && !ends)) {
        return;
    }
    struct case_member *members = space_for_members(turn);
    struct list_on_board longest = listing(after, turn, NULL, members);
    size_t size = list_on_board_encode(turn->arena, &longest).fields.length;
    for (uint32_t i = 0; i < after->items.count; i++) {
        const struct agenda_item *item = &after->items.items[i];
        if (stays && !loses_guests(before, after, item->item)) {
            continue;
        }
        struct list_on_board command = listing(after, turn, item, members);
        uint8_t *space = arena_alloc(turn->arena, size + 1);
        turn_check(turn, space != NULL);
        struct writer writer;
        writer_init_fixed(&writer, space, size);
        list_on_board_write(&writer, &command);
        struct encoded message = {PATIENT_CASE_LIST_ON_BOARD, writer_bytes(&writer)};
        turn_send(turn, CHANNEL_KIND_PATIENT_CASE, item->patient_case, message);
    }
}

/* People: what their worklist says of this board */

static struct worklist_entry entry_of(const struct board *board,
                                      const struct board_expectations *expectations,
                                      const struct member *member) {
    struct worklist_entry entry = {.kind = ENTRY_KIND_BOARD,
                                   .id = board->actor.id,
                                   .title = board->title,
                                   .role = member->role,
                                   .status = (uint8_t)board->state,
                                   .at = board->starts_at,
                                   .items = member->items};
    if (board->published && board->state != MEETING_STATE_ENDED) {
        entry.prepare = board_prepares(board, member);
        entry.owes = board_owes(board, expectations, member);
    }
    return entry;
}

static void tell_people(const struct board *before, const struct board *after, struct turn *turn) {
    struct board_expectations then, now;
    board_expect(before, &then);
    board_expect(after, &now);
    for (uint32_t i = 0; i < after->members.count; i++) {
        const struct member *member = &after->members.items[i];
        const struct member *known = board_member(before, member->user);
        struct put_entry command = {.entry = entry_of(after, &now, member)};
        if (known != NULL) {
            struct worklist_entry entry = entry_of(before, &then, known);
            if (worklist_entry_equal(&entry, &command.entry)) {
                continue;
            }
        }
        command.command_id = turn_new_id(turn);
        turn_send(turn, CHANNEL_KIND_USER, member->user, put_entry_encode(turn->arena, &command));
    }
    for (uint32_t i = 0; i < before->members.count; i++) {
        struct uuid user = before->members.items[i].user;
        if (board_member(after, user) == NULL) {
            struct remove_entry command = {.command_id = turn_new_id(turn), .id = turn->self};
            turn_send(turn, CHANNEL_KIND_USER, user, remove_entry_encode(turn->arena, &command));
        }
    }
}

/* Guests: numbers only */

struct u32_list board_order(const struct board *board, struct arena *arena) {
    struct u32_list order = {0, arena_alloc(arena, BOARD_ITEMS_MAX * sizeof *order.items)};
    for (uint32_t i = 0; order.items != NULL && i < board->items.count; i++) {
        if (board->items.items[i].state == ITEM_STATE_WAITING) {
            order.items[order.count++] = board->items.items[i].item;
        }
    }
    return order;
}

static bool has_guests(const struct board *board) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        if (board->members.items[i].role == ROLE_GUEST) {
            return true;
        }
    }
    return false;
}

static void tell_guests(const struct board *before, const struct board *after, struct turn *turn) {
    if (!has_guests(after)) {
        return;
    }
    struct u32_list order = board_order(before, turn->arena);
    struct guests_told event = {
        .state = after->state, .open = after->open_item, .order = board_order(after, turn->arena)};
    turn_check(turn, order.items != NULL && event.order.items != NULL);
    /* The first guest may have been one before, and hears on a channel only what was said since. */
    if (!has_guests(before) || before->state != after->state ||
        before->open_item != after->open_item || !u32_list_equal(&order, &event.order)) {
        turn_event(turn, guests_told_encode(turn->arena, &event));
    }
}

void board_tell(const struct board *before, const struct board *after, struct turn *turn) {
    tell_people(before, after, turn);
    tell_cases(before, after, turn);
    tell_guests(before, after, turn);
}
