/* links: simulation_world */
/* A proof of identity is for one message: a user actor whose SetPreference is `proved`, and what
 * its handler is told of the sender. And what says that a person is there. */
#include "tests/simulation/world.h"

#include "actors/kinds.h"
#include "protocol/frame.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"
#include "protocol/generated/user_behaviour.h"
#include "server/node/node_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum { ARENA_BYTES = 1024 * 1024, SECOND = 1000000, HEARD_MAX = 16, SIGN_IN = 7, OTHER = 8 };

struct visitor {
    uint32_t session;
    uint32_t seq;
};

static struct world world;
static struct arena arena;
static struct message_rule rules[TAG_COUNT];
static struct sender heard[HEARD_MAX]; /* of SetPreference, in order */
static unsigned heard_count;
static unsigned acts;
static const struct uuid person = {{0x1d, [6] = 0x40, [8] = 0x80, [15] = 1}};
static const struct uuid board = {{0xb0, [6] = 0x40, [8] = 0x80, [15] = 2}};

static enum send_result on_send(struct transport *transport, void *connection,
                                struct shared_frame *shared) {
    (void)transport;
    (void)connection;
    (void)shared;
    return SEND_DONE;
}

static void on_close(struct transport *transport, void *connection, enum close_code code) {
    (void)transport;
    (void)connection;
    (void)code;
}

static void on_acted(void *data, uint64_t sign_in) {
    (void)data;
    acts += sign_in == SIGN_IN;
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    if (tag == USER_SET_PREFERENCE && heard_count < HEARD_MAX) {
        heard[heard_count++] = turn->sender;
    }
    user_kind.handle(actor, turn, tag, message);
}

static struct node *the_node(void) {
    return world.processes[0].node;
}

static void pass(int64_t microseconds) {
    process_soon(&world.processes[0]);
    int64_t until = world.time.now + microseconds;
    while (let_next_happen(&world.time, until)) {
    }
}

static void say(struct visitor *visitor, uint16_t channel, struct encoded message) {
    uint8_t bytes[FRAME_IN_MAX];
    struct writer writer;
    struct frame frame = {.form = FRAME_NUMBERED,
                          .channel = channel,
                          .tag = message.tag,
                          .seq = ++visitor->seq,
                          .fields = message.fields};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert_false(writer.failed);
    node_session_frame(the_node(), visitor->session, writer_bytes(&writer));
    pass(SECOND / 10);
}

static void comes(struct visitor *visitor, uint64_t sign_in) {
    *visitor = (struct visitor){0};
    struct session_identity who = {.user = person, .name = TEXT("Somebody"), .sign_in = sign_in};
    visitor->session = node_session_open(the_node(), visitor, &who);
    struct hello hello = {.revision = 1, .client = TEXT("test")};
    struct open_channel open = {.channel = 1, .kind = CHANNEL_KIND_USER, .id = person};
    say(visitor, 0, hello_encode(&arena, &hello));
    say(visitor, 0, open_channel_encode(&arena, &open));
    pass(SECOND);
}

static void speaks(struct visitor *visitor, uint8_t number) {
    struct set_preference command = {
        .command_id = {{number, [6] = 0x40, [8] = 0x80, [15] = number}},
        .name = TEXT("colour"),
        .value = {1, (const char *)&(char[]){(char)('a' + number)}[0]}};
    say(visitor, 1, set_preference_encode(&arena, &command));
    pass(SECOND);
}

static void proves(uint64_t sign_in, uint8_t factor) {
    node_arm_signature(the_node(), sign_in, board, factor, world.time.now + 60 * SECOND);
}

static void scene(void) {
    world_init(&world, 1, SABOTAGE_NONE);
    arena_init(&arena, ARENA_BYTES);
    heard_count = acts = 0;
    struct process *process = &world.processes[0];
    process_start(process);
    process->transport = (struct transport){.send = on_send, .close = on_close};
    memcpy(rules, user_rules, sizeof rules);
    rules[USER_SET_PREFERENCE].proved = true;
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        if (process->kinds[i].number == CHANNEL_KIND_USER) {
            process->kinds[i].rules = rules;
            process->kinds[i].handle = handle;
        }
    }
    process->node->config.acted = on_acted;
    pass(SECOND);
    struct register_user command = {.command_id = person,
                                    .login = TEXT("somebody"),
                                    .name = TEXT("Somebody"),
                                    .verifier = TEXT("v")};
    node_command(the_node(), CHANNEL_KIND_USER, person, person,
                 register_user_encode(&arena, &command), NULL, NULL);
    pass(SECOND);
}

static void scene_ends(void) {
    world_finish(&world);
    arena_finish(&arena);
}

static void a_proof_is_for_the_next_message_that_takes_one_and_no_other(void **state) {
    (void)state;
    struct visitor visitor;
    scene();
    comes(&visitor, SIGN_IN);
    speaks(&visitor, 1);
    proves(SIGN_IN, PROOF_PASSKEY);
    struct mark_read mark = {.command_id = {{9, [6] = 0x40, [8] = 0x80}}, .patient_case = board};
    say(&visitor, 1, mark_read_encode(&arena, &mark)); /* takes none */
    speaks(&visitor, 2);
    speaks(&visitor, 3);
    assert_int_equal(heard_count, 3);
    assert_int_equal(heard[0].factor, PROOF_NONE);
    assert_int_equal(heard[1].factor, PROOF_PASSKEY);
    assert_true(uuid_equal(heard[1].factor_board, board));
    assert_int_equal(heard[2].factor, PROOF_NONE);
    scene_ends();
}

static void a_proof_belongs_to_a_sign_in_whichever_of_its_sessions_speaks(void **state) {
    (void)state;
    struct visitor first, second, other;
    scene();
    comes(&first, SIGN_IN);
    comes(&second, SIGN_IN);
    comes(&other, OTHER);
    proves(SIGN_IN, PROOF_CODE);
    speaks(&other, 1);
    speaks(&second, 2);
    speaks(&first, 3);
    assert_int_equal(heard_count, 3);
    assert_int_equal(heard[0].factor, PROOF_NONE);
    assert_int_equal(heard[1].factor, PROOF_CODE);
    assert_int_equal(heard[2].factor, PROOF_NONE);
    scene_ends();
}

static void two_proofs_are_one_signature(void **state) {
    (void)state;
    struct visitor visitor;
    scene();
    comes(&visitor, SIGN_IN);
    proves(SIGN_IN, PROOF_CODE);
    proves(SIGN_IN, PROOF_PASSWORD);
    speaks(&visitor, 1);
    speaks(&visitor, 2);
    assert_int_equal(heard[0].factor, PROOF_PASSWORD);
    assert_int_equal(heard[1].factor, PROOF_NONE);
    scene_ends();
}

static void a_proof_is_over_after_its_time_and_with_its_sign_in(void **state) {
    (void)state;
    struct visitor visitor;
    scene();
    proves(SIGN_IN, PROOF_PASSWORD);
    pass(60 * SECOND);
    comes(&visitor, SIGN_IN);
    speaks(&visitor, 1);
    assert_int_equal(heard[0].factor, PROOF_NONE);
    proves(SIGN_IN, PROOF_PASSWORD);
    node_end_sign_in(the_node(), SIGN_IN);
    comes(&visitor, SIGN_IN);
    speaks(&visitor, 2);
    assert_int_equal(heard[1].factor, PROOF_NONE);
    scene_ends();
}

static void what_a_program_sends_by_itself_does_not_say_that_its_person_is_there(void **state) {
    (void)state;
    struct visitor visitor;
    scene();
    comes(&visitor, SIGN_IN);
    struct mark_read mark = {.command_id = {{9, [6] = 0x40, [8] = 0x80}}, .patient_case = board};
    say(&visitor, 0, ping_encode(&arena, &(struct ping){0}));
    say(&visitor, 1, mark_read_encode(&arena, &mark));
    assert_int_equal(acts, 0);
    speaks(&visitor, 1);
    assert_int_equal(acts, 1);
    speaks(&visitor, 2);
    assert_int_equal(acts, 1); /* once in a while is enough */
    pass(2 * (int64_t)ACTED_US);
    speaks(&visitor, 3);
    assert_int_equal(acts, 2);
    scene_ends();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_is_for_the_next_message_that_takes_one_and_no_other),
        cmocka_unit_test(a_proof_belongs_to_a_sign_in_whichever_of_its_sessions_speaks),
        cmocka_unit_test(two_proofs_are_one_signature),
        cmocka_unit_test(a_proof_is_over_after_its_time_and_with_its_sign_in),
        cmocka_unit_test(what_a_program_sends_by_itself_does_not_say_that_its_person_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
