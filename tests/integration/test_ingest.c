/* links: imaging_ingest imaging_format blobs consilium-ingest; timeout: 120 */
#define _GNU_SOURCE
#include "server/blobs/sealed_blob.h"
#include "server/imaging/file_refusal.h"
#include "server/imaging/ingest_link.h"
#include "server/imaging/instance.h"
#include "tests/support/dicom_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWERS_MAX 300

/* A link to a real child, and what it answered, in order. */
struct fixture {
    uv_loop_t loop;
    struct ingest_link *link;
    struct answer {
        enum ingest_refusal refusal;
        char reason[201];
        uint32_t metadata_size;
        struct instance instance;
    } answers[ANSWERS_MAX];
    size_t count;
    int files[ANSWERS_MAX];
    size_t file_count;
    bool closed;
};

static struct fixture *start(const char *program, unsigned file_ms_max) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fixture->link = ingest_link_create(&(struct ingest_link_config){
        .loop = &fixture->loop, .program = program, .file_ms_max = file_ms_max});
    assert_non_null(fixture->link);
    return fixture;
}

static void on_closed(void *data) {
    ((struct fixture *)data)->closed = true;
}

static void stop(struct fixture *fixture) {
    ingest_link_close(fixture->link, on_closed, fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(fixture->closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    for (size_t i = 0; i < fixture->file_count; i++) {
        close(fixture->files[i]);
    }
    free(fixture);
}

static void on_parsed(void *data, const struct parsed *parsed) {
    struct fixture *fixture = data;
    struct answer *answer = &fixture->answers[fixture->count++];
    answer->refusal = parsed->refusal;
    snprintf(answer->reason, sizeof answer->reason, "%.*s", (int)parsed->reason.length,
             parsed->reason.length ? parsed->reason.bytes : "");
    answer->metadata_size = parsed->metadata.length;
    if (parsed->refusal == INGEST_REFUSAL_NONE) {
        assert_true(instance_decode(&answer->instance, parsed->index.bytes, parsed->index.length));
    }
}

static void send_bytes(struct fixture *fixture, const void *bytes, size_t size) {
    int file = memfd_create("test", MFD_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), size);
    fixture->files[fixture->file_count++] = file;
    uint8_t digest[BLOB_DIGEST_SIZE];
    blob_digest(bytes, size, digest);
    assert_true(ingest_link_parse(fixture->link, file, size, digest, on_parsed, fixture));
}

static void send_image(struct fixture *fixture, unsigned number) {
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, number);
    send_bytes(fixture, writer.bytes, writer.size);
}

static void run_until(struct fixture *fixture, size_t count) {
    while (fixture->count < count) {
        assert_true(uv_run(&fixture->loop, UV_RUN_ONCE) != 0 || fixture->count >= count);
    }
}

static void an_image_comes_back_with_its_row_and_metadata(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 7);
    send_bytes(fixture, writer.bytes, writer.size);
    run_until(fixture, 1);
    struct answer *answer = &fixture->answers[0];
    assert_int_equal(answer->refusal, INGEST_REFUSAL_NONE);
    assert_int_equal(answer->instance.instance_number, 7);
    assert_int_equal(answer->instance.frame_count, 1);
    assert_true(answer->metadata_size > 100);
    stop(fixture);
}

static void many_files_come_back_in_order(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    for (unsigned i = 0; i < 100; i++) {
        send_image(fixture, i + 1);
    }
    run_until(fixture, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(fixture->answers[i].instance.instance_number, i + 1);
    }
    assert_int_equal(ingest_link_count(fixture->link).restarts, 0);
    stop(fixture);
}

static void what_is_no_image_is_refused_with_why(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    static const char archive[] = "PK\003\004 an archive with more than eight bytes";
    send_bytes(fixture, archive, sizeof archive);
    send_image(fixture, 1);
    run_until(fixture, 2);
    assert_int_equal(fixture->answers[0].refusal, INGEST_REFUSAL_NOT_DICOM);
    assert_non_null(strstr(fixture->answers[0].reason, "ZIP archive"));
    assert_int_equal(fixture->answers[1].refusal, INGEST_REFUSAL_NONE);
    stop(fixture);
}

static void a_report_in_pdf_becomes_a_document(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";
    send_bytes(fixture, pdf, sizeof pdf - 1);
    run_until(fixture, 1);
    assert_int_equal(fixture->answers[0].refusal, INGEST_REFUSAL_NONE);
    assert_string_equal(fixture->answers[0].instance.document_type, "application/pdf");
    assert_int_equal(strncmp(fixture->answers[0].instance.sop_instance_uid, "2.25.", 5), 0);
    stop(fixture);
}

static void a_file_that_kills_the_child_is_refused_and_the_next_goes_on(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    send_image(fixture, 1);
    run_until(fixture, 1);
    int child = ingest_link_child(fixture->link);
    assert_int_equal(kill(child, SIGSTOP), 0); // it cannot answer before it dies
    send_image(fixture, 2);
    send_image(fixture, 3);
    assert_int_equal(kill(child, SIGKILL), 0);
    run_until(fixture, 3);
    assert_int_equal(fixture->answers[1].refusal, INGEST_REFUSAL_WORKER_FAILED);
    assert_int_equal(fixture->answers[2].refusal, INGEST_REFUSAL_NONE);
    assert_int_equal(fixture->answers[2].instance.instance_number, 3);
    stop(fixture);
}

static void a_file_that_takes_too_long_is_refused_and_the_next_goes_on(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 2000);
    send_image(fixture, 1);
    run_until(fixture, 1);
    int child = ingest_link_child(fixture->link);
    assert_int_equal(kill(child, SIGSTOP), 0);
    send_image(fixture, 2);
    send_image(fixture, 3);
    run_until(fixture, 3);
    assert_int_equal(fixture->answers[1].refusal, INGEST_REFUSAL_WORKER_FAILED);
    assert_non_null(strstr(fixture->answers[1].reason, "too long"));
    assert_int_equal(fixture->answers[2].refusal, INGEST_REFUSAL_NONE);
    assert_int_not_equal(ingest_link_child(fixture->link), child);
    stop(fixture);
}

static void files_are_refused_rather_than_kept_when_the_child_cannot_be_started(void **state) {
    (void)state;
    struct fixture *fixture = start("/nonexistent/consilium-ingest", 0);
    send_image(fixture, 1);
    send_image(fixture, 2);
    run_until(fixture, 2);
    assert_int_equal(fixture->answers[0].refusal, INGEST_REFUSAL_WORKER_FAILED);
    assert_non_null(strstr(fixture->answers[0].reason, "cannot be started"));
    stop(fixture);
}

static void a_file_cut_short_on_its_way_kills_only_itself(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    // The descriptor holds less than was said: touching the missing pages is SIGBUS in the child.
    int file = memfd_create("test", MFD_CLOEXEC);
    assert_true(file >= 0);
    fixture->files[fixture->file_count++] = file;
    const uint8_t digest[BLOB_DIGEST_SIZE] = {0};
    assert_true(ingest_link_parse(fixture->link, file, 1 << 20, digest, on_parsed, fixture));
    send_image(fixture, 2);
    run_until(fixture, 2);
    assert_int_equal(fixture->answers[0].refusal, INGEST_REFUSAL_WORKER_FAILED);
    assert_int_equal(fixture->answers[1].refusal, INGEST_REFUSAL_NONE);
    stop(fixture);
}

static void the_child_can_open_nothing_and_connect_nowhere(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    send_image(fixture, 1);
    run_until(fixture, 1);
    char path[64];
    char line[256];
    bool filtered = false;
    bool no_new_privileges = false;
    snprintf(path, sizeof path, "/proc/%d/status", ingest_link_child(fixture->link));
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status)) {
        filtered = filtered || strcmp(line, "Seccomp:\t2\n") == 0;
        no_new_privileges = no_new_privileges || strcmp(line, "NoNewPrivs:\t1\n") == 0;
    }
    fclose(status);
    assert_true(filtered);
    assert_true(no_new_privileges);
    stop(fixture);
}

static void the_child_inherits_nothing_but_its_socket(void **state) {
    (void)state;
    char path[64];
    int left_open = dup2(STDERR_FILENO, 200); // as a library does that does not think of children
    assert_int_equal(left_open, 200);
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    send_image(fixture, 1);
    run_until(fixture, 1);
    snprintf(path, sizeof path, "/proc/%d/fd/200", ingest_link_child(fixture->link));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(errno, ENOENT);
    close(left_open);
    stop(fixture);
}

static void closing_answers_what_still_waits(void **state) {
    (void)state;
    struct fixture *fixture = start(CONSILIUM_INGEST_PATH, 0);
    send_image(fixture, 1);
    send_image(fixture, 2);
    ingest_link_close(fixture->link, on_closed, fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(fixture->answers[1].refusal, INGEST_REFUSAL_WORKER_FAILED);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    close(fixture->files[0]);
    close(fixture->files[1]);
    free(fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_comes_back_with_its_row_and_metadata),
        cmocka_unit_test(many_files_come_back_in_order),
        cmocka_unit_test(what_is_no_image_is_refused_with_why),
        cmocka_unit_test(a_report_in_pdf_becomes_a_document),
        cmocka_unit_test(a_file_that_kills_the_child_is_refused_and_the_next_goes_on),
        cmocka_unit_test(a_file_that_takes_too_long_is_refused_and_the_next_goes_on),
        cmocka_unit_test(files_are_refused_rather_than_kept_when_the_child_cannot_be_started),
        cmocka_unit_test(a_file_cut_short_on_its_way_kills_only_itself),
        cmocka_unit_test(the_child_can_open_nothing_and_connect_nowhere),
        cmocka_unit_test(the_child_inherits_nothing_but_its_socket),
        cmocka_unit_test(closing_answers_what_still_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
