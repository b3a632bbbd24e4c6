/* links: server_process consilium; timeout: 150 */
/*
 * A server that is told to stop: it takes nobody new, says to each session when to come back, each
 * at a time of its own, answers what it was asked, and ends with status 0.
 */
#include "server/node/node.h"
#include "tests/support/authors.h"
#include "tests/support/patience.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 3, CASES = 3, AUTHORS = 60, DRAIN_MS = 20000, READY_MS = 20000, FAILED_MS = 15000 };

static void a_drained_server_has_told_everybody_when_to_come_back(void **state) {
    struct staff staff;
    struct authors authors;
    unsigned lost, doubled, rows;
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES));
    assert_true(authors_init(&authors, &staff, AUTHORS, 0, CASES));
    authors_run(&authors, 1500);
    server_process_signal(server, SIGTERM);
    for (int waited_ms = 0; waited_ms < DRAIN_MS && server_process_runs(server); waited_ms += 20)
        authors_run(&authors, 20);
    assert_false(server_process_runs(server));
    for (unsigned i = 0; i < AUTHORS; i++) {
        assert_true(authors.bots.list[i].losses > 0);
        assert_int_equal(authors.bots.list[i].first_code, CLOSE_DRAINING);
    }
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    assert_true(authors_settle(&authors, READY_MS));
    assert_true(
        authors_check_record(&authors, server_process_database(server), &lost, &doubled, &rows));
    assert_int_equal(lost + doubled, 0);
    assert_int_equal(authors_who_heard_otherwise(&authors), 0);
    authors_finish(&authors);
    staff_finish(&staff);
    server_process_end(server);
}

static void a_draining_server_ends_with_status_zero_and_its_database(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_int_not_equal(server_process_postmaster(server), 0);
    assert_int_equal(server_process_finish(server, DRAIN_MS), 0);
    assert_int_equal(server_process_postmaster(server), 0);
    server_process_end(server);
}

/* The last resort comes after 25 s. */
static void a_start_that_fails_late_ends_at_once(void **state) {
    (void)state;
    char path[512], aside[520];
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_int_equal(server_process_finish(server, DRAIN_MS), 0);
    snprintf(path, sizeof path, "%s/blobs", server_process_data(server));
    snprintf(aside, sizeof aside, "%s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    FILE *in_its_place = fopen(path, "w");
    assert_non_null(in_its_place);
    fclose(in_its_place);
    assert_true(server_process_launch(server));
    struct patience patience = patience_of(FAILED_MS);
    while (server_process_runs(server) && patience_lasts(&patience)) {
    }
    assert_false(server_process_runs(server));
    assert_int_equal(server_process_postmaster(server), 0);
    server_process_end(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drained_server_has_told_everybody_when_to_come_back),
        cmocka_unit_test(a_draining_server_ends_with_status_zero_and_its_database),
        cmocka_unit_test(a_start_that_fails_late_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
