/* links: server */
/* What is made for answers has a bound for all of them together, and gives its space back. */
#include "server/dicomweb/wado_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The service, played: what was asked of it, until the test says that it is done. */
static struct {
    render_done done;
    void *data;
    struct render_wanted wanted;
} asked;

bool imaging_render(struct imaging_service *service, const struct render_wanted *wanted,
                    render_done done, void *data, struct imaging_render **ret_render) {
    (void)service;
    (void)ret_render;
    asked.done = done;
    asked.data = data;
    asked.wanted = *wanted;
    return true;
}

static unsigned made_parts;

static void on_made(void *data, enum imaging_read_result result, struct bytes bytes) {
    (void)data;
    assert_int_equal(result, IMAGING_READ_OK);
    assert_memory_equal(bytes.bytes, "abc", bytes.length);
    made_parts++;
}

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

/* Each has one under way, and the service takes IMAGING_ROWS_MAX of these: none is cut in the
 * middle because others came. */
static void
however_small_their_parts_no_more_answers_are_made_than_the_service_takes(void **state) {
    (void)state;
    struct wado_made made = {0};
    static struct wado_make makes[IMAGING_ROWS_MAX + 1];
    struct wado_part frame = {.origin = ORIGIN_SAMPLES, .length = 1};
    for (unsigned i = 0; i < IMAGING_ROWS_MAX; i++) {
        assert_true(wado_make_reserve(&makes[i], &made, &frame));
    }
    assert_false(wado_make_reserve(&makes[IMAGING_ROWS_MAX], &made, &frame));
    for (unsigned i = 0; i <= IMAGING_ROWS_MAX; i++) {
        wado_make_finish(&makes[i]);
    }
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

static const struct rendered picture_made = {.bytes = {3, (const uint8_t *)"abc"}};

static void a_part_is_there_until_it_is_dropped_and_the_next_has_its_place(void **state) {
    (void)state;
    struct wado_made made = {0};
    struct wado_make make = {0};
    struct wado_part frame = {.origin = ORIGIN_SAMPLES, .length = 3, .frame = 7};
    struct dicomweb_desk desk = {.made = &made};
    struct dicomweb_ask ask = {.desk = &desk, .about.masked = true};
    assert_true(wado_make_reserve(&make, &made, &frame));
    for (made_parts = 0; made_parts < 3;) {
        assert_true(wado_make_begin(&make, &ask, &frame, on_made, NULL));
        assert_true(asked.wanted.masked && asked.wanted.in_a_row);
        assert_int_equal(asked.wanted.frame, 7);
        assert_int_equal(asked.wanted.form, PICTURE_FORM_SAMPLES);
        asked.done(asked.data, IMAGING_READ_OK, &picture_made);
        wado_make_drop(&make);
    }
    wado_make_finish(&make);
    assert_int_equal(made.reserved, 0);
}

static void who_goes_away_holds_the_space_until_what_is_under_way_is_over(void **state) {
    (void)state;
    struct wado_made made = {0};
    struct wado_make make = {0};
    struct wado_part frame = {.origin = ORIGIN_SAMPLES, .length = 100};
    struct dicomweb_desk desk = {.made = &made};
    struct dicomweb_ask ask = {.desk = &desk};
    made_parts = 0;
    assert_true(wado_make_reserve(&make, &made, &frame));
    assert_true(wado_make_begin(&make, &ask, &frame, on_made, NULL));
    wado_make_finish(&make);
    assert_true(made.reserved > 0);
    memset(&make, 0xEE, sizeof make); // it is gone
    asked.done(asked.data, IMAGING_READ_OK, &picture_made);
    assert_int_equal(made.reserved, 0);
    assert_int_equal(made_parts, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_share_the_space_and_the_next_is_told_that_it_is_busy),
        cmocka_unit_test(however_small_their_parts_no_more_answers_are_made_than_the_service_takes),
        cmocka_unit_test(what_is_stored_needs_none),
        cmocka_unit_test(a_part_is_there_until_it_is_dropped_and_the_next_has_its_place),
        cmocka_unit_test(who_goes_away_holds_the_space_until_what_is_under_way_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
