/* links: server_process consilium libpq; timeout: 120 */
/* What the clock does to a sign-in: its token is another one from time to time, and who does
 * nothing is signed out, on an open socket as well. Hours pass in the database while the server is
 * away. */
#include "tests/support/bots.h"
#include "tests/support/patience.h"
#include "tests/support/plain_http.h"

#include "clients/native/json_text.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    IDLE = 1,
    BUSY = 2,
    PEOPLE = 3,
    READY_MS = 60 * 1000,
    SWEPT_MS = 60 * 1000,
    EARLIER_MS = 20 * 1000
};

#define RIGHT "\"password\":\"" STAFF_PASSWORD "\""

static struct server_process *server;
static struct staff staff;
static struct plain_answer answer; /* the last one */

static unsigned ask(const char *path, const char *cookie, const char *body) {
    struct plain_request request = {
        .port = server_process_port(server),
        .method = body == NULL ? "GET" : "POST",
        .path = path,
        .cookie = cookie,
        .origin = body != NULL && cookie != NULL ? server_process_url(server) : NULL,
        .body = body == NULL || body[0] == 0 ? NULL : body};
    plain_ask(&request, &answer);
    return answer.status;
}

static bool take_cookie(char ret_cookie[256]) {
    if (!plain_header(&answer, "set-cookie", ret_cookie, 256)) {
        return false;
    }
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
    return true;
}

static void comes_in(const char *login, char ret_cookie[256]) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\"," RIGHT "}", login);
    assert_int_equal(ask("/api/sign-in", NULL, body), 200);
    assert_true(take_cookie(ret_cookie));
}

/* All sign-ins are that much older when the server is back. */
static void time_passes(long seconds) {
    char sql[256];
    server_process_kill(server);
    snprintf(sql, sizeof sql, "UPDATE sign_in SET used_at = used_at - %ld000000", seconds);
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
}

static void a_token_of_some_age_is_another_one_after_a_sign_of_its_person(void **state) {
    (void)state;
    char before[256], after[256], none[256];
    comes_in("person0", before);
    assert_int_equal(ask("/api/sign-in/refresh", before, ""), 200);
    assert_false(take_cookie(none)); /* it is young */
    time_passes(16 * 60);
    assert_int_equal(ask("/api/sign-in/refresh", before, ""), 200);
    assert_true(take_cookie(after));
    assert_string_not_equal(before, after);
    assert_int_equal(ask("/api/me", after, NULL), 200);
    assert_int_equal(ask("/api/me", before, NULL), 200); /* who is on their way comes through */
    assert_int_equal(ask("/api/sign-in/refresh", after, ""), 200);
    assert_false(take_cookie(none));
    unsigned status;
    struct patience patience = patience_of(EARLIER_MS);
    while ((status = ask("/api/me", before, NULL)) == 200 && patience_lasts(&patience)) {
    }
    assert_int_equal(status, 401); /* and not for long */
    assert_int_equal(ask("/api/me", after, NULL), 200);
}

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return IDLE + index;
}

static unsigned ask_as(unsigned person, const char *method, const char *path) {
    struct plain_request request = {.port = server_process_port(server),
                                    .method = method,
                                    .path = path,
                                    .bearer = staff.people[person].token};
    plain_ask(&request, &answer);
    return answer.status;
}

static void who_does_nothing_for_an_hour_is_signed_out_on_an_open_socket_too(void **state) {
    (void)state;
    struct bots bots;
    struct bots_plan plan = {
        .staff = &staff, .count = 2, .kind = CHANNEL_KIND_SESSION, .person = person_of};
    time_passes(60 * 60 - 20);
    assert_true(bots_init(&bots, &plan)); /* a ticket, a hello, a heartbeat: no sign of a person */
    assert_true(bots_all_open(&bots, READY_MS));
    assert_int_equal(ask_as(BUSY, "POST", "/api/sign-in/refresh"), 200);
    bool said_new_token = json_find_text((const uint8_t *)answer.body, strlen(answer.body), "token",
                                         staff.people[BUSY].token, sizeof staff.people[BUSY].token);
    assert_true(said_new_token);
    for (int64_t end = patience_now_ms() + SWEPT_MS;
         bots.list[0].losses == 0 && patience_now_ms() < end;) {
        bots_run(&bots, 100);
    }
    assert_true(bots.list[0].losses > 0);
    assert_int_equal(bots.list[1].losses, 0);
    assert_int_equal(ask_as(IDLE, "GET", "/api/me"), 401);
    assert_int_equal(ask_as(BUSY, "GET", "/api/me"), 200);
    bots_finish(&bots);
}

static int open_scene(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, PEOPLE) ? 0 : -1;
}

static int close_scene(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_nothing_for_an_hour_is_signed_out_on_an_open_socket_too),
        cmocka_unit_test(a_token_of_some_age_is_another_one_after_a_sign_of_its_person),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
