/*
 * A store of one node on a database that does what the test says: streams with an append each, and
 * messages that are given. Header only.
 */
#ifndef CONSILIUM_TESTS_SUPPORT_JOURNAL_H
#define CONSILIUM_TESTS_SUPPORT_JOURNAL_H

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

static inline int64_t clock_now(struct host_clock *clock) {
    (void)clock;
    return now;
}

static inline void clock_random(struct host_clock *clock, void *bytes, size_t length) {
    static uint8_t next;
    (void)clock;
    memset(bytes, ++next, length);
}

static struct host_clock host_clock = {clock_now, clock_random};

static inline void expect_answer(void (*answer)(struct scripted_database *), void (*done)(void),
                                 void *data) {
    assert_null(database.answer);
    database.answer = answer;
    database.answer_done = done;
    database.answer_data = data;
}

static inline void do_append(struct database *self, const struct database_batch *batch,
                             database_done done, void *data) {
    (void)self;
    assert_null(database.batch);
    database.batch = batch;
    database.done = done;
    database.data = data;
    database.appends++;
}

static inline void end_append(enum database_result result) {
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

static inline void answer_tenant_keys(struct scripted_database *self) {
    void (*done)(void *, enum database_result, const struct tenant_key_row *, size_t) = (void (*)(
        void *, enum database_result, const struct tenant_key_row *, size_t))self->answer_done;
    done(self->answer_data, DATABASE_OK, &self->tenant_key, self->tenant_key.generation > 0);
}

static inline void do_tenant_keys(struct database *self, struct uuid tenant,
                                  void (*done)(void *, enum database_result,
                                               const struct tenant_key_row *, size_t),
                                  void *data) {
    (void)self, (void)tenant;
    expect_answer(answer_tenant_keys, (void (*)(void))done, data);
}

static inline void answer_ok(struct scripted_database *self) {
    ((database_done)self->answer_done)(self->answer_data, DATABASE_OK);
}

static inline void do_add_tenant_key(struct database *self, const struct tenant_key_row *row,
                                     database_done done, void *data) {
    (void)self;
    database.tenant_key = *row;
    expect_answer(answer_ok, (void (*)(void))done, data);
}

static inline void answer_take(struct scripted_database *self) {
    bool owned[SHARD_COUNT];
    memset(owned, 1, sizeof owned);
    ((void (*)(void *, enum database_result, uint64_t, const bool *))self->answer_done)(
        self->answer_data, DATABASE_OK, ++self->incarnation, owned);
}

static inline void
do_take(struct database *self, struct uuid node, bool first, uint64_t incarnation,
        void (*done)(void *, enum database_result, uint64_t, const bool[SHARD_COUNT]), void *data) {
    (void)self, (void)node, (void)first, (void)incarnation;
    expect_answer(answer_take, (void (*)(void))done, data);
}

static inline void answer_open(struct scripted_database *self) {
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

static inline void do_open(struct database *self, struct uuid stream,
                           void (*done)(void *, enum database_result, const struct stream_key_row *,
                                        size_t, const struct snapshot_row *),
                           void *data) {
    (void)self;
    database.asked = stream;
    expect_answer(answer_open, (void (*)(void))done, data);
}

static inline void answer_read(struct scripted_database *self) {
    struct event_row rows[DATABASE_PAGE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < self->event_count && count < self->asked_limit; i++)
        if (uuid_equal(self->events[i].stream, self->asked) &&
            self->events[i].version >= self->asked_version)
            rows[count++] = self->events[i];
    ((void (*)(void *, enum database_result, const struct event_row *, size_t))self->answer_done)(
        self->answer_data, DATABASE_OK, rows, count);
}

static inline void
do_read(struct database *self, struct uuid stream, uint64_t first, uint32_t limit,
        void (*done)(void *, enum database_result, const struct event_row *, size_t), void *data) {
    (void)self;
    database.asked = stream;
    database.asked_version = first;
    database.asked_limit = limit;
    expect_answer(answer_read, (void (*)(void))done, data);
}

static inline void answer_find(struct scripted_database *self) {
    uint64_t version = 0;
    for (size_t i = 0; i < self->event_count; i++)
        if (uuid_equal(self->events[i].command_id, self->asked))
            version = self->events[i].version;
    ((void (*)(void *, enum database_result, uint64_t))self->answer_done)(
        self->answer_data, version > 0 ? DATABASE_OK : DATABASE_ABSENT, version);
}

static inline void do_find(struct database *self, struct uuid stream, struct uuid command_id,
                           void (*done)(void *, enum database_result, uint64_t), void *data) {
    (void)self, (void)stream;
    database.asked = command_id;
    expect_answer(answer_find, (void (*)(void))done, data);
}

static void (*pending_read)(void *, enum database_result, const struct pending_row *,
                            const struct stream_key_row *, size_t);
static void *pending_data;
static inline void run(void);

static inline void do_pending(struct database *self, const bool shards[SHARD_COUNT],
                              const struct pending_row *after,
                              void (*done)(void *, enum database_result, const struct pending_row *,
                                           const struct stream_key_row *, size_t),
                              void *data) {
    (void)self, (void)shards, (void)after;
    pending_read = done; /* answered by nothing_is_pending */
    pending_data = data;
}

static inline void pending_is_answered(enum database_result result) {
    assert_non_null(pending_read);
    pending_read(pending_data, result, NULL, NULL, 0);
}

static inline void nothing_is_pending(void) {
    run();
    pending_is_answered(DATABASE_OK);
}

static inline void do_renew(struct database *self, struct uuid node, uint64_t incarnation,
                            void (*done)(void *, enum database_result, bool), void *data) {
    (void)self, (void)node, (void)incarnation, (void)done, (void)data;
}

static inline bool is_available(const struct database *self) {
    (void)self;
    return !database.away;
}

static inline void on_shards(void *data, const bool owned[1024]) {
    (void)data;
    owned_any = owned[0];
}

static inline void on_due(void *data, uint8_t kind, struct uuid target, struct uuid command_id,
                          struct encoded command) {
    (void)data, (void)kind, (void)target;
    assert_int_equal(command.tag, 9);
    given_ids[given++] = command_id;
}

/* Everything that needs no decision of the test. */
static inline void run(void) {
    for (int i = 0; i < 20; i++) {
        store_tick(store, now);
        void (*answer)(struct scripted_database *) = database.answer;
        database.answer = NULL;
        if (answer != NULL)
            answer(&database);
    }
}

static inline int open_store(void **state) {
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

static inline int close_store(void **state) {
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

static inline void on_result(void *data, enum store_result result) {
    struct voice *voice = data;
    voice->result = result;
    voice->answers++;
}

static inline struct voice *say(unsigned number, uint32_t events) {
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

#define story(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

#endif
