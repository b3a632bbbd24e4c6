/* links: load consilium libpq */
/*
 * A tenant of 100,000 images more: searches, frames, metadata and storing before and after, on the
 * same server. The rows that are added are those of a real upload, multiplied by the database over
 * many cases and, in one case, to many series, without their files: nothing looks at those.
 */
#include "bench/figure.h"
#include "bench/images.h"
#include "bench/raw_get.h"
#include "bench/stow_body.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SLICES = 100,
    SMALL = 500,
    MORE_CASES = 50,
    SERIES = 0,      /* case with the series that is looked at */
    STUDIES = 1,     /* case with studies that are searched for */
    STORED = 2,      /* and the next, stored into before and after */
    FIRST_OTHER = 4, /* cases that the rows belong to */
    CASES = FIRST_OTHER + MORE_CASES,
    ROWS_A_CASE = 2000,
};

static struct server_process *server;
static struct staff staff;

static void path_of(unsigned number, char path[512], void *data) {
    (void)number;
    snprintf(path, 512, "%s", (const char *)data);
}

static void frame_path(unsigned number, char path[512], void *data) {
    char whole[IMAGE_PATH_MAX];
    (void)data;
    image_path(whole, SERIES, 1 + number % SLICES);
    snprintf(path, 512, "%s", whole);
}

static double store(unsigned case_number) {
    static struct dicom_writer writer;
    struct stow_body body = {0};
    char path[IMAGE_PATH_MAX];
    for (unsigned number = 0; number < SMALL; number++) {
        small_study_write(&writer, case_number, number);
        stow_body_add(&body, writer.bytes, writer.size);
    }
    stow_body_end(&body);
    image_case_path(path, case_number, "dicom-web/studies");
    double seconds = stow_body_store(&staff.address, staff.people[0].token, path, &body);
    stow_body_finish(&body);
    return seconds > 0 ? SMALL / seconds : 0;
}

struct measured {
    struct raw_got frame, metadata, studies;
    double stored;
};

static struct raw_got ask(void (*path)(unsigned, char[512], void *), const char *what,
                          unsigned case_number) {
    char text[IMAGE_PATH_MAX];
    image_case_path(text, case_number, what);
    struct raw_get get = {.address = &staff.address,
                          .bearer = staff.people[0].token,
                          .path = path,
                          .data = text,
                          .connections = 1,
                          .body_least = 100};
    raw_get_run(&get, 0.3);
    return raw_get_run(&get, figure_is_quick() ? 0.5 : 3);
}

static struct measured measure(unsigned stored_case) {
    struct measured measured = {.stored = store(stored_case)};
    measured.frame = ask(frame_path, "", SERIES);
    measured.metadata =
        ask(path_of, "dicom-web/studies/2.25.78.1/series/2.25.79.1/metadata", SERIES);
    measured.studies = ask(path_of, "dicom-web/studies?limit=2", STUDIES);
    return measured;
}

/* False, with the reason on standard error. */
static bool execute(PGconn *link, const char *sql) {
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        fprintf(stderr, "%s\n", PQerrorMessage(link));
    PQclear(result);
    return done;
}

/* Every case that has a key and is none of the first gets rows; what is copied was announced. */
static bool multiply(void) {
    char sql[1024];
    PGconn *link = PQconnectdb(server_process_database(server));
    snprintf(sql, sizeof sql,
             "INSERT INTO image_instance (tenant_id, case_id, sop_instance_uid, series_uid,"
             " study_uid, digest, held, announced, instance_number, file_size, outline, frames,"
             " identity, metadata, stored_by, copy_wanted)"
             " SELECT i.tenant_id, k.stream_id, i.sop_instance_uid || '.' || n,"
             " i.series_uid || '.' || n, i.study_uid || '.' || n, i.digest, false, true,"
             " i.instance_number, i.file_size, i.outline, i.frames, i.identity, i.metadata,"
             " i.stored_by, false FROM (SELECT * FROM image_instance LIMIT 100) i,"
             " (SELECT stream_id FROM stream_key WHERE stream_id NOT IN"
             " (SELECT case_id FROM image_instance) LIMIT %d) k, generate_series(1, %d) n",
             MORE_CASES, (figure_is_quick() ? ROWS_A_CASE / 20 : ROWS_A_CASE) / 100);
    bool done = PQstatus(link) == CONNECTION_OK && execute(link, sql) &&
                execute(link, "ANALYZE image_instance");
    PQfinish(link);
    return done;
}

static bool print(const char *name, const char *unit, double value, double before, bool at_least,
                  double bar) {
    return figure_print(&(struct figure){.name = name,
                                         .unit = unit,
                                         .value = value,
                                         .reference = "before they were added",
                                         .reference_value = before,
                                         .kind = at_least ? BAR_AT_LEAST : BAR_AT_MOST,
                                         .bar = bar,
                                         .runs = 1,
                                         .circumstances = "one connection"});
}

static bool print_all(const struct measured *before, const struct measured *after) {
    bool holds = before->frame.failed + after->frame.failed + after->studies.failed == 0;
    holds &= print("100,000 images more: two studies found, p50", "ms", after->studies.p50_ms,
                   before->studies.p50_ms, false, 1.5);
    holds &= print("100,000 images more: two studies found, p99", "ms", after->studies.p99_ms,
                   before->studies.p99_ms, false, 5);
    holds &= print("100,000 images more: a frame, p50", "ms", after->frame.p50_ms,
                   before->frame.p50_ms, false, 0.5);
    holds &= print("100,000 images more: a frame, p99", "ms", after->frame.p99_ms,
                   before->frame.p99_ms, false, 2);
    holds &= print("100,000 images more: metadata of a series of 100, p50", "ms",
                   after->metadata.p50_ms, before->metadata.p50_ms, false, 15);
    return print("100,000 images more: small ones stored", "instances per second", after->stored,
                 before->stored, true, 800) &&
           holds;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    bool ready = server != NULL && staff_hire(&staff, server, 1) &&
                 staff_make_cases(&staff, 0, CASES) && images_upload(&staff, SERIES, SLICES) &&
                 store(STUDIES) > 0;
    bool holds = ready;
    if (ready) {
        struct measured before = measure(STORED);
        holds = multiply();
        struct measured after = measure(STORED + 1);
        holds = print_all(&before, &after) && holds;
    }
    staff_finish(&staff);
    server_process_end(server);
    return holds ? 0 : 1;
}
