/* links: load consilium */
/*
 * How long twelve people wait until a case that was prefetched is there: from the chair's command
 * to each one's applied state and verified bytes of the three images shown. Then the same for a
 * saved view that is recalled. The reference is the verification alone. Painting is measured with
 * browsers; this is all that comes before it.
 */
#include "bench/figure.h"
#include "bench/images.h"
#include "protocol/generated/board.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEOPLE = 12,
    CHAIR = 0,
    ITEMS = 2, /* of the agenda, each with a case of its own; item n is case n - 1 */
    SHOWN = 3, /* viewports, and images looked at */
    ROUNDS = 20,
    PAUSE_MS = 600, /* the chair may open two items a second */
    LIMIT_MS = 5000,
    COMMAND_BYTES = 16 * 1024,
    EVENT_BYTES = 64 * 1024,
};

static const double open_max_ms = 250, recall_max_ms = 300;

static struct {
    uint8_t *bytes[PEOPLE][ITEMS][SHOWN]; /* what each has prefetched */
    uint32_t item;                        /* on the stage, as the last event said */
    uint8_t waited_for;                   /* tag of the event */
    int64_t begin_us;
    unsigned there, wrong;
    double samples[ROUNDS * PEOPLE];
    size_t sample_count;
    double verify_ms;
} scene;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid board_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_board_id(0);
}

static void verify(unsigned person, uint32_t item) {
    int64_t begin = monotonic_us();
    for (unsigned i = 0; i < SHOWN; i++)
        scene.wrong += !image_is(scene.bytes[person][item - 1][i], IMAGE_BYTES, item - 1, i + 1);
    scene.verify_ms = (double)(monotonic_us() - begin) / 1000;
}

/* Reads the event into the state it makes; gives the item it is about. */
static uint32_t apply(const struct frame *frame) {
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    uint32_t item = 0;
    arena_init(&arena, EVENT_BYTES);
    const void *event = board_decode_down(frame->tag, &reader, &arena);
    if (event != NULL && frame->tag == BOARD_ITEM_OPENED)
        item = ((const struct item_opened *)event)->item;
    else if (event != NULL && frame->tag == STAGE_STAGE_SETTLED)
        item = ((const struct stage_settled *)event)->layout.item;
    arena_finish(&arena);
    return item;
}

static void on_message(struct bot *bot, const struct frame *frame) {
    if (frame->form != FRAME_EVENT || frame->tag != scene.waited_for)
        return;
    uint32_t item = apply(frame);
    if (item == 0 || item > ITEMS)
        return;
    verify(bot->index, item);
    scene.item = item;
    scene.there++;
    if (scene.sample_count < ROUNDS * PEOPLE)
        scene.samples[scene.sample_count++] = (double)(monotonic_us() - scene.begin_us) / 1000;
}

/* Each for itself, over HTTP. */
static bool prefetch(const struct staff *staff) {
    struct http_client http;
    struct http_response response;
    char path[IMAGE_PATH_MAX];
    bool fetched = true;
    for (unsigned person = 0; fetched && person < PEOPLE; person++) {
        http_client_init(&http, &staff->address);
        http.bearer = staff->people[person].token;
        for (unsigned i = 0; fetched && i < ITEMS * SHOWN; i++) {
            uint8_t *bytes = malloc(IMAGE_BYTES);
            assert(bytes != NULL);
            image_path(path, i / SHOWN, 1 + i % SHOWN);
            fetched = http_client_request(&http, "GET", path, NULL, NULL, 0, &response) &&
                      response.status == 200 && response.body_length == IMAGE_BYTES;
            if (fetched)
                memcpy(bytes, response.body, IMAGE_BYTES);
            scene.bytes[person][i / SHOWN][i % SHOWN] = bytes;
        }
        http_client_finish(&http);
    }
    return fetched;
}

static void say_as_chair(struct bots *bots, struct encoded command) {
    assert(command.fields.bytes != NULL);
    client_session_command(client_session_of(bots->list[CHAIR].client), BOT_CHANNEL, command);
}

static void open_other_item(struct bots *bots, struct arena *arena) {
    struct open_item open = {
        .command_id = fresh_id(), .item = scene.item, .next = scene.item == 1 ? 2 : 1};
    say_as_chair(bots, open_item_encode(arena, &open));
}

static void take_floor(struct bots *bots, struct arena *arena) {
    struct request_floor request = {.command_id = fresh_id(), .item = scene.item};
    say_as_chair(bots, request_floor_encode(arena, &request));
}

static void recall_view(struct bots *bots, struct arena *arena) {
    struct viewport viewports[SHOWN] = {0};
    char uids[SHOWN][65];
    for (unsigned i = 0; i < SHOWN; i++) {
        image_uid(uids[i], scene.item - 1, i + 1);
        viewports[i] = (struct viewport){
            .display_set = TEXT("ct"),
            .has_image = true,
            .image = {.sop_instance_uid = {(uint32_t)strlen(uids[i]), uids[i]}, .frame = 1},
            .shown = 256,
            .overlays = true,
            .aspect = 1};
    }
    struct settle_stage settle = {.command_id = fresh_id(),
                                  .layout = {.item = scene.item,
                                             .rows = 1,
                                             .columns = SHOWN,
                                             .viewports = {SHOWN, viewports},
                                             .has_saved_view = true,
                                             .saved_view = fresh_id()}};
    say_as_chair(bots, settle_stage_encode(arena, &settle));
}

/* ROUNDS times; the 95th percentile of everybody's waits. Negative when somebody did not get it. */
static double measure(struct bots *bots, uint8_t tag,
                      void (*begin)(struct bots *bots, struct arena *arena)) {
    unsigned rounds = figure_is_quick() ? 4 : ROUNDS;
    scene.sample_count = scene.wrong = 0;
    scene.waited_for = tag;
    for (unsigned round = 0; round < rounds; round++) {
        struct arena arena;
        arena_init(&arena, COMMAND_BYTES);
        scene.there = 0;
        scene.begin_us = monotonic_us();
        begin(bots, &arena);
        arena_finish(&arena);
        while (scene.there < PEOPLE && monotonic_us() - scene.begin_us < LIMIT_MS * 1000)
            bots_turn(bots, 1);
        if (scene.there < PEOPLE || scene.wrong > 0) {
            fprintf(stderr, "%u of %d were there, %u images were wrong\n", scene.there, PEOPLE,
                    scene.wrong);
            return -1;
        }
        bots_run(bots, PAUSE_MS);
    }
    median(scene.samples, scene.sample_count); /* sorts */
    return percentile(scene.samples, scene.sample_count, 0.95);
}

static void print(const char *name, double value, double bar) {
    figure_print(&(struct figure){
        .name = name,
        .unit = "ms, 95th percentile",
        .value = value >= 0 ? value : 1e6,
        .reference = "one person verifying the bytes of three images",
        .reference_value = scene.verify_ms,
        .kind = BAR_AT_MOST,
        .bar = bar,
        .runs = figure_is_quick() ? 4 : ROUNDS,
        .circumstances = "12 people on one loop: the last waits for the verifying of the others"});
}

/* A second item: the case of number 1. */
static bool add_second_item(const struct staff *staff) {
    struct conversation chair;
    struct arena arena;
    struct add_item add = {.command_id = fresh_id(), .patient_case = staff_case_id(1)};
    arena_init(&arena, COMMAND_BYTES);
    bool added =
        staff_make_cases(staff, 1, 1) &&
        conversation_begin(&chair, &staff->address, staff->people[CHAIR].token, "chair") &&
        conversation_open(&chair, BOT_CHANNEL, CHANNEL_KIND_BOARD, staff_board_id(0)) &&
        conversation_say(&chair, BOT_CHANNEL, add_item_encode(&arena, &add), NULL) == REFUSAL_NONE;
    arena_finish(&arena);
    conversation_end(&chair);
    return added;
}

static void measure_both(struct bots *bots) {
    struct arena arena;
    bots_run(bots, 500);
    scene.item = 1;
    print("prefetched case opened for 12 people: state applied, bytes verified",
          measure(bots, BOARD_ITEM_OPENED, open_other_item), open_max_ms);
    arena_init(&arena, COMMAND_BYTES);
    take_floor(bots, &arena);
    arena_finish(&arena);
    bots_run(bots, 500);
    print("saved view recalled for 12 people: state applied, bytes verified",
          measure(bots, STAGE_STAGE_SETTLED, recall_view), recall_max_ms);
}

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots = {0};
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_boards(&staff, 0, 1) &&
                 add_second_item(&staff) && images_upload(&staff, 0, SHOWN) &&
                 images_upload(&staff, 1, SHOWN) && prefetch(&staff);
    struct bots_plan plan = {.staff = &staff,
                             .count = PEOPLE,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message};
    ready = ready && bots_init(&bots, &plan) && bots_all_open(&bots, 30000);
    if (ready)
        measure_both(&bots);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
