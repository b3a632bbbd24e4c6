/* links: server_process consilium libpq; timeout: 300 */
/* A patient's name goes everywhere it may, and is then looked for everywhere else: the disk, a dump
 * of the database, logs, metrics, what a process is called, a core file. */
#include "tests/support/patience.h"
#include "tests/support/planted_case.h"
#include "tests/support/server_guardian.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES = 512, PEOPLE = 2, END_MS = 10000 };

static struct server_process *server;
static struct staff staff;
static char folder[] = "/tmp/consilium-canary-XXXXXX";

static int begin(void **state) {
    (void)state;
    server = server_process_start(
        &(struct server_options){.program = CONSILIUM_PATH, .arguments = {"--log-level", "debug"}});
    return server != NULL && mkdtemp(folder) != NULL && staff_hire(&staff, server, PEOPLE) &&
                   plant(&staff)
               ? 0
               : -1;
}

static int end(void **state) {
    char command[PATH_BYTES];
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void the_search_finds_what_is_there(void **state) {
    char dump[PATH_BYTES], command[PATH_BYTES];
    (void)state;
    snprintf(dump, sizeof dump, "%s/dump", folder);
    assert_true(planted_dump(server, dump));
    assert_true(planted_count(dump, "image_instance") > 0);
    /* Bytes, too, as a dump writes them: UIDs may be in clear, and are. */
    assert_true(planted_count(dump, "1.2.3.4.1") > 0);
    snprintf(command, sizeof command, "printf 'a %s here' > %s/in_clear", PLANTED_NAME, folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(planted_count(folder, PLANTED_NAME), 1);
    snprintf(command, sizeof command, "rm %s/in_clear", folder);
    assert_int_equal(system(command), 0);
}

static void a_dump_of_the_database_does_not_name_the_patient(void **state) {
    char dump[PATH_BYTES];
    (void)state;
    snprintf(dump, sizeof dump, "%s/dump", folder);
    assert_true(planted_dump(server, dump));
    assert_int_equal(planted_count(dump, PLANTED_NAME), 0);
}

static void nothing_on_the_disk_names_the_patient(void **state) {
    char place[PATH_BYTES];
    (void)state;
    /* The data folder with PostgreSQL's own files and logs, and what lies beside it: our log. */
    snprintf(place, sizeof place, "%s/..", server_process_data(server));
    assert_true(planted_count(place, "image_instance") > 0);
    assert_int_equal(planted_count(place, PLANTED_NAME), 0);
    snprintf(place, sizeof place, "/var/lib/consilium");
    assert_int_equal(planted_count(place, PLANTED_NAME), 0);
}

static void nothing_temporary_names_the_patient(void **state) {
    char place[PATH_BYTES];
    (void)state;
    snprintf(place, sizeof place, "/tmp/consilium-* /dev/shm /var/tmp");
    assert_int_equal(planted_count(place, PLANTED_NAME), 0);
}

static void neither_metrics_nor_titles_of_processes_name_the_patient(void **state) {
    struct http_client http;
    struct http_response response;
    struct server_address address = {0};
    char url[64], place[PATH_BYTES], metrics[PATH_BYTES];
    const char *reason;
    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", server_process_admin_port(server));
    assert_true(server_address_init(&address, url, NULL, &reason));
    http_client_init(&http, &address);
    assert_true(http_client_request(&http, "GET", "/metrics", NULL, NULL, 0, &response));
    snprintf(metrics, sizeof metrics, "%s/metrics", folder);
    FILE *file = fopen(metrics, "w");
    assert_non_null(file);
    fwrite(response.body, 1, response.body_length, file);
    fclose(file);
    assert_true(planted_count(metrics, "consilium_") > 0);
    assert_int_equal(planted_count(metrics, PLANTED_NAME), 0);
    http_client_finish(&http);
    server_address_finish(&address);
    /* All processes: the server, its children, PostgreSQL's. Threads name themselves, too. */
    long named = planted_count("/proc/[0-9]*/comm /proc/[0-9]*/task/[0-9]*/comm", PLANTED_NAME);
    assert_int_equal(named, 0);
    assert_true(planted_count("/proc/[0-9]*/comm", "consilium") > 0);
    snprintf(place, sizeof place, "/proc/%d/cmdline /proc/%d/environ",
             (int)server_process_id(server), (int)server_process_postmaster(server));
    assert_int_equal(planted_count(place, PLANTED_NAME), 0);
}

/* It has the name in its memory, so no core may be written: not with any limit, and the kernel is
 * told so. */
static void a_crash_leaves_no_core_behind(void **state) {
    char line[256], path[64];
    (void)state;
    snprintf(path, sizeof path, "/proc/%d/limits", (int)server_process_id(server));
    FILE *limits = fopen(path, "r");
    bool none = false;
    assert_non_null(limits);
    while (fgets(line, sizeof line, limits) != NULL) {
        char soft[32], hard[32];
        if (sscanf(line, "Max core file size %31s %31s", soft, hard) == 2)
            none = strcmp(soft, "0") == 0 && strcmp(hard, "0") == 0;
    }
    fclose(limits);
    assert_true(none);
    server_process_signal(server, SIGABRT);
    struct patience patience = patience_of(END_MS);
    while (server_process_runs(server) && patience_lasts(&patience)) {
    }
    assert_false(server_process_runs(server));
    snprintf(line, sizeof line, "%s/..", server_process_data(server));
    assert_int_equal(planted_count(line, PLANTED_NAME), 0);
    assert_int_equal(system("ls core core.* 2>/dev/null | grep -q ."), 256);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_what_is_there),
        cmocka_unit_test(a_dump_of_the_database_does_not_name_the_patient),
        cmocka_unit_test(nothing_on_the_disk_names_the_patient),
        cmocka_unit_test(nothing_temporary_names_the_patient),
        cmocka_unit_test(neither_metrics_nor_titles_of_processes_name_the_patient),
        cmocka_unit_test(a_crash_leaves_no_core_behind),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
