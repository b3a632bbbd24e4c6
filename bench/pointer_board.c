#include "bench/pointer_board.h"

#include "bench/figure.h"
#include "protocol/generated/board.h"

#include <assert.h>
#include <stdio.h>

enum {
    RATE = 60,
    LISTENERS = 5, /* whose frames are looked into */
    SAMPLES_MAX = 1 << 20,
    TIME_MASK = (1 << 24) - 1, /* whole microseconds that a float 32 holds exactly */
};

static double samples[SAMPLES_MAX];
static size_t sample_count;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid board_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_board_id(0);
}

static void on_message(struct bot *bot, const struct frame *frame) {
    uint32_t fields, count, tick;
    struct pointer pointer;
    struct reader reader = reader_of(frame->fields);
    if (bot->index >= LISTENERS || frame->tag != STAGE_EPHEMERA ||
        !reader_fields(&reader, &fields) || fields < 2 || !reader_u32(&reader, &tick) ||
        !reader_list(&reader, POINTER_PEOPLE, &count))
        return;
    int64_t now = monotonic_us();
    for (uint32_t i = 0; i < count && pointer_read(&reader, NULL, &pointer); i++) {
        if (pointer.handle != 0 && sample_count < SAMPLES_MAX)
            samples[sample_count++] = (double)((now - (int64_t)pointer.x) & TIME_MASK) / 1000;
    }
}

bool pointer_board_open(struct bots *bots, const struct staff *staff) {
    struct bots_plan plan = {.staff = staff,
                             .count = POINTER_PEOPLE,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message};
    if (!bots_init(bots, &plan) || !bots_all_open(bots, 30000))
        return false;
    for (unsigned i = 0; i < POINTER_PEOPLE; i++)
        bot_begin_pointing(&bots->list[i], staff_case_id(0));
    bots_run(bots, 1000);
    for (unsigned i = 0; i < POINTER_PEOPLE; i++) {
        if (bots->list[i].handle == 0)
            return false;
    }
    return true;
}

void pointer_board_play(struct bots *bots, double seconds) {
    double rate = POINTER_PEOPLE * RATE;
    int64_t begin = monotonic_us(), now = begin;
    for (uint64_t sent = 0; (double)(now - begin) < seconds * 1e6; now = monotonic_us()) {
        for (uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e6); sent < due; sent++)
            bot_point(&bots->list[sent % POINTER_PEOPLE], (float)(monotonic_us() & TIME_MASK), 1.5f,
                      1.5f);
        bots_turn(bots, 0);
    }
}

struct pointer_lateness pointer_board_measure(struct bots *bots, double seconds) {
    sample_count = 0;
    pointer_board_play(bots, seconds);
    assert(sample_count > 0);
    struct pointer_lateness lateness = {.p50_ms = median(samples, sample_count),
                                        .p99_ms = percentile(samples, sample_count, 0.99)};
    fprintf(stderr, "p50 %.2f ms, p99 %.2f ms of %zu\n", lateness.p50_ms, lateness.p99_ms,
            sample_count);
    return lateness;
}
