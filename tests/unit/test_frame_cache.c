/* links: imaging server */
/* The cache of frames alone: how much it keeps, what goes first, who reads, and what is forgotten.
 */
#include "server/imaging/frame_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME_BYTES ((size_t)64 << 10)
#define FRAMES 16u // that it holds
#define BOUND (FRAMES * FRAME_BYTES)

static int begin(void **state) {
    *state = frame_cache_create(BOUND, NULL);
    return *state && frame_cache_count(*state).bound == BOUND ? 0 : -1;
}

static int end(void **state) {
    frame_cache_destroy(*state);
    return 0;
}

static struct frame_key key_of(unsigned patient_case, unsigned number) {
    return (struct frame_key){.patient_case = {{1, (uint8_t)patient_case}},
                              .digest = {(uint8_t)number, (uint8_t)(number >> 8), 7},
                              .frame = 1};
}

static enum frame_found hold(struct frame_cache *cache, unsigned patient_case, unsigned number,
                             struct frame_waiter *waiter, struct kept_frame **ret_frame) {
    struct frame_key key = key_of(patient_case, number);
    return frame_cache_hold(cache, &key, FRAME_BYTES, true, waiter, ret_frame);
}

static void write_frame(struct frame_cache *cache, struct kept_frame *frame, unsigned number) {
    memset(kept_frame_bytes(frame), (int)(number & 0xff), FRAME_BYTES);
    frame_cache_filled(cache, frame, true);
}

/* As one reader does; true when it had not to be read. */
static bool look_at(struct frame_cache *cache, unsigned patient_case, unsigned number) {
    struct kept_frame *frame;
    enum frame_found found = hold(cache, patient_case, number, NULL, &frame);
    if (found == FRAME_TO_READ) {
        write_frame(cache, frame, number);
    }
    assert_int_equal(kept_frame_bytes(frame)[FRAME_BYTES - 1], number & 0xff);
    frame_cache_release(cache, frame);
    return found == FRAME_THERE;
}

static bool has(struct frame_cache *cache, unsigned patient_case, unsigned number) {
    struct kept_frame *frame;
    struct frame_key key = key_of(patient_case, number);
    bool there = frame_cache_hold(cache, &key, FRAME_BYTES, false, NULL, &frame) == FRAME_THERE;
    if (there) {
        frame_cache_release(cache, frame);
    }
    return there;
}

static void a_frame_is_read_once_and_found_from_then_on(void **state) {
    struct frame_cache *cache = *state;
    assert_false(look_at(cache, 1, 1));
    assert_true(look_at(cache, 1, 1));
    assert_true(look_at(cache, 1, 1));
    struct frame_cache_counts counts = frame_cache_count(cache);
    assert_int_equal(counts.misses, 1);
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.bytes, FRAME_BYTES);
}

static void the_same_image_of_another_case_is_another_frame(void **state) {
    assert_false(look_at(*state, 1, 1));
    assert_false(look_at(*state, 2, 1));
    struct frame_key key = key_of(1, 1);
    struct kept_frame *frame;
    key.frame = 2;
    assert_int_equal(frame_cache_hold(*state, &key, FRAME_BYTES, false, NULL, &frame),
                     FRAME_NOT_KEPT);
    assert_int_equal(frame_cache_count(*state).frames, 2);
}

static void its_bytes_never_exceed_the_bound(void **state) {
    struct frame_cache *cache = *state;
    for (unsigned number = 0; number < 10 * FRAMES; number++) {
        struct kept_frame *frame;
        struct frame_key key = key_of(1, number);
        size_t size = 1 + (number * 7919u) % (BOUND / FRAME_CACHE_SHARE);
        assert_int_equal(frame_cache_hold(cache, &key, size, true, NULL, &frame), FRAME_TO_READ);
        memset(kept_frame_bytes(frame), 1, size);
        frame_cache_filled(cache, frame, true);
        assert_true(frame_cache_count(cache).bytes <= BOUND);
        frame_cache_release(cache, frame);
        assert_true(frame_cache_count(cache).bytes <= BOUND);
    }
    assert_true(frame_cache_count(cache).bytes > BOUND / 2);
}

static void the_oldest_of_those_asked_for_once_goes_first(void **state) {
    for (unsigned number = 0; number < FRAMES; number++) {
        look_at(*state, 1, number);
    }
    look_at(*state, 1, 0); // the oldest, now asked for again
    look_at(*state, 1, FRAMES);
    look_at(*state, 1, FRAMES + 1);
    assert_true(has(*state, 1, 0));
    assert_false(has(*state, 1, 1));
    assert_false(has(*state, 1, 2));
    assert_true(has(*state, 1, 3));
    assert_true(has(*state, 1, FRAMES + 1));
}

static void
one_who_leafs_through_a_long_series_drives_out_nothing_that_others_come_back_to(void **state) {
    enum { SHARED = 8 };
    for (int twice = 0; twice < 2; twice++) {
        for (unsigned number = 0; number < SHARED; number++) {
            look_at(*state, 1, number);
        }
    }
    for (unsigned number = 1000; number < 1000 + 20 * FRAMES; number++) {
        assert_false(look_at(*state, 2, number));
    }
    for (unsigned number = 0; number < SHARED; number++) {
        assert_true(look_at(*state, 1, number));
    }
}

static void what_others_came_back_to_goes_too_once_nobody_does_any_more(void **state) {
    for (unsigned number = 0; number < FRAMES; number++) {
        look_at(*state, 1, number);
        look_at(*state, 1, number);
    }
    for (unsigned number = 100; number < 100 + 2 * FRAMES; number++) {
        look_at(*state, 2, number);
        look_at(*state, 2, number);
    }
    for (unsigned number = 0; number < FRAMES; number++) {
        assert_false(has(*state, 1, number));
    }
}

struct reader {
    struct frame_waiter waiter; // first
    bool told, good;
};

static void on_come(struct frame_waiter *waiter, bool good) {
    struct reader *reader = (struct reader *)waiter;
    assert_false(reader->told);
    reader->told = true;
    reader->good = good;
}

static void two_readers_of_one_frame_read_it_once(void **state) {
    struct frame_cache *cache = *state;
    struct reader second = {.waiter = {on_come, NULL}}, third = second;
    struct kept_frame *first_frame, *second_frame, *third_frame;
    assert_int_equal(hold(cache, 1, 5, NULL, &first_frame), FRAME_TO_READ);
    assert_int_equal(hold(cache, 1, 5, &second.waiter, &second_frame), FRAME_COMING);
    assert_int_equal(hold(cache, 1, 5, &third.waiter, &third_frame), FRAME_COMING);
    assert_false(second.told);
    write_frame(cache, first_frame, 5);
    assert_true(second.told && second.good && third.told && third.good);
    assert_ptr_equal(first_frame, second_frame);
    frame_cache_release(cache, first_frame);
    assert_int_equal(kept_frame_bytes(second_frame)[0], 5);
    frame_cache_release(cache, second_frame);
    frame_cache_release(cache, third_frame);
    assert_true(has(cache, 1, 5));
    assert_int_equal(frame_cache_count(cache).misses, 1);
}

static void a_frame_that_could_not_be_read_is_kept_by_nobody_and_everybody_is_told(void **state) {
    struct frame_cache *cache = *state;
    struct reader second = {.waiter = {on_come, NULL}};
    struct kept_frame *frame, *same;
    assert_int_equal(hold(cache, 1, 5, NULL, &frame), FRAME_TO_READ);
    assert_int_equal(hold(cache, 1, 5, &second.waiter, &same), FRAME_COMING);
    frame_cache_filled(cache, frame, false);
    assert_true(second.told && !second.good);
    frame_cache_release(cache, frame);
    frame_cache_release(cache, same);
    assert_int_equal(frame_cache_count(cache).bytes, 0);
    assert_false(look_at(cache, 1, 5));
}

static void a_frame_that_is_being_sent_stays_whole_whatever_comes(void **state) {
    struct frame_cache *cache = *state;
    struct kept_frame *sent;
    hold(cache, 1, 9, NULL, &sent);
    write_frame(cache, sent, 9);
    for (unsigned number = 100; number < 100 + 3 * FRAMES; number++) {
        look_at(cache, 2, number);
    }
    frame_cache_forget(cache, key_of(1, 9).patient_case);
    for (unsigned number = 200; number < 200 + 3 * FRAMES; number++) {
        look_at(cache, 2, number);
        assert_true(frame_cache_count(cache).bytes <= BOUND);
    }
    for (size_t i = 0; i < FRAME_BYTES; i++) {
        assert_int_equal(kept_frame_bytes(sent)[i], 9);
    }
    assert_false(has(cache, 1, 9));
    frame_cache_release(cache, sent);
}

static void when_all_of_it_is_being_sent_the_next_is_read_without_it(void **state) {
    struct frame_cache *cache = *state;
    struct kept_frame *sent[FRAMES], *next;
    for (unsigned number = 0; number < FRAMES; number++) {
        assert_int_equal(hold(cache, 1, number, NULL, &sent[number]), FRAME_TO_READ);
        write_frame(cache, sent[number], number);
    }
    assert_int_equal(hold(cache, 1, FRAMES, NULL, &next), FRAME_NOT_KEPT);
    assert_int_equal(frame_cache_count(cache).bytes, BOUND);
    frame_cache_release(cache, sent[0]);
    assert_int_equal(hold(cache, 1, FRAMES, NULL, &next), FRAME_TO_READ);
    write_frame(cache, next, FRAMES);
    frame_cache_release(cache, next);
    for (unsigned number = 1; number < FRAMES; number++) {
        frame_cache_release(cache, sent[number]);
    }
}

static void a_forgotten_case_is_gone_and_the_others_are_not(void **state) {
    struct frame_cache *cache = *state;
    for (unsigned number = 0; number < FRAMES / 2; number++) {
        look_at(cache, 1, number);
        look_at(cache, 2, number);
        look_at(cache, 1 + number % 2, number);
    }
    frame_cache_forget(cache, key_of(1, 0).patient_case);
    for (unsigned number = 0; number < FRAMES / 2; number++) {
        assert_false(has(cache, 1, number));
        assert_true(has(cache, 2, number));
    }
    assert_int_equal(frame_cache_count(cache).bytes, BOUND / 2);
}

static void a_frame_that_was_forgotten_while_it_was_read_is_not_found_afterwards(void **state) {
    struct frame_cache *cache = *state;
    struct kept_frame *frame;
    hold(cache, 1, 3, NULL, &frame);
    frame_cache_forget(cache, key_of(1, 3).patient_case);
    write_frame(cache, frame, 3);
    assert_false(has(cache, 1, 3));
    frame_cache_release(cache, frame);
    assert_false(has(cache, 1, 3));
    assert_int_equal(frame_cache_count(cache).bytes, 0);
}

static void a_smaller_frame_in_the_place_of_a_larger_leaves_nothing_of_it(void **state) {
    enum { SMALLER = 10 };
    struct frame_cache *cache = *state;
    struct frame_key key = key_of(2, 1);
    struct kept_frame *frame;
    for (unsigned number = 0xA0; number < 0xA0 + FRAMES; number++) {
        look_at(cache, 1, number);
    }
    assert_int_equal(frame_cache_hold(cache, &key, FRAME_BYTES - SMALLER, true, NULL, &frame),
                     FRAME_TO_READ);
    const uint8_t *bytes = kept_frame_bytes(frame);
    assert_int_equal(bytes[0], 0xA0); // handed over: the reader writes over it
    for (size_t i = FRAME_BYTES - SMALLER; i < FRAME_BYTES; i++) {
        assert_int_equal(bytes[i], 0);
    }
    frame_cache_filled(cache, frame, false);
    frame_cache_release(cache, frame);
}

static void a_very_large_frame_is_not_kept(void **state) {
    struct frame_key key = key_of(1, 1);
    struct kept_frame *frame;
    assert_int_equal(
        frame_cache_hold(*state, &key, BOUND / FRAME_CACHE_SHARE + 1, true, NULL, &frame),
        FRAME_NOT_KEPT);
    assert_int_equal(frame_cache_hold(*state, &key, BOUND / FRAME_CACHE_SHARE, true, NULL, &frame),
                     FRAME_TO_READ);
    frame_cache_filled(*state, frame, false);
    frame_cache_release(*state, frame);
}

static void without_a_bound_nothing_is_kept(void **state) {
    (void)state;
    struct frame_cache *cache = frame_cache_create(0, NULL);
    struct kept_frame *frame;
    assert_non_null(cache);
    assert_int_equal(hold(cache, 1, 1, NULL, &frame), FRAME_NOT_KEPT);
    frame_cache_destroy(cache);
}

/* The flags that the kernel has for the memory at this place (proc(5), smaps). */
static void flags_of(const void *place, char flags[256]) {
    FILE *map = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;
    flags[0] = 0;
    assert_non_null(map);
    while (fgets(line, sizeof line, map)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = from <= (unsigned long)place && (unsigned long)place < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            snprintf(flags, 256, "%.250s", line + 8);
        }
    }
    fclose(map);
}

static void its_memory_is_locked_and_in_no_core_dump_and_no_child(void **state) {
    struct kept_frame *frame;
    char flags[256];
    assert_int_equal(hold(*state, 1, 1, NULL, &frame), FRAME_TO_READ);
    flags_of(kept_frame_bytes(frame), flags);
    assert_non_null(strstr(flags, " lo"));
    assert_non_null(strstr(flags, " dd"));
    assert_non_null(strstr(flags, " dc"));
    frame_cache_filled(*state, frame, false);
    frame_cache_release(*state, frame);
}

/* In a child without privileges, which may lock as much as two frames are: 0 when all is well. */
static int keep_with_little_to_lock(void) {
    const struct rlimit limit = {2 * FRAME_BYTES, 2 * FRAME_BYTES};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
        return 1;
    }
    struct frame_cache *cache = frame_cache_create(BOUND, NULL);
    struct frame_key key = key_of(1, 1);
    struct kept_frame *frame;
    if (!cache || frame_cache_count(cache).bound != FRAME_BYTES) {
        return 2;
    }
    if (frame_cache_hold(cache, &key, FRAME_BYTES, true, NULL, &frame) != FRAME_NOT_KEPT) {
        return 3; // an eighth is the most that one may take
    }
    if (frame_cache_hold(cache, &key, FRAME_BYTES / FRAME_CACHE_SHARE, true, NULL, &frame) !=
        FRAME_TO_READ) {
        return 4;
    }
    return 0;
}

static void it_takes_half_of_what_may_be_locked_when_that_is_less(void **state) {
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(keep_with_little_to_lock());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void note_closed(void *data) {
    *(bool *)data = true;
}

static void what_goes_is_wiped_on_a_thread_and_counts_until_then(void **state) {
    (void)state;
    uv_loop_t loop;
    bool closed = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct work_queue *queue = work_queue_create(&loop, 2, 0);
    struct frame_cache *cache = frame_cache_create(BOUND, queue);
    for (unsigned number = 0; number < FRAMES; number++) {
        look_at(cache, 1, number);
    }
    frame_cache_forget(cache, key_of(1, 0).patient_case);
    struct kept_frame *frame;
    assert_int_equal(frame_cache_count(cache).bytes, BOUND);
    assert_int_equal(hold(cache, 1, 0, NULL, &frame), FRAME_NOT_KEPT); // its place is not free yet
    while (frame_cache_count(cache).bytes > 0) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    assert_false(look_at(cache, 1, 0));
    frame_cache_forget(cache, (struct uuid){{0}});
    work_queue_close(queue, note_closed, &closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    frame_cache_destroy(cache);
    assert_int_equal(uv_loop_close(&loop), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_frame_is_read_once_and_found_from_then_on),
        TEST(the_same_image_of_another_case_is_another_frame),
        TEST(its_bytes_never_exceed_the_bound),
        TEST(the_oldest_of_those_asked_for_once_goes_first),
        TEST(one_who_leafs_through_a_long_series_drives_out_nothing_that_others_come_back_to),
        TEST(what_others_came_back_to_goes_too_once_nobody_does_any_more),
        TEST(two_readers_of_one_frame_read_it_once),
        TEST(a_frame_that_could_not_be_read_is_kept_by_nobody_and_everybody_is_told),
        TEST(a_frame_that_is_being_sent_stays_whole_whatever_comes),
        TEST(when_all_of_it_is_being_sent_the_next_is_read_without_it),
        TEST(a_forgotten_case_is_gone_and_the_others_are_not),
        TEST(a_frame_that_was_forgotten_while_it_was_read_is_not_found_afterwards),
        TEST(a_smaller_frame_in_the_place_of_a_larger_leaves_nothing_of_it),
        TEST(a_very_large_frame_is_not_kept),
        cmocka_unit_test(without_a_bound_nothing_is_kept),
        cmocka_unit_test(what_goes_is_wiped_on_a_thread_and_counts_until_then),
        cmocka_unit_test_setup_teardown(its_memory_is_locked_and_in_no_core_dump_and_no_child,
                                        begin, end),
        cmocka_unit_test(it_takes_half_of_what_may_be_locked_when_that_is_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
