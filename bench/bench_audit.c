/* links: load test_postgres */
/*
 * How fast the verifier goes through a record: rows that the store wrote, sealed and chained, on a
 * real PostgreSQL. The reference of the same run is PostgreSQL giving the same rows to somebody who
 * only counts them.
 */
#include "bench/figure.h"
#include "server/audit/checkpoint.h"
#include "server/audit/record_copy.h"
#include "server/audit/record_verify.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STREAMS = 500, EVENTS_A_COMMAND = 16, COMMANDS = 40, ROUNDS = 5 };

static void write_record(const struct test_postgres *postgres, unsigned commands) {
    struct test_store test;
    test_store_open(&test, postgres->url, 1);
    test_store_until_owner(&test);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct stream_head head = {.stream = test_uuid(0x10, i + 1), .kind = 1};
        enum store_result loaded = test_load(&test, &head, NULL);
        assert(loaded == STORE_ABSENT);
        for (unsigned j = 0; j < commands; j++) {
            enum store_result written = test_append(&test, &head, EVENTS_A_COMMAND);
            assert(written == STORE_OK);
        }
    }
    test_store_close(&test);
}

static void count_row(void *data, const struct event_row *row, int kind) {
    (void)row;
    (void)kind;
    (*(uint64_t *)data)++;
}

static void on_found(void *data, const char *words) {
    (void)data;
    fprintf(stderr, "%s\n", words);
}

static double rows_counted_a_second(PGconn *connection) {
    uint64_t rows = 0;
    int64_t begin = monotonic_us();
    bool read = record_copy(connection, count_row, &rows);
    assert(read);
    return (double)rows * 1e6 / (double)(monotonic_us() - begin);
}

static double rows_verified_a_second(PGconn *connection, const struct test_postgres *postgres) {
    char key[160], anchor[160];
    const char *message = "";
    struct record_verdict verdict;
    snprintf(key, sizeof key, "%s/checkpoint-key", postgres->folder);
    snprintf(anchor, sizeof anchor, "%s/checkpoints", postgres->folder);
    fclose(fopen(anchor, "a"));
    checkpoint_key_close(checkpoint_key_open(key, true, &message));
    struct record_verify_config config = {
        .key_path = key, .anchor_path = anchor, .found = on_found, .noted = on_found};
    bool done = record_verify(connection, &config, &verdict, &message);
    if (!done || verdict.findings > 0) {
        fprintf(stderr, "The record is not whole: %s\n", message);
        exit(1);
    }
    return (double)verdict.rows / verdict.seconds;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    struct test_postgres postgres;
    unsigned rounds = figure_runs(ROUNDS);
    double verified[ROUNDS], counted[ROUNDS];
    test_postgres_start(&postgres, 0);
    write_record(&postgres, figure_is_quick() ? 1 : COMMANDS);
    PGconn *connection = PQconnectdb(postgres.url);
    assert(PQstatus(connection) == CONNECTION_OK);
    for (unsigned i = 0; i < rounds; i++) {
        verified[i] = rows_verified_a_second(connection, &postgres);
        counted[i] = rows_counted_a_second(connection);
    }
    PQfinish(connection);
    test_postgres_end(&postgres);
    bool holds = figure_print(&(struct figure){
        .name = "rows of the record verified",
        .unit = "rows/s",
        .value = median(verified, rounds),
        .reference = "PostgreSQL gives the same rows, and they are counted",
        .reference_value = median(counted, rounds),
        .kind = BAR_AT_LEAST,
        .bar = 200000,
        .runs = rounds,
    });
    return holds ? 0 : 1;
}
