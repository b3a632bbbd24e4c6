/* links: server */
#include "server/gateway/message_assembler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX = 10000 };

static uint8_t piece[MAX + 1];

static void a_message_in_one_piece_is_passed_on_without_a_copy(void **state) {
    (void)state;
    struct message_assembler assembler = {0};
    struct bytes message;
    assert_int_equal(message_assembler_push(&assembler, piece, 100, 0, true, MAX, &message),
                     ASSEMBLED_MESSAGE);
    assert_ptr_equal(message.bytes, piece);
    assert_int_equal(message.length, 100);
    assert_null(assembler.bytes);
}

static void pieces_become_one_message_in_their_order(void **state) {
    (void)state;
    struct message_assembler assembler = {0};
    struct bytes message;
    for (unsigned i = 0; i < 9; i++) {
        piece[0] = (uint8_t)i;
        assert_int_equal(message_assembler_push(&assembler, piece, 1000, 1, false, MAX, &message),
                         ASSEMBLED_MORE);
    }
    piece[0] = 9;
    assert_int_equal(message_assembler_push(&assembler, piece, 1000, 0, true, MAX, &message),
                     ASSEMBLED_MESSAGE);
    assert_int_equal(message.length, MAX);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(message.bytes[i * 1000], i);
    }
    message_assembler_finish(&assembler);
}

static void the_end_of_a_frame_is_not_the_end_of_a_message(void **state) {
    (void)state;
    struct message_assembler assembler = {0};
    struct bytes message;
    assert_int_equal(message_assembler_push(&assembler, piece, 5, 0, false, MAX, &message),
                     ASSEMBLED_MORE);
    assert_int_equal(message_assembler_push(&assembler, piece, 0, 0, true, MAX, &message),
                     ASSEMBLED_MESSAGE);
    assert_int_equal(message.length, 5);
    message_assembler_finish(&assembler);
}

static void one_byte_over_the_bound_is_refused_and_its_memory_let_go(void **state) {
    (void)state;
    struct message_assembler assembler = {0};
    struct bytes message;
    assert_int_equal(message_assembler_push(&assembler, piece, MAX, 0, false, MAX, &message),
                     ASSEMBLED_MORE);
    assert_int_equal(message_assembler_push(&assembler, piece, 1, 0, true, MAX, &message),
                     ASSEMBLED_TOO_LONG);
    assert_null(assembler.bytes);
}

static void a_header_that_promises_too_much_is_refused_before_its_bytes_come(void **state) {
    (void)state;
    struct message_assembler assembler = {0};
    struct bytes message;
    assert_int_equal(message_assembler_push(&assembler, piece, 1, UINT64_MAX, true, MAX, &message),
                     ASSEMBLED_TOO_LONG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_in_one_piece_is_passed_on_without_a_copy),
        cmocka_unit_test(pieces_become_one_message_in_their_order),
        cmocka_unit_test(the_end_of_a_frame_is_not_the_end_of_a_message),
        cmocka_unit_test(one_byte_over_the_bound_is_refused_and_its_memory_let_go),
        cmocka_unit_test(a_header_that_promises_too_much_is_refused_before_its_bytes_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
