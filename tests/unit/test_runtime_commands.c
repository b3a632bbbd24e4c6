/* links: actors actor_test_support */
/* Durable commands: from the mailbox through the record to the answer, and what retries get. */
#include "tests/unit/support_counter.h"
#include "tests/unit/support_runtime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct actor_kind *const kinds[] = {&counter_kind};

struct scene {
    struct fake_host fake;
    struct activation *actor;
};

static void start(struct scene *scene) {
    fake_host_start(&scene->fake, kinds, 1);
    scene->actor = runtime_activate(scene->fake.runtime, COUNTER_KIND, uuid_of(1));
    activation_hold(scene->actor);
}

static struct counter *state(struct scene *scene) {
    return (struct counter *)activation_actor(scene->actor);
}

static enum push_result push_by(struct scene *scene, uint8_t tag, struct counter_message message,
                                uint32_t slot, struct uuid user, uint16_t roles) {
    struct arena *arena = runtime_arena(scene->fake.runtime);
    struct incoming incoming = {
        .tag = tag,
        .message = arena_copy(arena, &message, sizeof message),
        .arena = arena,
        .sender = {.session = {.node = 1, .slot = slot, .generation = 1},
                   .user = user,
                   .roles = roles,
                   .actions = COUNTER_MAY_COUNT},
        .channel = 1,
        .seq = message.command_id.bytes[15],
    };
    return runtime_push(scene->fake.runtime, scene->actor, &incoming);
}

static enum push_result push(struct scene *scene, uint8_t tag, uint32_t number, uint32_t id) {
    struct counter_message message = {.command_id = uuid_of(id), .number = number};
    return push_by(scene, tag, message, 5, uuid_of(7), 1u << ROLE_MEMBER);
}

static void a_command_is_applied_answered_and_published_only_after_the_commit(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    assert_int_equal(state(&scene)->total, 0);
    assert_int_equal(scene.fake.note_count, 0);

    fake_host_commit(&scene.fake);
    assert_int_equal(state(&scene)->total, 4);
    /* Answered first: what is published may end the sender's own channel. */
    assert_int_equal(scene.fake.notes[0].what, NOTE_ANSWER);
    assert_int_equal(scene.fake.notes[0].version, 1);
    assert_int_equal(scene.fake.notes[1].what, NOTE_PUBLISH);
    fake_host_stop(&scene.fake);
}

static void while_an_append_is_in_flight_commands_wait_and_signals_go_on(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    push(&scene, COUNTER_ADD, 5, 101);
    push(&scene, COUNTER_POKE, 0, 0);
    push(&scene, COUNTER_ASK, 0, 0);
    fake_host_run(&scene.fake);
    assert_int_equal(state(&scene)->pokes, 1);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_ANSWER), 1);
    assert_int_equal(activation_waiting(scene.actor), 1);

    fake_host_commit(&scene.fake);
    fake_host_run(&scene.fake);
    fake_host_commit(&scene.fake);
    assert_int_equal(state(&scene)->total, 9);
    fake_host_stop(&scene.fake);
}

static void messages_are_taken_in_the_order_they_came_when_nothing_is_in_flight(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_POKE, 0, 0);
    push(&scene, COUNTER_ADD, 13, 100);
    push(&scene, COUNTER_ASK, 0, 0);
    fake_host_run(&scene.fake);
    assert_int_equal(scene.fake.notes[0].what, NOTE_EPHEMERA);
    assert_int_equal(scene.fake.notes[1].refusal, REFUSAL_BAD_STATE);
    assert_int_equal(scene.fake.notes[2].tag, REPLY_ACCEPTED);
    fake_host_stop(&scene.fake);
}

static void a_refused_command_leaves_no_trace(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 13, 100);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->refusal, REFUSAL_BAD_STATE);
    assert_int_equal(activation_version(scene.actor), 0);
    assert_int_equal(fake_host_stream(&scene.fake, COUNTER_KIND, uuid_of(1))->count, 0);
    fake_host_stop(&scene.fake);
}

static void a_command_that_changes_nothing_is_accepted_at_the_present_version(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 1, 100);
    push(&scene, COUNTER_ADD, 0, 101);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_note(&scene.fake, NOTE_ANSWER, 1)->version, 1);
    fake_host_stop(&scene.fake);
}

static void an_old_command_that_would_be_refused_today_gets_its_first_answer(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 4, 100);
    for (uint32_t i = 0; i < RUNTIME_RECENT_COMMANDS; i++) {
        push(&scene, COUNTER_ADD, 1, 101 + i);
        fake_host_run(&scene.fake);
    }
    push(&scene, COUNTER_ADD, 13, 100); /* forgotten by now, and refused if it were new */
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->tag, REPLY_ACCEPTED);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    push(&scene, COUNTER_ADD, 13, 999);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->refusal, REFUSAL_BAD_STATE);
    fake_host_stop(&scene.fake);
}

static void a_retry_gets_the_original_answer_without_a_new_turn(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 4, 100);
    push(&scene, COUNTER_ADD, 5, 101);
    fake_host_run(&scene.fake);
    fake_host_forget_notes(&scene.fake);
    push(&scene, COUNTER_ADD, 4, 100);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    fake_host_run(&scene.fake);
    assert_int_equal(state(&scene)->total, 9);
    fake_host_stop(&scene.fake);
}

static void a_retry_of_what_is_in_flight_happens_once_and_both_are_answered(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    fake_host_commit(&scene.fake);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_ANSWER), 2);
    assert_int_equal(fake_host_note(&scene.fake, NOTE_ANSWER, 1)->version, 1);
    assert_int_equal(state(&scene)->total, 4);
    fake_host_stop(&scene.fake);
}

static void a_retry_after_a_restart_gets_the_original_answer(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 4, 100);
    push(&scene, COUNTER_ADD, 5, 101);
    fake_host_run(&scene.fake);
    fake_host_crash(&scene.fake, kinds, 1);
    scene.actor = runtime_activate(scene.fake.runtime, COUNTER_KIND, uuid_of(1));
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    assert_int_equal(state(&scene)->total, 9);
    fake_host_stop(&scene.fake);
}

static void a_retry_older_than_memory_is_answered_from_the_record(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    for (uint32_t i = 0; i <= RUNTIME_RECENT_COMMANDS; i++) {
        push(&scene, COUNTER_ADD, 1, 100 + i);
        fake_host_run(&scene.fake);
    }
    fake_host_forget_notes(&scene.fake);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 1, 100);
    fake_host_run(&scene.fake);
    scene.fake.waiting_append = NULL;
    runtime_appended_before(scene.actor, 1);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    assert_int_equal(state(&scene)->total, RUNTIME_RECENT_COMMANDS + 1);
    fake_host_stop(&scene.fake);
}

static void a_lost_answer_of_the_store_ends_in_one_commit_and_one_answer(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    fake_host_record(&scene.fake);
    fake_host_answer_append(&scene.fake, APPEND_UNAVAILABLE);
    fake_host_run(&scene.fake);
    assert_int_equal(state(&scene)->total, 4);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_ANSWER), 1);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    fake_host_stop(&scene.fake);
}

static void an_append_that_never_arrived_is_made_again(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    fake_host_answer_append(&scene.fake, APPEND_UNAVAILABLE);
    fake_host_run(&scene.fake);
    fake_host_commit(&scene.fake);
    assert_int_equal(state(&scene)->total, 4);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    fake_host_stop(&scene.fake);
}

/* A full disk refuses it until there is space again. */
static void what_came_out_of_the_record_is_tried_for_ever_but_not_without_a_pause(void **unused) {
    (void)unused;
    enum { MANY = 100 };
    struct scene scene;
    struct arena arena;
    start(&scene);
    arena_init(&arena, EFFECT_BYTES_MAX);
    scene.fake.appends_wait = true;
    struct counter_message message = {.command_id = uuid_of(100), .number = 4};
    assert_true(runtime_deliver(scene.fake.runtime, COUNTER_KIND, uuid_of(1),
                                counter_encode(&arena, COUNTER_ADD, &message), uuid_of(100),
                                uuid_of(100)));
    arena_finish(&arena);
    fake_host_run(&scene.fake);
    uint32_t tries = 0;
    for (; scene.fake.waiting_append != NULL && tries < MANY; tries++) {
        fake_host_answer_append(&scene.fake, APPEND_UNAVAILABLE);
        fake_host_run(&scene.fake);
    }
    assert_true(tries < MANY);
    push(&scene, COUNTER_ADD, 5, 101);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->refusal, REFUSAL_UNAVAILABLE);
    fake_host_pass(&scene.fake, RUNTIME_RETRY_LAST_US);
    assert_non_null(scene.fake.waiting_append);
    fake_host_commit(&scene.fake);
    assert_int_equal(state(&scene)->total, 4);
    fake_host_stop(&scene.fake);
}

static void while_the_database_is_away_signals_go_on_and_commands_are_told_so(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.database_away = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    push(&scene, COUNTER_POKE, 0, 0);
    push(&scene, COUNTER_ADD, 5, 101);
    fake_host_run(&scene.fake);
    assert_int_equal(state(&scene)->pokes, 1);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_ANSWER), 1);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->refusal, REFUSAL_UNAVAILABLE);

    scene.fake.database_away = false;
    fake_host_pass(&scene.fake, 2 * RUNTIME_RETRY_LAST_US);
    assert_int_equal(state(&scene)->total, 4);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->version, 1);
    fake_host_stop(&scene.fake);
}

static void what_another_writer_committed_is_published_when_a_conflict_shows_it(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    struct attach_request request = {0};
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    fake_host_record(&scene.fake);
    (void)request;
    fake_host_answer_append(&scene.fake, APPEND_CONFLICT);
    fake_host_run(&scene.fake);
    assert_int_equal(activation_version(scene.actor), 1);
    fake_host_stop(&scene.fake);
}

static void what_is_called_as_another_is_called_is_refused_and_not_tried_again(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 4, 100);
    fake_host_run(&scene.fake);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 2, 101);
    fake_host_run(&scene.fake);
    fake_host_answer_append(&scene.fake, APPEND_TAKEN);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 5)->refusal, REFUSAL_CONFLICT);
    assert_null(scene.fake.waiting_append);
    assert_int_equal(state(&scene)->total, 4);
    fake_host_stop(&scene.fake);
}

static void a_fenced_append_loses_the_actor_and_says_so(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, 4, 100);
    push(&scene, COUNTER_ADD, 5, 101);
    fake_host_run(&scene.fake);
    fake_host_answer_append(&scene.fake, APPEND_FENCED);
    assert_int_equal(fake_host_note(&scene.fake, NOTE_LOST, 0)->why, LOAD_NOT_OWNED);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_ANSWER), 2);
    assert_null(runtime_find(scene.fake.runtime, uuid_of(1)));
    activation_release(scene.actor);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_count(&scene.fake, NOTE_DROP), 1);
    fake_host_stop(&scene.fake);
}

static void what_was_revoked_while_a_command_waited_is_refused(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    scene.fake.appends_wait = true;
    push(&scene, COUNTER_ADD, COUNTER_REVOKES_CHAIRS, 100);
    struct counter_message late = {.command_id = uuid_of(101), .number = 1};
    push_by(&scene, COUNTER_ONLY_CHAIR, late, 6, uuid_of(COUNTER_CHAIRS_FROM), 1u << ROLE_CHAIR);
    fake_host_run(&scene.fake);
    fake_host_commit(&scene.fake);
    fake_host_run(&scene.fake);
    assert_int_equal(fake_host_answer(&scene.fake, 6)->refusal, REFUSAL_NOT_PERMITTED);
    fake_host_stop(&scene.fake);
}

static void each_audience_is_told_the_last_version_it_saw_before(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 50, 100); /* version 1 for both, 2 for workflow alone */
    push(&scene, COUNTER_ADD, 1, 101);
    fake_host_run(&scene.fake);
    const struct fake_note *third = fake_host_note(&scene.fake, NOTE_PUBLISH, 2);
    assert_int_equal(third->version, 3);
    assert_int_equal(third->previous[0], 1);
    assert_int_equal(third->previous[1], 2);
    assert_int_equal(activation_audience_version(scene.actor, AUDIENCE_CLINICAL), 3);
    fake_host_stop(&scene.fake);
}

static void event_times_grow_even_when_the_clock_stands_still(void **unused) {
    (void)unused;
    struct scene scene;
    start(&scene);
    push(&scene, COUNTER_ADD, 1, 100);
    push(&scene, COUNTER_ADD, 1, 101);
    fake_host_run(&scene.fake);
    const struct fake_stream *stream = fake_host_stream(&scene.fake, COUNTER_KIND, uuid_of(1));
    assert_true(stream->events[1].header.at > stream->events[0].header.at);
    fake_host_stop(&scene.fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_applied_answered_and_published_only_after_the_commit),
        cmocka_unit_test(while_an_append_is_in_flight_commands_wait_and_signals_go_on),
        cmocka_unit_test(messages_are_taken_in_the_order_they_came_when_nothing_is_in_flight),
        cmocka_unit_test(a_refused_command_leaves_no_trace),
        cmocka_unit_test(a_command_that_changes_nothing_is_accepted_at_the_present_version),
        cmocka_unit_test(an_old_command_that_would_be_refused_today_gets_its_first_answer),
        cmocka_unit_test(a_retry_gets_the_original_answer_without_a_new_turn),
        cmocka_unit_test(a_retry_of_what_is_in_flight_happens_once_and_both_are_answered),
        cmocka_unit_test(a_retry_after_a_restart_gets_the_original_answer),
        cmocka_unit_test(a_retry_older_than_memory_is_answered_from_the_record),
        cmocka_unit_test(a_lost_answer_of_the_store_ends_in_one_commit_and_one_answer),
        cmocka_unit_test(an_append_that_never_arrived_is_made_again),
        cmocka_unit_test(what_came_out_of_the_record_is_tried_for_ever_but_not_without_a_pause),
        cmocka_unit_test(while_the_database_is_away_signals_go_on_and_commands_are_told_so),
        cmocka_unit_test(what_another_writer_committed_is_published_when_a_conflict_shows_it),
        cmocka_unit_test(what_is_called_as_another_is_called_is_refused_and_not_tried_again),
        cmocka_unit_test(a_fenced_append_loses_the_actor_and_says_so),
        cmocka_unit_test(what_was_revoked_while_a_command_waited_is_refused),
        cmocka_unit_test(each_audience_is_told_the_last_version_it_saw_before),
        cmocka_unit_test(event_times_grow_even_when_the_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
