/* What events make of a board's roster and agenda. The same functions replay the record. */
#include "actors/board.h"
#include "actors/growing_list.h"

static struct arena *state_of(struct board *board) {
    return board->actor.state;
}

void board_put_member(struct board *board, const struct member *member) {
    struct member *place = (struct member *)board_member(board, member->user);
    if (place == NULL) {
        place = growing_list_add(state_of(board), &board->members);
    }
    member_copy(state_of(board), place, member);
}

void board_put_person(struct board *board, const struct in_the_room *person) {
    struct in_the_room *place = (struct in_the_room *)board_person_there(board, person->person);
    if (place == NULL) {
        place = growing_list_add(state_of(board), &board->in_the_room);
    }
    in_the_room_copy(state_of(board), place, person);
}

void board_apply_created(struct board *board, const struct event_header *header,
                         const struct board_created *event) {
    (void)header;
    board->created = true;
    board->title = arena_text(state_of(board), event->title);
    board->starts_at = event->starts_at;
    board->next_item = 1;
    board->series = event->series;
    board->organisation = event->organisation;
    board->has_template = event->has_template;
    if (event->has_template) {
        template_copy(state_of(board), &board->template, &event->template);
    }
    board->cut_off_at = event->cut_off_at;
    for (uint32_t i = 0; i < event->hangings.count; i++) {
        hanging_put(state_of(board), &board->hangings, &event->hangings.items[i]);
    }
    for (uint32_t i = 0; i < event->members.count; i++) {
        board_put_member(board, &event->members.items[i]);
    }
}

void board_apply_item_added(struct board *board, const struct event_header *header,
                            const struct item_added *event) {
    (void)header;
    struct agenda_item *item = growing_list_add(state_of(board), &board->items);
    *item = (struct agenda_item){.item = event->item,
                                 .patient_case = event->patient_case,
                                 .planned_seconds = event->planned_seconds,
                                 .presenter = event->presenter};
    board->next_item = event->item + 1;
}

void board_apply_item_moved(struct board *board, const struct event_header *header,
                            const struct item_moved *event) {
    (void)header;
    uint32_t from = 0;
    const struct agenda_item *found = board_item(board, event->item, &from);
    if (found == NULL || event->position >= board->items.count) {
        return;
    }
    struct agenda_item moved = *found;
    struct agenda_item *items = board->items.items;
    uint32_t to = event->position;
    if (from < to) {
        memmove(&items[from], &items[from + 1], (to - from) * sizeof *items);
    } else {
        memmove(&items[to + 1], &items[to], (from - to) * sizeof *items);
    }
    items[to] = moved;
}

void board_apply_item_removed(struct board *board, const struct event_header *header,
                              const struct item_removed *event) {
    (void)header;
    uint32_t index = 0;
    if (board_item(board, event->item, &index) == NULL) {
        return;
    }
    growing_list_remove(&board->items, index);
    board_strike(&board->closing, event->item);
    board_strike(&board->unsigned_items, event->item);
}

void board_apply_item_gone(struct board *board, const struct event_header *header,
                           const struct item_gone *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item == NULL) {
        return;
    }
    if (item->state != ITEM_STATE_DISCUSSED) {
        item->outcome = board_outcome_put_off(item);
    }
    item->gone = true;
    item->state = ITEM_STATE_DISCUSSED;
    item->decision = DECISION_STATE_NONE;
    item->missing.count = 0;
    item->to_board = (struct uuid){{0}};
    board->stepped_at = 0; /* nobody goes back to it */
    board_strike(&board->closing, event->item);
    board_strike(&board->unsigned_items, event->item);
}

void board_apply_item_set(struct board *board, const struct event_header *header,
                          const struct item_set *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item != NULL) {
        item->planned_seconds = event->planned_seconds;
        item->presenter = event->presenter;
        item->standard = event->standard;
    }
}

void board_apply_item_leaving(struct board *board, const struct event_header *header,
                              const struct item_leaving *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item != NULL) {
        item->state = ITEM_STATE_MOVING;
        item->to_board = event->board;
    }
}

/* Which meeting was asked stays known: its answer may still come. Of a deferred item only which one
 * has it is kept. */
void board_apply_item_stayed(struct board *board, const struct event_header *header,
                             const struct item_stayed *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item != NULL) {
        item->state = board_state_before(item);
        if (!event->taken && item->outcome == ITEM_OUTCOME_DEFERRED) {
            item->to_board = (struct uuid){{0}};
        }
    }
}

void board_apply_member_added(struct board *board, const struct event_header *header,
                              const struct member_added *event) {
    (void)header;
    board_put_member(board, &event->member);
}

void board_apply_member_removed(struct board *board, const struct event_header *header,
                                const struct member_removed *event) {
    (void)header;
    const struct member *member = board_member(board, event->user);
    if (member != NULL) {
        uint32_t index = (uint32_t)(member - board->members.items);
        growing_list_remove(&board->members, index);
    }
}

bool board_has_attended(const struct board *board, struct uuid user) {
    for (uint32_t i = 0; i < board->attended.count; i++) {
        if (uuid_equal(board->attended.items[i], user)) {
            return true;
        }
    }
    return false;
}

void board_apply_attended(struct board *board, const struct event_header *header,
                          const struct attended *event) {
    (void)header;
    /* Two windows may have come while an append was in flight: said twice, counted once. */
    if (!board_has_attended(board, event->user) && board->attended.count < BOARD_MEMBERS_MAX) {
        *growing_list_add(state_of(board), &board->attended) = event->user;
    }
}

void board_apply_ticked_in(struct board *board, const struct event_header *header,
                           const struct ticked_in *event) {
    (void)header;
    board_put_person(board, &event->person);
}

void board_apply_ticked_out(struct board *board, const struct event_header *header,
                            const struct ticked_out *event) {
    (void)header;
    const struct in_the_room *person = board_person_there(board, event->person);
    if (person != NULL) {
        uint32_t index = (uint32_t)(person - board->in_the_room.items);
        growing_list_remove(&board->in_the_room, index);
    }
}

void board_apply_cut_off_set(struct board *board, const struct event_header *header,
                             const struct cut_off_set *event) {
    (void)header;
    board->cut_off_at = event->at;
}

void board_apply_cut_off_passed(struct board *board, const struct event_header *header,
                                const struct cut_off_passed *event) {
    (void)header;
    (void)event;
    board->published = true;
}

void board_apply_item_reported(struct board *board, const struct event_header *header,
                               const struct item_reported *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item == NULL) {
        return;
    }
    if (item->decision != event->decision && item->item == board->open_item) {
        board->stepped_at = 0; /* what was decided here since is not walked away from */
    }
    item->decision = event->decision;
    card_topic_list_copy(state_of(board), &item->missing, &event->missing);
    if (event->decision == DECISION_STATE_SIGNED) {
        board_strike(&board->unsigned_items, event->item);
    }
}
