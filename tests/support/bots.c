#include "tests/support/bots.h"

#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { FIELDS_BYTES = 8 * 1024 };

static const char program[] = "bot";

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_welcomed(void *context, const struct welcome *welcome) {
    struct bot *bot = context;
    (void)welcome;
    bot->welcomed_us = bot->bots->loop->now_us;
    if (bot->bots->plan.kind == CHANNEL_KIND_SESSION && !bot->open) {
        bot->open = true;
        bot->bots->open++;
    }
}

static void open_channel(struct bot *bot) {
    if (!bot->open)
        bot->bots->open++;
    bot->open = true;
}

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    struct bot *bot = context;
    if (opened->resumption == RESUMPTION_RESUMED)
        open_channel(bot);
    bot->opened++;
    bot->participant = channel->participant;
    if (bot->bots->plan.opened != NULL)
        bot->bots->plan.opened(bot, opened);
}

static void close_channel(struct bot *bot) {
    if (bot->open)
        bot->bots->open--;
    bot->open = false;
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    (void)channel;
    (void)reason;
    close_channel(context);
}

static void on_message(void *context, const struct client_channel *channel,
                       const struct frame *frame) {
    struct bot *bot = context;
    if (frame->form == FRAME_EVENT) {
        bot->events++;
    } else if (frame->form == FRAME_NUMBERED) {
        bot->snapshots++;
        open_channel(bot);
    }
    bot->version = frame->form == FRAME_EVENT ? frame->version : channel->version;
    if (bot->bots->plan.message != NULL)
        bot->bots->plan.message(bot, frame);
}

static void on_answered(void *context, const struct frame *frame) {
    struct bot *bot = context;
    if (frame->channel == BOT_CHANNEL && frame->tag == STAGE_HANDLE_BOUND) {
        uint32_t count;
        struct reader reader = reader_of(frame->fields);
        if (!reader_fields(&reader, &count) || count < 1 || !reader_u16(&reader, &bot->handle))
            bot->handle = 0;
    }
    if (bot->bots->plan.answered != NULL)
        bot->bots->plan.answered(bot, frame);
}

static void on_lost(void *context, enum client_loss loss, uint32_t code, bool returns) {
    struct bot *bot = context;
    close_channel(bot);
    bot->losses++;
    bot->last_code = loss == LOSS_CLOSED ? code : 0;
    if (bot->losses == 1)
        bot->first_code = bot->last_code;
    bot->stopped |= !returns;
}

static const struct client_handler handler = {
    .session = {.welcomed = on_welcomed,
                .opened = on_opened,
                .ended = on_ended,
                .message = on_message,
                .answered = on_answered},
    .lost = on_lost,
};

bool bots_init(struct bots *bots, const struct bots_plan *plan) {
    *bots = (struct bots){.plan = *plan, .loop = client_loop_create()};
    bots->list = calloc(plan->count, sizeof *bots->list);
    return bots->loop != NULL && bots->list != NULL;
}

void bots_finish(struct bots *bots) {
    for (unsigned i = 0; i < bots->started; i++)
        client_destroy(bots->list[i].client);
    client_loop_destroy(bots->loop);
    free(bots->list);
    *bots = (struct bots){0};
}

static void start_one(struct bots *bots) {
    unsigned index = bots->started++;
    struct bot *bot = &bots->list[index];
    *bot = (struct bot){.bots = bots, .index = index};
    const struct client_options options = {
        .address = &bots->plan.staff->address,
        .token = bots->plan.staff->people[bots->plan.person(bots, index)].token,
        .program = program,
        .handler = &handler,
        .context = bot};
    bot->client = client_create(bots->loop, &options);
    assert(bot->client != NULL);
    if (bots->plan.kind == CHANNEL_KIND_SESSION)
        return;
    bool wanted = client_session_open(client_session_of(bot->client), BOT_CHANNEL,
                                      (uint8_t)bots->plan.kind, bots->plan.actor(bots, index));
    assert(wanted);
}

void bots_turn(struct bots *bots, int timeout_ms) {
    while (bots->started < bots->plan.count && bots->started < bots->open + BOTS_ENTERING)
        start_one(bots);
    client_loop_turn(bots->loop, timeout_ms);
}

void bots_run(struct bots *bots, int duration_ms) {
    int64_t end = now_ms() + duration_ms;
    for (int64_t left; (left = end - now_ms()) > 0;)
        bots_turn(bots, (int)left);
}

bool bots_all_open(struct bots *bots, int limit_ms) {
    int64_t end = now_ms() + limit_ms;
    while (bots->open < bots->plan.count && now_ms() < end)
        bots_turn(bots, 20);
    return bots->open == bots->plan.count;
}

void bot_begin_pointing(struct bot *bot, struct uuid patient_case) {
    struct arena arena;
    struct set_pointing show = {.pointing = true};
    struct bind_handle bind = {.target = {.space = POINTER_SPACE_FRAME_OF_REFERENCE,
                                          .patient_case = patient_case,
                                          .study_uid = TEXT("2.25.1"),
                                          .uid = TEXT("2.25.2")}};
    arena_init(&arena, FIELDS_BYTES);
    client_session_signal(client_session_of(bot->client), BOT_CHANNEL,
                          set_pointing_encode(&arena, &show));
    client_session_request(client_session_of(bot->client), BOT_CHANNEL,
                           bind_handle_encode(&arena, &bind));
    arena_finish(&arena);
}

void bot_point(struct bot *bot, float x, float y, float z) {
    uint8_t bytes[64];
    struct writer writer;
    struct move_pointer move = {.handle = bot->handle, .x = x, .y = y, .z = z};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    move_pointer_write(&writer, &move);
    struct encoded encoded = {STAGE_MOVE_POINTER, writer_bytes(&writer)};
    client_session_signal(client_session_of(bot->client), BOT_CHANNEL, encoded);
}

uint32_t bot_post(struct bot *bot, struct uuid command_id, struct text text) {
    struct arena arena;
    struct post_message post = {.command_id = command_id, .text = text};
    arena_init(&arena, FIELDS_BYTES);
    uint32_t seq = client_session_command(client_session_of(bot->client), BOT_CHANNEL,
                                          post_message_encode(&arena, &post));
    arena_finish(&arena);
    return seq;
}
