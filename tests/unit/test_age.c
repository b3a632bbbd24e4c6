/* links: actors */
/* How old a patient is, for those who are not told when they were born. */
#include "actors/age.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY_US (INT64_C(24) * 3600 * 1000000)
/* Days from 1 January 1970 to midnight UTC. */
enum { DAY_2026_11_27 = 20784, DAY_2024_02_29 = 19782 };

static void assert_age(const char *birth_date, int64_t at, const char *expected) {
    struct arena arena;
    arena_init(&arena, 1024);
    struct text age = age_text(&arena, (struct text){(uint32_t)strlen(birth_date), birth_date}, at);
    assert_int_equal(age.length, strlen(expected));
    assert_memory_equal(age.bytes, expected, age.length);
    arena_finish(&arena);
}

static void whole_years_count_from_birthday_to_birthday(void **state) {
    (void)state;
    assert_age("1960-11-26", DAY_2026_11_27 * DAY_US, "066Y");
    assert_age("1960-11-27", DAY_2026_11_27 * DAY_US, "066Y");
    assert_age("1960-11-28", DAY_2026_11_27 * DAY_US, "065Y");
    assert_age("1960-11-28", (DAY_2026_11_27 + 1) * DAY_US - 1, "065Y");
    assert_age("1960-11-28", (DAY_2026_11_27 + 1) * DAY_US, "066Y");
    assert_age("1964-03-01", DAY_2024_02_29 * DAY_US, "059Y");
    assert_age("1964-02-29", DAY_2024_02_29 * DAY_US, "060Y");
    assert_age("1950-01-01", -DAY_US, "019Y"); /* on 31 December 1969 */
}

static void a_small_child_is_told_in_months(void **state) {
    (void)state;
    assert_age("2024-11-28", DAY_2026_11_27 * DAY_US, "023M");
    assert_age("2024-11-27", DAY_2026_11_27 * DAY_US, "002Y");
    assert_age("2026-11-27", DAY_2026_11_27 * DAY_US, "000M");
}

static void nobody_is_told_to_be_older_than_ninety(void **state) {
    (void)state;
    assert_age("1936-11-28", DAY_2026_11_27 * DAY_US, "089Y");
    assert_age("1936-11-27", DAY_2026_11_27 * DAY_US, "090Y");
    assert_age("1920-01-01", DAY_2026_11_27 * DAY_US, "090Y");
}

static void what_is_no_date_of_the_past_has_no_age(void **state) {
    (void)state;
    static const char *const others[] = {"",           "1960",       "1960-13-01",
                                         "1960-00-01", "1960-01-32", "1960/01/01",
                                         "1960-01-0x", "19600101",   "2026-11-28"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_age(others[i], DAY_2026_11_27 * DAY_US, "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_years_count_from_birthday_to_birthday),
        cmocka_unit_test(a_small_child_is_told_in_months),
        cmocka_unit_test(nobody_is_told_to_be_older_than_ninety),
        cmocka_unit_test(what_is_no_date_of_the_past_has_no_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
