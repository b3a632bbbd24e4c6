#include "tests/support/postgres/test_store.h"

#include "server/store/cluster.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURN_MS = 1 };

static int64_t real_now(struct host_clock *clock) {
    const struct test_store *test =
        (const struct test_store *)((const char *)clock - offsetof(struct test_store, clock));
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000 + test->ahead_us;
}

static void real_random(struct host_clock *clock, void *bytes, size_t length) {
    (void)clock;
    if (RAND_bytes(bytes, (int)length) != 1)
        abort();
}

struct uuid test_uuid(uint8_t first, uint64_t number) {
    struct uuid uuid = {{first}};
    for (int i = 0; i < 8; i++)
        uuid.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    return uuid;
}

static void on_shards(void *data, const bool owned[1024]) {
    struct test_store *test = data;
    test->shard_changes++;
    test->owned_count = 0;
    for (int i = 0; i < 1024; i++) {
        test->owned[i] = owned[i];
        test->owned_count += owned[i];
    }
}

static void on_due(void *data, uint8_t target_kind, struct uuid target, struct uuid command_id,
                   struct encoded command) {
    struct test_store *test = data;
    (void)target_kind, (void)target, (void)command;
    assert(test->given_count < TEST_MESSAGES_MAX);
    test->given[test->given_count++] = command_id;
}

static void on_report(void *data, const char *words) {
    struct test_store *test = data;
    snprintf(test->report, sizeof test->report, "%s", words);
}

static void on_timer(uv_timer_t *timer) {
    (void)timer; /* only ends the wait */
}

static struct keys *open_keys(const char *folder) {
    static const uint8_t kek[KEY_BYTES] = {7};
    const char *words = "";
    char path[256];
    if (folder == NULL)
        return keys_for_test(kek);
    snprintf(path, sizeof path, "%s/key-encryption-key", folder);
    struct keys *keys = keys_open(path, true, &words);
    assert(keys != NULL && keys_use_folder(keys, folder));
    return keys;
}

void test_store_open(struct test_store *test, const char *url, uint8_t node) {
    test_store_open_with(test, url, node, NULL);
}

void test_store_open_with(struct test_store *test, const char *url, uint8_t node,
                          const char *key_folder) {
    char app[512];
    snprintf(app, sizeof app, "%s" CLUSTER_APP, url);
    *test = (struct test_store){.clock = {.now = real_now, .random = real_random}};
    uv_loop_init(&test->loop);
    uv_timer_init(&test->loop, &test->timer);
    /* Repeating: one that fires before the loop polls would leave nothing to end the wait. */
    uv_timer_start(&test->timer, on_timer, TURN_MS, TURN_MS);
    test->postgres = postgres_create(&test->loop, app, 1);
    test->keys = open_keys(key_folder);
    test->store = store_create(&(struct store_config){
        .database = postgres_database(test->postgres),
        .keys = test->keys,
        .clock = &test->clock,
        .node = test_uuid(node, 1),
        .tenant = test_uuid(0x99, 1),
        .report = on_report,
        .data = test,
    });
    store_on_due(test->store, on_due, test);
    store_start(test->store, on_shards, test);
}

void test_store_turn(struct test_store *test) {
    if (!test->frozen)
        store_tick(test->store, real_now(&test->clock));
    uv_run(&test->loop, UV_RUN_ONCE);
    if (!test->frozen)
        store_tick(test->store, real_now(&test->clock));
}

void test_store_until_owner(struct test_store *test) {
    while (test->owned_count == 0)
        test_store_turn(test);
}

void test_store_close(struct test_store *test) {
    postgres_close(test->postgres, NULL, NULL);
    uv_close((uv_handle_t *)&test->timer, NULL);
    uv_run(&test->loop, UV_RUN_DEFAULT);
    uv_loop_close(&test->loop);
    store_destroy(test->store);
    keys_close(test->keys);
}

static void on_appended(void *data, enum store_result result) {
    struct test_append *pending = data;
    pending->result = result;
    pending->ended = true;
}

void test_append_begin(struct test_store *test, struct test_append *pending,
                       struct stream_head *head, uint32_t events, uint32_t size) {
    static const uint8_t bytes[4096] = {1, 2, 3};
    static uint64_t commands;
    assert(size <= sizeof bytes && events <= EFFECT_EVENTS_MAX);
    pending->effects.event_count = events;
    for (uint32_t i = 0; i < events; i++)
        pending->effects.events[i] = (struct encoded){.tag = 72, .fields = {size, bytes}};
    pending->append = (struct append){
        .first_version = head->version + 1,
        .at = real_now(&test->clock),
        .by = test_uuid(0x55, 1),
        .command_id = test_uuid(head->stream.bytes[0], ++commands),
        .effects = &pending->effects,
        .about = pending->append.about,
        .settles = pending->append.settles,
    };
    real_random(&test->clock, pending->append.command_id.bytes + 1, 7);
    pending->ended = false;
    store_append(test->store, head, &pending->append, on_appended, pending);
}

enum store_result test_append_end(struct test_store *test, struct test_append *pending) {
    while (!pending->ended)
        test_store_turn(test);
    return pending->result;
}

enum store_result test_append(struct test_store *test, struct stream_head *head, uint32_t events) {
    struct test_append pending = {.ended = false};
    test_append_begin(test, &pending, head, events, 120);
    return test_append_end(test, &pending);
}

struct load_result_of {
    uint32_t events;
    enum store_result result;
    bool ended;
};

static bool on_snapshot(void *data, const struct saved_actor *saved) {
    ((struct load_result_of *)data)->events = 0;
    return saved->version > 0;
}

static bool on_event(void *data, const struct event_header *header, struct uuid command_id,
                     struct bytes fields) {
    (void)header, (void)command_id;
    ((struct load_result_of *)data)->events++;
    return fields.length >= 3 && fields.bytes[2] == 3;
}

static void on_loaded(void *data, enum store_result result) {
    struct load_result_of *load = data;
    load->result = result;
    load->ended = true;
}

enum store_result test_load(struct test_store *test, struct stream_head *head,
                            uint32_t *ret_events) {
    static const struct store_load_sink sink = {on_snapshot, on_event, on_loaded};
    struct load_result_of load = {0};
    store_load(test->store, head, 1, &sink, &load);
    while (!load.ended)
        test_store_turn(test);
    if (ret_events != NULL)
        *ret_events = load.events;
    return load.result;
}
