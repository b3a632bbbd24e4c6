/* links: server_process consilium; timeout: 120 */
/* What an operator and a load balancer see: /readyz without a database and while draining, a second
 * signal, /metrics. */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { READY_MS = 20000, LOOK_MS = 10, LOOKS_MAX = 1000, END_MS = 1500 };

static struct plain_answer answer;

static unsigned ask_admin(const struct server_process *server, const char *path) {
    struct plain_request request = {
        .port = server_process_admin_port(server), .method = "GET", .path = path};
    plain_ask(&request, &answer);
    return answer.status;
}

static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

static bool is_refused_for(const struct server_process *server, const char *reason) {
    char body[64];
    snprintf(body, sizeof body, "{\"reason\":\"%s\"}", reason);
    for (int i = 0; i < LOOKS_MAX; i++, rest())
        if (ask_admin(server, "/readyz") == 503 && strcmp(answer.body, body) == 0)
            return true;
    return false;
}

/* A window that neither speaks nor closes, so that a drain has to wait for it. */
static int mute_window(const struct staff *staff, const struct server_process *server) {
    struct plain_request request = {.port = server_process_port(server),
                                    .method = "POST",
                                    .path = "/api/tickets",
                                    .bearer = staff->administrator};
    char ticket[128];
    unsigned status;
    plain_ask(&request, &answer);
    assert_true(json_find_text((const uint8_t *)answer.body, strlen(answer.body), "ticket", ticket,
                               sizeof ticket));
    int socket = plain_websocket(server_process_port(server), ticket, NULL, &status);
    assert_int_equal(status, 101);
    return socket;
}

static void without_a_database_the_server_lives_and_is_not_ready(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    server_process_kill_postmaster(server);
    assert_true(is_refused_for(server, "database"));
    assert_int_equal(ask_admin(server, "/healthz"), 200);
    assert_true(server_process_wait_ready(server, READY_MS));
    server_process_end(server);
}

static void a_draining_server_says_so_until_a_second_signal_ends_it_at_once(void **state) {
    (void)state;
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, 0));
    int window = mute_window(&staff, server);
    server_process_signal(server, SIGTERM);
    assert_true(is_refused_for(server, "draining"));
    assert_int_equal(ask_admin(server, "/healthz"), 200);
    server_process_signal(server, SIGTERM);
    for (int waited_ms = 0; waited_ms < END_MS && server_process_runs(server); waited_ms += LOOK_MS)
        rest();
    assert_false(server_process_runs(server));
    /* Its database is left running, and taken over by the next life. */
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    close(window);
    staff_finish(&staff);
    server_process_end(server);
}

/* Prometheus text, exposition format 0.0.4: every line is a comment or a sample of the family that
 * the comments before it have announced. */
static unsigned check_samples(const char *text) {
    char family[128] = "";
    char line[512];
    unsigned samples = 0;
    for (size_t length; *text != 0; text += length + (text[length] == '\n')) {
        char type[16];
        length = strcspn(text, "\n");
        assert_true(length < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (strncmp(line, "# HELP ", 7) == 0)
            continue;
        if (sscanf(line, "# TYPE %127s %15s", family, type) == 2) {
            assert_true(strcmp(type, "counter") == 0 || strcmp(type, "gauge") == 0 ||
                        strcmp(type, "histogram") == 0);
            continue;
        }
        assert_int_equal(strncmp(line, family, strlen(family)), 0);
        assert_int_equal(strncmp(line, "consilium_", 10), 0);
        char *value = strrchr(line, ' ');
        char *end;
        assert_non_null(value);
        strtod(value, &end);
        assert_true(end > value + 1 && *end == 0);
        samples++;
    }
    return samples;
}

static void metrics_count_and_name_nobody(void **state) {
    (void)state;
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, 1) && staff_make_cases(&staff, 0, 1));
    assert_true(server_process_metric(server, "consilium_sign_ins_total") >= 2);
    assert_true(server_process_metric(server, "consilium_tickets_total") >= 1);
    assert_true(server_process_metric(server, "consilium_store_rows_total") >= 2);
    assert_int_equal((int)server_process_metric(server, "consilium_draining"), 0);
    double commits = server_process_metric(server, "consilium_store_commit_seconds_count");
    assert_true(commits >= 2);
    assert_true(commits == server_process_metric(
                               server, "consilium_store_commit_seconds_bucket{le=\"+Inf\"}"));
    assert_true(server_process_metric(server, "consilium_store_commit_seconds_sum") > 0);
    assert_true(server_process_metric(server, "consilium_store_batch_rows_sum") >= 2);
    assert_true(server_process_metric(server, "consilium_loop_turn_seconds_count") > 0);
    assert_true(server_process_metric(server, "consilium_actors") >= 2);
    assert_true(
        server_process_metric(server, "consilium_imaging_uploads_total{result=\"refused\"}") == 0);
    assert_int_equal(ask_admin(server, "/metrics"), 200);
    char type[64];
    assert_true(plain_header(&answer, "content-type", type, sizeof type));
    assert_string_equal(type, "text/plain; version=0.0.4; charset=utf-8");
    static const char *const never[] = {"person0", "Person 0", "Example", "administrator",
                                        "127.0.0.1"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_null(strstr(answer.body, never[i]));
    assert_in_range(check_samples(answer.body), 40, 1000);
    struct plain_request outside = {
        .port = server_process_port(server), .method = "GET", .path = "/metrics"};
    plain_ask(&outside, &answer);
    assert_null(strstr(answer.body, "consilium_sign_ins"));
    staff_finish(&staff);
    server_process_end(server);
}

enum { FRAMES_MAX = 256, LOG_SECONDS_MAX = 10 };

/* The hops (README.md) that the log names for each frame: bit n = hop n. */
static void read_hops(const struct server_process *server, unsigned hops[FRAMES_MAX]) {
    char path[1200];
    char line[1024];
    snprintf(path, sizeof path, "%s/../log", server_process_data(server));
    FILE *log = fopen(path, "r");
    assert_non_null(log);
    while (fgets(line, sizeof line, log) != NULL) {
        const char *trace = strstr(line, " trace hop=");
        unsigned hop;
        unsigned frame;
        if (trace != NULL && sscanf(trace, " trace hop=%u frame=%u", &hop, &frame) == 2 &&
            frame < FRAMES_MAX && hop < 9)
            hops[frame] |= 1u << hop;
    }
    fclose(log);
}

static unsigned count_whole(const unsigned hops[FRAMES_MAX]) {
    unsigned whole = 0;
    for (unsigned frame = 0; frame < FRAMES_MAX; frame++)
        whole += hops[frame] == (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 8);
    return whole;
}

static void a_frame_has_one_number_from_its_bytes_to_its_recipients(void **state) {
    (void)state;
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH,
                                     .arguments = {"--log-level", "debug"}};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, 1) && staff_make_cases(&staff, 0, 1));
    /* Among pings and an opened channel there is one durable command, the case's creation. */
    unsigned hops[FRAMES_MAX] = {0};
    time_t limit = time(NULL) + LOG_SECONDS_MAX;
    /* The answer leaves before the event is published, so its last hop may be logged after it. */
    do {
        memset(hops, 0, sizeof hops);
        read_hops(server, hops);
    } while (count_whole(hops) == 0 && time(NULL) < limit);
    assert_int_equal(count_whole(hops), 1);
    assert_int_equal(hops[0], 0);
    assert_int_equal(hops[1], 1u << 1); /* Hello */
    staff_finish(&staff);
    server_process_end(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_database_the_server_lives_and_is_not_ready),
        cmocka_unit_test(a_draining_server_says_so_until_a_second_signal_ends_it_at_once),
        cmocka_unit_test(metrics_count_and_name_nobody),
        cmocka_unit_test(a_frame_has_one_number_from_its_bytes_to_its_recipients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
