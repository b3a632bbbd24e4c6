/* links: imaging server consilium-ingest libuv libpq zlib; timeout: 120 */
/* Files go into a case and come out again, with a real database, real files and a real child. */
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_service.h"
#include "server/imaging/metadata_part.h"
#include "server/store/cluster.h"
#include "server/store/migrate.h"
#include "tests/support/dicom_writer.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
                                            .on_series = on_series,
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
    site->told = 0;
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
    size_t half = size / 2;
    assert_true(imaging_upload_bytes(begun, (struct bytes){(uint32_t)half, bytes}));
    assert_true(imaging_upload_bytes(
        begun, (struct bytes){(uint32_t)(size - half), (const uint8_t *)bytes + half}));
    imaging_upload_end(begun);
    wait_for(site, &site->done);
    return site->outcome;
}

static enum upload_outcome upload_slice(struct site *site, unsigned number) {
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

static void list(struct site *site) {
    struct imaging_request *request;
    site->done = false;
    assert_true(
        imaging_list_display_sets(site->service, site->patient_case, on_text, site, &request));
    wait_for(site, &site->done);
}

static void metadata(struct site *site, bool gzip) {
    struct imaging_request *request;
    site->done = false;
    assert_true(imaging_series_metadata(site->service, site->patient_case, TEXT("1.2.3.2"), gzip,
                                        on_text, site, &request));
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

static enum imaging_read_result open_download(struct site *site, struct text uid, uint32_t frame) {
    struct download_wanted wanted = {site->patient_case, user, uid, frame};
    site->done = false;
    site->cut = false;
    assert_true(
        imaging_download_open(site->service, &wanted, on_opened, on_cut, site, &site->download));
    wait_for(site, &site->done);
    return site->result;
}

static void read_download(struct site *site, uint64_t offset, size_t length) {
    site->done = false;
    imaging_download_read(site->download, offset, length, on_text);
    wait_for(site, &site->done);
}

static void an_uploaded_series_becomes_a_volume(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 4; number++) {
        assert_int_equal(upload_slice(site, number), UPLOAD_STORED);
    }
    assert_int_equal(site->sets_told, 1);
    list(site);
    assert_int_equal(site->result, IMAGING_READ_OK);
    assert_non_null(strstr(site->text, "\"kind\":\"volume\""));
    assert_non_null(strstr(site->text, "\"seriesDescription\":\"Thorax\""));
    assert_non_null(strstr(site->text, "\"sliceSpacing\":[2]"));
    assert_non_null(strstr(site->text, "\"sopInstanceUid\":\"1.2.3.4.4\""));
    close_service(site);
}

static void the_same_bytes_again_are_already_there(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED);
    assert_int_equal(upload_slice(site, 1), UPLOAD_ALREADY_THERE);
    close_service(site);
}

static void other_bytes_under_the_same_uid_are_held_and_not_shown(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 1);
    writer.bytes[writer.size - 1] ^= 1;
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_HELD);
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_HELD);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 511, 1);
    assert_int_equal((uint8_t)site->text[0], (uint8_t)(511 + 1));
    imaging_download_close(site->download);
    close_service(site);
}

static void a_frame_comes_back_byte_for_byte_and_in_ranges(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 3);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.3"), 1), IMAGING_READ_OK);
    assert_int_equal(site->facts.size, 512);
    assert_string_equal(site->facts.transfer_syntax, "1.2.840.10008.1.2.1");
    read_download(site, 100, 200);
    assert_int_equal(site->text_size, 200);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal((uint8_t)site->text[i], (uint8_t)(100 + i + 3));
    }
    imaging_download_close(site->download);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.3"), 2), IMAGING_READ_ABSENT);
    imaging_download_close(site->download);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.99"), 1), IMAGING_READ_ABSENT);
    imaging_download_close(site->download);
    close_service(site);
}

static void series_metadata_is_one_array_gzipped_or_not(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 3; number++) {
        upload_slice(site, number);
    }
    metadata(site, true);
    assert_int_equal(site->result, IMAGING_READ_OK);
    struct bounded_output inflated;
    bounded_output_init(&inflated, 1 << 20);
    assert_true(metadata_series_inflate((const uint8_t *)site->text, site->text_size, &inflated));
    metadata(site, false);
    assert_int_equal(site->text_size, inflated.size);
    assert_memory_equal(site->text, inflated.bytes, inflated.size);
    assert_int_equal(site->text[0], '[');
    assert_int_equal(site->text[site->text_size - 1], ']');
    assert_non_null(strstr(site->text, "},{"));
    assert_non_null(strstr(site->text, "\"Alphabetic\":\"Example^Eva\""));
    bounded_output_finish(&inflated);
    close_service(site);
}

static void a_document_comes_back_with_its_media_type(void **state) {
    struct site *site = new_case(state);
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";
    assert_int_equal(upload(site, pdf, sizeof pdf - 1), UPLOAD_STORED);
    list(site);
    assert_non_null(strstr(site->text, "\"kind\":\"document\""));
    const char *uid = strstr(site->text, "\"sopInstanceUid\":\"") + 18;
    char copy[65] = "";
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(uid, "\""), uid);
    struct text text = {(uint32_t)strlen(copy), copy};
    assert_int_equal(open_download(site, text, 0), IMAGING_READ_OK);
    assert_string_equal(site->facts.media_type, "application/pdf");
    read_download(site, 0, sizeof pdf - 1);
    assert_memory_equal(site->text, pdf, sizeof pdf - 1);
    imaging_download_close(site->download);
    close_service(site);
}

static void what_is_no_image_is_refused(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload(site, "nothing of the kind", 19), UPLOAD_REFUSED);
    assert_int_equal(site->refusal, FILE_REFUSAL_NOT_DICOM);
    close_service(site);
}

static void names_and_descriptions_lie_nowhere_in_clear(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    PGconn *connection = PQconnectdb(site->url);
    PGresult *found =
        PQexec(connection, "SELECT count(*) FROM image_instance i WHERE"
                           " position('Example'::bytea in outline || identity || metadata) > 0"
                           " OR position('Thorax'::bytea in outline || identity || metadata) > 0"
                           " OR i::text ~ 'Example|Thorax'");
    assert_string_equal(PQgetvalue(found, 0, 0), "0");
    PQclear(found);
    PQfinish(connection);
    char command[160];
    snprintf(command, sizeof command, "! grep -rqE 'Example|Thorax' %s", site->blobs);
    assert_int_equal(system(command), 0);
    close_service(site);
}

static void a_changed_file_is_damage_and_never_shown(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    char command[256];
    snprintf(command, sizeof command,
             "for f in $(find %s -type f); do printf X | dd of=$f bs=1 seek=300 conv=notrunc"
             " status=none; done",
             site->blobs);
    assert_int_equal(system(command), 0);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 0, 512);
    assert_int_equal(site->result, IMAGING_READ_DAMAGED);
    assert_int_equal(site->text_size, 0);
    imaging_download_close(site->download);
    close_service(site);
}

static void a_revocation_cuts_the_downloads_of_that_user(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    open_download(site, TEXT("1.2.3.4.1"), 1);
    imaging_revoke(site->service, site->patient_case, (struct uuid){{77}});
    assert_false(site->cut);
    imaging_revoke(site->service, site->patient_case, user);
    assert_true(site->cut);
    imaging_download_close(site->download);
    close_service(site);
}

static void a_case_is_told_of_its_images_until_it_has_taken_them(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    upload_slice(site, 2);
    while (site->told == 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    assert_int_equal(site->told_images, 2);
    close_service(site);

    // The process ended before the case's stream had them: told again.
    site->told = 0;
    open_service(site);
    imaging_service_announce_missed(site->service);
    while (site->told == 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    imaging_announced(site->service, site->patient_case, "1.2.3.2");
    close_service(site);
    PGconn *connection = PQconnectdb(site->url);
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM image_instance WHERE NOT announced"
             " AND case_id::text LIKE '02%02x%%'",
             site->patient_case.bytes[1]);
    PGresult *left = PQexec(connection, sql);
    assert_string_equal(PQgetvalue(left, 0, 0), "0");
    PQclear(left);
    PQfinish(connection);
}

static void an_upload_that_is_cancelled_leaves_nothing(void **state) {
    struct site *site = new_case(state);
    struct imaging_upload *begun =
        imaging_upload_begin(site->service, site->patient_case, user, 1000, on_uploaded, site);
    assert_non_null(begun);
    assert_true(imaging_upload_bytes(begun, (struct bytes){4, (const uint8_t *)"abcd"}));
    imaging_upload_cancel(begun);
    struct imaging_counts counts;
    imaging_count(site->service, &counts);
    assert_int_equal(counts.uploads_now, 0);
    list(site);
    assert_string_equal(site->text, "{\"displaySets\":[]}");
    close_service(site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uploaded_series_becomes_a_volume),
        cmocka_unit_test(the_same_bytes_again_are_already_there),
        cmocka_unit_test(other_bytes_under_the_same_uid_are_held_and_not_shown),
        cmocka_unit_test(a_frame_comes_back_byte_for_byte_and_in_ranges),
        cmocka_unit_test(series_metadata_is_one_array_gzipped_or_not),
        cmocka_unit_test(a_document_comes_back_with_its_media_type),
        cmocka_unit_test(what_is_no_image_is_refused),
        cmocka_unit_test(names_and_descriptions_lie_nowhere_in_clear),
        cmocka_unit_test(a_changed_file_is_damage_and_never_shown),
        cmocka_unit_test(a_revocation_cuts_the_downloads_of_that_user),
        cmocka_unit_test(a_case_is_told_of_its_images_until_it_has_taken_them),
        cmocka_unit_test(an_upload_that_is_cancelled_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, set_up_site, tear_down_site);
}
