/* links: load consilium */
/*
 * Whether people who sign in hold up those who point: 50 people on one board, every pointer moving
 * 60 times a second, while 500 others a minute come in by their passwords, each of which is 19 MiB
 * of Argon2id on a thread of its own. The reference of the same run is the board without them.
 */
#include "bench/figure.h"
#include "bench/pace.h"
#include "bench/pointer_board.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGN_INS_A_MINUTE = 500, RUNS = 3 };

static const double p99_max_ms = 15;

/* In a process of its own; counts who came in. One after the other, as far behind as they come:
 * whoever is not served in time is missing from the count. */
static pid_t begin_signing_in(const struct staff *staff, volatile unsigned *count) {
    pid_t process = fork();
    if (process != 0)
        return process;
    struct http_client http;
    char token[CLIENT_TOKEN_MAX + 1], login[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    http_client_init(&http, &staff->address);
    int64_t begin = monotonic_us();
    for (unsigned i = 0;; i++) {
        pace_wait(begin, i, SIGN_INS_A_MINUTE / 60.0);
        snprintf(login, sizeof login, "person%u", i % POINTER_PEOPLE);
        if (conversation_sign_in(&http, login, STAFF_PASSWORD, token) != 200)
            _exit(1);
        ++*count;
    }
}

static bool measure(struct bots *bots, const struct staff *staff) {
    double with[RUNS], without[RUNS],
        seconds = figure_is_quick() ? POINTER_SECONDS_QUICK : POINTER_SECONDS, signing_us = 0;
    unsigned runs = figure_runs(RUNS), came = 0;
    volatile unsigned *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(count != MAP_FAILED);
    pointer_board_play(bots, 1);
    for (unsigned i = 0; i < runs; i++) {
        without[i] = pointer_board_measure(bots, seconds).p99_ms;
        pid_t process = begin_signing_in(staff, count);
        pointer_board_play(bots, 0.5);
        unsigned before = *count;
        int64_t begin = monotonic_us();
        with[i] = pointer_board_measure(bots, seconds).p99_ms;
        signing_us += (double)(monotonic_us() - begin);
        came += *count - before;
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
    }
    double a_minute = came * 60e6 / signing_us;
    char circumstances[160];
    snprintf(circumstances, sizeof circumstances,
             "50 people, 50 pointers at 60 Hz; %.0f sign-ins a minute by password", a_minute);
    bool holds = figure_print(&(struct figure){.name = "pointer latency while people sign in, p99",
                                               .unit = "ms",
                                               .value = median(with, runs),
                                               .reference = "the same board, nobody signing in",
                                               .reference_value = median(without, runs),
                                               .kind = BAR_AT_MOST,
                                               .bar = p99_max_ms,
                                               .runs = runs,
                                               .circumstances = circumstances});
    return figure_print(&(struct figure){.name = "sign-ins a minute beside them",
                                         .unit = "1/min",
                                         .value = a_minute,
                                         .reference = "asked for",
                                         .reference_value = SIGN_INS_A_MINUTE,
                                         .kind = BAR_RATIO_AT_LEAST,
                                         .bar = 0.97,
                                         .runs = runs}) &&
           holds;
}

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots;
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, POINTER_PEOPLE) && staff_make_boards(&staff, 0, 1);
    ready = ready && pointer_board_open(&bots, &staff);
    bool holds = ready && measure(&bots, &staff);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    return holds ? 0 : 1;
}
