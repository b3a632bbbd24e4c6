/* links: server */
/* Both texts of a copy: what people wrote is neither markup nor structure in them. */
#include "protocol/generated/patient_case_json.h"
#include "server/export/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool holds(const char *bytes, size_t length, const char *words) {
    size_t wanted = strlen(words);
    for (size_t i = 0; i + wanted <= length; i++) {
        if (memcmp(bytes + i, words, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static void words_of_people_are_no_markup(void **unused) {
    (void)unused;
    struct page page;
    page_begin(&page, EXPORT_GERMAN, 64 * 1024, "Titel", "Einleitung");
    page_paragraph(&page, TEXT("<script>alert(1)</script> & \"so on\""));
    page_fact(&page, "Name", TEXT("<b>Eva</b>"));
    page_fact(&page, "Leer", TEXT(""));
    page_fact_time(&page, "Nie", 0);
    page_end(&page);
    const char *html = (const char *)page.html.bytes;
    assert_false(page.html.failed);
    assert_false(holds(html, page.html.size, "<script"));
    assert_false(holds(html, page.html.size, "<b>Eva"));
    assert_false(holds(html, page.html.size, "Leer"));
    assert_false(holds(html, page.html.size, "Nie"));
    assert_true(
        holds(html, page.html.size, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;so"));
    assert_true(holds(html, page.html.size, "<html lang=\"de\">"));
    assert_true(holds(html, page.html.size, "default-src 'none'"));
    page_finish(&page);
}

static void every_field_stands_under_its_name_in_the_schema(void **unused) {
    (void)unused;
    struct json_writer json;
    struct restriction restriction = {.by = {{0xab}},
                                      .at = INT64_C(1795000000) * 1000000 + 7,
                                      .reason = TEXT("a \"word\"\\\n\x01")};
    struct use_restricted event = {.restriction = restriction};
    json_writer_init(&json, 4096);
    json_writer_open(&json, NULL);
    assert_true(patient_case_json(PATIENT_CASE_USE_RESTRICTED, &event, &json));
    json_writer_close(&json);
    static const char expected[] = "{\n \"type\": \"UseRestricted\",\n \"restriction\": {\n"
                                   "  \"by\": \"ab000000-0000-0000-0000-000000000000\",\n"
                                   "  \"at\": \"2026-11-18T11:06:40.000007Z\",\n"
                                   "  \"reason\": \"a \\\"word\\\"\\\\\\n\\u0001\"}}";
    assert_int_equal(json.length, sizeof expected - 1);
    assert_memory_equal(json.bytes, expected, json.length);
    json_writer_finish(&json);
}

static void every_word_is_said_in_every_language(void **unused) {
    (void)unused;
    for (int language = 0; language < EXPORT_LANGUAGES; language++) {
        const char *const *words = (const char *const *)export_words(language);
        for (size_t i = 0; i < sizeof(struct export_words) / sizeof *words; i++) {
            assert_non_null(words[i]);
            assert_true(words[i][0] != 0);
        }
    }
}

static void what_passes_its_bound_fails_and_stays_failed(void **unused) {
    (void)unused;
    struct json_writer json;
    json_writer_init(&json, 16);
    json_writer_open(&json, NULL);
    json_writer_text(&json, "a", TEXT("more than sixteen bytes"));
    assert_true(json.failed);
    json_writer_close(&json);
    assert_true(json.failed && json.length <= 16);
    json_writer_finish(&json);
    struct page page;
    page_begin(&page, EXPORT_ENGLISH, 100, "Title", "Words");
    page_end(&page);
    assert_true(page.html.failed);
    page_finish(&page);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_people_are_no_markup),
        cmocka_unit_test(every_field_stands_under_its_name_in_the_schema),
        cmocka_unit_test(every_word_is_said_in_every_language),
        cmocka_unit_test(what_passes_its_bound_fails_and_stays_failed),
    };
    return cmocka_run_group_tests_name("copy_texts", tests, NULL, NULL);
}
