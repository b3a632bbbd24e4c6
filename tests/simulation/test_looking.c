/* links: simulation_world */
/* Who looks at a case is in the record for as long as they look, not only when they begin. */
#include "tests/simulation/world.h"

#include "protocol/frame.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "server/node/node_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum {
    ARENA_BYTES = 1024 * 1024,
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    COVERED = 15 * MINUTE,
    TOLD_MAX = 64,
};

static struct world world;
static struct arena arena;
static struct witness witness;
static int64_t covered_until;
static bool away, slow;
static int64_t told[TOLD_MAX]; /* when */
static unsigned told_count;
static void (*waiting)(void *data, bool known);
static void *waiting_data;
static bool ended; /* the channel */
static uint32_t session, seq;
static const struct uuid person = {{0x1d, [6] = 0x40, [8] = 0x80, [15] = 1}};
static const struct uuid the_case = {{0xca, [6] = 0x40, [8] = 0x80, [15] = 2}};

static int64_t knows(struct witness *self, const struct looking *looking) {
    (void)self;
    assert_true(uuid_equal(looking->patient_case, the_case));
    return covered_until > world.time.now ? covered_until : 0;
}

static void write_down(void) {
    covered_until = world.time.now + COVERED;
}

static void tell(struct witness *self, const struct looking *looking,
                 void (*done)(void *data, bool known), void *data) {
    (void)self;
    assert_false(looking->refused);
    assert_true(told_count < TOLD_MAX);
    told[told_count++] = world.time.now;
    if (slow) {
        waiting = done;
        waiting_data = data;
        return;
    }
    if (!away)
        write_down();
    done(data, !away);
}

static enum send_result on_send(struct transport *transport, void *connection,
                                struct shared_frame *shared) {
    struct frame frame;
    struct bytes bytes = {shared->length, shared_frame_payload(shared)};
    (void)transport;
    (void)connection;
    ended = ended ||
            (frame_read(bytes, &frame) && frame.channel == 0 && frame.tag == SESSION_CHANNEL_ENDED);
    return SEND_DONE;
}

static void on_close(struct transport *transport, void *connection, enum close_code code) {
    (void)transport;
    (void)connection;
    (void)code;
}

/* Whoever asks may make a case. */
static uint16_t rights(struct affiliations *affiliations, struct uuid user,
                       const struct uuid *organisation, int64_t *ret_until) {
    (void)affiliations;
    (void)user;
    (void)organisation;
    (void)ret_until;
    return RIGHT_COORDINATOR;
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

static void say(uint16_t channel, struct encoded message) {
    uint8_t bytes[FRAME_IN_MAX];
    struct writer writer;
    struct frame frame = {.form = FRAME_NUMBERED,
                          .channel = channel,
                          .tag = message.tag,
                          .seq = ++seq,
                          .fields = message.fields};
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert_false(writer.failed);
    node_session_frame(the_node(), session, writer_bytes(&writer));
    pass(SECOND / 10);
    arena_reset(&arena);
}

/* Somebody sits there, whose program says so, and does nothing. */
static void sits_for(int64_t microseconds) {
    for (int64_t until = world.time.now + microseconds; world.time.now < until;) {
        say(0, ping_encode(&arena, &(struct ping){0}));
        pass(5 * SECOND - SECOND / 10);
    }
}

static void opens_the_case(void) {
    struct open_channel open = {.channel = 1, .kind = CHANNEL_KIND_PATIENT_CASE, .id = the_case};
    say(0, open_channel_encode(&arena, &open));
    pass(SECOND);
}

static void scene(void) {
    world_init(&world, 1, SABOTAGE_NONE);
    arena_init(&arena, ARENA_BYTES);
    told_count = 0;
    covered_until = 0;
    away = slow = ended = false;
    waiting = NULL;
    struct process *process = &world.processes[0];
    process_start(process);
    process->transport = (struct transport){.send = on_send, .close = on_close};
    witness = (struct witness){knows, tell};
    process->affiliations.rights = rights;
    process->node->config.witness = &witness;
    pass(SECOND);
    struct session_identity who = {.user = person, .name = TEXT("One"), .sign_in = 7};
    session = node_session_open(the_node(), &session, &who);
    seq = 0;
    struct hello hello = {.revision = 1, .client = TEXT("test")};
    say(0, hello_encode(&arena, &hello));
    opens_the_case();
    struct case_member member = {.user = person, .role = ROLE_COORDINATOR, .name = TEXT("One")};
    struct create_case command = {.command_id = the_case,
                                  .subject = {.name = TEXT("Invented^Person"),
                                              .birth_date = TEXT("1970-01-01"),
                                              .sex = TEXT("O"),
                                              .patient_id = TEXT("0")},
                                  .title = TEXT("A question"),
                                  .members = {1, &member}};
    say(1, create_case_encode(&arena, &command));
    pass(SECOND);
    assert_true(ended); /* what it shows now nobody was told of */
    ended = false;
    opens_the_case();
}

static void scene_ends(void) {
    world_finish(&world);
    arena_finish(&arena);
}

static void a_channel_that_stays_open_is_told_of_each_quarter_of_an_hour(void **state) {
    (void)state;
    scene();
    assert_int_equal(told_count, 1);
    sits_for(50 * (int64_t)MINUTE);
    assert_int_equal(told_count, 4);
    for (unsigned i = 1; i < told_count; i++)
        assert_in_range(told[i] - told[i - 1], COVERED, COVERED + 2 * SECOND);
    assert_false(ended);
    scene_ends();
}

static void what_cannot_be_written_any_more_is_not_shown_any_more(void **state) {
    (void)state;
    scene();
    away = true;
    sits_for(14 * (int64_t)MINUTE);
    assert_false(ended); /* what is covered stays readable */
    sits_for(2 * (int64_t)MINUTE);
    assert_true(ended);
    away = ended = false;
    opens_the_case();
    sits_for(MINUTE);
    assert_false(ended);
    scene_ends();
}

static void a_channel_that_is_closed_while_it_is_written_leaves_nothing_behind(void **state) {
    (void)state;
    scene();
    slow = true;
    sits_for(16 * (int64_t)MINUTE);
    assert_int_equal(told_count, 2); /* told once, however long it takes */
    assert_false(ended);
    node_session_closed(the_node(), session);
    write_down();
    waiting(waiting_data, true);
    scene_ends();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_that_stays_open_is_told_of_each_quarter_of_an_hour),
        cmocka_unit_test(what_cannot_be_written_any_more_is_not_shown_any_more),
        cmocka_unit_test(a_channel_that_is_closed_while_it_is_written_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
