/* links: server_process consilium; timeout: 120 */
/* Signing in, over HTTP, as a browser does it: the cookie, guesses, the end of a sign-in, tickets,
 * and pages of other sites. */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 2, GUESSES = 10, REFILL_S = 30, READY_MS = 20000 };

#define RIGHT STAFF_PASSWORD

struct scene {
    struct server_process *server;
    struct staff staff;
    struct plain_answer answer; /* the last one */
};

static unsigned ask(struct scene *scene, struct plain_request request) {
    request.port = server_process_port(scene->server);
    if (request.method == NULL)
        request.method = "POST";
    plain_ask(&request, &scene->answer);
    return scene->answer.status;
}

static unsigned sign_in(struct scene *scene, const char *login, const char *password,
                        const char *from) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    return ask(scene, (struct plain_request){.path = "/api/sign-in", .body = body, .from = from});
}

static const char *own_origin(const struct scene *scene) {
    return server_process_url(scene->server);
}

/* The cookie of a fresh sign-in, as the Cookie header wants it. */
static void cookie_of(struct scene *scene, const char *login, char *ret_cookie, unsigned size) {
    assert_int_equal(sign_in(scene, login, RIGHT, NULL), 200);
    assert_true(plain_header(&scene->answer, "set-cookie", ret_cookie, size));
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
}

static bool body_says(const struct scene *scene, const char *words) {
    return strstr(scene->answer.body, words) != NULL;
}

static void a_wrong_login_and_a_wrong_password_look_the_same(void **state) {
    struct scene *scene = *state;
    static char of_login[PLAIN_ANSWER_MAX];
    assert_int_equal(sign_in(scene, "nobody.has.this", RIGHT, NULL), 401);
    assert_true(body_says(scene, "wrong_login"));
    snprintf(of_login, sizeof of_login, "%s", scene->answer.body);
    assert_int_equal(sign_in(scene, "person1", "not this one", NULL), 401);
    assert_string_equal(scene->answer.body, of_login);
    assert_false(plain_header(&scene->answer, "set-cookie", of_login, sizeof of_login));
}

static void the_cookie_is_for_the_server_alone(void **state) {
    struct scene *scene = *state;
    char cookie[512];
    assert_int_equal(sign_in(scene, "PERSON0", RIGHT, NULL), 200); /* in any case of letters */
    assert_true(plain_header(&scene->answer, "set-cookie", cookie, sizeof cookie));
    assert_non_null(strstr(cookie, "HttpOnly"));
    assert_non_null(strstr(cookie, "SameSite=Strict"));
    assert_non_null(strstr(cookie, "Path=/"));
    assert_false(body_says(scene, "token"));
    assert_true(body_says(scene, "\"name\":\"Person 0\""));
    assert_true(plain_header(&scene->answer, "cache-control", cookie, sizeof cookie));
    assert_string_equal(cookie, "no-store");
}

static void who_guesses_too_often_has_to_wait_and_the_person_has_not(void **state) {
    struct scene *scene = *state;
    char wait[16];
    for (int i = 0; i < GUESSES; i++)
        assert_int_equal(sign_in(scene, "person0", "a guess", "127.0.0.66"), 401);
    assert_int_equal(sign_in(scene, "person0", "a guess", "127.0.0.66"), 429);
    assert_true(plain_header(&scene->answer, "retry-after", wait, sizeof wait));
    assert_in_range(strtoul(wait, NULL, 10), 1, REFILL_S);
    assert_true(body_says(scene, "too_many_attempts"));
    /* Not even the right one is looked at, or it would be a guess that tells. */
    assert_int_equal(sign_in(scene, "person0", RIGHT, "127.0.0.66"), 429);
    assert_int_equal(sign_in(scene, "person0", RIGHT, "127.0.0.1"), 200);
    assert_int_equal(sign_in(scene, "person1", RIGHT, "127.0.0.66"), 200);
}

static void after_signing_out_the_cookie_is_worth_nothing(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char gone[256];
    cookie_of(scene, "person0", cookie, sizeof cookie);
    struct plain_request me = {.method = "GET", .path = "/api/me", .cookie = cookie};
    assert_int_equal(ask(scene, me), 200);
    assert_true(body_says(scene, "Person 0"));
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/sign-out",
                                                       .cookie = cookie,
                                                       .origin = own_origin(scene)}),
                     204);
    assert_true(plain_header(&scene->answer, "set-cookie", gone, sizeof gone));
    assert_non_null(strstr(gone, "Max-Age=0"));
    assert_int_equal(ask(scene, me), 401);
    assert_true(body_says(scene, "signed_out"));
}

static void a_sign_in_outlives_the_servers_death_and_its_end_does_too(void **state) {
    struct scene *scene = *state;
    char stays[256];
    char ended[256];
    cookie_of(scene, "person0", stays, sizeof stays);
    cookie_of(scene, "person1", ended, sizeof ended);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/sign-out",
                                                       .cookie = ended,
                                                       .origin = own_origin(scene)}),
                     204);
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    struct plain_request me = {.method = "GET", .path = "/api/me", .cookie = stays};
    assert_int_equal(ask(scene, me), 200);
    me.cookie = ended;
    assert_int_equal(ask(scene, me), 401);
}

static void a_ticket_works_once(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char ticket[128];
    unsigned status;
    uint16_t port = server_process_port(scene->server);
    cookie_of(scene, "person0", cookie, sizeof cookie);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/tickets",
                                                       .cookie = cookie,
                                                       .origin = own_origin(scene)}),
                     200);
    assert_true(json_find_text((const uint8_t *)scene->answer.body, strlen(scene->answer.body),
                               "ticket", ticket, sizeof ticket));
    assert_int_equal(plain_websocket(port, ticket, "https://elsewhere.example", &status), -1);
    assert_int_equal(status, 403);
    int socket = plain_websocket(port, ticket, own_origin(scene), &status);
    assert_int_equal(status, 101);
    assert_int_equal(plain_websocket(port, ticket, own_origin(scene), &status), -1);
    assert_int_equal(status, 401);
    close(socket);
}

static void pages_of_other_sites_change_nothing(void **state) {
    static const char *const paths[] = {
        "/api/sign-in",
        "/api/sign-out",
        "/api/tickets",
        "/api/people",
        "/api/organisations",
        "/api/invitations/accept",
        "/api/cases/00000000-0000-4000-8000-000000000000/uploads",
    };
    static const char *const origins[] = {
        "https://elsewhere.example",
        "null",
        "http://127.0.0.1",
        "https://localhost:1",
    };
    struct scene *scene = *state;
    char cookie[256];
    cookie_of(scene, "person0", cookie, sizeof cookie);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct plain_request request = {.path = paths[i], .cookie = cookie, .body = "{}"};
        for (size_t j = 0; j < sizeof origins / sizeof origins[0]; j++) {
            request.origin = origins[j];
            assert_int_equal(ask(scene, request), 403);
            assert_true(body_says(scene, "foreign_origin"));
        }
        request.origin = NULL; /* a browser says where from; with a cookie nobody else may ask */
        assert_int_equal(ask(scene, request), 403);
    }
    struct plain_request me = {.method = "GET", .path = "/api/me", .cookie = cookie};
    assert_int_equal(ask(scene, me), 200);
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

/* Value of a member of the last answer's body. */
static void body_value(const struct scene *scene, const char *name, char *ret_value, size_t size) {
    const char *body = scene->answer.body;
    assert_true(json_find_text((const uint8_t *)body, strlen(body), name, ret_value, size));
}

static unsigned collect(struct scene *scene, const char *secret) {
    char body[128];
    snprintf(body, sizeof body, "{\"secret\":\"%s\"}", secret);
    return ask(scene, (struct plain_request){.path = "/api/displays/collect", .body = body});
}

static void a_screen_in_the_hall_is_paired_by_its_code(void **state) {
    struct scene *scene = *state;
    char code[32], secret[64], body[128], cookie[512], own[512];
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/displays"}), 201);
    body_value(scene, "code", code, sizeof code);
    body_value(scene, "secret", secret, sizeof secret);
    assert_int_equal(collect(scene, secret), 200);
    assert_true(body_says(scene, "waiting"));

    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    struct plain_request pair = {.path = "/api/displays/pair", .body = body};
    assert_int_equal(ask(scene, pair), 401); /* only who is signed in */
    cookie_of(scene, "person0", cookie, sizeof cookie);
    pair.cookie = cookie;
    pair.origin = own_origin(scene);
    assert_int_equal(ask(scene, pair), 200);
    assert_int_equal(ask(scene, pair), 404); /* a code is said once */

    assert_int_equal(collect(scene, secret), 200);
    assert_true(body_says(scene, "paired"));
    assert_true(plain_header(&scene->answer, "set-cookie", own, sizeof own));
    own[strcspn(own, ";")] = 0;
    assert_int_equal(collect(scene, secret), 404); /* and collected once */
    assert_int_equal(
        ask(scene, (struct plain_request){.method = "GET", .path = "/api/me", .cookie = own}), 200);
    assert_true(body_says(scene, "\"administrator\":false"));
}

/* Somebody who may make series, meetings and cases and belongs to none, signed in. */
static void a_coordinator(struct scene *scene, char *ret_cookie, unsigned size) {
    assert_int_equal(
        ask(scene,
            (struct plain_request){.path = "/api/people",
                                   .bearer = scene->staff.administrator,
                                   .body = "{\"login\":\"prepares\",\"name\":\"Prepares\","
                                           "\"password\":\"" RIGHT "\",\"coordinator\":true}"}),
        201);
    cookie_of(scene, "prepares", ret_cookie, size);
    assert_true(body_says(scene, "\"administrator\":false,\"coordinator\":true"));
}

static void case_path(struct uuid id, const char *what, char *ret_path, size_t size) {
    char digits[2 * sizeof id.bytes + 1];
    for (size_t i = 0; i < sizeof id.bytes; i++)
        snprintf(digits + 2 * i, 3, "%02x", id.bytes[i]);
    snprintf(ret_path, size, "/api/cases/%.8s-%.4s-%.4s-%.4s-%.12s/%s", digits, digits + 8,
             digits + 12, digits + 16, digits + 20, what);
}

static void a_coordinators_right_opens_nothing_that_others_made(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char sets[128];
    char uploads[128];
    case_path(staff_case_id(1), "display-sets", sets, sizeof sets);
    case_path(staff_case_id(1), "uploads", uploads, sizeof uploads);
    a_coordinator(scene, cookie, sizeof cookie);
    assert_true(staff_make_cases(&scene->staff, 1, 1));
    struct plain_request read = {
        .method = "GET", .path = sets, .bearer = scene->staff.people[0].token};
    assert_int_equal(ask(scene, read), 200);
    read = (struct plain_request){.method = "GET", .path = sets, .cookie = cookie};
    assert_int_equal(ask(scene, read), 404);
    struct plain_request change = {
        .path = uploads, .cookie = cookie, .origin = own_origin(scene), .body = "bytes"};
    assert_int_equal(ask(scene, change), 404);
    change.path = "/api/people";
    change.body = "{\"login\":\"x\",\"name\":\"X\",\"password\":\"" RIGHT "\"}";
    assert_int_equal(ask(scene, change), 404); /* people are for the administrator to make */
}

/* Somebody with such a password; the status of making them, then of signing in with another one. */
static unsigned made_with(struct scene *scene, const char *login, const char *password) {
    static char body[1024];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"name\":\"X\",\"password\":\"%s\"}", login,
             password);
    return ask(scene, (struct plain_request){.path = "/api/people",
                                             .bearer = scene->staff.administrator,
                                             .body = body});
}

static void a_password_is_of_eight_bytes_or_more_and_counts_as_it_is_typed(void **state) {
    struct scene *scene = *state;
    static char odd[] = "Ünd \xf0\x9f\x94\x91 any lEttErs, digits or none at all, in any order: "
                        "no rule asks for one of each, and nothing is cut off at 64 or 72 bytes";
    assert_int_not_equal(made_with(scene, "short", "seven77"), 201);
    assert_int_equal(made_with(scene, "eight", "eight888"), 201);
    assert_int_equal(sign_in(scene, "eight", "eight888", NULL), 200);
    assert_int_equal(sign_in(scene, "eight", "Eight888", NULL), 401);
    assert_int_equal(made_with(scene, "odd", odd), 201);
    assert_int_equal(sign_in(scene, "odd", odd, NULL), 200);
    odd[sizeof odd - 2] = 0;
    assert_int_equal(sign_in(scene, "odd", odd, NULL), 401);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_login_and_a_wrong_password_look_the_same),
        cmocka_unit_test(the_cookie_is_for_the_server_alone),
        cmocka_unit_test(who_guesses_too_often_has_to_wait_and_the_person_has_not),
        cmocka_unit_test(after_signing_out_the_cookie_is_worth_nothing),
        cmocka_unit_test(a_sign_in_outlives_the_servers_death_and_its_end_does_too),
        cmocka_unit_test(a_ticket_works_once),
        cmocka_unit_test(pages_of_other_sites_change_nothing),
        cmocka_unit_test(a_screen_in_the_hall_is_paired_by_its_code),
        cmocka_unit_test(a_coordinators_right_opens_nothing_that_others_made),
        cmocka_unit_test(a_password_is_of_eight_bytes_or_more_and_counts_as_it_is_typed),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
