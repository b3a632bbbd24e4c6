/* What events make of a board, and how it is shown and saved. The same functions replay the record.
 */
#include "actors/board.h"
#include "actors/growing_list.h"

static struct arena *state_of(struct board *board) {
    return board->actor.state;
}

static void put_member(struct board *board, const struct member *member) {
    struct member *place = (struct member *)board_member(board, member->user);
    if (place == NULL) {
        place = growing_list_add(state_of(board), &board->members);
    }
    member_copy(state_of(board), place, member);
}

void board_apply_created(struct board *board, const struct event_header *header,
                         const struct board_created *event) {
    (void)header;
    board->created = true;
    board->title = arena_text(state_of(board), event->title);
    board->starts_at = event->starts_at;
    board->next_item = 1;
    for (uint32_t i = 0; i < event->members.count; i++) {
        put_member(board, &event->members.items[i]);
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
    if (board_item(board, event->item, &index) != NULL) {
        growing_list_remove(&board->items, index);
    }
}

void board_apply_item_opened(struct board *board, const struct event_header *header,
                             const struct item_opened *event) {
    struct agenda_item *item = board_item(board, event->item, NULL);
    board->open_item = event->item;
    struct uuid patient_case = {{0}};
    if (item != NULL) {
        item->state = ITEM_STATE_OPEN;
        item->opened_at = header->at;
        patient_case = item->patient_case;
    }
    stage_empty(&board->stage, event->item, patient_case);
    stage_end_all_drafts(&board->stage, header->at);
}

void board_apply_item_closed(struct board *board, const struct event_header *header,
                             const struct item_closed *event) {
    (void)header;
    struct agenda_item *item = board_item(board, event->item, NULL);
    if (item != NULL) {
        item->state = ITEM_STATE_DISCUSSED;
        item->used_ms = event->used_ms;
    }
}

void board_apply_meeting_started(struct board *board, const struct event_header *header,
                                 const struct meeting_started *event) {
    (void)header;
    (void)event;
    board->state = MEETING_STATE_RUNNING;
}

void board_apply_meeting_ended(struct board *board, const struct event_header *header,
                               const struct meeting_ended *event) {
    (void)event;
    board->state = MEETING_STATE_ENDED;
    stage_set_open(&board->stage, false);
    stage_end_all_drafts(&board->stage, header->at);
}

void board_apply_member_added(struct board *board, const struct event_header *header,
                              const struct member_added *event) {
    (void)header;
    put_member(board, &event->member);
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

static struct board_snapshot snapshot_of(const struct board *board) {
    return (struct board_snapshot){
        .title = board->title,
        .starts_at = board->starts_at,
        .state = board->state,
        .members = board->members,
        .items = board->items,
        .open_item = board->open_item,
        .attended = board->attended,
        .next_item = board->next_item,
    };
}

struct encoded board_show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    const struct board *board = (const struct board *)actor;
    struct board_snapshot snapshot = snapshot_of(board);
    if ((audiences & AUDIENCE_CLINICAL) != 0) {
        snapshot.has_stage = true;
        snapshot.stage = stage_snapshot(&board->stage, arena);
    }
    return board_snapshot_encode(arena, &snapshot);
}

struct encoded board_save(const struct actor *actor, struct arena *arena) {
    const struct board *board = (const struct board *)actor;
    struct board_snapshot snapshot = snapshot_of(board);
    snapshot.has_stage = true;
    snapshot.stage = stage_save(&board->stage, arena);
    return board_snapshot_encode(arena, &snapshot);
}

static void take_over(struct board *board, const struct board_snapshot *saved) {
    struct arena *state = state_of(board);
    board->created = true;
    board->title = arena_text(state, saved->title);
    board->starts_at = saved->starts_at;
    board->state = saved->state;
    board->open_item = saved->open_item;
    board->next_item = saved->next_item;
    for (uint32_t i = 0; i < saved->members.count; i++) {
        put_member(board, &saved->members.items[i]);
    }
    for (uint32_t i = 0; i < saved->items.count; i++) {
        *growing_list_add(state, &board->items) = saved->items.items[i];
    }
    for (uint32_t i = 0; i < saved->attended.count; i++) {
        *growing_list_add(state, &board->attended) = saved->attended.items[i];
    }
    const struct agenda_item *open = board_item(board, saved->open_item, NULL);
    board->stage.item = saved->open_item;
    board->stage.patient_case = open == NULL ? (struct uuid){{0}} : open->patient_case;
    stage_restore(&board->stage, &saved->stage);
}

bool board_restore(struct actor *actor, struct encoded saved) {
    struct arena scratch;
    arena_init(&scratch, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(saved.fields);
    struct board_snapshot snapshot;
    bool readable = board_snapshot_read(&reader, &scratch, &snapshot) && snapshot.has_stage;
    if (readable) {
        take_over((struct board *)actor, &snapshot);
    }
    arena_finish(&scratch);
    return readable;
}
