/* links: native_client */
#include "clients/native/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 1000 };

// Feeds `bytes` in pieces of `piece` and returns the first event that is not "need more".
static enum websocket_event feed(struct websocket_reader *reader, const uint8_t *bytes,
                                 size_t length, size_t piece, struct websocket_received *received) {
    for (size_t at = 0; at < length; at += piece) {
        size_t part = length - at < piece ? length - at : piece;
        struct websocket_input input = {bytes + at, part};
        enum websocket_event event = websocket_next(reader, &input, received);
        if (event != WEBSOCKET_NEED_MORE)
            return event;
        assert_int_equal(input.left, 0);
    }
    return WEBSOCKET_NEED_MORE;
}

// The event that one frame gives to a fresh reader.
static enum websocket_event event_of(const uint8_t *bytes, size_t length, uint16_t *ret_code) {
    struct websocket_reader reader;
    struct websocket_received received = {0};
    websocket_reader_init(&reader, MESSAGE_MAX);
    enum websocket_event event = feed(&reader, bytes, length, length, &received);
    *ret_code = received.code;
    websocket_reader_finish(&reader);
    return event;
}

static void a_message_is_the_same_in_pieces_of_any_size(void **state) {
    (void)state;
    uint8_t bytes[4 + 300] = {0x82, 126, 300 >> 8, 300 & 0xff};
    for (size_t i = 0; i < 300; i++)
        bytes[4 + i] = (uint8_t)i;
    for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
        struct websocket_reader reader;
        struct websocket_received received;
        websocket_reader_init(&reader, MESSAGE_MAX);
        enum websocket_event event = feed(&reader, bytes, sizeof(bytes), piece, &received);
        assert_int_equal(event, WEBSOCKET_GOT_MESSAGE);
        assert_int_equal(received.length, 300);
        assert_memory_equal(received.bytes, bytes + 4, 300);
        websocket_reader_finish(&reader);
    }
}

static void a_whole_message_is_not_copied(void **state) {
    (void)state;
    const uint8_t bytes[] = {0x82, 2, 'a', 'b'};
    struct websocket_reader reader;
    struct websocket_received received;
    websocket_reader_init(&reader, MESSAGE_MAX);
    assert_int_equal(feed(&reader, bytes, 4, 4, &received), WEBSOCKET_GOT_MESSAGE);
    assert_ptr_equal(received.bytes, bytes + 2);
    websocket_reader_finish(&reader);
}

static void a_ping_may_stand_between_the_fragments_of_a_message(void **state) {
    (void)state;
    const uint8_t bytes[] = {0x02, 1, 'a', 0x89, 1, 'p', 0x80, 1, 'b'};
    struct websocket_reader reader;
    struct websocket_received received;
    struct websocket_input input = {bytes, sizeof(bytes)};
    websocket_reader_init(&reader, MESSAGE_MAX);
    assert_int_equal(websocket_next(&reader, &input, &received), WEBSOCKET_GOT_PING);
    assert_int_equal(received.bytes[0], 'p');
    assert_int_equal(websocket_next(&reader, &input, &received), WEBSOCKET_GOT_MESSAGE);
    assert_int_equal(received.length, 2);
    assert_memory_equal(received.bytes, "ab", 2);
    assert_int_equal(websocket_next(&reader, &input, &received), WEBSOCKET_NEED_MORE);
    assert_null(reader.message); // an idle reader holds no memory
    websocket_reader_finish(&reader);
}

static void an_empty_message_is_a_message(void **state) {
    (void)state;
    const uint8_t bytes[] = {0x82, 0};
    uint16_t code;
    assert_int_equal(event_of(bytes, sizeof(bytes), &code), WEBSOCKET_GOT_MESSAGE);
}

static void a_length_over_the_bound_fails_before_its_payload_comes(void **state) {
    (void)state;
    const uint8_t huge[] = {0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint16_t code;
    assert_int_equal(event_of(huge, sizeof(huge), &code), WEBSOCKET_FAILED);
    assert_int_equal(code, WEBSOCKET_TOO_BIG);
}

static void fragments_together_are_bounded_too(void **state) {
    (void)state;
    uint8_t bytes[2 * (4 + 600)] = {0};
    const uint8_t first[] = {0x02, 126, 600 >> 8, 600 & 0xff};
    const uint8_t second[] = {0x80, 126, 600 >> 8, 600 & 0xff};
    memcpy(bytes, first, 4);
    memcpy(bytes + 604, second, 4);
    uint16_t code;
    assert_int_equal(event_of(bytes, sizeof(bytes), &code), WEBSOCKET_FAILED);
    assert_int_equal(code, WEBSOCKET_TOO_BIG);
}

static void what_a_server_must_not_send_is_a_protocol_error(void **state) {
    (void)state;
    const struct {
        uint8_t bytes[8];
        size_t length;
        uint16_t code;
    } frames[] = {
        {{0x82, 0x81, 1, 2, 3, 4, 5}, 7, WEBSOCKET_PROTOCOL_ERROR}, // masked
        {{0xc2, 0}, 2, WEBSOCKET_PROTOCOL_ERROR},                   // a reserved bit
        {{0x83, 0}, 2, WEBSOCKET_PROTOCOL_ERROR},                   // reserved data opcode
        {{0x8b, 0}, 2, WEBSOCKET_PROTOCOL_ERROR},                   // reserved control opcode
        {{0x09, 0}, 2, WEBSOCKET_PROTOCOL_ERROR},                   // fragmented ping
        {{0x89, 126, 0, 126}, 4, WEBSOCKET_PROTOCOL_ERROR},         // long ping
        {{0x80, 1, 'a'}, 3, WEBSOCKET_PROTOCOL_ERROR},              // continues nothing
        {{0x02, 0, 0x82, 0}, 4, WEBSOCKET_PROTOCOL_ERROR},          // a message within a message
        {{0x88, 1, 3}, 3, WEBSOCKET_PROTOCOL_ERROR},                // half a code
        {{0x88, 2, 3, 0xed}, 4, WEBSOCKET_PROTOCOL_ERROR},          // 1005 is never on the wire
        {{0x81, 1, 'a'}, 3, WEBSOCKET_UNSUPPORTED},                 // text
    };
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        uint16_t code;
        assert_int_equal(event_of(frames[i].bytes, frames[i].length, &code), WEBSOCKET_FAILED);
        assert_int_equal(code, frames[i].code);
    }
}

static void a_close_gives_its_code(void **state) {
    (void)state;
    const uint8_t with_code[] = {0x88, 2, 0x0f, 0xa1}; // 4001
    const uint8_t without[] = {0x88, 0};
    uint16_t code;
    assert_int_equal(event_of(with_code, sizeof(with_code), &code), WEBSOCKET_GOT_CLOSE);
    assert_int_equal(code, 4001);
    assert_int_equal(event_of(without, sizeof(without), &code), WEBSOCKET_GOT_CLOSE);
    assert_int_equal(code, WEBSOCKET_NO_CODE);
}

static void the_header_has_the_shortest_length(void **state) {
    (void)state;
    const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t header[WEBSOCKET_HEADER_MAX];
    assert_int_equal(websocket_header(header, WEBSOCKET_BINARY, true, 125, mask), 6);
    assert_int_equal(header[1], 0x80 | 125);
    assert_int_equal(websocket_header(header, WEBSOCKET_BINARY, true, 126, mask), 8);
    assert_int_equal(websocket_header(header, WEBSOCKET_BINARY, true, 65535, mask), 8);
    assert_int_equal(websocket_header(header, WEBSOCKET_BINARY, false, 65536, mask), 14);
    assert_int_equal(header[0], 0x02);
    assert_int_equal(header[7], 1); // the length's third byte from the end
    assert_memory_equal(header + 10, mask, 4);
}

static void masking_twice_gives_the_payload_back_across_pieces(void **state) {
    (void)state;
    const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t hello[] = "Hello";
    websocket_mask(hello, 5, mask, 0);
    // The example of RFC 6455 section 5.7.
    const uint8_t expected[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
    assert_memory_equal(hello, expected, 5);
    websocket_mask(hello, 2, mask, 0);
    websocket_mask(hello + 2, 3, mask, 2);
    assert_string_equal((char *)hello, "Hello");
}

static void the_handshake_answer_is_that_of_the_standard(void **state) {
    (void)state;
    char accept[WEBSOCKET_ACCEPT_LENGTH + 1];
    websocket_accept(accept, "dGhlIHNhbXBsZSBub25jZQ=="); // section 1.3
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_the_same_in_pieces_of_any_size),
        cmocka_unit_test(a_whole_message_is_not_copied),
        cmocka_unit_test(a_ping_may_stand_between_the_fragments_of_a_message),
        cmocka_unit_test(an_empty_message_is_a_message),
        cmocka_unit_test(a_length_over_the_bound_fails_before_its_payload_comes),
        cmocka_unit_test(fragments_together_are_bounded_too),
        cmocka_unit_test(what_a_server_must_not_send_is_a_protocol_error),
        cmocka_unit_test(a_close_gives_its_code),
        cmocka_unit_test(the_header_has_the_shortest_length),
        cmocka_unit_test(masking_twice_gives_the_payload_back_across_pieces),
        cmocka_unit_test(the_handshake_answer_is_that_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
