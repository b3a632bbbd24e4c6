/* links: test_postgres; timeout: 120 */
/* What a store on a real PostgreSQL gives back: lists, snapshots, missed events, due messages; and
 * how it hands its streams over. */
#include "server/store/pending.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BOARD = 1, STATE_FORMAT = 1 };

static struct test_postgres postgres;

static struct stream_head new_head(uint64_t number) {
    return (struct stream_head){.stream = test_uuid(0x10, number), .kind = BOARD};
}

static void open_owner(struct test_store *test, uint8_t node) {
    test_store_open(test, postgres.url, node);
    test_store_until_owner(test);
}

/* Lists */

static struct effect_row row_of(const char *key, const char *words) {
    return (struct effect_row){
        .list = "login",
        .key = {(uint32_t)strlen(key), (const uint8_t *)key},
        .row = {(uint32_t)strlen(words), (const uint8_t *)words},
    };
}

static enum store_result append_row(struct test_store *test, struct stream_head *head,
                                    const char *key, const char *words) {
    struct test_append pending = {.effects = {.rows = {row_of(key, words)}, .row_count = 1}};
    test_append_begin(test, &pending, head, 1, 120);
    return test_append_end(test, &pending);
}

struct listing {
    unsigned rows;
    char words[64]; /* of the last one */
    struct uuid owner;
    enum store_result result;
    bool ended;
};

static void take_row(void *data, struct uuid owner, struct bytes row) {
    struct listing *listing = data;
    listing->rows++;
    listing->owner = owner;
    snprintf(listing->words, sizeof listing->words, "%.*s", (int)row.length,
             (const char *)row.bytes);
}

static void end_list(void *data, enum store_result result) {
    struct listing *listing = data;
    listing->result = result;
    listing->ended = true;
}

static void end_get(void *data, enum store_result result, struct uuid owner, struct bytes row) {
    if (result == STORE_OK)
        take_row(data, owner, row);
    end_list(data, result);
}

static enum store_result get_row(struct test_store *test, const char *key, struct listing *ret) {
    *ret = (struct listing){.rows = 0};
    store_list_get(test->store, "login",
                   (struct bytes){(uint32_t)strlen(key), (const uint8_t *)key}, end_get, ret);
    while (!ret->ended)
        test_store_turn(test);
    return ret->result;
}

static void a_row_is_found_by_its_key_and_the_last_one_of_a_key_stands(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(1);
    struct listing listing;
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(get_row(&test, "ada", &listing), STORE_ABSENT);
    assert_int_equal(append_row(&test, &head, "ada", "first"), STORE_OK);
    assert_int_equal(append_row(&test, &head, "ada", "second"), STORE_OK);
    assert_int_equal(get_row(&test, "ada", &listing), STORE_OK);
    assert_string_equal(listing.words, "second");
    assert_true(uuid_equal(listing.owner, head.stream));
    assert_int_equal(append_row(&test, &head, "ada", ""), STORE_OK);
    assert_int_equal(get_row(&test, "ada", &listing), STORE_ABSENT);
    test_store_close(&test);
}

static void a_list_asked_for_before_the_keys_are_there_waits_for_them(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(2);
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(append_row(&test, &head, "grace", "words"), STORE_OK);
    test_store_close(&test);

    struct listing all = {.rows = 0};
    struct listing one;
    test_store_open(&test, postgres.url, 1);
    store_list_all(test.store, "login", take_row, end_list, &all);
    assert_int_equal(get_row(&test, "grace", &one), STORE_OK);
    while (!all.ended)
        test_store_turn(&test);
    assert_int_equal(all.result, STORE_OK);
    assert_int_equal(all.rows, 1);
    assert_string_equal(test.report, "");
    test_store_close(&test);
}

static void a_list_waits_ten_seconds_for_a_database_that_is_not_there(void **state) {
    (void)state;
    struct test_store test;
    struct listing all = {.rows = 0};
    test_store_open(&test, "host=/nowhere", 1);
    store_list_all(test.store, "login", take_row, end_list, &all);
    test.ahead_us = 9 * 1000000;
    test_store_turn(&test);
    assert_false(all.ended);
    test.ahead_us = 11 * 1000000;
    test_store_turn(&test);
    assert_true(all.ended);
    assert_int_equal(all.result, STORE_UNAVAILABLE);
    test_store_close(&test);
}

static void a_key_that_is_anothers_is_told_as_taken_and_nothing_is_written(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head first = new_head(3);
    struct stream_head second = new_head(4);
    struct listing listing;
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &first, NULL), STORE_ABSENT);
    assert_int_equal(test_load(&test, &second, NULL), STORE_ABSENT);
    struct test_append one = {.effects = {.rows = {row_of("mary", "hers")}, .row_count = 1}};
    struct test_append two = {.effects = {.rows = {row_of("mary", "his")}, .row_count = 1}};
    test_append_begin(&test, &one, &first, 1, 120);
    test_append_begin(&test, &two, &second, 1, 120);
    assert_int_equal(test_append_end(&test, &one), STORE_OK);
    assert_int_equal(test_append_end(&test, &two), STORE_TAKEN);
    assert_int_equal(second.version, 0);
    assert_int_equal(get_row(&test, "mary", &listing), STORE_OK);
    assert_string_equal(listing.words, "hers");
    assert_int_equal(append_row(&test, &second, "peter", "his"), STORE_OK);
    test_store_close(&test);
}

/* Snapshots */

static void save(struct test_store *test, struct stream_head *head, uint16_t format) {
    static const uint8_t fields[] = {0x91, 1};
    struct saved_actor saved = {.version = head->version,
                                .state_format = format,
                                .state = {.tag = 70, .fields = {sizeof fields, fields}},
                                .recent_count = 1,
                                .recent_commands = {test_uuid(0x66, 1)},
                                .recent_versions = {head->version},
                                .last_at = head->last_at};
    store_save_snapshot(test->store, head, &saved);
}

static void a_saved_actor_is_loaded_with_the_events_after_it_only(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(5);
    struct stream_head again = new_head(5);
    uint32_t events = 0;
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 20), STORE_OK);
    save(&test, &head, STATE_FORMAT);
    assert_int_equal(test_append(&test, &head, 3), STORE_OK);
    assert_int_equal(test_load(&test, &again, &events), STORE_OK);
    assert_int_equal(again.snapshot_version, 20);
    assert_int_equal(events, 3);
    assert_memory_equal(again.hash, head.hash, sizeof head.hash);
    assert_int_equal(test_append(&test, &again, 1), STORE_OK);
    test_store_close(&test);
}

static void a_snapshot_of_another_format_is_as_good_as_none(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(6);
    struct stream_head again = new_head(6);
    uint32_t events = 0;
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 20), STORE_OK);
    save(&test, &head, STATE_FORMAT + 1);
    assert_int_equal(test_load(&test, &again, &events), STORE_OK);
    assert_int_equal(again.snapshot_version, 0);
    assert_int_equal(events, 20);
    test_store_close(&test);
}

/* Missed events */

struct reading {
    uint64_t last;
    unsigned events;
    enum store_result result;
    bool more, ended;
};

static void take_event(void *data, const struct event_header *header, struct bytes fields) {
    struct reading *reading = data;
    (void)fields;
    assert_int_equal(header->version, reading->last + 1);
    reading->last = header->version;
    reading->events++;
}

static void end_reading(void *data, enum store_result result, bool more) {
    struct reading *reading = data;
    reading->result = result;
    reading->more = more;
    reading->ended = true;
}

static struct reading read_after(struct test_store *test, struct stream_head *head, uint64_t after,
                                 uint32_t limit) {
    static const struct store_read_sink sink = {take_event, end_reading};
    struct reading reading = {.last = after};
    store_read(test->store, head, after, limit, &sink, &reading);
    while (!reading.ended)
        test_store_turn(test);
    return reading;
}

static void who_missed_events_gets_exactly_those_in_pages(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(7);
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    for (int i = 0; i < 10; i++)
        assert_int_equal(test_append(&test, &head, 30), STORE_OK);
    struct reading page = read_after(&test, &head, 17, 1000);
    assert_int_equal(page.result, STORE_OK);
    assert_int_equal(page.events, 255); /* the most that one page has */
    assert_true(page.more);
    page = read_after(&test, &head, page.last, 1000);
    assert_int_equal(page.last, 300);
    assert_false(page.more);
    page = read_after(&test, &head, 300, 1000);
    assert_int_equal(page.events, 0);
    assert_false(page.more);
    page = read_after(&test, &head, 0, 5);
    assert_int_equal(page.last, 5);
    test_store_close(&test);
}

static void a_changed_row_is_not_given_to_who_missed_it(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(8);
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 9), STORE_OK);
    assert_int_equal(test_postgres_number(&postgres,
                                          "SET session_replication_role = replica;"
                                          "UPDATE event SET at = at + 1 WHERE version = 6 AND"
                                          " encode(uuid_send(stream_id), 'hex') LIKE '10%0008'"
                                          " RETURNING 1"),
                     1);
    struct reading page = read_after(&test, &head, 2, 100);
    assert_int_equal(page.result, STORE_CORRUPT);
    assert_int_equal(page.last, 5);
    assert_non_null(strstr(test.report, "version 6"));
    test_store_close(&test);
}

/* Due messages */

static void a_message_that_nobody_settles_is_given_again(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(9);
    static const uint8_t fields[] = {0x91, 0xc0};
    open_owner(&test, 1);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    struct effect_message message = {
        .target_kind = BOARD,
        .target = test_uuid(0x10, 99),
        .command = {.tag = 9, .fields = {sizeof fields, fields}},
        .command_id = test_uuid(0x77, 9),
        .durable = true,
    };
    struct test_append pending = {.effects = {.messages = &message, .message_count = 1}};
    test_append_begin(&test, &pending, &head, 1, 120);
    assert_int_equal(test_append_end(&test, &pending), STORE_OK);
    while (test.given_count == 0)
        test_store_turn(&test);
    test.ahead_us = PENDING_AGAIN_US + PENDING_LOOK_US;
    while (test.given_count == 1)
        test_store_turn(&test);
    assert_true(uuid_equal(test.given[1], message.command_id));
    store_settle(test.store, message.target, message.command_id);
    while (test_postgres_number(&postgres, "SELECT count(*) FROM pending") > 0)
        test_store_turn(&test);
    test.ahead_us += PENDING_AGAIN_US + 2 * PENDING_LOOK_US;
    for (int i = 0; i < 50; i++)
        test_store_turn(&test);
    assert_int_equal(test.given_count, 2);
    test_store_close(&test);
}

/* Handing over */

static void on_drained(void *data) {
    *(bool *)data = true;
}

static void a_drain_answers_what_is_in_flight_and_the_other_node_has_all_at_once(void **state) {
    (void)state;
    struct test_store old;
    struct test_store fresh;
    struct stream_head head = new_head(10);
    bool drained = false;
    open_owner(&old, 1);
    assert_int_equal(test_load(&old, &head, NULL), STORE_ABSENT);
    struct test_append last = {.ended = false};
    test_append_begin(&old, &last, &head, 2, 120);
    store_drain(old.store, on_drained, &drained);
    while (!drained)
        test_store_turn(&old);
    assert_true(last.ended);
    assert_int_equal(last.result, STORE_OK);
    assert_int_equal(test_append(&old, &head, 1), STORE_FENCED);

    int64_t asked = old.clock.now(&old.clock);
    test_store_open(&fresh, postgres.url, 2);
    while (fresh.owned_count < 1024)
        test_store_turn(&fresh);
    /* The old one's lease would have lived for three seconds more. */
    assert_true(fresh.clock.now(&fresh.clock) - asked < DATABASE_LEASE_MS * 1000 / 2);
    struct stream_head taken = new_head(10);
    uint32_t events = 0;
    assert_int_equal(test_load(&fresh, &taken, &events), STORE_OK);
    assert_int_equal(events, 2);
    test_store_close(&old);
    test_store_close(&fresh);
}

/* A standby that must hear of each commit */

static void wait_for_standby(struct test_store *test) {
    while (test_postgres_number(&postgres, "SELECT count(*) FROM pg_stat_activity WHERE"
                                           " wait_event = 'SyncRep' AND application_name LIKE"
                                           " 'consilium %'") < 1)
        test_store_turn(test);
}

static void
a_commit_that_stopped_waiting_for_its_standby_counts_only_once_one_has_it(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(11);
    open_owner(&test, 3);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 1), STORE_OK);
    free(test_postgres_ask(&postgres, "ALTER SYSTEM SET synchronous_standby_names = 'absent'"));
    free(test_postgres_ask(&postgres, "SELECT pg_reload_conf()"));

    struct test_append pending = {.ended = false};
    test_append_begin(&test, &pending, &head, 1, 120);
    wait_for_standby(&test);
    free(test_postgres_ask(&postgres, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE"
                                      " wait_event = 'SyncRep'"));
    wait_for_standby(&test); /* what is behind it waits in its place */
    assert_false(pending.ended);

    free(test_postgres_ask(&postgres, "ALTER SYSTEM RESET synchronous_standby_names"));
    free(test_postgres_ask(&postgres, "SELECT pg_reload_conf()"));
    assert_int_equal(test_append_end(&test, &pending), STORE_OK);
    assert_int_equal(head.version, 2);
    test_store_close(&test);
}

static int start_postgres(void **state) {
    (void)state;
    return test_postgres_start(&postgres, 0) ? 0 : -1;
}

static int end_postgres(void **state) {
    (void)state;
    test_postgres_end(&postgres);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_by_its_key_and_the_last_one_of_a_key_stands),
        cmocka_unit_test(a_list_asked_for_before_the_keys_are_there_waits_for_them),
        cmocka_unit_test(a_list_waits_ten_seconds_for_a_database_that_is_not_there),
        cmocka_unit_test(a_key_that_is_anothers_is_told_as_taken_and_nothing_is_written),
        cmocka_unit_test(a_saved_actor_is_loaded_with_the_events_after_it_only),
        cmocka_unit_test(a_snapshot_of_another_format_is_as_good_as_none),
        cmocka_unit_test(who_missed_events_gets_exactly_those_in_pages),
        cmocka_unit_test(a_changed_row_is_not_given_to_who_missed_it),
        cmocka_unit_test(a_message_that_nobody_settles_is_given_again),
        cmocka_unit_test(a_drain_answers_what_is_in_flight_and_the_other_node_has_all_at_once),
        cmocka_unit_test(a_commit_that_stopped_waiting_for_its_standby_counts_only_once_one_has_it),
    };
    return cmocka_run_group_tests(tests, start_postgres, end_postgres);
}
