/*
 * Answers. The head and short bodies are queued and leave when the socket is writable; long bodies
 * are asked for, 64 KiB at a time, so that a slow reader holds no more than that. A quick one gets
 * several of them in one turn of the loop, of which all answers together have a share.
 */
#include "server/gateway/exchange.h"

#include "server/gateway/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

static const char *reason_of(int status) {
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {426, "Upgrade Required"},
        {460, "Checksum Mismatch"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Answer";
}

struct head {
    char text[EXCHANGE_HEAD_MAX];
    size_t length;
};

static void add(struct head *head, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct head *head, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(head->text + head->length, sizeof(head->text) - head->length, format, arguments);
    va_end(arguments);
    assert(length >= 0 && (size_t)length < sizeof(head->text) - head->length);
    head->length += (size_t)length;
}

static void add_date(struct head *head) {
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    char date[64];
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    add(head, "Date: %s\r\n", date);
}

static bool names(const struct http_header_line *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_given(struct head *head, const struct http_header_line *headers, size_t count) {
    assert(count <= HTTP_HEADERS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(strpbrk(headers[i].name, "\r\n:") == NULL);
        assert(strpbrk(headers[i].value, "\r\n") == NULL);
        add(head, "%s: %s\r\n", headers[i].name, headers[i].value);
    }
    if (!names(headers, count, "Cache-Control")) {
        add(head, "Cache-Control: no-store\r\n");
    }
}

static void decide_keep_alive(struct http_exchange *exchange) {
    /* libwebsockets waits for a body of 100 MiB after a POST that announced none. */
    bool unannounced = !exchange->has_content_length &&
                       !text_equal(exchange->method, TEXT("GET")) && !exchange->head_only;
    if (unannounced || exchange->connection->gateway->draining ||
        body_left(exchange) > EXCHANGE_DISCARD_MAX) {
        exchange->keep_alive = false;
    }
}

static void count_status(struct http_exchange *exchange, int status) {
    struct metrics *metrics = exchange->connection->gateway->config.metrics;
    metrics->http_client_errors += status >= 400 && status < 500;
    metrics->http_server_errors += status >= 500;
}

static bool queue(struct http_exchange *exchange, const void *bytes, size_t length) {
    if (length == 0) {
        return true;
    }
    uint8_t *grown = realloc(exchange->out, exchange->out_length + length);
    if (grown == NULL) {
        connection_cut(exchange->connection);
        return false;
    }
    memcpy(grown + exchange->out_length, bytes, length);
    exchange->out = grown;
    exchange->out_length += length;
    return true;
}

static void begin(struct http_exchange *exchange, int status, const char *content_type,
                  const struct http_header_line *headers, size_t header_count, uint64_t length) {
    assert(exchange->state == EXCHANGE_IDENTIFYING || exchange->state == EXCHANGE_HANDLING);
    exchange->state = EXCHANGE_ANSWERING;
    exchange->status = status;
    if (exchange->body_mode == BODY_UNASKED || !exchange->body_ended) {
        exchange->body_mode = BODY_DISCARD;
        exchange->body_paused = false;
    }
    count_status(exchange, status);
    decide_keep_alive(exchange);
    exchange_moved(exchange);

    struct connection *connection = exchange->connection;
    struct head head = {.length = 0};
    add(&head, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    add_date(&head);
    bool page = content_type != NULL && (strncmp(content_type, "text/html", 9) == 0 ||
                                         strncmp(content_type, "text/javascript", 15) == 0);
    head.length += security_headers(head.text + head.length, sizeof(head.text) - head.length,
                                    connection->tls, page, exchange->host);
    add_given(&head, headers, header_count);
    if (status != 204 && status != 304) {
        if (content_type != NULL) {
            add(&head, "Content-Type: %s\r\n", content_type);
        }
        if (length != HTTP_UNMEASURED) {
            add(&head, "Content-Length: %" PRIu64 "\r\n", length);
        } else if (exchange->chunked) {
            add(&head, "Transfer-Encoding: chunked\r\n");
        }
    }
    add(&head, "%s\r\n", exchange->keep_alive ? "" : "Connection: close\r\n");
    queue(exchange, head.text, head.length);
    lws_callback_on_writable(connection->wsi);
    gateway_touch(connection);
}

void http_answer_bytes(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count,
                       struct bytes body) {
    begin(exchange, status, content_type, headers, header_count, body.length);
    if (!exchange->head_only) {
        queue(exchange, body.bytes, body.length);
    }
}

void http_answer_json(struct http_exchange *exchange, int status, const char *json, size_t length) {
    http_answer_bytes(exchange, status, "application/json", NULL, 0,
                      (struct bytes){(uint32_t)length, (const uint8_t *)json});
}

static size_t error_json(char *text, size_t space, const char *word, const char *message) {
    struct json json;
    json_begin(&json, text, space);
    json_open(&json, NULL);
    json_text(&json, "error", (struct text){(uint32_t)strlen(word), word});
    json_text(&json, "message", (struct text){(uint32_t)strlen(message), message});
    json_close(&json);
    return json_end(&json);
}

void http_answer_error(struct http_exchange *exchange, int status, const char *word,
                       const char *message) {
    char text[1024];
    size_t length = error_json(text, sizeof(text), word, message);
    http_answer_json(exchange, status, text, length);
}

void http_answer_begin(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count, uint64_t length,
                       void (*writable)(struct http_exchange *exchange, void *data), void *data) {
    bool unmeasured = length == HTTP_UNMEASURED;
    exchange->chunked = unmeasured && !exchange->speaks_old;
    exchange->keep_alive = exchange->keep_alive && (!unmeasured || exchange->chunked);
    begin(exchange, status, content_type, headers, header_count, length);
    exchange->answer_left = exchange->head_only ? 0 : length;
    exchange->writable = writable;
    exchange->writable_data = data;
}

static bool send_now(struct http_exchange *exchange, const uint8_t *bytes, size_t length) {
    struct connection *connection = exchange->connection;
    /* libwebsockets only reads from it: nothing is written in front on HTTP/1.1. */
    int written =
        lws_write(connection->wsi, (unsigned char *)(uintptr_t)bytes, length, LWS_WRITE_HTTP);
    if (written < (int)length) {
        connection_cut(connection);
        return false;
    }
    connection->gateway->config.metrics->http_answer_bytes += length;
    connection->gateway->turn_bytes += length;
    exchange_moved(exchange);
    return true;
}

static void queue_chunk(struct http_exchange *exchange, struct bytes bytes) {
    char size[16];
    int length = snprintf(size, sizeof(size), "%x\r\n", (unsigned)bytes.length);
    if (queue(exchange, size, (size_t)length) && queue(exchange, bytes.bytes, bytes.length)) {
        queue(exchange, "\r\n", 2);
    }
}

void http_write(struct http_exchange *exchange, struct bytes bytes) {
    assert(exchange->state == EXCHANGE_ANSWERING && bytes.length <= HTTP_WRITE_MAX);
    assert(bytes.length <= exchange->answer_left);
    if (exchange->connection->state == CONNECTION_CUT || bytes.length == 0) {
        return;
    }
    exchange->wrote = true;
    if (exchange->answer_left != HTTP_UNMEASURED) {
        exchange->answer_left -= bytes.length;
    }
    if (exchange->chunked) {
        queue_chunk(exchange, bytes);
    } else if (exchange->out_length > 0 || lws_partial_buffered(exchange->connection->wsi)) {
        queue(exchange, bytes.bytes, bytes.length);
    } else {
        send_now(exchange, bytes.bytes, bytes.length);
    }
    if (!exchange->in_writable) {
        lws_callback_on_writable(exchange->connection->wsi);
    }
}

void http_want_writable(struct http_exchange *exchange) {
    if (exchange->connection->state != CONNECTION_CUT) {
        lws_callback_on_writable(exchange->connection->wsi);
    }
}

void http_answer_end(struct http_exchange *exchange) {
    if (exchange->connection->state == CONNECTION_CUT || exchange->answer_left == 0) {
        return; // of HEAD everything is said
    }
    assert(exchange->answer_left == HTTP_UNMEASURED);
    exchange->answer_left = 0;
    if (exchange->chunked) {
        queue(exchange, "0\r\n\r\n", 5);
    }
    lws_callback_on_writable(exchange->connection->wsi);
}

void http_abort(struct http_exchange *exchange) {
    connection_cut(exchange->connection);
}

/* While an answer waits for space, bytes of a next request must not wake the loop: epoll tells of
 * nothing below the low water mark (tcp(7), SO_RCVLOWAT). */
void answer_muffle(struct http_exchange *exchange, bool muffled) {
    enum { NEVER_REACHED = 1 << 30 };
    if (exchange->muffled != muffled) {
        exchange->muffled = muffled;
        int bytes = muffled ? NEVER_REACHED : 1;
        setsockopt(lws_get_socket_fd(exchange->connection->wsi), SOL_SOCKET, SO_RCVLOWAT, &bytes,
                   sizeof(bytes));
        gateway_touch(exchange->connection);
    }
}

static int finish(struct http_exchange *exchange) {
    answer_muffle(exchange, false);
    struct connection *connection = exchange->connection;
    struct lws *wsi = connection->wsi;
    if (!exchange->keep_alive) {
        if (body_left(exchange) == 0) {
            exchange_free(exchange);
            return -1;
        }
        /* Closing a socket with unread bytes resets it, and the peer may never see the answer: read
         * on a little. */
        exchange->state = EXCHANGE_LINGERING;
        exchange->body_mode = BODY_DISCARD;
        exchange_moved(exchange);
        gateway_touch(connection);
        return 0;
    }
    exchange_free(exchange);
    gateway_touch(connection);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* One piece by the handler; false = the connection is to be closed. */
static bool write_piece(struct http_exchange *exchange) {
    exchange->wrote = false;
    exchange->in_writable = true;
    exchange->writable(exchange, exchange->writable_data);
    exchange->in_writable = false;
    return exchange->connection->state != CONNECTION_CUT;
}

/* The socket takes more, and the turn has not lasted too long for pointers. */
static bool may_go_on(const struct http_exchange *exchange) {
    return exchange->wrote && exchange->out_length == 0 &&
           exchange->connection->gateway->turn_bytes < GATEWAY_TURN_BYTES &&
           !lws_send_pipe_choked(exchange->connection->wsi);
}

int answer_writable(struct http_exchange *exchange) {
    struct lws *wsi = exchange->connection->wsi;
    if (exchange->state != EXCHANGE_ANSWERING) {
        return 0;
    }
    if (lws_partial_buffered(wsi)) {
        answer_muffle(exchange, true);
        return 0;
    }
    if (exchange->out_at < exchange->out_length) {
        size_t length = exchange->out_length - exchange->out_at;
        length = length < HTTP_WRITE_MAX ? length : HTTP_WRITE_MAX;
        if (!send_now(exchange, exchange->out + exchange->out_at, length)) {
            return -1;
        }
        exchange->out_at += length;
        if (exchange->out_at < exchange->out_length || lws_partial_buffered(wsi)) {
            lws_callback_on_writable(wsi);
            return 0;
        }
    }
    free(exchange->out);
    exchange->out = NULL;
    exchange->out_at = exchange->out_length = 0;
    do {
        if (exchange->answer_left == 0) {
            return finish(exchange);
        }
        if (!write_piece(exchange)) {
            return -1;
        }
    } while (may_go_on(exchange));
    if (!exchange->wrote || lws_partial_buffered(wsi)) {
        answer_muffle(exchange, true);
    }
    if (exchange->wrote) {
        lws_callback_on_writable(wsi);
    }
    return 0;
}
