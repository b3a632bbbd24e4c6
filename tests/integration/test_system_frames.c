/* links: server_process consilium; timeout: 150 */
/*
 * Frames that no client of ours would send. Each gets a refusal with its reason or a close code,
 * and somebody else, who points and writes all the while, notices nothing of it.
 */
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "server/node/node.h"
#include "tests/support/bots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PEOPLE = 3,
    CASES = 1,
    HONEST = 0,
    STRANGER = 1, /* the one who sends nonsense */
    LIMIT_TURNS = 500,
    TURN_MS = 10,
    CLOSE_TOO_BIG = 1009, /* RFC 6455 7.4.1 */
    OVERSIZED_BYTES = FRAME_IN_MAX + 1,
};

struct scene {
    struct server_process *server;
    struct staff staff;
    struct bots bots;
    unsigned accepted; /* of the honest one's messages */
    int refusal;       /* of the stranger's last; -1 = none came */
};

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    (void)index;
    return staff_case_id(0);
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    struct scene *scene = bot->bots->plan.data;
    if (bot->index == HONEST && frame->tag == REPLY_ACCEPTED)
        scene->accepted++;
    if (bot->index == STRANGER && frame->tag == REPLY_REFUSED) {
        struct refused refused;
        struct reader reader = reader_of(frame->fields);
        assert_true(refused_read(&reader, NULL, &refused));
        scene->refusal = (int)refused.reason;
    }
}

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    *state = &scene;
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.staff, scene.server, PEOPLE) &&
                   staff_make_cases(&scene.staff, 0, CASES)
               ? 0
               : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

/* Both are there, with connections that nobody has done anything on. */
static int enter(void **state) {
    struct scene *scene = *state;
    struct bots_plan plan = {.staff = &scene->staff,
                             .count = 2,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .answered = on_answered,
                             .data = scene};
    return bots_init(&scene->bots, &plan) && bots_all_open(&scene->bots, 20000) ? 0 : -1;
}

static int leave(void **state) {
    bots_finish(&((struct scene *)*state)->bots);
    return 0;
}

/* Everything goes on for the honest one: the same connection, and what it says is accepted. */
static void assert_nobody_else_noticed(struct scene *scene) {
    struct bot *honest = &scene->bots.list[HONEST];
    unsigned before = scene->accepted;
    bot_post(honest, fresh_id(), TEXT("Still here."));
    for (int i = 0; i < LIMIT_TURNS && scene->accepted == before; i++)
        bots_turn(&scene->bots, TURN_MS);
    assert_int_equal(scene->accepted, before + 1);
    assert_int_equal(honest->losses, 0);
}

static void send_raw(struct scene *scene, const void *bytes, size_t length) {
    scene->refusal = -1;
    client_send_raw(scene->bots.list[STRANGER].client, (struct bytes){(uint32_t)length, bytes});
}

/* The stranger is cut, with this code. */
static void assert_cut(struct scene *scene, uint32_t code) {
    struct bot *stranger = &scene->bots.list[STRANGER];
    for (int i = 0; i < LIMIT_TURNS && stranger->losses == 0; i++)
        bots_turn(&scene->bots, TURN_MS);
    assert_int_equal(stranger->losses, 1);
    assert_int_equal(stranger->first_code, code);
    assert_nobody_else_noticed(scene);
}

static void assert_refused(struct scene *scene, enum refusal reason) {
    for (int i = 0; i < LIMIT_TURNS && scene->refusal < 0; i++)
        bots_turn(&scene->bots, TURN_MS);
    assert_int_equal(scene->refusal, reason);
    assert_int_equal(scene->bots.list[STRANGER].losses, 0);
    assert_nobody_else_noticed(scene);
}

/* A numbered frame of the stranger's open channel. */
static void send_command(struct scene *scene, uint8_t tag, struct bytes fields) {
    uint8_t bytes[1024];
    struct writer writer;
    struct frame frame = {
        .form = FRAME_NUMBERED, .channel = BOT_CHANNEL, .tag = tag, .seq = 900, .fields = fields};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert_false(writer.failed);
    send_raw(scene, bytes, writer_bytes(&writer).length);
}

static void bytes_that_are_no_frame_end_the_connection_for_good(void **state) {
    static const uint8_t noise[] = {0xc1, 0xff, 0x00, 0x13};
    send_raw(*state, noise, sizeof noise);
    assert_cut(*state, CLOSE_PROTOCOL);
}

/* dd 7f ff ff ff: an array of two thousand million items, in five bytes. */
static void a_header_that_promises_gigabytes_costs_nothing(void **state) {
    struct scene *scene = *state;
    static const uint8_t promise[] = {
        0x94, BOT_CHANNEL, PATIENT_CASE_POST_MESSAGE, 1, 0xdd, 0x7f, 0xff, 0xff, 0xff};
    send_raw(scene, promise, sizeof promise);
    struct bot *stranger = &scene->bots.list[STRANGER];
    for (int i = 0; i < LIMIT_TURNS && stranger->losses == 0 && scene->refusal < 0; i++)
        bots_turn(&scene->bots, TURN_MS);
    assert_true(scene->refusal == REFUSAL_MALFORMED || stranger->first_code == CLOSE_PROTOCOL);
    assert_nobody_else_noticed(scene);
}

static void a_message_over_the_bound_is_cut_before_it_is_read(void **state) {
    static uint8_t oversized[OVERSIZED_BYTES];
    send_raw(*state, oversized, sizeof oversized);
    assert_cut(*state, CLOSE_TOO_BIG);
}

static void a_downward_tag_sent_upward_is_refused(void **state) {
    static const uint8_t empty[] = {0x90};
    send_command(*state, PATIENT_CASE_MESSAGE_POSTED, (struct bytes){sizeof empty, empty});
    assert_refused(*state, REFUSAL_MALFORMED);
}

static void fields_of_the_wrong_shape_are_refused_with_the_reason(void **state) {
    static const uint8_t wrong[] = {0x92, 0xc3, 0xc2}; /* [true, false] for [uuid, text] */
    send_command(*state, PATIENT_CASE_POST_MESSAGE, (struct bytes){sizeof wrong, wrong});
    assert_refused(*state, REFUSAL_MALFORMED);
}

static void what_the_role_may_not_do_is_refused_with_the_reason(void **state) {
    struct arena arena;
    arena_init(&arena, 4096);
    struct revoke_access revoke = {.command_id = fresh_id(), .user = fresh_id()};
    struct encoded encoded = revoke_access_encode(&arena, &revoke);
    send_command(*state, encoded.tag, encoded.fields);
    arena_finish(&arena);
    assert_refused(*state, REFUSAL_NOT_PERMITTED);
}

static void a_case_of_others_does_not_exist(void **state) {
    struct scene *scene = *state;
    struct bot *stranger = &scene->bots.list[STRANGER];
    struct client_session *session = client_session_of(stranger->client);
    assert_true(
        client_session_open(session, BOT_CHANNEL + 1, CHANNEL_KIND_PATIENT_CASE, fresh_id()));
    for (int i = 0; i < LIMIT_TURNS && client_session_channel(session, BOT_CHANNEL + 1); i++)
        bots_turn(&scene->bots, TURN_MS);
    assert_null(client_session_channel(session, BOT_CHANNEL + 1));
    assert_nobody_else_noticed(scene);
}

/* A greeting that comes second: refused on channel 0, where only the server's own count shows it.
 */
static void a_second_greeting_is_refused(void **state) {
    struct scene *scene = *state;
    uint8_t bytes[256];
    struct writer writer;
    struct arena arena;
    arena_init(&arena, 4096);
    struct hello hello = {.revision = 1, .client = TEXT("again")};
    struct encoded encoded = hello_encode(&arena, &hello);
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = encoded.tag, .seq = 901, .fields = encoded.fields};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    double before = server_process_metric(scene->server, "consilium_node_refused_total");
    assert_true(before >= 0);
    send_raw(scene, bytes, writer_bytes(&writer).length);
    arena_finish(&arena);
    double after = before;
    for (int i = 0; i < LIMIT_TURNS && after == before; i++) {
        bots_turn(&scene->bots, TURN_MS);
        after = server_process_metric(scene->server, "consilium_node_refused_total");
    }
    assert_true(after == before + 1);
    assert_int_equal(scene->bots.list[STRANGER].losses, 0);
    assert_nobody_else_noticed(scene);
}

/* Seven items are an event, which only the server may say. */
static void an_event_sent_upward_ends_the_connection(void **state) {
    static const uint8_t event[] = {0x97, BOT_CHANNEL, PATIENT_CASE_MESSAGE_POSTED, 1, 0, 0,
                                    0xc0, 0x90};
    send_raw(*state, event, sizeof event);
    assert_cut(*state, CLOSE_PROTOCOL);
}

static void a_flood_costs_the_one_who_sends_it(void **state) {
    struct scene *scene = *state;
    struct bot *stranger = &scene->bots.list[STRANGER];
    for (int i = 0; i < 20000 && stranger->losses == 0; i++) {
        bot_point(stranger, 1, 1, 1);
        if (i % 100 == 0)
            bots_turn(&scene->bots, 0);
    }
    assert_nobody_else_noticed(scene);
    assert_int_equal(stranger->losses, 1);
    assert_int_equal(stranger->first_code, CLOSE_TOO_FAST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_that_are_no_frame_end_the_connection_for_good, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_header_that_promises_gigabytes_costs_nothing, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_message_over_the_bound_is_cut_before_it_is_read, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_downward_tag_sent_upward_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(fields_of_the_wrong_shape_are_refused_with_the_reason,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(what_the_role_may_not_do_is_refused_with_the_reason, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_case_of_others_does_not_exist, enter, leave),
        cmocka_unit_test_setup_teardown(a_second_greeting_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(an_event_sent_upward_ends_the_connection, enter, leave),
        cmocka_unit_test_setup_teardown(a_flood_costs_the_one_who_sends_it, enter, leave),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
