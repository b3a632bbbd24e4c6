/* links: native_client protocol */
#include "clients/native/client_session.h"
#include "protocol/generated/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SENT_MAX = 16, FRAME_MAX = 256, EVENT_TAG = 73, SNAPSHOT_TAG = 72 };

// What a session did: the frames it sent and what it told.
struct record {
    struct client_session session;
    uint8_t sent[SENT_MAX][FRAME_MAX];
    struct frame frames[SENT_MAX];
    size_t sent_count;
    uint64_t versions[SENT_MAX];
    size_t version_count;
    size_t answers;
    size_t ended;
};

static void on_send(void *context, struct bytes frame) {
    struct record *record = context;
    assert_true(record->sent_count < SENT_MAX && frame.length <= FRAME_MAX);
    uint8_t *copy = record->sent[record->sent_count];
    memcpy(copy, frame.bytes, frame.length);
    struct bytes kept = {frame.length, copy};
    assert_true(frame_read(kept, &record->frames[record->sent_count++]));
}

static void on_message(void *context, const struct client_channel *channel,
                       const struct frame *frame) {
    struct record *record = context;
    (void)channel;
    record->versions[record->version_count++] = frame->version;
}

static void on_answered(void *context, const struct frame *frame) {
    (void)frame;
    ((struct record *)context)->answers++;
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    (void)channel;
    (void)reason;
    ((struct record *)context)->ended++;
}

static const struct client_session_handler handler = {
    .send = on_send, .message = on_message, .answered = on_answered, .ended = on_ended};

static const struct uuid board = {{1, 2, 3}};

static void begin(struct record *record) {
    memset(record, 0, sizeof(*record));
    client_session_init(&record->session, &handler, record, TEXT("test"));
}

static bool give(struct record *record, const struct frame *frame) {
    uint8_t bytes[FRAME_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes, sizeof(bytes));
    frame_write(&writer, frame);
    return client_session_frame(&record->session, writer_bytes(&writer), 1000);
}

static void give_control(struct record *record, uint8_t tag, uint32_t seq, const void *message) {
    uint8_t bytes[FRAME_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes, sizeof(bytes));
    assert_true(session_encode(tag, message, &writer));
    enum frame_form form =
        session_rules[tag].class == MESSAGE_NOTICE ? FRAME_EPHEMERAL : FRAME_NUMBERED;
    struct frame frame = {.form = form, .tag = tag, .seq = seq, .fields = writer_bytes(&writer)};
    assert_true(give(record, &frame));
}

static void give_opened(struct record *record, uint16_t number, enum resumption resumption,
                        uint64_t version) {
    struct channel_opened opened = {
        .channel = number, .audience = 1, .resumption = resumption, .version = version};
    give_control(record, SESSION_CHANNEL_OPENED, 0, &opened);
}

static void give_event(struct record *record, uint64_t version, uint64_t previous) {
    static const uint8_t no_fields[] = {0x90};
    struct frame frame = {.form = FRAME_EVENT,
                          .channel = 1,
                          .tag = EVENT_TAG,
                          .version = version,
                          .previous = previous,
                          .fields = {1, no_fields}};
    assert_true(give(record, &frame));
}

static void welcome(struct record *record) {
    struct welcome message = {.heartbeat_ms = 10000, .revision = 1};
    client_session_connected(&record->session);
    give_control(record, SESSION_WELCOME, 1, &message);
}

static void give_snapshot(struct record *record) {
    static const uint8_t no_fields[] = {0x90};
    struct frame frame = {
        .form = FRAME_NUMBERED, .channel = 1, .tag = SNAPSHOT_TAG, .fields = {1, no_fields}};
    assert_true(give(record, &frame));
    record->version_count = 0;
}

// A session whose board 1 was announced at `version`, with its snapshot still under way.
static void announce_at(struct record *record, uint64_t version) {
    begin(record);
    assert_true(client_session_open(&record->session, 1, CHANNEL_KIND_BOARD, board));
    welcome(record);
    give_opened(record, 1, RESUMPTION_SNAPSHOT, version);
    record->sent_count = 0;
}

// A session with board 1 open at `version`, and nothing on record yet.
static void open_at(struct record *record, uint64_t version) {
    announce_at(record, version);
    give_snapshot(record);
}

// How the session asks for board 1 when it is connected again.
static struct open_channel asked_again(struct record *record) {
    record->sent_count = 0;
    client_session_disconnected(&record->session);
    welcome(record);
    const struct frame *frame = &record->frames[1];
    assert_int_equal(frame->tag, SESSION_OPEN_CHANNEL);
    struct reader reader = reader_of(frame->fields);
    struct open_channel open;
    assert_true(open_channel_read(&reader, NULL, &open));
    return open;
}

static struct encoded command_of(const uint8_t *bytes, size_t length) {
    return (struct encoded){2, {(uint32_t)length, bytes}};
}

static void channels_are_asked_for_only_after_the_welcome(void **state) {
    (void)state;
    static struct record record;
    begin(&record);
    assert_true(client_session_open(&record.session, 1, CHANNEL_KIND_BOARD, board));
    client_session_connected(&record.session);
    assert_int_equal(record.sent_count, 1);
    assert_int_equal(record.frames[0].tag, SESSION_HELLO);
    welcome(&record);
    assert_int_equal(record.frames[2].tag, SESSION_OPEN_CHANNEL);
    client_session_finish(&record.session);
}

static void a_channel_is_resumed_from_the_version_it_holds(void **state) {
    (void)state;
    static struct record record;
    open_at(&record, 5);
    give_event(&record, 7, 5); // 6 was for another audience
    struct open_channel open = asked_again(&record);
    assert_int_equal(open.version, 7);
    assert_int_equal(open.audience, 1);
    client_session_finish(&record.session);
}

static void an_event_that_comes_twice_is_told_once(void **state) {
    (void)state;
    static struct record record;
    open_at(&record, 5);
    give_event(&record, 6, 5);
    give_event(&record, 6, 5);
    assert_int_equal(record.version_count, 1);
    assert_int_equal(record.session.repeats, 1);
    client_session_finish(&record.session);
}

static void a_gap_is_not_told_but_asked_for_again(void **state) {
    (void)state;
    static struct record record;
    open_at(&record, 5);
    give_event(&record, 8, 7);
    assert_int_equal(record.version_count, 0);
    assert_int_equal(record.session.gaps, 1);
    assert_int_equal(record.frames[0].tag, SESSION_CLOSE_CHANNEL);
    assert_int_equal(record.frames[1].tag, SESSION_OPEN_CHANNEL);
    give_event(&record, 9, 8); // still of before: not told
    give_opened(&record, 1, RESUMPTION_RESUMED, 9);
    give_event(&record, 7, 5);
    give_event(&record, 8, 7);
    give_event(&record, 9, 8);
    assert_int_equal(record.version_count, 3);
    assert_int_equal(record.versions[0], 7);
    client_session_finish(&record.session);
}

static void an_unanswered_command_is_sent_again_as_it_was(void **state) {
    (void)state;
    static struct record record;
    const uint8_t fields[] = {0x92, 0xc0, 0x07};
    open_at(&record, 5);
    uint32_t seq = client_session_command(&record.session, 1, command_of(fields, 3));
    assert_int_not_equal(seq, 0);
    client_session_disconnected(&record.session);
    record.sent_count = 0;
    welcome(&record);
    give_opened(&record, 1, RESUMPTION_RESUMED, 5);
    assert_int_equal(record.sent_count, 3);
    const struct frame *again = &record.frames[2];
    assert_int_equal(again->seq, seq);
    assert_int_equal(again->fields.length, 3);
    assert_memory_equal(again->fields.bytes, fields, 3);
    client_session_finish(&record.session);
}

static void an_answered_command_is_not_sent_again(void **state) {
    (void)state;
    static struct record record;
    const uint8_t fields[] = {0x91, 0xc0}, no_fields[] = {0x90};
    open_at(&record, 5);
    uint32_t seq = client_session_command(&record.session, 1, command_of(fields, 2));
    struct frame answer = {.form = FRAME_NUMBERED,
                           .channel = 1,
                           .tag = REPLY_ACCEPTED,
                           .seq = seq,
                           .fields = {1, no_fields}};
    assert_true(give(&record, &answer));
    assert_int_equal(record.answers, 1);
    client_session_disconnected(&record.session);
    record.sent_count = 0;
    welcome(&record);
    give_opened(&record, 1, RESUMPTION_RESUMED, 5);
    assert_int_equal(record.sent_count, 2); // hello and open
    client_session_finish(&record.session);
}

static void a_signal_without_an_open_channel_is_dropped(void **state) {
    (void)state;
    static struct record record;
    const uint8_t fields[] = {0x90};
    open_at(&record, 5);
    client_session_disconnected(&record.session);
    client_session_signal(&record.session, 1, command_of(fields, 1));
    assert_int_equal(record.sent_count, 0);
    client_session_finish(&record.session);
}

static void an_ended_channel_is_told_and_not_opened_again(void **state) {
    (void)state;
    static struct record record;
    struct channel_ended message = {.channel = 1, .reason = CHANNEL_END_REVOKED};
    open_at(&record, 5);
    give_control(&record, SESSION_CHANNEL_ENDED, 0, &message);
    assert_int_equal(record.ended, 1);
    assert_null(client_session_channel(&record.session, 1));
    client_session_disconnected(&record.session);
    record.sent_count = 0;
    welcome(&record);
    assert_int_equal(record.sent_count, 1);
    client_session_finish(&record.session);
}

static void a_channel_that_cannot_be_opened_just_now_is_asked_for_again(void **state) {
    (void)state;
    static struct record record;
    struct refused refused = {.reason = REFUSAL_UNAVAILABLE};
    begin(&record);
    assert_true(client_session_open(&record.session, 1, CHANNEL_KIND_BOARD, board));
    welcome(&record);
    give_control(&record, REPLY_REFUSED, record.frames[1].seq, &refused);
    assert_int_equal(record.ended, 0);
    assert_true(record.session.asks_again);
    client_session_ask_again(&record.session);
    assert_int_equal(record.sent_count, 3);
    assert_int_equal(record.frames[2].tag, SESSION_OPEN_CHANNEL);
    client_session_finish(&record.session);
}

static void a_changed_grant_is_not_resumed_from_before_it(void **state) {
    (void)state;
    static struct record record;
    struct grant_changed changed = {.channel = 1, .audience = 3, .version = 5};
    open_at(&record, 5);
    give_control(&record, SESSION_GRANT_CHANGED, 0, &changed);
    assert_int_equal(asked_again(&record).version, 0);
    client_session_finish(&record.session);
}

static void a_changed_grant_is_resumed_from_its_snapshot(void **state) {
    (void)state;
    static struct record record;
    struct grant_changed changed = {.channel = 1, .audience = 3, .version = 4};
    open_at(&record, 5);
    give_control(&record, SESSION_GRANT_CHANGED, 0, &changed);
    give_snapshot(&record);
    give_event(&record, 6, 4);
    assert_int_equal(record.version_count, 1);
    assert_int_equal(asked_again(&record).version, 6);
    client_session_finish(&record.session);
}

static void a_snapshot_that_was_announced_and_never_came_is_not_resumed_from(void **state) {
    (void)state;
    static struct record record;
    announce_at(&record, 5);
    assert_int_equal(asked_again(&record).version, 0);
    client_session_finish(&record.session);
}

static void what_is_no_frame_of_a_server_is_refused(void **state) {
    (void)state;
    static struct record record;
    const uint8_t nonsense[] = {0xc1, 0xff}, upward[] = {0x93, 0x00, 0x02, 0x90};
    open_at(&record, 5);
    struct bytes frames[] = {{2, nonsense}, {4, upward}, {0, nonsense}};
    for (size_t i = 0; i < 3; i++)
        assert_false(client_session_frame(&record.session, frames[i], 0));
    client_session_finish(&record.session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_are_asked_for_only_after_the_welcome),
        cmocka_unit_test(a_channel_is_resumed_from_the_version_it_holds),
        cmocka_unit_test(an_event_that_comes_twice_is_told_once),
        cmocka_unit_test(a_gap_is_not_told_but_asked_for_again),
        cmocka_unit_test(an_unanswered_command_is_sent_again_as_it_was),
        cmocka_unit_test(an_answered_command_is_not_sent_again),
        cmocka_unit_test(a_signal_without_an_open_channel_is_dropped),
        cmocka_unit_test(an_ended_channel_is_told_and_not_opened_again),
        cmocka_unit_test(a_channel_that_cannot_be_opened_just_now_is_asked_for_again),
        cmocka_unit_test(a_changed_grant_is_not_resumed_from_before_it),
        cmocka_unit_test(a_changed_grant_is_resumed_from_its_snapshot),
        cmocka_unit_test(a_snapshot_that_was_announced_and_never_came_is_not_resumed_from),
        cmocka_unit_test(what_is_no_frame_of_a_server_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
