/*
 * A server with two organisations under its root, and what a test says to it over HTTP: people are
 * invited, come by their invitations and ask for things. Included once by each such test.
 */
#ifndef CONSILIUM_TESTS_ORGANISATION_SITE_H
#define CONSILIUM_TESTS_ORGANISATION_SITE_H

#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 3, READY_MS = 20000, ID = 40, TOKEN = 128, COOKIE = 256, CASES = 3 };

#define ROOT "00000000-0000-0000-0000-000000000000"
#define PASSWORD "some words in a row"

struct scene {
    struct server_process *server;
    struct staff staff;
    struct plain_answer answer; /* the last one */
    char child[ID], sibling[ID];
};

static inline unsigned ask(struct scene *scene, struct plain_request request) {
    request.port = server_process_port(scene->server);
    if (request.method == NULL)
        request.method = request.body == NULL ? "GET" : "POST";
    if (request.cookie != NULL && strcmp(request.method, "GET") != 0)
        request.origin = server_process_url(scene->server);
    plain_ask(&request, &scene->answer);
    return scene->answer.status;
}

static inline bool body_says(const struct scene *scene, const char *words) {
    return strstr(scene->answer.body, words) != NULL;
}

static inline void body_value(const struct scene *scene, const char *name, char *ret_value,
                              size_t size) {
    const char *body = scene->answer.body;
    assert_true(json_find_text((const uint8_t *)body, strlen(body), name, ret_value, size));
}

/* Asks as the root's administrator (cookie NULL) or with a cookie; body NULL = GET, "" = nothing
 * is sent. */
static inline unsigned asks(struct scene *scene, const char *cookie, const char *body,
                            const char *format, ...) {
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

static inline void an_organisation(struct scene *scene, const char *cookie, const char *parent,
                                   const char *name, char ret_id[ID]) {
    char body[256];
    snprintf(body, sizeof body, "{\"parent\":\"%s\",\"name\":\"%s\"}", parent, name);
    assert_int_equal(asks(scene, cookie, body, "/api/organisations"), 201);
    body_value(scene, "id", ret_id, ID);
}

static inline void invite(struct scene *scene, const char *organisation, const char *roles,
                          const char *more, char ret_token[TOKEN]) {
    char body[256];
    snprintf(body, sizeof body, "{\"name\":\"Dr Weber\",\"roles\":\"%s\"%s}", roles, more);
    assert_int_equal(asks(scene, NULL, body, "/api/organisations/%s/invitations", organisation),
                     201);
    body_value(scene, "token", ret_token, TOKEN);
}

static inline void acceptance(char *ret_body, size_t size, const char *token, const char *login) {
    snprintf(ret_body, size,
             "{\"token\":\"%s\",\"login\":\"%s\",\"name\":\"Name of %s\",\"password\":\"%s\"}",
             token, login, login, PASSWORD);
}

static inline unsigned comes_by(struct scene *scene, const char *token, const char *login) {
    char body[512];
    acceptance(body, sizeof body, token, login);
    return ask(scene, (struct plain_request){.path = "/api/invitations/accept", .body = body});
}

static inline unsigned look(struct scene *scene, const char *token) {
    char body[256];
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    return ask(scene, (struct plain_request){.path = "/api/invitations/look", .body = body});
}

static inline void cookie_of(struct scene *scene, const char *login, const char *password,
                             char ret_cookie[COOKIE]) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/sign-in", .body = body}), 200);
    assert_true(plain_header(&scene->answer, "set-cookie", ret_cookie, COOKIE));
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
}

/* Somebody new with these roles, signed in. */
static inline void a_member(struct scene *scene, const char *organisation, const char *roles,
                            const char *login, char ret_id[ID], char ret_cookie[COOKIE]) {
    char token[TOKEN];
    invite(scene, organisation, roles, "", token);
    assert_int_equal(comes_by(scene, token, login), 201);
    body_value(scene, "id", ret_id, ID);
    cookie_of(scene, login, PASSWORD, ret_cookie);
}

static inline struct uuid uuid_of_words(const char *words) {
    struct uuid id;
    for (unsigned i = 0; i < sizeof id.bytes; i++) {
        words += *words == '-';
        assert_int_equal(sscanf(words, "%2hhx", &id.bytes[i]), 1);
        words += 2;
    }
    return id;
}

/* The same person again, for conversations. */
static inline void token_of(struct scene *scene, const char *login,
                            char ret_token[CLIENT_TOKEN_MAX + 1]) {
    struct http_client http;
    http_client_init(&http, &scene->staff.address);
    assert_int_equal(conversation_sign_in(&http, login, PASSWORD, ret_token), 200);
    http_client_finish(&http);
}

static inline int open_scene(void **state) {
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

static inline int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

#endif
