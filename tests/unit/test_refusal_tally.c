/* links: server */
/* Many refusals of one sign-in are few rows, and none is forgotten. */
#include "server/audit/refusal_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

struct rows {
    unsigned count;
    long refusals;
    struct access last;
};

static void on_due(void *data, const struct access *row) {
    struct rows *rows = data;
    rows->count++;
    rows->refusals += strtol(row->object, NULL, 10);
    memcpy(&rows->last, row, sizeof rows->last);
}

static struct access refusal(uint64_t sign_in, uint8_t number) {
    struct access access;
    memset(&access, 0, sizeof access);
    access.sign_in = sign_in;
    access.action = ACCESS_IMAGES;
    access.result = ACCESS_REFUSED;
    access.patient_case.bytes[15] = number;
    return access;
}

static void the_first_ones_are_written_as_they_are_and_the_others_counted(void **state) {
    (void)state;
    struct refusal_tally *tally = refusal_tally_create();
    struct rows rows = {0};
    for (unsigned i = 0; i < 100; i++) {
        struct access access = refusal(7, (uint8_t)i);
        assert_int_equal(refusal_tally_take(tally, &access, i, on_due, &rows),
                         i < REFUSALS_IN_FULL);
    }
    refusal_tally_close(tally, (int64_t)(REFUSAL_WINDOW_S - 1) * SECOND, on_due, &rows);
    assert_int_equal(rows.count, 0);
    refusal_tally_close(tally, (int64_t)(REFUSAL_WINDOW_S + 1) * SECOND, on_due, &rows);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.refusals, 100 - REFUSALS_IN_FULL);
    assert_int_equal(rows.last.sign_in, 7);
    assert_int_equal(rows.last.result, ACCESS_REFUSED);
    assert_int_equal(rows.last.patient_case.bytes[15], 0);
    refusal_tally_close(tally, INT64_MAX, on_due, &rows);
    assert_int_equal(rows.count, 1);
    refusal_tally_destroy(tally);
}

static void a_new_quarter_of_an_hour_begins_anew(void **state) {
    (void)state;
    struct refusal_tally *tally = refusal_tally_create();
    struct rows rows = {0};
    struct access access = refusal(7, 1);
    for (unsigned i = 0; i < REFUSALS_IN_FULL + 3; i++)
        refusal_tally_take(tally, &access, 0, on_due, &rows);
    assert_true(
        refusal_tally_take(tally, &access, (int64_t)REFUSAL_WINDOW_S * SECOND, on_due, &rows));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.refusals, 3);
    refusal_tally_destroy(tally);
}

/* More sign-ins than there is space for: rows come early, and in all they say as many. */
static void however_many_are_refused_each_refusal_is_written_or_counted(void **state) {
    (void)state;
    enum { SIGN_INS = 3 * REFUSAL_TALLIES_MAX, EACH = 20 };
    struct refusal_tally *tally = refusal_tally_create();
    struct rows rows = {0};
    long written = 0;
    for (unsigned round = 0; round < EACH; round++) {
        for (uint64_t sign_in = 1; sign_in <= SIGN_INS; sign_in++) {
            struct access access = refusal(sign_in, (uint8_t)round);
            written += refusal_tally_take(tally, &access, round, on_due, &rows);
        }
    }
    refusal_tally_close(tally, INT64_MAX, on_due, &rows);
    assert_int_equal(written + rows.refusals, (long)SIGN_INS * EACH);
    refusal_tally_destroy(tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_ones_are_written_as_they_are_and_the_others_counted),
        cmocka_unit_test(a_new_quarter_of_an_hour_begins_anew),
        cmocka_unit_test(however_many_are_refused_each_refusal_is_written_or_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
