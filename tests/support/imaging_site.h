/*
 * A place to keep images for tests: a private PostgreSQL, a folder, a real consilium-ingest, and
 * the service over them, with calls that wait for their answer. Included once, after cmocka.h.
 */
#ifndef CONSILIUM_TESTS_IMAGING_SITE_H
#define CONSILIUM_TESTS_IMAGING_SITE_H

#include "protocol/generated/stage.h"
#include "server/imaging/imaging_resumable.h"
#include "server/imaging/imaging_service.h"
#include "server/store/cluster.h"
#include "server/store/migrate.h"
#include "tests/support/dicom_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITE_FRAME_CACHE_BYTES = 1 << 20, SITE_QUIET_MS = 1000 };

static const struct uuid tenant = {{1}};
static const struct uuid user = {{3}};

struct site {
    uv_loop_t loop;
    char folder[64];
    char blobs[80];
    char url[2 * CLUSTER_PATH_MAX];
    bool ready;
    struct cluster *cluster;
    struct postgres *postgres;
    struct keys *keys;
    struct imaging_service *service;
    struct uuid patient_case; // a new one for each test
    bool masked;              // ask as who is not told who the patient is
    unsigned told;            // series announced
    size_t told_images;
    /* The last answer of each kind. */
    bool done;
    enum upload_outcome outcome;
    enum file_refusal_kind refusal;
    size_t sets_told;
    enum imaging_read_result result;
    char *text;
    size_t text_size;
    struct download_facts facts;
    struct imaging_download *download;
    bool cut;
    /* Of resumable uploads, and of what is on its way. */
    unsigned resumables_max;
    struct uuid made;
    enum resumable_result resumable;
    unsigned arrivals_told;
    struct arrival arrival; // told last
};

static void on_ready(void *data, const char *url) {
    struct site *site = data;
    snprintf(site->url, sizeof site->url, "%s", url);
    site->ready = true;
}

static void on_failed(void *data, const char *words) {
    (void)data;
    fail_msg("%s", words);
}

static void on_series(void *data, const struct imaging_series *series) {
    struct site *site = data;
    site->told++;
    site->told_images = series->sets->count ? series->sets->sets[0].count : 0;
}

static bool on_arrival(void *data, struct uuid patient_case, const struct arrival *arrival) {
    struct site *site = data;
    if (uuid_equal(patient_case, site->patient_case)) {
        site->arrival = *arrival;
        site->arrivals_told++;
    }
    return true;
}

static void wait_for(struct site *site, const bool *flag) {
    while (!*flag) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
}

static void open_service(struct site *site) {
    const char *message = "";
    struct imaging_service_config config = {.loop = &site->loop,
                                            .postgres = site->postgres,
                                            .keys = site->keys,
                                            .tenant = tenant,
                                            .blob_folder = site->blobs,
                                            .ingest_program = CONSILIUM_INGEST_PATH,
                                            .frame_cache_bytes = SITE_FRAME_CACHE_BYTES,
                                            .resumables_max = site->resumables_max,
                                            .quiet_ms = SITE_QUIET_MS,
                                            .on_series = on_series,
                                            .on_arrival = on_arrival,
                                            .data = site};
    site->service = imaging_service_create(&config, &message);
    if (!site->service) {
        fail_msg("%s", message);
    }
}

static void set_flag(void *data) {
    *(bool *)data = true;
}

static void close_service(struct site *site) {
    bool closed = false;
    imaging_service_close(site->service, set_flag, &closed);
    wait_for(site, &closed);
    site->service = NULL;
}

/* The row that a store writes with the first event of a case, or with a tenant. */
static void write_key(struct site *site, const char *columns, const uint8_t wrapped[]) {
    char sql[512];
    int at = snprintf(sql, sizeof sql, "INSERT INTO %s '\\x", columns);
    for (size_t i = 0; i < WRAPPED_KEY_BYTES; i++) {
        at += snprintf(sql + at, sizeof sql - (size_t)at, "%02x", wrapped[i]);
    }
    snprintf(sql + at, sizeof sql - (size_t)at, "')");
    PGconn *connection = PQconnectdb(site->url);
    PGresult *inserted = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(inserted), PGRES_COMMAND_OK);
    PQclear(inserted);
    PQfinish(connection);
}

static void write_case_key(struct site *site, struct uuid patient_case, const uint8_t wrapped[]) {
    char columns[160];
    snprintf(columns, sizeof columns,
             "stream_key VALUES ('%02x%02x0000-0000-0000-0000-000000000000',"
             " '01000000-0000-0000-0000-000000000000', 2, 1, 1,",
             patient_case.bytes[0], patient_case.bytes[1]);
    write_key(site, columns, wrapped);
}

static int set_up_site(void **state) {
    struct site *site = calloc(1, sizeof *site);
    uv_loop_init(&site->loop);
    snprintf(site->folder, sizeof site->folder, "/tmp/consilium-imaging-XXXXXX");
    if (!mkdtemp(site->folder)) {
        return -1;
    }
    snprintf(site->blobs, sizeof site->blobs, "%s/blobs", site->folder);
    site->cluster = cluster_start(&(struct cluster_config){.loop = &site->loop,
                                                           .data_folder = site->folder,
                                                           .ready = on_ready,
                                                           .failed = on_failed,
                                                           .data = site});
    wait_for(site, &site->ready);
    char message[MIGRATE_MESSAGE_MAX] = "";
    if (!migrate_run(site->url, message)) {
        fail_msg("%s", message);
    }
    site->postgres = postgres_create(&site->loop, site->url, 4);
    while (!postgres_available(site->postgres)) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    static const uint8_t kek[KEY_BYTES] = {9};
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    site->keys = keys_for_test(kek);
    if (!keys_new_tenant(site->keys, tenant, 1, wrapped)) {
        return -1;
    }
    write_key(site,
              "tenant_key (tenant_id, generation, wrapped) VALUES"
              " ('01000000-0000-0000-0000-000000000000', 1,",
              wrapped);
    *state = site;
    return 0;
}

static int tear_down_site(void **state) {
    struct site *site = *state;
    bool closed = false;
    postgres_close(site->postgres, set_flag, &closed);
    wait_for(site, &closed);
    closed = false;
    cluster_stop(site->cluster, set_flag, &closed);
    wait_for(site, &closed);
    keys_close(site->keys);
    uv_run(&site->loop, UV_RUN_NOWAIT);
    uv_loop_close(&site->loop);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", site->folder);
    int status = system(command);
    free(site->text);
    free(site);
    return status;
}

static struct site *new_case(void **state) {
    static uint8_t number = 0;
    struct site *site = *state;
    uint32_t generation;
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    site->patient_case = (struct uuid){{2, ++number}};
    assert_true(keys_new_stream(site->keys, tenant, site->patient_case, &generation, wrapped));
    write_case_key(site, site->patient_case, wrapped);
    site->told = 0;
    site->arrivals_told = 0;
    open_service(site);
    return site;
}

static void on_uploaded(void *data, const struct upload_answer *answer) {
    struct site *site = data;
    site->outcome = answer->outcome;
    site->refusal = answer->refusal;
    site->sets_told = answer->series ? answer->series->sets->count : 0;
    site->done = true;
}

static enum upload_outcome upload(struct site *site, const void *bytes, size_t size) {
    site->done = false;
    struct imaging_upload *begun =
        imaging_upload_begin(site->service, site->patient_case, user, size, on_uploaded, site);
    assert_non_null(begun);
    imaging_upload_want_series(begun);
    size_t half = size / 2;
    assert_true(imaging_upload_bytes(begun, (struct bytes){(uint32_t)half, bytes}));
    assert_true(imaging_upload_bytes(
        begun, (struct bytes){(uint32_t)(size - half), (const uint8_t *)bytes + half}));
    imaging_upload_end(begun);
    wait_for(site, &site->done);
    return site->outcome;
}

static inline enum upload_outcome upload_slice(struct site *site, unsigned number) {
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, number);
    return upload(site, writer.bytes, writer.size);
}

static void keep_text(struct site *site, enum imaging_read_result result, struct bytes bytes) {
    free(site->text);
    site->text = calloc(1, (size_t)bytes.length + 1);
    if (bytes.length > 0) {
        memcpy(site->text, bytes.bytes, bytes.length);
    }
    site->text_size = bytes.length;
    site->result = result;
    site->done = true;
}

static void on_text(void *data, enum imaging_read_result result, struct bytes bytes) {
    keep_text(data, result, bytes);
}

static inline void list_as(struct site *site, bool gzip) {
    struct imaging_request *request;
    struct text_wanted wanted = {site->patient_case, site->masked};
    site->done = false;
    assert_true(imaging_list_display_sets(site->service, &wanted, gzip, on_text, site, &request));
    wait_for(site, &site->done);
}

static inline void list(struct site *site) {
    list_as(site, false);
}

static inline void metadata(struct site *site, bool gzip) {
    struct imaging_request *request;
    struct text_wanted wanted = {site->patient_case, site->masked};
    site->done = false;
    assert_true(imaging_series_metadata(site->service, &wanted, TEXT("1.2.3.2"), gzip, on_text,
                                        site, &request));
    wait_for(site, &site->done);
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct site *site = data;
    site->result = result;
    if (facts) {
        site->facts = *facts;
    }
    site->done = true;
}

static void on_cut(void *data) {
    ((struct site *)data)->cut = true;
}

static inline enum imaging_read_result open_download(struct site *site, struct text uid,
                                                     uint32_t frame) {
    struct download_wanted wanted = {.patient_case = site->patient_case,
                                     .user = user,
                                     .sop_instance_uid = uid,
                                     .frame = frame,
                                     .masked = site->masked};
    site->done = false;
    site->cut = false;
    assert_true(
        imaging_download_open(site->service, &wanted, on_opened, on_cut, site, &site->download));
    wait_for(site, &site->done);
    return site->result;
}

static inline void read_download(struct site *site, uint64_t offset, size_t length) {
    site->done = false;
    imaging_download_read(site->download, offset, length, on_text);
    wait_for(site, &site->done);
}

/* One byte of every stored file. */
static inline void change_files(const struct site *site) {
    char command[256];
    snprintf(command, sizeof command,
             "for f in $(find %s -type f); do printf X | dd of=$f bs=1 seek=300 conv=notrunc"
             " status=none; done",
             site->blobs);
    assert_int_equal(system(command), 0);
}

#endif
