/* links: load consilium */
/*
 * How long a person waits until what they said is safe: from the first byte of PostMessage to
 * Accepted, through the whole server and PostgreSQL, at 5,000 messages a second over 500 cases. The
 * reference is the same path at 100 a second, which nothing hurries.
 */
#include "bench/figure.h"
#include "protocol/generated/patient_case.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CASES = 500,     /* so that few share the price of telling everybody on a case */
    SESSIONS = 2000, /* each may post 3 a second */
    PEOPLE = 10,
    RATE = 5000,
    RATE_UNHURRIED = 100,
    RUNS = 3,
    SEQ_MAX = 4096, /* of one session in one run */
    SAMPLES_MAX = 1 << 18,
};

static const double p50_max_ms = 3, p99_max_ms = 15;

static int64_t (*sent_at)[SEQ_MAX]; /* by session and seq */
static double *samples;
static size_t sample_count, accepted, refused;

struct result {
    double p50_ms, p99_ms, accepted_a_second;
};

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index / CASES % PEOPLE;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return staff_case_id(index % CASES);
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    if (frame->channel != BOT_CHANNEL || frame->seq >= SEQ_MAX)
        return;
    if (frame->tag != REPLY_ACCEPTED) {
        refused++;
        return;
    }
    accepted++;
    if (sample_count < SAMPLES_MAX)
        samples[sample_count++] = (double)(monotonic_us() - sent_at[bot->index][frame->seq]) / 1000;
}

static void post_from(struct bots *bots, uint64_t number) {
    struct bot *bot = &bots->list[number % SESSIONS];
    int64_t now = monotonic_us();
    uint32_t seq = bot_post(bot, fresh_id(), TEXT("The margin looks free on the second series."));
    assert(seq < SEQ_MAX);
    sent_at[bot->index][seq] = now;
}

static struct result run(struct bots *bots, unsigned rate, double seconds) {
    static uint64_t number;
    uint64_t posted = 0;
    sample_count = accepted = refused = 0;
    int64_t begin = monotonic_us(), now = begin;
    for (; (double)(now - begin) < seconds * 1e6; now = monotonic_us()) {
        uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e6);
        for (; posted < due; posted++)
            post_from(bots, number++);
        bots_turn(bots, 1);
    }
    for (int64_t end = monotonic_us() + 10000000;
         accepted + refused < posted && monotonic_us() < end;)
        bots_turn(bots, 10);
    double took = (double)(monotonic_us() - begin) / 1e6;
    assert(sample_count > 0);
    struct result result = {.p50_ms = median(samples, sample_count),
                            .p99_ms = percentile(samples, sample_count, 0.99),
                            .accepted_a_second = (double)accepted / took};
    fprintf(stderr,
            "%u a second: %zu accepted, %zu refused, %llu asked; p50 %.2f ms, p99 %.2f ms\n", rate,
            accepted, refused, (unsigned long long)posted, result.p50_ms, result.p99_ms);
    return result;
}

static void print(const char *name, double value, double reference, double bar, double rate,
                  unsigned runs) {
    char circumstances[128];
    snprintf(circumstances, sizeof circumstances,
             "%.0f accepted a second by %d sessions on %d cases", rate, SESSIONS, CASES);
    figure_print(&(struct figure){.name = name,
                                  .unit = "ms",
                                  .value = value,
                                  .reference = "the same at 100 events a second",
                                  .reference_value = reference,
                                  .kind = BAR_AT_MOST,
                                  .bar = bar,
                                  .runs = runs,
                                  .circumstances = circumstances});
}

static void measure(struct bots *bots) {
    double p50[RUNS], p99[RUNS], rate[RUNS], seconds = figure_is_quick() ? 2 : 8;
    unsigned runs = figure_runs(RUNS);
    run(bots, RATE_UNHURRIED, 1);
    struct result unhurried = run(bots, RATE_UNHURRIED, seconds);
    for (unsigned i = 0; i < runs; i++) {
        struct result result = run(bots, RATE, seconds);
        p50[i] = result.p50_ms;
        p99[i] = result.p99_ms;
        rate[i] = result.accepted_a_second;
    }
    double accepted_rate = median(rate, runs);
    print("durable acknowledgement at 5,000 events/s, p50", median(p50, runs), unhurried.p50_ms,
          p50_max_ms, accepted_rate, runs);
    print("durable acknowledgement at 5,000 events/s, p99", median(p99, runs), unhurried.p99_ms,
          p99_max_ms, accepted_rate, runs);
}

int main(int argc, char **argv) {
    struct staff staff;
    struct bots bots;
    figure_begin(argc, argv);
    sent_at = calloc(SESSIONS, sizeof *sent_at);
    samples = calloc(SAMPLES_MAX, sizeof *samples);
    assert(sent_at != NULL && samples != NULL);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES);
    struct bots_plan plan = {.staff = &staff,
                             .count = SESSIONS,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .answered = on_answered};
    ready = ready && bots_init(&bots, &plan) && bots_all_open(&bots, 120000);
    if (ready) {
        measure(&bots);
        bots_finish(&bots);
    }
    staff_finish(&staff);
    server_process_end(server);
    free(samples);
    free(sent_at);
    return ready ? 0 : 1;
}
