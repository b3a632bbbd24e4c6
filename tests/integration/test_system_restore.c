/* links: server_process consilium libpq; timeout: 300 */
/*
 * The drill: a server with people at work is backed up, works on, and loses its data folder. What
 * was acknowledged comes back, to the newest moment and to one in between; the record says what it
 * lacks; people sign in and go on.
 */
#include "tests/support/authors.h"
#include "tests/support/plain_http.h"
#include "tests/support/server_guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PEOPLE = 3,
    CASES = 4,
    AUTHORS = 12,
    READY_MS = 60000,
    SETTLE_MS = 30000,
    LOOK_MS = 20,
    WAIT_MS = 30000,
    OUTPUT_MAX = 8192,
    PATH_BYTES = 512,
    BLOB_BYTES = 200 * 1000,
};

static struct server_process *server;
static struct staff staff;
static struct authors authors;
static char folder[] = "/tmp/consilium-drill-XXXXXX";
static char output[OUTPUT_MAX];
static char moment[64]; /* between the second and the third part of the work */
static unsigned entries_before;

/* Runs a command while everybody works on; its exit status. */
static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...) {
    char command[2048];
    va_list arguments;
    char words[1024];
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    snprintf(command, sizeof command, "%s %s 2>&1", CONSILIUM_PATH, words);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    fcntl(fileno(pipe), F_SETFL, O_NONBLOCK);
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fileno(pipe), output + length, sizeof output - 1 - length);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        length += got > 0 ? (size_t)got : 0;
        if (authors.list != NULL)
            authors_run(&authors, LOOK_MS);
    }
    output[length] = 0;
    int status = pclose(pipe);
    if (getenv("CONSILIUM_TEST_SHOW_LOG") != NULL)
        print_message("%s", output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *data(void) {
    return server_process_data(server);
}

/* A sealed file as the server leaves them: its name says nothing, its content is noise. */
static void write_blob(unsigned number, char ret_name[80]) {
    char path[PATH_BYTES], digits[65];
    static uint8_t bytes[BLOB_BYTES];
    for (unsigned i = 0; i < 32; i++)
        snprintf(digits + 2 * i, 3, "%02x", (number * 37 + i * 11) & 0xff);
    snprintf(ret_name, 80, "%.2s/%s", digits, digits);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * number >> 3);
    snprintf(path, sizeof path, "%s/blobs/%s", data(), ret_name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
}

static bool holds_blob(const char *root, const char *name) {
    char path[2 * PATH_BYTES];
    struct stat status;
    snprintf(path, sizeof path, "%s/blobs/%s", root, name);
    return stat(path, &status) == 0 && status.st_size == BLOB_BYTES;
}

/* Until the copy is as far as the record: all that was acknowledged is in it then. */
static bool copy_is_up_to_date(void) {
    for (int waited = 0; waited < WAIT_MS; waited += LOOK_MS) {
        authors_run(&authors, LOOK_MS);
        if (server_process_metric(server, "consilium_backup_well") == 1 &&
            server_process_metric(server, "consilium_backup_behind_seconds") == 0 &&
            server_process_metric(server, "consilium_backup_held_bytes") < 256 * 1024)
            return true;
    }
    return false;
}

static void lose_everything(void) {
    char command[PATH_BYTES + 32];
    pid_t postmaster = server_process_postmaster(server);
    server_process_kill(server);
    if (postmaster != 0)
        kill(postmaster, SIGKILL);
    while (postmaster_of(data()) != 0) { /* until the system has collected it */
    }
    snprintf(command, sizeof command, "rm -rf %s", data());
    do { /* its backends write for a moment */
        assert_int_equal(system(command), 0);
    } while (access(data(), F_OK) == 0);
}

/* Of the first `count` entries, how many are in the record; and of those after them. */
static void count_entries(unsigned count, unsigned *ret_before, unsigned *ret_after) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    *ret_before = *ret_after = 0;
    for (unsigned i = 0; i < authors.count; i++) {
        char hex[40] = "", *at = hex;
        for (unsigned b = 0; b < 16; b++)
            at += snprintf(at, 3, "%02x", authors.entries[i].id.bytes[b]);
        const char *values[] = {hex};
        PGresult *rows =
            PQexecParams(connection, "SELECT count(*) FROM event WHERE command_id = $1::uuid", 1,
                         NULL, values, NULL, NULL, 0);
        bool there = strcmp(PQgetvalue(rows, 0, 0), "0") != 0;
        *(i < count ? ret_before : ret_after) += there;
        PQclear(rows);
    }
    PQfinish(connection);
}

/* The one value of a question, as text; empty when the database refuses, with its code. */
static void ask(const char *sql, char *ret, size_t space, char ret_code[6]) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *rows = PQexec(connection, sql);
    const char *code = PQresultErrorField(rows, PG_DIAG_SQLSTATE);
    snprintf(ret, space, "%s", PQntuples(rows) == 1 ? PQgetvalue(rows, 0, 0) : "");
    snprintf(ret_code, 6, "%s", code == NULL ? "" : code);
    PQclear(rows);
    PQfinish(connection);
}

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    return server != NULL && mkdtemp(folder) != NULL && chmod(folder, 0755) == 0 &&
                   staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES) &&
                   staff_make_boards(&staff, 20, 1) &&
                   authors_init(&authors, &staff, AUTHORS, 0, CASES)
               ? 0
               : -1;
}

static int end(void **state) {
    (void)state;
    char command[64];
    authors_finish(&authors);
    staff_finish(&staff);
    server_process_end(server);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static char blobs[3][80];

static void keys_are_never_put_with_the_data(void **state) {
    (void)state;
    assert_int_equal(
        run("backup --data %s --to %s/backup --keys-to %s/backup/keys", data(), folder, folder), 2);
    assert_int_equal(run("backup --data %s --to %s/backup --keys-to %s", data(), folder, folder),
                     2);
    assert_int_equal(run("backup --data %s --to %s/inside", data(), data()), 2);
}

static void a_backup_is_taken_and_kept_up_to_date_while_people_work(void **state) {
    (void)state;
    authors_run(&authors, 1000);
    write_blob(1, blobs[0]);
    assert_int_equal(
        run("backup --data %s --to %s/backup --keys-to %s/keys", data(), folder, folder), 0);
    assert_non_null(strstr(output, "complete"));
    write_blob(2, blobs[1]);
    authors_run(&authors, 1500);
    assert_true(copy_is_up_to_date());
    assert_true(authors_settle(&authors, SETTLE_MS));
    entries_before = authors.count;
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(moment + length, sizeof moment - length, ".%06ldZ", now.tv_nsec / 1000);
    authors.resting = false;
    authors_run(&authors, 2000);
    assert_true(authors_settle(&authors, SETTLE_MS));
    write_blob(3, blobs[2]);
    char copies[PATH_BYTES];
    snprintf(copies, sizeof copies, "%s/backup", folder);
    for (int waited = 0; waited < WAIT_MS && !holds_blob(copies, blobs[2]); waited += LOOK_MS)
        authors_run(&authors, LOOK_MS);
    assert_true(copy_is_up_to_date());
    assert_true(authors.count > entries_before);
    /* The administration page says so. */
    static struct plain_answer told;
    struct plain_request ask = {.port = server_process_port(server),
                                .method = "GET",
                                .path = "/api/backup",
                                .bearer = staff.administrator};
    plain_ask(&ask, &told);
    assert_int_equal(told.status, 200);
    assert_non_null(strstr(told.body, "\"configured\":true,\"well\":true"));
    assert_non_null(strstr(told.body, "\"lastBase\":"));
    assert_non_null(strstr(told.body, "\"lastLog\":"));
    assert_non_null(strstr(told.body, "\"lastImage\":"));
}

static void a_backup_is_held_to_its_digests(void **state) {
    (void)state;
    char command[2 * PATH_BYTES];
    assert_int_equal(run("backup --verify %s/backup", folder), 0);
    snprintf(command, sizeof command,
             "cp -a %s/backup %s/bent && printf x | dd of=%s/bent/blobs/%s bs=1 seek=999 "
             "conv=notrunc 2>/dev/null",
             folder, folder, folder, blobs[0]);
    assert_int_equal(system(command), 0);
    assert_int_equal(run("backup --verify %s/bent", folder), 1);
    assert_non_null(strstr(output, blobs[0]));
    snprintf(command, sizeof command,
             "printf x | dd of=$(ls -d %s/bent/bases/*)/data/PG_VERSION bs=1 conv=notrunc "
             "2>/dev/null",
             folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(run("backup --verify %s/bent", folder), 1);
    assert_non_null(strstr(output, "PG_VERSION"));
    snprintf(command, sizeof command, "rm %s/bent/bases/*/manifest", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(run("backup --verify %s/bent", folder), 1);
    assert_non_null(strstr(output, "incomplete"));
    assert_int_equal(
        run("restore --from %s/bent --keys-from %s/keys --data %s/none", folder, folder, folder),
        2);
    assert_non_null(strstr(output, "no complete backup"));
}

static void a_restore_refuses_a_folder_that_is_not_empty(void **state) {
    (void)state;
    assert_int_equal(
        run("restore --from %s/backup --keys-from %s/keys --data %s", folder, folder, data()), 2);
    assert_non_null(strstr(output, "is not empty"));
    assert_int_equal(run("restore --from %s/backup --data %s/none", folder, folder), 2);
    assert_non_null(strstr(output, "--keys-from"));
    assert_int_equal(run("restore --from %s/backup --keys-from %s/keys --data %s/none --at "
                         "2020-01-01T00:00:00Z",
                         folder, folder, folder),
                     2);
    assert_non_null(strstr(output, "the earliest moment"));
}

static void come_back(void) {
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    staff_finish(&staff);
    assert_true(staff_hire(&staff, server, PEOPLE)); /* finds them, and signs them in anew */
}

static void everything_acknowledged_comes_back_from_the_newest(void **state) {
    (void)state;
    unsigned lost, doubled, rows;
    char fence[256], nothing[8], code[6];
    /* What a process of before would still begin its appends with. */
    ask("SELECT format('SELECT take_fence(%L, %s)', node, incarnation) FROM node_fence", fence,
        sizeof fence, code);
    ask(fence, nothing, sizeof nothing, code);
    assert_string_equal(code, "");
    lose_everything();
    assert_int_equal(
        run("restore --from %s/backup --keys-from %s/keys --data %s", folder, folder, data()), 0);
    assert_non_null(strstr(output, "s/GB"));
    come_back();
    ask(fence, nothing, sizeof nothing, code);
    assert_string_equal(code, "CN001");
    assert_true(
        authors_check_record(&authors, server_process_database(server), &lost, &doubled, &rows));
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(holds_blob(data(), blobs[i]));
    assert_int_equal(run("audit verify --data %s", data()), 0);
    assert_non_null(strstr(output, "the record was restored on"));
    authors.resting = false;
    authors_run(&authors, 1000); /* who was there goes on */
    assert_true(authors_settle(&authors, SETTLE_MS));
    assert_int_equal(authors_who_heard_otherwise(&authors), 0);
}

static void a_moment_in_between_comes_back_and_the_record_says_what_it_lacks(void **state) {
    (void)state;
    unsigned before, after;
    lose_everything();
    assert_int_equal(run("restore --from %s/backup --keys-from %s/keys --data %s --at %s", folder,
                         folder, data(), moment),
                     0);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    count_entries(entries_before, &before, &after);
    assert_int_equal(before, entries_before);
    assert_int_equal(after, 0);
    assert_int_equal(run("audit verify --data %s", data()), 0);
    assert_non_null(strstr(output, "whatever was recorded after"));
}

static void people_go_on_after_it(void **state) {
    (void)state;
    struct authors fresh;
    unsigned lost, doubled, rows;
    staff_finish(&staff);
    assert_true(staff_hire(&staff, server, PEOPLE));
    assert_true(authors_init(&fresh, &staff, AUTHORS, 0, CASES));
    authors_run(&fresh, 1000);
    assert_true(authors_settle(&fresh, SETTLE_MS));
    assert_true(fresh.accepted > 0);
    assert_true(
        authors_check_record(&fresh, server_process_database(server), &lost, &doubled, &rows));
    assert_int_equal(lost, 0);
    authors_finish(&fresh);
}

static void a_restored_folder_does_not_write_into_the_backup_it_came_from(void **state) {
    (void)state;
    assert_int_equal(run("backup --data %s --to %s/backup", data(), folder), 2);
    assert_non_null(strstr(output, "another data folder"));
    assert_int_equal(run("backup --data %s --to %s/second", data(), folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_never_put_with_the_data),
        cmocka_unit_test(a_backup_is_taken_and_kept_up_to_date_while_people_work),
        cmocka_unit_test(a_backup_is_held_to_its_digests),
        cmocka_unit_test(a_restore_refuses_a_folder_that_is_not_empty),
        cmocka_unit_test(everything_acknowledged_comes_back_from_the_newest),
        cmocka_unit_test(a_moment_in_between_comes_back_and_the_record_says_what_it_lacks),
        cmocka_unit_test(people_go_on_after_it),
        cmocka_unit_test(a_restored_folder_does_not_write_into_the_backup_it_came_from),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
