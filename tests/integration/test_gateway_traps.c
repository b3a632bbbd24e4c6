/* links: gateway_scene; timeout: 120 */
/* What libwebsockets 4.1.6 on libuv 1.44 does wrong when it is used as its documentation says; each
 * was seen. */
#include "tests/support/gateway_scene/gateway_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void wait_ms(unsigned ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static struct scene *begin(bool tls, unsigned pause_every, struct raw_client *ret_client) {
    struct scene *scene = scene_start(&(struct scene_options){tls, pause_every});
    assert_true(raw_open(ret_client, scene_port(scene), tls));
    return scene;
}

static void end(struct scene *scene, struct raw_client *client) {
    raw_close(client);
    assert_true(scene_stop(scene));
}

/* Flow control called inside RECEIVE makes it read the same TLS bytes for ever. */
static void pausing_a_peer_in_the_middle_of_a_burst_does_not_spin(bool tls) {
    enum { FRAMES = 200, LENGTH = 100 };
    struct raw_client client;
    struct scene *scene = begin(tls, 50, &client);
    char head[1024];
    assert_true(raw_upgrade(&client, head, sizeof(head), ""));
    uint8_t burst[FRAMES * (LENGTH + 6)] = {0};
    for (unsigned i = 0; i < FRAMES; i++) {
        burst[i * (LENGTH + 6)] = 0x82;
        burst[i * (LENGTH + 6) + 1] = 0x80 | LENGTH;
    }
    assert_true(raw_send(&client, burst, sizeof(burst)));
    for (unsigned i = 0; i < FRAMES; i++) {
        uint8_t payload[LENGTH];
        uint64_t length;
        assert_int_equal(raw_read_frame(&client, payload, sizeof(payload), &length), 2);
        assert_int_equal(length, LENGTH);
    }
    end(scene, &client);
}

static void pausing_in_a_burst_over_tls_does_not_spin(void **state) {
    (void)state;
    pausing_a_peer_in_the_middle_of_a_burst_does_not_spin(true);
}

static void pausing_in_a_burst_in_clear_does_not_spin(void **state) {
    (void)state;
    pausing_a_peer_in_the_middle_of_a_burst_does_not_spin(false);
}

/* After an unknown Upgrade it answers by itself, lets the headers go, and then calls back with
 * them. */
static void an_unknown_upgrade_is_refused_without_touching_what_was_freed(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    char head[2048];
    assert_true(raw_say(&client, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                                 "Upgrade: something-else\r\n\r\n"));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    assert_non_null(strstr(head, " 403 "));
    assert_true(raw_is_closed(&client));
    end(scene, &client);
}

static void http_2_is_spoken_neither_by_upgrade_nor_by_preface(void **state) {
    (void)state;
    struct raw_client client;
    struct raw_client other;
    struct scene *scene = begin(false, 0, &client);
    char head[2048];
    assert_true(raw_say(&client, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\n"
                                 "Connection: Upgrade, HTTP2-Settings\r\n"
                                 "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    assert_non_null(strstr(head, " 400 "));
    assert_true(raw_open(&other, scene_port(scene), false));
    assert_true(raw_say(&other, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    raw_is_closed(&other);
    raw_close(&other);
    end(scene, &client);
}

static void tls_agrees_on_http_1_1_though_http_2_was_offered_first(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(true, 0, &client);
    const unsigned char *chosen;
    unsigned length;
    SSL_get0_alpn_selected(client.tls, &chosen, &length);
    assert_int_equal(length, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    assert_true(SSL_version(client.tls) >= TLS1_2_VERSION);
    end(scene, &client);
}

/* It keeps a pointer into what was given to it when a message is deflated. */
static void deflate_is_not_agreed_on(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    char head[2048];
    assert_true(raw_upgrade(&client, head, sizeof(head),
                            "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    assert_null(strstr(head, "xtensions"));
    end(scene, &client);
}

/* It picks a vhost by the Host header among all on the same port, and ours all have the same. */
static void a_host_header_cannot_reach_the_admin_pages(void **state) {
    (void)state;
    static const char *const hosts[] = {"plain.localhost", "secure.localhost", "admin.localhost"};
    struct scene *scene = scene_start(&(struct scene_options){false, 0});
    for (unsigned i = 0; i < 3; i++) {
        struct raw_client client;
        char text[2048];
        assert_true(raw_open(&client, scene_port(scene), false));
        snprintf(text, sizeof(text), "GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        assert_true(raw_say(&client, text));
        assert_true(raw_read_head(&client, text, sizeof(text)));
        assert_non_null(strstr(text, " 404 "));
        raw_close(&client);
    }
    assert_int_equal(scene_requests(scene), 0);
    assert_true(scene_stop(scene));
}

/* Failing in SERVER_WRITEABLE with a reason closes twice in Debian's build, the second time without
 * the frame. */
static void who_names_two_hosts_or_none_is_refused(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /api/later HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /api/later HTTP/1.1\r\nAccept: */*\r\n\r\n",
    };
    for (unsigned i = 0; i < 4; i++) {
        bool tls = i >= 2;
        struct raw_client client;
        struct scene *scene = begin(tls, 0, &client);
        char head[2048];
        assert_true(raw_say(&client, requests[i % 2]));
        assert_true(raw_read_head(&client, head, sizeof(head)));
        assert_non_null(strstr(head, " 400 "));
        end(scene, &client);
    }
}

static void the_close_code_of_the_node_reaches_the_peer(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    char head[1024];
    uint8_t payload[2];
    uint64_t length;
    assert_true(raw_upgrade(&client, head, sizeof(head), ""));
    assert_true(raw_send_frame(&client, 0x82, "close", 5, true));
    assert_int_equal(raw_read_frame(&client, payload, sizeof(payload), &length), 8);
    assert_int_equal(payload[0] << 8 | payload[1], 4000);
    end(scene, &client);
}

/* It has no state in which it reads between a request and its answer, so what comes then wakes the
 * loop for nothing. */
static void a_client_that_leaves_before_its_answer_is_noticed_and_does_not_spin(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    assert_true(raw_say(&client, "GET /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    while (scene_requests(scene) == 0) {
        wait_ms(5);
    }
    uint64_t before = scene_turns(scene);
    raw_close(&client);
    unsigned waited = 0;
    while (scene_abandoned(scene) == 0 && waited++ < 100) {
        wait_ms(10);
    }
    assert_int_equal(scene_abandoned(scene), 1);
    assert_true(scene_turns(scene) - before < 500);
    assert_true(scene_stop(scene));
}

static void requests_sent_ahead_are_answered_one_after_the_other_without_spinning(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    char head[2048];
    char body[2];
    assert_true(raw_say(&client, "GET /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    uint64_t before = scene_turns(scene);
    assert_true(raw_read_head(&client, head, sizeof(head)));
    assert_true(raw_read(&client, body, 2));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    assert_true(raw_read(&client, body, 2));
    assert_true(scene_turns(scene) - before < 500);
    assert_int_equal(scene_requests(scene), 2);
    end(scene, &client);
}

/* A body that lies in its buffer together with its headers sends it into an endless loop. */
static void a_body_sent_ahead_costs_its_connection_and_not_the_loop(void **state) {
    (void)state;
    static const char *const first[] = {
        "GET /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    };
    for (unsigned i = 0; i < 2; i++) {
        struct raw_client client;
        struct raw_client other;
        struct scene *scene = begin(false, 0, &client);
        char text[2048];
        snprintf(text, sizeof(text),
                 "%sPOST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"
                 "againGET / HTTP/1.1\r\n",
                 first[i]);
        assert_true(raw_say(&client, text));
        assert_true(raw_read_head(&client, text, sizeof(text)));
        assert_non_null(strstr(text, " 200 "));
        assert_true(raw_is_closed(&client));
        assert_true(raw_open(&other, scene_port(scene), false));
        assert_true(raw_upgrade(&other, text, sizeof(text), ""));
        raw_close(&other);
        end(scene, &client);
    }
}

/* Stopped reading makes it ignore writability on HTTP/1.1; not stopping makes it spin on what was
 * sent ahead. */
static void a_reader_that_stalls_in_a_long_answer_does_not_spin_the_loop(void **state) {
    (void)state;
    struct raw_client client;
    struct scene *scene = begin(false, 0, &client);
    char head[2048];
    assert_true(raw_say(&client, "GET /api/zeros HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    wait_ms(300); /* the sockets fill up */
    uint64_t before = scene_turns(scene);
    wait_ms(500);
    assert_true(scene_turns(scene) - before < 200);
    char *zeros = malloc(ZEROS_BYTES);
    assert_true(raw_read(&client, zeros, ZEROS_BYTES));
    free(zeros);
    assert_true(raw_read_head(&client, head, sizeof(head)));
    end(scene, &client);
}

/* One long message: it comes in pieces (RFC 6455 5.4), and each byte as it was sent. */
static bool read_flood(struct raw_client *client) {
    enum { BINARY = 2, CONTINUATION = 0, PIECE_MAX = 64 * 1024 };
    static uint8_t piece[PIECE_MAX];
    bool as_sent = true;
    for (uint32_t at = 0; at < FLOOD_BYTES && as_sent;) {
        uint64_t length;
        as_sent = raw_read_frame(client, piece, sizeof(piece), &length) ==
                      (at == 0 ? BINARY : CONTINUATION) &&
                  length <= PIECE_MAX;
        for (uint32_t i = 0; as_sent && i < length; i++) {
            as_sent = piece[i] == flood_byte(at + i);
        }
        at += (uint32_t)length;
    }
    return as_sent;
}

/* It writes each frame's header over what lies in front of it. */
static void a_long_message_is_whole_for_each_of_its_receivers(void **state) {
    (void)state;
    struct raw_client first;
    struct raw_client second;
    struct scene *scene = begin(false, 0, &first);
    char head[1024];
    assert_true(raw_upgrade(&first, head, sizeof(head), ""));
    assert_true(raw_open(&second, scene_port(scene), false));
    assert_true(raw_upgrade(&second, head, sizeof(head), ""));
    assert_true(raw_send_frame(&first, 0x82, "flood", 5, true));
    assert_true(raw_send_frame(&second, 0x82, "flood", 5, true));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(read_flood(&first));
        assert_true(read_flood(&second));
    }
    raw_close(&second);
    end(scene, &first);
}

/* What does not go at once it copies and keeps without bound, unless one waits for writability. */
static void a_slow_reader_gets_everything_and_holds_nobody_up(void **state) {
    (void)state;
    struct raw_client slow;
    struct raw_client quick;
    struct scene *scene = begin(true, 0, &slow);
    char head[1024];
    uint8_t payload[16];
    uint64_t length;
    assert_true(raw_upgrade(&slow, head, sizeof(head), ""));
    assert_true(raw_send_frame(&slow, 0x82, "flood", 5, true));
    assert_true(raw_open(&quick, scene_port(scene), true));
    assert_true(raw_upgrade(&quick, head, sizeof(head), ""));
    for (unsigned i = 0; i < 200; i++) {
        assert_true(raw_send_frame(&quick, 0x82, "quick", 5, true));
        assert_int_equal(raw_read_frame(&quick, payload, sizeof(payload), &length), 2);
    }
    raw_close(&quick);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(read_flood(&slow));
    }
    end(scene, &slow);
}

static void headers_over_their_bound_cost_a_connection_and_nothing_else(void **state) {
    (void)state;
    struct raw_client client;
    struct raw_client other;
    struct scene *scene = begin(false, 0, &client);
    char *text = malloc(40000);
    memset(text, 'a', 40000);
    assert_true(raw_say(&client, "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: "));
    raw_send(&client, text, 40000);
    assert_true(raw_is_closed(&client));
    free(text);
    char head[2048];
    assert_true(raw_open(&other, scene_port(scene), false));
    assert_true(raw_upgrade(&other, head, sizeof(head), ""));
    raw_close(&other);
    end(scene, &client);
}

static void what_speaks_neither_tls_nor_http_is_closed(void **state) {
    (void)state;
    struct raw_client client;
    struct raw_client stun;
    struct scene *scene = begin(false, 0, &client);
    assert_true(raw_say(&client, "\x80 something"));
    assert_true(raw_is_closed(&client));
    assert_true(raw_open(&stun, scene_port(scene), false));
    assert_true(raw_send(&stun, "\x00\x14\x00\x01", 4));
    uint64_t before = scene_turns(scene);
    wait_ms(200);
    assert_true(scene_turns(scene) - before <
                100); /* few bytes do not wake the loop again and again */
    assert_true(raw_send(&stun, "\x00\x00\x21\x12\xa4\x42", 6));
    assert_true(raw_is_closed(&stun));
    raw_close(&stun);
    end(scene, &client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pausing_in_a_burst_over_tls_does_not_spin),
        cmocka_unit_test(pausing_in_a_burst_in_clear_does_not_spin),
        cmocka_unit_test(an_unknown_upgrade_is_refused_without_touching_what_was_freed),
        cmocka_unit_test(http_2_is_spoken_neither_by_upgrade_nor_by_preface),
        cmocka_unit_test(tls_agrees_on_http_1_1_though_http_2_was_offered_first),
        cmocka_unit_test(deflate_is_not_agreed_on),
        cmocka_unit_test(a_host_header_cannot_reach_the_admin_pages),
        cmocka_unit_test(who_names_two_hosts_or_none_is_refused),
        cmocka_unit_test(the_close_code_of_the_node_reaches_the_peer),
        cmocka_unit_test(a_client_that_leaves_before_its_answer_is_noticed_and_does_not_spin),
        cmocka_unit_test(requests_sent_ahead_are_answered_one_after_the_other_without_spinning),
        cmocka_unit_test(a_body_sent_ahead_costs_its_connection_and_not_the_loop),
        cmocka_unit_test(a_reader_that_stalls_in_a_long_answer_does_not_spin_the_loop),
        cmocka_unit_test(a_long_message_is_whole_for_each_of_its_receivers),
        cmocka_unit_test(a_slow_reader_gets_everything_and_holds_nobody_up),
        cmocka_unit_test(headers_over_their_bound_cost_a_connection_and_nothing_else),
        cmocka_unit_test(what_speaks_neither_tls_nor_http_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
