/* links: load consilium */
/*
 * How many boards one processor carries: 30 people a board, each with a pointer that moves 60 times
 * a second, everybody seeing everybody's. The server has processor 0 for itself, the people are
 * driven from processor 1. A board is carried while 99 of 100 updates arrive within 25 ms of being
 * sent. The reference, driven by the same people, is libwebsockets alone (bare_server.h).
 */
#define _GNU_SOURCE /* sched_yield */
#include "bench/bare_server.h"
#include "bench/figure.h"
#include "bench/process_use.h"
#include "protocol/generated/board.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PEOPLE = BARE_GROUP,
    RATE = 60,
    BOARDS_FIRST = 20,
    BOARDS_STEP = 4,
    BOARDS_MAX = 64,
    BAR_BOARDS = 28,
    WINDOWS = 3,
    SAMPLES_MAX = 1 << 20,
    TIME_MASK = (1 << 24) - 1, /* whole microseconds that a float 32 holds exactly */
    SERVER_PROCESSOR = 0,
    CLIENT_PROCESSOR = 1,
};

static const double latency_max_ms = 25;
#define NEVER_MS 1e6
static const double delivered_share_min = 0.95;

static struct load {
    uint64_t delivered; /* pointer updates, to all */
    double *samples;    /* milliseconds, of one listener a board */
    size_t sample_count;
} load;

struct result {
    unsigned boards;
    double p50_ms, p99_ms, delivered_a_second, server_busy, people_busy;
    bool holds;
};

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index % PEOPLE;
}

static struct uuid board_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return staff_board_id(index / PEOPLE);
}

static void sample(struct reader *reader, uint32_t count, int64_t now_us) {
    struct pointer pointer;
    for (uint32_t i = 0; i < count && load.sample_count < SAMPLES_MAX; i++) {
        if (!pointer_read(reader, NULL, &pointer))
            return;
        int64_t late_us = (now_us - (int64_t)pointer.x) & TIME_MASK;
        load.samples[load.sample_count++] = (double)late_us / 1000;
    }
}

/* Everybody counts what is in a frame; one of each board looks at it. */
static void on_message(struct bot *bot, const struct frame *frame) {
    uint32_t fields, count, tick;
    struct reader reader = reader_of(frame->fields);
    if (frame->tag != STAGE_EPHEMERA || !reader_fields(&reader, &fields) || fields < 2 ||
        !reader_u32(&reader, &tick) || !reader_list(&reader, PEOPLE * 8, &count))
        return;
    load.delivered += count;
    if (bot->index % PEOPLE == 0)
        sample(&reader, count, monotonic_us());
}

static bool all_bound(const struct bots *bots) {
    for (unsigned i = 0; i < bots->plan.count; i++) {
        if (bots->list[i].handle == 0)
            return false;
    }
    return true;
}

static bool gather(struct bots *bots, unsigned boards) {
    unsigned bound = bots->plan.count;
    bots->plan.count = boards * PEOPLE;
    if (!bots_all_open(bots, 60000))
        return false;
    for (unsigned i = bound; i < bots->plan.count; i++)
        bot_begin_pointing(&bots->list[i], staff_case_id(i / PEOPLE));
    for (int64_t end = monotonic_us() + 10000000; monotonic_us() < end && !all_bound(bots);)
        bots_turn(bots, 20);
    return all_bound(bots);
}

/* Everybody in turn, evenly spread over time. */
static void point_for(struct bots *bots, double seconds) {
    double rate = (double)bots->plan.count * RATE;
    int64_t begin = monotonic_us(), now = begin;
    for (uint64_t sent = 0; (double)(now - begin) < seconds * 1e6; now = monotonic_us()) {
        uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e6);
        uint64_t behind = due > sent + bots->plan.count ? due - bots->plan.count : sent;
        for (sent = behind; sent < due; sent++) {
            struct bot *bot = &bots->list[sent % bots->plan.count];
            bot_point(bot, (float)(monotonic_us() & TIME_MASK), (float)bot->index, 1.5f);
        }
        bots_turn(bots, 0);
    }
}

static struct result measure(struct bots *bots, unsigned boards, pid_t server) {
    double p50[WINDOWS] = {0}, p99[WINDOWS], delivered[WINDOWS];
    double seconds = figure_is_quick() ? 1 : 2, server_used = 0, people_used = 0;
    unsigned windows = figure_runs(WINDOWS);
    point_for(bots, 1); /* the tick adapts */
    for (unsigned i = 0; i < windows; i++) {
        load.delivered = load.sample_count = 0;
        double server_begin = process_seconds(server), people_begin = process_seconds(getpid());
        int64_t begin = monotonic_us();
        point_for(bots, seconds);
        double took = (double)(monotonic_us() - begin) / 1e6;
        server_used += (process_seconds(server) - server_begin) / took;
        people_used += (process_seconds(getpid()) - people_begin) / took;
        p99[i] = NEVER_MS;
        if (load.sample_count > 0) {
            p50[i] = median(load.samples, load.sample_count);
            p99[i] = percentile(load.samples, load.sample_count, 0.99);
        }
        delivered[i] = (double)load.delivered / took;
    }
    struct result result = {.boards = boards,
                            .p50_ms = median(p50, windows),
                            .p99_ms = median(p99, windows),
                            .delivered_a_second = median(delivered, windows),
                            .server_busy = server_used / windows,
                            .people_busy = people_used / windows};
    double wanted = (double)boards * PEOPLE * PEOPLE * RATE;
    result.holds =
        result.p99_ms < latency_max_ms && result.delivered_a_second >= wanted * delivered_share_min;
    fprintf(stderr,
            "%3u boards: p50 %.1f ms, p99 %.1f ms, %.2f M updates/s of %.2f M; server %.0f %%, "
            "people %.0f %% of a processor\n",
            boards, result.p50_ms, result.p99_ms, result.delivered_a_second / 1e6, wanted / 1e6,
            result.server_busy * 100, result.people_busy * 100);
    return result;
}

/* More and more boards until they are too many. `ret_at_bar`: with as many as the bar asks for. */
static struct result fill(const struct staff *staff, pid_t server, struct result *ret_at_bar) {
    struct bots bots;
    struct result best = {0};
    struct bots_plan plan = {.staff = staff,
                             .count = BOARDS_MAX * PEOPLE,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message};
    bool made = bots_init(&bots, &plan);
    assert(made);
    bots.plan.count = 0;
    *ret_at_bar = (struct result){.p99_ms = NEVER_MS}; /* unless it comes so far */
    unsigned failed = 0;
    for (unsigned boards = BOARDS_FIRST; boards <= BOARDS_MAX && failed < 2;
         boards += BOARDS_STEP) {
        if (!gather(&bots, boards)) {
            fprintf(stderr, "%u of %u people came\n", bots.open, bots.plan.count);
            break;
        }
        struct result result = measure(&bots, boards, server);
        failed = result.holds ? 0 : failed + 1;
        if (result.holds)
            best = result;
        if (boards == BAR_BOARDS)
            *ret_at_bar = result;
    }
    bots_finish(&bots);
    return best;
}

static struct result fill_bare(struct result *ret_at_bar) {
    struct staff staff = {.count = PEOPLE};
    char url[64];
    const char *reason;
    uint16_t port;
    pid_t server = bare_server_start(SERVER_PROCESSOR, &port);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    bool known = server_address_init(&staff.address, url, NULL, &reason);
    assert(known);
    struct result result = fill(&staff, server, ret_at_bar);
    staff_finish(&staff);
    bare_server_end(server);
    return result;
}

static struct result fill_real(struct result *ret_at_bar) {
    struct result result = {0};
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    if (staff_hire(&staff, server, PEOPLE) && staff_make_boards(&staff, 0, BOARDS_MAX)) {
        process_pin(server_process_id(server), SERVER_PROCESSOR);
        result = fill(&staff, server_process_id(server), ret_at_bar);
    }
    staff_finish(&staff);
    server_process_end(server);
    return result;
}

int main(int argc, char **argv) {
    struct result bare_at_bar = {0}, real_at_bar = {0};
    char circumstances[256];
    figure_begin(argc, argv);
    process_pin(0, CLIENT_PROCESSOR);
    load.samples = calloc(SAMPLES_MAX, sizeof *load.samples);
    assert(load.samples != NULL);
    struct result bare = fill_bare(&bare_at_bar);
    struct result real = fill_real(&real_at_bar);
    snprintf(
        circumstances, sizeof circumstances,
        "at %u boards p50 %.1f ms, p99 %.1f ms, %.2f M updates/s delivered, server %.0f %% and "
        "load generator %.0f %% of a processor each",
        real.boards, real.p50_ms, real.p99_ms, real.delivered_a_second / 1e6,
        real.server_busy * 100, real.people_busy * 100);
    figure_print(&(struct figure){
        .name = "boards of 30 people with 30 moving pointers at 60 Hz, p99 < 25 ms, one processor",
        .unit = "boards",
        .value = real.boards,
        .reference = "libwebsockets without decode, actor or policy",
        .reference_value = bare.boards,
        .kind = BAR_AT_LEAST,
        .bar = BAR_BOARDS,
        .runs = figure_runs(WINDOWS),
        .circumstances = circumstances});
    snprintf(circumstances, sizeof circumstances, "server %.0f %%, bare %.0f %% of a processor",
             real_at_bar.server_busy * 100, bare_at_bar.server_busy * 100);
    figure_print(&(struct figure){.name = "pointer latency with 28 such boards, p99",
                                  .unit = "ms",
                                  .value = real_at_bar.p99_ms,
                                  .reference = "libwebsockets without decode, actor or policy",
                                  .reference_value = bare_at_bar.p99_ms,
                                  .kind = BAR_AT_MOST,
                                  .bar = latency_max_ms,
                                  .runs = figure_runs(WINDOWS),
                                  .circumstances = circumstances});
    free(load.samples);
    return 0;
}
