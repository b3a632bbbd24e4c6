/* links: server */
/* What an Accept header asks for, and what is said of a copy. */
#include "server/gateway/frame_choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool named(const char *accept) {
    return frame_copy_is_named((struct text){(uint32_t)strlen(accept), accept});
}

static void the_copy_is_given_to_who_names_it(void **state) {
    (void)state;
    assert_true(named("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.202"));
    assert_true(named("multipart/related; type=\"application/octet-stream\"; "
                      "transfer-syntax=1.2.840.10008.1.2.4.202, */*"));
    assert_true(named("Transfer-Syntax=\"1.2.840.10008.1.2.4.202\""));
}

static void nobody_else_gets_the_copy(void **state) {
    (void)state;
    assert_false(named(""));
    assert_false(named("*/*"));
    assert_false(named("application/octet-stream; transfer-syntax=*"));
    assert_false(named("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.201"));
    assert_false(named("transfer-syntax=1.2.840.10008.1.2.4.2021"));
    assert_false(named("transfer-syntax=1.2.840.10008.1.2.4.202.1"));
    assert_false(named("transfer-syntax=1.2.840.10008.1.2.4.20"));
    assert_false(named("transfer-syntax=\""));
}

static void prefixes_are_said_from_the_smallest_on(void **state) {
    (void)state;
    static const uint32_t prefixes[5] = {5000, 4000, 300, 20, 1};
    char text[FRAME_PREFIXES_MAX];
    frame_prefixes_write(prefixes, text);
    assert_string_equal(text, "1,20,300,4000,5000");
}

static void a_frame_number_is_decimal_and_from_one(void **state) {
    (void)state;
    uint32_t frame = 0;
    assert_true(frame_number_read(TEXT("1"), &frame));
    assert_true(frame_number_read(TEXT("9999999"), &frame));
    assert_int_equal(frame, 9999999);
    assert_false(frame_number_read(TEXT("0"), &frame));
    assert_false(frame_number_read(TEXT(""), &frame));
    assert_false(frame_number_read(TEXT("-1"), &frame));
    assert_false(frame_number_read(TEXT("1x"), &frame));
    assert_false(frame_number_read(TEXT("12345678"), &frame));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_copy_is_given_to_who_names_it),
        cmocka_unit_test(nobody_else_gets_the_copy),
        cmocka_unit_test(prefixes_are_said_from_the_smallest_on),
        cmocka_unit_test(a_frame_number_is_decimal_and_from_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
