/* links: server_process consilium consilium_before libpq; timeout: 120 */
/* A password that was hashed with less than is asked today: its person signs in as ever, and from
 * then on it is kept as any other, without a word to anybody. */
#include "tests/support/patience.h"
#include "tests/support/staff.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { READY_MS = 20000, REPLACED_MS = 10000 };

static struct server_process *server;
static struct staff staff;

/* How often the record says something of this person. */
static long events_of(struct uuid id) {
    char sql[256], hex[33];
    for (unsigned i = 0; i < 16; i++) {
        snprintf(hex + 2 * (size_t)i, 3, "%02x", id.bytes[i]);
    }
    snprintf(sql, sizeof sql, "SELECT count(*) FROM event WHERE stream_id = '%s'::uuid", hex);
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    long count = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(connection);
    return count;
}

static unsigned signs_in(const char *login, const char *password) {
    struct http_client http;
    char token[CLIENT_TOKEN_MAX + 1];
    http_client_init(&http, &staff.address);
    unsigned status = conversation_sign_in(&http, login, password, token);
    http_client_finish(&http);
    return status;
}

static void an_old_verifier_is_replaced_at_the_first_sign_in_with_the_right_password(void **state) {
    (void)state;
    struct uuid id = staff.people[0].id;
    server_process_kill(server);
    server_process_use(server, CONSILIUM_PATH);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    long before = events_of(id);
    assert_int_equal(signs_in("person0", "another password"), 401);
    assert_int_equal(events_of(id), before);
    assert_int_equal(signs_in("person0", STAFF_PASSWORD), 200);
    struct patience patience = patience_of(REPLACED_MS); /* it is done after the answer */
    while (events_of(id) == before && patience_lasts(&patience)) {
    }
    assert_int_equal(events_of(id), before + 1);
    assert_int_equal(signs_in("person0", STAFF_PASSWORD), 200);
    assert_int_equal(signs_in("person0", "another password"), 401);
    assert_int_equal(events_of(id), before + 1); /* it is one of today's */
}

static int open_scene(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_BEFORE_PATH};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, 1) ? 0 : -1;
}

static int close_scene(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_verifier_is_replaced_at_the_first_sign_in_with_the_right_password),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
