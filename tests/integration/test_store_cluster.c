/* links: server libuv libpq; timeout: 120 */
/* The private PostgreSQL: made, migrated, killed, adopted and stopped, for real. */
#include "server/store/cluster.h"
#include "server/store/migrate.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct owner {
    uv_loop_t loop;
    char folder[64];
    char url[2 * CLUSTER_PATH_MAX];
    char words[256];
    struct cluster *cluster;
    bool ready, failed, gone;
    unsigned restarts;
};

static void on_progress(void *data, const char *words) {
    struct owner *owner = data;
    if (strstr(words, "again") != NULL)
        owner->restarts++;
}

static void on_ready(void *data, const char *url) {
    struct owner *owner = data;
    owner->ready = true;
    snprintf(owner->url, sizeof owner->url, "%s", url);
}

static void on_failed(void *data, const char *words) {
    struct owner *owner = data;
    owner->failed = true;
    snprintf(owner->words, sizeof owner->words, "%s", words);
}

static void on_gone(void *data) {
    ((struct owner *)data)->gone = true;
}

static void start(struct owner *owner) {
    owner->ready = owner->failed = owner->gone = false;
    owner->cluster = cluster_start(&(struct cluster_config){
        .loop = &owner->loop,
        .data_folder = owner->folder,
        .progress = on_progress,
        .ready = on_ready,
        .failed = on_failed,
        .data = owner,
    });
    while (!owner->ready && !owner->failed)
        uv_run(&owner->loop, UV_RUN_ONCE);
}

static void end(struct owner *owner, void (*how)(struct cluster *, void (*)(void *), void *)) {
    how(owner->cluster, on_gone, owner);
    while (!owner->gone)
        uv_run(&owner->loop, UV_RUN_ONCE);
}

static int make_owner(void **state) {
    struct owner *owner = calloc(1, sizeof *owner);
    uv_loop_init(&owner->loop);
    snprintf(owner->folder, sizeof owner->folder, "/tmp/consilium-test-XXXXXX");
    if (mkdtemp(owner->folder) == NULL)
        return -1;
    *state = owner;
    return 0;
}

static int drop_owner(void **state) {
    struct owner *owner = *state;
    char command[128];
    uv_run(&owner->loop, UV_RUN_NOWAIT);
    uv_loop_close(&owner->loop);
    snprintf(command, sizeof command, "rm -rf %s", owner->folder);
    int result = system(command);
    free(owner);
    return result;
}

/* One value of a statement, as text. */
static char *ask(const struct owner *owner, const char *sql) {
    PGconn *link = PQconnectdb(owner->url);
    PGresult *result = PQexec(link, sql);
    char *value = NULL;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        value = strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(link);
    return value;
}

static void assert_answer(const struct owner *owner, const char *sql, const char *expected) {
    char *value = ask(owner, sql);
    assert_non_null(value);
    assert_string_equal(value, expected);
    free(value);
}

static void a_first_start_makes_a_database_that_listens_on_no_network(void **state) {
    struct owner *owner = *state;
    start(owner);
    if (owner->failed)
        fail_msg("%s", owner->words);
    assert_answer(owner, "SHOW listen_addresses", "");
    assert_answer(owner, "SHOW fsync", "on");
    assert_answer(owner, "SHOW synchronous_commit", "on");
    assert_answer(owner, "SELECT current_user", "consilium");
    if (geteuid() == 0) {
        char path[CLUSTER_PATH_MAX];
        struct stat status;
        snprintf(path, sizeof path, "/proc/%d", cluster_pid(owner->cluster));
        assert_int_equal(stat(path, &status), 0);
        assert_int_not_equal(status.st_uid, 0);
    }
    end(owner, cluster_stop);
}

static void a_second_migration_finds_nothing_to_do_and_a_newer_schema_is_refused(void **state) {
    struct owner *owner = *state;
    char message[MIGRATE_MESSAGE_MAX];
    start(owner);
    assert_true(owner->ready);
    assert_true(migrate_run(owner->url, message));
    assert_true(migrate_run(owner->url, message));
    assert_answer(owner, "SELECT count(*) FROM shard_owner", "1024");
    assert_answer(owner,
                  "INSERT INTO migration VALUES ('9999_from_the_future', 'x') RETURNING 'done'",
                  "done");
    assert_false(migrate_run(owner->url, message));
    assert_non_null(strstr(message, "newer"));
    end(owner, cluster_stop);
}

static void a_changed_migration_is_refused(void **state) {
    struct owner *owner = *state;
    char message[MIGRATE_MESSAGE_MAX];
    start(owner);
    assert_true(owner->ready);
    assert_true(migrate_run(owner->url, message));
    assert_answer(owner,
                  "UPDATE migration SET digest = 'x' WHERE name LIKE '0001%' RETURNING 'done'",
                  "done");
    assert_false(migrate_run(owner->url, message));
    assert_non_null(strstr(message, "changed"));
    end(owner, cluster_stop);
}

static void a_killed_postgres_is_started_again(void **state) {
    struct owner *owner = *state;
    start(owner);
    assert_true(owner->ready);
    int first = cluster_pid(owner->cluster);
    kill(first, SIGKILL);
    while (owner->restarts == 0 || cluster_pid(owner->cluster) == 0)
        uv_run(&owner->loop, UV_RUN_ONCE);
    char *value = NULL;
    while ((value = ask(owner, "SELECT 1")) == NULL)
        uv_run(&owner->loop, UV_RUN_ONCE);
    assert_string_equal(value, "1");
    free(value);
    assert_int_not_equal(cluster_pid(owner->cluster), first);
    end(owner, cluster_stop);
}

static void a_postgres_that_outlived_us_is_adopted_and_still_watched(void **state) {
    struct owner *owner = *state;
    start(owner);
    assert_true(owner->ready);
    int first = cluster_pid(owner->cluster);
    end(owner, cluster_leave);
    start(owner);
    assert_true(owner->ready);
    assert_int_equal(cluster_pid(owner->cluster), first);
    /* In life its parent is gone and init collects it; here we are still that parent. */
    kill(first, SIGKILL);
    assert_int_equal(waitpid(first, NULL, 0), first);
    while (owner->restarts == 0)
        uv_run(&owner->loop, UV_RUN_ONCE);
    char *value = NULL;
    while ((value = ask(owner, "SELECT 1")) == NULL)
        uv_run(&owner->loop, UV_RUN_ONCE);
    free(value);
    end(owner, cluster_stop);
}

static void a_half_made_database_is_made_anew(void **state) {
    struct owner *owner = *state;
    char command[256];
    snprintf(command, sizeof command,
             "mkdir -p %s/postgres/cluster.new/base && touch %s/postgres/cluster.new/PG_VERSION",
             owner->folder, owner->folder);
    assert_int_equal(system(command), 0);
    if (geteuid() == 0) {
        snprintf(command, sizeof command, "chown -R postgres %s/postgres && chmod 700 %s/postgres",
                 owner->folder, owner->folder);
        assert_int_equal(system(command), 0);
    }
    start(owner);
    if (owner->failed)
        fail_msg("%s", owner->words);
    assert_answer(owner, "SELECT 1", "1");
    end(owner, cluster_stop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_first_start_makes_a_database_that_listens_on_no_network,
                                        make_owner, drop_owner),
        cmocka_unit_test_setup_teardown(
            a_second_migration_finds_nothing_to_do_and_a_newer_schema_is_refused, make_owner,
            drop_owner),
        cmocka_unit_test_setup_teardown(a_changed_migration_is_refused, make_owner, drop_owner),
        cmocka_unit_test_setup_teardown(a_killed_postgres_is_started_again, make_owner, drop_owner),
        cmocka_unit_test_setup_teardown(a_postgres_that_outlived_us_is_adopted_and_still_watched,
                                        make_owner, drop_owner),
        cmocka_unit_test_setup_teardown(a_half_made_database_is_made_anew, make_owner, drop_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
