/* links: server_process consilium; timeout: 150 */
/*
 * The disk of the backup is full: the server goes on and says so, in its log and in /metrics; when
 * there is room again the backup is up to date again by itself. Needs a small file system of its
 * own, which only root can mount; without one the test says so and is skipped.
 */
#include "tests/support/authors.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 2, CASES = 2, AUTHORS = 6, WAIT_MS = 40000, LOOK_MS = 50, SETTLE_MS = 30000 };
enum { PIECE_BYTES = 64 * 1024 };

static struct server_process *server;
static struct staff staff;
static struct authors authors;

static void fill(const char *path) {
    static const char piece[PIECE_BYTES];
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    for (size_t size = sizeof piece; size > 0;) {
        if (write(file, piece, size) <= 0)
            size /= 2; /* to the last byte */
    }
    close(file);
}

static bool becomes(const char *metric, double wanted) {
    for (int waited = 0; waited < WAIT_MS; waited += LOOK_MS) {
        authors_run(&authors, LOOK_MS);
        if (server_process_metric(server, metric) == wanted)
            return true;
    }
    return false;
}

static bool log_says(const char *words) {
    char path[1200], line[1024];
    bool says = false;
    snprintf(path, sizeof path, "%s/../log", server_process_data(server));
    FILE *log = fopen(path, "r");
    assert_non_null(log);
    while (!says && fgets(line, sizeof line, log) != NULL)
        says = strstr(line, words) != NULL;
    fclose(log);
    return says;
}

/* A sealed file, so that there is something to copy at once. */
static void write_blob(void) {
    char path[1200];
    static const char bytes[PIECE_BYTES];
    snprintf(path, sizeof path, "%s/blobs/00/%064d", server_process_data(server), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
}

static void a_full_disk_of_the_backup_is_told_and_got_over(void **state) {
    char folder[] = "/tmp/consilium-small-XXXXXX", filler[64], command[2048];
    (void)state;
    assert_non_null(mkdtemp(folder));
    if (mount("tmpfs", folder, "tmpfs", 0, "size=220m,mode=0755") != 0) {
        rmdir(folder);
        print_message("SKIPPED: a small file system cannot be mounted here, so that a full disk "
                      "was NOT tested\n");
        skip();
    }
    snprintf(filler, sizeof filler, "%s/filler", folder);
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES));
    assert_true(authors_init(&authors, &staff, AUTHORS, 0, CASES));
    assert_int_equal((int)server_process_metric(server, "consilium_backup_configured"), 0);
    snprintf(command, sizeof command, "%s backup --data %s --to %s/copy >/dev/null", CONSILIUM_PATH,
             server_process_data(server), folder);
    assert_int_equal(system(command), 0);
    assert_true(becomes("consilium_backup_well", 1));
    fill(filler);
    write_blob();
    assert_true(becomes("consilium_backup_well", 0));
    assert_int_equal((int)server_process_metric(server, "consilium_backup_configured"), 1);
    assert_true(log_says("not up to date"));
    unsigned before = authors.accepted;
    authors_run(&authors, 2000);
    assert_true(authors.accepted > before); /* nobody is held up */
    assert_true(server_process_metric(server, "consilium_backup_behind_seconds") >= 1);
    unlink(filler);
    assert_true(becomes("consilium_backup_well", 1));
    assert_true(log_says("up to date again"));
    assert_true(authors_settle(&authors, SETTLE_MS));
    authors_finish(&authors);
    staff_finish(&staff);
    assert_int_equal(server_process_finish(server, WAIT_MS), 0);
    server_process_end(server);
    umount2(folder, MNT_DETACH);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_of_the_backup_is_told_and_got_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
