/* links: server */
#include "server/archives/archive_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *words;
static char path[ARCHIVE_REQUEST_PATH_MAX];

#define FIELDS                                                                                     \
    "/studies?limit=101&includefield=00081030&includefield=00080061&includefield=00201206"         \
    "&includefield=00201208"

static void whoever_asks_for_everybody_is_refused(void **state) {
    (void)state;
    assert_false(archive_keys_check(&(struct archive_keys){.patient_name = TEXT("")}, &words));
    assert_false(archive_keys_check(&(struct archive_keys){.patient_name = TEXT("**^ ?")}, &words));
    assert_false(archive_keys_check(&(struct archive_keys){.patient_name = TEXT("a*")}, &words));
    assert_false(
        archive_keys_check(&(struct archive_keys){.patient_name = TEXT("\xc3\xbc^")}, &words));
    assert_true(archive_keys_check(&(struct archive_keys){.patient_name = TEXT("Li^*")}, &words));
    assert_false(archive_keys_check(&(struct archive_keys){.study_date = TEXT("2026-")}, &words));
    assert_false(
        archive_keys_check(&(struct archive_keys){.study_date = TEXT("20260101-")}, &words));
    assert_true(archive_keys_check(
        &(struct archive_keys){.patient_id = TEXT("P-1"), .study_date = TEXT("20260101-")},
        &words));
    assert_false(archive_keys_check(
        &(struct archive_keys){.patient_id = TEXT("P"), .birth_date = TEXT("1958-02-14")}, &words));
    assert_false(archive_keys_check(&(struct archive_keys){.study_uid = TEXT("1/../2")}, &words));
    assert_true(archive_keys_check(&(struct archive_keys){.study_uid = TEXT("1.2.3")}, &words));
}

static void a_value_cannot_leave_its_place_in_the_query(void **state) {
    (void)state;
    assert_true(archive_keys_path(
        &(struct archive_keys){.patient_id = TEXT("a&b=c#d%e/f\r\n*"),
                               .patient_name = TEXT("M\xc3\xbcller-L\xc3\xb6we^Eva, &Dr*"),
                               .birth_date = TEXT("19580214")},
        path));
    assert_string_equal(path, FIELDS "&PatientID=a%26b%3Dc%23d%25e/f%0D%0A*"
                                     "&PatientName=M*ller-L*we?Eva??%26Dr*"
                                     "&PatientBirthDate=19580214");
}

static void an_answer_is_read_whatever_its_layout(void **state) {
    (void)state;
    char text[] = "[ {\"0020000D\" : { \"vr\":\"UI\",\n\t\"Value\" : [ \"1.2.3\" ] },"
                  "\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Wei\\u00df^Eva \"}]},"
                  "\"00080061\":{\"vr\":\"CS\",\"Value\":[\"CT\",\"SR\",\"<b>\"]},"
                  "\"00080020\":{\"vr\":\"DA\",\"Value\":[\"2026-1-1\"]},"
                  "\"00201208\":{\"vr\":\"IS\",\"Value\":[\"12\"]},"
                  "\"00201206\":{\"vr\":\"IS\",\"Value\":[3]}},"
                  "{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"no study\"]}},"
                  "{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"../x\"]}},"
                  "{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"4\"]},"
                  "\"00081030\":{\"vr\":\"LO\",\"Value\":[\"\xff\xfe\"]}} ]";
    struct archive_study study;
    struct archive_results results = archive_results_of(text, sizeof text - 1);
    assert_true(archive_results_study(&results, &study));
    assert_string_equal(study.study_uid, "1.2.3");
    assert_string_equal(study.patient_name, "Wei\xc3\x9f^Eva ");
    assert_int_equal(study.modality_count, 2);
    assert_string_equal(study.study_date, "");
    assert_int_equal(study.instances, 12);
    assert_int_equal(study.series, 3);
    assert_true(archive_results_study(&results, &study));
    assert_string_equal(study.study_uid, "4");
    assert_string_equal(study.description, "");
    assert_false(archive_results_study(&results, &study));
    assert_false(results.malformed);
}

static void what_is_no_list_of_results_is_malformed(void **state) {
    (void)state;
    static const char *const texts[] = {"", "{}", "[", "[1]", "[{\"0020000D\":", "[{}", "<html>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[32];
        struct archive_study study;
        snprintf(text, sizeof text, "%s", texts[i]);
        struct archive_results results = archive_results_of(text, strlen(text));
        while (archive_results_study(&results, &study)) {
        }
        assert_true(results.malformed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_asks_for_everybody_is_refused),
        cmocka_unit_test(a_value_cannot_leave_its_place_in_the_query),
        cmocka_unit_test(an_answer_is_read_whatever_its_layout),
        cmocka_unit_test(what_is_no_list_of_results_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
