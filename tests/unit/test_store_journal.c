/* links: server_core */
/* The rules of group commit, each against a database that does what the test says. */
#include "tests/unit/support_journal.h"

static void nothing_is_acknowledged_before_it_is_committed(void **state) {
    (void)state;
    struct voice *voice = say(0, 2);
    run();
    assert_int_equal(voice->answers, 0);
    assert_int_equal(voice->head.version, 0);
    end_append(DATABASE_OK);
    assert_int_equal(voice->result, STORE_OK);
    assert_int_equal(voice->head.version, 2);
}

static void a_streams_key_is_written_with_its_first_event(void **state) {
    (void)state;
    say(0, 1);
    run();
    assert_int_equal(database.batch->stream_key_count, 1);
    assert_int_equal(database.batch->event_count, 1);
    end_append(DATABASE_OK);
    voices[0].append.first_version = 2;
    store_append(store, &voices[0].head, &voices[0].append, on_result, &voices[0]);
    run();
    assert_int_equal(database.batch->stream_key_count, 0);
    end_append(DATABASE_OK);
}

static void while_one_batch_is_in_flight_the_next_collects(void **state) {
    (void)state;
    say(0, 1);
    run();
    for (unsigned i = 1; i <= 5; i++)
        say(i, 1);
    run();
    assert_int_equal(database.appends, 1);
    end_append(DATABASE_OK);
    assert_int_equal(database.appends, 2);
    assert_int_equal(database.batch->event_count, 5);
    end_append(DATABASE_OK);
    for (unsigned i = 0; i <= 5; i++)
        assert_int_equal(voices[i].result, STORE_OK);
}

static void a_batch_has_at_most_128_rows(void **state) {
    (void)state;
    for (unsigned i = 0; i < 60; i++)
        say(i, 3);
    run();
    assert_int_equal(database.batch->event_count, 126);
    end_append(DATABASE_OK);
    assert_int_equal(database.batch->event_count, 54);
    end_append(DATABASE_OK);
}

static void of_a_refused_batch_only_the_stream_at_fault_is_told(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        say(i, 1);
    run();
    assert_int_equal(database.batch->event_count, 3);
    end_append(DATABASE_CONFLICT);
    end_append(DATABASE_OK);
    end_append(DATABASE_CONFLICT); /* the second: what stands there is read and is not ours */
    run();
    end_append(DATABASE_OK);
    assert_int_equal(voices[0].result, STORE_OK);
    assert_int_equal(voices[1].result, STORE_CONFLICT);
    assert_int_equal(voices[2].result, STORE_OK);
    assert_int_equal(voices[1].head.version, 0);
}

static void after_an_unknown_outcome_the_same_bytes_are_sent_again(void **state) {
    (void)state;
    struct voice *voice = say(0, 2);
    run();
    struct event_row first = database.batch->events[1];
    uint8_t payload[64];
    memcpy(payload, first.payload.bytes, first.payload.length);
    end_append(DATABASE_AWAY);
    assert_null(database.batch);
    now += SECOND;
    run();
    struct event_row second = database.batch->events[1];
    assert_memory_equal(first.hash, second.hash, sizeof first.hash);
    assert_int_equal(first.payload.length, second.payload.length);
    assert_memory_equal(payload, second.payload.bytes, second.payload.length);
    end_append(DATABASE_OK);
    assert_int_equal(voice->result, STORE_OK);
    assert_int_equal(voice->answers, 1);
}

/* The transaction was committed and the connection lost before anybody heard of it. */
static void commit_unheard(void) {
    for (size_t i = 0; i < database.batch->event_count; i++)
        database.events[database.event_count++] = database.batch->events[i];
    end_append(DATABASE_AWAY);
    now += SECOND;
    run();
}

static void a_commit_that_nobody_heard_of_counts_once_it_is_confirmed(void **state) {
    (void)state;
    struct voice *voice = say(0, 2);
    run();
    /* The rows borrow from the append, which stays until it is answered. */
    commit_unheard();
    end_append(DATABASE_CONFLICT);
    assert_non_null(database.batch); /* alone, then */
    end_append(DATABASE_CONFLICT);
    run();
    assert_int_equal(voice->answers, 0);
    assert_int_equal(database.batch->event_count, 0); /* waits until it is as safe as any */
    end_append(DATABASE_OK);
    assert_int_equal(voice->result, STORE_OK);
    assert_int_equal(voice->head.version, 2);
}

static void another_row_at_this_version_is_a_conflict(void **state) {
    (void)state;
    struct voice *voice = say(0, 1);
    run();
    database.events[database.event_count] = database.batch->events[0];
    database.events[database.event_count].command_id = (struct uuid){{77}};
    database.events[database.event_count++].hash[0] ^= 1;
    end_append(DATABASE_CONFLICT);
    end_append(DATABASE_CONFLICT);
    run();
    assert_int_equal(voice->result, STORE_CONFLICT);
    assert_false(keys_has_stream(keys, voice->head.stream));
}

static void a_command_id_that_is_in_the_record_already_is_a_duplicate(void **state) {
    (void)state;
    struct voice *voice = say(0, 1);
    run();
    database.events[database.event_count] = database.batch->events[0];
    database.events[database.event_count++].version = 40;
    end_append(DATABASE_CONFLICT);
    end_append(DATABASE_CONFLICT);
    run();
    assert_int_equal(voice->result, STORE_DUPLICATE);
}

static void a_lost_fence_drops_all_shards_and_tells_everybody(void **state) {
    (void)state;
    say(0, 1);
    run();
    say(1, 1);
    end_append(DATABASE_FENCED);
    assert_false(owned_any);
    assert_int_equal(voices[0].result, STORE_FENCED);
    assert_int_equal(voices[1].result, STORE_FENCED);
    assert_int_equal(database.appends, 1);
    say(2, 1);
    run();
    assert_int_equal(voices[2].result, STORE_FENCED);
    now += 2 * SECOND;
    run();
    assert_true(owned_any); /* it takes part again, as another incarnation */
}

static void nobody_waits_longer_than_ten_seconds_for_a_database_that_is_away(void **state) {
    (void)state;
    say(0, 1);
    run();
    say(1, 1);
    end_append(DATABASE_AWAY);
    database.away = true;
    for (int i = 0; i < 9; i++) {
        now += SECOND;
        run();
    }
    assert_false(store_available(store));
    assert_int_equal(voices[0].answers + voices[1].answers, 0);
    now += 2 * SECOND;
    run();
    assert_int_equal(voices[0].result, STORE_UNAVAILABLE);
    assert_int_equal(voices[1].result, STORE_UNAVAILABLE);
    assert_int_equal(database.appends, 1);
}

static void no_callback_comes_from_inside_the_call(void **state) {
    (void)state;
    struct voice *voice = say(0, 1);
    voice->append.first_version = 9;
    struct voice *other = &voices[1];
    *other = *voice;
    other->answers = 0;
    store_append(store, &other->head, &other->append, on_result, other);
    assert_int_equal(other->answers, 0);
    run();
    assert_int_equal(other->answers, 1);
    assert_int_equal(other->result, STORE_CONFLICT);
    end_append(DATABASE_OK);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        story(nothing_is_acknowledged_before_it_is_committed),
        story(a_streams_key_is_written_with_its_first_event),
        story(while_one_batch_is_in_flight_the_next_collects),
        story(a_batch_has_at_most_128_rows),
        story(of_a_refused_batch_only_the_stream_at_fault_is_told),
        story(after_an_unknown_outcome_the_same_bytes_are_sent_again),
        story(a_commit_that_nobody_heard_of_counts_once_it_is_confirmed),
        story(another_row_at_this_version_is_a_conflict),
        story(a_command_id_that_is_in_the_record_already_is_a_duplicate),
        story(a_lost_fence_drops_all_shards_and_tells_everybody),
        story(nobody_waits_longer_than_ten_seconds_for_a_database_that_is_away),
        story(no_callback_comes_from_inside_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}