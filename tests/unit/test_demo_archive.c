/* links: demo_images zlib */
#include "clients/native/demo/archive.h"
#include "clients/native/demo/cranium.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

struct scratch {
    char path[64];
};

static int set_up(void **state) {
    struct scratch *scratch = malloc(sizeof(*scratch));
    if (scratch == NULL)
        return -1;
    snprintf(scratch->path, sizeof(scratch->path), "/tmp/consilium_archive_XXXXXX");
    int file = mkstemp(scratch->path);
    *state = scratch;
    return file < 0 ? -1 : close(file);
}

static int tear_down(void **state) {
    struct scratch *scratch = *state;
    unlink(scratch->path);
    free(scratch);
    return 0;
}

// Appends one ustar member; `stated` is the length its header claims.
static void append(gzFile file, const char *name, const void *bytes, size_t length, size_t stated) {
    char block[512] = {0};
    unsigned sum = 0;
    snprintf(block, 100, "%s", name);
    snprintf(block + 124, 12, "%011zo", stated);
    block[156] = '0';
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < sizeof(block); i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
    assert_int_equal(gzwrite(file, block, sizeof(block)), sizeof(block));
    char padding[512] = {0};
    if (length > 0)
        assert_int_equal(gzwrite(file, bytes, (unsigned)length), (int)length);
    if (length % 512 != 0)
        gzwrite(file, padding, (unsigned)(512 - length % 512));
}

static void the_named_members_are_found_in_any_order(void **state) {
    struct scratch *scratch = *state;
    gzFile file = gzopen(scratch->path, "wb");
    append(file, "folder/other", "xxxx", 4, 4);
    append(file, "folder/second", "two", 3, 3);
    append(file, "folder/first", "one", 3, 3);
    gzclose(file);
    struct archive_member members[] = {{.name = "first", .length_max = 10},
                                       {.name = "second", .length_max = 10}};
    assert_true(archive_extract(scratch->path, members, 2));
    assert_string_equal((char *)members[0].bytes, "one");
    assert_string_equal((char *)members[1].bytes, "two");
    free(members[0].bytes);
    free(members[1].bytes);
}

static void a_member_over_its_bound_is_not_allocated(void **state) {
    struct scratch *scratch = *state;
    gzFile file = gzopen(scratch->path, "wb");
    append(file, "folder/first", "one", 3, 0x30000000);
    gzclose(file);
    struct archive_member members[] = {{.name = "first", .length_max = 1000}};
    assert_false(archive_extract(scratch->path, members, 1));
    assert_null(members[0].bytes);
}

static void a_file_that_ends_early_gives_nothing(void **state) {
    struct scratch *scratch = *state;
    gzFile file = gzopen(scratch->path, "wb");
    append(file, "folder/first", "one", 3, 3);
    append(file, "folder/second", "two", 3, 3000);
    gzclose(file);
    struct archive_member members[] = {{.name = "first", .length_max = 10},
                                       {.name = "second", .length_max = 10000}};
    assert_false(archive_extract(scratch->path, members, 2));
    assert_null(members[0].bytes);
    assert_null(members[1].bytes);
}

static const char plist[] =
    "<dict><key>matrix</key><dict><key>dtype</key><string>int16</string>"
    "<key>shape</key><array><integer>2</integer><integer>3</integer><integer>1</integer></array>"
    "</dict><key>spacing</key><array><real>0.5</real><real>0.25</real><real>2.0</real></array>"
    "</dict>";

static void rows_are_reversed_and_slices_are_not(void **state) {
    struct scratch *scratch = *state;
    const uint8_t stored[] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0xfa, 0xff}; // 2 slices of 3 rows
    gzFile file = gzopen(scratch->path, "wb");
    append(file, "x/main.plist", plist, strlen(plist), strlen(plist));
    append(file, "x/matrix.dat", stored, sizeof(stored), sizeof(stored));
    gzclose(file);
    struct volume *volume = cranium_read(scratch->path);
    assert_non_null(volume);
    assert_int_equal(*volume_row(volume, 0, 0), 3);
    assert_int_equal(*volume_row(volume, 0, 2), 1);
    assert_int_equal(*volume_row(volume, 1, 0), -6);
    assert_true(volume->column_mm == 0.5 && volume->row_mm == 0.25 && volume->slice_mm == 2);
    volume_destroy(volume);
}

static void a_matrix_shorter_than_its_shape_is_refused(void **state) {
    struct scratch *scratch = *state;
    gzFile file = gzopen(scratch->path, "wb");
    append(file, "x/main.plist", plist, strlen(plist), strlen(plist));
    append(file, "x/matrix.dat", "0123456789", 10, 10);
    gzclose(file);
    assert_null(cranium_read(scratch->path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_named_members_are_found_in_any_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_member_over_its_bound_is_not_allocated, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_ends_early_gives_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_reversed_and_slices_are_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_matrix_shorter_than_its_shape_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
