/* How a board is shown to each audience, and saved. */
#include "actors/board.h"
#include "actors/growing_list.h"

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
        .series = board->series,
        .organisation = board->organisation,
        .has_template = board->has_template,
        .template = board->template,
        .cut_off_at = board->cut_off_at,
        .published = board->published,
        .in_the_room = board->in_the_room,
        .closing = board->closing,
        .stepped_at = board->stepped_at,
        .stepped_from = board->stepped_from,
        .unsigned_items = board->unsigned_items,
        .stepped_place = board->stepped_place,
        .closings = board->closings,
        .called_back = board->called_back,
        .hangings = board->hangings,
    };
}

static struct encoded show_numbers(const struct board *board, struct arena *arena) {
    struct guest_snapshot snapshot = {.title = board->title,
                                      .starts_at = board->starts_at,
                                      .state = board->state,
                                      .open = board->open_item,
                                      .order = board_order(board, arena)};
    return guest_snapshot_encode(arena, &snapshot);
}

/* What a guest sees of items that are not open: that there are so many. */
static struct agenda_item_list without_others(const struct board *board, struct arena *arena) {
    struct agenda_item_list list = {0};
    list.items = arena_alloc(arena, BOARD_ITEMS_MAX * sizeof *list.items);
    for (uint32_t i = 0; list.items != NULL && i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        struct agenda_item blank = {.item = item->item, .state = item->state};
        list.items[list.count++] = item->item == board->open_item ? *item : blank;
    }
    return list;
}

struct encoded board_show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    const struct board *board = (const struct board *)actor;
    if ((audiences & (AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW)) == 0) {
        return show_numbers(board, arena);
    }
    struct board_snapshot snapshot = snapshot_of(board);
    if ((audiences & AUDIENCE_CLINICAL) != 0) {
        snapshot.has_stage = true;
        snapshot.stage = stage_snapshot(&board->stage, arena);
    }
    if ((audiences & AUDIENCE_WORKFLOW) == 0) {
        snapshot.items = without_others(board, arena);
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

static void take_over_numbers(struct board *board, const struct u32_list *from,
                              struct u32_list *to) {
    for (uint32_t i = 0; i < from->count; i++) {
        *growing_list_add(board->actor.state, to) = from->items[i];
    }
}

static void take_over_lists(struct board *board, const struct board_snapshot *saved) {
    struct arena *state = board->actor.state;
    for (uint32_t i = 0; i < saved->members.count; i++) {
        board_put_member(board, &saved->members.items[i]);
    }
    for (uint32_t i = 0; i < saved->items.count; i++) {
        agenda_item_copy(state, growing_list_add(state, &board->items), &saved->items.items[i]);
    }
    for (uint32_t i = 0; i < saved->attended.count; i++) {
        *growing_list_add(state, &board->attended) = saved->attended.items[i];
    }
    for (uint32_t i = 0; i < saved->called_back.count; i++) {
        *growing_list_add(state, &board->called_back) = saved->called_back.items[i];
    }
    for (uint32_t i = 0; i < saved->hangings.count; i++) {
        hanging_put(state, &board->hangings, &saved->hangings.items[i]);
    }
    for (uint32_t i = 0; i < saved->in_the_room.count; i++) {
        board_put_person(board, &saved->in_the_room.items[i]);
    }
    take_over_numbers(board, &saved->closing, &board->closing);
    take_over_numbers(board, &saved->unsigned_items, &board->unsigned_items);
}

static void take_over(struct board *board, const struct board_snapshot *saved) {
    board->created = true;
    board->title = arena_text(board->actor.state, saved->title);
    board->starts_at = saved->starts_at;
    board->state = saved->state;
    board->open_item = saved->open_item;
    board->next_item = saved->next_item;
    board->closings = saved->closings;
    board->series = saved->series;
    board->organisation = saved->organisation;
    board->has_template = saved->has_template;
    if (saved->has_template) {
        template_copy(board->actor.state, &board->template, &saved->template);
    }
    board->cut_off_at = saved->cut_off_at;
    board->published = saved->published;
    board->stepped_at = saved->stepped_at;
    board->stepped_from = saved->stepped_from;
    board->stepped_place = saved->stepped_place;
    take_over_lists(board, saved);
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
