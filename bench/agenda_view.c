#include "bench/agenda_view.h"

#include "bench/figure.h"

#include <assert.h>
#include <stdio.h>

enum { BOARD_CHANNEL = 1, FIRST_CASE_CHANNEL = 2, LIMIT_MS = 10 * 1000 };

static const size_t held_max = (size_t)64 << 20;

struct looking {
    struct agenda_view *view;
    struct client *client; /* owned */
    int64_t begin_us;
    unsigned most;
    bool failed;
};

static double since_ms(const struct looking *looking) {
    return (double)(monotonic_us() - looking->begin_us) / 1000;
}

static void on_welcomed(void *context, const struct welcome *welcome) {
    struct looking *looking = context;
    (void)welcome;
    looking->view->welcomed_ms = since_ms(looking);
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    struct looking *looking = context;
    fprintf(stderr, "Channel %u ended: %d\n", channel->number, reason);
    looking->failed = true;
}

static void on_lost(void *context, enum client_loss loss, uint32_t code, bool returns) {
    struct looking *looking = context;
    (void)returns;
    fprintf(stderr, "The connection was lost: %d, %u\n", loss, code);
    looking->failed = true;
}

static void open_cases(struct looking *looking) {
    struct agenda_view *view = looking->view;
    const struct agenda_item_list *items = &view->board->items;
    view->board_ms = since_ms(looking);
    view->count = items->count < looking->most ? items->count : looking->most;
    for (unsigned i = 0; i < view->count; i++)
        looking->failed |= !client_session_open(
            client_session_of(looking->client), (uint16_t)(FIRST_CASE_CHANNEL + i),
            CHANNEL_KIND_PATIENT_CASE, items->items[i].patient_case);
}

/* Snapshots are kept as first seen: nothing changes while somebody looks, or they look again. */
static void on_message(void *context, const struct client_channel *channel,
                       const struct frame *frame) {
    struct looking *looking = context;
    struct agenda_view *view = looking->view;
    if (frame->form != FRAME_NUMBERED)
        return;
    uint8_t *bytes = arena_copy(&view->arena, frame->fields.bytes, frame->fields.length);
    assert(bytes != NULL);
    struct reader reader = reader_of((struct bytes){frame->fields.length, bytes});
    view->bytes += frame->fields.length;
    if (channel->number == BOARD_CHANNEL && view->board == NULL) {
        view->board = board_decode_down(frame->tag, &reader, &view->arena);
        looking->failed |= view->board == NULL;
        if (view->board != NULL)
            open_cases(looking);
    } else if (channel->number >= FIRST_CASE_CHANNEL) {
        unsigned place = channel->number - FIRST_CASE_CHANNEL;
        view->held += view->cases[place] == NULL;
        view->cases[place] = patient_case_decode_down(frame->tag, &reader, &view->arena);
        looking->failed |= view->cases[place] == NULL;
    }
}

static const struct client_handler handler = {
    .session = {.welcomed = on_welcomed, .ended = on_ended, .message = on_message},
    .lost = on_lost,
};

static bool is_whole(const struct agenda_view *view) {
    return view->board != NULL && view->held == view->count;
}

bool agenda_view_take(struct agenda_view *view, const struct staff *staff, unsigned person,
                      unsigned board, unsigned most) {
    struct looking looking = {.view = view,
                              .most = most < AGENDA_CASES_MAX ? most : AGENDA_CASES_MAX};
    struct client_loop *loop = client_loop_create();
    const struct client_options options = {.address = &staff->address,
                                           .token = staff->people[person].token,
                                           .program = "agenda view",
                                           .handler = &handler,
                                           .context = &looking};
    assert(loop != NULL);
    *view = (struct agenda_view){0};
    arena_init(&view->arena, held_max);
    looking.begin_us = monotonic_us();
    looking.client = client_create(loop, &options);
    assert(looking.client != NULL);
    bool wanted = client_session_open(client_session_of(looking.client), BOARD_CHANNEL,
                                      CHANNEL_KIND_BOARD, staff_board_id(board));
    assert(wanted);
    while (!looking.failed && !is_whole(view) && since_ms(&looking) < LIMIT_MS)
        client_loop_turn(loop, 20);
    view->held_ms = since_ms(&looking);
    client_destroy(looking.client);
    client_loop_destroy(loop);
    if (!is_whole(view))
        fprintf(stderr, "%u of %u cases were there after %.0f ms\n", view->held, view->count,
                view->held_ms);
    return is_whole(view) && !looking.failed;
}

void agenda_view_finish(struct agenda_view *view) {
    arena_finish(&view->arena);
}
