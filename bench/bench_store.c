/* links: load test_postgres */
/*
 * The journal on a real PostgreSQL of its own: how long a durable acknowledgement takes at 5,000
 * events a second, and how many events a second go through when there is always more to do. The
 * reference is a bare libpq loop that writes rows of the same size into the same table with the
 * same indexes, fence and batch size, without actors, seals or hashes.
 */
#include "bench/figure.h"
#include "server/store/batch.h"
#include "server/store/postgres_array.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STREAMS = 512,
    EVENT_BYTES = 120,
    STEADY_RATE = 5000,
    ROUNDS_MAX = 8,
    SAMPLES_MAX = 4 * 1000 * 1000,
};

struct bench_stream {
    struct run *run;
    struct stream_head head;
    struct test_append append;
    int64_t asked_at;
    bool busy;
};

struct run {
    struct test_store test;
    struct bench_stream actors[STREAMS];
    double *samples; /* ms */
    size_t sample_count;
    size_t next; /* actor */
    uint64_t failed;
    bool saturated; /* each asks again as soon as it is answered */
    int64_t ends_at;
};

static void ask(struct bench_stream *actor);

static void on_done(void *data, enum store_result result) {
    struct bench_stream *actor = data;
    struct run *run = actor->run;
    actor->busy = false;
    run->failed += result != STORE_OK;
    if (run->sample_count < SAMPLES_MAX)
        run->samples[run->sample_count++] = (double)(monotonic_us() - actor->asked_at) / 1000.0;
    if (run->saturated && monotonic_us() < run->ends_at)
        ask(actor);
}

static void ask(struct bench_stream *actor) {
    static const uint8_t payload[EVENT_BYTES] = {1};
    static uint64_t commands;
    struct run *run = actor->run;
    actor->append.effects.event_count = 1;
    actor->append.effects.events[0] = (struct encoded){.tag = 72, .fields = {EVENT_BYTES, payload}};
    actor->append.append = (struct append){
        .first_version = actor->head.version + 1,
        .at = run->test.clock.now(&run->test.clock),
        .effects = &actor->append.effects,
    };
    run->test.clock.random(&run->test.clock, actor->append.append.command_id.bytes, 8);
    commands++;
    memcpy(actor->append.append.command_id.bytes + 8, &commands, sizeof commands);
    actor->busy = true;
    actor->asked_at = monotonic_us();
    store_append(run->test.store, &actor->head, &actor->append.append, on_done, actor);
}

static void open_actors(struct run *run, const char *url, uint8_t round) {
    test_store_open(&run->test, url, 1);
    test_store_until_owner(&run->test);
    for (size_t i = 0; i < STREAMS; i++) {
        struct bench_stream *actor = &run->actors[i];
        actor->run = run;
        actor->head = (struct stream_head){.stream = test_uuid(round, i), .kind = 1};
        enum store_result result = test_load(&run->test, &actor->head, NULL);
        assert(result == STORE_ABSENT);
    }
}

static void close_actors(struct run *run) {
    for (size_t i = 0; i < STREAMS; i++)
        while (run->actors[i].busy)
            test_store_turn(&run->test);
    test_store_close(&run->test);
}

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void run_steady(struct run *run, int64_t seconds) {
    int64_t start = monotonic_us();
    uint64_t asked = 0;
    run->saturated = false;
    run->sample_count = 0;
    for (int64_t now = start; now < start + seconds * 1000000; now = monotonic_us()) {
        uint64_t due = (uint64_t)(now - start) * STEADY_RATE / 1000000;
        for (size_t tried = 0; asked < due && tried < STREAMS; tried++) {
            struct bench_stream *actor = &run->actors[run->next++ % STREAMS];
            if (actor->busy)
                continue;
            ask(actor);
            asked++;
        }
        /* Waits, as a node does: a loop that spins takes the processor from PostgreSQL. */
        test_store_turn(&run->test);
    }
}

static double run_saturated(struct run *run, int64_t seconds) {
    int64_t start = monotonic_us();
    run->saturated = true;
    run->sample_count = 0;
    run->ends_at = start + seconds * 1000000;
    for (size_t i = 0; i < STREAMS; i++)
        ask(&run->actors[i]);
    while (monotonic_us() < run->ends_at)
        test_store_turn(&run->test);
    return (double)run->sample_count * 1e6 / (double)(monotonic_us() - start);
}

/* The reference */

static const char insert_events[] =
    "INSERT INTO event (tenant_id, stream_id, version, part, command_id, type, at, user_id, key_id,"
    " payload, hash) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int2[],"
    " $5::uuid[], $6::int2[], $7::int8[], $8::uuid[], $9::int8[], $10::bytea[], $11::bytea[])";

static void fill(struct run *run, struct postgres_array arrays[11], uint8_t round,
                 int64_t version) {
    static const enum postgres_type types[] = {TYPE_UUID, TYPE_UUID,  TYPE_INT8, TYPE_INT2,
                                               TYPE_UUID, TYPE_INT2,  TYPE_INT8, TYPE_UUID,
                                               TYPE_INT8, TYPE_BYTEA, TYPE_BYTEA};
    static const uint8_t payload[EVENT_BYTES + SEAL_BYTES] = {1};
    for (size_t i = 0; i < 11; i++)
        array_begin(&arrays[i], types[i]);
    for (uint64_t i = 0; i < JOURNAL_ROWS_MAX; i++) {
        struct uuid command;
        run->test.clock.random(&run->test.clock, command.bytes, sizeof command.bytes);
        array_add_uuid(&arrays[0], test_uuid(0x99, 1));
        array_add_uuid(&arrays[1], test_uuid(round, i));
        array_add_integer(&arrays[2], version);
        array_add_integer(&arrays[3], 0);
        array_add_uuid(&arrays[4], command);
        array_add_integer(&arrays[5], 72);
        array_add_integer(&arrays[6], version);
        array_add_uuid(&arrays[7], test_uuid(0, 0));
        array_add_integer(&arrays[8], 1);
        array_add(&arrays[9], payload, sizeof payload);
        array_add(&arrays[10], payload, DATABASE_HASH_BYTES);
    }
}

static void send_statement(PGconn *link, const char *name,
                           const struct postgres_parameter *parameters, int count) {
    const char *values[11];
    int lengths[11];
    int formats[11];
    for (int i = 0; i < count; i++) {
        values[i] = parameters[i].bytes;
        lengths[i] = parameters[i].length;
        formats[i] = 1;
    }
    int sent = PQsendQueryPrepared(link, name, count, values, lengths, formats, 1);
    assert(sent == 1);
}

static void finish_batch(PGconn *link) {
    int synced = PQpipelineSync(link);
    assert(synced == 1);
    for (;;) {
        PGresult *result = PQgetResult(link);
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return;
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && result != NULL)
            abort();
    }
}

static double run_bare(struct run *run, const char *url, uint8_t round, int64_t seconds,
                       long incarnation) {
    PGconn *link = PQconnectdb(url);
    PQclear(PQprepare(link, "b", "BEGIN", 0, NULL));
    PQclear(PQprepare(link, "c", "COMMIT", 0, NULL));
    PQclear(PQprepare(link, "f", "SELECT take_fence($1, $2)", 0, NULL));
    PQclear(PQprepare(link, "i", insert_events, 0, NULL));
    PQenterPipelineMode(link);
    struct postgres_array arrays[11] = {{0}};
    struct uuid node = test_uuid(1, 1);
    struct binary_integer number = binary_integer(incarnation);
    struct postgres_parameter fence[] = {parameter_uuid(&node), parameter_int8(&number)};
    int64_t start = monotonic_us();
    int64_t version = 0;
    while (monotonic_us() < start + seconds * 1000000) {
        struct postgres_parameter parameters[11];
        fill(run, arrays, round, ++version);
        for (size_t i = 0; i < 11; i++)
            parameters[i] = array_parameter(&arrays[i]);
        send_statement(link, "b", NULL, 0);
        send_statement(link, "f", fence, 2);
        send_statement(link, "i", parameters, 11);
        send_statement(link, "c", NULL, 0);
        finish_batch(link);
    }
    double rate = (double)version * JOURNAL_ROWS_MAX * 1e6 / (double)(monotonic_us() - start);
    for (size_t i = 0; i < 11; i++)
        array_finish(&arrays[i]);
    PQfinish(link);
    return rate;
}

static bool print_steady(struct run *run, double p50, double p99) {
    (void)run;
    bool holds = figure_print(&(struct figure){
        .name = "durable acknowledgement at 5,000 events/s, p50",
        .unit = "ms",
        .value = p50,
        .kind = BAR_AT_MOST,
        .bar = 3,
        .runs = 1,
    });
    return figure_print(&(struct figure){
               .name = "durable acknowledgement at 5,000 events/s, p99",
               .unit = "ms",
               .value = p99,
               .kind = BAR_AT_MOST,
               .bar = 15,
               .runs = 1,
           }) &&
           holds;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    int64_t seconds = figure_is_quick() ? 1 : 4;
    unsigned rounds = figure_runs(3);
    static struct run run;
    struct test_postgres postgres;
    double ours[ROUNDS_MAX];
    double bare[ROUNDS_MAX];
    double p99[ROUNDS_MAX];
    run.samples = malloc(SAMPLES_MAX * sizeof run.samples[0]);
    assert(run.samples != NULL && rounds <= ROUNDS_MAX);
    test_postgres_start(&postgres, 0);

    open_actors(&run, postgres.url, 0x20);
    run_steady(&run, seconds);
    close_actors(&run);
    qsort(run.samples, run.sample_count, sizeof run.samples[0], by_size);
    bool holds = print_steady(&run, percentile(run.samples, run.sample_count, 0.5),
                              percentile(run.samples, run.sample_count, 0.99));

    for (unsigned i = 0; i < rounds; i++) {
        open_actors(&run, postgres.url, (uint8_t)(0x30 + i));
        ours[i] = run_saturated(&run, seconds);
        close_actors(&run);
        qsort(run.samples, run.sample_count, sizeof run.samples[0], by_size);
        p99[i] = percentile(run.samples, run.sample_count, 0.99);
        long incarnation = test_postgres_number(&postgres, "SELECT incarnation FROM node_fence");
        bare[i] = run_bare(&run, postgres.url, (uint8_t)(0x60 + i), seconds, incarnation);
    }
    struct figure figure = {
        .name = "durable events, saturated",
        .unit = "events/s",
        .value = median(ours, rounds),
        .reference = "bare libpq loop: same table, indexes, fence and batch of 128",
        .reference_value = median(bare, rounds),
        .kind = BAR_AT_LEAST,
        .bar = 30000,
        .runs = rounds,
    };
    holds = figure_print(&figure) && holds;
    figure.name = "durable events, saturated, against the bare loop";
    figure.kind = BAR_RATIO_AT_LEAST;
    figure.bar = 0.5;
    holds = figure_print(&figure) && holds;
    holds = figure_print(&(struct figure){
                .name = "durable events, saturated, acknowledgement p99",
                .unit = "ms",
                .value = median(p99, rounds),
                .kind = BAR_AT_MOST,
                .bar = 30,
                .runs = rounds,
            }) &&
            holds;
    if (run.failed > 0)
        fprintf(stderr, "%llu appends failed\n", (unsigned long long)run.failed);
    test_postgres_end(&postgres);
    free(run.samples);
    return holds && run.failed == 0 ? 0 : 1;
}
