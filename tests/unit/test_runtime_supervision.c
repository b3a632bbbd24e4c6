/* links: actors actor_test_support */
/* Actors among themselves: messages, timers, muting, failures, rest and the loss of a shard. */
#include "tests/unit/support_counter.h"
#include "tests/unit/support_runtime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct actor_kind *const kinds[] = {&counter_kind};
static struct fake_host fake;

static struct activation *actor(uint32_t number) {
    return runtime_activate(fake.runtime, COUNTER_KIND, uuid_of(number));
}

static struct counter *state(uint32_t number) {
    return (struct counter *)activation_actor(actor(number));
}

static void scene(void) {
    fake_host_start(&fake, kinds, 1);
}

static enum push_result push(uint32_t number, uint8_t tag, struct counter_message message) {
    struct arena *arena = runtime_arena(fake.runtime);
    struct incoming incoming = {
        .tag = tag,
        .message = arena_copy(arena, &message, sizeof message),
        .arena = arena,
        .sender = {.session = {1, 5, 1},
                   .user = uuid_of(7),
                   .roles = 1u << ROLE_MEMBER,
                   .actions = COUNTER_MAY_COUNT},
    };
    return runtime_push(fake.runtime, actor(number), &incoming);
}

static struct attach_request requests[8];
static uint16_t participants[8];
static enum load_result results[8];
static bool answered[8];

static void on_attached(struct attach_request *request, enum load_result result,
                        uint16_t participant) {
    size_t i = (size_t)(request - requests);
    participants[i] = participant;
    results[i] = result;
    answered[i] = true;
}

static void attach(uint32_t number, uint32_t i, uint32_t user) {
    answered[i] = false;
    requests[i] = (struct attach_request){
        .activation = actor(number),
        .who = {.session = {1, i + 1, 1}, .user = uuid_of(user)},
        .on_attached = on_attached,
    };
    runtime_attach(fake.runtime, &requests[i]);
}

static void a_durable_message_arrives_once_though_its_sender_crashed_at_once(void **unused) {
    (void)unused;
    scene();
    fake.appends_wait = true;
    push(1, COUNTER_TELL, (struct counter_message){uuid_of(100), 7, uuid_of(2)});
    fake_host_run(&fake);
    fake_host_record(&fake);
    fake_host_crash(&fake, kinds, 1);
    fake.appends_wait = false;
    fake_host_run(&fake);
    assert_int_equal(state(2)->total, 7);
    fake_host_crash(&fake, kinds, 1);
    fake_host_run(&fake);
    assert_int_equal(state(2)->total, 7);
    assert_int_equal(fake.pending_count, 0);
    fake_host_stop(&fake);
}

static void a_refused_durable_message_is_settled(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_TELL, (struct counter_message){uuid_of(100), 13, uuid_of(2)});
    fake_host_run(&fake);
    assert_int_equal(fake_host_count(&fake, NOTE_SETTLE), 1);
    assert_int_equal(fake.pending_count, 0);
    fake_host_stop(&fake);
}

static void message_ids_depend_on_stream_version_and_index_alone(void **unused) {
    (void)unused;
    struct uuid id = message_command_id(uuid_of(1), 5, 0);
    assert_true(uuid_equal(id, message_command_id(uuid_of(1), 5, 0)));
    assert_false(uuid_equal(id, message_command_id(uuid_of(1), 5, 1)));
    assert_false(uuid_equal(id, message_command_id(uuid_of(1), 6, 0)));
    assert_false(uuid_equal(id, message_command_id(uuid_of(2), 5, 0)));
    assert_int_equal(id.bytes[6] >> 4, 8);
    assert_int_equal(id.bytes[8] >> 6, 2);
}

static void a_durable_timer_fires_after_a_restart(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_LATER, (struct counter_message){.command_id = uuid_of(100), .number = 7});
    fake_host_run(&fake);
    fake_host_crash(&fake, kinds, 1);
    fake_host_run(&fake);
    assert_int_equal(state(1)->total, 1);
    fake.now += 1100000;
    fake_host_run(&fake);
    assert_int_equal(state(1)->total, 8);
    fake_host_stop(&fake);
}

static void a_volatile_timer_fires_in_time_and_not_after_a_restart(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_REMIND, (struct counter_message){{{0}}, 0, {{0}}});
    fake_host_pass(&fake, 900000);
    assert_int_equal(state(1)->pokes, 0);
    fake_host_pass(&fake, 200000);
    assert_int_equal(state(1)->pokes, 1);
    push(1, COUNTER_REMIND, (struct counter_message){{{0}}, 0, {{0}}});
    fake_host_run(&fake);
    fake_host_crash(&fake, kinds, 1);
    fake_host_pass(&fake, 2000000);
    assert_int_equal(state(1)->pokes, 0);
    fake_host_stop(&fake);
}

static void messages_in_memory_go_from_actor_to_actor_and_back(void **unused) {
    (void)unused;
    scene();
    actor(2);
    push(1, COUNTER_RELAY, (struct counter_message){{{0}}, 1, uuid_of(2)});
    fake_host_run(&fake);
    assert_int_equal(state(1)->pokes + state(2)->pokes, 2);
    fake_host_stop(&fake);
}

static void a_full_mailbox_says_so_and_warns_from_its_half_on(void **unused) {
    (void)unused;
    scene();
    fake.loads_wait = true;
    struct counter_message poke = {{{0}}, 0, {{0}}};
    for (int i = 0; i < RUNTIME_MAILBOX_MAX; i++) {
        enum push_result expected =
            i < RUNTIME_MAILBOX_MAX / 2 ? PUSH_TAKEN : PUSH_TAKEN_MUTE_SENDER;
        assert_int_equal(push(1, COUNTER_POKE, poke), expected);
    }
    assert_int_equal(push(1, COUNTER_POKE, poke), PUSH_FULL);
    fake_host_load_now(&fake);
    fake_host_run(&fake);
    assert_int_equal(state(1)->pokes, RUNTIME_MAILBOX_MAX);
    fake_host_stop(&fake);
}

static void a_sender_rests_while_its_target_is_crowded(void **unused) {
    (void)unused;
    scene();
    fake.loads_wait = true;
    actor(2);
    struct counter_message poke = {{{0}}, 0, {{0}}};
    for (int i = 0; i < RUNTIME_MAILBOX_MAX / 2; i++) {
        push(2, COUNTER_POKE, poke);
    }
    struct activation *crowded = fake.waiting_load;
    actor(1);
    fake_host_load_now(&fake); /* actor 1 */
    push(1, COUNTER_RELAY, (struct counter_message){{{0}}, 1, uuid_of(2)});
    push(1, COUNTER_POKE, poke);
    fake_host_run(&fake);
    assert_int_equal(activation_waiting(actor(1)), 1);
    fake.waiting_load = crowded;
    fake_host_load_now(&fake);
    fake_host_run(&fake);
    assert_int_equal(activation_waiting(actor(1)), 0);
    struct runtime_counts counts;
    runtime_count(fake.runtime, &counts);
    assert_int_equal(counts.muted, 1);
    assert_int_equal(counts.dropped, 0);
    fake_host_stop(&fake);
}

static void a_batch_ends_after_100_messages_so_that_others_have_their_turn(void **unused) {
    (void)unused;
    scene();
    struct counter_message poke = {{{0}}, 0, {{0}}};
    actor(2);
    for (int i = 0; i < RUNTIME_MAILBOX_MAX; i++) {
        push(1, COUNTER_POKE, poke);
    }
    push(2, COUNTER_POKE, poke);
    fake_host_run(&fake);
    /* Each poke asks for one ephemeral tick: 100 of the first actor, one of the second, the rest.
     */
    assert_true(uuid_equal(fake.notes[RUNTIME_BATCH_MAX - 1].actor, uuid_of(1)));
    assert_true(uuid_equal(fake.notes[RUNTIME_BATCH_MAX].actor, uuid_of(2)));
    assert_true(uuid_equal(fake.notes[RUNTIME_BATCH_MAX + 1].actor, uuid_of(1)));
    fake_host_stop(&fake);
}

static void a_failed_check_costs_the_actor_its_effects_and_nobody_else_anything(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    push(2, COUNTER_ADD, (struct counter_message){uuid_of(101), 4, {{0}}});
    fake_host_run(&fake);
    attach(1, 0, 7);
    fake_host_run(&fake);
    fake_host_forget_notes(&fake);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(102), 666, {{0}}});
    fake_host_run(&fake);
    assert_int_equal(fake_host_answer(&fake, 5)->refusal, REFUSAL_BUSY);
    assert_int_equal(state(1)->total, 4);
    assert_int_equal(state(1)->attached, 1);
    assert_int_equal(fake_host_count(&fake, NOTE_REBUILT), 1);
    assert_int_equal(state(2)->total, 4);
    fake_host_stop(&fake);
}

static void a_turn_without_space_for_its_messages_costs_the_actor_that_turn_only(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_TELL, (struct counter_message){uuid_of(100), 777, uuid_of(2)});
    fake_host_run(&fake);
    assert_int_equal(fake_host_answer(&fake, 5)->refusal, REFUSAL_BUSY);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(101), 4, {{0}}});
    fake_host_run(&fake);
    assert_int_equal(state(1)->total, 4);
    fake_host_stop(&fake);
}

static void a_check_that_fails_while_an_append_is_in_flight_waits_for_its_outcome(void **unused) {
    (void)unused;
    scene();
    fake.appends_wait = true;
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    push(1, COUNTER_POKE, (struct counter_message){{{0}}, 666, {{0}}});
    fake_host_run(&fake);
    fake_host_commit(&fake);
    fake_host_run(&fake);
    assert_int_equal(state(1)->total, 4);
    assert_int_equal(fake_host_answer(&fake, 5)->version, 1);
    fake_host_stop(&fake);
}

static void failures_far_apart_do_not_quarantine(void **unused) {
    (void)unused;
    scene();
    for (uint32_t i = 0; i < 2 * RUNTIME_FAILURES_MAX; i++) {
        push(1, COUNTER_ADD, (struct counter_message){uuid_of(100 + i), 666, {{0}}});
        fake_host_run(&fake);
        fake.now += RUNTIME_FAILURE_WINDOW_US;
    }
    assert_int_equal(fake_host_count(&fake, NOTE_LOST), 0);
    fake_host_stop(&fake);
}

static void the_crash_marker_names_the_command_while_it_is_decided(void **unused) {
    (void)unused;
    scene();
    struct crash_marker marker = {0};
    runtime_mark_crashes_in(fake.runtime, &marker);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    assert_true(uuid_equal(marker.command_id, uuid_of(100)));
    assert_true(uuid_equal(marker.stream, uuid_of(1)));
    assert_int_equal(marker.active, 0);
    fake_host_stop(&fake);
}

static void people_attach_when_the_actor_is_loaded_and_only_with_a_grant(void **unused) {
    (void)unused;
    scene();
    fake.loads_wait = true;
    attach(1, 0, 7);
    attach(1, 1, 0x40000000); /* user number 0 to the counter: nobody */
    assert_false(answered[0]);
    fake_host_load_now(&fake);
    fake_host_run(&fake);
    assert_int_equal(participants[0], 1);
    assert_true(answered[1]);
    assert_int_equal(requests[1].who.grant.audiences, 0);
    assert_int_equal(state(1)->attached, 1);
    assert_int_equal(state(1)->came, 1);
    fake_host_stop(&fake);
}

static void an_attach_given_up_while_loading_is_not_answered(void **unused) {
    (void)unused;
    scene();
    fake.loads_wait = true;
    attach(1, 0, 7);
    runtime_detach(fake.runtime, requests[0].activation, requests[0].who.session);
    fake_host_load_now(&fake);
    fake_host_run(&fake);
    assert_false(answered[0]);
    assert_null(runtime_find(fake.runtime, uuid_of(1))); /* nobody wants it, and it is not there */
    fake_host_stop(&fake);
}

static void what_was_committed_unseen_is_published_when_the_actor_catches_up(void **unused) {
    (void)unused;
    scene();
    attach(1, 0, 7);
    fake_host_run(&fake);
    fake_host_forget_notes(&fake);
    fake.appends_wait = true;
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    fake_host_record(&fake);
    fake_host_answer_append(&fake, APPEND_UNAVAILABLE);
    fake_host_run(&fake);
    assert_int_equal(fake_host_count(&fake, NOTE_PUBLISH), 1);
    assert_int_equal(fake_host_note(&fake, NOTE_PUBLISH, 0)->version, 2);
    assert_int_equal(fake_host_note(&fake, NOTE_PUBLISH, 0)->previous[0], 1);
    fake_host_stop(&fake);
}

static void an_idle_actor_is_saved_passivated_and_comes_back_the_same(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    fake_host_pass(&fake, 2 * RUNTIME_IDLE_US);
    assert_null(runtime_find(fake.runtime, uuid_of(1)));
    assert_int_equal(fake_host_count(&fake, NOTE_SAVE), 1);
    assert_int_equal(fake_host_count(&fake, NOTE_DROP), 1);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    assert_int_equal(state(1)->total, 4); /* the command id came back with the snapshot */
    fake_host_stop(&fake);
}

static void a_held_actor_is_not_passivated(void **unused) {
    (void)unused;
    scene();
    activation_hold(actor(1));
    fake_host_pass(&fake, 2 * RUNTIME_IDLE_US);
    assert_non_null(runtime_find(fake.runtime, uuid_of(1)));
    fake_host_stop(&fake);
}

static void a_snapshot_is_wished_for_every_so_many_events(void **unused) {
    (void)unused;
    scene();
    for (uint32_t i = 0; i < RUNTIME_SNAPSHOT_EVERY; i++) {
        push(1, COUNTER_ADD, (struct counter_message){uuid_of(100 + i), 1, {{0}}});
        fake_host_run(&fake);
        fake_host_forget_notes(&fake);
    }
    assert_true(fake_host_stream(&fake, COUNTER_KIND, uuid_of(1))->has_snapshot);
    fake_host_crash(&fake, kinds, 1);
    actor(1);
    assert_int_equal(state(1)->total, RUNTIME_SNAPSHOT_EVERY);
    fake_host_stop(&fake);
}

static void a_load_that_breaks_off_leaves_nothing_for_the_next_one(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    fake_host_pass(&fake, 2 * RUNTIME_IDLE_US);
    struct fake_stream *stream = fake_host_stream(&fake, COUNTER_KIND, uuid_of(1));
    assert_true(stream->has_snapshot);
    fake.loads_wait = true;
    struct activation *interrupted = actor(1);
    activation_hold(interrupted);
    assert_true(runtime_load_snapshot(interrupted, &stream->snapshot));
    fake.loads_wait = false;
    runtime_loaded(interrupted, LOAD_UNAVAILABLE);
    fake_host_pass(&fake, RUNTIME_RETRY_LAST_US);
    assert_int_equal(state(1)->total, 4);
    fake_host_stop(&fake);
}

static void a_snapshot_of_another_format_is_left_and_everything_is_replayed(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    fake_host_pass(&fake, 2 * RUNTIME_IDLE_US);
    struct fake_stream *stream = fake_host_stream(&fake, COUNTER_KIND, uuid_of(1));
    stream->snapshot.state_format++;
    actor(1);
    assert_int_equal(state(1)->total, 4);
    fake_host_stop(&fake);
}

static void an_unreadable_event_keeps_the_actor_closed(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    fake_host_stream(&fake, COUNTER_KIND, uuid_of(1))->events[0].header.tag = 99;
    fake_host_crash(&fake, kinds, 1);
    attach(1, 0, 7);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(101), 4, {{0}}});
    fake_host_run(&fake);
    assert_int_equal(fake_host_note(&fake, NOTE_LOST, 0)->why, LOAD_NEWER_VERSION);
    fake_host_stop(&fake);
}

static void a_lost_shard_takes_its_actors_and_no_others(void **unused) {
    (void)unused;
    scene();
    for (uint32_t i = 1; i <= 50; i++) {
        actor(i);
    }
    runtime_drop_shard(fake.runtime, 7);
    assert_null(runtime_find(fake.runtime, uuid_of(7)));
    assert_int_equal(fake_host_count(&fake, NOTE_LOST), 1);
    runtime_drop_shard(fake.runtime, RUNTIME_ALL_SHARDS);
    assert_int_equal(fake_host_count(&fake, NOTE_LOST), 50);
    fake_host_run(&fake);
    assert_int_equal(fake_host_count(&fake, NOTE_DROP), 50);
    fake_host_stop(&fake);
}

static void an_append_that_ends_after_its_shard_was_lost_changes_nothing(void **unused) {
    (void)unused;
    scene();
    fake.appends_wait = true;
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(100), 4, {{0}}});
    fake_host_run(&fake);
    runtime_drop_shard(fake.runtime, RUNTIME_ALL_SHARDS);
    fake_host_run(&fake);
    assert_int_equal(fake_host_count(&fake, NOTE_DROP), 0);
    fake_host_commit(&fake);
    fake_host_run(&fake);
    assert_int_equal(fake_host_count(&fake, NOTE_PUBLISH), 0);
    assert_int_equal(fake_host_count(&fake, NOTE_DROP), 1);
    fake_host_stop(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_durable_message_arrives_once_though_its_sender_crashed_at_once),
        cmocka_unit_test(a_refused_durable_message_is_settled),
        cmocka_unit_test(message_ids_depend_on_stream_version_and_index_alone),
        cmocka_unit_test(a_durable_timer_fires_after_a_restart),
        cmocka_unit_test(a_volatile_timer_fires_in_time_and_not_after_a_restart),
        cmocka_unit_test(messages_in_memory_go_from_actor_to_actor_and_back),
        cmocka_unit_test(a_full_mailbox_says_so_and_warns_from_its_half_on),
        cmocka_unit_test(a_sender_rests_while_its_target_is_crowded),
        cmocka_unit_test(a_batch_ends_after_100_messages_so_that_others_have_their_turn),
        cmocka_unit_test(a_failed_check_costs_the_actor_its_effects_and_nobody_else_anything),
        cmocka_unit_test(a_turn_without_space_for_its_messages_costs_the_actor_that_turn_only),
        cmocka_unit_test(a_check_that_fails_while_an_append_is_in_flight_waits_for_its_outcome),
        cmocka_unit_test(failures_far_apart_do_not_quarantine),
        cmocka_unit_test(the_crash_marker_names_the_command_while_it_is_decided),
        cmocka_unit_test(people_attach_when_the_actor_is_loaded_and_only_with_a_grant),
        cmocka_unit_test(an_attach_given_up_while_loading_is_not_answered),
        cmocka_unit_test(what_was_committed_unseen_is_published_when_the_actor_catches_up),
        cmocka_unit_test(an_idle_actor_is_saved_passivated_and_comes_back_the_same),
        cmocka_unit_test(a_held_actor_is_not_passivated),
        cmocka_unit_test(a_snapshot_is_wished_for_every_so_many_events),
        cmocka_unit_test(a_load_that_breaks_off_leaves_nothing_for_the_next_one),
        cmocka_unit_test(a_snapshot_of_another_format_is_left_and_everything_is_replayed),
        cmocka_unit_test(an_unreadable_event_keeps_the_actor_closed),
        cmocka_unit_test(a_lost_shard_takes_its_actors_and_no_others),
        cmocka_unit_test(an_append_that_ends_after_its_shard_was_lost_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
