/* links: load consilium */
/*
 * Whether people who sign in hold up those who point: 50 people on one board, every pointer moving
 * 60 times a second, while 500 others a minute come in by their passwords, each of which is 19 MiB
 * of Argon2id on a thread of its own. The reference of the same run is the board without them.
 */
#include "bench/figure.h"
#include "protocol/generated/board.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PEOPLE = 50,
    RATE = 60,
    LISTENERS = 5, /* whose frames are looked into */
    SIGN_INS_A_MINUTE = 500,
    RUNS = 3,
    SAMPLES_MAX = 1 << 20,
    TIME_MASK = (1 << 24) - 1, /* whole microseconds that a float 32 holds exactly */
};

static const double p99_max_ms = 15;
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
        int64_t early = begin + (int64_t)i * 60000000 / SIGN_INS_A_MINUTE - monotonic_us();
        if (early > 0)
            usleep((useconds_t)early);
        snprintf(login, sizeof login, "person%u", i % PEOPLE);
        if (conversation_sign_in(&http, login, STAFF_PASSWORD, token) != 200)
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

static double p99_over(struct bots *bots, double seconds) {
    sample_count = 0;
    point_for(bots, seconds);
    assert(sample_count > 0);
    double middle = median(samples, sample_count);
    double p99 = percentile(samples, sample_count, 0.99);
    fprintf(stderr, "p50 %.2f ms, p99 %.2f ms of %zu\n", middle, p99, sample_count);
    return p99;
}

static bool measure(struct bots *bots, const struct staff *staff) {
    double with[RUNS], without[RUNS], seconds = figure_is_quick() ? 2 : 6, signing_us = 0;
    unsigned runs = figure_runs(RUNS), came = 0;
    volatile unsigned *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(count != MAP_FAILED);
    point_for(bots, 1);
    for (unsigned i = 0; i < runs; i++) {
        without[i] = p99_over(bots, seconds);
        pid_t process = begin_signing_in(staff, count);
        point_for(bots, 0.5);
        unsigned before = *count;
        int64_t begin = monotonic_us();
        with[i] = p99_over(bots, seconds);
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
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_boards(&staff, 0, 1);
    struct bots_plan plan = {.staff = &staff,
                             .count = PEOPLE,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message};
    ready =
        ready && bots_init(&bots, &plan) && bots_all_open(&bots, 30000) && everybody_points(&bots);
    bool holds = ready && measure(&bots, &staff);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
    free(samples);
    return holds ? 0 : 1;
}
