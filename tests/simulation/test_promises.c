/* links: simulation_world; timeout: 600 */
#include "tests/simulation/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * CONSILIUM_SEED=n replays one seed; CONSILIUM_SEEDS=n runs so many, from CONSILIUM_FIRST_SEED. A
 * long run (CONSILIUM_TEST_LONG) takes a hundred times as many.
 */
enum { SEEDS = 1000, SEEDS_LONG = 100000, SECONDS = 8, SABOTAGE_SEEDS = 200, NAMED_SEEDS = 3 };

static uint64_t number_from(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? otherwise : strtoull(value, NULL, 10);
}

static bool holds(uint64_t seed, enum sabotage sabotage, struct world *world) {
    world_init(world, seed, sabotage);
    world_run(world, SECONDS);
    bool fine = world->fault[0] == '\0';
    if (!fine && sabotage == SABOTAGE_NONE) {
        printf("seed %llu: %s\n  replay: CONSILIUM_SEED=%llu simulation_promises\n",
               (unsigned long long)seed, world->fault, (unsigned long long)seed);
    }
    world_finish(world);
    return fine;
}

static void add(struct meeting_counts *sum, const struct meeting_counts *one) {
    sum->steps += one->steps;
    sum->undone += one->undone;
    sum->decisions += one->decisions;
    sum->votes += one->votes;
    sum->signatures += one->signatures;
    sum->confirmed += one->confirmed;
    sum->handed_over += one->handed_over;
    sum->called_off += one->called_off;
    sum->put_off += one->put_off;
    sum->ended += one->ended;
}

/* What never happens is not checked, either. */
static void say_how_often(const struct meeting_counts *sum) {
    printf(
        "%llu steps, %llu undone, %llu decisions, %llu votes, %llu signatures, %llu lists of "
        "standard cases, %llu items handed over, %llu rests put off, %llu meetings called off and "
        "%llu ended\n",
        (unsigned long long)sum->steps, (unsigned long long)sum->undone,
        (unsigned long long)sum->decisions, (unsigned long long)sum->votes,
        (unsigned long long)sum->signatures, (unsigned long long)sum->confirmed,
        (unsigned long long)sum->handed_over, (unsigned long long)sum->put_off,
        (unsigned long long)sum->called_off, (unsigned long long)sum->ended);
}

static void every_promise_holds_whatever_fails_in_between(void **state) {
    (void)state;
    uint64_t first = number_from("CONSILIUM_SEED", number_from("CONSILIUM_FIRST_SEED", 1));
    uint64_t otherwise = getenv("CONSILIUM_TEST_LONG") != NULL ? SEEDS_LONG : SEEDS;
    uint64_t count =
        getenv("CONSILIUM_SEED") != NULL ? 1 : number_from("CONSILIUM_SEEDS", otherwise);
    uint64_t broken = 0, events = 0, accepted = 0, faults = 0, blocked = 0, tries = 0, told = 0;
    struct meeting_counts meetings = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        static struct world world;
        broken += !holds(seed, SABOTAGE_NONE, &world);
        events += world.events_sent;
        accepted += world.commands_accepted;
        faults += world.faults_injected;
        blocked += world.sockets_filled;
        told += world.told_who;
        add(&meetings, &world.meetings);
        tries = world.tries_most > tries ? world.tries_most : tries;
    }
    printf("%llu seeds: %llu events shown, %llu commands accepted, %llu faults, %llu times a full "
           "socket, at most %llu tries, %llu seeds broken\n",
           (unsigned long long)count, (unsigned long long)events, (unsigned long long)accepted,
           (unsigned long long)faults, (unsigned long long)blocked, (unsigned long long)tries,
           (unsigned long long)broken);
    say_how_often(&meetings);
    assert_int_equal(broken, 0);
    assert_true(events > count && accepted > count && blocked > count && told > count);
}

/* A net that catches nothing proves nothing: each promise is broken on purpose and must be missed
 * by somebody. */
static void caught(enum sabotage sabotage) {
    uint64_t noticed = 0;
    for (uint64_t seed = 1; seed <= SABOTAGE_SEEDS && noticed == 0; seed++) {
        static struct world world;
        noticed += !holds(seed, sabotage, &world);
        if (noticed > 0) {
            printf("seed %llu: %s\n", (unsigned long long)seed, world.fault);
        }
    }
    assert_true(noticed > 0);
}

static void an_acknowledgement_of_what_is_not_stored_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_ACKNOWLEDGE_UNSTORED);
}

static void a_durable_frame_that_vanishes_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_LOSE_AN_EVENT_FRAME);
}

static void a_grant_that_is_not_looked_at_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_SHOW_EVERYBODY_ALL);
}

/* The verifier must name it: the board's event, and no other. */
static void named(enum sabotage sabotage) {
    for (uint64_t seed = 1; seed <= NAMED_SEEDS; seed++) {
        static struct world world;
        char words[WORDS_MAX];
        assert_false(holds(seed, sabotage, &world));
        snprintf(words, sizeof words, "stream b0000000000000000000000000000007 version %llu",
                 (unsigned long long)world.tampered);
        if (strstr(world.damage, words) == NULL) {
            fail_msg("seed %llu: it was version %llu and the verifier said: %s",
                     (unsigned long long)seed, (unsigned long long)world.tampered, world.damage);
        }
    }
}

static void a_changed_row_is_named(void **state) {
    (void)state;
    named(SABOTAGE_CHANGE_A_ROW);
}

static void a_deleted_row_is_named(void **state) {
    (void)state;
    named(SABOTAGE_DELETE_A_ROW);
}

static void a_fence_that_lets_stale_writers_through_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_IGNORE_THE_FENCE);
}

static void a_final_state_that_does_not_arrive_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_LOSE_EPHEMERA);
}

static void a_case_that_is_not_told_who_left_is_caught(void **state) {
    (void)state;
    caught(SABOTAGE_LOSE_A_ROSTER);
}

static void messages_that_overtake_each_other_are_caught(void **state) {
    (void)state;
    caught(SABOTAGE_REORDER_MESSAGES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_holds_whatever_fails_in_between),
        cmocka_unit_test(an_acknowledgement_of_what_is_not_stored_is_caught),
        cmocka_unit_test(a_durable_frame_that_vanishes_is_caught),
        cmocka_unit_test(a_grant_that_is_not_looked_at_is_caught),
        cmocka_unit_test(a_changed_row_is_named),
        cmocka_unit_test(a_deleted_row_is_named),
        cmocka_unit_test(a_fence_that_lets_stale_writers_through_is_caught),
        cmocka_unit_test(a_final_state_that_does_not_arrive_is_caught),
        cmocka_unit_test(a_case_that_is_not_told_who_left_is_caught),
        cmocka_unit_test(messages_that_overtake_each_other_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
