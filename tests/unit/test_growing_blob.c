/* links: blobs */
#include "server/blobs/growing_blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t key[BLOB_KEY_SIZE] = {1};
static const uint8_t other_key[BLOB_KEY_SIZE] = {2};
static const uint8_t name[BLOB_NAME_SIZE] = {0xAB, 2};

enum { LONG = 200 * 1000 };

struct folder {
    char path[64];
    char file[256];
    struct blob_files files;
    uint8_t bytes[LONG];
};

static int make_folder(void **state) {
    struct folder *folder = calloc(1, sizeof *folder);
    snprintf(folder->path, sizeof folder->path, "/tmp/consilium-blobs-XXXXXX");
    *state = folder;
    if (!mkdtemp(folder->path) || blob_files_open(&folder->files, folder->path) != BLOB_OK) {
        return -1;
    }
    snprintf(folder->file, sizeof folder->file, "%s/growing/ab02%060d", folder->path, 0);
    for (size_t i = 0; i < LONG; i++) {
        folder->bytes[i] = (uint8_t)(i * 31 + i / 251);
    }
    return 0;
}

static int drop_folder(void **state) {
    struct folder *folder = *state;
    char command[128];
    blob_files_close(&folder->files);
    snprintf(command, sizeof command, "rm -rf %s", folder->path);
    int status = system(command);
    free(folder);
    return status;
}

/* Written in two sittings, closed. */
static void write_two(struct folder *folder, size_t first, size_t second) {
    struct growing_blob blob;
    assert_int_equal(growing_blob_create(&blob, &folder->files, key, name), BLOB_OK);
    assert_int_equal(growing_blob_add(&blob, folder->bytes, first), BLOB_OK);
    assert_int_equal(growing_blob_sync(&blob), BLOB_OK);
    assert_int_equal(growing_blob_add(&blob, folder->bytes + first, second), BLOB_OK);
    assert_int_equal(growing_blob_sync(&blob), BLOB_OK);
    growing_blob_close(&blob);
}

static void assert_holds(struct folder *folder, uint64_t size) {
    struct growing_blob blob;
    uint8_t *read = malloc(LONG);
    assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
    assert_int_equal(blob.size, size);
    assert_int_equal(growing_blob_read(&blob, 0, size, read), BLOB_OK);
    assert_memory_equal(read, folder->bytes, size);
    if (size > 70000) {
        assert_int_equal(growing_blob_read(&blob, 65530, 4000, read), BLOB_OK);
        assert_memory_equal(read, folder->bytes + 65530, 4000);
    }
    growing_blob_close(&blob);
    free(read);
}

static void what_was_added_in_several_sittings_is_read_in_ranges(void **state) {
    struct folder *folder = *state;
    write_two(folder, 100001, LONG - 100001);
    assert_holds(folder, LONG);
}

static void what_a_crash_left_of_a_record_is_cut_off_and_written_anew(void **state) {
    struct folder *folder = *state;
    write_two(folder, 100000, 50000);
    for (long less = 1; less < 50000; less += 16661) {
        FILE *file = fopen(folder->file, "r+");
        assert_non_null(file);
        fseek(file, 0, SEEK_END);
        assert_int_equal(truncate(folder->file, ftell(file) - less), 0);
        fclose(file);
        assert_holds(folder, 100000);
        struct growing_blob blob;
        assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
        assert_int_equal(growing_blob_add(&blob, folder->bytes + 100000, 50000), BLOB_OK);
        growing_blob_close(&blob);
        assert_holds(folder, 150000);
    }
}

static void what_came_to_the_disk_damaged_is_cut_off_with_all_behind_it(void **state) {
    struct folder *folder = *state;
    write_two(folder, 60000, 60000);
    FILE *file = fopen(folder->file, "r+");
    assert_non_null(file);
    fseek(file, BLOB_HEADER_SIZE + 60032 + 100, SEEK_SET);
    fputc(0x55, file);
    fputc(0xAA, file);
    fclose(file);
    assert_holds(folder, 60000);
}

static void a_sitting_can_be_taken_back(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    write_two(folder, 100000, 50000);
    assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
    assert_int_equal(growing_blob_cut(&blob, 100000), BLOB_OK);
    assert_int_equal(blob.size, 100000);
    growing_blob_close(&blob);
    assert_holds(folder, 100000);
}

static void what_is_on_trial_counts_only_with_its_verdict(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    write_two(folder, 50000, 50000);
    for (int settled = 0; settled < 2; settled++) {
        // As it lies on the disk when the process is killed here.
        assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
        assert_int_equal(blob.size, 100000);
        growing_blob_try(&blob);
        assert_int_equal(growing_blob_add(&blob, folder->bytes + 100000, 70000), BLOB_OK);
        assert_int_equal(growing_blob_sync(&blob), BLOB_OK);
        if (settled == 1) {
            assert_int_equal(growing_blob_settle(&blob), BLOB_OK);
            assert_int_equal(growing_blob_add(&blob, folder->bytes + 170000, 1000), BLOB_OK);
            growing_blob_try(&blob);
            assert_int_equal(growing_blob_add(&blob, folder->bytes + 171000, 1000), BLOB_OK);
        }
        growing_blob_close(&blob);
        assert_holds(folder, settled == 0 ? 100000 : 171000);
    }
}

static void what_was_settled_together_goes_together(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    write_two(folder, 30000, 30000);
    assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
    growing_blob_try(&blob);
    assert_int_equal(growing_blob_add(&blob, folder->bytes + 60000, 100000), BLOB_OK);
    assert_int_equal(growing_blob_settle(&blob), BLOB_OK);
    uint64_t second = blob.records[3].file_offset;
    growing_blob_close(&blob);
    assert_holds(folder, 160000);
    FILE *file = fopen(folder->file, "r+");
    assert_non_null(file);
    fseek(file, (long)second + 500, SEEK_SET);
    fputc(0x55, file);
    fputc(0xAA, file);
    fclose(file);
    assert_holds(folder, 60000);
}

static void a_trial_is_taken_back_and_another_begun(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    write_two(folder, 30000, 30000);
    assert_int_equal(growing_blob_open(&blob, &folder->files, key, name), BLOB_OK);
    growing_blob_try(&blob);
    assert_int_equal(growing_blob_add(&blob, folder->bytes + 60500, 90000), BLOB_OK);
    assert_int_equal(growing_blob_cut(&blob, 60000), BLOB_OK);
    growing_blob_try(&blob);
    assert_int_equal(growing_blob_add(&blob, folder->bytes + 60000, 90000), BLOB_OK);
    assert_int_equal(growing_blob_settle(&blob), BLOB_OK);
    growing_blob_try(&blob);
    assert_int_equal(growing_blob_settle(&blob), BLOB_OK); // of nothing
    growing_blob_close(&blob);
    assert_holds(folder, 150000);
}

static void another_key_opens_nothing(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    write_two(folder, 1000, 1000);
    assert_int_equal(growing_blob_open(&blob, &folder->files, other_key, name), BLOB_OK);
    assert_int_equal(blob.size, 0);
    growing_blob_close(&blob);
}

static void nothing_of_it_lies_in_clear_on_the_disk(void **state) {
    struct folder *folder = *state;
    struct growing_blob blob;
    char command[300];
    assert_int_equal(growing_blob_create(&blob, &folder->files, key, name), BLOB_OK);
    assert_int_equal(growing_blob_add(&blob, "the patient's own words", 23), BLOB_OK);
    growing_blob_close(&blob);
    snprintf(command, sizeof command, "grep -c patient %s > /dev/null", folder->file);
    assert_int_not_equal(system(command), 0);
}

static bool is_wanted(void *data, const uint8_t of[BLOB_NAME_SIZE]) {
    (void)of;
    return *(bool *)data;
}

static void those_that_nobody_wants_are_swept(void **state) {
    struct folder *folder = *state;
    bool wanted = true;
    write_two(folder, 1000, 1000);
    growing_blob_sweep(&folder->files, is_wanted, &wanted);
    assert_int_equal(access(folder->file, F_OK), 0);
    wanted = false;
    growing_blob_sweep(&folder->files, is_wanted, &wanted);
    assert_int_not_equal(access(folder->file, F_OK), 0);
    assert_int_equal(growing_blob_delete(&folder->files, name), BLOB_ABSENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_added_in_several_sittings_is_read_in_ranges,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_a_crash_left_of_a_record_is_cut_off_and_written_anew,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_came_to_the_disk_damaged_is_cut_off_with_all_behind_it,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_sitting_can_be_taken_back, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_is_on_trial_counts_only_with_its_verdict, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(what_was_settled_together_goes_together, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_trial_is_taken_back_and_another_begun, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(another_key_opens_nothing, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(nothing_of_it_lies_in_clear_on_the_disk, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(those_that_nobody_wants_are_swept, make_folder,
                                        drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
