/* links: wire_path */
#include "tests/support/wire/wire_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HELD_MAX = 4096, PACKET = 1250 };

static struct wire_path path_with(struct wire_conditions conditions) {
    struct wire_path path;
    if (conditions.queue_max == 0)
        conditions.queue_max = 1000;
    assert_true(wire_path_init(&path, &conditions, HELD_MAX));
    return path;
}

static void put_number(struct wire_path *path, int64_t now_us, uint32_t number) {
    uint8_t bytes[PACKET] = {0};
    memcpy(bytes, &number, sizeof(number));
    wire_path_put(path, now_us, bytes, sizeof(bytes));
}

static uint32_t number_of(const struct held_packet *packet) {
    uint32_t number;
    memcpy(&number, packet->bytes, sizeof(number));
    return number;
}

static void a_packet_comes_out_after_the_delay_and_not_before(void **state) {
    (void)state;
    struct wire_path path = path_with((struct wire_conditions){.delay_ms = 20});
    put_number(&path, 1000, 7);
    assert_int_equal(wire_path_due_us(&path), 21000);
    assert_null(wire_path_take(&path, 20999));
    const struct held_packet *packet = wire_path_take(&path, 21000);
    assert_non_null(packet);
    assert_int_equal(number_of(packet), 7);
    assert_int_equal(packet->length, PACKET);
    assert_null(wire_path_take(&path, INT64_MAX - 1));
    wire_path_finish(&path);
}

static void jitter_keeps_the_order(void **state) {
    (void)state;
    struct wire_path path =
        path_with((struct wire_conditions){.seed = 3, .delay_ms = 20, .jitter_ms = 15});
    int64_t least_us = INT64_MAX, most_us = 0;
    for (uint32_t i = 0; i < 1000; i++)
        put_number(&path, i * 1000, i);
    for (uint32_t i = 0; i < 1000; i++) {
        int64_t due_us = wire_path_due_us(&path);
        const struct held_packet *packet = wire_path_take(&path, due_us);
        assert_int_equal(number_of(packet), i);
        int64_t way_us = due_us - i * 1000;
        least_us = way_us < least_us ? way_us : least_us;
        most_us = way_us > most_us ? way_us : most_us;
    }
    assert_in_range(least_us, 5000, 20000);
    assert_in_range(most_us, 30000, 35000);
    wire_path_finish(&path);
}

static void the_share_that_is_lost_is_the_share_that_was_asked_for(void **state) {
    (void)state;
    struct wire_path path = path_with((struct wire_conditions){.seed = 11, .loss = 0.1});
    for (uint32_t i = 0; i < 20000; i++) {
        put_number(&path, i, i);
        while (wire_path_take(&path, i) != NULL)
            continue;
    }
    // Five standard deviations of a binomial distribution around 2,000.
    assert_in_range(path.counts.lost, 2000 - 212, 2000 + 212);
    assert_int_equal(path.counts.in, path.counts.out + path.counts.lost);
    wire_path_finish(&path);
}

static void packets_that_are_held_back_are_overtaken_and_not_lost(void **state) {
    (void)state;
    struct wire_path path =
        path_with((struct wire_conditions){.seed = 5, .delay_ms = 10, .reorder = 0.2});
    bool seen[1000] = {false};
    uint32_t overtaken = 0, newest = 0;
    for (uint32_t i = 0; i < 1000; i++)
        put_number(&path, i * 1000, i);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct held_packet *packet = wire_path_take(&path, INT64_MAX - 1);
        assert_non_null(packet);
        uint32_t number = number_of(packet);
        assert_false(seen[number]);
        seen[number] = true;
        overtaken += number < newest;
        newest = number > newest ? number : newest;
    }
    assert_in_range(overtaken, 130, 270);
    wire_path_finish(&path);
}

static void the_rate_spreads_a_burst_over_its_time(void **state) {
    (void)state;
    // 1,250 bytes are 10,000 bits: 10 ms each at 1,000 kbit/s.
    struct wire_path path = path_with((struct wire_conditions){.rate_kbit = 1000});
    for (uint32_t i = 0; i < 5; i++)
        put_number(&path, 0, i);
    for (int64_t i = 1; i <= 5; i++) {
        assert_int_equal(wire_path_due_us(&path), i * 10000);
        assert_non_null(wire_path_take(&path, i * 10000));
    }
    wire_path_finish(&path);
}

static void a_full_queue_loses_the_newest(void **state) {
    (void)state;
    struct wire_path path = path_with((struct wire_conditions){.rate_kbit = 1000, .queue_max = 3});
    for (uint32_t i = 0; i < 5; i++)
        put_number(&path, 0, i);
    assert_int_equal(path.counts.overflowed, 2);
    put_number(&path, 10000, 5); // one has left: there is space again
    assert_int_equal(path.counts.overflowed, 2);
    const uint32_t expected[] = {0, 1, 2, 5};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(number_of(wire_path_take(&path, INT64_MAX - 1)), expected[i]);
    wire_path_finish(&path);
}

// Which of 64 packets come through, as bits.
static uint64_t fate_of(uint64_t seed) {
    struct wire_path path = path_with((struct wire_conditions){.seed = seed, .loss = 0.5});
    uint64_t fate = 0;
    for (uint32_t i = 0; i < 64; i++) {
        uint64_t before = path.counts.lost;
        put_number(&path, i, i);
        fate |= (uint64_t)(path.counts.lost == before) << i;
    }
    wire_path_finish(&path);
    return fate;
}

static void the_same_seed_gives_the_same_fate_and_another_does_not(void **state) {
    (void)state;
    assert_true(fate_of(42) == fate_of(42));
    assert_true(fate_of(42) != fate_of(43));
}

static void conditions_that_make_no_sense_are_refused(void **state) {
    (void)state;
    const struct wire_conditions senseless[] = {
        {.queue_max = 1, .loss = 1.5},
        {.queue_max = 1, .delay_ms = 5, .jitter_ms = 6},
        {.queue_max = 0},
        {.queue_max = 1, .rate_kbit = -1},
    };
    for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
        struct wire_path path;
        assert_false(wire_path_init(&path, &senseless[i], HELD_MAX));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_comes_out_after_the_delay_and_not_before),
        cmocka_unit_test(jitter_keeps_the_order),
        cmocka_unit_test(the_share_that_is_lost_is_the_share_that_was_asked_for),
        cmocka_unit_test(packets_that_are_held_back_are_overtaken_and_not_lost),
        cmocka_unit_test(the_rate_spreads_a_burst_over_its_time),
        cmocka_unit_test(a_full_queue_loses_the_newest),
        cmocka_unit_test(the_same_seed_gives_the_same_fate_and_another_does_not),
        cmocka_unit_test(conditions_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
