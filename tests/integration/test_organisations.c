/* links: server_process consilium; timeout: 240 */
/* Running organisations over HTTP: a tree of them, invitations that work once, roles, and what an
 * organisation's administrator sees of others: nothing, in the very bytes of what is not there. */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 3, READY_MS = 20000, OUT_MS = 1000, ID = 40, TOKEN = 128, COOKIE = 256, CASES = 3 };

#define ROOT "00000000-0000-0000-0000-000000000000"
#define NOBODY "00000000-0000-4000-8000-00000000dead"
#define PASSWORD "some words in a row"

struct scene {
    struct server_process *server;
    struct staff staff;
    struct plain_answer answer; /* the last one */
    char child[ID], sibling[ID];
};

static unsigned ask(struct scene *scene, struct plain_request request) {
    request.port = server_process_port(scene->server);
    if (request.method == NULL)
        request.method = request.body == NULL ? "GET" : "POST";
    if (request.cookie != NULL && strcmp(request.method, "GET") != 0)
        request.origin = server_process_url(scene->server);
    plain_ask(&request, &scene->answer);
    return scene->answer.status;
}

static bool body_says(const struct scene *scene, const char *words) {
    return strstr(scene->answer.body, words) != NULL;
}

static void body_value(const struct scene *scene, const char *name, char *ret_value, size_t size) {
    const char *body = scene->answer.body;
    assert_true(json_find_text((const uint8_t *)body, strlen(body), name, ret_value, size));
}

/* Asks as the root's administrator (cookie NULL) or with a cookie; body NULL = GET, "" = nothing
 * is sent. */
static unsigned asks(struct scene *scene, const char *cookie, const char *body, const char *format,
                     ...) {
    char path[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    return ask(scene, (struct plain_request){.path = path,
                                             .body = body,
                                             .cookie = cookie,
                                             .bearer = cookie == NULL ? scene->staff.administrator
                                                                      : NULL});
}

static void an_organisation(struct scene *scene, const char *cookie, const char *parent,
                            const char *name, char ret_id[ID]) {
    char body[256];
    snprintf(body, sizeof body, "{\"parent\":\"%s\",\"name\":\"%s\"}", parent, name);
    assert_int_equal(asks(scene, cookie, body, "/api/organisations"), 201);
    body_value(scene, "id", ret_id, ID);
}

static void invite(struct scene *scene, const char *organisation, const char *roles,
                   const char *more, char ret_token[TOKEN]) {
    char body[256];
    snprintf(body, sizeof body, "{\"name\":\"Dr Weber\",\"roles\":\"%s\"%s}", roles, more);
    assert_int_equal(asks(scene, NULL, body, "/api/organisations/%s/invitations", organisation),
                     201);
    body_value(scene, "token", ret_token, TOKEN);
}

static void acceptance(char *ret_body, size_t size, const char *token, const char *login) {
    snprintf(ret_body, size,
             "{\"token\":\"%s\",\"login\":\"%s\",\"name\":\"Name of %s\",\"password\":\"%s\"}",
             token, login, login, PASSWORD);
}

static unsigned comes_by(struct scene *scene, const char *token, const char *login) {
    char body[512];
    acceptance(body, sizeof body, token, login);
    return ask(scene, (struct plain_request){.path = "/api/invitations/accept", .body = body});
}

static unsigned look(struct scene *scene, const char *token) {
    char body[256];
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    return ask(scene, (struct plain_request){.path = "/api/invitations/look", .body = body});
}

static void cookie_of(struct scene *scene, const char *login, const char *password,
                      char ret_cookie[COOKIE]) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/sign-in", .body = body}), 200);
    assert_true(plain_header(&scene->answer, "set-cookie", ret_cookie, COOKIE));
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
}

/* Somebody new with these roles, signed in. */
static void a_member(struct scene *scene, const char *organisation, const char *roles,
                     const char *login, char ret_id[ID], char ret_cookie[COOKIE]) {
    char token[TOKEN];
    invite(scene, organisation, roles, "", token);
    assert_int_equal(comes_by(scene, token, login), 201);
    body_value(scene, "id", ret_id, ID);
    cookie_of(scene, login, PASSWORD, ret_cookie);
}

static void an_invitation_makes_one_person_who_belongs(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], id[ID], cookie[COOKIE];
    invite(scene, scene->child, "specialist referrer", "", token);
    assert_int_equal(look(scene, token), 200);
    assert_true(body_says(scene, "\"organisation\":\"Practice\""));
    assert_true(body_says(scene, "\"roles\":[\"specialist\",\"referrer\"]"));
    assert_int_equal(comes_by(scene, token, "weber"), 201);
    body_value(scene, "id", id, sizeof id);
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_true(body_says(scene, id));
    assert_true(body_says(scene, "\"roles\":[\"specialist\",\"referrer\"]"));
    cookie_of(scene, "weber", PASSWORD, cookie);
    /* And once: not for another, not for the same, and it is not even shown again. */
    assert_int_equal(comes_by(scene, token, "another"), 410);
    assert_true(body_says(scene, "\"used\""));
    assert_int_equal(comes_by(scene, token, "weber"), 410);
    assert_int_equal(look(scene, token), 410);
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/invitations", scene->child),
                     200);
    assert_true(body_says(scene, "\"state\":\"used\""));
    assert_false(body_says(scene, token));
}

static void a_link_that_is_none_looks_the_same_whatever_is_wrong(void **state) {
    struct scene *scene = *state;
    static struct plain_answer wrong;
    char token[TOKEN];
    invite(scene, scene->child, "specialist", "", token);
    token[80] = token[80] == 'A' ? 'B' : 'A'; /* in the secret */
    assert_int_equal(look(scene, token), 404);
    wrong = scene->answer;
    assert_int_equal(comes_by(scene, token, "guesser"), 404);
    assert_string_equal(scene->answer.body, wrong.body);
    token[30] = token[30] == 'A' ? 'B' : 'A'; /* in the invitation's id */
    assert_int_equal(look(scene, token), 404);
    assert_string_equal(scene->answer.body, wrong.body);
    token[2] = token[2] == 'A' ? 'B' : 'A'; /* in the organisation's */
    assert_int_equal(look(scene, token), 404);
    assert_string_equal(scene->answer.body, wrong.body);
    assert_int_equal(look(scene, "short"), 404);
    assert_string_equal(scene->answer.body, wrong.body);
}

struct racer {
    pthread_t thread;
    uint16_t port;
    char body[512];
    struct plain_answer answer;
};

static void *race(void *data) {
    struct racer *racer = data;
    struct plain_request request = {.port = racer->port,
                                    .method = "POST",
                                    .path = "/api/invitations/accept",
                                    .body = racer->body};
    plain_ask(&request, &racer->answer);
    return NULL;
}

static void of_two_who_accept_at_once_one_wins(void **state) {
    struct scene *scene = *state;
    static struct racer racers[2];
    static const char *const logins[] = {"first", "second"};
    char token[TOKEN];
    for (unsigned round = 0; round < 4; round++) {
        invite(scene, scene->child, "specialist", "", token);
        for (unsigned i = 0; i < 2; i++) {
            char login[32];
            snprintf(login, sizeof login, "%s%u", logins[i], round);
            racers[i].port = server_process_port(scene->server);
            acceptance(racers[i].body, sizeof racers[i].body, token, login);
        }
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        bool first = racers[0].answer.status == 201;
        assert_int_equal(racers[first ? 0 : 1].answer.status, 201);
        assert_int_equal(racers[first ? 1 : 0].answer.status, 410);
        assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/people", scene->child),
                         200);
        char loser[64];
        snprintf(loser, sizeof loser, "Name of %s%u", logins[first ? 1 : 0], round);
        assert_false(body_says(scene, loser));
    }
}

static void a_link_expires_and_can_be_called_back(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], id[ID];
    invite(scene, scene->child, "specialist", ",\"expiresInMs\":200", token);
    while (look(scene, token) == 200)
        usleep(20000);
    assert_int_equal(scene->answer.status, 410);
    assert_true(body_says(scene, "\"expired\""));
    assert_int_equal(comes_by(scene, token, "late"), 410);
    assert_true(body_says(scene, "\"expired\""));
    invite(scene, scene->child, "specialist", "", token);
    body_value(scene, "id", id, sizeof id);
    assert_int_equal(
        asks(scene, NULL, "", "/api/organisations/%s/invitations/%s/withdraw", scene->child, id),
        204);
    assert_int_equal(comes_by(scene, token, "late"), 410);
    assert_true(body_says(scene, "\"withdrawn\""));
}

static void who_is_signed_in_comes_by_an_invitation_themselves(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], cookie[COOKIE], body[256], id[ID];
    cookie_of(scene, "person0", STAFF_PASSWORD, cookie);
    invite(scene, scene->child, "coordinator", "", token);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    struct plain_request request = {.path = "/api/invitations/accept", .body = body};
    assert_int_equal(ask(scene, request), 401); /* nobody is */
    request.cookie = cookie;
    assert_int_equal(ask(scene, request), 200);
    body_value(scene, "id", id, sizeof id);
    assert_int_equal(ask(scene, request), 200); /* the answer was lost: it is asked for again */
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 200);
    assert_true(body_says(scene, "\"coordinator\":true"));
    /* What was taken from them meanwhile does not come back by the old link. */
    assert_int_equal(asks(scene, NULL, "{\"roles\":\"\"}", "/api/organisations/%s/people/%s/roles",
                          scene->child, id),
                     204);
    assert_int_equal(ask(scene, request), 200);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 200);
    assert_true(body_says(scene, "\"coordinator\":false"));
}

static void a_login_that_is_taken_leaves_the_link_good(void **state) {
    struct scene *scene = *state;
    char token[TOKEN];
    invite(scene, scene->child, "specialist", "", token);
    assert_int_equal(comes_by(scene, token, "person1"), 409);
    assert_true(body_says(scene, "login_taken"));
    assert_int_equal(comes_by(scene, token, "bad login"), 400);
    assert_int_equal(comes_by(scene, token, "fresh.login"), 201);
}

/* The same bytes as of what is not there. */
static void is_absent(struct scene *scene, const char *cookie, const char *body, const char *format,
                      const char *organisation, const char *person) {
    static struct plain_answer unknown;
    assert_int_equal(asks(scene, cookie, body, format, NOBODY, NOBODY), 404);
    unknown = scene->answer;
    assert_int_equal(asks(scene, cookie, body, format, organisation, person), 404);
    assert_string_equal(scene->answer.body, unknown.body);
}

static void a_childs_administrator_sees_neither_parent_nor_sibling(void **state) {
    static const struct {
        const char *body, *format;
    } ways[] = {
        {NULL, "/api/organisations/%s/people?%s"},
        {NULL, "/api/organisations/%s/invitations?%s"},
        {NULL, "/api/organisations/%s/cases?%s"},
        {NULL, "/api/accesses?organisation=%s&x=%s"},
        {NULL, "/api/organisations/%s/people/%s/sign-ins"},
        {"{\"others\":true}", "/api/organisations/%s/people/%s/sign-ins/end"},
        {"{\"roles\":\"administrator\"}", "/api/organisations/%s/people/%s/roles"},
        {"{\"name\":\"Mine now\"}", "/api/organisations/%s/rename?%s"},
        {"{\"name\":\"Me\",\"roles\":\"administrator\"}", "/api/organisations/%s/invitations?%s"},
        {"", "/api/organisations/%s/invitations/%s/withdraw"},
    };
    struct scene *scene = *state;
    char own[ID], cookie[COOKIE], other[ID], their_cookie[COOKIE], grandchild[ID];
    a_member(scene, scene->child, "administrator", "runs.child", own, cookie);
    a_member(scene, scene->sibling, "specialist", "of.sibling", other, their_cookie);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        is_absent(scene, cookie, ways[i].body, ways[i].format, ROOT, other);
        is_absent(scene, cookie, ways[i].body, ways[i].format, scene->sibling, other);
    }
    /* Nor by way of their own organisation, or around it. */
    is_absent(scene, cookie, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, other);
    is_absent(scene, cookie, "{\"roles\":\"specialist\"}", "/api/organisations/%s/people/%s/roles",
              scene->child, other);
    assert_int_equal(asks(scene, cookie, "{\"login\":\"x\",\"name\":\"X\",\"administrator\":true}",
                          "/api/people"),
                     404);
    assert_int_equal(asks(scene, cookie, NULL, "/api/accesses"), 404);
    assert_int_equal(asks(scene, cookie, NULL, "/api/people"), 200);
    assert_false(body_says(scene, "Name of of.sibling"));
    assert_false(body_says(scene, "Administrator"));
    assert_true(body_says(scene, "Name of runs.child"));
    /* What is theirs they run, and what they make under it. */
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations"), 200);
    assert_true(body_says(scene, scene->child));
    assert_false(body_says(scene, scene->sibling));
    assert_false(body_says(scene, "\"id\":\"" ROOT "\""));
    an_organisation(scene, cookie, scene->child, "Branch", grandchild);
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations/%s/people", grandchild), 200);
    assert_int_equal(asks(scene, cookie, NULL, "/api/accesses?organisation=%s", scene->child), 200);
    assert_true(body_says(scene, own));
    assert_false(body_says(scene, other));
}

static void whoever_is_no_administrator_runs_nothing(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE];
    a_member(scene, scene->child, "specialist coordinator", "no.admin", id, cookie);
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations"), 200);
    assert_string_equal(scene->answer.body, "{\"organisations\":[]}");
    is_absent(scene, cookie, NULL, "/api/organisations/%s/people?%s", scene->child, "");
    is_absent(scene, cookie, "{\"roles\":\"administrator\"}",
              "/api/organisations/%s/people/%s/roles", scene->child, id);
}

static void the_last_administrator_stays(void **state) {
    struct scene *scene = *state;
    char id[ID];
    assert_int_equal(asks(scene, NULL, NULL, "/api/me"), 200);
    body_value(scene, "id", id, sizeof id);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(asks(scene, NULL,
                              i == 0 ? "{\"roles\":\"\"}" : "{\"roles\":\"specialist\"}",
                              "/api/organisations/" ROOT "/people/%s/roles", id),
                         409);
        assert_true(body_says(scene, "last_administrator"));
    }
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/people"), 200);
}

/* A socket that is cut within the time. */
static bool is_cut(int socket) {
    char bytes[256];
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    for (;;) {
        if (poll(&wait, 1, OUT_MS) <= 0)
            return false;
        if (read(socket, bytes, sizeof bytes) <= 0)
            return true;
        if (((uint8_t)bytes[0] & 0x0f) == 8) /* RFC 6455 5.5.1: it says goodbye */
            return true;
    }
}

static void an_administrator_ends_a_persons_sign_in_within_a_second(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE], sign_in[32], ticket[128], body[64];
    unsigned status;
    a_member(scene, scene->child, "specialist", "thrown.out", id, cookie);
    assert_int_equal(asks(scene, cookie, "", "/api/tickets"), 200);
    body_value(scene, "ticket", ticket, sizeof ticket);
    int socket = plain_websocket(server_process_port(scene->server), ticket,
                                 server_process_url(scene->server), &status);
    assert_int_equal(status, 101);
    assert_int_equal(
        asks(scene, NULL, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, id), 200);
    body_value(scene, "id", sign_in, sizeof sign_in);
    snprintf(body, sizeof body, "{\"id\":\"%s\"}", sign_in);
    assert_int_equal(
        asks(scene, NULL, body, "/api/organisations/%s/people/%s/sign-ins/end", scene->child, id),
        204);
    assert_true(is_cut(socket));
    close(socket);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 401);
    assert_int_equal(asks(scene, NULL, NULL, "/api/accesses?user=%s", id), 200);
    assert_true(body_says(scene, "\"action\":\"sign_out\""));
}

static void a_role_that_is_taken_is_gone_at_once(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE];
    a_member(scene, scene->child, "administrator", "was.admin", id, cookie);
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_int_equal(asks(scene, NULL, "{\"roles\":\"specialist\"}",
                          "/api/organisations/%s/people/%s/roles", scene->child, id),
                     204);
    assert_int_equal(asks(scene, cookie, NULL, "/api/organisations/%s/people", scene->child), 404);
}

static void cases_are_listed_without_their_patients(void **state) {
    struct scene *scene = *state;
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/cases"), 200);
    unsigned count = 0;
    for (const char *at = scene->answer.body; (at = strstr(at, "\"consent\":\"not_asked\"")); at++)
        count++;
    assert_int_equal(count, CASES);
    assert_false(body_says(scene, "Question"));
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/cases", scene->child), 200);
    assert_string_equal(scene->answer.body, "{\"cases\":[],\"more\":false}");
}

static void how_the_backup_fares_is_told_to_who_turns_the_keys(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE];
    assert_int_equal(asks(scene, NULL, NULL, "/api/backup"), 200);
    assert_true(body_says(scene, "\"configured\":false"));
    a_member(scene, scene->child, "administrator", "no.keys", id, cookie);
    assert_int_equal(asks(scene, cookie, NULL, "/api/backup"), 404);
}

static void a_tree_grows_only_so_deep(void **state) {
    struct scene *scene = *state;
    char parent[ID] = ROOT, body[256];
    unsigned deep = 0, status;
    do {
        snprintf(body, sizeof body, "{\"parent\":\"%s\",\"name\":\"Level\"}", parent);
        status = asks(scene, NULL, body, "/api/organisations");
        if (status == 201)
            body_value(scene, "id", parent, sizeof parent);
    } while (status == 201 && ++deep < 20);
    assert_int_equal(status, 409);
    assert_in_range(deep, 5, 8);
}

static void what_was_accepted_outlives_the_servers_death(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], cookie[COOKIE];
    invite(scene, ROOT, "nurse_navigator", ",\"accessMs\":86400000", token);
    assert_int_equal(comes_by(scene, token, "stays"), 201);
    assert_int_equal(
        asks(scene, NULL, "{\"name\":\"Hospital\"}", "/api/organisations/" ROOT "/rename"), 204);
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    assert_int_equal(comes_by(scene, token, "another.one"), 410);
    cookie_of(scene, "stays", PASSWORD, cookie);
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/people"), 200);
    assert_true(body_says(scene, "\"login\":\"stays\",\"roles\":[\"nurse_navigator\"],\"until\":"));
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations"), 200);
    assert_true(body_says(scene, "\"name\":\"Hospital\""));
    assert_true(body_says(scene, "\"name\":\"Practice\""));
}

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    scene.server = server_process_start(&options);
    if (scene.server == NULL || !staff_hire(&scene.staff, scene.server, PEOPLE) ||
        !staff_make_cases(&scene.staff, 1, CASES))
        return -1;
    an_organisation(&scene, NULL, ROOT, "Practice", scene.child);
    an_organisation(&scene, NULL, ROOT, "Sibling", scene.sibling);
    return 0;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_makes_one_person_who_belongs),
        cmocka_unit_test(a_link_that_is_none_looks_the_same_whatever_is_wrong),
        cmocka_unit_test(of_two_who_accept_at_once_one_wins),
        cmocka_unit_test(a_link_expires_and_can_be_called_back),
        cmocka_unit_test(who_is_signed_in_comes_by_an_invitation_themselves),
        cmocka_unit_test(a_login_that_is_taken_leaves_the_link_good),
        cmocka_unit_test(a_childs_administrator_sees_neither_parent_nor_sibling),
        cmocka_unit_test(whoever_is_no_administrator_runs_nothing),
        cmocka_unit_test(the_last_administrator_stays),
        cmocka_unit_test(an_administrator_ends_a_persons_sign_in_within_a_second),
        cmocka_unit_test(a_role_that_is_taken_is_gone_at_once),
        cmocka_unit_test(cases_are_listed_without_their_patients),
        cmocka_unit_test(how_the_backup_fares_is_told_to_who_turns_the_keys),
        cmocka_unit_test(a_tree_grows_only_so_deep),
        cmocka_unit_test(what_was_accepted_outlives_the_servers_death),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
