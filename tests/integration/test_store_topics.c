/* links: test_postgres; timeout: 120 */
/*
 * What a stream says of another one is sealed by a key of its own. When that key is destroyed the
 * stream is still read: what it said of the other is stepped over, in events and in what was saved
 * of it, and everything else is there.
 */
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS_MAX = 16 };

static struct test_postgres postgres;
static struct test_store test;
static const struct uuid person = {{0x10, 1}}, one_case = {{0x20, 1}}, another = {{0x20, 2}};

static int start(void **state) {
    (void)state;
    return test_postgres_start(&postgres, 0) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    test_postgres_end(&postgres);
    return 0;
}

static void open_store(void) {
    test_store_open(&test, postgres.url, 1);
    test_store_until_owner(&test);
}

/* What a load gave: one letter for each event, "." = it says nothing any more, and the parts of
 * what was saved. */
struct reading {
    char events[EVENTS_MAX + 1];
    size_t count;
    uint64_t saved_version;
    char parts[64];
    enum store_result result;
    bool ended;
};

static bool on_snapshot(void *data, const struct saved_actor *saved) {
    struct reading *reading = data;
    reading->saved_version = saved->version;
    for (uint32_t i = 0; i < saved->part_count; i++)
        strncat(reading->parts, (const char *)saved->parts[i].bytes.bytes,
                saved->parts[i].bytes.length);
    return true;
}

static bool on_event(void *data, const struct event_header *header, struct uuid command_id,
                     struct bytes fields) {
    struct reading *reading = data;
    (void)header, (void)command_id;
    assert_true(reading->count < EVENTS_MAX);
    reading->events[reading->count++] = fields.bytes == NULL ? '.' : 'e';
    return true;
}

static void on_loaded(void *data, enum store_result result) {
    struct reading *reading = data;
    reading->result = result;
    reading->ended = true;
}

static struct reading load(struct stream_head *head) {
    static const struct store_load_sink sink = {on_snapshot, on_event, on_loaded};
    struct reading reading = {.ended = false};
    *head = (struct stream_head){.stream = person, .kind = 3};
    store_load(test.store, head, 1, &sink, &reading);
    while (!reading.ended)
        test_store_turn(&test);
    return reading;
}

static struct reading load_anew(struct stream_head *head) {
    store_unload(test.store, person);
    return load(head);
}

static void say(struct stream_head *head, struct uuid about) {
    struct test_append pending = {.append = {.about = about}};
    test_append_begin(&test, &pending, head, 1, 120);
    assert_int_equal(test_append_end(&test, &pending), STORE_OK);
}

static void erase(struct uuid what) {
    char sql[128];
    snprintf(sql, sizeof sql, "DELETE FROM stream_key WHERE about = '%02x%02x%028x'", what.bytes[0],
             what.bytes[1], 0);
    free(test_postgres_ask(&postgres, sql));
}

static const struct uuid nothing = {{0}};

static void each_topic_has_one_key_for_all_that_is_said_of_it(void **state) {
    struct stream_head head;
    (void)state;
    open_store();
    assert_int_equal(load(&head).result, STORE_ABSENT);
    say(&head, nothing);
    say(&head, one_case);
    say(&head, another);
    say(&head, one_case);
    say(&head, nothing);
    assert_int_equal(test_postgres_number(&postgres, "SELECT count(*) FROM stream_key WHERE"
                                                     " of_stream IS NOT NULL"),
                     2);
    assert_int_equal(test_postgres_number(&postgres, "SELECT count(DISTINCT key_id) FROM event"),
                     3);
    struct reading reading = load_anew(&head);
    assert_int_equal(reading.result, STORE_OK);
    assert_string_equal(reading.events, "eeeee");
    test_store_close(&test);
}

static void the_first_word_of_a_stream_may_be_about_another(void **state) {
    struct test_append pending = {.append = {.about = one_case}};
    struct stream_head head = {.stream = test_uuid(0x10, 7), .kind = 3};
    uint32_t events = 0;
    (void)state;
    open_store();
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    test_append_begin(&test, &pending, &head, 2, 120);
    assert_int_equal(test_append_end(&test, &pending), STORE_OK);
    store_unload(test.store, head.stream);
    assert_int_equal(test_load(&test, &head, &events), STORE_OK);
    assert_int_equal(events, 2);
    test_store_close(&test);
}

static void a_topics_key_is_nobodys_stream(void **state) {
    struct stream_head head = {.kind = 3};
    char *id = test_postgres_ask(&postgres, "SELECT replace(stream_id::text, '-', '') FROM"
                                            " stream_key WHERE of_stream IS NOT NULL LIMIT 1");
    (void)state;
    open_store();
    for (int i = 0; i < 16; i++) {
        unsigned byte = 0;
        sscanf(id + 2 * i, "%2x", &byte);
        head.stream.bytes[i] = (uint8_t)byte;
    }
    assert_int_equal(test_load(&test, &head, NULL), STORE_OTHER_KIND);
    free(id);
    test_store_close(&test);
}

static void save(struct stream_head *head) {
    struct saved_part parts[] = {{one_case, {3, (const uint8_t *)"one"}},
                                 {another, {7, (const uint8_t *)"another"}}};
    struct saved_actor saved = {.version = head->version,
                                .state_format = 1,
                                .state = {90, {3, (const uint8_t *)"own"}},
                                .parts = parts,
                                .part_count = 2,
                                .last_at = head->last_at};
    store_save_snapshot(test.store, head, &saved);
    while (test_postgres_number(&postgres, "SELECT count(*) FROM snapshot") == 0)
        test_store_turn(&test);
}

static void what_is_saved_comes_back_with_its_parts(void **state) {
    struct stream_head head;
    (void)state;
    open_store();
    assert_int_equal(load(&head).result, STORE_OK);
    save(&head);
    struct reading reading = load_anew(&head);
    assert_int_equal(reading.saved_version, 5);
    assert_string_equal(reading.parts, "oneanother");
    test_store_close(&test);
}

static void without_the_key_of_a_topic_the_rest_is_read(void **state) {
    struct stream_head head;
    (void)state;
    erase(one_case);
    open_store();
    struct reading reading = load(&head);
    assert_int_equal(reading.result, STORE_OK);
    assert_int_equal(reading.saved_version, 5);
    assert_string_equal(reading.parts, "another");
    free(test_postgres_ask(&postgres, "DELETE FROM snapshot"));
    reading = load_anew(&head);
    assert_int_equal(reading.result, STORE_OK);
    assert_string_equal(reading.events, "e.e.e");
    assert_int_equal(head.version, 5);
    test_store_close(&test);
}

static void nothing_is_saved_of_a_topic_whose_key_is_gone(void **state) {
    struct stream_head head;
    (void)state;
    open_store();
    assert_int_equal(load(&head).result, STORE_OK);
    struct saved_part part = {one_case, {3, (const uint8_t *)"one"}};
    struct saved_actor saved = {.version = head.version,
                                .state_format = 1,
                                .state = {90, {3, (const uint8_t *)"own"}},
                                .parts = &part,
                                .part_count = 1,
                                .last_at = head.last_at};
    store_save_snapshot(test.store, &head, &saved);
    say(&head, nothing); /* behind it, had it gone anywhere */
    assert_int_equal(test_postgres_number(&postgres, "SELECT count(*) FROM snapshot"), 0);
    test_store_close(&test);
}

static void what_is_said_of_it_later_has_another_key(void **state) {
    struct stream_head head;
    (void)state;
    open_store();
    assert_int_equal(load(&head).result, STORE_OK);
    say(&head, one_case);
    struct reading reading = load_anew(&head);
    assert_string_equal(reading.events, "e.e.eee");
    test_store_close(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_topic_has_one_key_for_all_that_is_said_of_it),
        cmocka_unit_test(the_first_word_of_a_stream_may_be_about_another),
        cmocka_unit_test(a_topics_key_is_nobodys_stream),
        cmocka_unit_test(what_is_saved_comes_back_with_its_parts),
        cmocka_unit_test(without_the_key_of_a_topic_the_rest_is_read),
        cmocka_unit_test(nothing_is_saved_of_a_topic_whose_key_is_gone),
        cmocka_unit_test(what_is_said_of_it_later_has_another_key),
    };
    return cmocka_run_group_tests(tests, start, end);
}
