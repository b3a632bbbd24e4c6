/* links: server */
/* The list of erased cases beside the record: what a full disk or a power cut leaves of a line. */
#include "server/erasure/erasure_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST "erased 01000000-0000-0000-0000-000000000000\n"
#define SECOND "gone 02000000-0000-0000-0000-000000000000\n"

static char folder[] = "/tmp/consilium-erasure-list-XXXXXX";
static char path[sizeof folder + 32];

static bool reads(const char *text, struct erasure_list *ret) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return erasure_list_read(ret, folder);
}

static void a_line_that_was_cut_short_anywhere_is_passed_over(void **state) {
    (void)state;
    char text[256];
    for (size_t kept = 1; kept < sizeof FIRST - 2; kept++) {
        struct erasure_list list;
        snprintf(text, sizeof text, "%.*s\n" SECOND, (int)kept, FIRST);
        assert_true(reads(text, &list));
        assert_int_equal(list.count, 1);
        assert_true(list.entries[0].gone);
        erasure_list_finish(&list);
    }
}

static void what_is_added_after_a_torn_line_is_read_again(void **state) {
    (void)state;
    struct uuid third = {{3}};
    struct erasure_list list;
    assert_true(reads("erased 01000000-0", &list));
    assert_true(erasure_list_add(&list, third, false));
    erasure_list_finish(&list);
    assert_true(erasure_list_read(&list, folder));
    assert_non_null(erasure_list_find(&list, third));
    erasure_list_finish(&list);
}

static void anything_else_is_no_list(void **state) {
    (void)state;
    static const char *const wrong[] = {"erased x\n", "kept 01\n", FIRST "erased " FIRST,
                                        "gone 02000000-0000-0000-0000-00000000000g\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct erasure_list list;
        assert_false(reads(wrong[i], &list));
        erasure_list_finish(&list);
    }
}

static int open_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/" ERASURE_LIST_NAME, folder);
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_was_cut_short_anywhere_is_passed_over),
        cmocka_unit_test(what_is_added_after_a_torn_line_is_read_again),
        cmocka_unit_test(anything_else_is_no_list),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
