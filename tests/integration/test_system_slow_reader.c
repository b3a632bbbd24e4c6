/* links: server_process consilium m; timeout: 150; alone */
/*
 * Somebody on a busy board stops reading. Nobody else waits for it, it costs the server no more
 * than its lane, and it is cut with a code that invites it back.
 */
#include "protocol/generated/board.h"
#include "server/node/node.h"
#include "tests/support/bots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
    PEOPLE = 12,
    SLOW = PEOPLE - 1,
    POINT_EVERY_MS = 16,
    SAMPLES_MAX = 1 << 18,
    TIME_MASK = (1 << 24) - 1, /* whole microseconds that a float 32 holds exactly */
    CUT_LIMIT_MS = 45000,
    TEXT_BYTES = 3900,
};

#ifdef __SANITIZE_ADDRESS__
enum { P99_MAX_US = 150000 }; /* a sanitised server beside a sanitised test on a shared machine */
#else
enum { P99_MAX_US = 50000 };
#endif

struct scene {
    struct server_process *server;
    struct staff staff;
    struct bots bots;
    int64_t *late_us;
    size_t late_count;
};

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_case_id(0);
}

static void on_message(struct bot *bot, const struct frame *frame) {
    struct scene *scene = bot->bots->plan.data;
    uint32_t fields, tick, count;
    struct pointer pointer;
    struct reader reader = reader_of(frame->fields);
    if (bot->index == SLOW || frame->tag != STAGE_EPHEMERA || !reader_fields(&reader, &fields) ||
        fields < 2 || !reader_u32(&reader, &tick) || !reader_list(&reader, 256, &count))
        return;
    for (uint32_t i = 0; i < count && pointer_read(&reader, NULL, &pointer); i++) {
        if (scene->late_count < SAMPLES_MAX && pointer.handle != 0)
            scene->late_us[scene->late_count++] = (now_us() - (int64_t)pointer.x) & TIME_MASK;
    }
}

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    scene.late_us = calloc(SAMPLES_MAX, sizeof *scene.late_us);
    scene.server = server_process_start(&options);
    struct bots_plan plan = {.staff = &scene.staff,
                             .count = PEOPLE,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .message = on_message,
                             .data = &scene};
    bool ready = scene.server != NULL && staff_hire(&scene.staff, scene.server, PEOPLE) &&
                 staff_make_cases(&scene.staff, 0, 1) && bots_init(&scene.bots, &plan) &&
                 bots_all_open(&scene.bots, 20000);
    for (unsigned i = 0; ready && i < PEOPLE; i++)
        bot_begin_pointing(&scene.bots.list[i], staff_case_id(0));
    bots_run(&scene.bots, 300);
    return ready && scene.bots.list[0].handle != 0 ? 0 : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    bots_finish(&scene->bots);
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    free(scene->late_us);
    return 0;
}

/* Everybody points, and says long things, so that the one who does not read has a backlog. */
static void be_busy(struct scene *scene, int64_t duration_ms) {
    static char text[TEXT_BYTES];
    struct bots *bots = &scene->bots;
    memset(text, 'x', sizeof text);
    int64_t begin = now_us(), rounds = 0;
    while (now_us() - begin < duration_ms * 1000 && bots->list[SLOW].losses == 0) {
        if (now_us() - begin >= rounds * POINT_EVERY_MS * 1000) {
            for (unsigned i = 0; i < SLOW; i++)
                bot_point(&bots->list[i], (float)(now_us() & TIME_MASK), 1, 1);
            if (rounds % 20 == 0) {
                for (unsigned i = 0; i < SLOW; i++)
                    bot_post(&bots->list[i], fresh_id(), (struct text){sizeof text, text});
            }
            rounds++;
        }
        bots_turn(bots, 2);
    }
}

static int ascending(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t p99_us(struct scene *scene) {
    assert_true(scene->late_count > 1000);
    qsort(scene->late_us, scene->late_count, sizeof *scene->late_us, ascending);
    int64_t late_us = scene->late_us[scene->late_count * 99 / 100];
    scene->late_count = 0;
    return late_us;
}

static void nobody_waits_for_one_who_does_not_read_and_it_is_invited_back(void **state) {
    struct scene *scene = *state;
    struct bot *slow = &scene->bots.list[SLOW];
    be_busy(scene, 3000);
    int64_t before_us = p99_us(scene);
    client_pause(slow->client, true);
    be_busy(scene, CUT_LIMIT_MS);
    int64_t during_us = p99_us(scene);
    print_message("p99 of the others: %lld us before, %lld us during\n", (long long)before_us,
                  (long long)during_us);
    assert_true(slow->losses > 0);
    assert_int_equal((int)server_process_metric(scene->server, "consilium_node_cut_slow_total"), 1);
    assert_true(server_process_metric(scene->server, "consilium_node_lane_bytes") <=
                SESSION_LANE_MAX);
    assert_true(during_us < P99_MAX_US);
    for (unsigned i = 0; i < SLOW; i++)
        assert_int_equal(scene->bots.list[i].losses, 0);
    client_pause(slow->client, false);
    assert_true(bots_all_open(&scene->bots, 20000));
    assert_false(slow->stopped);
    assert_true(slow->version > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            nobody_waits_for_one_who_does_not_read_and_it_is_invited_back, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
