/* links: server_process native_client consilium; timeout: 120 */
/* Copies, bundles and pictures through the whole server, asked for as a browser asks. */
#include "tests/support/dicom_writer.h"
#include "tests/support/patience.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE = 48, COPY_MS = 20000, PATH_SPACE = 200 };
#define HTJ2K "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.202"

static struct server_process *server;
static struct staff staff;
static struct plain_answer answer;

static void case_path(char path[PATH_SPACE], const char *rest) {
    char id[37];
    staff_case_text(0, id);
    snprintf(path, PATH_SPACE, "/api/cases/%s/%s", id, rest);
}

static unsigned get(const char *rest, const char *accept) {
    char path[PATH_SPACE];
    case_path(path, rest);
    plain_ask(&(struct plain_request){.port = server_process_port(server),
                                      .method = "GET",
                                      .path = path,
                                      .bearer = staff.people[0].token,
                                      .accept = accept},
              &answer);
    return answer.status;
}

static const char *header(const char *name) {
    static char value[256];
    value[0] = 0;
    plain_header(&answer, name, value, sizeof value);
    return value;
}

static void send_slice(void) {
    static struct dicom_writer writer;
    static uint8_t pixels[SIDE * SIDE * 2];
    struct http_client http;
    struct http_response response;
    char path[PATH_SPACE];
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.3.2");
    dicom_writer_text(&writer, 0x00200013, "IS", "1");
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(&writer, 0x00280010, SIDE);
    dicom_writer_u16(&writer, 0x00280011, SIDE);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 12);
    dicom_writer_u16(&writer, 0x00280103, 0);
    for (size_t i = 0; i < sizeof pixels; i += 2) {
        pixels[i] = (uint8_t)(i * 7);
        pixels[i + 1] = (uint8_t)(i >> 8 & 15);
    }
    dicom_writer_element(&writer, 0x7FE00010, "OW", pixels, sizeof pixels);
    case_path(path, "uploads");
    http_client_init(&http, &staff.address);
    http.bearer = staff.people[0].token;
    assert_true(http_client_request(&http, "POST", path, "application/dicom", writer.bytes,
                                    writer.size, &response));
    assert_int_equal(response.status, 201);
    http_client_finish(&http);
    char command[400];
    const char *data = server_process_data(server);
    snprintf(command, sizeof command, "find %s/blobs -type f | sort > %s/before", data, data);
    assert_int_equal(system(command), 0);
}

static void a_frame_is_its_copy_for_who_asks_for_it_once_it_is_made(void **state) {
    (void)state;
    char etag[256];
    struct patience patience = patience_of(COPY_MS);
    send_slice();
    assert_int_equal(get("instances/1.2.3.4.1/frames/1", NULL), 200);
    assert_string_equal(header("vary"), "accept");
    assert_string_equal(header("consilium-prefixes"), "");
    snprintf(etag, sizeof etag, "%s", header("etag"));
    do {
        assert_int_equal(get("instances/1.2.3.4.1/frames/1", HTJ2K), 200);
    } while (strcmp(header("content-type"), HTJ2K) != 0 && patience_lasts(&patience));
    assert_string_equal(header("content-type"), HTJ2K);
    assert_string_equal(header("vary"), "accept");
    assert_string_not_equal(header("etag"), etag);
    unsigned last = 0, count = 0;
    for (const char *at = header("consilium-prefixes"); *at; count++) {
        char *end;
        unsigned prefix = (unsigned)strtoul(at, &end, 10);
        assert_true(end > at && prefix >= last && prefix > 0);
        last = prefix;
        at = *end == ',' ? end + 1 : end;
    }
    assert_int_equal(count, 5);
    assert_true(last < strtoul(header("content-length"), NULL, 10));
    assert_int_equal(get("instances/1.2.3.4.1/frames/1", "*/*"), 200);
    assert_string_equal(header("etag"), etag);
}

/* Changes every file that came since the slice was stored. */
static void damage_copies(void) {
    char command[600];
    const char *data = server_process_data(server);
    snprintf(command, sizeof command,
             "for file in $(find %s/blobs -type f | sort | comm -13 %s/before -); do"
             " printf damage | dd of=$file bs=1 seek=180 conv=notrunc 2>/dev/null; done",
             data, data);
    assert_int_equal(system(command), 0);
}

static void a_copy_that_cannot_be_read_is_answered_by_the_original_and_made_again(void **state) {
    (void)state;
    struct patience patience = patience_of(COPY_MS);
    damage_copies();
    assert_int_equal(get("instances/1.2.3.4.1/frames/1", HTJ2K), 200);
    assert_non_null(strstr(header("content-type"), "1.2.840.10008.1.2.1"));
    assert_string_equal(header("consilium-prefixes"), "");
    assert_string_equal(header("content-length"), "4608");
    do {
        assert_int_equal(get("instances/1.2.3.4.1/frames/1", HTJ2K), 200);
    } while (strcmp(header("content-type"), HTJ2K) != 0 && patience_lasts(&patience));
    assert_string_equal(header("content-type"), HTJ2K);
}

static void a_display_set_has_a_bundle_and_a_thumbnail(void **state) {
    (void)state;
    char rest[PATH_SPACE], id[33] = "";
    assert_int_equal(get("display-sets", NULL), 200);
    const char *at = strstr(answer.body, "\"displaySet\":\"");
    assert_non_null(at);
    memcpy(id, at + 14, 32);
    for (int level = 1; level <= 5; level++) {
        snprintf(rest, sizeof rest, "display-sets/%s/preview/%d", id, level);
        assert_int_equal(get(rest, NULL), 200);
        assert_string_equal(header("content-type"), "application/octet-stream");
        assert_string_equal(header("cache-control"), "no-store");
        assert_memory_equal(answer.body, "CPRV\1", 5);
    }
    snprintf(rest, sizeof rest, "display-sets/%s/preview/6", id);
    assert_int_equal(get(rest, NULL), 404);
    assert_int_equal(get("display-sets/00000000000000000000000000000000/preview/3", NULL), 404);
    assert_non_null(strstr(answer.body, "no_preview"));
    snprintf(rest, sizeof rest, "display-sets/%s/thumbnail", id);
    assert_int_equal(get(rest, NULL), 200);
    assert_string_equal(header("content-type"), "image/jpeg");
}

static void an_instance_has_a_rendered_frame_and_a_thumbnail(void **state) {
    (void)state;
    assert_int_equal(get("instances/1.2.3.4.1/rendered/1", NULL), 200);
    assert_string_equal(header("content-type"), "image/jpeg");
    assert_memory_equal(answer.body, "\xFF\xD8\xFF", 3);
    assert_int_equal(get("instances/1.2.3.4.1/rendered/2", NULL), 404);
    assert_non_null(strstr(answer.body, "no_picture"));
    assert_int_equal(get("instances/1.2.3.4.1/thumbnail", NULL), 200);
    assert_memory_equal(answer.body, "\xFF\xD8\xFF", 3);
    assert_int_equal(get("instances/1.2.3.4.2/thumbnail", NULL), 404);
}

static int set_up(void **state) {
    (void)state;
    server = server_process_start(
        &(struct server_options){.program = CONSILIUM_PATH, .arguments = {"--frame-cache", "0"}});
    return server != NULL && staff_hire(&staff, server, 1) && staff_make_cases(&staff, 0, 1) ? 0
                                                                                             : -1;
}

static int tear_down(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_its_copy_for_who_asks_for_it_once_it_is_made),
        cmocka_unit_test(a_copy_that_cannot_be_read_is_answered_by_the_original_and_made_again),
        cmocka_unit_test(a_display_set_has_a_bundle_and_a_thumbnail),
        cmocka_unit_test(an_instance_has_a_rendered_frame_and_a_thumbnail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
