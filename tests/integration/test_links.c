/* links: server_process consilium; timeout: 240 */
/* Links to one case, and to named items of one board: made by whoever may, for one person, until
 * they end, are called back, or the meeting is over; and whatever dies meanwhile. */
#include "protocol/generated/board.h"
#include "tests/support/organisation_site.h"
#include "tests/support/patience.h"

#include <pthread.h>
#include <unistd.h>

/* EXPIRY_MS: for what ends by itself within seconds. SILENT_MS: for what is called back. */
enum { EXPIRY_MS = 10000, SILENT_MS = 1000, ROUNDS = 4, FIRST_CASE = 11, ITEMS = 3 };
enum { BOARD = 1, ENDING_BOARD = 2 };

#define GUEST_OF(items) "{\"name\":\"Dr Guest\",\"items\":\"" items "\",\"accessMs\":86400000}"
#define OBSERVER "{\"name\":\"Dr Guest\",\"role\":\"observer\",\"accessMs\":86400000}"

static char chair[COOKIE], member[COOKIE], case_id[ID], board_id[ID];

static void id_of(struct uuid id, char ret[ID]) {
    const uint8_t *b = id.bytes;
    snprintf(ret, ID, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static int open_boards(void **state) {
    if (open_scene(state) != 0)
        return -1;
    struct scene *scene = *state;
    id_of(staff_case_id(1), case_id);
    id_of(staff_board_id(BOARD), board_id);
    if (!staff_make_meeting(&scene->staff, BOARD, NULL, FIRST_CASE, ITEMS) ||
        !staff_make_meeting(&scene->staff, ENDING_BOARD, NULL, FIRST_CASE + ITEMS, 1))
        return -1;
    cookie_of(scene, "person0", STAFF_PASSWORD, chair);
    cookie_of(scene, "person1", STAFF_PASSWORD, member);
    return 0;
}

/* Whether somebody reads what is in the case of an item. */
static bool reads(struct scene *scene, const char *cookie, unsigned number) {
    char id[ID];
    id_of(staff_case_id(number), id);
    unsigned status = asks(scene, cookie, NULL, "/api/cases/%s/display-sets", id);
    assert_true(status == 200 || status == 404);
    return status == 200;
}

static bool stops_reading(struct scene *scene, const char *cookie, unsigned number, int64_t ms) {
    struct patience patience = patience_of(ms);
    bool still;
    while ((still = reads(scene, cookie, number)) && patience_lasts(&patience)) {
    }
    return !still;
}

static void link_to(struct scene *scene, const char *what, const char *id, const char *body,
                    char ret_id[ID], char ret_token[TOKEN]) {
    assert_int_equal(asks(scene, chair, body, "/api/%s/%s/invitations", what, id), 201);
    body_value(scene, "id", ret_id, ID);
    body_value(scene, "token", ret_token, TOKEN);
}

static unsigned accepts_for_oneself(struct scene *scene, const char *cookie, const char *token) {
    char body[TOKEN + 32];
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    return asks(scene, cookie, body, "/api/invitations/accept");
}

static unsigned calls_back(struct scene *scene, const char *cookie, const char *what,
                           const char *of_what, const char *id) {
    return asks(scene, cookie, "", "/api/%s/%s/invitations/%s/withdraw", what, of_what, id);
}

static void nobody_else_makes_lists_or_calls_back(struct scene *scene, const char *what,
                                                  const char *of_what, const char *body) {
    char id[ID], token[TOKEN], stranger[COOKIE], runs[COOKIE], unused[ID], login[64];
    static struct plain_answer absent;
    link_to(scene, what, of_what, body, id, token);
    snprintf(login, sizeof login, "a.stranger.to.%s", what);
    a_member(scene, scene->sibling, "specialist", login, unused, stranger);
    snprintf(login, sizeof login, "runs.%s", what);
    a_member(scene, scene->child, "administrator", login, unused, runs);
    const char *const others[] = {stranger, runs, member, NULL /* the root's administrator */};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(asks(scene, others[i], NULL, "/api/%s/" ROOT "/invitations", what), 404);
        absent = scene->answer;
        assert_int_equal(asks(scene, others[i], NULL, "/api/%s/%s/invitations", what, of_what),
                         404);
        assert_string_equal(scene->answer.body, absent.body);
        assert_int_equal(asks(scene, others[i], body, "/api/%s/%s/invitations", what, of_what),
                         404);
        assert_string_equal(scene->answer.body, absent.body);
        assert_int_equal(calls_back(scene, others[i], what, of_what, id), 404);
        assert_string_equal(scene->answer.body, absent.body);
    }
    struct plain_request nobody = {.path = "/api/cases/" ROOT "/invitations"};
    assert_int_equal(ask(scene, nobody), 401);
    assert_int_equal(look(scene, token), 200); /* it was called back by none of them */
    assert_int_equal(calls_back(scene, chair, what, of_what, ROOT), 404);
    assert_int_equal(calls_back(scene, chair, what, of_what, id), 204);
}

static void to_everybody_else_there_is_no_link_to_a_case(void **state) {
    nobody_else_makes_lists_or_calls_back(*state, "cases", case_id, OBSERVER);
}

static void to_everybody_else_there_is_no_link_to_a_board(void **state) {
    nobody_else_makes_lists_or_calls_back(*state, "boards", board_id, GUEST_OF("1"));
}

static void a_link_to_a_case_is_listed_and_can_be_called_back(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN], used[ID], words[128];
    link_to(scene, "cases", case_id, OBSERVER, id, token);
    assert_int_equal(asks(scene, chair, NULL, "/api/cases/%s/invitations", case_id), 200);
    assert_true(body_says(scene, id));
    assert_true(body_says(scene, "\"name\":\"Dr Guest\",\"roles\":[],\"role\":\"observer\""));
    assert_true(body_says(scene, "\"state\":\"open\""));
    assert_false(body_says(scene, token));
    assert_int_equal(calls_back(scene, chair, "cases", case_id, id), 204);
    assert_int_equal(look(scene, token), 410);
    assert_true(body_says(scene, "\"withdrawn\""));
    assert_int_equal(comes_by(scene, token, "too.late"), 410);
    link_to(scene, "cases", case_id, OBSERVER, used, token);
    assert_int_equal(comes_by(scene, token, "in.time"), 201);
    assert_int_equal(asks(scene, chair, NULL, "/api/cases/%s/invitations", case_id), 200);
    snprintf(words, sizeof words, "\"id\":\"%s\"", used);
    assert_true(body_says(scene, words));
    assert_true(body_says(scene, "\"state\":\"used\""));
    assert_true(body_says(scene, "\"state\":\"withdrawn\""));
    /* A used one, too: whoever is taken off the case does not come back by it. */
    assert_int_equal(calls_back(scene, chair, "cases", case_id, used), 204);
    assert_int_equal(look(scene, token), 410);
    assert_true(body_says(scene, "\"withdrawn\""));
    /* Of another case, of a board: not this one. */
    char other[ID];
    id_of(staff_case_id(2), other);
    assert_int_equal(asks(scene, chair, NULL, "/api/cases/%s/invitations", other), 200);
    assert_false(body_says(scene, "\"id\""));
    assert_int_equal(calls_back(scene, chair, "cases", other, used), 404);
}

static void a_link_for_the_patient_keeps_no_name(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN];
    link_to(scene, "cases", case_id, "{\"name\":\"Qvzxmann\",\"role\":\"patient\"}", id, token);
    assert_int_equal(asks(scene, chair, NULL, "/api/cases/%s/invitations", case_id), 200);
    assert_true(body_says(scene, "\"name\":\"\",\"roles\":[],\"role\":\"patient\""));
    assert_false(body_says(scene, "Qvzxmann"));
    assert_int_equal(asks(scene, NULL, NULL, "/api/organisations/" ROOT "/invitations"), 200);
    assert_true(body_says(scene, id));
    assert_false(body_says(scene, "Qvzxmann"));
    assert_int_equal(look(scene, token), 200);
    assert_true(body_says(scene, "\"name\":\"\""));
    assert_int_equal(asks(scene, chair, "{\"role\":\"observer\",\"accessMs\":1000}",
                          "/api/cases/%s/invitations", case_id),
                     400); /* whoever else is somebody */
    assert_int_equal(comes_by(scene, token, "the.patient"), 201);
}

static void a_link_to_a_board_makes_one_guest_of_its_items_alone(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN], guest[COOKIE], words[128];
    static const char *const malformed[] = {GUEST_OF(""),
                                            GUEST_OF("0"),
                                            GUEST_OF("1,2"),
                                            GUEST_OF("1  2"),
                                            GUEST_OF("4294967296"),
                                            GUEST_OF("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"),
                                            "{\"name\":\"Dr Guest\",\"items\":\"1\"}"};
    for (unsigned i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_int_equal(asks(scene, chair, malformed[i], "/api/boards/%s/invitations", board_id),
                         400);
    link_to(scene, "boards", board_id, GUEST_OF("2 9"), id, token); /* there is no ninth */
    assert_int_equal(look(scene, token), 200);
    assert_true(body_says(scene, "\"case\":false,\"boardItems\":2"));
    assert_int_equal(comes_by(scene, token, "guest.of.two"), 201);
    snprintf(words, sizeof words, "\"board\":\"%s\"", board_id);
    assert_true(body_says(scene, words));
    cookie_of(scene, "guest.of.two", PASSWORD, guest);
    assert_true(stops_reading(scene, guest, FIRST_CASE, 0));
    struct patience patience = patience_of(SILENT_MS);
    while (!reads(scene, guest, FIRST_CASE + 1) && patience_lasts(&patience)) {
    }
    assert_true(reads(scene, guest, FIRST_CASE + 1));
    assert_false(reads(scene, guest, FIRST_CASE + 2));
    assert_int_equal(asks(scene, guest, NULL, "/api/boards/%s/invitations", board_id), 404);
    assert_int_equal(comes_by(scene, token, "another"), 410);
    assert_true(body_says(scene, "\"used\""));
    assert_int_equal(asks(scene, chair, NULL, "/api/boards/%s/invitations", board_id), 200);
    assert_true(body_says(scene, "\"items\":[2,9]"));
    assert_true(body_says(scene, "\"state\":\"used\""));
    assert_false(body_says(scene, token));
}

static void a_guest_who_is_called_back_reads_nothing_within_a_second(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN], guest[COOKIE];
    link_to(scene, "boards", board_id, GUEST_OF("1"), id, token);
    assert_int_equal(comes_by(scene, token, "called.back"), 201);
    cookie_of(scene, "called.back", PASSWORD, guest);
    struct patience patience = patience_of(EXPIRY_MS);
    while (!reads(scene, guest, FIRST_CASE) && patience_lasts(&patience)) {
    }
    assert_int_equal(calls_back(scene, chair, "boards", board_id, id), 204);
    assert_true(stops_reading(scene, guest, FIRST_CASE, SILENT_MS));
    assert_int_equal(accepts_for_oneself(scene, guest, token), 410);
    assert_int_equal(look(scene, token), 410);
    assert_false(reads(scene, guest, FIRST_CASE));
    assert_int_equal(asks(scene, chair, NULL, "/api/boards/%s/invitations", board_id), 200);
    assert_true(body_says(scene, "\"state\":\"withdrawn\""));
}

static void a_guest_is_one_until_their_time_is_over(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN], guest[COOKIE];
    link_to(scene, "boards", board_id, "{\"name\":\"Dr Guest\",\"items\":\"3\",\"accessMs\":4000}",
            id, token);
    assert_int_equal(comes_by(scene, token, "for.seconds"), 201);
    cookie_of(scene, "for.seconds", PASSWORD, guest);
    struct patience patience = patience_of(EXPIRY_MS);
    while (!reads(scene, guest, FIRST_CASE + 2) && patience_lasts(&patience)) {
    }
    assert_true(stops_reading(scene, guest, FIRST_CASE + 2, EXPIRY_MS));
    assert_int_equal(accepts_for_oneself(scene, guest, token), 410);
    link_to(scene, "boards", board_id, "{\"name\":\"Dr Guest\",\"items\":\"3\",\"accessMs\":300}",
            id, token);
    patience = patience_of(EXPIRY_MS);
    while (look(scene, token) == 200 && patience_lasts(&patience)) {
    }
    assert_int_equal(comes_by(scene, token, "too.late.too"), 410);
    assert_true(body_says(scene, "\"expired\""));
}

static void who_is_on_the_roster_leaves_the_link_to_another(void **state) {
    struct scene *scene = *state;
    char id[ID], token[TOKEN], guest[COOKIE], who[ID];
    link_to(scene, "boards", board_id, GUEST_OF("1"), id, token);
    assert_int_equal(accepts_for_oneself(scene, member, token), 409);
    assert_true(body_says(scene, "\"on_roster\""));
    assert_int_equal(look(scene, token), 200);
    a_member(scene, scene->child, "referrer", "a.referrer", who, guest);
    assert_int_equal(accepts_for_oneself(scene, guest, token), 200);
    assert_int_equal(accepts_for_oneself(scene, guest, token), 200); /* the answer was lost */
    assert_int_equal(accepts_for_oneself(scene, member, token), 410);
    link_to(scene, "boards", board_id, GUEST_OF("2"), id, token);
    assert_int_equal(accepts_for_oneself(scene, guest, token), 409); /* a guest is on it, too */
}

static enum refusal says(struct scene *scene, unsigned board, struct encoded command) {
    struct conversation conversation;
    assert_true(conversation_begin(&conversation, &scene->staff.address,
                                   scene->staff.people[0].token, "chairing"));
    assert_true(conversation_open(&conversation, 1, CHANNEL_KIND_BOARD, staff_board_id(board)));
    enum refusal refusal = conversation_say(&conversation, 1, command, NULL);
    conversation_end(&conversation);
    return refusal;
}

static void a_meeting_that_is_over_takes_its_guests_along(void **state) {
    struct scene *scene = *state;
    char board[ID], id[ID], token[TOKEN], second[TOKEN], guest[COOKIE];
    id_of(staff_board_id(ENDING_BOARD), board);
    link_to(scene, "boards", board, GUEST_OF("1"), id, second);
    link_to(scene, "boards", board, GUEST_OF("1"), id, token);
    assert_int_equal(comes_by(scene, token, "of.one.meeting"), 201);
    cookie_of(scene, "of.one.meeting", PASSWORD, guest);
    struct patience patience = patience_of(EXPIRY_MS);
    while (!reads(scene, guest, FIRST_CASE + ITEMS) && patience_lasts(&patience)) {
    }
    assert_true(reads(scene, guest, FIRST_CASE + ITEMS));
    struct arena arena;
    arena_init(&arena, 4096);
    struct start_meeting start = {.command_id = fresh_id()};
    struct end_meeting end = {.command_id = fresh_id()};
    assert_int_equal(says(scene, ENDING_BOARD, start_meeting_encode(&arena, &start)), REFUSAL_NONE);
    assert_int_equal(says(scene, ENDING_BOARD, end_meeting_encode(&arena, &end)), REFUSAL_NONE);
    arena_finish(&arena);
    assert_true(stops_reading(scene, guest, FIRST_CASE + ITEMS, SILENT_MS));
    assert_int_equal(comes_by(scene, second, "of.no.meeting"), 410);
    assert_true(body_says(scene, "\"expired\""));
    assert_int_equal(asks(scene, chair, GUEST_OF("1"), "/api/boards/%s/invitations", board), 404);
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

/* The server dies somewhere between the link's being taken and the guest's being one. */
static void a_guest_who_was_cut_short_becomes_one_by_the_same_link(void **state) {
    struct scene *scene = *state;
    static struct racer racer;
    char id[ID], token[TOKEN];
    link_to(scene, "boards", board_id, GUEST_OF("2"), id, token);
    int64_t begin = patience_now_ms();
    assert_int_equal(comes_by(scene, token, "whole.guest"), 201);
    int64_t whole_us = (patience_now_ms() - begin) * 1000;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char login[32], guest[COOKIE];
        snprintf(login, sizeof login, "cut.guest%u", round);
        link_to(scene, "boards", board_id, GUEST_OF("2"), id, token);
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
        cookie_of(scene, login, PASSWORD, guest);
        struct patience patience = patience_of(EXPIRY_MS);
        while (!reads(scene, guest, FIRST_CASE + 1) && patience_lasts(&patience)) {
        }
        assert_true(reads(scene, guest, FIRST_CASE + 1));
        assert_false(reads(scene, guest, FIRST_CASE));
        assert_int_equal(comes_by(scene, token, login), 410);
        assert_int_equal(comes_by(scene, token, "somebody.else"), 410);
    }
}

/* The last one: whose account is closed has no more to give. */
static void links_of_an_account_that_is_closed_are_called_back(void **state) {
    struct scene *scene = *state;
    char id[ID], of_case[TOKEN], of_board[TOKEN], person[ID], body[256];
    link_to(scene, "cases", case_id, OBSERVER, id, of_case);
    link_to(scene, "boards", board_id, GUEST_OF("1"), id, of_board);
    snprintf(body, sizeof body, "{\"password\":\"%s\"}", server_process_password(scene->server));
    assert_int_equal(asks(scene, NULL, body, "/api/account/prove"), 200);
    body_value(scene, "token", scene->staff.administrator, sizeof scene->staff.administrator);
    id_of(scene->staff.people[0].id, person);
    assert_int_equal(asks(scene, NULL, "", "/api/organisations/" ROOT "/people/%s/close", person),
                     204);
    assert_int_equal(comes_by(scene, of_case, "by.a.closed.one"), 410);
    assert_true(body_says(scene, "\"withdrawn\""));
    assert_int_equal(comes_by(scene, of_board, "by.a.closed.one"), 410);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_everybody_else_there_is_no_link_to_a_case),
        cmocka_unit_test(to_everybody_else_there_is_no_link_to_a_board),
        cmocka_unit_test(a_link_to_a_case_is_listed_and_can_be_called_back),
        cmocka_unit_test(a_link_for_the_patient_keeps_no_name),
        cmocka_unit_test(a_link_to_a_board_makes_one_guest_of_its_items_alone),
        cmocka_unit_test(a_guest_who_is_called_back_reads_nothing_within_a_second),
        cmocka_unit_test(a_guest_is_one_until_their_time_is_over),
        cmocka_unit_test(who_is_on_the_roster_leaves_the_link_to_another),
        cmocka_unit_test(a_meeting_that_is_over_takes_its_guests_along),
        cmocka_unit_test(a_guest_who_was_cut_short_becomes_one_by_the_same_link),
        cmocka_unit_test(links_of_an_account_that_is_closed_are_called_back),
    };
    return cmocka_run_group_tests(tests, open_boards, close_scene);
}
