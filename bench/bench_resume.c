/* links: load consilium libpq */
/*
 * How long somebody who comes back waits for what was missed: from asking for the channel, with the
 * version last seen, to the last of 1,000 missed events, decoded. Once with the case in the
 * server's memory, and once after the server was killed, when it must be read from the record
 * first. The reference is PostgreSQL alone, giving the same rows to a client of its own.
 */
#include "bench/figure.h"
#include "protocol/generated/patient_case.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>

enum {
    MISSED = 1000,
    SPEAKERS = 64, /* each may post a burst of 20 */
    PEOPLE = 4,
    RUNS = 5,
    LIMIT_MS = 30000,
    EVENT_BYTES = 16 * 1024,
};

static const double bar_ms = 50;
static uint64_t accepted;
static int64_t last_event_us;
static uint64_t resumed_events, wrong;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index % PEOPLE;
}

/* Each run has a case of its own. */
static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)index;
    return staff_case_id(*(const unsigned *)bots->plan.data);
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    (void)bot;
    accepted += frame->channel == BOT_CHANNEL && frame->tag == REPLY_ACCEPTED;
}

static void on_message(struct bot *bot, const struct frame *frame) {
    (void)bot;
    if (frame->tag != PATIENT_CASE_MESSAGE_POSTED)
        return;
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    struct message_posted posted;
    arena_init(&arena, EVENT_BYTES);
    wrong += !message_posted_read(&reader, &arena, &posted);
    arena_finish(&arena);
    resumed_events++;
    last_event_us = monotonic_us();
}

/* Never more at once than an actor's mailbox holds. */
static bool post_all(struct bots *speakers) {
    unsigned posted = 0;
    accepted = 0;
    for (int64_t end = monotonic_us() + LIMIT_MS * 1000; accepted < MISSED;) {
        for (; posted < MISSED && posted < accepted + SPEAKERS; posted++)
            bot_post(&speakers->list[posted % SPEAKERS], fresh_id(),
                     TEXT("Please look at the second series again, slice 44."));
        if (monotonic_us() > end)
            return false;
        bots_turn(speakers, 5);
    }
    return true;
}

/* The one who was away comes back. Milliseconds; negative when it did not get exactly that. */
static double come_back(struct bots *listener) {
    struct bot *bot = &listener->list[0];
    uint64_t snapshots = bot->snapshots;
    resumed_events = 0;
    bot->welcomed_us = 0;
    for (int64_t end = monotonic_us() + LIMIT_MS * 1000; resumed_events < MISSED;) {
        if (monotonic_us() > end)
            return -1;
        bots_turn(listener, 5);
    }
    bots_run(listener, 50);
    bool exact = resumed_events == MISSED && bot->snapshots == snapshots && wrong == 0;
    return exact ? (double)(last_event_us - bot->welcomed_us) / 1000 : -1;
}

static double ask_postgres(const struct server_process *server, unsigned number) {
    struct uuid id = staff_case_id(number);
    const char *values[] = {(const char *)id.bytes};
    int lengths[] = {sizeof id.bytes}, formats[] = {1};
    PGconn *link = PQconnectdb(server_process_database(server));
    int64_t begin = monotonic_us();
    PGresult *rows = PQexecParams(link,
                                  "SELECT version, part, command_id, type, at, user_id, key_id, "
                                  "payload, hash FROM event WHERE stream_id = $1::uuid "
                                  "ORDER BY version DESC LIMIT 1000",
                                  1, NULL, values, lengths, formats, 1);
    double took_ms = (double)(monotonic_us() - begin) / 1000;
    assert(PQntuples(rows) == MISSED);
    PQclear(rows);
    PQfinish(link);
    return took_ms;
}

struct result {
    double warm_ms, cold_ms, postgres_ms;
};

static bool run(const struct staff *staff, struct server_process *server, unsigned number,
                struct result *ret) {
    struct bots speakers, listener;
    struct bots_plan plan = {.staff = staff,
                             .count = SPEAKERS,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .answered = on_answered,
                             .data = &number};
    bool made = bots_init(&speakers, &plan);
    plan.count = 1;
    plan.message = on_message;
    made = made && bots_init(&listener, &plan);
    assert(made);
    bool ready = bots_all_open(&speakers, LIMIT_MS) && bots_all_open(&listener, LIMIT_MS);
    bots_run(&listener, 100);
    /* Until its loop is turned again it is away. */
    client_break(listener.list[0].client);
    ready = ready && post_all(&speakers);
    if (!ready)
        fprintf(stderr, "%llu of %d were accepted\n", (unsigned long long)accepted, MISSED);
    ret->warm_ms = ready ? come_back(&listener) : -1;
    ret->postgres_ms = ready ? ask_postgres(server, number) : -1;
    bots_run(&speakers, 7000); /* their bursts are used up */
    client_break(listener.list[0].client);
    ready = ready && post_all(&speakers);
    server_process_kill(server);
    ready = ready && server_process_launch(server) && server_process_wait_ready(server, LIMIT_MS);
    ret->cold_ms = ready ? come_back(&listener) : -1;
    bots_finish(&speakers);
    bots_finish(&listener);
    fprintf(stderr, "in memory %.1f ms, after a crash %.1f ms, PostgreSQL alone %.1f ms\n",
            ret->warm_ms, ret->cold_ms, ret->postgres_ms);
    return ready && ret->warm_ms > 0 && ret->cold_ms > 0;
}

static void print(const char *name, double value, double reference, unsigned runs) {
    figure_print(&(struct figure){.name = name,
                                  .unit = "ms",
                                  .value = value,
                                  .reference = "the same rows from PostgreSQL alone",
                                  .reference_value = reference,
                                  .kind = BAR_AT_MOST,
                                  .bar = bar_ms,
                                  .runs = runs,
                                  .circumstances = "from asking for the channel to the last event, "
                                                   "decoded"});
}

int main(int argc, char **argv) {
    struct staff staff;
    double warm[RUNS], cold[RUNS], postgres[RUNS];
    figure_begin(argc, argv);
    unsigned runs = figure_runs(RUNS);
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, runs);
    for (unsigned i = 0; ready && i < runs; i++) {
        struct result result;
        ready = run(&staff, server, i, &result);
        warm[i] = result.warm_ms;
        cold[i] = result.cold_ms;
        postgres[i] = result.postgres_ms;
    }
    if (ready) {
        double floor_ms = median(postgres, runs);
        print("resume with 1,000 missed events", median(warm, runs), floor_ms, runs);
        print("resume with 1,000 missed events after the server was killed", median(cold, runs),
              floor_ms, runs);
    }
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
