/* links: native_client */
#include "clients/native/http.h"
#include "clients/native/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t scratch[4096];

static enum http_reading read_text(const char *text, bool ended, struct http_response *response) {
    memcpy(scratch, text, strlen(text));
    return http_response_read(scratch, strlen(text), ended, response);
}

static void a_response_is_complete_only_with_its_last_byte(void **state) {
    (void)state;
    const char *texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        struct http_response response;
        size_t length = strlen(texts[i]);
        for (size_t part = 0; part < length; part++) {
            memcpy(scratch, texts[i], part);
            assert_int_equal(http_response_read(scratch, part, false, &response), HTTP_INCOMPLETE);
        }
        assert_int_equal(read_text(texts[i], false, &response), HTTP_COMPLETE);
        assert_int_equal(response.status, 200);
        assert_int_equal(response.consumed, length);
        assert_int_equal(response.body_length, 5);
        assert_memory_equal(response.body, "hello", 5);
    }
}

static void a_switch_of_protocols_has_no_body(void **state) {
    (void)state;
    struct http_response response;
    const char *text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x01";
    assert_int_equal(read_text(text, false, &response), HTTP_COMPLETE);
    assert_int_equal(response.consumed, strlen(text) - 2);
}

static void headers_are_found_whatever_their_case(void **state) {
    (void)state;
    struct http_response response;
    char value[32];
    assert_int_equal(
        read_text("HTTP/1.1 204 No\r\nX-one:  two \r\nretry-AFTER: 7\r\n\r\n", false, &response),
        HTTP_COMPLETE);
    assert_true(http_response_header(&response, "Retry-After", value, sizeof(value)));
    assert_string_equal(value, "7");
    assert_true(http_response_header(&response, "x-ONE", value, sizeof(value)));
    assert_string_equal(value, "two");
    assert_false(http_response_header(&response, "X-on", value, sizeof(value)));
}

static void what_is_no_response_is_malformed(void **state) {
    (void)state;
    const char *texts[] = {
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct http_response response;
        assert_int_equal(read_text(texts[i], false, &response), HTTP_MALFORMED);
    }
}

static void a_connection_that_ends_early_gives_no_response(void **state) {
    (void)state;
    struct http_response response;
    assert_int_equal(read_text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, &response),
                     HTTP_MALFORMED);
    assert_int_equal(read_text("HTTP/1.1 200 OK\r\n\r\nall of it", true, &response), HTTP_COMPLETE);
    assert_true(response.closes);
    assert_int_equal(response.body_length, 9);
}

static void a_named_text_is_found_and_not_taken_from_a_value(void **state) {
    (void)state;
    const char *json =
        "{\"a\":\"token\",\"n\":[1,{\"b\":\"x\\\"token\\\":\"}],\"token\" : \"t\\\"\\n1\"}";
    char text[16];
    assert_true(json_find_text((const uint8_t *)json, strlen(json), "token", text, sizeof(text)));
    assert_string_equal(text, "t\"\n1");
    assert_false(json_find_text((const uint8_t *)json, strlen(json), "tok", text, sizeof(text)));
    assert_false(json_find_text((const uint8_t *)json, strlen(json), "token", text, 4));
    assert_false(json_find_text((const uint8_t *)json, strlen(json) - 3, "token", text, 16));
}

static void quoting_escapes_what_would_end_the_text(void **state) {
    (void)state;
    char quoted[16];
    assert_true(json_quote("a\"\\\n", quoted, sizeof(quoted)));
    assert_string_equal(quoted, "\"a\\\"\\\\\\u000a\"");
    assert_false(json_quote("0123456789abcde", quoted, sizeof(quoted)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_complete_only_with_its_last_byte),
        cmocka_unit_test(a_switch_of_protocols_has_no_body),
        cmocka_unit_test(headers_are_found_whatever_their_case),
        cmocka_unit_test(what_is_no_response_is_malformed),
        cmocka_unit_test(a_connection_that_ends_early_gives_no_response),
        cmocka_unit_test(a_named_text_is_found_and_not_taken_from_a_value),
        cmocka_unit_test(quoting_escapes_what_would_end_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
