/* links: demo_images */
#define _GNU_SOURCE // memmem

#include "clients/native/demo/demo_files.h"
#include "clients/native/demo/demo_manifest.h"
#include "clients/native/demo/demo_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *written(const struct pdf_report *report, size_t *ret_length) {
    char *bytes = NULL;
    FILE *file = open_memstream(&bytes, ret_length);
    assert_non_null(file);
    assert_true(pdf_write(report, file));
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static size_t count_of(const char *bytes, size_t length, const char *words) {
    size_t count = 0;
    for (const char *at = bytes;
         (at = memmem(at, (size_t)(bytes + length - at), words, strlen(words))) != NULL; at++)
        count++;
    return count;
}

static void every_entry_of_the_cross_reference_table_points_at_its_object(void **state) {
    (void)state;
    size_t length;
    char *bytes = written(&demo_cranium_report, &length);
    long table;
    const char *end = memmem(bytes, length, "startxref\n", 10);
    assert_non_null(end);
    assert_int_equal(sscanf(end, "startxref\n%ld", &table), 1);
    unsigned objects;
    assert_int_equal(sscanf(bytes + table, "xref\n0 %u\n", &objects), 1);
    const char *entry = strchr(strchr(bytes + table, '\n') + 1, '\n') + 1;
    for (unsigned i = 1; i < objects; i++) {
        char expected[32];
        long offset = strtol(entry + 20 * i, NULL, 10);
        snprintf(expected, sizeof(expected), "%u 0 obj\n", i);
        assert_memory_equal(bytes + offset, expected, strlen(expected));
    }
    free(bytes);
}

static void every_page_says_that_it_is_a_demonstration(void **state) {
    (void)state;
    size_t length;
    char *bytes = written(&demo_cranium_report, &length);
    assert_int_equal(count_of(bytes, length, "DEMONSTRATION DATA - NOT A PATIENT"),
                     demo_cranium_report.page_count);
    assert_int_equal(count_of(bytes, length, "/Type /Page "), demo_cranium_report.page_count);
    free(bytes);
}

static void parentheses_do_not_end_a_text(void **state) {
    (void)state;
    const char *const lines[] = {"a (b) \\ c", NULL};
    const struct pdf_page page = {.heading = "H", .lines = lines};
    const struct pdf_report report = {.title = "T", .footer = "F", .pages = &page, .page_count = 1};
    size_t length;
    char *bytes = written(&report, &length);
    assert_int_equal(count_of(bytes, length, "(a \\(b\\) \\\\ c) Tj"), 1);
    free(bytes);
}

static void write_line(struct demo_files *files, const char *line) {
    assert_true(fputs(line, files->manifest) >= 0);
}

static void a_manifest_is_read_back_as_it_was_written(void **state) {
    (void)state;
    char folder[] = "/tmp/consilium_manifest_XXXXXX";
    struct demo_files files;
    static struct demo_manifest manifest;
    assert_non_null(mkdtemp(folder));
    assert_true(demo_files_begin(&files, folder));
    write_line(&files, "case\tone\tDEMO-1\tDEMO^One\t19700101\tF\tFirst title\n");
    write_line(&files, "study\tone\t2.25.1\t20260101\tStudy\n");
    write_line(&files, "dicom\tone\tone/ct/0001.dcm\n");
    write_line(&files, "pdf\tone\tone/report.pdf\tReport\n");
    write_line(&files, "case\ttwo\tDEMO-2\tDEMO^Two\t19700102\tM\tSecond title\n");
    assert_false(demo_manifest_read(&manifest, folder)); // not complete yet
    assert_true(demo_files_finish(&files));
    assert_true(demo_manifest_read(&manifest, folder));
    assert_int_equal(manifest.case_count, 2);
    assert_string_equal(manifest.cases[0].title, "First title");
    assert_int_equal(manifest.cases[0].file_count, 2);
    assert_true(manifest.files[1].document);
    assert_string_equal(manifest.files[1].path, "one/report.pdf");
    assert_int_equal(manifest.cases[1].file_count, 0);
    demo_manifest_finish(&manifest);
    demo_files_remove(folder);
    assert_int_not_equal(access(folder, F_OK), 0);
}

static void a_manifest_with_a_file_of_no_case_is_refused(void **state) {
    (void)state;
    char folder[] = "/tmp/consilium_manifest_XXXXXX";
    struct demo_files files;
    static struct demo_manifest manifest;
    assert_non_null(mkdtemp(folder));
    assert_true(demo_files_begin(&files, folder));
    write_line(&files, "dicom\tone\tone/ct/0001.dcm\n");
    assert_true(demo_files_finish(&files));
    assert_false(demo_manifest_read(&manifest, folder));
    demo_files_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_of_the_cross_reference_table_points_at_its_object),
        cmocka_unit_test(every_page_says_that_it_is_a_demonstration),
        cmocka_unit_test(parentheses_do_not_end_a_text),
        cmocka_unit_test(a_manifest_is_read_back_as_it_was_written),
        cmocka_unit_test(a_manifest_with_a_file_of_no_case_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
