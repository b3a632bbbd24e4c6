/* links: server_process consilium; timeout: 180 */
/*
 * Two servers on one database. When one dies the other has its boards within seconds and loses
 * nothing; when one was only stopped and wakes up, what it still wants to write is refused by the
 * database, and it says so to whoever asked.
 */
#include "tests/support/authors.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PEOPLE = 3, CASES = 6, AUTHORS = 18, TAKE_OVER_MS = 15000, SETTLE_MS = 40000 };

struct scene {
    struct server_process *first, *second; /* the first brings the database */
    struct staff at_first, at_second;
};

static int open_scene(void **state) {
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    scene.first = server_process_start(&options);
    if (scene.first == NULL || !staff_hire(&scene.at_first, scene.first, PEOPLE) ||
        !staff_make_cases(&scene.at_first, 0, CASES))
        return -1;
    options.beside = scene.first;
    scene.second = server_process_start(&options);
    return scene.second != NULL ? 0 : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->at_first);
    staff_finish(&scene->at_second);
    server_process_end(scene->second);
    server_process_end(scene->first);
    return 0;
}

/* The second server takes over what the first no longer holds, and lets people in. */
static void go_to_second(struct scene *scene) {
    assert_true(server_process_wait_ready(scene->second, TAKE_OVER_MS));
    assert_true(staff_hire(&scene->at_second, scene->second, PEOPLE));
}

static void check(struct scene *scene, const struct authors *authors) {
    unsigned lost, doubled, rows;
    assert_true(authors_check_record(authors, server_process_database(scene->first), &lost,
                                     &doubled, &rows));
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
}

static void what_a_killed_server_owned_goes_on_at_the_other(void **state) {
    struct scene *scene = *state;
    struct authors before, after;
    assert_true(authors_init(&before, &scene->at_first, AUTHORS, 0, CASES));
    authors_run(&before, 1500);
    assert_true(before.accepted > 0);
    server_process_kill(scene->first);
    go_to_second(scene);
    check(scene, &before);
    assert_true(authors_init(&after, &scene->at_second, AUTHORS, 0, CASES));
    authors_run(&after, 3000);
    assert_true(authors_settle(&after, SETTLE_MS));
    check(scene, &before);
    check(scene, &after);
    assert_int_equal(authors_who_heard_otherwise(&after), 0);
    authors_finish(&before);
    authors_finish(&after);
}

static void a_server_that_slept_writes_nothing_stale(void **state) {
    struct scene *scene = *state;
    struct authors sleeper, other;
    assert_true(authors_init(&sleeper, &scene->at_first, AUTHORS, 0, CASES));
    authors_run(&sleeper, 1000);
    server_process_signal(scene->first, SIGSTOP);
    go_to_second(scene);
    assert_true(authors_init(&other, &scene->at_second, AUTHORS, 0, CASES));
    authors_run(&other, 3000);
    assert_true(authors_settle(&other, SETTLE_MS));
    server_process_signal(scene->first, SIGCONT);
    authors_run(&sleeper, 2000); /* it may not know yet; whatever it accepts must be so */
    authors_run(&other, 500);
    assert_true(authors_settle(&other, SETTLE_MS));
    check(scene, &sleeper);
    check(scene, &other);
    assert_int_equal(authors_who_heard_otherwise(&other), 0);
    authors_finish(&sleeper);
    authors_finish(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_killed_server_owned_goes_on_at_the_other, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_server_that_slept_writes_nothing_stale, open_scene,
                                        close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
