/* links: test_postgres; timeout: 180 */
/* The record on a real PostgreSQL that is killed, restarted, filled up and fought over. */
#include "server/store/cluster.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BOARD = 1 };

static struct test_postgres postgres;

static struct stream_head new_head(uint64_t number) {
    return (struct stream_head){.stream = test_uuid(0x10, number), .kind = BOARD};
}

static long events_of(const struct stream_head *head) {
    char sql[128];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM event WHERE encode(uuid_send(stream_id), 'hex') LIKE '%%%04x'",
             head->stream.bytes[14] << 8 | head->stream.bytes[15]);
    return test_postgres_number(&postgres, sql);
}

static void what_is_acknowledged_is_read_back_by_the_next_life(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(1);
    uint32_t events = 0;
    test_store_open(&test, postgres.url, 1);
    test_store_until_owner(&test);
    assert_int_equal(test.owned_count, 1024);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 3), STORE_OK);
    assert_int_equal(test_append(&test, &head, 2), STORE_OK);
    assert_int_equal(head.version, 5);
    test_store_close(&test);

    test_store_open(&test, postgres.url, 1);
    test_store_until_owner(&test); /* at once: the lease of its earlier life still runs */
    assert_int_equal(test.owned_count, 1024);
    struct stream_head again = new_head(1);
    assert_int_equal(test_load(&test, &again, &events), STORE_OK);
    assert_int_equal(events, 5);
    assert_memory_equal(again.hash, head.hash, sizeof head.hash);
    assert_int_equal(test_append(&test, &again, 1), STORE_OK);
    test_store_close(&test);
}

static void what_was_acknowledged_survives_kill_9_of_postgres_and_nothing_is_doubled(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(2);
    test_store_open(&test, postgres.url, 1);
    test_store_until_owner(&test);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    for (int round = 0; round < 4; round++) {
        struct test_append pending = {.ended = false};
        assert_int_equal(test_append(&test, &head, 2), STORE_OK);
        uint64_t acknowledged = head.version;
        test_append_begin(&test, &pending, &head, 2, 120);
        store_tick(test.store, test.clock.now(&test.clock)); /* it is on its way */
        usleep((unsigned)round * 300);
        test_postgres_kill(&postgres);
        test_postgres_return(&postgres);
        assert_int_equal(test_append_end(&test, &pending), STORE_OK);
        assert_int_equal(head.version, acknowledged + 2);
        assert_int_equal(events_of(&head), head.version);
    }
    struct stream_head again = new_head(2);
    uint32_t events = 0;
    enum store_result result;
    while ((result = test_load(&test, &again, &events)) == STORE_UNAVAILABLE)
        test_store_turn(&test); /* the connection for reads may come back a moment later */
    assert_int_equal(result, STORE_OK);
    assert_int_equal(events, 16);
    test_store_close(&test);
}

static void a_node_that_stood_still_is_fenced_when_another_took_over(void **state) {
    (void)state;
    struct test_store old;
    struct test_store fresh;
    struct stream_head head = new_head(3);
    test_store_open(&old, postgres.url, 1);
    test_store_until_owner(&old);
    assert_int_equal(test_load(&old, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&old, &head, 1), STORE_OK);

    old.frozen = true;
    test_store_open(&fresh, postgres.url, 2);
    while (fresh.owned_count < 1024)
        test_store_turn(&fresh);
    struct stream_head taken = new_head(3);
    assert_int_equal(test_load(&fresh, &taken, NULL), STORE_OK);
    assert_int_equal(test_append(&fresh, &taken, 1), STORE_OK);

    old.frozen = false;
    assert_int_equal(test_append(&old, &head, 1), STORE_FENCED);
    assert_int_equal(old.owned_count, 0);
    assert_int_equal(events_of(&head), 2);
    test_store_close(&old);
    test_store_close(&fresh);
}

static void a_transaction_that_stands_still_does_not_hold_up_the_takeover(void **state) {
    (void)state;
    struct test_store old;
    struct test_store fresh;
    struct stream_head head = new_head(4);
    test_store_open(&old, postgres.url, 2);
    test_store_until_owner(&old);
    assert_int_equal(test_load(&old, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&old, &head, 1), STORE_OK);
    char *name = test_postgres_ask(&postgres, "SELECT application_name FROM pg_stat_activity WHERE"
                                              " application_name LIKE 'consilium %'");
    assert_non_null(name);

    /* What the process had begun when it was stopped: the fence is taken, a row written, no commit.
     */
    char app[512];
    snprintf(app, sizeof app, "%s" CLUSTER_APP, postgres.url); /* the role it works as */
    PGconn *link = PQconnectdb(app);
    char sql[512];
    snprintf(sql, sizeof sql,
             "SET application_name = '%s'; BEGIN;"
             "SELECT take_fence(split_part('%s', ' ', 2)::uuid, split_part('%s', ' ', 3)::bigint);"
             "INSERT INTO event SELECT tenant_id, stream_id, 2, 0, gen_random_uuid(), type, at,"
             " user_id, key_id, payload, hash FROM event WHERE version = 1 AND"
             " encode(uuid_send(stream_id), 'hex') LIKE '10%%0004'",
             name, name, name);
    free(name);
    PQclear(PQexec(link, sql));
    assert_int_equal(PQtransactionStatus(link), PQTRANS_INTRANS);
    old.frozen = true;

    test_store_open(&fresh, postgres.url, 3);
    while (fresh.owned_count < 1024)
        test_store_turn(&fresh);
    PGresult *late = PQexec(link, "COMMIT");
    assert_int_not_equal(PQresultStatus(late), PGRES_COMMAND_OK);
    PQclear(late);
    PQfinish(link);
    assert_int_equal(events_of(&head), 1);
    test_store_close(&old);
    test_store_close(&fresh);
}

static void a_durable_timer_is_given_by_the_next_life_until_it_is_settled(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(5);
    static const uint8_t fields[] = {0x91, 0xc0};
    test_store_open(&test, postgres.url, 3);
    test_store_until_owner(&test);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    struct effect_message timer = {
        .target_kind = BOARD,
        .target = head.stream,
        .command = {.tag = 9, .fields = {sizeof fields, fields}},
        .command_id = test_uuid(0x77, 1),
        .due_at = test.clock.now(&test.clock) + 300 * 1000,
        .durable = true,
    };
    struct test_append pending = {.effects = {.messages = &timer, .message_count = 1}};
    test_append_begin(&test, &pending, &head, 1, 120);
    assert_int_equal(test_append_end(&test, &pending), STORE_OK);
    assert_int_equal(test.given_count, 0);
    test_store_close(&test);

    test_store_open(&test, postgres.url, 3);
    while (test.given_count == 0)
        test_store_turn(&test);
    assert_true(uuid_equal(test.given[0], timer.command_id));
    struct stream_head again = new_head(5);
    assert_int_equal(test_load(&test, &again, NULL), STORE_OK);
    struct test_append settling = {.append = {.settles = timer.command_id}};
    test_append_begin(&test, &settling, &again, 1, 120);
    assert_int_equal(test_append_end(&test, &settling), STORE_OK);
    assert_int_equal(test.given_count, 1);
    test_store_close(&test);
    assert_int_equal(test_postgres_number(&postgres, "SELECT count(*) FROM pending"), 0);
}

static void a_changed_row_is_named(void **state) {
    (void)state;
    struct test_store test;
    struct stream_head head = new_head(6);
    test_store_open(&test, postgres.url, 3);
    test_store_until_owner(&test);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 3), STORE_OK);
    /* As somebody with the keys of the house would. */
    assert_int_equal(test_postgres_number(&postgres,
                                          "SET session_replication_role = replica;"
                                          "UPDATE event SET at = at + 1 WHERE version = 2 AND"
                                          " encode(uuid_send(stream_id), 'hex') LIKE '10%0006'"
                                          " RETURNING 1"),
                     1);
    struct stream_head again = new_head(6);
    assert_int_equal(test_load(&test, &again, NULL), STORE_CORRUPT);
    assert_non_null(strstr(test.report, "version 2"));
    test_store_close(&test);
}

static void a_full_disk_acknowledges_nothing_that_is_not_stored_and_recovers(void **state) {
    (void)state;
    struct test_postgres small;
    if (!test_postgres_start(&small, 160ul << 20)) {
        print_message("SKIPPED: no file system can be mounted here, so no disk can be filled\n");
        skip();
    }
    struct test_store test;
    struct stream_head head = new_head(7);
    test_store_open(&test, small.url, 1);
    test_store_until_owner(&test);
    assert_int_equal(test_load(&test, &head, NULL), STORE_ABSENT);
    assert_int_equal(test_append(&test, &head, 1), STORE_OK);
    char command[256];
    snprintf(command, sizeof command, "head -c 200M /dev/zero > %s/ballast 2>/dev/null; true",
             small.folder);
    assert_int_equal(system(command), 0);

    enum store_result result = STORE_OK;
    for (int i = 0; i < 2000 && result == STORE_OK; i++) {
        struct test_append pending = {.ended = false};
        test_append_begin(&test, &pending, &head, 32, 4096);
        result = test_append_end(&test, &pending);
    }
    assert_int_equal(result, STORE_UNAVAILABLE);

    snprintf(command, sizeof command, "rm %s/ballast", small.folder);
    assert_int_equal(system(command), 0);
    test_postgres_return(&small); /* it may have given up; whoever supervises it starts it again */
    struct stream_head again = new_head(7);
    uint32_t events = 0;
    while (test_load(&test, &again, &events) != STORE_OK)
        test_store_turn(&test);
    assert_true(events >= head.version); /* everything acknowledged; an unknown one may be there */
    while ((result = test_append(&test, &again, 1)) != STORE_OK)
        test_load(&test, &again, NULL);
    test_store_close(&test);
    test_postgres_end(&small);
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
        cmocka_unit_test(what_is_acknowledged_is_read_back_by_the_next_life),
        cmocka_unit_test(what_was_acknowledged_survives_kill_9_of_postgres_and_nothing_is_doubled),
        cmocka_unit_test(a_node_that_stood_still_is_fenced_when_another_took_over),
        cmocka_unit_test(a_transaction_that_stands_still_does_not_hold_up_the_takeover),
        cmocka_unit_test(a_durable_timer_is_given_by_the_next_life_until_it_is_settled),
        cmocka_unit_test(a_changed_row_is_named),
        cmocka_unit_test(a_full_disk_acknowledges_nothing_that_is_not_stored_and_recovers),
    };
    return cmocka_run_group_tests(tests, start_postgres, end_postgres);
}
