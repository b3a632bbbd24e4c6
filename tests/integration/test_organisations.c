/* links: server_process consilium; timeout: 240 */
/* Running organisations over HTTP: a tree of them, roles, sign-ins, and what an organisation's
 * administrator sees of others: nothing, in the very bytes of what is not there. */
#include "tests/support/organisation_site.h"
#include "tests/support/patience.h"

#include "protocol/generated/patient_case.h"

#include <poll.h>
#include <unistd.h>

enum { OUT_MS = 1000, SOON_MS = 500 };

#define NOBODY "00000000-0000-4000-8000-00000000dead"

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

/* Somebody who is something in the practice, and in the hospital above it. */
static void a_visitor(struct scene *scene, const char *login, char ret_id[ID],
                      char ret_cookie[COOKIE]) {
    a_member(scene, scene->child, "specialist", login, ret_id, ret_cookie);
    assert_int_equal(asks(scene, NULL, "{\"roles\":\"coordinator\"}",
                          "/api/organisations/" ROOT "/people/%s/roles", ret_id),
                     204);
}

static void who_is_something_elsewhere_too_is_not_the_childs_to_run(void **state) {
    struct scene *scene = *state;
    char own[ID], runs[COOKIE], visitor[ID], cookie[COOKIE], local[ID], local_cookie[COOKIE];
    a_member(scene, scene->child, "administrator", "runs.practice", own, runs);
    a_member(scene, scene->child, "referrer", "only.here", local, local_cookie);
    a_visitor(scene, "visits", visitor, cookie);
    assert_int_equal(asks(scene, runs, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_true(body_says(scene, "\"name\":\"Name of visits\",\"roles\":[\"specialist\"]"));
    assert_false(body_says(scene, "\"login\":\"visits\""));
    assert_true(body_says(scene, "\"login\":\"only.here\""));
    is_absent(scene, runs, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, visitor);
    is_absent(scene, runs, "{\"others\":true}", "/api/organisations/%s/people/%s/sign-ins/end",
              scene->child, visitor);
    is_absent(scene, runs, "{\"roles\":\"administrator\"}", "/api/organisations/%s/people/%s/roles",
              scene->child, visitor);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 200);
    /* Nor what they did: their sign-in was at the hospital as much as here. */
    assert_int_equal(asks(scene, runs, NULL, "/api/accesses?organisation=%s", scene->child), 200);
    assert_true(body_says(scene, local));
    assert_false(body_says(scene, visitor));
    assert_int_equal(
        asks(scene, runs, NULL, "/api/accesses?organisation=%s&user=%s", scene->child, visitor),
        200);
    assert_true(body_says(scene, "\"accesses\":[]"));
    /* Whoever runs both organisations looks after them, by either. */
    assert_int_equal(
        asks(scene, NULL, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, visitor),
        200);
    assert_int_equal(asks(scene, NULL, "{\"roles\":\"specialist referrer\"}",
                          "/api/organisations/%s/people/%s/roles", scene->child, visitor),
                     204);
    /* What they are in the practice is the practice's to end; then they are nobody there. */
    assert_int_equal(asks(scene, runs, "{\"roles\":\"\"}", "/api/organisations/%s/people/%s/roles",
                          scene->child, visitor),
                     204);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 200);
    is_absent(scene, runs, "{\"roles\":\"\"}", "/api/organisations/%s/people/%s/roles",
              scene->child, visitor);
    assert_int_equal(asks(scene, runs, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_false(body_says(scene, visitor));
}

/* By somebody of the practice, with a visitor to see it. */
static void a_case_of_the_practice(struct scene *scene, const char *login, struct uuid maker,
                                   struct uuid visitor, struct uuid id) {
    char token[CLIENT_TOKEN_MAX + 1];
    struct conversation making;
    struct arena arena;
    struct case_member members[] = {
        {.user = maker, .role = ROLE_COORDINATOR, .name = TEXT("Maker")},
        {.user = visitor, .role = ROLE_SPECIALIST, .name = TEXT("Visitor")},
    };
    struct create_case command = {
        .command_id = fresh_id(),
        .subject = {.name = TEXT("Invented^Person"), .patient_id = TEXT("0")},
        .title = TEXT("Of the practice"),
        .members = {2, members},
        .organisation = uuid_of_words(scene->child)};
    arena_init(&arena, 64 * 1024);
    token_of(scene, login, token);
    assert_true(conversation_begin(&making, &scene->staff.address, token, "making"));
    assert_true(conversation_open(&making, 1, CHANNEL_KIND_PATIENT_CASE, id));
    assert_int_equal(conversation_say(&making, 1, create_case_encode(&arena, &command), NULL),
                     REFUSAL_NONE);
    conversation_end(&making);
    arena_finish(&arena);
}

static void what_a_visitor_does_with_the_practices_cases_it_sees(void **state) {
    struct scene *scene = *state;
    char own[ID], runs[COOKIE], maker[ID], their[COOKIE], visitor[ID], cookie[COOKIE];
    char token[CLIENT_TOKEN_MAX + 1];
    struct conversation looking;
    struct uuid id = fresh_id();
    a_member(scene, scene->child, "administrator", "asks.who.looked", own, runs);
    a_member(scene, scene->child, "coordinator", "makes.a.case", maker, their);
    a_visitor(scene, "looks.at.it", visitor, cookie);
    a_case_of_the_practice(scene, "makes.a.case", uuid_of_words(maker), uuid_of_words(visitor), id);
    token_of(scene, "looks.at.it", token);
    assert_true(conversation_begin(&looking, &scene->staff.address, token, "looking"));
    assert_true(conversation_open(&looking, 1, CHANNEL_KIND_PATIENT_CASE, id));
    conversation_end(&looking);
    assert_int_equal(
        asks(scene, runs, NULL, "/api/accesses?organisation=%s&user=%s", scene->child, visitor),
        200);
    assert_true(body_says(scene, "\"action\":\"case\""));
    assert_false(body_says(scene, "\"action\":\"sign_in\""));
    char sibling_own[ID], sibling_runs[COOKIE];
    a_member(scene, scene->sibling, "administrator", "of.another", sibling_own, sibling_runs);
    assert_int_equal(asks(scene, sibling_runs, NULL, "/api/accesses?organisation=%s&user=%s",
                          scene->sibling, visitor),
                     200);
    assert_true(body_says(scene, "\"accesses\":[]"));
}

static void what_somebody_was_until_a_moment_ago_counts_for_nothing(void **state) {
    struct scene *scene = *state;
    char own[ID], runs[COOKIE], id[ID], cookie[COOKIE], body[96];
    a_member(scene, scene->child, "administrator", "runs.it.now", own, runs);
    a_member(scene, scene->child, "referrer", "was.here", id, cookie);
    assert_int_equal(
        asks(scene, runs, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, id), 200);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long long until = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000 + SOON_MS;
    snprintf(body, sizeof body, "{\"roles\":\"referrer\",\"until\":%lld}", until);
    assert_int_equal(
        asks(scene, runs, body, "/api/organisations/%s/people/%s/roles", scene->child, id), 204);
    struct patience patience = patience_of(SOON_MS + OUT_MS);
    while (asks(scene, runs, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, id) ==
               200 &&
           patience_lasts(&patience)) {
    }
    is_absent(scene, runs, NULL, "/api/organisations/%s/people/%s/sign-ins", scene->child, id);
    is_absent(scene, runs, "{\"roles\":\"referrer\"}", "/api/organisations/%s/people/%s/roles",
              scene->child, id);
    assert_int_equal(asks(scene, runs, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_false(body_says(scene, id));
    assert_int_equal(asks(scene, runs, NULL, "/api/accesses?organisation=%s", scene->child), 200);
    assert_false(body_says(scene, id));
    /* They are nobody's now, so the tenant's. */
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/people/%s/sign-ins", id),
                     200);
}

static void cases_are_listed_without_their_patients(void **state) {
    struct scene *scene = *state;
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/cases"), 200);
    unsigned count = 0;
    for (const char *at = scene->answer.body; (at = strstr(at, "\"consent\":\"not_asked\"")); at++)
        count++;
    assert_int_equal(count, CASES);
    assert_false(body_says(scene, "Question"));
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/cases", scene->sibling), 200);
    assert_string_equal(scene->answer.body, "{\"cases\":[],\"more\":false}");
}

static void closes(struct scene *scene, const char *cookie, const char *organisation,
                   const char *person, unsigned status) {
    assert_int_equal(
        asks(scene, cookie, "", "/api/organisations/%s/people/%s/close", organisation, person),
        status);
}

static void an_account_that_is_closed_is_out_and_never_comes_back(void **state) {
    struct scene *scene = *state;
    char id[ID], cookie[COOKIE], other[ID], runs_child[COOKIE], body[256];
    a_member(scene, scene->child, "specialist", "leaves.us", id, cookie);
    a_member(scene, scene->child, "administrator", "runs.this", other, runs_child);
    closes(scene, NULL, ROOT, id, 403); /* without a proof */
    snprintf(body, sizeof body, "{\"password\":\"%s\"}", server_process_password(scene->server));
    assert_int_equal(asks(scene, NULL, body, "/api/account/prove"), 200);
    body_value(scene, "token", scene->staff.administrator, sizeof scene->staff.administrator);
    closes(scene, runs_child, ROOT, id, 404);
    closes(scene, runs_child, scene->child, id, 404);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 200);
    closes(scene, NULL, ROOT, id, 204);
    assert_int_equal(asks(scene, cookie, NULL, "/api/me"), 401);
    snprintf(body, sizeof body, "{\"login\":\"leaves.us\",\"password\":\"%s\"}", PASSWORD);
    assert_int_equal(ask(scene, (struct plain_request){.path = "/api/sign-in", .body = body}), 401);
    /* The login is nobody else's, and neither list has them. */
    snprintf(body, sizeof body,
             "{\"login\":\"leaves.us\",\"name\":\"Another\",\"password\":\"%s\"}", PASSWORD);
    assert_int_equal(asks(scene, NULL, body, "/api/people"), 409);
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/%s/people", scene->child), 200);
    assert_false(body_says(scene, id));
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/people"), 200);
    assert_false(body_says(scene, id));
    closes(scene, NULL, ROOT, id, 204); /* again, as after an answer that was lost */
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_childs_administrator_sees_neither_parent_nor_sibling),
        cmocka_unit_test(whoever_is_no_administrator_runs_nothing),
        cmocka_unit_test(the_last_administrator_stays),
        cmocka_unit_test(an_administrator_ends_a_persons_sign_in_within_a_second),
        cmocka_unit_test(a_role_that_is_taken_is_gone_at_once),
        cmocka_unit_test(who_is_something_elsewhere_too_is_not_the_childs_to_run),
        cmocka_unit_test(what_a_visitor_does_with_the_practices_cases_it_sees),
        cmocka_unit_test(what_somebody_was_until_a_moment_ago_counts_for_nothing),
        cmocka_unit_test(an_account_that_is_closed_is_out_and_never_comes_back),
        cmocka_unit_test(cases_are_listed_without_their_patients),
        cmocka_unit_test(how_the_backup_fares_is_told_to_who_turns_the_keys),
        cmocka_unit_test(a_tree_grows_only_so_deep),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
