/* links: server_core */
/* Messages that were committed are given to whom they are for: once, and in order. */
#include "tests/unit/support_journal.h"

/* An append of one event that sends a message, as the first of its stream. */
static void send(unsigned number, struct effect_message *message) {
    static const uint8_t fields[] = {0x91, 0xc0};
    struct voice *voice = &voices[number];
    *message = (struct effect_message){.target_kind = 1,
                                       .target = {{3, 9}},
                                       .command = {9, {sizeof fields, fields}},
                                       .command_id = {{8, (uint8_t)number}},
                                       .durable = true};
    *voice = (struct voice){.head = {.stream = {{3, (uint8_t)number}}, .kind = 1},
                            .effects = {.event_count = 1,
                                        .events = {{72, {sizeof fields, fields}}},
                                        .messages = message,
                                        .message_count = 1}};
    voice->append = (struct append){.first_version = 1,
                                    .at = now,
                                    .command_id = {{4, (uint8_t)number}},
                                    .effects = &voice->effects};
    store_append(store, &voice->head, &voice->append, on_result, voice);
    run();
    assert_int_equal(database.batch->pending_count, 1);
}

static void a_message_is_given_once_it_is_committed(void **state) {
    (void)state;
    struct effect_message message;
    nothing_is_pending(); /* or it would wait for what came before it */
    send(0, &message);
    assert_int_equal(given, 0);
    end_append(DATABASE_OK);
    run();
    run();
    assert_int_equal(given, 1);
}

static void
what_is_committed_during_a_read_is_given_behind_it_and_before_what_follows(void **state) {
    (void)state;
    struct effect_message messages[2];
    run(); /* reads what an earlier life left */
    send(0, &messages[0]);
    end_append(DATABASE_OK);
    run();
    assert_int_equal(given, 0);
    pending_is_answered(DATABASE_OK);
    send(1, &messages[1]);
    end_append(DATABASE_OK);
    run();
    assert_int_equal(given, 2);
    assert_true(uuid_equal(given_ids[0], messages[0].command_id));
    assert_true(uuid_equal(given_ids[1], messages[1].command_id));
}

static void after_a_read_that_failed_everything_waits_for_the_next_one(void **state) {
    (void)state;
    struct effect_message messages[2];
    run();
    send(0, &messages[0]);
    end_append(DATABASE_OK);
    pending_is_answered(DATABASE_AWAY);
    send(1, &messages[1]);
    end_append(DATABASE_OK);
    run();
    assert_int_equal(given, 0); /* both are in the database, in order */
}
int main(void) {
    const struct CMUnitTest tests[] = {
        story(a_message_is_given_once_it_is_committed),
        story(what_is_committed_during_a_read_is_given_behind_it_and_before_what_follows),
        story(after_a_read_that_failed_everything_waits_for_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
