/* links: server_process consilium; timeout: 120 */
/* A sign-in that goes on with another token: for signing, and its end from elsewhere; and a server
 * that asks a second factor of everybody. */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 2 };

#define RIGHT "\"password\":\"" STAFF_PASSWORD "\""

struct scene {
    struct server_process *server;
    struct staff staff;
    struct plain_answer answer; /* the last one */
};

static unsigned ask(struct scene *scene, const char *path, const char *cookie, const char *body) {
    struct plain_request request = {
        .port = server_process_port(scene->server),
        .method = body == NULL ? "GET" : "POST",
        .path = path,
        .cookie = cookie,
        .origin = body != NULL && cookie != NULL ? server_process_url(scene->server) : NULL,
        .body = body == NULL || body[0] == 0 ? NULL : body};
    plain_ask(&request, &scene->answer);
    return scene->answer.status;
}

static void take_cookie(const struct scene *scene, char *ret_cookie, unsigned size) {
    assert_true(plain_header(&scene->answer, "set-cookie", ret_cookie, size));
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
}

static void comes_in(struct scene *scene, const char *login, char *ret_cookie, unsigned size) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\"," RIGHT "}", login);
    assert_int_equal(ask(scene, "/api/sign-in", NULL, body), 200);
    take_cookie(scene, ret_cookie, size);
}

static bool body_says(const struct scene *scene, const char *words) {
    return strstr(scene->answer.body, words) != NULL;
}

static int socket_of(struct scene *scene, const char *cookie) {
    char ticket[128];
    unsigned status;
    assert_int_equal(ask(scene, "/api/tickets", cookie, ""), 200);
    assert_true(json_find_text((const uint8_t *)scene->answer.body, strlen(scene->answer.body),
                               "ticket", ticket, sizeof ticket));
    int socket = plain_websocket(server_process_port(scene->server), ticket,
                                 server_process_url(scene->server), &status);
    assert_int_equal(status, 101);
    return socket;
}

/* Its end, or its close frame, came within that time. */
static bool ends_within(int socket, long milliseconds) {
    uint8_t bytes[256];
    struct timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t got = recv(socket, bytes, sizeof bytes, 0);
    return got == 0 || (got > 0 && bytes[0] == 0x88);
}

static void stepping_up_takes_another_token_and_leaves_the_sockets(void **state) {
    struct scene *scene = *state;
    char cookie[256], before[256];
    comes_in(scene, "person0", cookie, sizeof cookie);
    int socket = socket_of(scene, cookie);
    assert_int_equal(ask(scene, "/api/prove", cookie, "{" RIGHT "}"), 403);
    assert_true(body_says(scene, "step_up_needed"));
    assert_int_equal(ask(scene, "/api/step_up", cookie, "{\"password\":\"wrong one\"}"), 401);
    assert_int_equal(ask(scene, "/api/step_up", cookie,
                         "{" RIGHT ",\"board\":\"00000000-0000-4000-8000-0000000000ff\"}"),
                     404);
    assert_int_equal(ask(scene, "/api/step_up", cookie, "{" RIGHT "}"), 200);
    snprintf(before, sizeof before, "%s", cookie);
    take_cookie(scene, cookie, sizeof cookie);
    assert_int_equal(ask(scene, "/api/me", before, NULL), 401); /* the one before is dead */
    assert_int_equal(ask(scene, "/api/me", cookie, NULL), 200);
    assert_false(ends_within(socket, 300));
    assert_int_equal(ask(scene, "/api/prove", cookie, "{" RIGHT ",\"code\":\"123456\"}"), 400);
    assert_int_equal(ask(scene, "/api/prove", cookie, "{" RIGHT "}"), 200);
    assert_true(body_says(scene, "\"expiresInMs\":60000"));
    assert_int_equal(ask(scene, "/api/step_up", cookie, "{" RIGHT ",\"sign\":true}"), 200);
    assert_true(body_says(scene, "signsUntil"));
    take_cookie(scene, cookie, sizeof cookie);
    assert_int_equal(ask(scene, "/api/account/sign-ins", cookie, NULL), 200);
    assert_true(body_says(scene, "signsUntil"));
    close(socket);
}

static void a_sign_in_that_is_ended_from_elsewhere_is_cut_within_a_second(void **state) {
    struct scene *scene = *state;
    char here[256], there[256];
    comes_in(scene, "person1", there, sizeof there);
    int socket = socket_of(scene, there);
    comes_in(scene, "person1", here, sizeof here);
    int own = socket_of(scene, here);
    assert_int_equal(ask(scene, "/api/account/sign-ins/end", here, "{\"others\":true}"), 204);
    assert_true(ends_within(socket, 1000));
    assert_int_equal(ask(scene, "/api/me", there, NULL), 401);
    assert_false(ends_within(own, 300));
    assert_int_equal(ask(scene, "/api/sign-in/refresh", here, ""), 200);
    assert_true(body_says(scene, "\"idleMs\":3600000"));
    close(socket);
    close(own);
}

static void where_a_second_factor_is_required_nothing_else_can_be_done_without(void **state) {
    (void)state;
    static struct scene scene;
    char cookie[256], body[256];
    struct server_options options = {.program = CONSILIUM_PATH,
                                     .arguments = {"--second-factor", "required"}};
    scene.server = server_process_start(&options);
    assert_non_null(scene.server);
    snprintf(body, sizeof body, "{\"login\":\"administrator\",\"password\":\"%s\"}",
             server_process_password(scene.server));
    assert_int_equal(ask(&scene, "/api/sign-in", NULL, body), 200);
    assert_true(body_says(&scene, "\"enrol\":true"));
    take_cookie(&scene, cookie, sizeof cookie);
    assert_int_equal(ask(&scene, "/api/me", cookie, NULL), 200);
    assert_int_equal(ask(&scene, "/api/people", cookie, NULL), 403);
    assert_true(body_says(&scene, "second_factor_required"));
    assert_int_equal(ask(&scene, "/api/tickets", cookie, ""), 403);
    assert_int_equal(ask(&scene, "/api/account/codes", cookie, ""), 200);
    server_process_end(scene.server);
}

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.staff, scene.server, PEOPLE) ? 0 : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stepping_up_takes_another_token_and_leaves_the_sockets),
        cmocka_unit_test(a_sign_in_that_is_ended_from_elsewhere_is_cut_within_a_second),
        cmocka_unit_test(where_a_second_factor_is_required_nothing_else_can_be_done_without),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
