/* links: server */
/* CBOR of a peer that promises more than it holds is not given to a library that believes it. */
#include "server/identity/cbor_bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BOUNDED(...)                                                                               \
    cbor_is_bounded((struct bytes){sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__}})

static void what_passkeys_send_is_bounded(void **state) {
    (void)state;
    /* {1: 2, 3: -7, -1: 1, -2: two bytes}, the shape of a public key (RFC 9052 7). */
    assert_true(BOUNDED(0xa4, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x42, 9, 9));
    assert_true(BOUNDED(0xa1, 0x63, 'a', 'b', 'c', 0xf5)); /* {"abc": true}, an extension */
    assert_true(BOUNDED(0xa0, 0xa0));
    assert_true(cbor_is_bounded((struct bytes){0, NULL}));
}

static void headers_that_promise_more_than_comes_are_not(void **state) {
    (void)state;
    assert_false(BOUNDED(0xbb, 0, 0, 0, 8, 0x31, 0xd9, 0x76, 0x30, 1, 2)); /* a map of 34 GB */
    assert_false(BOUNDED(0x9b, 0, 0, 0, 8, 0, 0, 0, 0));
    assert_false(BOUNDED(0x5a, 0x7f, 0xff, 0xff, 0xff, 1)); /* bytes */
    assert_false(BOUNDED(0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    assert_false(BOUNDED(0xa2, 1, 2, 3));
    assert_false(BOUNDED(0x18)); /* the argument itself is cut off */
}

static void what_has_no_end_or_too_many_floors_is_not(void **state) {
    (void)state;
    assert_false(BOUNDED(0xbf, 0xff));      /* an indefinite map */
    assert_false(BOUNDED(0xc0, 0x61, 'a')); /* a tag */
    assert_true(BOUNDED(0x81, 0x81, 0x81, 0x81, 0));
    assert_false(BOUNDED(0x81, 0x81, 0x81, 0x81, 0x81, 0));
    uint8_t many[CBOR_ITEMS_MAX + 1] = {0};
    assert_true(cbor_is_bounded((struct bytes){CBOR_ITEMS_MAX, many}));
    assert_false(cbor_is_bounded((struct bytes){CBOR_ITEMS_MAX + 1, many}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passkeys_send_is_bounded),
        cmocka_unit_test(headers_that_promise_more_than_comes_are_not),
        cmocka_unit_test(what_has_no_end_or_too_many_floors_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
