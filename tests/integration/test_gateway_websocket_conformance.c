/* links: gateway_scene; timeout: 120 */
/* RFC 6455 as a table: what is sent, and what must come back. Each line is tried in clear and over
 * TLS. */
#include "tests/support/gateway_scene/gateway_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES_MAX = 4, PAYLOAD_MAX = 70000 };
enum {
    CONTINUATION = 0x00,
    TEXT_FRAME = 0x01,
    BINARY = 0x02,
    CLOSE = 0x08,
    PING = 0x09,
    PONG = 0x0a
};
enum { FIN = 0x80 };
enum { NOTHING_MORE = 0, DROPPED = 1 }; /* instead of a close code */

struct sent {
    uint8_t first;
    uint32_t length;
    const char *payload; /* NULL = zeros */
};

static const struct line {
    const char *claim;
    struct sent frames[FRAMES_MAX];
    unsigned count;
    int answers[2]; /* opcodes that come first */
    uint64_t lengths[2];
    unsigned answer_count;
    int close; /* code that follows, or one of the above */
} table[] = {
    {"an empty message", {{FIN | BINARY, 0, 0}}, 1, {BINARY}, {0}, 1, NOTHING_MORE},
    {"125 bytes", {{FIN | BINARY, 125, 0}}, 1, {BINARY}, {125}, 1, NOTHING_MORE},
    {"126 bytes", {{FIN | BINARY, 126, 0}}, 1, {BINARY}, {126}, 1, NOTHING_MORE},
    {"65535 bytes", {{FIN | BINARY, 65535, 0}}, 1, {BINARY}, {65535}, 1, NOTHING_MORE},
    {"65536 bytes", {{FIN | BINARY, 65536, 0}}, 1, {BINARY}, {65536}, 1, NOTHING_MORE},
    {"one byte too many", {{FIN | BINARY, 65537, 0}}, 1, {0}, {0}, 0, 1009},
    {"too many in two fragments",
     {{BINARY, 40000, 0}, {FIN | CONTINUATION, 40000, 0}},
     2,
     {0},
     {0},
     0,
     1009},
    {"two fragments", {{BINARY, 3, 0}, {FIN | CONTINUATION, 4, 0}}, 2, {BINARY}, {7}, 1, 0},
    {"empty fragments",
     {{BINARY, 0, 0}, {CONTINUATION, 0, 0}, {FIN | CONTINUATION, 2, 0}},
     3,
     {BINARY},
     {2},
     1,
     0},
    {"a ping between fragments",
     {{BINARY, 3, 0}, {FIN | PING, 2, "hi"}, {FIN | CONTINUATION, 4, 0}},
     3,
     {PONG, BINARY},
     {2, 7},
     2,
     NOTHING_MORE},
    {"an empty ping", {{FIN | PING, 0, 0}}, 1, {PONG}, {0}, 1, NOTHING_MORE},
    {"a ping of 125 bytes", {{FIN | PING, 125, 0}}, 1, {PONG}, {125}, 1, NOTHING_MORE},
    {"a pong nobody asked for",
     {{FIN | PONG, 3, 0}, {FIN | BINARY, 1, 0}},
     2,
     {BINARY},
     {1},
     1,
     NOTHING_MORE},
    {"a ping of 126 bytes", {{FIN | PING, 126, 0}}, 1, {0}, {0}, 0, DROPPED},
    {"a ping in fragments", {{PING, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"a text message", {{FIN | TEXT_FRAME, 2, "hi"}}, 1, {0}, {0}, 0, 1003},
    {"a continuation of nothing", {{FIN | CONTINUATION, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"a new message inside a message",
     {{BINARY, 1, 0}, {FIN | BINARY, 1, 0}},
     2,
     {0},
     {0},
     0,
     1002},
    {"reserved bit 1", {{FIN | 0x40 | BINARY, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"reserved bit 2", {{FIN | 0x20 | BINARY, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"reserved bit 3", {{FIN | 0x10 | BINARY, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"opcode 3", {{FIN | 0x03, 0, 0}}, 1, {0}, {0}, 0, 1002},
    {"opcode 7", {{FIN | 0x07, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"opcode 11", {{FIN | 0x0b, 0, 0}}, 1, {0}, {0}, 0, 1002},
    {"opcode 15", {{FIN | 0x0f, 1, 0}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 1000", {{FIN | CLOSE, 2, "\x03\xe8"}}, 1, {0}, {0}, 0, 1000},
    {"a close with code 4999", {{FIN | CLOSE, 2, "\x13\x87"}}, 1, {0}, {0}, 0, 4999},
    {"a close with a reason",
     {{FIN | CLOSE, 5,
       "\x03\xe9"
       "bye"}},
     1,
     {0},
     {0},
     0,
     1001},
    {"a close of one byte", {{FIN | CLOSE, 1, "\x03"}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 999", {{FIN | CLOSE, 2, "\x03\xe7"}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 1005", {{FIN | CLOSE, 2, "\x03\xed"}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 1006", {{FIN | CLOSE, 2, "\x03\xee"}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 1015", {{FIN | CLOSE, 2, "\x03\xf7"}}, 1, {0}, {0}, 0, 1002},
    {"a close with code 5000", {{FIN | CLOSE, 2, "\x13\x88"}}, 1, {0}, {0}, 0, 1002},
    {"a close whose reason is no UTF-8",
     {{FIN | CLOSE, 4, "\x03\xe8\xc0\xaf"}},
     1,
     {0},
     {0},
     0,
     1007},
};

static const uint8_t zeros[PAYLOAD_MAX];
static uint8_t payload[PAYLOAD_MAX];

static void check_end(struct raw_client *client, const struct line *line) {
    uint64_t length;
    if (line->close == NOTHING_MORE) {
        return;
    }
    int opcode = raw_read_frame(client, payload, sizeof(payload), &length);
    if (line->close == DROPPED) {
        assert_true(opcode == -1 || opcode == CLOSE);
    } else if (opcode != CLOSE || length < 2 || (payload[0] << 8 | payload[1]) != line->close) {
        fail_msg("%s: opcode %d code %d, not %d", line->claim, opcode,
                 opcode == CLOSE ? payload[0] << 8 | payload[1] : 0, line->close);
    }
}

static void check_line(const struct scene *scene, const struct line *line, bool tls) {
    struct raw_client client;
    char head[1024];
    assert_true(raw_open(&client, scene_port(scene), tls));
    assert_true(raw_upgrade(&client, head, sizeof(head), ""));
    for (unsigned i = 0; i < line->count; i++) {
        const struct sent *sent = &line->frames[i];
        raw_send_frame(&client, sent->first,
                       sent->payload != NULL ? sent->payload : (const char *)zeros, sent->length,
                       true);
    }
    /* Control frames may overtake messages and be overtaken: the order of two answers is free. */
    bool seen[2] = {false, false};
    for (unsigned i = 0; i < line->answer_count; i++) {
        uint64_t length;
        int opcode = raw_read_frame(&client, payload, sizeof(payload), &length);
        unsigned which = 0;
        while (which < line->answer_count &&
               (seen[which] || opcode != line->answers[which] || length != line->lengths[which])) {
            which++;
        }
        if (which == line->answer_count) {
            fail_msg("%s: opcode %d of %llu bytes", line->claim, opcode,
                     (unsigned long long)length);
        }
        seen[which] = true;
    }
    check_end(&client, line);
    raw_close(&client);
}

static void check_table(bool tls) {
    struct scene *scene = scene_start(&(struct scene_options){tls, 0});
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        check_line(scene, &table[i], tls);
    }
    assert_true(scene_stop(scene));
}

static void every_line_of_the_table_holds_in_clear(void **state) {
    (void)state;
    check_table(false);
}

static void every_line_of_the_table_holds_over_tls(void **state) {
    (void)state;
    check_table(true);
}

static void a_message_that_comes_byte_by_byte_is_one_message(void **state) {
    (void)state;
    struct scene *scene = scene_start(&(struct scene_options){false, 0});
    struct raw_client client;
    char head[1024];
    assert_true(raw_open(&client, scene_port(scene), false));
    assert_true(raw_upgrade(&client, head, sizeof(head), ""));
    static const uint8_t frame[] = {0x82, 0x83, 0, 0, 0, 0, 'a', 'b', 'c'};
    for (size_t i = 0; i < sizeof(frame); i++) {
        assert_true(raw_send(&client, &frame[i], 1));
    }
    uint64_t length;
    assert_int_equal(raw_read_frame(&client, payload, sizeof(payload), &length), BINARY);
    assert_int_equal(length, 3);
    assert_memory_equal(payload, "abc", 3);
    raw_close(&client);
    assert_true(scene_stop(scene));
}

static void a_header_that_promises_more_than_the_bound_is_refused_at_once(void **state) {
    (void)state;
    struct scene *scene = scene_start(&(struct scene_options){false, 0});
    struct raw_client client;
    char head[1024];
    assert_true(raw_open(&client, scene_port(scene), false));
    assert_true(raw_upgrade(&client, head, sizeof(head), ""));
    static const uint8_t promise[14 + 1024] = {0x82, 0xff, 0x40};
    assert_true(raw_send(&client, promise, sizeof(promise)));
    uint64_t length;
    assert_int_equal(raw_read_frame(&client, payload, sizeof(payload), &length), CLOSE);
    assert_int_equal(payload[0] << 8 | payload[1], 1009);
    raw_close(&client);
    assert_true(scene_stop(scene));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_table_holds_in_clear),
        cmocka_unit_test(every_line_of_the_table_holds_over_tls),
        cmocka_unit_test(a_message_that_comes_byte_by_byte_is_one_message),
        cmocka_unit_test(a_header_that_promises_more_than_the_bound_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
