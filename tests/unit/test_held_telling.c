/* links: imaging server */
/* When a case is told how much of it is held: what matters at once, a number alone now and then. */
#include "server/store/postgres.h"

static struct postgres_parameter made_value(const struct postgres_rows *rows, int row, int column);
#define postgres_value made_value
#include "server/imaging/imaging_held.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Columns of count_held: images and studies, then what was told and how long ago. */
static int64_t columns[6];

static struct postgres_parameter made_value(const struct postgres_rows *rows, int row, int column) {
    static struct binary_integer value;
    (void)rows;
    (void)row;
    value = binary_integer(columns[column]);
    return parameter_int8(&value);
}

/* Held are 5 images of 2 studies after version 7. */
static enum telling told(int64_t images, int64_t studies, int64_t version, int64_t ago_ms) {
    const struct held_work held = {.held = {.images = 5, .studies = 2, .version = 7}};
    columns[2] = images;
    columns[3] = studies;
    columns[4] = version;
    columns[5] = ago_ms;
    return what_to_tell(&held, NULL);
}

static void what_matters_is_told_at_once(void **state) {
    (void)state;
    assert_int_equal(told(0, 0, 0, -1), TELL_NOW);
    assert_int_equal(told(0, 0, 7, 1), TELL_NOW);
    assert_int_equal(told(5, 1, 7, 1), TELL_NOW);
    assert_int_equal(told(5, 2, 6, 1), TELL_NOW);
}

static void another_number_of_images_alone_is_told_now_and_then(void **state) {
    (void)state;
    assert_int_equal(told(4, 2, 7, 1), TELL_LATER);
    assert_int_equal(told(6, 2, 7, HELD_TELL_MS - 1), TELL_LATER);
    assert_int_equal(told(4, 2, 7, HELD_TELL_MS), TELL_NOW);
}

static void what_is_known_is_not_told_again(void **state) {
    (void)state;
    assert_int_equal(told(5, 2, 7, 1), TELL_NOTHING);
    assert_int_equal(told(5, 2, 7, 10 * HELD_TELL_MS), TELL_NOTHING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matters_is_told_at_once),
        cmocka_unit_test(another_number_of_images_alone_is_told_now_and_then),
        cmocka_unit_test(what_is_known_is_not_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
