/* links: protocol */
#include "protocol/reader.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A reader of a literal's bytes. */
#define READ(literal) reader_of((struct bytes){sizeof(literal) - 1, (const uint8_t *)(literal)})

static void an_integer_is_taken_in_any_width_that_holds_it(void **state) {
    (void)state;
    static const char *const fives[] = {"\x05",
                                        "\xcc\x05",
                                        "\xcd\0\x05",
                                        "\xce\0\0\0\x05",
                                        "\xcf\0\0\0\0\0\0\0\x05",
                                        "\xd0\x05",
                                        "\xd1\0\x05",
                                        "\xd2\0\0\0\x05",
                                        "\xd3\0\0\0\0\0\0\0\x05"};
    static const uint32_t lengths[] = {1, 2, 3, 5, 9, 2, 3, 5, 9};
    for (size_t i = 0; i < sizeof fives / sizeof fives[0]; i++) {
        struct reader reader = reader_of((struct bytes){lengths[i], (const uint8_t *)fives[i]});
        uint8_t value = 0;
        assert_true(reader_u8(&reader, &value));
        assert_int_equal(value, 5);
        assert_int_equal(reader_left(&reader), 0);
    }
}

static void the_ends_of_every_integer_type_are_read_and_nothing_beyond(void **state) {
    (void)state;
    uint64_t u64;
    int64_t i64;
    int32_t i32;
    struct reader reader = READ("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_true(reader_u64(&reader, &u64));
    assert_true(u64 == UINT64_MAX);
    reader = READ("\xd3\x80\0\0\0\0\0\0\0");
    assert_true(reader_i64(&reader, &i64));
    assert_true(i64 == INT64_MIN);
    reader = READ("\xcf\x80\0\0\0\0\0\0\0");
    assert_false(reader_i64(&reader, &i64));
    reader = READ("\xd3\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_false(reader_u64(&reader, &u64));
    reader = READ("\xd2\x80\0\0\0");
    assert_true(reader_i32(&reader, &i32));
    assert_int_equal(i32, INT32_MIN);
    reader = READ("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff");
    assert_false(reader_i32(&reader, &i32));
}

static void a_time_is_never_more_than_a_javascript_number_holds(void **state) {
    (void)state;
    int64_t time;
    struct reader reader = READ("\xcf\0\x1f\xff\xff\xff\xff\xff\xff");
    assert_true(reader_time(&reader, &time));
    assert_true(time == WHOLE_NUMBER_LIMIT - 1);
    reader = READ("\xcf\0\x20\0\0\0\0\0\0");
    assert_false(reader_time(&reader, &time));
    reader = READ("\xd3\xff\xe0\0\0\0\0\0\0");
    assert_false(reader_time(&reader, &time));
}

static void a_header_alone_makes_nobody_count_to_437_million(void **state) {
    (void)state;
    uint32_t count;
    struct reader reader = READ("\xdd\x1a\x12\x8f\x8f");
    assert_false(reader_fields(&reader, &count));
    reader = READ("\xdd\x1a\x12\x8f\x8f");
    assert_false(reader_list(&reader, UINT32_MAX, &count));
    reader = READ("\xdf\x1a\x12\x8f\x8f");
    assert_false(reader_map(&reader, UINT32_MAX, &count));
    reader = READ("\xdd\x1a\x12\x8f\x8f");
    assert_false(reader_skip(&reader, 1));
}

static void a_list_may_hold_as_many_as_there_are_bytes_but_not_one_more(void **state) {
    (void)state;
    uint32_t count;
    struct reader reader = READ("\x92\x01\x02");
    assert_true(reader_list(&reader, 2, &count));
    assert_int_equal(count, 2);
    reader = READ("\x93\x01\x02");
    assert_false(reader_list(&reader, 3, &count));
    reader = READ("\x82\x01\x02\x03");
    assert_false(reader_map(&reader, 2, &count));
}

static bool is_read_as_text(const char *bytes) {
    uint8_t packed[64];
    struct text text;
    uint32_t length = (uint32_t)strlen(bytes);
    packed[0] = (uint8_t)(0xa0 + length);
    memcpy(packed + 1, bytes, length);
    struct reader reader = reader_of((struct bytes){length + 1, packed});
    return reader_text(&reader, 31, &text) && text.length == length;
}

static void a_text_is_utf8_as_the_standard_has_it(void **state) {
    (void)state;
    /* The first and last of each length, and either side of the surrogates. */
    assert_true(is_read_as_text("\x01\x7f"));
    assert_true(is_read_as_text("\xc2\x80\xdf\xbf"));
    assert_true(is_read_as_text("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
    assert_true(is_read_as_text("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    static const char *const malformed[] = {"\x80",
                                            "\xc0\x80",
                                            "\xc1\xbf",
                                            "\xe0\x9f\xbf",
                                            "\xed\xa0\x80",
                                            "\xf0\x8f\xbf\xbf",
                                            "\xf4\x90\x80\x80",
                                            "\xf5\x80\x80\x80",
                                            "\xff",
                                            "\xc2",
                                            "\xe1\x80",
                                            "\xf1\x80\x80",
                                            "\xc2\x41",
                                            "\xe1\x80\x41",
                                            "\xf1\x80\x80\x41",
                                            "a\xe1\x41\x80"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        assert_false(is_read_as_text(malformed[i]));
    }
}

static void a_text_never_holds_a_zero_that_would_end_it_early(void **state) {
    (void)state;
    struct text text;
    struct reader reader = READ("\xa3"
                                "a\0b");
    assert_false(reader_text(&reader, 31, &text));
}

static void a_text_in_a_wide_header_is_bound_by_its_length(void **state) {
    (void)state;
    struct text text;
    struct reader reader = READ("\xdb\0\0\0\x02"
                                "hi");
    assert_true(reader_text(&reader, 2, &text));
    assert_true(text_equal(text, TEXT("hi")));
    reader = READ("\xdb\0\0\0\x02"
                  "hi");
    assert_false(reader_text(&reader, 1, &text));
    reader = READ("\xdb\xff\xff\xff\xff"
                  "hi");
    assert_false(reader_text(&reader, UINT32_MAX, &text));
}

static void an_f32_is_a_float_32_and_an_f64_may_be_either(void **state) {
    (void)state;
    float narrow;
    double wide;
    struct reader reader = READ("\xca\x3f\xc0\0\0");
    assert_true(reader_f32(&reader, &narrow) && narrow == 1.5f);
    reader = READ("\xcb\x3f\xf8\0\0\0\0\0\0");
    assert_false(reader_f32(&reader, &narrow));
    reader = READ("\xca\x3f\xc0\0\0");
    assert_true(reader_f64(&reader, &wide) && wide == 1.5);
}

static void an_optional_value_is_there_unless_nil_says_no(void **state) {
    (void)state;
    bool has;
    struct reader reader = READ("\xc0\x05");
    assert_false(reader_some(&reader, &has));
    assert_false(has);
    assert_int_equal(reader_left(&reader), 1);
    assert_true(reader_some(&reader, &has));
    assert_true(has);
    assert_int_equal(reader_left(&reader), 1);
}

static void every_format_can_be_stepped_over(void **state) {
    (void)state;
    static const char *const values[] = {"\x00",
                                         "\x7f",
                                         "\xe0",
                                         "\xc0",
                                         "\xc2",
                                         "\xc3",
                                         "\xcc.",
                                         "\xcd..",
                                         "\xce....",
                                         "\xcf........",
                                         "\xd0.",
                                         "\xd1..",
                                         "\xd2....",
                                         "\xd3........",
                                         "\xca....",
                                         "\xcb........",
                                         "\xa2..",
                                         "\xd9\x02..",
                                         "\xda\0\x02..",
                                         "\xdb\0\0\0\x02..",
                                         "\xc4\x02..",
                                         "\xc5\0\x02..",
                                         "\xc6\0\0\0\x02..",
                                         "\xc7\x02\x05..",
                                         "\xc8\0\x02\x05..",
                                         "\xc9\0\0\0\x02\x05..",
                                         "\xd4\x05.",
                                         "\xd5\x05..",
                                         "\xd6\x05....",
                                         "\xd7\x05........",
                                         "\xd8\x05................",
                                         "\x92\x01\x91\x02",
                                         "\x81\x01\x82\x01\x02\x03\x04",
                                         "\xdc\0\x02\x01\x02",
                                         "\xdd\0\0\0\x02\x01\x02",
                                         "\xde\0\x01\x01\x02",
                                         "\xdf\0\0\0\x01\x01\x02"};
    static const uint32_t sizes[] = {1, 1, 1, 1, 1, 1, 2, 3, 5, 9, 2,  3,  5, 9, 5, 9, 3, 4, 5,
                                     7, 4, 5, 7, 5, 6, 8, 3, 4, 6, 10, 18, 4, 7, 5, 7, 5, 7};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct reader reader = reader_of((struct bytes){sizes[i], (const uint8_t *)values[i]});
        assert_true(reader_skip(&reader, 1));
        assert_int_equal(reader_left(&reader), 0);
        reader = reader_of((struct bytes){sizes[i] - 1, (const uint8_t *)values[i]});
        assert_false(reader_skip(&reader, 1));
    }
    struct reader reader = READ("\xc1");
    assert_false(reader_skip(&reader, 1));
}

static void a_million_nested_lists_are_stepped_over_without_a_stack(void **state) {
    (void)state;
    enum { DEPTH = 1000000 };
    uint8_t *nested = malloc(DEPTH);
    assert_non_null(nested);
    memset(nested, 0x91, DEPTH);
    struct reader reader = reader_of((struct bytes){DEPTH, nested});
    assert_false(reader_skip(&reader, 1)); /* the innermost item is missing */
    nested[DEPTH - 1] = 0x90;
    reader = reader_of((struct bytes){DEPTH, nested});
    assert_true(reader_skip(&reader, 1));
    assert_int_equal(reader_left(&reader), 0);
    free(nested);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_is_taken_in_any_width_that_holds_it),
        cmocka_unit_test(the_ends_of_every_integer_type_are_read_and_nothing_beyond),
        cmocka_unit_test(a_time_is_never_more_than_a_javascript_number_holds),
        cmocka_unit_test(a_header_alone_makes_nobody_count_to_437_million),
        cmocka_unit_test(a_list_may_hold_as_many_as_there_are_bytes_but_not_one_more),
        cmocka_unit_test(a_text_is_utf8_as_the_standard_has_it),
        cmocka_unit_test(a_text_never_holds_a_zero_that_would_end_it_early),
        cmocka_unit_test(a_text_in_a_wide_header_is_bound_by_its_length),
        cmocka_unit_test(an_f32_is_a_float_32_and_an_f64_may_be_either),
        cmocka_unit_test(an_optional_value_is_there_unless_nil_says_no),
        cmocka_unit_test(every_format_can_be_stepped_over),
        cmocka_unit_test(a_million_nested_lists_are_stepped_over_without_a_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
