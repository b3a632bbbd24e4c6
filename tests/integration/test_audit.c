/* links: server_process consilium libpq; timeout: 120 */
/* `consilium audit verify` on a real record that somebody with the database's own rights has bent.
 */
#include "tests/support/patience.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { OUTPUT_MAX = 8192, READY_MS = 30000, FINISH_MS = 20000 };

static struct server_process *server;
static struct staff staff;
static struct staff later; /* the same, and one who came when the cases were made */
static char output[OUTPUT_MAX];

/* Exit status; what it printed is in `output`. */
static int verify(void) {
    char command[1024];
    snprintf(command, sizeof command, "%s audit verify --data %s 2>&1", CONSILIUM_PATH,
             server_process_data(server));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void bend(const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

/* As its owner one can put the guard aside. */
#define UNGUARDED(change)                                                                          \
    "ALTER TABLE event DISABLE TRIGGER ALL;" change ";ALTER TABLE event ENABLE TRIGGER ALL"

/* The stream of the case, as the verifier names it. */
static void named(char ret[128], unsigned the_case, unsigned version) {
    const uint8_t *b = staff_case_id(the_case).bytes;
    snprintf(
        ret, 128,
        "stream %02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x version %u",
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
        b[14], b[15], version);
}

static const char *sql_for(const char *format, unsigned the_case) {
    static char sql[1024];
    char name[128], stream[64];
    named(name, the_case, 0);
    sscanf(name, "stream %36s", stream);
    snprintf(sql, sizeof sql, format, stream);
    return sql;
}

static long number_of(const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    long number = PQntuples(result) == 1 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    PQclear(result);
    PQfinish(connection);
    return number;
}

/* So that a checkpoint has seen the record: one is written at the end of the first life, another
 * when the second one has gone through all streams. */
static void restart(void) {
    assert_int_equal(server_process_finish(server, FINISH_MS), 0);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    struct patience patience = patience_of(READY_MS); /* readiness does not wait for it */
    while (number_of("SELECT count(*) FROM checkpoint") < 2)
        assert_true(patience_lasts(&patience));
}

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    if (server == NULL || !staff_hire(&staff, server, 2) || !staff_make_cases(&staff, 1, 4) ||
        !staff_make_boards(&staff, 5, 2) || !staff_hire(&later, server, 3))
        return -1;
    restart();
    return 0;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    staff_finish(&later);
    server_process_end(server);
    return 0;
}

static void a_record_that_nobody_touched_is_whole(void **state) {
    (void)state;
    assert_int_equal(verify(), 0);
    assert_non_null(strstr(output, "all are as they were written"));
}

static void a_changed_row_is_named(void **state) {
    (void)state;
    char name[128];
    bend(sql_for(UNGUARDED("UPDATE event SET payload = set_byte(payload, 20, "
                           "get_byte(payload, 20) # 1) WHERE stream_id = '%s' AND version = 1"),
                 1));
    assert_int_equal(verify(), 1);
    named(name, 1, 1);
    assert_non_null(strstr(output, name));
    assert_non_null(strstr(output, " 1 findings"));
    bend(sql_for(UNGUARDED("UPDATE event SET payload = set_byte(payload, 20, "
                           "get_byte(payload, 20) # 1) WHERE stream_id = '%s' AND version = 1"),
                 1));
    assert_int_equal(verify(), 0);
}

static void a_row_that_was_dated_back_is_named(void **state) {
    (void)state;
    char name[128];
    bend(sql_for(UNGUARDED("UPDATE event SET at = at - 60000000 "
                           "WHERE stream_id = '%s' AND version = 1"),
                 2));
    assert_int_equal(verify(), 1);
    named(name, 2, 1);
    assert_non_null(strstr(output, name));
    bend(sql_for(UNGUARDED("UPDATE event SET at = at + 60000000 "
                           "WHERE stream_id = '%s' AND version = 1"),
                 2));
}

static void a_row_taken_out_of_the_middle_is_named(void **state) {
    (void)state;
    char name[128];
    bend("CREATE TABLE aside AS TABLE event WITH NO DATA");
    bend(sql_for(UNGUARDED("WITH gone AS (DELETE FROM event WHERE stream_id = '%s' AND version = 1 "
                           "RETURNING *) INSERT INTO aside SELECT * FROM gone"),
                 5));
    assert_int_equal(verify(), 1);
    named(name, 5, 1);
    assert_non_null(strstr(output, name));
    assert_non_null(strstr(output, "is missing"));
    bend("INSERT INTO event SELECT * FROM aside; DROP TABLE aside");
    assert_int_equal(verify(), 0);
}

static void the_newest_rows_of_a_stream_cannot_be_cut_off_unnoticed(void **state) {
    (void)state;
    bend("CREATE TABLE aside AS TABLE event WITH NO DATA");
    bend(sql_for(UNGUARDED("WITH gone AS (DELETE FROM event e WHERE stream_id = '%s' AND version = "
                           "(SELECT max(version) FROM event WHERE stream_id = e.stream_id) "
                           "RETURNING *) INSERT INTO aside SELECT * FROM gone"),
                 6));
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "a checkpoint has seen it"));
    bend("INSERT INTO event SELECT * FROM aside; DROP TABLE aside");
    assert_int_equal(verify(), 0);
}

static void a_whole_stream_cannot_vanish_unnoticed(void **state) {
    (void)state;
    char name[128];
    bend("CREATE TABLE aside AS TABLE event WITH NO DATA;"
         "CREATE TABLE key_aside AS TABLE stream_key WITH NO DATA");
    bend(sql_for(UNGUARDED("WITH gone AS (DELETE FROM event WHERE stream_id = '%s' RETURNING *) "
                           "INSERT INTO aside SELECT * FROM gone"),
                 3));
    bend(sql_for("WITH gone AS (DELETE FROM stream_key WHERE stream_id = '%s' RETURNING *) "
                 "INSERT INTO key_aside SELECT * FROM gone",
                 3));
    assert_int_equal(verify(), 1);
    sscanf(sql_for("stream %s", 3), "%127[^\n]", name);
    assert_non_null(strstr(output, name));
    bend("INSERT INTO event SELECT * FROM aside; INSERT INTO stream_key SELECT * FROM key_aside;"
         "DROP TABLE aside; DROP TABLE key_aside");
    assert_int_equal(verify(), 0);
}

static void a_stream_whose_key_was_taken_away_does_not_pass_as_erased(void **state) {
    (void)state;
    char name[128];
    bend("CREATE TABLE key_aside AS TABLE stream_key WITH NO DATA");
    bend(sql_for("WITH gone AS (DELETE FROM stream_key WHERE stream_id = '%s' RETURNING *) "
                 "INSERT INTO key_aside SELECT * FROM gone",
                 3));
    bend("INSERT INTO erasure SELECT stream_id, tenant_id, 1 FROM key_aside");
    assert_int_equal(verify(), 1);
    sscanf(sql_for("stream %s bears the sign of an erasure that nobody ordered", 3), "%127[^\n]",
           name);
    assert_non_null(strstr(output, name));
    bend("ALTER TABLE erasure DISABLE TRIGGER ALL; DELETE FROM erasure;"
         "ALTER TABLE erasure ENABLE TRIGGER ALL;"
         "INSERT INTO stream_key SELECT * FROM key_aside; DROP TABLE key_aside");
    assert_int_equal(verify(), 0);
}

static void checkpoints_that_were_cut_off_are_missed_by_what_was_told_outside(void **state) {
    (void)state;
    bend("CREATE TABLE aside AS TABLE checkpoint WITH NO DATA");
    bend("ALTER TABLE checkpoint DISABLE TRIGGER ALL;"
         "WITH gone AS (DELETE FROM checkpoint WHERE number = (SELECT max(number) FROM checkpoint) "
         "RETURNING *) INSERT INTO aside SELECT * FROM gone;"
         "ALTER TABLE checkpoint ENABLE TRIGGER ALL");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "was told outside and is missing"));
    bend("INSERT INTO checkpoint SELECT * FROM aside; DROP TABLE aside");
    assert_int_equal(verify(), 0);
}

static void a_checkpoint_that_somebody_made_up_has_another_signature(void **state) {
    (void)state;
    bend("ALTER TABLE checkpoint DISABLE TRIGGER ALL;"
         "UPDATE checkpoint SET signature = set_byte(signature, 5, get_byte(signature, 5) # 1) "
         "WHERE number = 1; ALTER TABLE checkpoint ENABLE TRIGGER ALL");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "another signature"));
    bend("ALTER TABLE checkpoint DISABLE TRIGGER ALL;"
         "UPDATE checkpoint SET signature = set_byte(signature, 5, get_byte(signature, 5) # 1) "
         "WHERE number = 1; ALTER TABLE checkpoint ENABLE TRIGGER ALL");
}

static void the_tables_refuse_to_be_changed(void **state) {
    (void)state;
    static const char *const tries[] = {"UPDATE event SET at = 0",
                                        "DELETE FROM event",
                                        "TRUNCATE event",
                                        "DELETE FROM checkpoint",
                                        "UPDATE checkpoint SET at = 0",
                                        "UPDATE access_log SET at = 0",
                                        "DELETE FROM access_log"};
    PGconn *connection = PQconnectdb(server_process_database(server));
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        PGresult *result = PQexec(connection, tries[i]);
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "CN002");
        PQclear(result);
    }
    PQfinish(connection);
}

/* The log of accesses */

static unsigned get(const char *path, unsigned the_case, const char *token) {
    static struct plain_answer answer;
    char text[256];
    snprintf(text, sizeof text, path, sql_for("%s", the_case));
    struct plain_request request = {
        .port = server_process_port(server), .method = "GET", .path = text, .bearer = token};
    plain_ask(&request, &answer);
    return answer.status;
}

static void who_looks_at_images_stands_in_the_log_once_in_a_quarter_of_an_hour(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(get("/api/cases/%s/display-sets", 4, staff.people[1].token), 200);
    assert_int_equal(number_of(sql_for("SELECT count(*) FROM access_log WHERE case_id = '%s' "
                                       "AND action = 4 AND result = 0 AND sign_in <> 0",
                                       4)),
                     1);
}

static void who_is_refused_stands_in_the_log(void **state) {
    (void)state;
    assert_int_equal(get("/api/cases/%s/display-sets", 4, later.people[2].token), 404);
    const char *sql = sql_for("SELECT count(*) FROM access_log WHERE case_id = '%s' "
                              "AND action = 4 AND result = 1",
                              4);
    while (number_of(sql) == 0) { /* nobody waits for the row of a refusal */
    }
    assert_int_equal(number_of(sql), 1);
}

static struct plain_answer post(const char *path, const char *token, const char *body) {
    static struct plain_answer answer;
    struct plain_request request = {.port = server_process_port(server),
                                    .method = "POST",
                                    .path = path,
                                    .bearer = token,
                                    .body = body};
    plain_ask(&request, &answer);
    return answer;
}

/* Once, too: what stands there is not written again and again until it counts as written. */
static void who_breaks_the_glass_is_marked_once_in_a_quarter_of_an_hour(void **state) {
    (void)state;
    char token[CLIENT_TOKEN_MAX + 1], path[1100];
    struct plain_answer made = post("/api/people", staff.administrator,
                                    "{\"login\":\"hurries\",\"name\":\"Hurries\",\"password\":"
                                    "\"" STAFF_PASSWORD "\",\"coordinator\":true}");
    assert_int_equal(made.status, 201);
    struct plain_answer in = post("/api/sign-in", NULL,
                                  "{\"login\":\"hurries\",\"bearer\":true,\"password\":"
                                  "\"" STAFF_PASSWORD "\"}");
    assert_true(
        json_find_text((const uint8_t *)in.body, strlen(in.body), "token", token, sizeof token));
    assert_int_equal(get("/api/cases/%s/display-sets", 2, token), 404);
    snprintf(path, sizeof path, "/api/cases/%s/break_glass", sql_for("%s", 2));
    assert_int_equal(post(path, token, "{\"reason\":\"Nobody else is here\"}").status, 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get("/api/cases/%s/display-sets", 2, token), 200);
    assert_int_equal(number_of(sql_for("SELECT count(*) FROM access_log WHERE case_id = '%s' "
                                       "AND action = 4 AND result = 2",
                                       2)),
                     1);
}

static void who_signs_in_or_fails_to_stands_in_the_log(void **state) {
    (void)state;
    static struct plain_answer answer;
    struct plain_request request = {.port = server_process_port(server),
                                    .method = "POST",
                                    .path = "/api/sign-in",
                                    .body = "{\"login\":\"administrator\",\"password\":\"no\"}"};
    plain_ask(&request, &answer);
    assert_int_equal(answer.status, 401);
    const char *sql = "SELECT count(*) FROM access_log WHERE action = 1 AND result = 1";
    while (number_of(sql) == 0) {
    }
    assert_int_equal(number_of(sql), 1);
    assert_true(number_of("SELECT count(*) FROM access_log WHERE action = 1 AND result = 0") >= 3);
}

static void the_log_is_searched_by_who_may(void **state) {
    (void)state;
    assert_int_equal(get("/api/accesses?case=%s", 4, staff.administrator), 200);
    assert_int_equal(get("/api/accesses?case=%s", 4, staff.people[1].token), 404);
    assert_int_equal(get("/api/accesses?case=%s0", 4, staff.administrator), 404);
    assert_int_equal(get("/api/cases/%s/accesses", 4, staff.people[0].token), 200);
    assert_int_equal(get("/api/cases/%s/accesses", 4, staff.people[1].token), 404);
    assert_int_equal(number_of(sql_for("SELECT count(*) FROM access_log WHERE case_id = '%s' "
                                       "AND action = 7 AND result = 0",
                                       4)),
                     2);
    const char *refusals = "SELECT count(*) FROM access_log WHERE action = 7 AND result = 1";
    while (number_of(refusals) < 2) {
    }
    assert_int_equal(number_of(refusals), 2);
}

static void a_wrong_code_of_a_screen_stands_in_the_log(void **state) {
    (void)state;
    static struct plain_answer answer;
    struct plain_request pair = {.port = server_process_port(server),
                                 .method = "POST",
                                 .path = "/api/displays/pair",
                                 .bearer = staff.people[1].token,
                                 .body = "{\"code\":\"ABCDEFGH\"}"};
    plain_ask(&pair, &answer);
    assert_int_equal(answer.status, 404);
    struct plain_request collect = pair;
    collect.path = "/api/displays/collect";
    collect.bearer = NULL;
    collect.body = "{\"secret\":\"0123456789012345678901234567890123456789012\"}";
    plain_ask(&collect, &answer);
    assert_int_equal(answer.status, 404);
    const char *sql = "SELECT count(*) FROM access_log WHERE action = 13 AND result = 1";
    while (number_of(sql) < 2) {
    }
    assert_int_equal(number_of(sql), 2);
}

/* Of ids that are none as of others: sixteen one by one, then how many more. */
static void who_tries_case_after_case_is_seen_and_does_not_flood_the_log(void **state) {
    (void)state;
    enum { TRIES = 40, IN_FULL = 16, FIRST = 1000 };
    for (unsigned i = 0; i < TRIES; i++)
        assert_int_equal(get("/api/cases/%s/display-sets", FIRST + i, staff.people[0].token), 404);
    restart(); /* what was counted is written at the end */
    char sql[256];
    const uint8_t *b = staff.people[0].id.bytes;
    snprintf(sql, sizeof sql,
             "SELECT %%s FROM access_log WHERE action = 4 AND result = 1 AND "
             "encode(uuid_send(user_id), 'hex') = '%02x%02x%02x%02x%02x%02x%02x%02x"
             "%02x%02x%02x%02x%02x%02x%02x%02x'",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    char rows[300], more[300];
    snprintf(rows, sizeof rows, sql, "count(*)");
    snprintf(more, sizeof more, sql, "sum(nullif(object, '')::int)");
    assert_int_equal(number_of(rows), IN_FULL + 1);
    assert_int_equal(number_of(more), TRIES - IN_FULL);
    assert_int_equal(verify(), 0);
}

static void a_changed_row_of_the_log_is_named(void **state) {
    (void)state;
    static const char change[] = "ALTER TABLE access_log DISABLE TRIGGER ALL;"
                                 "UPDATE access_log SET result = 1 - result WHERE number = 2;"
                                 "ALTER TABLE access_log ENABLE TRIGGER ALL";
    bend(change);
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "version 2 of "));
    bend(change);
    assert_int_equal(verify(), 0);
}

/* The server dies, its database lives on, and somebody does something to it meanwhile. */
static void while_it_is_dead(const char *sql) {
    long checkpoints = number_of("SELECT count(*) FROM checkpoint");
    server_process_kill(server);
    bend(sql);
    long left = number_of("SELECT count(*) FROM checkpoint");
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    assert_in_range(left, checkpoints - 1, checkpoints);
    while (number_of("SELECT count(*) FROM checkpoint") == left) {
    }
}

static void the_last_rows_of_a_log_that_was_killed_cannot_be_cut_off_unnoticed(void **state) {
    (void)state;
    assert_int_equal(get("/api/cases/%s/display-sets", 1, staff.people[1].token), 200);
    while_it_is_dead("CREATE TABLE last AS SELECT writer FROM access_log ORDER BY at DESC LIMIT 1");
    assert_int_equal(verify(), 0);
    bend("CREATE TABLE aside AS TABLE access_log WITH NO DATA;"
         "ALTER TABLE access_log DISABLE TRIGGER ALL;"
         "WITH gone AS (DELETE FROM access_log a USING last WHERE a.writer = last.writer AND "
         "a.number = (SELECT max(number) FROM access_log WHERE writer = last.writer) "
         "RETURNING a.*) INSERT INTO aside SELECT * FROM gone;"
         "ALTER TABLE access_log ENABLE TRIGGER ALL");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "a checkpoint has seen it"));
    bend("INSERT INTO access_log SELECT * FROM aside; DROP TABLE aside; DROP TABLE last");
    assert_int_equal(verify(), 0);
}

static void it_works_without_a_server_too(void **state) {
    (void)state;
    assert_int_equal(server_process_finish(server, FINISH_MS), 0);
    assert_int_equal(verify(), 0);
    assert_int_equal(server_process_postmaster(server), 0); /* what it started it has stopped */
}

/* Whoever takes the newest rows and the checkpoint that saw them; the server then gives its number
 * to another one. Nothing in the database tells of it. */
static void a_checkpoint_whose_number_was_given_again_is_named(void **state) {
    (void)state;
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    while_it_is_dead("ALTER TABLE checkpoint DISABLE TRIGGER ALL;"
                     "DELETE FROM checkpoint WHERE number = (SELECT max(number) FROM checkpoint);"
                     "ALTER TABLE checkpoint ENABLE TRIGGER ALL");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(output, "was told outside twice, differently"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_that_nobody_touched_is_whole),
        cmocka_unit_test(a_changed_row_is_named),
        cmocka_unit_test(a_row_that_was_dated_back_is_named),
        cmocka_unit_test(a_row_taken_out_of_the_middle_is_named),
        cmocka_unit_test(the_newest_rows_of_a_stream_cannot_be_cut_off_unnoticed),
        cmocka_unit_test(a_whole_stream_cannot_vanish_unnoticed),
        cmocka_unit_test(a_stream_whose_key_was_taken_away_does_not_pass_as_erased),
        cmocka_unit_test(checkpoints_that_were_cut_off_are_missed_by_what_was_told_outside),
        cmocka_unit_test(a_checkpoint_that_somebody_made_up_has_another_signature),
        cmocka_unit_test(the_tables_refuse_to_be_changed),
        cmocka_unit_test(who_looks_at_images_stands_in_the_log_once_in_a_quarter_of_an_hour),
        cmocka_unit_test(who_is_refused_stands_in_the_log),
        cmocka_unit_test(who_signs_in_or_fails_to_stands_in_the_log),
        cmocka_unit_test(who_breaks_the_glass_is_marked_once_in_a_quarter_of_an_hour),
        cmocka_unit_test(the_log_is_searched_by_who_may),
        cmocka_unit_test(a_wrong_code_of_a_screen_stands_in_the_log),
        cmocka_unit_test(who_tries_case_after_case_is_seen_and_does_not_flood_the_log),
        cmocka_unit_test(a_changed_row_of_the_log_is_named),
        cmocka_unit_test(the_last_rows_of_a_log_that_was_killed_cannot_be_cut_off_unnoticed),
        cmocka_unit_test(it_works_without_a_server_too),
        cmocka_unit_test(a_checkpoint_whose_number_was_given_again_is_named),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
