/* links: server_process namespaces simulation_world wire consilium m; timeout: 120 */
/*
 * A meeting over a hospital's guest network: 150 ms each way with 50 ms of jitter, 5 % lost, some
 * reordered, 1 Mbit/s; then nothing passes for seconds, once while the server itself is killed and
 * started again. Clients over TLS in one network namespace, the server in the other. In the end
 * everybody holds the same stage, every pointer is where it was put last, and what people were told
 * is safe is there, once.
 */
#include "protocol/generated/board.h"
#include "tests/simulation/mirror.h"
#include "tests/support/authors.h"
#include "tests/support/namespaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PEOPLE = 4,
    AUTHORS = 6,
    CASES = 2,
    BOARD = 7,
    READY_MS = 20000,
    OPEN_MS = 20000, /* two TLS handshakes each, where every twentieth packet is lost */
    TALK_MS = 2500,  /* of each of the three spells of talking */
    CUT_MS = 3000,
    SETTLE_MS = 20000,
    STEP_MS = 10,
    POINT_EVERY_MS = 40,
    READ_BYTES = 8 << 20,
};

static const char *const line[] = {"--seed", "5",      "--delay", "150",       "--jitter",
                                   "50",     "--loss", "5",       "--reorder", "2",
                                   "--rate", "1000",   "--queue", "200",       NULL};

struct scene {
    const char *cannot; /* why there is no such line here */
    struct namespaces namespaces;
    struct server_process *server;
    struct staff near;      /* beside the server */
    struct staff far;       /* the same people behind the line */
    struct authors authors; /* who write */
    struct bots board;      /* who look at one stage */
    struct mirror mirrors[PEOPLE];
    bool asked[PEOPLE]; /* for a handle */
    uint32_t item;
    float step;
    int64_t point_at_ms;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The stage */

static unsigned person_of(const struct bots *bots, unsigned index) {
    return index % bots->plan.staff->count;
}

static struct uuid board_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_board_id(BOARD);
}

static struct scene *scene_of(struct bot *bot) {
    return bot->bots->plan.data;
}

static void on_board_opened(struct bot *bot, const struct channel_opened *opened) {
    (void)opened;
    mirror_forget_ephemera(&scene_of(bot)->mirrors[bot->index]);
    scene_of(bot)->asked[bot->index] = false;
    bot->handle = 0;
}

static void on_board_message(struct bot *bot, const struct frame *frame) {
    struct mirror *mirror = &scene_of(bot)->mirrors[bot->index];
    struct arena arena;
    arena_init(&arena, READ_BYTES);
    struct reader reader = reader_of(frame->fields);
    const void *message = board_decode_down(frame->tag, &reader, &arena);
    assert_non_null(message);
    if (frame->tag == BOARD_BOARD_SNAPSHOT) {
        mirror_snapshot(mirror, &((const struct board_snapshot *)message)->stage);
    } else if (frame->tag == STAGE_EPHEMERA) {
        mirror_ephemera(mirror, message);
    } else if (frame->tag == STAGE_FLOOR_CHANGED) {
        mirror_floor(mirror, &((const struct floor_changed *)message)->floor);
    } else if (frame->tag == STAGE_STAGE_SETTLED) {
        mirror_settled(mirror, message);
    }
    arena_finish(&arena);
}

static bool init_board(struct bots *bots, struct scene *scene, unsigned count) {
    struct bots_plan plan = {.staff = &scene->far,
                             .count = count,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_board_message,
                             .opened = on_board_opened,
                             .data = scene};
    return bots_init(bots, &plan);
}

static void ask_for_the_floor(struct scene *scene) {
    struct arena arena;
    struct bot *bot = &scene->board.list[0];
    struct request_floor ask = {.command_id = fresh_id(), .item = scene->mirrors[0].layout.item};
    arena_init(&arena, READ_BYTES);
    client_session_command(client_session_of(bot->client), BOT_CHANNEL,
                           request_floor_encode(&arena, &ask));
    arena_finish(&arena);
}

/* The whole stage each time: what is lost of it is made good by what comes next. */
static void move_stage(struct scene *scene) {
    struct arena arena;
    struct viewport viewport = {.display_set = TEXT("ds-1"),
                                .center = {(double)scene->step, 1, 2},
                                .shown = 100,
                                .overlays = true,
                                .aspect = 1};
    struct set_layout set = {.layout = {.item = scene->mirrors[0].layout.item,
                                        .rows = 1,
                                        .columns = 1,
                                        .viewports = {1, &viewport}}};
    arena_init(&arena, READ_BYTES);
    client_session_signal(client_session_of(scene->board.list[0].client), BOT_CHANNEL,
                          set_layout_encode(&arena, &set));
    arena_finish(&arena);
}

static void point(struct scene *scene) {
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct bot *bot = &scene->board.list[i];
        if (bot->open && !scene->asked[i]) {
            scene->asked[i] = true;
            bot_begin_pointing(bot, staff_case_id(BOARD));
        } else if (bot->open && bot->handle != 0) {
            bot_point(bot, scene->step, (float)i, 1);
        }
    }
}

/* Time passes */

static void turn(struct scene *scene) {
    bots_turn(&scene->board, 0);
    authors_run(&scene->authors, STEP_MS);
}

static void act(struct scene *scene) {
    if (now_ms() >= scene->point_at_ms) {
        scene->point_at_ms = now_ms() + POINT_EVERY_MS;
        scene->step += 1;
        point(scene);
        if (scene->board.list[0].open)
            move_stage(scene);
    }
    turn(scene);
}

static void talk(struct scene *scene, int duration_ms) {
    for (int64_t end = now_ms() + duration_ms; now_ms() < end;)
        act(scene);
}

/* Where do they see pointer and viewport of the last step? */
static bool sees_the_end(const struct scene *scene, const struct mirror *mirror) {
    unsigned there = 0;
    for (size_t i = 0; i < mirror->pointer_count; i++)
        there += mirror->pointers[i].x == scene->step;
    const struct viewport_list *viewports = &mirror->layout.viewports;
    return there == PEOPLE && viewports->count == 1 &&
           viewports->items[0].center.x == (double)scene->step;
}

static bool all_see_the_end(const struct scene *scene) {
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (!sees_the_end(scene, &scene->mirrors[i]))
            return false;
    }
    return true;
}

static bool all_hold_a_handle(const struct scene *scene) {
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (scene->board.list[i].handle == 0 || !scene->board.list[i].open)
            return false;
    }
    return true;
}

/* What is put somewhere last is sent once, and again only by those who had to come back. */
static bool settle_stage(struct scene *scene) {
    uint64_t sent_when = UINT64_MAX; /* so many channels had been opened */
    scene->step += 1;
    for (int64_t end = now_ms() + SETTLE_MS; now_ms() < end;) {
        uint64_t opened = 0;
        for (unsigned i = 0; i < PEOPLE; i++)
            opened += scene->board.list[i].opened;
        if (opened != sent_when && all_hold_a_handle(scene)) {
            sent_when = opened;
            move_stage(scene);
            point(scene);
        } else if (!all_hold_a_handle(scene)) {
            point(scene); /* asks for one */
        }
        if (all_see_the_end(scene))
            return true;
        turn(scene);
    }
    return false;
}

/* What one mirror holds, as another is compared with it. */
static struct stage_state state_of(struct mirror *mirror) {
    return (struct stage_state){
        .layout = mirror->layout,
        .floor = mirror->floor,
        .quiet = mirror->quiet,
        .participants = {(uint32_t)mirror->participant_count, mirror->participants},
        .pointers = {(uint32_t)mirror->pointer_count, mirror->pointers}};
}

static const char *differs_from_newcomer(struct scene *scene, struct mirror *newcomer) {
    struct stage_state truth = state_of(newcomer);
    const char *differs = newcomer->known ? NULL : "is not there yet";
    for (unsigned i = 0; i < PEOPLE && differs == NULL; i++)
        differs = mirror_differs(&scene->mirrors[i], &truth);
    return differs;
}

/* Somebody who comes now is shown the stage afresh: that is the truth for the others. */
static void check_stage(struct scene *scene) {
    static struct scene fresh;
    const char *differs = "nobody came";
    fresh.far = scene->far;
    mirror_init(&fresh.mirrors[0]);
    assert_true(init_board(&fresh.board, &fresh, 1));
    for (int64_t end = now_ms() + SETTLE_MS; now_ms() < end && differs != NULL;) {
        bots_turn(&fresh.board, 0);
        turn(scene);
        differs = differs_from_newcomer(scene, &fresh.mirrors[0]);
    }
    if (differs != NULL)
        fail_msg("somebody %s", differs);
    bots_finish(&fresh.board);
    mirror_finish(&fresh.mirrors[0]);
}

static void check_words(struct scene *scene) {
    unsigned lost, doubled, rows;
    struct authors *authors = &scene->authors;
    assert_true(authors_settle(authors, SETTLE_MS));
    assert_true(authors_check_record(authors, server_process_database(scene->server), &lost,
                                     &doubled, &rows));
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
    assert_int_equal(rows, authors->count);
    assert_int_equal(authors_who_heard_otherwise(authors), 0);
    for (unsigned i = 0; i < AUTHORS; i++) {
        const struct bot *bot = &authors->bots.list[i];
        assert_true(bot->opened >= 2);
        assert_int_equal(bot->snapshots, 1); /* the first; after that only what was missed */
    }
    print_message("%u messages, %u of them refused for a while, all there once\n", rows,
                  authors->refused);
}

/* Nothing passes, and meanwhile the server dies and comes back. */
static void cut_and_kill(struct scene *scene) {
    int64_t end = now_ms() + CUT_MS;
    namespaces_cut(&scene->namespaces);
    server_process_kill(scene->server);
    assert_null(namespaces_enter(&scene->namespaces, 1));
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    assert_null(namespaces_enter(&scene->namespaces, 0));
    while (now_ms() < end)
        act(scene);
    namespaces_mend(&scene->namespaces);
}

static bool everybody_comes(struct scene *scene) {
    for (int64_t end = now_ms() + OPEN_MS; now_ms() < end;) {
        turn(scene);
        if (scene->board.open == PEOPLE && scene->authors.bots.open == AUTHORS)
            return true;
    }
    return false;
}

static void a_meeting_over_a_bad_line_ends_the_same_for_everybody(void **state) {
    struct scene *scene = *state;
    if (scene->cannot != NULL) {
        fprintf(stderr, "SKIPPED: %s\n", scene->cannot);
        skip();
    }
    int64_t began = now_ms();
    assert_true(everybody_comes(scene));
    print_message("everybody there after %d ms\n", (int)(now_ms() - began));
    ask_for_the_floor(scene);
    talk(scene, TALK_MS);
    namespaces_cut(&scene->namespaces);
    talk(scene, CUT_MS);
    namespaces_mend(&scene->namespaces);
    talk(scene, TALK_MS);
    cut_and_kill(scene);
    talk(scene, TALK_MS);
    int64_t ended = now_ms();
    assert_true(settle_stage(scene));
    int64_t settled = now_ms();
    check_stage(scene);
    check_words(scene);
    print_message("the last stage arrived in %d ms; %d ms in all\n", (int)(settled - ended),
                  (int)(now_ms() - began));
}

static bool go_far(struct scene *scene) {
    char url[64];
    const char *reason;
    scene->far = scene->near;
    snprintf(url, sizeof url, "https://10.77.0.2:%u", server_process_port(scene->server));
    bool known = server_address_init(&scene->far.address, url, NULL, &reason);
    if (known)
        server_address_trust_all(&scene->far.address); /* its certificate is for loopback */
    return known && namespaces_enter(&scene->namespaces, 0) == NULL;
}

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {
        .program = CONSILIUM_PATH, .tls = true, .arguments = {"--listen", "0.0.0.0"}};
    *state = &scene;
    for (unsigned i = 0; i < PEOPLE; i++)
        mirror_init(&scene.mirrors[i]);
    /* PostgreSQL becomes another user, whom a user namespace of one would not have. */
    scene.cannot = geteuid() == 0 ? namespaces_prepare() : "only root may make the two sides";
    if (scene.cannot == NULL)
        scene.cannot = namespaces_begin(&scene.namespaces, WIRE_PATH, line, NULL);
    if (scene.cannot == NULL)
        scene.cannot = namespaces_enter(&scene.namespaces, 1);
    if (scene.cannot != NULL)
        return 0;
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.near, scene.server, PEOPLE) &&
                   staff_make_cases(&scene.near, 0, CASES) &&
                   staff_make_boards(&scene.near, BOARD, 1) && go_far(&scene) &&
                   init_board(&scene.board, &scene, PEOPLE) &&
                   authors_init(&scene.authors, &scene.far, AUTHORS, 0, CASES)
               ? 0
               : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    char counts[512];
    if (scene->cannot == NULL) {
        authors_finish(&scene->authors);
        bots_finish(&scene->board);
        server_address_finish(&scene->far.address);
        staff_finish(&scene->near);
        server_process_end(scene->server);
        namespaces_end(&scene->namespaces, counts);
        print_message("%s", counts);
    }
    for (unsigned i = 0; i < PEOPLE; i++)
        mirror_finish(&scene->mirrors[i]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_meeting_over_a_bad_line_ends_the_same_for_everybody,
                                        open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
