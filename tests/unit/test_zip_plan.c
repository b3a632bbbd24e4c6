/* links: server */
/* An archive whose length is known before its first byte: what `unzip` makes of it. */
#include "server/export/file_name.h"
#include "server/export/zip_plan.h"
#include "server/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct zip_plan plan;
static uint8_t archive[8192];
static size_t length;

static void put(const uint8_t *bytes, size_t count) {
    assert_true(length + count <= sizeof archive);
    memcpy(archive + length, bytes, count);
    length += count;
}

/* All of it, with contents piece by piece. */
static void write_all(const char *const *contents) {
    uint8_t piece[ZIP_PIECE_MAX];
    length = 0;
    for (uint32_t i = 0; i < plan.count; i++) {
        put(piece, zip_plan_head(&plan, i, piece));
        for (const char *at = contents[i]; *at != 0; at++) {
            zip_plan_data(&plan, i, at, 1);
            put((const uint8_t *)at, 1);
        }
        put(piece, zip_plan_tail(&plan, i, piece));
    }
    for (uint32_t i = 0; i < plan.count; i++) {
        put(piece, zip_plan_directory(&plan, i, piece));
    }
    put(piece, zip_plan_end(&plan, piece));
}

static void another_program_finds_it_whole(void **unused) {
    (void)unused;
    static const char *const contents[] = {"{\"a\": 1}", "", "sch\xc3\xb6n"};
    zip_plan_init(&plan, INT64_C(1795000000) * 1000000);
    assert_true(zip_plan_add(&plan, "data.json", strlen(contents[0])));
    assert_true(zip_plan_add(&plan, "empty", 0));
    assert_true(zip_plan_add(&plan, "documents/\xc3\xbc.txt", strlen(contents[2])));
    uint64_t planned = zip_plan_length(&plan);
    write_all(contents);
    assert_int_equal(length, planned);
    char path[] = "/tmp/consilium-zip-XXXXXX", command[160];
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, archive, length), (ssize_t)length);
    close(file);
    snprintf(command, sizeof command, "unzip -qt %s > /dev/null", path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "unzip -p %s data.json | grep -qx '{\"a\": 1}'", path);
    assert_int_equal(system(command), 0);
    unlink(path);
    zip_plan_finish(&plan);
}

static void what_would_not_fit_is_refused_and_the_rest_stays_whole(void **unused) {
    (void)unused;
    static const char *const contents[] = {"a"};
    char name[ZIP_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    zip_plan_init(&plan, 0);
    assert_true(zip_plan_add(&plan, "a", 1));
    uint64_t before = zip_plan_length(&plan);
    assert_false(zip_plan_add(&plan, "large", ZIP_LENGTH_MAX - 10));
    assert_false(zip_plan_add(&plan, "larger", UINT64_MAX));
    assert_false(zip_plan_add(&plan, name, 1));
    assert_int_equal(zip_plan_length(&plan), before);
    write_all(contents);
    assert_int_equal(length, before);
    zip_plan_finish(&plan);
}

static void there_are_no_more_entries_than_a_directory_can_count(void **unused) {
    (void)unused;
    zip_plan_init(&plan, 0);
    for (unsigned i = 0; i < ZIP_ENTRIES_MAX; i++) {
        assert_true(zip_plan_add(&plan, "x", 0));
    }
    assert_false(zip_plan_add(&plan, "x", 0));
    assert_true(plan.count <= UINT16_MAX);
    zip_plan_finish(&plan);
}

static void a_file_that_somebody_named_is_called_what_it_may_be(void **unused) {
    (void)unused;
    static const char *const names[][2] = {
        {"report.docx", "files/0001-report.docx"},
        {"../../etc/passwd", "files/0002-passwd"},
        {"C:\\Users\\x\\con", "files/0003-con"},
        {"a/..", "files/0004-._"},
        {"photo\xE2\x80\xAEgnp.exe", "files/0005-photo_gnp.exe"},
        {"\xC3\x9C"
         "berweisung.pdf",
         "files/0006-\xC3\x9C"
         "berweisung.pdf"},
        {"a:b*c?d|e\"f<g>h\ni\x7F", "files/0007-a_b_c_d_e_f_g_h_i_"},
        {"", "files/0008-_"},
        {"ends with space ", "files/0009-ends with space_"},
    };
    char path[ZIP_NAME_MAX + 1];
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct text name = {(uint32_t)strlen(names[i][0]), names[i][0]};
        export_file_path(i + 1, name, path);
        assert_string_equal(path, names[i][1]);
    }
}

static void a_very_long_name_keeps_its_end_and_whole_letters(void **unused) {
    (void)unused;
    char name[1024], path[ZIP_NAME_MAX + 1];
    for (size_t shift = 0; shift < 4; shift++) {
        size_t at = shift;
        memset(name, 'x', at);
        while (at + 3 < 900) {
            memcpy(name + at, "\xE2\x82\xAC", 3);
            at += 3;
        }
        memcpy(name + at, ".pdf.exe", 8);
        export_file_path(20000, (struct text){(uint32_t)at + 8, name}, path);
        struct text written = {(uint32_t)strlen(path), path};
        assert_true(text_is_utf8(written));
        assert_true(written.length <= FILE_NAME_KEPT + sizeof "files/20000-");
        assert_string_equal(path + written.length - 8, ".pdf.exe");
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_somebody_named_is_called_what_it_may_be),
        cmocka_unit_test(a_very_long_name_keeps_its_end_and_whole_letters),
        cmocka_unit_test(another_program_finds_it_whole),
        cmocka_unit_test(what_would_not_fit_is_refused_and_the_rest_stays_whole),
        cmocka_unit_test(there_are_no_more_entries_than_a_directory_can_count),
    };
    return cmocka_run_group_tests_name("zip_plan", tests, NULL, NULL);
}
