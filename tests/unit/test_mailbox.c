/* links: actors */
/* The two lanes of a mailbox, and what a letter carries. */
#include "actors/runtime/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct letter letters[RUNTIME_MAILBOX_MAX + 1];

static struct letter *letter(uint32_t i) {
    letters[i] = (struct letter){.seq = i};
    return &letters[i];
}

static void letters_leave_in_the_order_they_came_across_both_lanes(void **unused) {
    (void)unused;
    struct mailbox mailbox = {0};
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(mailbox_push(&mailbox, letter(i), i % 3 == 0));
    }
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(mailbox_pop(&mailbox, true)->seq, i);
    }
    assert_null(mailbox_pop(&mailbox, true));
}

static void the_order_survives_the_counters_wrapping_around(void **unused) {
    (void)unused;
    struct mailbox mailbox = {.order = UINT32_MAX};
    mailbox_push(&mailbox, letter(0), true);
    mailbox_push(&mailbox, letter(1), false);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 0);
}

static void commands_stay_while_only_passing_letters_are_asked_for(void **unused) {
    (void)unused;
    struct mailbox mailbox = {0};
    mailbox_push(&mailbox, letter(0), true);
    mailbox_push(&mailbox, letter(1), false);
    assert_true(mailbox_has(&mailbox, false));
    assert_int_equal(mailbox_pop(&mailbox, false)->seq, 1);
    assert_false(mailbox_has(&mailbox, false));
    assert_null(mailbox_pop(&mailbox, false));
    assert_true(mailbox_has(&mailbox, true));
}

static void a_command_that_is_put_back_is_the_next_one(void **unused) {
    (void)unused;
    struct mailbox mailbox = {0};
    mailbox_push(&mailbox, letter(0), true);
    mailbox_push(&mailbox, letter(1), true);
    struct letter *first = mailbox_pop(&mailbox, true);
    mailbox_return(&mailbox, first);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 0);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 1);
    assert_int_equal(mailbox.count, 0);
}

static void a_full_mailbox_takes_no_more(void **unused) {
    (void)unused;
    struct mailbox mailbox = {0};
    for (uint32_t i = 0; i < RUNTIME_MAILBOX_MAX; i++) {
        assert_true(mailbox_push(&mailbox, letter(i), i % 2 == 0));
    }
    assert_false(mailbox_push(&mailbox, letter(RUNTIME_MAILBOX_MAX), true));
    mailbox_pop(&mailbox, false);
    assert_true(mailbox_push(&mailbox, letter(RUNTIME_MAILBOX_MAX), true));
}

static bool is_odd(const struct letter *candidate) {
    return candidate->seq % 2 == 1;
}

static void chosen_commands_are_taken_out_and_the_others_keep_their_order(void **unused) {
    (void)unused;
    struct mailbox mailbox = {0};
    for (uint32_t i = 0; i < 4; i++) {
        mailbox_push(&mailbox, letter(i), true);
    }
    assert_int_equal(mailbox_take(&mailbox, is_odd)->seq, 1);
    assert_int_equal(mailbox_take(&mailbox, is_odd)->seq, 3);
    assert_null(mailbox_take(&mailbox, is_odd));
    mailbox_push(&mailbox, letter(4), true);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 0);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 2);
    assert_int_equal(mailbox_pop(&mailbox, true)->seq, 4);
}

static void short_and_long_fields_come_out_as_they_went_in(void **unused) {
    (void)unused;
    uint8_t fields[2 * LETTER_INLINE_MAX];
    memset(fields, 7, sizeof fields);
    for (uint32_t length = 0; length <= sizeof fields; length++) {
        struct letter packed;
        assert_true(letter_pack(&packed, (struct bytes){length, fields}));
        assert_true(bytes_equal(letter_fields(&packed), (struct bytes){length, fields}));
        assert_int_equal(packed.packed.heap != NULL, length > LETTER_INLINE_MAX);
        free(packed.packed.heap);
    }
}

static void a_pool_gives_back_what_it_was_given(void **unused) {
    (void)unused;
    struct letter_pool pool = {0};
    struct letter *one = letter_pool_take(&pool);
    letter_pool_give(&pool, one);
    assert_ptr_equal(letter_pool_take(&pool), one);
    for (int i = 0; i < 1000; i++) {
        assert_non_null(letter_pool_take(&pool));
    }
    letter_pool_finish(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_leave_in_the_order_they_came_across_both_lanes),
        cmocka_unit_test(the_order_survives_the_counters_wrapping_around),
        cmocka_unit_test(commands_stay_while_only_passing_letters_are_asked_for),
        cmocka_unit_test(a_command_that_is_put_back_is_the_next_one),
        cmocka_unit_test(a_full_mailbox_takes_no_more),
        cmocka_unit_test(chosen_commands_are_taken_out_and_the_others_keep_their_order),
        cmocka_unit_test(short_and_long_fields_come_out_as_they_went_in),
        cmocka_unit_test(a_pool_gives_back_what_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
