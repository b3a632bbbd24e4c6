/* links: server_process native_client consilium; timeout: 120 */
/* Copies, bundles and pictures through the whole server, asked for as a browser asks. */
#include "tests/support/dicom_writer.h"
#include "tests/support/patience.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SIDE = 48,
    LARGE_SIDE = 1024,
    LARGE_SLICES = 4,
    CROWD = 12,
    COPY_MS = 20000,
    PATH_SPACE = 200
};
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

/* Noise: what is made of it is as large. */
static void send_large_slice(unsigned number) {
    static uint8_t file[LARGE_SIDE * LARGE_SIDE * 2 + DICOM_WRITER_MAX];
    static struct dicom_writer writer;
    struct http_client http;
    struct http_response response;
    char path[PATH_SPACE], text[8];
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 100 + number);
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.3.9");
    snprintf(text, sizeof text, "%u", number);
    dicom_writer_text(&writer, 0x00200013, "IS", text);
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(&writer, 0x00280010, LARGE_SIDE);
    dicom_writer_u16(&writer, 0x00280011, LARGE_SIDE);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 16);
    dicom_writer_u16(&writer, 0x00280103, 0);
    uint32_t size = LARGE_SIDE * LARGE_SIDE * 2, noise = number;
    uint8_t head[12] = {0xE0, 0x7F, 0x10, 0, 'O', 'W'};
    memcpy(head + 8, &size, 4);
    dicom_writer_raw(&writer, head, sizeof head);
    memcpy(file, writer.bytes, writer.size);
    for (uint32_t i = 0; i < size; i++) {
        noise = noise * 1664525u + 1013904223u;
        file[writer.size + i] = (uint8_t)(noise >> 24);
    }
    case_path(path, "uploads");
    http_client_init(&http, &staff.address);
    http.bearer = staff.people[0].token;
    assert_true(http_client_request(&http, "POST", path, "application/dicom", file,
                                    writer.size + size, &response));
    assert_int_equal(response.status, 201);
    http_client_finish(&http);
}

/* Asks and does not read. */
static int ask_and_wait(const char *rest) {
    char path[PATH_SPACE], request[1024];
    int small = 4096, line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(line, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(line, (struct sockaddr *)&address, sizeof address), 0);
    case_path(path, rest);
    int length =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nAuthorization: Bearer %s\r\n\r\n", path,
                 (unsigned)server_process_port(server), staff.people[0].token);
    assert_int_equal(send(line, request, (size_t)length, 0), length);
    return line;
}

static double metric(const char *name) {
    return server_process_metric(server, name);
}

static void wait_for(const char *name, double value) {
    struct patience patience = patience_of(COPY_MS);
    while (metric(name) != value) {
        if (!patience_lasts(&patience)) {
            fail_msg("%s is %g, not %g", name, metric(name), value);
        }
    }
}

static void find_large_set(char id[33]) {
    assert_int_equal(get("display-sets", NULL), 200);
    const char *series = strstr(answer.body, "1.2.3.9");
    const char *at = NULL;
    for (const char *next = answer.body; (next = strstr(next, "\"displaySet\":\"")) != NULL;
         next++) {
        at = !at || next < series ? next : at;
    }
    assert_non_null(series);
    assert_non_null(at);
    memcpy(id, at + 14, 32);
    id[32] = 0;
}

static void a_crowd_that_asks_for_large_previews_waits_in_line(void **state) {
    (void)state;
    static const char waiting[] = "consilium_imaging_memory_waiting";
    char rest[PATH_SPACE], id[33];
    int lines[CROWD];
    double copied = metric("consilium_imaging_copies_made_total");
    for (unsigned i = 1; i <= LARGE_SLICES; i++) {
        send_large_slice(i);
    }
    wait_for("consilium_imaging_copies_made_total", copied + LARGE_SLICES);
    find_large_set(id);
    snprintf(rest, sizeof rest, "display-sets/%s/preview/1", id);
    lines[0] = ask_and_wait(rest);
    struct patience patience = patience_of(COPY_MS);
    double one = 0;
    while (one < metric("consilium_imaging_memory_bound_bytes") && patience_lasts(&patience)) {
        one = metric("consilium_imaging_memory_bytes"); // more than the bound, and alone
    }
    for (unsigned i = 1; i < CROWD; i++) {
        lines[i] = ask_and_wait(rest);
    }
    wait_for(waiting, CROWD - 1);
    // Beside it a frame, which is no preview, comes at once.
    assert_int_equal(get("instances/1.2.3.4.1/frames/1", NULL), 200);
    assert_true(one > (1 << 20) && metric("consilium_imaging_memory_bytes") == one);
    for (unsigned i = 0; i < CROWD; i++) {
        close(lines[i]); // whether it was granted or waits
    }
    wait_for(waiting, 0);
    wait_for("consilium_imaging_memory_bytes", 0);
}

static int set_up(void **state) {
    (void)state;
    server = server_process_start(&(struct server_options){
        .program = CONSILIUM_PATH, .arguments = {"--frame-cache", "0", "--imaging-memory", "1"}});
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
        cmocka_unit_test(a_crowd_that_asks_for_large_previews_waits_in_line),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
