/*
 * Hop 1, bytes to frames, and the socket's part of hop 8. The callback translates; the node
 * decides. A frame goes out at once while nothing is buffered, since asking libwebsockets for
 * writability costs three system calls a message.
 */
#include "server/gateway/gateway_state.h"

#include "server/utf8.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(FRAME_HEADROOM >= LWS_PRE, "the WebSocket header is written in front of a frame");

/* RFC 6455 7.4.1 */
enum { CLOSE_CODE_UNSUPPORTED = 1003, CLOSE_CODE_TOO_BIG = 1009 };

static uint64_t *cut_counter(struct metrics *metrics, unsigned code) {
    switch (code) {
    case CLOSE_DRAINING:
        return &metrics->cut_draining;
    case CLOSE_SLOW:
        return &metrics->cut_slow;
    case CLOSE_HEARTBEAT:
        return &metrics->cut_heartbeat;
    case CLOSE_OVERLOADED:
        return &metrics->cut_overloaded;
    case CLOSE_MOVED:
        return &metrics->cut_moved;
    case CLOSE_TOO_OLD:
        return &metrics->cut_too_old;
    case CLOSE_SIGNED_OUT:
        return &metrics->cut_signed_out;
    case CLOSE_TOO_FAST:
        return &metrics->cut_too_fast;
    default:
        return &metrics->cut_protocol;
    }
}

/* At most one close frame is sent; until the peer has answered it everything it says is dropped. */
static void begin_closing(struct connection *connection, unsigned code) {
    if (connection->state != CONNECTION_WEBSOCKET) {
        return;
    }
    struct gateway *gateway = connection->gateway;
    ++*cut_counter(gateway->config.metrics, code);
    connection->state = CONNECTION_CLOSING;
    connection->code = (enum close_code)code;
    connection->deadline_ms = (int64_t)uv_now(gateway->config.loop) + GATEWAY_CLOSE_MS;
    message_assembler_clear(&connection->assembler);
    gateway_touch(connection);
}

/* The transport */

/* One WebSocket frame of a message: `length` bytes of its payload from `from` on (RFC 6455 5.4).
 * The header is written in front, over what lies there: before the whole message that is headroom,
 * whose content depends on the length only and so is every receiver's; before a later piece it is
 * the end of the last one, which other receivers may still have to be sent. */
static enum send_result send_piece(struct connection *connection, struct shared_frame *frame,
                                   uint32_t from, uint32_t length) {
    bool last = from + length == frame->length;
    uint8_t *at = shared_frame_payload(frame) + from;
    uint8_t before[LWS_PRE];
    int kind = from == 0 ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION;
    if (from > 0) {
        memcpy(before, at - LWS_PRE, LWS_PRE);
    }
    int written = lws_write(connection->wsi, at, length,
                            (enum lws_write_protocol)(kind | (last ? 0 : LWS_WRITE_NO_FIN)));
    if (from > 0) {
        memcpy(at - LWS_PRE, before, LWS_PRE);
    }
    if (written < (int)length) {
        connection_cut(connection);
        return SEND_CLOSED;
    }
    if (lws_partial_buffered(connection->wsi)) {
        connection->gateway->config.metrics->websocket_blocked++;
        connection->blocked = true;
        lws_callback_on_writable(connection->wsi);
        return SEND_BLOCKED;
    }
    return SEND_DONE;
}

/* libwebsockets keeps a copy of what a socket did not take, so it is given no more than a piece. */
static enum send_result send_pieces(struct connection *connection) {
    struct shared_frame *frame = connection->leaving;
    enum send_result result = SEND_DONE;
    while (result == SEND_DONE && connection->sent < frame->length) {
        uint32_t from = connection->sent;
        uint32_t left = frame->length - from;
        uint32_t length = left < WEBSOCKET_PIECE_MAX ? left : WEBSOCKET_PIECE_MAX;
        connection->sent += length;
        result = send_piece(connection, frame, from, length);
    }
    if (result == SEND_CLOSED || connection->sent == frame->length) {
        connection->leaving = NULL;
        shared_frame_unref(frame);
    }
    return result;
}

static enum send_result transport_send(struct transport *transport, void *data,
                                       struct shared_frame *frame) {
    (void)transport;
    struct connection *connection = data;
    if (connection->state != CONNECTION_WEBSOCKET) {
        return SEND_CLOSED;
    }
    struct metrics *metrics = connection->gateway->config.metrics;
    metrics->websocket_frames_out++;
    metrics->websocket_bytes_out += frame->length;
    assert(connection->leaving == NULL);
    if (frame->length <= WRITE_PACKET_MAX) {
        return send_piece(connection, frame, 0, frame->length);
    }
    connection->leaving = shared_frame_ref(frame);
    connection->sent = 0;
    return send_pieces(connection);
}

static void transport_close(struct transport *transport, void *data, enum close_code code) {
    (void)transport;
    begin_closing(data, code);
}

static void transport_pause(struct transport *transport, void *data, bool paused) {
    (void)transport;
    struct connection *connection = data;
    connection->paused = paused;
    gateway_touch(connection);
}

void websocket_init_transport(struct gateway *gateway) {
    gateway->transport.send = transport_send;
    gateway->transport.close = transport_close;
    gateway->transport.pause = transport_pause;
}

/* The callback */

static int on_established(struct connection *connection) {
    struct gateway *gateway = connection->gateway;
    int size = GATEWAY_WEBSOCKET_SEND_BUFFER;
    setsockopt(lws_get_socket_fd(connection->wsi), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));

    connection->state = CONNECTION_WEBSOCKET;
    gateway->config.metrics->websocket_opened++;
    assert(connection->identity != NULL);
    connection->session = node_session_open(gateway->node, connection, connection->identity);
    free(connection->identity);
    connection->identity = NULL;
    if (connection->session == 0) {
        begin_closing(connection, CLOSE_OVERLOADED);
        return 0;
    }
    gateway->websocket_count++;
    return 0;
}

static int on_receive(struct connection *connection, const uint8_t *piece, size_t length) {
    if (connection->state != CONNECTION_WEBSOCKET) {
        return 0;
    }
    struct lws *wsi = connection->wsi;
    if (!lws_frame_is_binary(wsi)) {
        begin_closing(connection, CLOSE_CODE_UNSUPPORTED);
        return 0;
    }
    struct bytes message;
    switch (message_assembler_push(&connection->assembler, piece, length,
                                   lws_remaining_packet_payload(wsi),
                                   lws_is_final_fragment(wsi) != 0, FRAME_IN_MAX, &message)) {
    case ASSEMBLED_MORE:
        return 0;
    case ASSEMBLED_TOO_LONG:
        begin_closing(connection, CLOSE_CODE_TOO_BIG);
        return 0;
    case ASSEMBLED_MESSAGE:
        break;
    }
    struct gateway *gateway = connection->gateway;
    gateway->config.metrics->websocket_frames_in++;
    gateway->config.metrics->websocket_bytes_in += message.length;
    node_session_frame(gateway->node, connection->session, message);
    message_assembler_clear(&connection->assembler);
    return 0;
}

static int on_writable(struct connection *connection) {
    if (connection->state == CONNECTION_CLOSING) {
        gateway_touch(connection); /* what was buffered may have left */
        return 0;
    }
    if (connection->blocked && !lws_partial_buffered(connection->wsi)) {
        if (connection->leaving != NULL && send_pieces(connection) != SEND_DONE) {
            return 0;
        }
        connection->blocked = false;
        node_session_writable(connection->gateway->node, connection->session);
    }
    return 0;
}

/* RFC 6455 5.5.1: a close frame's body is empty, or a code and UTF-8. libwebsockets checks most
 * codes only. */
static int on_peer_close(struct connection *connection, const uint8_t *body, size_t length) {
    enum { HIGHEST_CODE = 4999 };
    if (length == 1 || (length >= 2 && ((body[0] << 8) | body[1]) > HIGHEST_CODE)) {
        lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
        return -1;
    }
    if (length > 2 && !text_is_utf8((struct text){(uint32_t)length - 2, (const char *)body + 2})) {
        lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_INVALID_PAYLOAD, NULL, 0);
        return -1;
    }
    return 0;
}

static void on_closed(struct connection *connection) {
    connection_session_over(connection);
    if (connection->state == CONNECTION_WEBSOCKET) {
        connection->state = CONNECTION_CLOSING;
    }
}

int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length) {
    (void)user;
    struct connection *connection = lws_get_opaque_user_data(wsi);
    if (connection == NULL) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(connection);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(connection, in, length);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(connection);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(connection, in, length);
    case LWS_CALLBACK_CLOSED:
        on_closed(connection);
        return 0;
    default:
        return 0;
    }
}
