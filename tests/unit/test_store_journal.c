/* links: server_core */
/* The rules of group commit, each against a database that does what the test says. */
#include "server/store/batch.h"
#include "server/store/journal.h"
#include "server/store/keys.h"
#include "server/store/ownership.h"
#include "server/store/pending.h"
#include "server/store/store_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 2048, STREAMS_MAX = 256, SECOND = 1000000 };

/* Answers everything but appends by itself; appends when and how the test says. */
struct scripted_database {
    struct database database;
    const struct database_batch *batch; /* the append in flight, NULL = none */
    database_done done;
    void *data;
    struct tenant_key_row tenant_key;
    struct stream_key_row stream_keys[STREAMS_MAX];
    size_t stream_key_count;
    struct event_row events[ROWS_MAX];
    size_t event_count;
    unsigned appends;
    bool away;
    /* The answer to be given next. */
    void (*answer)(struct scripted_database *database);
    void (*answer_done)(void);
    void *answer_data;
    struct uuid asked;
    uint64_t asked_version;
    uint32_t asked_limit;
    uint64_t incarnation;
};

static struct scripted_database database;
static struct store *store;
static struct keys *keys;
static int64_t now;
static bool owned_any;
static unsigned given;
static struct uuid given_ids[8]; /* in order */

static int64_t clock_now(struct host_clock *clock) {
    (void)clock;
    return now;
}

static void clock_random(struct host_clock *clock, void *bytes, size_t length) {
    static uint8_t next;
    (void)clock;
    memset(bytes, ++next, length);
}

static struct host_clock host_clock = {clock_now, clock_random};

static void expect_answer(void (*answer)(struct scripted_database *), void (*done)(void),
                          void *data) {
    assert_null(database.answer);
    database.answer = answer;
    database.answer_done = done;
    database.answer_data = data;
}

static void do_append(struct database *self, const struct database_batch *batch, database_done done,
                      void *data) {
    (void)self;
    assert_null(database.batch);
    database.batch = batch;
    database.done = done;
    database.data = data;
    database.appends++;
}

static void end_append(enum database_result result) {
    const struct database_batch *batch = database.batch;
    assert_non_null(batch);
    if (result == DATABASE_OK) {
        for (size_t i = 0; i < batch->event_count; i++)
            database.events[database.event_count++] = batch->events[i];
        for (size_t i = 0; i < batch->stream_key_count; i++)
            database.stream_keys[database.stream_key_count++] = batch->stream_keys[i];
    }
    database.batch = NULL;
    database.done(database.data, result);
}

static void answer_tenant_keys(struct scripted_database *self) {
    void (*done)(void *, enum database_result, const struct tenant_key_row *, size_t) = (void (*)(
        void *, enum database_result, const struct tenant_key_row *, size_t))self->answer_done;
    done(self->answer_data, DATABASE_OK, &self->tenant_key, self->tenant_key.generation > 0);
}

static void do_tenant_keys(struct database *self, struct uuid tenant,
                           void (*done)(void *, enum database_result, const struct tenant_key_row *,
                                        size_t),
                           void *data) {
    (void)self, (void)tenant;
    expect_answer(answer_tenant_keys, (void (*)(void))done, data);
}

static void answer_ok(struct scripted_database *self) {
    ((database_done)self->answer_done)(self->answer_data, DATABASE_OK);
}

static void do_add_tenant_key(struct database *self, const struct tenant_key_row *row,
                              database_done done, void *data) {
    (void)self;
    database.tenant_key = *row;
    expect_answer(answer_ok, (void (*)(void))done, data);
}

static void answer_take(struct scripted_database *self) {
    bool owned[SHARD_COUNT];
    memset(owned, 1, sizeof owned);
    ((void (*)(void *, enum database_result, uint64_t, const bool *))self->answer_done)(
        self->answer_data, DATABASE_OK, ++self->incarnation, owned);
}

static void do_take(struct database *self, struct uuid node, bool first, uint64_t incarnation,
                    void (*done)(void *, enum database_result, uint64_t, const bool[SHARD_COUNT]),
                    void *data) {
    (void)self, (void)node, (void)first, (void)incarnation;
    expect_answer(answer_take, (void (*)(void))done, data);
}

static void answer_open(struct scripted_database *self) {
    void (*done)(void *, enum database_result, const struct stream_key_row *, size_t,
                 const struct snapshot_row *) =
        (void (*)(void *, enum database_result, const struct stream_key_row *, size_t,
                  const struct snapshot_row *))self->answer_done;
    struct stream_key_row found[4];
    size_t count = 0;
    for (size_t i = 0; i < self->stream_key_count; i++) {
        bool own = uuid_equal(self->stream_keys[i].stream, self->asked);
        if (own || (count > 0 && uuid_equal(self->stream_keys[i].of, self->asked))) {
            found[count++] = self->stream_keys[i]; /* the own one was written first */
        }
    }
    done(self->answer_data, count > 0 ? DATABASE_OK : DATABASE_ABSENT, found, count, NULL);
}

static void do_open(struct database *self, struct uuid stream,
                    void (*done)(void *, enum database_result, const struct stream_key_row *,
                                 size_t, const struct snapshot_row *),
                    void *data) {
    (void)self;
    database.asked = stream;
    expect_answer(answer_open, (void (*)(void))done, data);
}

static void answer_read(struct scripted_database *self) {
    struct event_row rows[DATABASE_PAGE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < self->event_count && count < self->asked_limit; i++)
        if (uuid_equal(self->events[i].stream, self->asked) &&
            self->events[i].version >= self->asked_version)
            rows[count++] = self->events[i];
    ((void (*)(void *, enum database_result, const struct event_row *, size_t))self->answer_done)(
        self->answer_data, DATABASE_OK, rows, count);
}

static void do_read(struct database *self, struct uuid stream, uint64_t first, uint32_t limit,
                    void (*done)(void *, enum database_result, const struct event_row *, size_t),
                    void *data) {
    (void)self;
    database.asked = stream;
    database.asked_version = first;
    database.asked_limit = limit;
    expect_answer(answer_read, (void (*)(void))done, data);
}

static void answer_find(struct scripted_database *self) {
    uint64_t version = 0;
    for (size_t i = 0; i < self->event_count; i++)
        if (uuid_equal(self->events[i].command_id, self->asked))
            version = self->events[i].version;
    ((void (*)(void *, enum database_result, uint64_t))self->answer_done)(
        self->answer_data, version > 0 ? DATABASE_OK : DATABASE_ABSENT, version);
}

static void do_find(struct database *self, struct uuid stream, struct uuid command_id,
                    void (*done)(void *, enum database_result, uint64_t), void *data) {
    (void)self, (void)stream;
    database.asked = command_id;
    expect_answer(answer_find, (void (*)(void))done, data);
}

static void (*pending_read)(void *, enum database_result, const struct pending_row *,
                            const struct stream_key_row *, size_t);
static void *pending_data;
static void run(void);

static void do_pending(struct database *self, const bool shards[SHARD_COUNT],
                       const struct pending_row *after,
                       void (*done)(void *, enum database_result, const struct pending_row *,
                                    const struct stream_key_row *, size_t),
                       void *data) {
    (void)self, (void)shards, (void)after;
    pending_read = done; /* answered by nothing_is_pending */
    pending_data = data;
}

static void pending_is_answered(enum database_result result) {
    assert_non_null(pending_read);
    pending_read(pending_data, result, NULL, NULL, 0);
}

static void nothing_is_pending(void) {
    run();
    pending_is_answered(DATABASE_OK);
}

static void do_renew(struct database *self, struct uuid node, uint64_t incarnation,
                     void (*done)(void *, enum database_result, bool), void *data) {
    (void)self, (void)node, (void)incarnation, (void)done, (void)data;
}

static bool is_available(const struct database *self) {
    (void)self;
    return !database.away;
}

static void on_shards(void *data, const bool owned[1024]) {
    (void)data;
    owned_any = owned[0];
}

static void on_due(void *data, uint8_t kind, struct uuid target, struct uuid command_id,
                   struct encoded command) {
    (void)data, (void)kind, (void)target;
    assert_int_equal(command.tag, 9);
    given_ids[given++] = command_id;
}

/* Everything that needs no decision of the test. */
static void run(void) {
    for (int i = 0; i < 20; i++) {
        store_tick(store, now);
        void (*answer)(struct scripted_database *) = database.answer;
        database.answer = NULL;
        if (answer != NULL)
            answer(&database);
    }
}

static int open_store(void **state) {
    static const uint8_t kek[KEY_BYTES] = {1};
    (void)state;
    now = SECOND;
    given = 0;
    database = (struct scripted_database){
        .database = {.append = do_append,
                     .open = do_open,
                     .read = do_read,
                     .find_command = do_find,
                     .pending = do_pending,
                     .tenant_keys = do_tenant_keys,
                     .add_tenant_key = do_add_tenant_key,
                     .take = do_take,
                     .renew = do_renew,
                     .available = is_available},
    };
    keys = keys_for_test(kek);
    store = store_create(&(struct store_config){.database = &database.database,
                                                .keys = keys,
                                                .clock = &host_clock,
                                                .node = {{1}},
                                                .tenant = {{2}}});
    store_on_due(store, on_due, NULL);
    store_start(store, on_shards, NULL);
    run();
    end_append(DATABASE_OK); /* the tenant's own key */
    run();
    database.appends = 0;
    return owned_any ? 0 : -1;
}

static int close_store(void **state) {
    (void)state;
    store_destroy(store);
    keys_close(keys);
    return 0;
}

/* One stream with one append. */
struct voice {
    struct stream_head head;
    struct effects effects;
    struct append append;
    enum store_result result;
    unsigned answers;
};
static struct voice voices[STREAMS_MAX];

static void on_result(void *data, enum store_result result) {
    struct voice *voice = data;
    voice->result = result;
    voice->answers++;
}

static struct voice *say(unsigned number, uint32_t events) {
    static const uint8_t fields[] = {0x91, 1};
    static uint8_t commands;
    struct voice *voice = &voices[number];
    *voice = (struct voice){.head = {.stream = {{3, (uint8_t)number}}, .kind = 1},
                            .effects = {.event_count = events}};
    for (uint32_t i = 0; i < events; i++)
        voice->effects.events[i] = (struct encoded){72, {sizeof fields, fields}};
    voice->append = (struct append){.first_version = 1,
                                    .at = now,
                                    .command_id = {{4, (uint8_t)number, ++commands}},
                                    .effects = &voice->effects};
    store_append(store, &voice->head, &voice->append, on_result, voice);
    return voice;
}

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

#define story(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

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
        story(a_message_is_given_once_it_is_committed),
        story(what_is_committed_during_a_read_is_given_behind_it_and_before_what_follows),
        story(after_a_read_that_failed_everything_waits_for_the_next_one),
        story(no_callback_comes_from_inside_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
