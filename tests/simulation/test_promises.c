/* links: simulation_world; timeout: 600; alone */
#include "tests/simulation/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * CONSILIUM_SEED=n replays one seed; CONSILIUM_SEEDS=n runs so many, from CONSILIUM_FIRST_SEED. A
 * long run (CONSILIUM_TEST_LONG) takes a hundred times as many. Each story is told in one thread;
 * several are told at once, in processes of their own, and a single one in this process.
 */
enum {
    SEEDS = 1000,
    SEEDS_LONG = 100000,
    SECONDS = 8,
    SABOTAGE_SEEDS = 200,
    NAMED_SEEDS = 3,
    TELLERS_MAX = 64,
};

/* What one process has told, and the sum over all. */
struct tally {
    uint64_t seed; /* the one it is at */
    uint64_t seeds, broken, events, accepted, faults, blocked, told;
    uint64_t tries; /* the most */
    struct meeting_counts meetings;
};

/* Shared by the processes. */
struct telling {
    uint64_t end;
    /* Pairs with nothing: each process only must get a number that no other one gets. */
    _Atomic uint64_t next;
    struct tally tellers[TELLERS_MAX];
};

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
        fflush(stdout); /* a sanitizer may end us at a later one */
    }
    world_finish(world);
    return fine;
}

static void add_meetings(struct meeting_counts *sum, const struct meeting_counts *one) {
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
    sum->hung += one->hung;
}

/* What never happens is not checked, either. */
static void say_how_often(const struct meeting_counts *sum) {
    printf(
        "%llu steps, %llu undone, %llu decisions, %llu votes, %llu signatures, %llu lists of "
        "standard cases, %llu items handed over, %llu rests put off, %llu hangings, %llu meetings "
        "called off and %llu ended\n",
        (unsigned long long)sum->steps, (unsigned long long)sum->undone,
        (unsigned long long)sum->decisions, (unsigned long long)sum->votes,
        (unsigned long long)sum->signatures, (unsigned long long)sum->confirmed,
        (unsigned long long)sum->handed_over, (unsigned long long)sum->put_off,
        (unsigned long long)sum->hung, (unsigned long long)sum->called_off,
        (unsigned long long)sum->ended);
}

static void tell(struct tally *tally, uint64_t seed) {
    static struct world world;
    tally->seed = seed;
    tally->seeds++;
    tally->broken += !holds(seed, SABOTAGE_NONE, &world);
    tally->events += world.events_sent;
    tally->accepted += world.commands_accepted;
    tally->faults += world.faults_injected;
    tally->blocked += world.sockets_filled;
    tally->told += world.told_who;
    tally->tries = world.tries_most > tally->tries ? world.tries_most : tally->tries;
    add_meetings(&tally->meetings, &world.meetings);
}

static void tell_the_next(struct telling *telling, struct tally *tally) {
    uint64_t seed;
    while ((seed = atomic_fetch_add_explicit(&telling->next, 1, memory_order_relaxed)) <
           telling->end) {
        tell(tally, seed);
    }
}

/* In `count` processes; false = one of them did not come to its end, and is said. */
static bool tell_at_once(struct telling *telling, unsigned count) {
    pid_t tellers[TELLERS_MAX];
    bool whole = true;
    fflush(stdout); /* what is still in the buffer would be said by each of them */
    for (unsigned i = 0; i < count; i++) {
        tellers[i] = fork();
        assert_true(tellers[i] >= 0);
        if (tellers[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            tell_the_next(telling, &telling->tellers[i]);
            exit(0); /* looks for leaks, and then has another status */
        }
    }
    for (unsigned i = 0; i < count; i++) {
        int status;
        unsigned long long seed;
        assert_int_equal(waitpid(tellers[i], &status, 0), tellers[i]);
        seed = telling->tellers[i].seed;
        if (status != 0) {
            printf("seed %llu, or a leak before it: the process ended with %#x\n"
                   "  replay: CONSILIUM_SEED=%llu simulation_promises\n",
                   seed, (unsigned)status, seed);
            whole = false;
        }
    }
    return whole;
}

static struct tally sum_of(const struct telling *telling, unsigned count) {
    struct tally sum = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct tally *one = &telling->tellers[i];
        sum.seeds += one->seeds;
        sum.broken += one->broken;
        sum.events += one->events;
        sum.accepted += one->accepted;
        sum.faults += one->faults;
        sum.blocked += one->blocked;
        sum.told += one->told;
        sum.tries = one->tries > sum.tries ? one->tries : sum.tries;
        add_meetings(&sum.meetings, &one->meetings);
    }
    return sum;
}

static unsigned tellers_for(uint64_t count) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t tellers = processors < 1 ? 1 : (uint64_t)processors;
    tellers = tellers < TELLERS_MAX ? tellers : TELLERS_MAX;
    return (unsigned)(tellers < count ? tellers : count);
}

static void every_promise_holds_whatever_fails_in_between(void **state) {
    (void)state;
    uint64_t first = number_from("CONSILIUM_SEED", number_from("CONSILIUM_FIRST_SEED", 1));
    uint64_t otherwise = getenv("CONSILIUM_TEST_LONG") != NULL ? SEEDS_LONG : SEEDS;
    uint64_t count =
        getenv("CONSILIUM_SEED") != NULL ? 1 : number_from("CONSILIUM_SEEDS", otherwise);
    unsigned tellers = tellers_for(count);
    struct telling *telling =
        mmap(NULL, sizeof *telling, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(telling != MAP_FAILED);
    telling->end = first + count;
    atomic_init(&telling->next, first);
    bool whole = true;
    if (tellers > 1) {
        whole = tell_at_once(telling, tellers);
    } else {
        tell_the_next(telling, &telling->tellers[0]);
    }
    struct tally sum = sum_of(telling, tellers);
    munmap(telling, sizeof *telling);
    printf("%llu seeds: %llu events shown, %llu commands accepted, %llu faults, %llu times a full "
           "socket, at most %llu tries, %llu seeds broken\n",
           (unsigned long long)sum.seeds, (unsigned long long)sum.events,
           (unsigned long long)sum.accepted, (unsigned long long)sum.faults,
           (unsigned long long)sum.blocked, (unsigned long long)sum.tries,
           (unsigned long long)sum.broken);
    say_how_often(&sum.meetings);
    assert_true(whole);
    assert_int_equal(sum.broken, 0);
    assert_true(sum.seeds == count);
    assert_true(sum.events > count && sum.accepted > count && sum.blocked > count &&
                sum.told > count && sum.meetings.hung > count);
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
