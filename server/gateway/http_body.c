/*
 * A request's body on its way to the handler. What came while nobody was ready for it is held back,
 * and reading stops in the next check phase, so that little is held.
 */
#include "server/gateway/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

uint64_t body_left(const struct http_exchange *exchange) {
    return exchange->content_length - exchange->body_received;
}

static bool hold(struct http_exchange *exchange, const uint8_t *bytes, size_t length,
                 uint32_t max) {
    if (length > max - exchange->held_length) {
        return false;
    }
    uint32_t wanted = exchange->held_length + (uint32_t)length;
    if (wanted > exchange->held_capacity) {
        uint32_t capacity = exchange->held_capacity == 0 ? 4096 : exchange->held_capacity * 2;
        while (capacity < wanted) {
            capacity *= 2;
        }
        uint8_t *grown = realloc(exchange->held, capacity);
        if (grown == NULL) {
            return false;
        }
        exchange->held = grown;
        exchange->held_capacity = capacity;
    }
    memcpy(exchange->held + exchange->held_length, bytes, length);
    exchange->held_length = wanted;
    return true;
}

static void let_go(struct http_exchange *exchange) {
    free(exchange->held);
    exchange->held = NULL;
    exchange->held_length = exchange->held_capacity = 0;
}

static void finish_whole(struct http_exchange *exchange) {
    if (exchange->body_ended || body_left(exchange) > 0) {
        return;
    }
    exchange->body_ended = true;
    exchange->whole(exchange, (struct bytes){exchange->held_length, exchange->held},
                    exchange->body_data);
    let_go(exchange);
}

static void finish_stream(struct http_exchange *exchange) {
    if (!exchange->body_ended && !exchange->body_paused && exchange->held_length == 0 &&
        body_left(exchange) == 0) {
        exchange->body_ended = true;
        exchange->sink.end(exchange, exchange->body_data);
    }
}

void body_deliver(struct http_exchange *exchange) {
    if (exchange->body_mode == BODY_WHOLE) {
        finish_whole(exchange);
        return;
    }
    if (exchange->body_mode != BODY_STREAM || exchange->body_paused || exchange->delivering) {
        return;
    }
    if (exchange->held_length > 0) {
        struct bytes bytes = {exchange->held_length, exchange->held};
        exchange->held_length = 0;
        exchange->delivering = true;
        exchange->sink.bytes(exchange, bytes, exchange->body_data);
        exchange->delivering = false;
        let_go(exchange);
    }
    finish_stream(exchange);
}

void body_arrived(struct http_exchange *exchange, const uint8_t *bytes, size_t length) {
    uint64_t left = body_left(exchange);
    length = length < left ? length : (size_t)left;
    exchange->body_received += length;
    exchange->connection->gateway->config.metrics->http_body_bytes += length;
    if (exchange->state != EXCHANGE_LINGERING) { /* that has its time, however much comes */
        exchange_moved(exchange);
    }
    bool taken = true;
    switch (exchange->body_mode) {
    case BODY_DISCARD:
        if (exchange->state == EXCHANGE_LINGERING && body_left(exchange) == 0) {
            connection_cut(exchange->connection);
        }
        return;
    case BODY_WHOLE:
        taken = hold(exchange, bytes, length, EXCHANGE_WHOLE_BODY_MAX);
        break;
    case BODY_UNASKED:
        taken = hold(exchange, bytes, length, EXCHANGE_HELD_MAX);
        break;
    case BODY_STREAM:
        if (exchange->body_paused || exchange->held_length > 0) {
            taken = hold(exchange, bytes, length, EXCHANGE_HELD_MAX);
        } else {
            exchange->sink.bytes(exchange, (struct bytes){(uint32_t)length, bytes},
                                 exchange->body_data);
        }
        break;
    }
    if (!taken) {
        connection_cut(exchange->connection);
        return;
    }
    body_deliver(exchange);
}

bool body_trickles(struct http_exchange *exchange, int64_t now_ms) {
    bool awaited =
        exchange->state == EXCHANGE_HANDLING && !exchange->body_paused && body_left(exchange) > 0;
    if (!awaited || exchange->pace_ms == 0) {
        exchange->pace_ms = awaited ? now_ms : 0;
        exchange->pace_received = exchange->body_received;
        return false;
    }
    int64_t patience_ms = 1000 * (int64_t)exchange->connection->gateway->config.patience_s;
    if (now_ms - exchange->pace_ms < patience_ms) {
        return false;
    }
    uint64_t received = exchange->body_received - exchange->pace_received;
    exchange->pace_ms = now_ms;
    exchange->pace_received = exchange->body_received;
    return received < EXCHANGE_PACE_BYTES;
}

/* RFC 9110 10.1.1: the client waits to hear that its body is wanted. */
static void invite(struct http_exchange *exchange) {
    struct text expected = http_header(exchange, "expect");
    if (body_left(exchange) > 0 && exchange->body_received == 0 && expected.length == 12 &&
        strncasecmp(expected.bytes, "100-continue", 12) == 0) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        unsigned char line[LWS_PRE + sizeof(go_on)];
        memcpy(line + LWS_PRE, go_on, sizeof(go_on) - 1);
        lws_write(exchange->connection->wsi, line + LWS_PRE, sizeof(go_on) - 1,
                  LWS_WRITE_HTTP_HEADERS);
    }
}

void http_read_whole(struct http_exchange *exchange,
                     void (*done)(struct http_exchange *exchange, struct bytes body, void *data),
                     void *data) {
    assert(exchange->body_mode == BODY_UNASKED);
    assert(exchange->match.route->body_max <= EXCHANGE_WHOLE_BODY_MAX);
    exchange->body_mode = BODY_WHOLE;
    exchange->whole = done;
    exchange->body_data = data;
    invite(exchange);
    gateway_touch(exchange->connection);
}

void http_read_stream(struct http_exchange *exchange, const struct http_body_sink *sink,
                      void *data) {
    assert(exchange->body_mode == BODY_UNASKED);
    exchange->body_mode = BODY_STREAM;
    exchange->sink = *sink;
    exchange->body_data = data;
    invite(exchange);
    gateway_touch(exchange->connection);
}

void http_pause(struct http_exchange *exchange) {
    exchange->body_paused = true;
    exchange->pace_ms = 0; /* the client is not to blame */
    gateway_touch(exchange->connection);
}

void http_resume(struct http_exchange *exchange) {
    exchange->body_paused = false;
    exchange_moved(exchange);
    gateway_touch(exchange->connection);
}
