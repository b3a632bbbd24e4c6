/* What events make of a meeting: what is open, what became of each item, and how it ends. */
#include "actors/board.h"
#include "actors/growing_list.h"

void board_strike(struct u32_list *list, uint32_t item) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            growing_list_remove(list, i);
            return;
        }
    }
}

static void note(struct board *board, struct u32_list *list, uint32_t item) {
    if (!board_lists(list, item)) {
        *growing_list_add(board->actor.state, list) = item;
    }
}

static void set_list(struct board *board, struct u32_list *list, const struct u32_list *items) {
    list->count = 0;
    for (uint32_t i = 0; i < items->count; i++) {
        note(board, list, items->items[i]);
    }
}

void board_apply_item_opened(struct board *board, const struct event_header *header,
                             const struct item_opened *event) {
    struct agenda_item *item = board_item(board, event->item, NULL);
    board->stepped_at = header->at;
    board->stepped_from = board->open_item;
    board->open_item = event->item;
    if (item != NULL) {
        item->state = ITEM_STATE_OPEN;
        item->opened_at = header->at;
    }
}

void board_apply_item_closed(struct board *board, const struct event_header *header,
                             const struct item_closed *event) {
    (void)header;
    uint32_t place = 0;
    struct agenda_item *item = board_item(board, event->item, &place);
    if (item != NULL) {
        if (item->item == board->open_item) {
            board->stepped_place = place;
        }
        bool comes_back = event->outcome == ITEM_OUTCOME_LATER;
        item->state = comes_back ? ITEM_STATE_WAITING : ITEM_STATE_DISCUSSED;
        item->used_ms = event->used_ms;
        item->outcome = event->outcome;
        item->reason = event->reason;
        item->to_board = (struct uuid){{0}};
    }
}

void board_apply_unready_opened(struct board *board, const struct event_header *header,
                                const struct unready_opened *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item != NULL) {
        item->unready = true;
    }
}

void board_apply_step_undone(struct board *board, const struct event_header *header,
                             const struct step_undone *event) {
    struct agenda_item *opened = board_item(board, board->open_item, NULL);
    struct agenda_item *closed = board_item(board, event->item, NULL);
    if (opened != NULL) {
        opened->state = board_state_before(opened);
        if (opened->used_ms == 0) {
            opened->opened_at = 0; /* as if it had never been */
            opened->unready = false;
        }
    }
    if (closed != NULL) {
        closed->state = ITEM_STATE_OPEN;
        closed->opened_at = header->at;
        closed->outcome = ITEM_OUTCOME_NONE;
        closed->reason = 0;
    }
    board->open_item = event->item;
    board->stepped_at = 0;
    board->stepped_from = 0;
}

void board_apply_standard_confirmed(struct board *board, const struct event_header *header,
                                    const struct standard_confirmed *event) {
    (void)header;
    for (uint32_t i = 0; i < event->items.count; i++) {
        struct agenda_item *item = board_item(board, event->items.items[i], NULL);
        if (item != NULL) {
            item->state = ITEM_STATE_DISCUSSED;
            item->outcome = ITEM_OUTCOME_STANDARD;
            item->reason = 0;
        }
    }
}

void board_apply_rest_put_off(struct board *board, const struct event_header *header,
                              const struct rest_put_off *event) {
    (void)header;
    for (uint32_t i = 0; i < event->items.count; i++) {
        struct agenda_item *item = board_item(board, event->items.items[i], NULL);
        if (item != NULL) {
            item->state = ITEM_STATE_DISCUSSED;
            item->outcome = board_outcome_put_off(item);
            item->reason = event->reason;
            item->to_board = (struct uuid){{0}};
        }
    }
}

void board_apply_meeting_started(struct board *board, const struct event_header *header,
                                 const struct meeting_started *event) {
    (void)header;
    (void)event;
    board->state = MEETING_STATE_RUNNING;
}

void board_apply_meeting_closing(struct board *board, const struct event_header *header,
                                 const struct meeting_closing *event) {
    (void)header;
    if (board->state != MEETING_STATE_CLOSING) {
        board->unsigned_items.count = 0; /* said again it only asks the rest once more */
        board->closings++;
    }
    board->state = MEETING_STATE_CLOSING;
    board->stepped_at = 0;
    set_list(board, &board->closing, &event->waiting);
}

void board_apply_closing_answered(struct board *board, const struct event_header *header,
                                  const struct closing_answered *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    board_strike(&board->closing, event->item);
    if (item != NULL) {
        if (board_is_unsigned(item, event->decision)) {
            note(board, &board->unsigned_items, event->item);
        }
        item->decision = event->decision;
    }
}

void board_apply_closing_called_off(struct board *board, const struct event_header *header,
                                    const struct closing_called_off *event) {
    (void)header;
    board->state = MEETING_STATE_RUNNING;
    board->closing.count = 0;
    set_list(board, &board->unsigned_items, &event->items);
}

void board_apply_meeting_ended(struct board *board, const struct event_header *header,
                               const struct meeting_ended *event) {
    (void)header;
    (void)event;
    board->state = MEETING_STATE_ENDED;
    board->closing.count = 0;
    board->stepped_at = 0;
}

void board_apply_guests_told(struct board *board, const struct event_header *header,
                             const struct guests_told *event) {
    /* They are told what the other events made of the board. */
    (void)board;
    (void)header;
    (void)event;
}
