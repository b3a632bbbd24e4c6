/* links: server */
/* What is made for answers has a bound for all of them together, and gives its space back. */
#include "server/dicomweb/wado_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void answers_share_the_space_and_the_next_is_told_that_it_is_busy(void **state) {
    (void)state;
    struct wado_made made = {0};
    struct wado_make makes[4] = {0};
    struct wado_part frame = {.origin = ORIGIN_SAMPLES, .length = WADO_DECODED_MAX};
    assert_true(wado_make_reserve(&makes[0], &made, &frame));
    assert_true(wado_make_reserve(&makes[1], &made, &frame));
    assert_false(wado_make_reserve(&makes[2], &made, &frame));
    assert_true(made.reserved <= WADO_MADE_MAX);
    wado_make_finish(&makes[2]);
    wado_make_finish(&makes[0]);
    assert_true(wado_make_reserve(&makes[3], &made, &frame));
    wado_make_finish(&makes[3]);
    wado_make_finish(&makes[1]);
    assert_int_equal(made.reserved, 0);
}

static void what_is_stored_needs_none(void **state) {
    (void)state;
    struct wado_made made = {.reserved = WADO_MADE_MAX};
    struct wado_make make = {0};
    struct wado_part file = {.origin = ORIGIN_STORED, .length = (uint64_t)4 << 30};
    struct wado_part picture = {.origin = ORIGIN_PICTURE};
    assert_true(wado_make_reserve(&make, &made, &file));
    wado_make_finish(&make);
    assert_false(wado_make_reserve(&make, &made, &picture));
    assert_int_equal(made.reserved, WADO_MADE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_share_the_space_and_the_next_is_told_that_it_is_busy),
        cmocka_unit_test(what_is_stored_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
