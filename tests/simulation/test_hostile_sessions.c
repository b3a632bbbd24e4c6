/* links: simulation_world */
/* One node and sessions that break rules: what they say is allowed by the schema, and still nobody
 * may be hurt by it. */
#include "tests/simulation/world.h"

#include "protocol/frame.h"
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"
#include "server/node/node_state.h"
#include "server/store/store_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 1024 * 1024, HEARD_MAX = 512, SECOND = 1000000 };

/* What one session was sent, newest last. */
struct listener {
    uint32_t session;
    uint32_t seq;
    struct {
        enum frame_form form;
        uint16_t channel;
        uint8_t tag;
        uint32_t seq;
        enum refusal refusal;
    } heard[HEARD_MAX];
    size_t heard_count;
    bool closed;
    enum close_code code;
};

static struct world world;
static struct arena arena;

static enum send_result on_send(struct transport *transport, void *connection,
                                struct shared_frame *shared) {
    (void)transport;
    struct listener *listener = connection;
    struct frame frame;
    assert_true(frame_read((struct bytes){shared->length, shared_frame_payload(shared)}, &frame));
    struct refused refused = {.reason = REFUSAL_NONE};
    if (frame.tag == REPLY_REFUSED && frame.form == FRAME_NUMBERED) {
        struct reader reader = reader_of(frame.fields);
        assert_true(refused_read(&reader, &arena, &refused));
    }
    if (listener->heard_count < HEARD_MAX) {
        size_t i = listener->heard_count++;
        listener->heard[i].form = frame.form;
        listener->heard[i].channel = frame.channel;
        listener->heard[i].tag = frame.tag;
        listener->heard[i].seq = frame.seq;
        listener->heard[i].refusal = refused.reason;
    }
    return SEND_DONE;
}

static void on_close(struct transport *transport, void *connection, enum close_code code) {
    (void)transport;
    struct listener *listener = connection;
    listener->closed = true;
    listener->code = code;
}

static void on_pause(struct transport *transport, void *connection, bool paused) {
    (void)transport;
    (void)connection;
    (void)paused;
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

static void scene(void) {
    world_init(&world, 1, SABOTAGE_NONE);
    arena_init(&arena, ARENA_BYTES);
    process_start(&world.processes[0]);
    world.processes[0].transport =
        (struct transport){.send = on_send, .close = on_close, .pause = on_pause};
    pass(SECOND);
}

static void scene_ends(void) {
    world_finish(&world);
    arena_finish(&arena);
}

static struct uuid id_of(uint32_t number) {
    struct uuid id = {{0x1d}};
    id.bytes[6] = 0x40;
    id.bytes[8] = 0x80;
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static void say(struct listener *listener, uint16_t channel, enum frame_form form,
                struct encoded message) {
    uint8_t bytes[FRAME_IN_MAX];
    struct writer writer;
    struct frame frame = {.form = form,
                          .channel = channel,
                          .tag = message.tag,
                          .seq = ++listener->seq,
                          .fields = message.fields};
    assert_non_null(message.fields.bytes);
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert_false(writer.failed);
    node_session_frame(the_node(), listener->session, writer_bytes(&writer));
}

static void connects(struct listener *listener, struct uuid user) {
    *listener = (struct listener){0};
    struct session_identity who = {.user = user, .name = TEXT("somebody"), .sign_in = 1};
    listener->session = node_session_open(the_node(), listener, &who);
    assert_int_not_equal(listener->session, 0);
    say(listener, 0, FRAME_NUMBERED,
        hello_encode(&arena, &(struct hello){.revision = 1, .client = TEXT("hostile")}));
}

static void opens(struct listener *listener, uint16_t channel, enum channel_kind kind,
                  struct uuid id) {
    struct open_channel open = {.channel = channel, .kind = kind, .id = id};
    say(listener, 0, FRAME_NUMBERED, open_channel_encode(&arena, &open));
}

static void closes(struct listener *listener, uint16_t channel) {
    say(listener, 0, FRAME_NUMBERED,
        close_channel_encode(&arena, &(struct close_channel){.channel = channel}));
}

static enum refusal answer_to(const struct listener *listener, uint32_t seq) {
    for (size_t i = 0; i < listener->heard_count; i++) {
        if (listener->heard[i].form == FRAME_NUMBERED && listener->heard[i].seq == seq) {
            return listener->heard[i].refusal;
        }
    }
    fail_msg("number %u was not answered", seq);
    return REFUSAL_NONE;
}

/* The server's own commands */

static void make_user(struct uuid id, struct text login) {
    struct register_user command = {
        .command_id = id, .login = login, .name = TEXT("Somebody"), .verifier = TEXT("$argon2id$")};
    node_command(the_node(), CHANNEL_KIND_USER, id, id, register_user_encode(&arena, &command),
                 NULL, NULL);
    pass(SECOND);
}

static const struct actor *actor_of(struct uuid id) {
    struct activation *activation = runtime_find(the_node()->runtime, id);
    assert_non_null(activation);
    assert_non_null(activation_actor(activation));
    return activation_actor(activation);
}

static void an_actor_opened_twice_by_one_session_is_refused_and_hurts_nobody(void **state) {
    (void)state;
    struct listener listener;
    scene();
    make_user(id_of(1), TEXT("one"));
    pass(2 * RUNTIME_IDLE_US); /* so that it must be loaded again */
    connects(&listener, id_of(1));
    opens(&listener, 1, CHANNEL_KIND_USER, id_of(1));
    opens(&listener, 2, CHANNEL_KIND_USER, id_of(1));
    uint32_t second = listener.seq;
    closes(&listener, 2);
    pass(SECOND);
    assert_int_equal(answer_to(&listener, second), REFUSAL_BAD_STATE);
    closes(&listener, 1);
    opens(&listener, 2, CHANNEL_KIND_USER, id_of(1));
    pass(SECOND);
    assert_int_equal(answer_to(&listener, listener.seq), REFUSAL_NONE);
    node_session_closed(the_node(), listener.session);
    scene_ends();
}

/* The store's way in: a message that lies in the record for `target`. */
static void comes_due(struct uuid target, struct uuid command_id, uint32_t title) {
    struct pending *pending = &world.processes[0].store->pending;
    char text[16];
    int length = snprintf(text, sizeof text, "%u", title);
    struct put_entry command = {
        .command_id = command_id,
        .entry = {.id = id_of(7000), .title = {(uint32_t)length, text}},
    };
    pending->on_pending(pending->data, CHANNEL_KIND_USER, target, command_id,
                        put_entry_encode(&arena, &command));
}

static void what_did_not_fit_the_mailbox_is_delivered_in_its_order(void **state) {
    (void)state;
    enum { MESSAGES = RUNTIME_MAILBOX_MAX + 60 };
    scene();
    make_user(id_of(1), TEXT("one"));
    for (uint32_t i = 1; i <= MESSAGES; i++) {
        comes_due(id_of(1), id_of(1000 + i), i);
    }
    pass(20 * SECOND);
    const struct actor *actor = actor_of(id_of(1));
    struct encoded shown = actor->kind->snapshot(actor, AUDIENCE_OWN, &arena);
    struct reader reader = reader_of(shown.fields);
    struct user_snapshot snapshot;
    assert_true(user_snapshot_read(&reader, &arena, &snapshot));
    assert_int_equal(snapshot.entries.count, 1);
    char text[16];
    int length = snprintf(text, sizeof text, "%u", (unsigned)MESSAGES);
    assert_int_equal(snapshot.entries.items[0].title.length, length);
    assert_memory_equal(snapshot.entries.items[0].title.bytes, text, (size_t)length);
    scene_ends();
}

static void a_session_may_not_take_the_command_ids_of_actors(void **state) {
    (void)state;
    struct listener listener;
    scene();
    make_user(id_of(1), TEXT("one"));
    connects(&listener, id_of(1));
    opens(&listener, 1, CHANNEL_KIND_USER, id_of(1));
    pass(SECOND);
    /* What a board is about to tell this user, if the board's version is known. */
    struct uuid next = message_command_id(id_of(50), 9, 0);
    struct set_preference set = {
        .command_id = next, .name = TEXT("key.nextCase"), .value = TEXT("n")};
    say(&listener, 1, FRAME_NUMBERED, set_preference_encode(&arena, &set));
    pass(SECOND);
    assert_int_equal(answer_to(&listener, listener.seq), REFUSAL_MALFORMED);
    comes_due(id_of(1), next, 1);
    pass(SECOND);
    const struct actor *actor = actor_of(id_of(1));
    struct encoded shown = actor->kind->snapshot(actor, AUDIENCE_OWN, &arena);
    struct reader reader = reader_of(shown.fields);
    struct user_snapshot snapshot;
    assert_true(user_snapshot_read(&reader, &arena, &snapshot));
    assert_int_equal(snapshot.entries.count, 1);
    node_session_closed(the_node(), listener.session);
    scene_ends();
}

static void ids_that_nobody_has_do_not_stay_in_memory(void **state) {
    (void)state;
    struct listener listener;
    scene();
    make_user(id_of(1), TEXT("one"));
    connects(&listener, id_of(1));
    for (uint32_t i = 0; i < 100; i++) {
        opens(&listener, (uint16_t)(i + 1), CHANNEL_KIND_PATIENT_CASE, id_of(2000 + i));
    }
    pass(5 * SECOND);
    assert_int_equal(answer_to(&listener, listener.seq), REFUSAL_NOT_FOUND);
    struct runtime_counts counts;
    runtime_count(the_node()->runtime, &counts);
    assert_true(counts.activations <= 1);
    node_session_closed(the_node(), listener.session);
    scene_ends();
}

static void what_changed_nothing_is_settled_though_the_disk_was_full(void **state) {
    (void)state;
    scene();
    make_user(id_of(1), TEXT("one"));
    uint8_t sealed[1] = {0};
    struct pending_row row = {.source = id_of(1),
                              .target = id_of(1),
                              .command_id = id_of(1002),
                              .target_kind = CHANNEL_KIND_USER,
                              .due_at = INT64_MAX,
                              .payload = {1, sealed}};
    struct database_batch batch = {.pending = &row, .pending_count = 1};
    model_apply(&world.database.tables, &batch);
    comes_due(id_of(1), id_of(1001), 1);
    pass(SECOND);
    world.database.disk_full = true;
    comes_due(id_of(1), id_of(1002), 1); /* says what the first one said */
    pass(SECOND);
    assert_int_equal(world.database.tables.pending_count, 1);
    world.database.disk_full = false;
    pass(SECOND);
    assert_int_equal(world.database.tables.pending_count, 0);
    scene_ends();
}

static void who_leaves_while_catching_up_leaves_nothing_behind(void **state) {
    (void)state;
    struct listener listener;
    scene();
    make_user(id_of(1), TEXT("one"));
    connects(&listener, id_of(1));
    opens(&listener, 1, CHANNEL_KIND_USER, id_of(1));
    pass(SECOND);
    struct set_preference set = {
        .command_id = id_of(5), .name = TEXT("key.nextCase"), .value = TEXT("n")};
    say(&listener, 1, FRAME_NUMBERED, set_preference_encode(&arena, &set));
    pass(SECOND);
    closes(&listener, 1);
    struct open_channel open = {.channel = 1,
                                .kind = CHANNEL_KIND_USER,
                                .id = id_of(1),
                                .version = 1,
                                .audience = AUDIENCE_OWN};
    say(&listener, 0, FRAME_NUMBERED, open_channel_encode(&arena, &open));
    assert_int_equal(answer_to(&listener, listener.seq), REFUSAL_NONE);
    /* What it missed is being read now. */
    node_session_closed(the_node(), listener.session);
    runtime_drop_shard(the_node()->runtime, RUNTIME_ALL_SHARDS);
    pass(SECOND);
    scene_ends();
}

/* An hour of people coming and going must not leave every case they looked at in memory. */
static void who_came_back_and_left_keeps_no_actor_in_memory(void **state) {
    (void)state;
    struct listener listener;
    scene();
    make_user(id_of(1), TEXT("one"));
    connects(&listener, id_of(1));
    opens(&listener, 1, CHANNEL_KIND_USER, id_of(1));
    pass(SECOND);
    struct set_preference set = {
        .command_id = id_of(5), .name = TEXT("key.nextCase"), .value = TEXT("n")};
    say(&listener, 1, FRAME_NUMBERED, set_preference_encode(&arena, &set));
    pass(SECOND);
    closes(&listener, 1);
    struct open_channel open = {.channel = 1,
                                .kind = CHANNEL_KIND_USER,
                                .id = id_of(1),
                                .version = 1,
                                .audience = AUDIENCE_OWN};
    say(&listener, 0, FRAME_NUMBERED, open_channel_encode(&arena, &open));
    pass(SECOND);
    assert_int_equal(answer_to(&listener, listener.seq), REFUSAL_NONE);
    node_session_closed(the_node(), listener.session);
    pass(2 * RUNTIME_IDLE_US);
    struct runtime_counts counts;
    runtime_count(the_node()->runtime, &counts);
    assert_int_equal(counts.activations, 0);
    scene_ends();
}

static size_t deferred_for(struct uuid id) {
    size_t count = 0;
    struct activation *activation = runtime_find(the_node()->runtime, id);
    const struct hub *hub = *activation_attic(activation);
    for (const struct deferred *one = hub->deferred; one != NULL; one = one->next) {
        count++;
    }
    return count;
}

/* As every half minute while the disk is full. */
static void what_is_given_again_while_the_mailbox_is_full_waits_once(void **state) {
    (void)state;
    enum { MESSAGES = RUNTIME_MAILBOX_MAX + 60, TIMES = 5 };
    scene();
    make_user(id_of(1), TEXT("one"));
    world.database.disk_full = true;
    for (uint32_t time = 0; time < TIMES; time++) {
        for (uint32_t i = 1; i <= MESSAGES; i++) {
            comes_due(id_of(1), id_of(1000 + i), i);
        }
        pass(SECOND / 10);
    }
    assert_in_range(deferred_for(id_of(1)), 1, MESSAGES);
    world.database.disk_full = false;
    pass(20 * SECOND);
    assert_int_equal(deferred_for(id_of(1)), 0);
    scene_ends();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_opened_twice_by_one_session_is_refused_and_hurts_nobody),
        cmocka_unit_test(what_did_not_fit_the_mailbox_is_delivered_in_its_order),
        cmocka_unit_test(a_session_may_not_take_the_command_ids_of_actors),
        cmocka_unit_test(ids_that_nobody_has_do_not_stay_in_memory),
        cmocka_unit_test(what_changed_nothing_is_settled_though_the_disk_was_full),
        cmocka_unit_test(who_leaves_while_catching_up_leaves_nothing_behind),
        cmocka_unit_test(who_came_back_and_left_keeps_no_actor_in_memory),
        cmocka_unit_test(what_is_given_again_while_the_mailbox_is_full_waits_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
