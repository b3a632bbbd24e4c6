/* links: imaging */
/* The account of memory that answers about images take: who is granted, who waits, who is told that
 * it is busy, and that its bound holds whatever happens. */
#include "server/imaging/imaging_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOUND 1000u
#define WAIT_MS 150u

struct asker {
    struct memory_claim claim; // first, so that one is the other
    unsigned granted, refused;
};

static uv_loop_t loop;
static struct imaging_memory *memory;

static void on_granted(struct memory_claim *claim, bool granted) {
    struct asker *asker = (struct asker *)claim;
    asker->granted += granted;
    asker->refused += !granted;
}

static enum memory_answer ask(struct asker *asker, uint64_t bytes, bool large) {
    memset(asker, 0, sizeof *asker);
    asker->claim.granted = on_granted;
    return imaging_memory_claim(memory, &asker->claim, bytes, large);
}

static int begin(void **state) {
    (void)state;
    uv_loop_init(&loop);
    memory = imaging_memory_create(&loop, BOUND, WAIT_MS);
    return memory ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    if (memory) {
        assert_int_equal(imaging_memory_count(memory).bytes, 0);
        imaging_memory_close(memory, NULL, NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void beyond_the_bound_claims_wait_and_are_granted_in_their_order(void **state) {
    (void)state;
    struct asker first, second, third, fourth;
    assert_int_equal(ask(&first, 400, true), MEMORY_GRANTED);
    assert_int_equal(ask(&second, 350, true), MEMORY_GRANTED);
    assert_int_equal(ask(&third, 500, true), MEMORY_WAITS);
    assert_int_equal(ask(&fourth, 1, true), MEMORY_WAITS); // not before the third
    imaging_memory_return(&second.claim);
    assert_int_equal(third.granted + fourth.granted, 0);
    imaging_memory_return(&first.claim);
    assert_int_equal(third.granted, 1);
    assert_int_equal(fourth.granted, 1);
    imaging_memory_return(&third.claim);
    imaging_memory_return(&fourth.claim);
    assert_int_equal(imaging_memory_count(memory).most, 750);
}

static void small_claims_do_not_wait_behind_large_ones(void **state) {
    (void)state;
    struct asker large, waits, small[4];
    assert_int_equal(ask(&large, 750, true), MEMORY_GRANTED);
    assert_int_equal(ask(&waits, 100, true), MEMORY_WAITS); // a quarter is not theirs
    assert_int_equal(ask(&small[0], 125, false), MEMORY_GRANTED);
    assert_int_equal(ask(&small[1], 125, false), MEMORY_GRANTED);
    assert_int_equal(ask(&small[2], 1, false), MEMORY_WAITS);
    imaging_memory_return(&small[0].claim);
    assert_int_equal(small[2].granted, 1);
    imaging_memory_return(&small[1].claim);
    imaging_memory_return(&small[2].claim);
    imaging_memory_return(&waits.claim); // leaves the line
    imaging_memory_return(&large.claim);
    assert_int_equal(waits.granted + waits.refused, 0);
}

static void one_that_is_larger_than_the_bound_has_its_turn_alone(void **state) {
    (void)state;
    struct asker some, huge, next, small;
    assert_int_equal(ask(&some, 10, true), MEMORY_GRANTED);
    assert_int_equal(ask(&huge, 5000, true), MEMORY_WAITS);
    imaging_memory_return(&some.claim);
    assert_int_equal(huge.granted, 1);
    assert_int_equal(ask(&next, 10, true), MEMORY_WAITS);
    assert_int_equal(ask(&small, 250, false), MEMORY_GRANTED); // a quarter is theirs, always
    imaging_memory_return(&small.claim);
    imaging_memory_resize(&huge.claim, 20); // it was less
    assert_int_equal(next.granted, 1);
    imaging_memory_return(&huge.claim);
    imaging_memory_return(&next.claim);
}

static void who_waits_too_long_is_told_so(void **state) {
    (void)state;
    struct asker holds, waits;
    assert_int_equal(ask(&holds, 700, true), MEMORY_GRANTED);
    assert_int_equal(ask(&waits, 700, true), MEMORY_WAITS);
    uint64_t begun = uv_hrtime();
    uv_run(&loop, UV_RUN_DEFAULT); // until the timer rests
    assert_int_equal(waits.refused, 1);
    assert_true(uv_hrtime() - begun >= (uint64_t)(WAIT_MS - 1) * 1000000);
    assert_int_equal(imaging_memory_count(memory).turned_away, 1);
    imaging_memory_return(&waits.claim); // without effect
    imaging_memory_return(&holds.claim);
}

static void who_comes_on_top_of_a_full_line_is_told_that_it_is_busy(void **state) {
    (void)state;
    static struct asker waiting[IMAGING_MEMORY_LINE_MAX];
    struct asker holds, more;
    assert_int_equal(ask(&holds, 700, true), MEMORY_GRANTED);
    for (size_t i = 0; i < IMAGING_MEMORY_LINE_MAX; i++) {
        assert_int_equal(ask(&waiting[i], 100, true), MEMORY_WAITS);
    }
    assert_int_equal(ask(&more, 100, true), MEMORY_BUSY);
    imaging_memory_return(&holds.claim);
    for (size_t i = 0; i < IMAGING_MEMORY_LINE_MAX; i++) {
        assert_true(imaging_memory_count(memory).bytes <= BOUND);
        assert_int_equal(waiting[i].granted, 1);
        imaging_memory_return(&waiting[i].claim);
    }
}

static void what_is_handed_on_counts_until_it_is_dropped(void **state) {
    (void)state;
    struct asker sent, next;
    assert_int_equal(ask(&sent, 700, true), MEMORY_GRANTED);
    struct memory_claim *further = imaging_memory_hand_on(&sent.claim, 600);
    assert_non_null(further);
    assert_int_equal(imaging_memory_count(memory).bytes, 700);
    imaging_memory_return(&sent.claim);
    assert_int_equal(imaging_memory_count(memory).bytes, 600);
    assert_int_equal(ask(&next, 700, true), MEMORY_WAITS);
    imaging_memory_drop(further);
    assert_int_equal(next.granted, 1);
    imaging_memory_return(&next.claim);
    assert_null(imaging_memory_hand_on(&next.claim, 1));
}

static void an_account_that_ends_tells_who_waits_and_lets_the_others_finish(void **state) {
    (void)state;
    struct asker holds, waits;
    assert_int_equal(ask(&holds, 700, true), MEMORY_GRANTED);
    assert_int_equal(ask(&waits, 700, true), MEMORY_WAITS);
    imaging_memory_stop(memory);
    assert_int_equal(waits.refused, 1);
    assert_int_equal(ask(&waits, 1, false), MEMORY_BUSY);
    imaging_memory_close(memory, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    imaging_memory_return(&holds.claim); // the last one frees it
    memory = NULL;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(beyond_the_bound_claims_wait_and_are_granted_in_their_order),
        TEST(small_claims_do_not_wait_behind_large_ones),
        TEST(one_that_is_larger_than_the_bound_has_its_turn_alone),
        TEST(who_waits_too_long_is_told_so),
        TEST(who_comes_on_top_of_a_full_line_is_told_that_it_is_busy),
        TEST(what_is_handed_on_counts_until_it_is_dropped),
        TEST(an_account_that_ends_tells_who_waits_and_lets_the_others_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
