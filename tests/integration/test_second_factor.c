/* links: server_process consilium; timeout: 180 */
/* The second step of a sign-in with codes of `oathtool`, which is not ours; recovery codes; what
 * may be done with half of a sign-in, and how often may be guessed. */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PEOPLE = 6, READY_MS = 20000, STEP_S = 30 };

#define RIGHT STAFF_PASSWORD

struct scene {
    struct server_process *server;
    struct staff staff;
    struct plain_answer answer; /* the last one */
    char secret[64];            /* of the last enrolment */
    char codes[10][32];         /* of the paper, the last ones shown */
    long confirmed_step;
};

static unsigned ask(struct scene *scene, struct plain_request request) {
    request.port = server_process_port(scene->server);
    if (request.method == NULL)
        request.method = "POST";
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

static void take_cookie(const struct scene *scene, char *ret_cookie, unsigned size) {
    assert_true(plain_header(&scene->answer, "set-cookie", ret_cookie, size));
    ret_cookie[strcspn(ret_cookie, ";")] = 0;
}

static unsigned sign_in(struct scene *scene, const char *login, const char *from) {
    char body[256];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", login, RIGHT);
    return ask(scene, (struct plain_request){.path = "/api/sign-in", .body = body, .from = from});
}

static unsigned second(struct scene *scene, const char *half, const char *code, const char *from) {
    char body[256];
    snprintf(body, sizeof body, "{\"half\":\"%s\",\"code\":\"%s\"}", half, code);
    return ask(scene,
               (struct plain_request){.path = "/api/sign-in/second", .body = body, .from = from});
}

static long step_now(void) {
    return (long)time(NULL) / STEP_S;
}

/* What an authenticator app shows in that step. */
static void code_of(const struct scene *scene, long step, char ret_code[8]) {
    char command[256];
    snprintf(command, sizeof command, "oathtool --totp --base32 --now @%ld %s", step * STEP_S + 1,
             scene->secret);
    FILE *app = popen(command, "r");
    assert_non_null(app);
    assert_non_null(fgets(ret_code, 8, app));
    assert_int_equal(pclose(app), 0);
    ret_code[strcspn(ret_code, "\n")] = 0;
}

/* Codes of the answer's list, in order. */
static void take_codes(struct scene *scene) {
    const char *at = strstr(scene->answer.body, "\"recoveryCodes\":[");
    assert_non_null(at);
    at = strchr(at, '[');
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(sscanf(at + 1, "\"%19[A-Z0-9-]\"", scene->codes[i]), 1);
        at = strchr(at + 1, i < 9 ? ',' : ']');
        assert_non_null(at);
    }
}

static unsigned prove(struct scene *scene, char *cookie, unsigned size, const char *code) {
    char body[256];
    snprintf(body, sizeof body, "{\"password\":\"%s\"%s%s%s}", RIGHT,
             code == NULL ? "" : ",\"code\":\"", code == NULL ? "" : code,
             code == NULL ? "" : "\"");
    unsigned status =
        ask(scene,
            (struct plain_request){.path = "/api/account/prove", .cookie = cookie, .body = body});
    if (status == 200)
        take_cookie(scene, cookie, size);
    return status;
}

/* Signs in and adds an app; the cookie is that of the sign-in. */
static void enrol(struct scene *scene, const char *login, char *ret_cookie, unsigned size) {
    char code[8];
    char body[64];
    assert_int_equal(sign_in(scene, login, NULL), 200);
    take_cookie(scene, ret_cookie, size);
    assert_int_equal(prove(scene, ret_cookie, size, NULL), 200);
    assert_int_equal(
        ask(scene, (struct plain_request){.path = "/api/account/codes", .cookie = ret_cookie}),
        200);
    body_value(scene, "secret", scene->secret, sizeof scene->secret);
    /* The step before, so that those that are good now are left for signing in; again if it was
     * over while it was sent. */
    unsigned status = 0;
    for (unsigned tries = 0; tries < 2 && status != 200; tries++) {
        scene->confirmed_step = step_now() - 1;
        code_of(scene, scene->confirmed_step, code);
        snprintf(body, sizeof body, "{\"code\":\"%s\",\"name\":\"Telephone\"}", code);
        status = ask(scene, (struct plain_request){.path = "/api/account/codes/confirm",
                                                   .cookie = ret_cookie,
                                                   .body = body});
    }
    assert_int_equal(status, 200);
    take_codes(scene);
}

static void half_of(struct scene *scene, const char *login, const char *from, char ret_half[64]) {
    assert_int_equal(sign_in(scene, login, from), 202);
    body_value(scene, "half", ret_half, 64);
}

static void who_has_an_app_signs_in_with_its_code_and_not_without(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char half[64];
    char code[8];
    enrol(scene, "person0", cookie, sizeof cookie);
    half_of(scene, "person0", NULL, half);
    assert_true(body_says(scene, "\"code\":true,\"passkey\":false"));
    assert_false(plain_header(&scene->answer, "set-cookie", cookie, sizeof cookie));
    char as_cookie[128];
    snprintf(as_cookie, sizeof as_cookie, "__Host-consilium=%s", half);
    struct plain_request me = {.method = "GET", .path = "/api/me", .cookie = as_cookie};
    assert_int_equal(ask(scene, me), 401); /* half of a sign-in opens nothing else */
    assert_int_equal(second(scene, half, "000000", NULL), 401);
    code_of(scene, step_now(), code);
    assert_int_equal(second(scene, half, code, NULL), 200);
    take_cookie(scene, cookie, sizeof cookie);
    me.cookie = cookie;
    assert_int_equal(ask(scene, me), 200);
    assert_int_equal(second(scene, half, code, NULL), 401); /* and works once */
    assert_true(body_says(scene, "half_over"));
}

static void a_code_works_once_also_after_the_servers_death(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char half[64];
    char code[8];
    enrol(scene, "person1", cookie, sizeof cookie);
    long step = step_now() + 1; /* an app whose clock is fast */
    code_of(scene, step, code);
    half_of(scene, "person1", NULL, half);
    assert_int_equal(second(scene, half, code, NULL), 200);
    half_of(scene, "person1", NULL, half);
    assert_int_equal(second(scene, half, code, NULL), 401);
    assert_true(body_says(scene, "wrong_code"));
    code_of(scene, scene->confirmed_step, code);
    assert_int_equal(second(scene, half, code, NULL), 401); /* nor one from before it */
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    half_of(scene, "person1", NULL, half);
    code_of(scene, step, code);
    assert_int_equal(second(scene, half, code, NULL), 401);
}

static void a_code_of_the_paper_works_once_and_new_ones_end_the_old(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char half[64];
    char old[32];
    enrol(scene, "person2", cookie, sizeof cookie);
    half_of(scene, "person2", NULL, half);
    for (char *c = scene->codes[3]; *c != 0; c++)
        *c = *c >= 'A' ? (char)(*c + 'a' - 'A') : *c; /* as somebody types it */
    assert_int_equal(second(scene, half, scene->codes[3], NULL), 200);
    take_cookie(scene, cookie, sizeof cookie);
    half_of(scene, "person2", NULL, half);
    assert_int_equal(second(scene, half, scene->codes[3], NULL), 401);
    struct plain_request fresh = {.path = "/api/account/recovery-codes", .cookie = cookie};
    assert_int_equal(ask(scene, fresh), 403);
    assert_true(body_says(scene, "proof_needed"));
    assert_int_equal(prove(scene, cookie, sizeof cookie, NULL), 403); /* the password alone */
    assert_true(body_says(scene, "factor_needed"));
    assert_int_equal(prove(scene, cookie, sizeof cookie, scene->codes[5]), 200);
    snprintf(old, sizeof old, "%s", scene->codes[0]);
    assert_int_equal(ask(scene, fresh), 200);
    take_codes(scene);
    half_of(scene, "person2", NULL, half);
    assert_int_equal(second(scene, half, old, NULL), 401);
    assert_int_equal(second(scene, half, scene->codes[0], NULL), 200);
}

static void without_its_factor_an_account_is_one_of_a_password_again(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char id[64];
    char body[128];
    enrol(scene, "person3", cookie, sizeof cookie);
    struct plain_request account = {.method = "GET", .path = "/api/account", .cookie = cookie};
    assert_int_equal(ask(scene, account), 200);
    assert_true(body_says(scene, "\"name\":\"Telephone\""));
    assert_true(body_says(scene, "\"recoveryCodes\":10"));
    assert_false(body_says(scene, scene->secret)); /* it never leaves again */
    body_value(scene, "id", id, sizeof id);
    snprintf(body, sizeof body, "{\"id\":\"%s\"}", id);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/account/factors/remove",
                                                       .cookie = cookie,
                                                       .body = body}),
                     200);
    assert_int_equal(sign_in(scene, "person3", NULL), 200);
}

static void who_guesses_codes_has_to_wait_and_the_person_has_not(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char half[64];
    char code[8];
    enrol(scene, "person4", cookie, sizeof cookie);
    half_of(scene, "person4", NULL, half);
    code_of(scene, step_now(), code);
    assert_int_equal(second(scene, half, code, NULL), 200); /* from here they are known */
    unsigned limited = 0;
    for (unsigned address = 70; address < 76; address++) {
        char from[32];
        snprintf(from, sizeof from, "127.0.0.%u", address);
        half_of(scene, "person4", from, half);
        for (unsigned i = 0; i < 4; i++) {
            unsigned status = second(scene, half, "123456", from);
            assert_true(status == 401 || status == 429);
            limited += status == 429;
        }
    }
    assert_true(limited > 0); /* over all addresses, though few from each */
    half_of(scene, "person4", NULL, half);
    code_of(scene, step_now() + 1, code);
    assert_int_equal(second(scene, half, code, NULL), 200);
}

static void half_of_a_sign_in_is_over_after_five_wrong_answers(void **state) {
    struct scene *scene = *state;
    char cookie[256];
    char half[64];
    enrol(scene, "person5", cookie, sizeof cookie);
    half_of(scene, "person5", NULL, half);
    for (unsigned i = 0; i < 5; i++)
        assert_true(second(scene, half, "not a code", NULL) != 200);
    assert_int_equal(second(scene, half, scene->codes[0], NULL), 401);
    assert_true(body_says(scene, "half_over"));
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
        cmocka_unit_test(who_has_an_app_signs_in_with_its_code_and_not_without),
        cmocka_unit_test(a_code_works_once_also_after_the_servers_death),
        cmocka_unit_test(a_code_of_the_paper_works_once_and_new_ones_end_the_old),
        cmocka_unit_test(without_its_factor_an_account_is_one_of_a_password_again),
        cmocka_unit_test(who_guesses_codes_has_to_wait_and_the_person_has_not),
        cmocka_unit_test(half_of_a_sign_in_is_over_after_five_wrong_answers),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
