/* links: server_process consilium; timeout: 150 */
/*
 * The server and its database are killed at moments nobody chose, while people write. What they
 * were told is safe is there, once, and everybody heard the same. A long run
 * (CONSILIUM_TEST_LONG) kills them hundreds of times: some of those moments are rare ones.
 */
#include "tests/support/authors.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PEOPLE = 3,
    CASES = 8, /* a case takes 10,000 messages, and a long run writes tens of thousands */
    AUTHORS = 24,
    KILLS = 3,
    SERVER_KILLS_LONG = 200,
    POSTGRES_KILLS_LONG = 50,
    CHECK_EVERY = 25, /* kills: a loss is then known to be of one of the last */
    READY_MS = 20000,
    SETTLE_MS = 30000,
};

struct scene {
    struct server_process *server;
    struct staff staff;
    struct authors authors;
};

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.staff, scene.server, PEOPLE) &&
                   staff_make_cases(&scene.staff, 0, CASES) &&
                   authors_init(&scene.authors, &scene.staff, AUTHORS, 0, CASES)
               ? 0
               : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    authors_finish(&scene->authors);
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

static int kills_wanted(int kills_long) {
    return getenv("CONSILIUM_TEST_LONG") != NULL ? kills_long : KILLS;
}

static int any_moment_ms(void) {
    return 100 + fresh_id().bytes[0] * 4;
}

static void check(struct scene *scene) {
    unsigned lost, doubled, rows;
    struct authors *authors = &scene->authors;
    assert_true(authors_settle(authors, SETTLE_MS));
    assert_true(authors_check_record(authors, server_process_database(scene->server), &lost,
                                     &doubled, &rows));
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
    assert_int_equal(rows, authors->count);
    assert_int_equal(authors_who_heard_otherwise(authors), 0);
    print_message("%u messages, %u of them refused for a while, all there once\n", rows,
                  authors->refused);
}

/* Of a long run, so that it is known how far one came that was stopped. */
static void check_now_and_then(struct scene *scene, int kills) {
    if (kills % CHECK_EVERY == 0) {
        print_message("%d kills: ", kills);
        check(scene);
    }
}

static void killing_the_server_loses_and_doubles_nothing(void **state) {
    struct scene *scene = *state;
    int kills = kills_wanted(SERVER_KILLS_LONG);
    for (int i = 1; i <= kills; i++) {
        authors_run(&scene->authors, any_moment_ms());
        server_process_kill(scene->server);
        authors_run(&scene->authors, 50);
        assert_true(server_process_launch(scene->server));
        assert_true(server_process_wait_ready(scene->server, READY_MS));
        check_now_and_then(scene, i);
    }
    check(scene);
}

static void killing_postgres_loses_and_doubles_nothing(void **state) {
    struct scene *scene = *state;
    pid_t server = server_process_id(scene->server);
    int kills = kills_wanted(POSTGRES_KILLS_LONG);
    for (int i = 1; i <= kills; i++) {
        authors_run(&scene->authors, any_moment_ms());
        pid_t postmaster = server_process_postmaster(scene->server);
        server_process_kill_postmaster(scene->server);
        for (pid_t next = postmaster; next == 0 || next == postmaster;
             next = server_process_postmaster(scene->server))
            authors_run(&scene->authors, 20);
        unsigned before = scene->authors.accepted;
        while (scene->authors.accepted < before + AUTHORS)
            authors_run(&scene->authors, 20);
        check_now_and_then(scene, i);
    }
    check(scene);
    assert_true(server_process_runs(scene->server));
    assert_int_equal(server_process_id(scene->server), server);
}

static void everybody_is_back_by_itself_with_what_was_missed(void **state) {
    struct scene *scene = *state;
    authors_run(&scene->authors, 1500);
    assert_int_equal(server_process_finish(scene->server, READY_MS), 0);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    check(scene);
    for (unsigned i = 0; i < AUTHORS; i++) {
        const struct bot *bot = &scene->authors.bots.list[i];
        assert_true(bot->opened >= 2);
        assert_int_equal(bot->snapshots, 1); /* the first; after that only what was missed */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killing_the_server_loses_and_doubles_nothing, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(killing_postgres_loses_and_doubles_nothing, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(everybody_is_back_by_itself_with_what_was_missed,
                                        open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
