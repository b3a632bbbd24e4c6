/* links: load consilium */
/*
 * How late a moving pointer is seen by the others: 50 people on one board, every pointer moving 60
 * times a second, while frames of images are fetched from the same server. From the call that sends
 * to the other's decoded message; the clients' own work and the way through the kernel are in it.
 * The reference is that way alone: a byte to another process and back, halved.
 */
#include "bench/figure.h"
#include "bench/images.h"
#include "bench/pace.h"
#include "bench/pointer_board.h"

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
    IMAGES = 40,
    FETCHES_A_SECOND = 100, /* half a megabyte each */
    RUNS = 3,
    ECHOES = 2000,
};

static const double p50_max_ms = 3, p99_max_ms = 15;

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
        pace_wait(begin, i, FETCHES_A_SECOND);
        if (!image_fetch(&http, 0, 1 + i % IMAGES))
            _exit(1);
        ++*count;
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
    double p50[RUNS], p99[RUNS],
        seconds = figure_is_quick() ? POINTER_SECONDS_QUICK : POINTER_SECONDS;
    char circumstances[200];
    unsigned runs = figure_runs(RUNS),
             *fetched = mmap(NULL, sizeof *fetched, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(fetched != MAP_FAILED);
    pid_t fetcher = begin_fetching(staff, fetched);
    pointer_board_play(bots, 1);
    unsigned before = *fetched;
    int64_t begin = monotonic_us();
    for (unsigned i = 0; i < runs; i++) {
        struct pointer_lateness lateness = pointer_board_measure(bots, seconds);
        p50[i] = lateness.p50_ms;
        p99[i] = lateness.p99_ms;
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

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots;
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, POINTER_PEOPLE) && staff_make_boards(&staff, 0, 1) &&
                 images_upload(&staff, 0, IMAGES);
    ready = ready && pointer_board_open(&bots, &staff);
    if (ready)
        measure(&bots, server, &staff);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
