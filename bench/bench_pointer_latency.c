/* links: load consilium */
/*
 * How late a moving pointer is seen by the others: 50 people on one board, every pointer moving 60
 * times a second, while frames of images are fetched from the same server. From the call that sends
 * to the other's decoded message; the clients' own work and the way through the kernel are in it.
 * The reference is that way alone: a byte to another process and back, halved.
 */
#include "bench/figure.h"
#include "bench/images.h"
#include "protocol/generated/board.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PEOPLE = 50,
    RATE = 60,
    LISTENERS = 5, /* whose frames are looked into */
    IMAGES = 40,
    FETCHES_A_SECOND = 100, /* half a megabyte each */
    RUNS = 3,
    SAMPLES_MAX = 1 << 20,
    TIME_MASK = (1 << 24) - 1, /* whole microseconds that a float 32 holds exactly */
    ECHOES = 2000,
};

static const double p50_max_ms = 3, p99_max_ms = 15;
static double *samples;
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
        !reader_list(&reader, PEOPLE, &count))
        return;
    int64_t now = monotonic_us();
    for (uint32_t i = 0; i < count && pointer_read(&reader, NULL, &pointer); i++) {
        if (pointer.handle != 0 && sample_count < SAMPLES_MAX)
            samples[sample_count++] = (double)((now - (int64_t)pointer.x) & TIME_MASK) / 1000;
    }
}

/* Somebody else's prefetch, in a process of its own; counts what came whole. */
static pid_t begin_fetching(const struct staff *staff, volatile unsigned *count) {
    pid_t process = fork();
    if (process != 0)
        return process;
    struct http_client http;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[1].token;
    int64_t begin = monotonic_us();
    for (unsigned i = 0;; i++) {
        int64_t early = begin + (int64_t)i * 1000000 / FETCHES_A_SECOND - monotonic_us();
        if (early > 0)
            usleep((useconds_t)early);
        if (!image_fetch(&http, 0, 1 + i % IMAGES))
            _exit(1);
        ++*count;
    }
}

static void point_for(struct bots *bots, double seconds) {
    double rate = PEOPLE * RATE;
    int64_t begin = monotonic_us(), now = begin;
    for (uint64_t sent = 0; (double)(now - begin) < seconds * 1e6; now = monotonic_us()) {
        for (uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e6); sent < due; sent++)
            bot_point(&bots->list[sent % PEOPLE], (float)(monotonic_us() & TIME_MASK), 1.5f, 1.5f);
        bots_turn(bots, 0);
    }
}

/* Milliseconds one way, the median. */
static double loopback_ms(void) {
    static double ways[ECHOES];
    int ends[2];
    int made = socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    assert(made == 0);
    char byte = 0;
    pid_t echo = fork();
    if (echo == 0) {
        close(ends[0]);
        while (read(ends[1], &byte, 1) == 1 && write(ends[1], &byte, 1) == 1) {
        }
        _exit(0);
    }
    close(ends[1]);
    for (unsigned i = 0; i < ECHOES; i++) {
        int64_t begin = monotonic_us();
        ssize_t passed = write(ends[0], &byte, 1) + read(ends[0], &byte, 1);
        assert(passed == 2);
        ways[i] = (double)(monotonic_us() - begin) / 2000;
    }
    close(ends[0]);
    waitpid(echo, NULL, 0);
    return median(ways, ECHOES);
}

static void print(const char *name, double value, double reference, double bar, unsigned runs,
                  const char *circumstances) {
    figure_print(&(struct figure){.name = name,
                                  .unit = "ms",
                                  .value = value,
                                  .reference = "a byte to another process",
                                  .reference_value = reference,
                                  .kind = BAR_AT_MOST,
                                  .bar = bar,
                                  .runs = runs,
                                  .circumstances = circumstances});
}

static void measure(struct bots *bots, struct server_process *server, const struct staff *staff) {
    double p50[RUNS], p99[RUNS], seconds = figure_is_quick() ? 2 : 6;
    char circumstances[200];
    unsigned runs = figure_runs(RUNS),
             *fetched = mmap(NULL, sizeof *fetched, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(fetched != MAP_FAILED);
    pid_t fetcher = begin_fetching(staff, fetched);
    point_for(bots, 1);
    unsigned before = *fetched;
    int64_t begin = monotonic_us();
    for (unsigned i = 0; i < runs; i++) {
        sample_count = 0;
        point_for(bots, seconds);
        assert(sample_count > 0);
        p50[i] = median(samples, sample_count);
        p99[i] = percentile(samples, sample_count, 0.99);
        fprintf(stderr, "p50 %.2f ms, p99 %.2f ms of %zu\n", p50[i], p99[i], sample_count);
    }
    double rate = (*fetched - before) / ((double)(monotonic_us() - begin) / 1e6);
    double tick_us = server_process_metric(server, "consilium_node_tick_us");
    kill(fetcher, SIGKILL);
    waitpid(fetcher, NULL, 0);
    snprintf(circumstances, sizeof circumstances,
             "50 people, 50 pointers at 60 Hz; %.0f frames a second of half a megabyte over HTTP, "
             "every byte checked; tick %.1f ms",
             rate, tick_us / 1000);
    double floor_ms = loopback_ms();
    print("pointer latency, 50 people on a board, p50", median(p50, runs), floor_ms, p50_max_ms,
          runs, circumstances);
    print("pointer latency, 50 people on a board, p99", median(p99, runs), floor_ms, p99_max_ms,
          runs, circumstances);
}

static bool everybody_points(struct bots *bots) {
    for (unsigned i = 0; i < PEOPLE; i++)
        bot_begin_pointing(&bots->list[i], staff_case_id(0));
    bots_run(bots, 1000);
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (bots->list[i].handle == 0)
            return false;
    }
    return true;
}

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots;
    figure_begin(argc, argv);
    samples = calloc(SAMPLES_MAX, sizeof *samples);
    assert(samples != NULL);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_boards(&staff, 0, 1) &&
                 images_upload(&staff, 0, IMAGES);
    struct bots_plan plan = {.staff = &staff,
                             .count = PEOPLE,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message};
    ready = ready && bots_init(&bots, &plan) && bots_all_open(&bots, 30000);
    if (ready && everybody_points(&bots))
        measure(&bots, server, &staff);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    free(samples);
    return ready ? 0 : 1;
}
