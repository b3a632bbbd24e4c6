/* links: server */
#include "server/gateway/byte_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *header, uint64_t size, enum byte_range_kind kind, uint64_t first,
                   uint64_t length) {
    struct byte_range range = {0, 0};
    struct text text = {(uint32_t)strlen(header), header};
    if (byte_range_parse(text, size, &range) != kind) {
        fail_msg("\"%s\" of %llu", header, (unsigned long long)size);
    }
    if (kind == BYTE_RANGE_PART) {
        assert_int_equal(range.first, first);
        assert_int_equal(range.length, length);
    }
}

static void a_range_names_its_first_and_last_byte(void **state) {
    (void)state;
    expect("bytes=0-0", 10, BYTE_RANGE_PART, 0, 1);
    expect("bytes=2-5", 10, BYTE_RANGE_PART, 2, 4);
    expect("bytes=2-", 10, BYTE_RANGE_PART, 2, 8);
    expect("Bytes= 2-5 ", 10, BYTE_RANGE_PART, 2, 4);
    expect("bytes=0-18446744073709551615", 10, BYTE_RANGE_PART, 0, 10);
    expect("bytes=9-99999999999999999999999", 10, BYTE_RANGE_PART, 9, 1);
}

static void a_suffix_names_the_last_bytes(void **state) {
    (void)state;
    expect("bytes=-3", 10, BYTE_RANGE_PART, 7, 3);
    expect("bytes=-30", 10, BYTE_RANGE_PART, 0, 10);
    expect("bytes=-0", 10, BYTE_RANGE_UNSATISFIABLE, 0, 0);
}

static void a_range_without_bytes_cannot_be_satisfied(void **state) {
    (void)state;
    expect("bytes=10-", 10, BYTE_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=10-20", 10, BYTE_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=0-0", 0, BYTE_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=-1", 0, BYTE_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=99999999999999999999999-", 10, BYTE_RANGE_UNSATISFIABLE, 0, 0);
}

static void what_is_malformed_or_of_several_ranges_is_ignored(void **state) {
    (void)state;
    static const char *const headers[] = {
        "",          "bytes",         "bytes=",     "bytes=-",    "bytes=5-2",
        "bytes=a-b", "bytes=1-2,4-5", "items=0-1",  "bytes=1",    "bytes=--1",
        "bytes=1-x", "bytes=0x1-2",   "bytes =0-1", "bytes=1 -2", "bytes=+1-2",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        expect(headers[i], 10, BYTE_RANGE_WHOLE, 0, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_names_its_first_and_last_byte),
        cmocka_unit_test(a_suffix_names_the_last_bytes),
        cmocka_unit_test(a_range_without_bytes_cannot_be_satisfied),
        cmocka_unit_test(what_is_malformed_or_of_several_ranges_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
