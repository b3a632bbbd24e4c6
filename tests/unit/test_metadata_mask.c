/* links: imaging_format */
/* What who is not told who the patient is reads of an image's metadata. */
#include "server/imaging/metadata_mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_masked(const char *json, const char *expected) {
    struct bounded_output output;
    bounded_output_init(&output, 4096);
    assert_true(metadata_mask((const uint8_t *)json, strlen(json), &output));
    bounded_output_byte(&output, 0);
    assert_string_equal((const char *)output.bytes, expected);
    bounded_output_finish(&output);
}

static void assert_refused(const char *json) {
    struct bounded_output output;
    bounded_output_init(&output, 4096);
    assert_false(metadata_mask((const uint8_t *)json, strlen(json), &output));
    bounded_output_finish(&output);
}

static void names_numbers_dates_and_free_words_are_left_out(void **state) {
    (void)state;
    assert_masked("[{\"00080050\":{\"vr\":\"SH\",\"Value\":[\"A-17\"]},"
                  "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]},"
                  "\"0008103E\":{\"vr\":\"LO\",\"Value\":[\"For Mrs \\\"E\\\", {again}\"]},"
                  "\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Example^Eva\"}]},"
                  "\"00100020\":{\"vr\":\"LO\",\"Value\":[\"E-1\"]},"
                  "\"00100030\":{\"vr\":\"DA\",\"Value\":[\"19600102\"]},"
                  "\"00100040\":{\"vr\":\"CS\",\"Value\":[\"F\"]},"
                  "\"00280010\":{\"vr\":\"US\",\"Value\":[16]}},"
                  "{\"00101001\":{\"vr\":\"PN\"}}]",
                  "[{\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]},"
                  "\"00100040\":{\"vr\":\"CS\",\"Value\":[\"F\"]},"
                  "\"00280010\":{\"vr\":\"US\",\"Value\":[16]}},{}]");
}

static void what_is_kept_holds_nothing_else_inside(void **state) {
    (void)state;
    assert_masked("[{\"00186011\":{\"vr\":\"SQ\",\"Value\":[{\"00100010\":{\"vr\":\"PN\"},"
                  "\"00186018\":{\"vr\":\"UL\",\"Value\":[-1.5e+3,null]}},{}]},"
                  "\"00081140\":{\"vr\":\"SQ\",\"Value\":[{\"00080018\":{\"vr\":\"UI\"}}]}}]",
                  "[{\"00186011\":{\"vr\":\"SQ\",\"Value\":["
                  "{\"00186018\":{\"vr\":\"UL\",\"Value\":[-1.5e+3,null]}},{}]}}]");
}

static void a_value_that_looks_like_an_attribute_is_a_value(void **state) {
    (void)state;
    assert_masked(
        "[{\"00200020\":{\"vr\":\"CS\",\"Value\":[\"00100010\",\"\\\\\",\"00100010\"]}}]",
        "[{\"00200020\":{\"vr\":\"CS\",\"Value\":[\"00100010\",\"\\\\\",\"00100010\"]}}]");
}

static void what_is_no_metadata_of_ours_is_not_told_at_all(void **state) {
    (void)state;
    assert_refused("[{\"00100010\":");
    assert_refused("[{\"00100010\":}]");
    assert_refused("[{\"00100010\":{\"vr\":\"PN\"");
    assert_refused("[{\"00080060\":\"CT}]");
    assert_refused("[{\"00080060\":}]");
    assert_refused("[{:1}]");
    assert_refused("]");
    assert_refused("[");
    char deep[2000] = "";
    memset(deep, '[', sizeof deep - 1);
    assert_refused(deep);
}

static void a_text_that_does_not_fit_is_not_told(void **state) {
    (void)state;
    struct bounded_output output;
    bounded_output_init(&output, 8);
    static const char json[] = "[{\"00080060\":{\"vr\":\"CS\"}}]";
    assert_false(metadata_mask((const uint8_t *)json, sizeof json - 1, &output));
    bounded_output_finish(&output);
}

/* What identifies a patient, and what somebody may have written about one, mostly of table E.1-1 of
 * PS3.15:
 * all of it goes, whatever the table would put in its place. */
static void attributes_of_the_basic_profile_are_not_kept(void **state) {
    (void)state;
    static const uint32_t tags[] = {
        0x00080012, 0x00080013, 0x00080014, 0x00080021, 0x00080022, 0x00080023, 0x00080030,
        0x00080050, 0x00080054, 0x00080080, 0x00080081, 0x00080090, 0x00080092, 0x00080094,
        0x00080096, 0x0008009C, 0x00081010, 0x00081030, 0x0008103E, 0x00081040, 0x00081048,
        0x00081049, 0x00081050, 0x00081052, 0x00081060, 0x00081070, 0x00081080, 0x00081084,
        0x00081110, 0x00081111, 0x00081120, 0x00081140, 0x00082111, 0x00084000, 0x00100010,
        0x00100020, 0x00100021, 0x00100022, 0x00100024, 0x00100030, 0x00100032, 0x00100033,
        0x00100050, 0x00101000, 0x00101001, 0x00101002, 0x00101005, 0x00101020, 0x00101030,
        0x00101040, 0x00101050, 0x00101060, 0x00101080, 0x00101081, 0x00101090, 0x00102000,
        0x00102110, 0x00102150, 0x00102152, 0x00102154, 0x00102160, 0x00102180, 0x001021A0,
        0x001021B0, 0x001021C0, 0x001021D0, 0x001021F0, 0x00102203, 0x00102297, 0x00102299,
        0x00104000, 0x00180010, 0x00181000, 0x00181002, 0x00181004, 0x00181030, 0x00181400,
        0x00184000, 0x0018700A, 0x0018A003, 0x00200010, 0x00200200, 0x00203401, 0x00203404,
        0x00204000, 0x00209158, 0x00280301, 0x00284000, 0x00321020, 0x00321030, 0x00321032,
        0x00321033, 0x00321060, 0x00321070, 0x00324000, 0x00380004, 0x00380010, 0x00380020,
        0x00380050, 0x00380300, 0x00380400, 0x00380500, 0x00384000, 0x00400006, 0x00400007,
        0x00400241, 0x00400243, 0x00400253, 0x00400254, 0x00400275, 0x00400280, 0x00401001,
        0x00401004, 0x00401102, 0x00401103, 0x00401400, 0x00402008, 0x00402009, 0x00402400,
        0x00403001, 0x00404025, 0x00404035, 0x00404037, 0x0040A027, 0x0040A075, 0x0040A078,
        0x0040A07A, 0x0040A088, 0x0040A123, 0x0040A124, 0x0040A160, 0x0040A730, 0x00420010,
        0x00420011, 0x00700001, 0x00700084, 0x00880140, 0x00880904, 0x04000100, 0x04000402,
        0x04000550, 0x04000561, 0x20300020, 0x30060024, 0x300A0013, 0x300E0008, 0x40000010,
        0x40004000, 0x40080042, 0x40080119, 0x4008011A, 0x40080202, 0x40080300, 0x40084000,
        0x50000010, 0x60003000, 0x60004000, 0xFFFAFFFA, 0xFFFCFFFC};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        assert_false(metadata_mask_keeps(tags[i]));
    }
    for (uint32_t tag = 0; tag < 0x10000; tag++) {
        /* Of the patient sex and age alone; of whom a request is about, and privately, nothing. */
        bool told = tag == 0x0040 || tag == 0x1010;
        assert_int_equal(metadata_mask_keeps(0x00100000 | tag), told);
        assert_false(metadata_mask_keeps(0x00320000 | tag));
        assert_false(metadata_mask_keeps(0x00090000 | tag));
    }
    assert_true(metadata_mask_keeps(0x00080005) && metadata_mask_keeps(0x00282110));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_numbers_dates_and_free_words_are_left_out),
        cmocka_unit_test(what_is_kept_holds_nothing_else_inside),
        cmocka_unit_test(a_value_that_looks_like_an_attribute_is_a_value),
        cmocka_unit_test(what_is_no_metadata_of_ours_is_not_told_at_all),
        cmocka_unit_test(a_text_that_does_not_fit_is_not_told),
        cmocka_unit_test(attributes_of_the_basic_profile_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
