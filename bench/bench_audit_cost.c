/* links: load test_postgres */
/*
 * What the record of who did and saw what costs those who write: events a second through the
 * journal when there is always more to do, with the audit trail beside it on the same loop and
 * database as in the server. The reference of the same run is the journal without. Each measured
 * spell with it has a whole checkpoint of all streams in it, which in the server comes once a
 * minute, and a row of the access log for every hundred events.
 */
#include "bench/figure.h"
#include "server/audit/audit_trail.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { STREAMS = 512, EVENT_BYTES = 120, ROUNDS = 7, EVENTS_AN_ACCESS = 100 };

struct source {
    struct stream_head head;
    struct test_append append;
};

struct run {
    struct test_store test;
    struct source sources[STREAMS];
    struct audit_trail *trail; /* NULL = without */
    uint64_t done, failed, accesses;
    bool stopped;
};

static void on_report(void *data, const char *words) {
    (void)data;
    fprintf(stderr, "%s\n", words);
}

static struct audit_trail *start_trail(struct run *run, const char *path) {
    static struct data_folder folder;
    const char *message = "";
    folder.node = test_uuid(1, 1);
    snprintf(folder.path, sizeof folder.path, "%s", path);
    struct audit_trail *trail =
        audit_trail_start(&(struct audit_trail_config){.loop = &run->test.loop,
                                                       .clock = &run->test.clock,
                                                       .postgres = run->test.postgres,
                                                       .tenant = test_uuid(0x99, 1),
                                                       .folder = &folder,
                                                       .report = on_report},
                          &message);
    if (trail == NULL)
        fprintf(stderr, "%s\n", message);
    assert(trail != NULL);
    return trail;
}

static void on_stopped(void *data) {
    ((struct run *)data)->stopped = true;
}

static void note_access(struct run *run) {
    struct access access;
    memset(&access, 0, sizeof access);
    access.user = test_uuid(0x55, 1);
    access.patient_case = test_uuid(0xca, ++run->accesses);
    access.action = ACCESS_CASE;
    access_log_write(audit_trail_log(run->trail), &access, NULL, NULL);
}

static void settle(struct run *run, struct source *source) {
    run->failed += source->append.result != STORE_OK;
    run->done++;
    if (run->trail == NULL)
        return;
    audit_trail_moved(run->trail, &source->head);
    if (run->done % EVENTS_AN_ACCESS == 0)
        note_access(run);
}

static void begin(struct run *run, struct source *source) {
    test_append_begin(&run->test, &source->append, &source->head, 1, EVENT_BYTES);
}

static double events_a_second(struct run *run, double seconds) {
    int64_t start = monotonic_us();
    run->done = 0;
    for (unsigned i = 0; i < STREAMS; i++)
        begin(run, &run->sources[i]);
    while ((double)(monotonic_us() - start) < seconds * 1e6) {
        test_store_turn(&run->test);
        for (unsigned i = 0; i < STREAMS; i++) {
            if (run->sources[i].append.ended) {
                settle(run, &run->sources[i]);
                begin(run, &run->sources[i]);
            }
        }
    }
    double rate = (double)run->done * 1e6 / (double)(monotonic_us() - start);
    for (unsigned i = 0; i < STREAMS; i++)
        test_append_end(&run->test, &run->sources[i].append);
    return rate;
}

static double measure(struct run *run, const char *audit_folder, double seconds) {
    run->trail = audit_folder == NULL ? NULL : start_trail(run, audit_folder);
    double rate = events_a_second(run, seconds);
    if (run->trail != NULL) {
        run->stopped = false;
        audit_trail_stop(run->trail, on_stopped, run);
        while (!run->stopped)
            test_store_turn(&run->test);
        run->trail = NULL;
    }
    return rate;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    static struct run run;
    struct test_postgres postgres;
    unsigned rounds = figure_runs(ROUNDS);
    double with[ROUNDS], without[ROUNDS], shares[ROUNDS];
    double seconds = figure_is_quick() ? 1 : 3;
    char keys[192];
    test_postgres_start(&postgres, 0);
    snprintf(keys, sizeof keys, "%s/keys", postgres.folder);
    int made = mkdir(keys, 0700);
    assert(made == 0);
    test_store_open(&run.test, postgres.url, 1);
    test_store_until_owner(&run.test);
    for (unsigned i = 0; i < STREAMS; i++) {
        run.sources[i].head = (struct stream_head){.stream = test_uuid(0x20, i + 1), .kind = 1};
        enum store_result result = test_load(&run.test, &run.sources[i].head, NULL);
        assert(result == STORE_ABSENT);
    }
    measure(&run, postgres.folder, 1); /* the first rows of each stream are more work */
    for (unsigned i = 0; i < rounds; i++) {
        without[i] = measure(&run, NULL, seconds);
        with[i] = measure(&run, postgres.folder, seconds);
        shares[i] = with[i] / without[i];
        fprintf(stderr, "%.0f without, %.0f with: %.3f\n", without[i], with[i], shares[i]);
    }
    long checkpoints = test_postgres_number(&postgres, "SELECT count(*) FROM checkpoint");
    long accesses = test_postgres_number(&postgres, "SELECT count(*) FROM access_log");
    test_store_close(&run.test);
    test_postgres_end(&postgres);
    char circumstances[160];
    snprintf(circumstances, sizeof circumstances,
             "%u streams; %ld checkpoints and %ld rows of the access log meanwhile; the share is "
             "the median of pairs",
             STREAMS, checkpoints, accesses);
    double share = median(shares, rounds), reference = median(without, rounds);
    bool holds = figure_print(&(struct figure){.name = "durable events beside the audit trail",
                                               .unit = "events/s",
                                               .value = share * reference,
                                               .reference = "the same without",
                                               .reference_value = reference,
                                               .kind = BAR_RATIO_AT_LEAST,
                                               .bar = 0.9,
                                               .runs = rounds,
                                               .circumstances = circumstances});
    return holds && run.failed == 0 ? 0 : 1;
}
