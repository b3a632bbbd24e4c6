/* links: native_client protocol threads */
#include "clients/native/client_state.h"
#include "clients/native/http.h"
#include "clients/native/websocket.h"
#include "protocol/generated/reply.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// A server of a few lines on a thread of its own: it gives tickets, upgrades, welcomes, opens every
// channel that is asked for, and breaks the first connection when a command arrives on it.

enum { PIECE = 8192 };

struct peer {
    int listener;
    pthread_t thread;
    char url[64];
    unsigned lives;            // connections that were upgraded
    unsigned commands;         // commands that arrived, in all lives
    uint8_t first_fields[64];  // of the first command
    uint8_t second_fields[64]; // of the second
};

static bool read_head(int descriptor, char *head) {
    size_t length = 0;
    while (length < PIECE - 1) {
        ssize_t count = recv(descriptor, head + length, 1, 0);
        if (count <= 0)
            return false;
        head[++length] = '\0';
        if (length >= 4 && strcmp(head + length - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static bool read_exactly(int descriptor, uint8_t *bytes, size_t length) {
    return length == 0 || recv(descriptor, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

// Reads one masked frame of at most 125 bytes; its length, or -1 at the end or on a close.
static int read_frame(int descriptor, uint8_t *payload) {
    uint8_t header[2], mask[4];
    if (!read_exactly(descriptor, header, 2) || (header[0] & 0x0f) == WEBSOCKET_CLOSE)
        return -1;
    int length = header[1] & 0x7f;
    if ((header[1] & 0x80) == 0 || length > 125 || !read_exactly(descriptor, mask, 4) ||
        !read_exactly(descriptor, payload, (size_t)length))
        return -1;
    websocket_mask(payload, (size_t)length, mask, 0);
    return length;
}

static void send_down(int descriptor, uint8_t tag, uint32_t seq, const void *message) {
    uint8_t fields[PIECE], bytes[PIECE];
    struct writer fields_writer, writer;
    writer_init_fixed(&fields_writer, fields, sizeof(fields));
    session_encode(tag, message, &fields_writer);
    writer_init_fixed(&writer, bytes + 2, sizeof(bytes) - 2);
    struct frame frame = {
        .form = FRAME_NUMBERED, .tag = tag, .seq = seq, .fields = writer_bytes(&fields_writer)};
    frame_write(&writer, &frame);
    bytes[0] = 0x82;
    bytes[1] = (uint8_t)writer.length;
    send(descriptor, bytes, writer.length + 2, MSG_NOSIGNAL);
}

static void note_command(struct peer *peer, const struct frame *frame) {
    uint8_t *kept = peer->commands == 0 ? peer->first_fields : peer->second_fields;
    memcpy(kept, frame->fields.bytes, frame->fields.length);
    peer->commands++;
}

static void send_accepted(int descriptor, const struct frame *command) {
    const uint8_t bytes[] = {0x82, 5, 0x94, 1, REPLY_ACCEPTED, (uint8_t)command->seq, 0x90};
    send(descriptor, bytes, sizeof(bytes), MSG_NOSIGNAL);
}

static void live(struct peer *peer, int descriptor) {
    uint8_t payload[PIECE];
    bool first = peer->lives++ == 0;
    for (int length; (length = read_frame(descriptor, payload)) >= 0;) {
        struct frame frame;
        if (!frame_read((struct bytes){(uint32_t)length, payload}, &frame))
            return;
        if (frame.channel != 0) {
            note_command(peer, &frame);
            if (first)
                return; // the line breaks before the answer
            send_accepted(descriptor, &frame);
        } else if (frame.tag == SESSION_HELLO) {
            struct welcome welcome = {.heartbeat_ms = 10000, .revision = 1};
            send_down(descriptor, SESSION_WELCOME, frame.seq, &welcome);
        } else if (frame.tag == SESSION_OPEN_CHANNEL) {
            struct channel_opened opened = {.channel = 1, .audience = 1, .version = 3};
            send_down(descriptor, SESSION_CHANNEL_OPENED, frame.seq, &opened);
        }
    }
}

static void upgrade(struct peer *peer, int descriptor, const char *head) {
    char key[WEBSOCKET_KEY_LENGTH + 1], accept[WEBSOCKET_ACCEPT_LENGTH + 1], answer[512];
    const char *line = strstr(head, "Sec-WebSocket-Key: ");
    if (line == NULL || sscanf(line, "Sec-WebSocket-Key: %24s", key) != 1)
        return;
    websocket_accept(accept, key);
    int length = snprintf(answer, sizeof(answer),
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                          "Sec-WebSocket-Protocol: consilium.1\r\n\r\n",
                          accept);
    send(descriptor, answer, (size_t)length, MSG_NOSIGNAL);
    live(peer, descriptor);
}

static void *serve(void *data) {
    static const char ticket[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"ticket\":\"t1\"}";
    static const char refusal[] =
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct peer *peer = data;
    int descriptor;
    while ((descriptor = accept(peer->listener, NULL, NULL)) >= 0) {
        char head[PIECE];
        if (read_head(descriptor, head)) {
            if (strstr(head, "Bearer revoked") != NULL)
                send(descriptor, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL);
            else if (strncmp(head, "POST /api/tickets ", 18) == 0)
                send(descriptor, ticket, sizeof(ticket) - 1, MSG_NOSIGNAL);
            else if (strncmp(head, "GET /ws?ticket=t1 ", 18) == 0)
                upgrade(peer, descriptor, head);
        }
        close(descriptor);
    }
    return NULL;
}

static int start_peer(void **state) {
    struct peer *peer = calloc(1, sizeof(*peer));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(peer->url, sizeof(peer->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    *state = peer;
    return 0;
}

static int stop_peer(void **state) {
    struct peer *peer = *state;
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    free(peer);
    return 0;
}

struct watch {
    unsigned opened, answered, lost;
    enum client_loss loss;
    uint32_t code;
    bool returns;
};

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    (void)channel;
    (void)opened;
    ((struct watch *)context)->opened++;
}

static void on_answered(void *context, const struct frame *frame) {
    (void)frame;
    ((struct watch *)context)->answered++;
}

static void on_lost(void *context, enum client_loss loss, uint32_t code, bool returns) {
    struct watch *watch = context;
    watch->lost++;
    watch->loss = loss;
    watch->code = code;
    watch->returns = returns;
}

static const struct client_handler handler = {
    .session = {.opened = on_opened, .answered = on_answered}, .lost = on_lost};

struct fixture {
    struct server_address address;
    struct client_loop *loop;
    struct client *client;
    struct watch watch;
};

static void begin(struct fixture *fixture, const struct peer *peer, const char *token) {
    const char *reason;
    memset(fixture, 0, sizeof(*fixture));
    assert_true(server_address_init(&fixture->address, peer->url, NULL, &reason));
    fixture->loop = client_loop_create();
    assert_non_null(fixture->loop);
    struct client_options options = {.address = &fixture->address,
                                     .token = token,
                                     .program = "test",
                                     .handler = &handler,
                                     .context = &fixture->watch};
    fixture->client = client_create(fixture->loop, &options);
    assert_non_null(fixture->client);
}

static void end(struct fixture *fixture) {
    client_destroy(fixture->client);
    client_loop_destroy(fixture->loop);
    server_address_finish(&fixture->address);
}

// Turns the loop until `*count` is at least `wanted`, or far too long has gone by.
static void turn_until(struct fixture *fixture, const unsigned *count, unsigned wanted) {
    int64_t limit_us = fixture->loop->now_us + 20 * 1000000;
    while (*count < wanted && fixture->loop->now_us < limit_us)
        client_loop_turn(fixture->loop, 1000);
    assert_true(*count >= wanted);
}

static void a_broken_line_comes_back_and_the_unanswered_command_happens(void **state) {
    struct peer *peer = *state;
    struct fixture fixture;
    const uint8_t fields[] = {0x92, 0xc0, 0x2a};
    begin(&fixture, peer, "good");
    struct client_session *session = client_session_of(fixture.client);
    assert_true(client_session_open(session, 1, CHANNEL_KIND_BOARD, (struct uuid){{9}}));
    turn_until(&fixture, &fixture.watch.opened, 1);
    struct encoded command = {2, {sizeof(fields), fields}};
    assert_int_not_equal(client_session_command(session, 1, command), 0);
    turn_until(&fixture, &fixture.watch.answered, 1);
    assert_int_equal(fixture.watch.lost, 1);
    assert_int_equal(peer->lives, 2);
    assert_int_equal(peer->commands, 2);
    assert_memory_equal(peer->first_fields, peer->second_fields, sizeof(fields));
    assert_int_equal(session->unanswered_count, 0);
    end(&fixture);
}

static void a_live_client_holds_no_buffers_when_idle(void **state) {
    struct peer *peer = *state;
    struct fixture fixture;
    begin(&fixture, peer, "good");
    struct client_session *session = client_session_of(fixture.client);
    assert_true(client_session_open(session, 1, CHANNEL_KIND_BOARD, (struct uuid){{9}}));
    turn_until(&fixture, &fixture.watch.opened, 1);
    assert_true(client_is_live(fixture.client));
    assert_int_equal(client_backlog(fixture.client), 0);
    assert_null(fixture.client->out);
    assert_null(fixture.client->in);
    assert_null(fixture.client->reader.message);
    end(&fixture);
}

static void a_paused_client_notices_that_the_line_is_gone(void **state) {
    struct peer *peer = *state;
    struct fixture fixture;
    const uint8_t fields[] = {0x91, 0xc0};
    begin(&fixture, peer, "good");
    struct client_session *session = client_session_of(fixture.client);
    assert_true(client_session_open(session, 1, CHANNEL_KIND_BOARD, (struct uuid){{9}}));
    turn_until(&fixture, &fixture.watch.opened, 1);
    client_pause(fixture.client, true);
    // The first life ends with its first command.
    client_session_command(session, 1, (struct encoded){2, {sizeof(fields), fields}});
    turn_until(&fixture, &fixture.watch.lost, 1);
    assert_int_equal(fixture.watch.loss, LOSS_UNREACHABLE);
    end(&fixture);
}

static void a_refused_sign_in_is_final(void **state) {
    struct peer *peer = *state;
    struct fixture fixture;
    begin(&fixture, peer, "revoked");
    turn_until(&fixture, &fixture.watch.lost, 1);
    assert_int_equal(fixture.watch.loss, LOSS_REFUSED);
    assert_int_equal(fixture.watch.code, 401);
    assert_false(fixture.watch.returns);
    end(&fixture);
}

static void a_server_that_is_not_there_is_tried_again(void **state) {
    struct peer *peer = *state;
    struct fixture fixture;
    struct peer nobody = {0};
    snprintf(nobody.url, sizeof(nobody.url), "http://127.0.0.1:1");
    (void)peer;
    begin(&fixture, &nobody, "good");
    turn_until(&fixture, &fixture.watch.lost, 3);
    assert_int_equal(fixture.watch.loss, LOSS_UNREACHABLE);
    assert_true(fixture.watch.returns);
    end(&fixture);
}

static void of_several_addresses_the_one_that_answers_is_used(void **state) {
    struct peer *peer = *state; // listens on 127.0.0.1 alone
    struct server_address address;
    const char *reason;
    char url[64];
    snprintf(url, sizeof(url), "http://localhost:%s", strrchr(peer->url, ':') + 1);
    assert_true(server_address_init(&address, url, NULL, &reason));
    assert_int_equal(address.socket_address.ss_family, AF_INET);
    server_address_finish(&address);
}

static void addresses_that_are_none_are_refused_with_a_reason(void **state) {
    (void)state;
    const char *urls[] = {"ftp://a", "http://", "http://a:b", "http://a:123456", "http://a/path"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct server_address address;
        const char *reason = NULL;
        assert_false(server_address_init(&address, urls[i], NULL, &reason));
        assert_non_null(reason);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_broken_line_comes_back_and_the_unanswered_command_happens,
                                        start_peer, stop_peer),
        cmocka_unit_test_setup_teardown(a_live_client_holds_no_buffers_when_idle, start_peer,
                                        stop_peer),
        cmocka_unit_test_setup_teardown(a_paused_client_notices_that_the_line_is_gone, start_peer,
                                        stop_peer),
        cmocka_unit_test_setup_teardown(a_refused_sign_in_is_final, start_peer, stop_peer),
        cmocka_unit_test_setup_teardown(a_server_that_is_not_there_is_tried_again, start_peer,
                                        stop_peer),
        cmocka_unit_test_setup_teardown(of_several_addresses_the_one_that_answers_is_used,
                                        start_peer, stop_peer),
        cmocka_unit_test(addresses_that_are_none_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
