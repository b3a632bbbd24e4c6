/* links: server_process consilium libpq libargon2; timeout: 120 */
/* A password that was hashed with less than is asked today: its person signs in as ever, and from
 * then on it is kept as any other, without a word to anybody. */
#include "tests/support/patience.h"
#include "tests/support/staff.h"

#include "protocol/generated/session.h"
#include "protocol/generated/user.h"

#include <argon2.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHANNEL = 1, VERIFIER_BYTES = 256, REPLACED_MS = 10000 };

#define PASSWORD "an old password of somebody"

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

static void register_with(const char *verifier, struct uuid id, const char *login) {
    struct conversation conversation;
    struct arena arena;
    arena_init(&arena, 4096);
    struct register_user command = {.command_id = fresh_id(),
                                    .login = {(uint32_t)strlen(login), login},
                                    .name = TEXT("Somebody"),
                                    .verifier = {(uint32_t)strlen(verifier), verifier}};
    assert_true(conversation_begin(&conversation, &staff.address, staff.administrator, "test"));
    assert_true(conversation_open(&conversation, CHANNEL, CHANNEL_KIND_USER, id));
    assert_int_equal(
        conversation_say(&conversation, CHANNEL, register_user_encode(&arena, &command), NULL),
        REFUSAL_NONE);
    conversation_end(&conversation);
    arena_finish(&arena);
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
    char verifier[VERIFIER_BYTES];
    struct uuid id = fresh_id();
    assert_int_equal(argon2id_hash_encoded(1, 8 * 1024, 1, PASSWORD, strlen(PASSWORD),
                                           "sixteen of salt.", 16, 32, verifier, sizeof verifier),
                     ARGON2_OK);
    register_with(verifier, id, "somebody");
    long before = events_of(id);
    assert_int_equal(signs_in("somebody", "another password"), 401);
    assert_int_equal(events_of(id), before);
    assert_int_equal(signs_in("somebody", PASSWORD), 200);
    struct patience patience = patience_of(REPLACED_MS); /* it is done after the answer */
    while (events_of(id) == before && patience_lasts(&patience)) {
    }
    assert_int_equal(events_of(id), before + 1);
    assert_int_equal(signs_in("somebody", PASSWORD), 200);
    assert_int_equal(signs_in("somebody", "another password"), 401);
    assert_int_equal(events_of(id), before + 1); /* it is one of today's */
}

static int open_scene(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
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
