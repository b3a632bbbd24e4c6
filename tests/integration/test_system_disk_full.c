/* links: server_process consilium; timeout: 150 */
/*
 * The disk under the data folder is full. Nothing is acknowledged that is not stored, and when
 * there is room again everything goes on. Needs a small file system of its own, which only root can
 * mount; without one the test says so and is skipped.
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

enum {
    PEOPLE = 3,
    CASES = 3,
    AUTHORS = 15,
    FULL_MS = 6000,
    SETTLE_MS = 30000,
    PIECE_BYTES = 64 * 1024,
};

/* PostgreSQL's first files and its log take most of it. */
static const char size_option[] = "size=160m,mode=0755";

static bool mount_small(char *folder) {
    return mkdtemp(folder) != NULL && chmod(folder, 0755) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, size_option) == 0;
}

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

static void a_full_disk_loses_nothing_and_is_got_over(void **state) {
    char folder[] = "/tmp/consilium-full-XXXXXX", filler[64];
    struct staff staff;
    struct authors authors;
    unsigned lost, doubled, rows;
    (void)state;
    if (!mount_small(folder)) {
        print_message("SKIPPED: a small file system cannot be mounted here, so that a full disk "
                      "was NOT tested\n");
        skip();
    }
    snprintf(filler, sizeof filler, "%s/filler", folder);
    struct server_options options = {.program = CONSILIUM_PATH, .parent = folder};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES));
    assert_true(authors_init(&authors, &staff, AUTHORS, 0, CASES));
    authors_run(&authors, 1000);
    fill(filler);
    authors_run(&authors, FULL_MS);
    assert_true(authors.refused > 0); /* it was full indeed, and nobody was told otherwise */
    unlink(filler);
    assert_true(authors_settle(&authors, SETTLE_MS));
    assert_true(
        authors_check_record(&authors, server_process_database(server), &lost, &doubled, &rows));
    print_message("%u messages, %u refused while there was no room\n", rows, authors.refused);
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
    assert_int_equal(authors_who_heard_otherwise(&authors), 0);
    authors_finish(&authors);
    staff_finish(&staff);
    server_process_end(server);
    umount2(folder, MNT_DETACH);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_loses_nothing_and_is_got_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
