/* links: server_process test_postgres consilium; timeout: 120 */
/* The role that a server works as adds to the record and cannot change it: PostgreSQL says no, also
 * where the program would not. */
#include "server/store/cluster.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/server_process.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const record[] = {"event", "access_log", "checkpoint", "restoration"};
static const char insufficient_privilege[] = "42501";

static int start(void **state) {
    static struct test_postgres postgres;
    *state = &postgres;
    return test_postgres_start(&postgres, 0) ? 0 : -1;
}

static int end(void **state) {
    test_postgres_end(*state);
    return 0;
}

static PGconn *connect_as_app(const struct test_postgres *postgres) {
    char url[512];
    snprintf(url, sizeof url, "%s" CLUSTER_APP, postgres->url);
    PGconn *link = PQconnectdb(url);
    assert_int_equal(PQstatus(link), CONNECTION_OK);
    return link;
}

static void assert_refused(PGconn *link, const char *sql) {
    PGresult *result = PQexec(link, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || strcmp(state, insufficient_privilege) != 0)
        fail_msg("\"%s\" was not refused for who asked (%s)", sql, state == NULL ? "done" : state);
    PQclear(result);
}

static void the_running_role_can_neither_change_nor_take_away_what_is_in_the_record(void **state) {
    PGconn *link = connect_as_app(*state);
    for (size_t i = 0; i < sizeof record / sizeof record[0]; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "UPDATE %s SET hash = hash WHERE false", record[i]);
        assert_refused(link, sql);
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE false", record[i]);
        assert_refused(link, sql);
        snprintf(sql, sizeof sql, "TRUNCATE %s", record[i]);
        assert_refused(link, sql);
    }
    PQfinish(link);
}

static void nor_can_it_take_the_guard_away(void **state) {
    PGconn *link = connect_as_app(*state);
    assert_refused(link, "ALTER TABLE event DISABLE TRIGGER event_is_only_inserted");
    assert_refused(link, "DROP TABLE event");
    assert_refused(link, "CREATE TABLE mine (n integer)");
    assert_refused(link, "UPDATE migration SET digest = ''");
    assert_refused(link, "SELECT end_all_incarnations()");
    assert_refused(link, "SET ROLE consilium");
    PQfinish(link);
}

/* A table that is added later with the trigger of the record and without its REVOKE is found. */
static void every_table_that_is_only_inserted_into_is_so_for_the_running_role(void **state) {
    static const char guarded[] =
        "SELECT count(DISTINCT t.tgrelid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.proname = 'refuse_change'";
    static const char open_ones[] =
        "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.proname = 'refuse_change'"
        " AND has_table_privilege('consilium_app', t.tgrelid, 'UPDATE, DELETE, TRUNCATE')";
    assert_true(test_postgres_number(*state, guarded) >= (long)(sizeof record / sizeof record[0]));
    assert_int_equal(test_postgres_number(*state, open_ones), 0);
}

static long ask_server(const struct server_process *server, const char *sql) {
    PGconn *link = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(link, sql);
    long number = PQntuples(result) == 1 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    PQclear(result);
    PQfinish(link);
    return number;
}

static void a_server_that_serves_has_no_connection_of_the_owners(void **state) {
    (void)state;
    struct server_process *server =
        server_process_start(&(struct server_options){.program = CONSILIUM_PATH});
    assert_non_null(server);
    static const char others[] =
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        " AND (usename = 'consilium_app') = ";
    char sql[256];
    snprintf(sql, sizeof sql, "%strue", others);
    assert_true(ask_server(server, sql) > 0);
    snprintf(sql, sizeof sql, "%sfalse", others);
    assert_int_equal(ask_server(server, sql), 0);
    server_process_end(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_running_role_can_neither_change_nor_take_away_what_is_in_the_record),
        cmocka_unit_test(nor_can_it_take_the_guard_away),
        cmocka_unit_test(every_table_that_is_only_inserted_into_is_so_for_the_running_role),
        cmocka_unit_test(a_server_that_serves_has_no_connection_of_the_owners),
    };
    return cmocka_run_group_tests(tests, start, end);
}
