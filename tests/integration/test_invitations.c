/* links: server_process consilium; timeout: 240 */
/* A link for one person: it works once, for whoever is first, until it is over or called back, and
 * whatever dies meanwhile. */
#include "tests/support/organisation_site.h"
#include "tests/support/patience.h"

#include <pthread.h>
#include <unistd.h>

/* EXPIRY_MS: for what ends by itself within a second. */
enum { EXPIRY_MS = 10000, ROUNDS = 4 };

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

static void a_link_is_worth_nothing_once_who_made_it_may_not_any_more(void **state) {
    struct scene *scene = *state;
    char runs[ID], cookie[COOKIE], token[TOKEN];
    a_member(scene, scene->child, "administrator", "for.a.while", runs, cookie);
    assert_int_equal(asks(scene, cookie, "{\"name\":\"Me\",\"roles\":\"administrator\"}",
                          "/api/organisations/%s/invitations", scene->child),
                     201);
    body_value(scene, "token", token, sizeof token);
    assert_int_equal(asks(scene, NULL, "{\"roles\":\"referrer\"}",
                          "/api/organisations/%s/people/%s/roles", scene->child, runs),
                     204);
    char body[TOKEN + 32];
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    assert_int_equal(asks(scene, cookie, body, "/api/invitations/accept"), 410);
    assert_true(body_says(scene, "\"withdrawn\""));
    assert_int_equal(comes_by(scene, token, "comes.back"), 410);
}

static void what_somebody_is_for_a_while_lasts_no_longer_for_another_link(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], cookie[COOKIE], body[TOKEN + 32];
    invite(scene, scene->child, "nurse_navigator", ",\"accessMs\":86400000", token);
    assert_int_equal(comes_by(scene, token, "locum"), 201);
    cookie_of(scene, "locum", PASSWORD, cookie);
    invite(scene, scene->child, "referrer", "", token);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    assert_int_equal(asks(scene, cookie, body, "/api/invitations/accept"), 409);
    assert_true(body_says(scene, "\"other_end\""));
    assert_int_equal(look(scene, token), 200); /* and is not used up */
    invite(scene, scene->child, "nurse_navigator specialist", "", token);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    assert_int_equal(asks(scene, cookie, body, "/api/invitations/accept"), 200);
}

static void a_link_expires_and_can_be_called_back(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], id[ID];
    invite(scene, scene->child, "specialist", ",\"expiresInMs\":200", token);
    struct patience patience = patience_of(EXPIRY_MS);
    while (look(scene, token) == 200 && patience_lasts(&patience)) {
    }
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

static void a_guest_sees_a_case_until_their_time_is_over(void **state) {
    struct scene *scene = *state;
    char coordinator[COOKIE], guest[COOKIE], other[COOKIE], token[TOKEN], path[128], id[ID];
    struct uuid first = staff_case_id(1);
    const uint8_t *b = first.bytes;
    static const char body[] = "{\"name\":\"Guest\",\"role\":\"observer\",\"accessMs\":4000}";
    snprintf(id, sizeof id, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    snprintf(path, sizeof path, "/api/cases/%s/display-sets", id);
    cookie_of(scene, "person0", STAFF_PASSWORD, coordinator);
    cookie_of(scene, "person1", STAFF_PASSWORD, other);
    /* Who only takes part shares nothing, nor who only runs the organisation. */
    assert_int_equal(asks(scene, other, body, "/api/cases/%s/invitations", id), 404);
    assert_int_equal(asks(scene, NULL, body, "/api/cases/%s/invitations", id), 404);
    assert_int_equal(asks(scene, coordinator, "{\"name\":\"Guest\",\"role\":\"observer\"}",
                          "/api/cases/%s/invitations", id),
                     400); /* a guest's access ends */
    assert_int_equal(asks(scene, coordinator, body, "/api/cases/%s/invitations", id), 201);
    body_value(scene, "token", token, sizeof token);
    assert_int_equal(look(scene, token), 200);
    assert_true(body_says(scene, "\"roles\":[],\"case\":true"));
    assert_int_equal(comes_by(scene, token, "guest"), 201);
    cookie_of(scene, "guest", PASSWORD, guest);
    assert_int_equal(asks(scene, guest, NULL, path), 200);
    assert_int_equal(asks(scene, guest, NULL, "/api/people"), 200);
    assert_false(body_says(scene, "Administrator"));
    assert_int_equal(asks(scene, guest, body, "/api/cases/%s/invitations", id), 404);
    struct patience patience = patience_of(EXPIRY_MS);
    while (asks(scene, guest, NULL, path) == 200 && patience_lasts(&patience)) {
    }
    assert_int_equal(scene->answer.status, 404);
    assert_int_equal(comes_by(scene, token, "guest"), 410);
    assert_int_equal(asks(scene, guest, NULL, path), 404);
}

/* How long one takes that nobody cuts short: a password's hash and three commits. */
static int64_t acceptance_us(struct scene *scene) {
    char token[TOKEN];
    invite(scene, scene->child, "specialist", "", token);
    int64_t begin = patience_now_ms();
    assert_int_equal(comes_by(scene, token, "whole"), 201);
    return (patience_now_ms() - begin) * 1000;
}

/* The server dies somewhere between the invitation's being taken and the person's belonging. */
static void an_acceptance_that_was_cut_short_is_finished_by_the_same_link(void **state) {
    struct scene *scene = *state;
    static struct racer racer;
    int64_t whole_us = acceptance_us(scene);
    for (unsigned round = 0; round < ROUNDS; round++) {
        char token[TOKEN], login[32], name[128], cookie[COOKIE];
        snprintf(login, sizeof login, "cut.short%u", round);
        snprintf(name, sizeof name, "\"login\":\"%s\",\"roles\":[\"specialist\"]", login);
        invite(scene, scene->child, "specialist", "", token);
        racer.port = server_process_port(scene->server);
        acceptance(racer.body, sizeof racer.body, token, login);
        assert_int_equal(pthread_create(&racer.thread, NULL, race, &racer), 0);
        usleep((useconds_t)(whole_us * (round + 1) / (ROUNDS + 1))); /* somewhere within it */
        server_process_kill(scene->server);
        assert_int_equal(pthread_join(racer.thread, NULL), 0);
        assert_true(server_process_launch(scene->server));
        assert_true(server_process_wait_ready(scene->server, READY_MS));
        unsigned status = comes_by(scene, token, login);
        assert_true(status == 201 || status == 410);
        cookie_of(scene, login, PASSWORD, cookie);
        assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/people", scene->child),
                         200);
        const char *first = strstr(scene->answer.body, name);
        assert_non_null(first);
        assert_null(strstr(first + 1, name));
        assert_int_equal(comes_by(scene, token, login), 410);
    }
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

/* Whose time is over belongs to nobody: that is less than before, and not more. */
static void whoever_belongs_nowhere_any_more_is_told_of_nobody(void **state) {
    struct scene *scene = *state;
    char token[TOKEN], cookie[COOKIE];
    invite(scene, scene->child, "specialist", ",\"accessMs\":3000", token);
    assert_int_equal(comes_by(scene, token, "relief.doctor"), 201);
    cookie_of(scene, "relief.doctor", PASSWORD, cookie);
    assert_int_equal(asks(scene, cookie, NULL, "/api/people"), 200);
    assert_true(body_says(scene, "Name of"));
    assert_false(body_says(scene, "Administrator"));
    struct patience patience = patience_of(EXPIRY_MS);
    bool alone;
    do {
        assert_int_equal(asks(scene, cookie, NULL, "/api/people"), 200);
        alone = strstr(scene->answer.body, "},{") == NULL;
    } while (!alone && patience_lasts(&patience));
    assert_true(alone);
    assert_false(body_says(scene, "Administrator"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_makes_one_person_who_belongs),
        cmocka_unit_test(a_link_that_is_none_looks_the_same_whatever_is_wrong),
        cmocka_unit_test(of_two_who_accept_at_once_one_wins),
        cmocka_unit_test(a_link_is_worth_nothing_once_who_made_it_may_not_any_more),
        cmocka_unit_test(what_somebody_is_for_a_while_lasts_no_longer_for_another_link),
        cmocka_unit_test(a_link_expires_and_can_be_called_back),
        cmocka_unit_test(who_is_signed_in_comes_by_an_invitation_themselves),
        cmocka_unit_test(a_login_that_is_taken_leaves_the_link_good),
        cmocka_unit_test(a_guest_sees_a_case_until_their_time_is_over),
        cmocka_unit_test(whoever_belongs_nowhere_any_more_is_told_of_nobody),
        cmocka_unit_test(an_acceptance_that_was_cut_short_is_finished_by_the_same_link),
        cmocka_unit_test(what_was_accepted_outlives_the_servers_death),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
