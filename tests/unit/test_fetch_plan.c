/* links: server */
#include "server/archives/fetch_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fetch_plan plan;

/* Series 1 has images 1.1 to 1.4, series 2 has 2.1 to 2.4. */
static int make_plan(void **state) {
    (void)state;
    memset(&plan, 0, sizeof plan);
    for (unsigned i = 8; i > 0; i--) {
        struct archive_instance instance;
        unsigned series = 1 + (i - 1) / 4;
        snprintf(instance.series_uid, sizeof instance.series_uid, "%u", series);
        snprintf(instance.sop_instance_uid, sizeof instance.sop_instance_uid, "%u.%u", series,
                 1 + (i - 1) % 4);
        if (!fetch_plan_add(&plan, &instance) || !fetch_plan_add(&plan, &instance))
            return -1;
    }
    fetch_plan_sort(&plan);
    return 0;
}

static int free_plan(void **state) {
    (void)state;
    fetch_plan_finish(&plan);
    return 0;
}

static void settle(const char *uid) {
    assert_true(fetch_plan_settle(&plan, uid, FETCH_STORED, ""));
}

static void asks(enum fetch_ask_kind kind, const char *series, const char *instance) {
    struct fetch_ask ask = fetch_plan_next(&plan);
    assert_int_equal(ask.kind, kind);
    if (kind >= FETCH_ASK_SERIES)
        assert_string_equal(ask.uids.series_uid, series);
    if (kind == FETCH_ASK_INSTANCE)
        assert_string_equal(ask.uids.sop_instance_uid, instance);
}

static void ended(const char *reason) {
    struct fetch_ask ask = fetch_plan_next(&plan);
    fetch_plan_asked(&plan, &ask, reason);
}

static void nothing_is_here_so_all_of_it_is_asked_for_at_once(void **state) {
    (void)state;
    assert_int_equal(plan.count, 8);
    asks(FETCH_ASK_STUDY, "", "");
    /* A connection that never came about changes nothing. */
    asks(FETCH_ASK_STUDY, "", "");
    assert_false(fetch_plan_settle(&plan, "9.9", FETCH_STORED, ""));
}

static void what_a_broken_line_left_is_asked_for_by_series_and_by_image(void **state) {
    (void)state;
    settle("1.1");
    settle("1.2");
    settle("1.3");
    ended(NULL);
    asks(FETCH_ASK_INSTANCE, "1", "1.4");
    settle("1.4");
    asks(FETCH_ASK_SERIES, "2", "");
    settle("2.1");
    ended(NULL);
    asks(FETCH_ASK_INSTANCE, "2", "2.2");
    ended(NULL); /* a line that broke for a single image: that one again */
    asks(FETCH_ASK_INSTANCE, "2", "2.2");
    settle("2.2");
    settle("2.3");
    settle("2.4");
    asks(FETCH_ASK_NOTHING, "", "");
    assert_int_equal(plan.tally[FETCH_STORED], 8);
}

static void an_archive_that_never_gives_an_image_does_not_hold_up_the_end(void **state) {
    (void)state;
    unsigned requests = 0;
    while (fetch_plan_next(&plan).kind != FETCH_ASK_NOTHING) {
        ended("not_found");
        requests++;
    }
    assert_int_equal(requests, 1 + 2 + 8);
    assert_int_equal(plan.tally[FETCH_REFUSED], 8);
    assert_string_equal(plan.all[0].reason, "not_found");
}

static void what_is_settled_stays_so(void **state) {
    (void)state;
    settle("2.4");
    assert_true(fetch_plan_settle(&plan, "2.4", FETCH_REFUSED, "malformed"));
    assert_int_equal(plan.tally[FETCH_REFUSED], 0);
    assert_int_equal(plan.tally[FETCH_PENDING], 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_here_so_all_of_it_is_asked_for_at_once,
                                        make_plan, free_plan),
        cmocka_unit_test_setup_teardown(what_a_broken_line_left_is_asked_for_by_series_and_by_image,
                                        make_plan, free_plan),
        cmocka_unit_test_setup_teardown(
            an_archive_that_never_gives_an_image_does_not_hold_up_the_end, make_plan, free_plan),
        cmocka_unit_test_setup_teardown(what_is_settled_stays_so, make_plan, free_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
