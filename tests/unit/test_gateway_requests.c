/* links: server */
#include "server/gateway/cookie.h"
#include "server/gateway/json.h"
#include "server/gateway/router.h"
#include "server/uuid_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct http_route table[] = {
    {"GET", "/api/people", 0, ROUTE_SIGNED_IN, NULL},
    {"POST", "/api/people", 100, ROUTE_SIGNED_IN, NULL},
    {"GET", "/api/cases/:case/series/:series/metadata", 0, ROUTE_SIGNED_IN, NULL},
};

static enum route_result find(const char *method, const char *path, struct route_match *ret) {
    struct routes routes = {.count = 0};
    routes_add(&routes, table, sizeof(table) / sizeof(table[0]), NULL);
    return routes_find(&routes, (struct text){(uint32_t)strlen(method), method},
                       (struct text){(uint32_t)strlen(path), path}, ret);
}

static void a_path_finds_its_handler_and_captures_its_parts(void **state) {
    (void)state;
    struct route_match match;
    assert_int_equal(find("GET", "/api/cases/17/series/1.2.3/metadata", &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &table[2]);
    assert_int_equal(match.capture_count, 2);
    assert_true(text_equal(match.captures[0], TEXT("17")));
    assert_true(text_equal(match.captures[1], TEXT("1.2.3")));
}

static void head_is_answered_by_get_and_other_methods_are_named(void **state) {
    (void)state;
    struct route_match match;
    assert_int_equal(find("HEAD", "/api/people", &match), ROUTE_FOUND);
    assert_int_equal(find("POST", "/api/people", &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &table[1]);
    assert_int_equal(find("DELETE", "/api/people", &match), ROUTE_OTHER_METHOD);
}

static void a_path_that_is_longer_shorter_or_has_empty_parts_is_another_path(void **state) {
    (void)state;
    struct route_match match;
    assert_int_equal(find("GET", "/api/people/", &match), ROUTE_ABSENT);
    assert_int_equal(find("GET", "/api", &match), ROUTE_ABSENT);
    assert_int_equal(find("GET", "/api/cases//series/1/metadata", &match), ROUTE_ABSENT);
    assert_int_equal(find("GET", "", &match), ROUTE_ABSENT);
    assert_int_equal(find("GET", "api/people", &match), ROUTE_ABSENT);
}

static void the_cookie_is_found_among_others_by_its_whole_name(void **state) {
    (void)state;
    struct text header = TEXT("x__Host-consilium=no; a=b;  __Host-consilium=yes; c=d");
    assert_true(text_equal(cookie_find(header, "__Host-consilium"), TEXT("yes")));
    assert_int_equal(cookie_find(TEXT("a=b"), "__Host-consilium").length, 0);
    assert_int_equal(cookie_find(TEXT("__Host-consilium"), "__Host-consilium").length, 0);
    assert_int_equal(cookie_find((struct text){0, NULL}, "__Host-consilium").length, 0);
}

static bool read_object(char *text, struct json_fields *ret) {
    return json_read_object(text, strlen(text), ret);
}

static void a_form_is_read_with_its_escapes(void **state) {
    (void)state;
    char text[] =
        " {\"login\" : \"a\\\"\\u00e4\\ud83d\\ude00\", \"n\":-1.5e3,\"t\":true,\"z\":null} ";
    struct json_fields fields;
    assert_true(read_object(text, &fields));
    assert_int_equal(fields.count, 4);
    assert_true(text_equal(json_field_text(&fields, "login"), TEXT("a\"\xc3\xa4\xf0\x9f\x98\x80")));
    assert_true(json_field_true(&fields, "t"));
    assert_null(json_field_text(&fields, "n").bytes);
    assert_null(json_field_text(&fields, "absent").bytes);
}

static void what_is_no_flat_object_is_refused(void **state) {
    (void)state;
    const char *const wrong[] = {
        "",
        "{",
        "[]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":{}}",
        "{\"a\":1}x",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"",
        "{\"a\":\"\n\"}",
        "{a:1}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":[1]}",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[64];
        struct json_fields fields;
        memcpy(text, wrong[i], strlen(wrong[i]) + 1);
        assert_false(read_object(text, &fields));
    }
}

static void written_json_is_escaped_and_never_cut(void **state) {
    (void)state;
    char text[64];
    struct json json;
    json_begin(&json, text, sizeof(text));
    json_open(&json, NULL);
    json_text(&json, "a", TEXT("x\"\n"));
    json_number(&json, "b", -7);
    json_open_list(&json, "c");
    json_boolean(&json, NULL, true);
    json_close_list(&json);
    json_close(&json);
    size_t length = json_end(&json);
    assert_true(text_equal((struct text){(uint32_t)length, text},
                           TEXT("{\"a\":\"x\\\"\\u000a\",\"b\":-7,\"c\":[true]}")));
    json_begin(&json, text, 8);
    json_open(&json, NULL);
    json_text(&json, "name", TEXT("longer than that"));
    json_close(&json);
    assert_int_equal(json_end(&json), 0);
}

static void a_uuid_is_read_in_either_case_and_written_in_lower(void **state) {
    (void)state;
    struct uuid uuid;
    char text[UUID_TEXT_LENGTH + 1];
    assert_true(uuid_of_text(TEXT("0123ABCD-4567-89ab-cdef-0123456789AB"), &uuid));
    uuid_to_text(uuid, text);
    assert_string_equal(text, "0123abcd-4567-89ab-cdef-0123456789ab");
    assert_false(uuid_of_text(TEXT("0123ABCD-4567-89ab-cdef-0123456789A"), &uuid));
    assert_false(uuid_of_text(TEXT("0123ABCD+4567-89ab-cdef-0123456789AB"), &uuid));
    assert_false(uuid_of_text(TEXT("g123ABCD-4567-89ab-cdef-0123456789AB"), &uuid));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_handler_and_captures_its_parts),
        cmocka_unit_test(head_is_answered_by_get_and_other_methods_are_named),
        cmocka_unit_test(a_path_that_is_longer_shorter_or_has_empty_parts_is_another_path),
        cmocka_unit_test(the_cookie_is_found_among_others_by_its_whole_name),
        cmocka_unit_test(a_form_is_read_with_its_escapes),
        cmocka_unit_test(what_is_no_flat_object_is_refused),
        cmocka_unit_test(written_json_is_escaped_and_never_cut),
        cmocka_unit_test(a_uuid_is_read_in_either_case_and_written_in_lower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
