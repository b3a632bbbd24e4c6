#include "server/gateway/exchange.h"

#include "server/gateway/exchange_peer.h"
#include "server/gateway/origin.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

/* An answer that is awaited from elsewhere. It outlives the exchange when the client goes away
 * first. */
struct pending_identity {
    struct http_exchange *exchange; /* NULL = gone */
};
struct case_question {
    struct http_exchange *exchange; /* NULL = gone */
    void (*answer)(struct http_exchange *exchange, struct allowance allowed, void *data);
    void *data;
};

void exchange_moved(struct http_exchange *exchange) {
    exchange->moved_ms = (int64_t)uv_now(exchange->connection->gateway->config.loop);
}

struct http_exchange *exchange_create(struct connection *connection) {
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->connection = connection;
    arena_init(&exchange->arena, EXCHANGE_ARENA_MAX);
    exchange_moved(exchange);
    return exchange;
}

static void unwatch_peer(struct http_exchange *exchange);

void exchange_free(struct http_exchange *exchange) {
    unwatch_peer(exchange);
    if (exchange->identity != NULL) {
        exchange->identity->exchange = NULL;
    }
    if (exchange->question != NULL) {
        exchange->question->exchange = NULL;
    }
    struct connection *connection = exchange->connection;
    connection->exchange = NULL;
    connection_idle(connection);
    connection->gateway->exchange_count--;
    arena_finish(&exchange->arena);
    free(exchange->held);
    free(exchange->out);
    void (*gone)(void *data) = exchange->on_gone;
    void *data = exchange->gone_data;
    free(exchange);
    if (gone != NULL) {
        gone(data);
    }
}

void http_on_gone(struct http_exchange *exchange, void (*gone)(void *data), void *data) {
    exchange->on_gone = gone;
    exchange->gone_data = data;
}

static void tell_closed(struct http_exchange *exchange) {
    void (*closed)(struct http_exchange *, void *) = exchange->on_closed;
    exchange->on_closed = NULL;
    if (closed != NULL) {
        closed(exchange, exchange->closed_data);
    }
}

void exchange_lost(struct http_exchange *exchange) {
    /* With everything written the handler has ended it already. */
    bool ended = exchange->state == EXCHANGE_LINGERING ||
                 (exchange->state == EXCHANGE_ANSWERING && exchange->answer_left == 0);
    if (!ended || exchange->head_only) {
        tell_closed(exchange);
    }
    exchange_free(exchange);
}

void http_on_closed(struct http_exchange *exchange,
                    void (*closed)(struct http_exchange *exchange, void *data), void *data) {
    exchange->on_closed = closed;
    exchange->closed_data = data;
}

/* Before anybody is asked who they are: what no route wants. */
static bool refuse_malformed(struct http_exchange *exchange) {
    if (http_header(exchange, "transfer-encoding").length > 0) {
        exchange->keep_alive = false;
        http_answer_error(exchange, 411, "length_required",
                          "Say how long the body is: send Content-Length, not chunks.");
        return true;
    }
    if (exchange->host_is_unclear) {
        exchange->content_length = 0;
        exchange->keep_alive = false;
        http_answer_error(exchange, 400, "malformed", "Name the host, once.");
        return true;
    }
    if (exchange->content_length == UINT64_MAX) {
        exchange->content_length = 0;
        exchange->keep_alive = false;
        http_answer_error(exchange, 400, "malformed", "Content-Length is not a number.");
        return true;
    }
    bool reading = text_equal(exchange->method, TEXT("GET")) || exchange->head_only;
    if (reading && exchange->content_length > 0) {
        exchange->content_length = 0;
        exchange->keep_alive = false;
        http_answer_error(exchange, 400, "malformed", "GET and HEAD have no body.");
        return true;
    }
    return false;
}

/* A page of another site may resolve its own name to this machine and so reach a server that
 * listens on loopback only; then the Host header still is that name. */
static bool refuse_host(struct http_exchange *exchange) {
    struct connection *connection = exchange->connection;
    if (connection->tls || connection->surface == SURFACE_ADMIN ||
        host_is_loopback(exchange->host)) {
        return false;
    }
    exchange->keep_alive = false;
    http_answer_error(exchange, 421, "misdirected",
                      "Without TLS this server answers as localhost, 127.0.0.1 or [::1] only.");
    return true;
}

/* A browser says itself who asks, also where it sends no Origin; nobody else says anything. */
static bool is_cross_site(struct http_exchange *exchange) {
    struct text site = http_header(exchange, "sec-fetch-site");
    return site.length > 0 && !text_equal(site, TEXT("same-origin")) &&
           !text_equal(site, TEXT("none"));
}

static bool refuse_origin(struct http_exchange *exchange) {
    if (text_equal(exchange->method, TEXT("GET")) || exchange->head_only) {
        return false;
    }
    struct text origin = http_header(exchange, "origin");
    bool fine = origin.length > 0
                    ? origin_is_own(origin, exchange->host, exchange->connection->tls)
                    : request_is_bearer(exchange) || request_token(exchange).length == 0;
    if (!fine || is_cross_site(exchange)) {
        http_answer_error(exchange, 403, "foreign_origin",
                          "This must be asked from the server's own pages.");
        return true;
    }
    return false;
}

static bool refuse_length(struct http_exchange *exchange) {
    const struct http_route *route = exchange->match.route;
    if (route->body_max > 0 && !exchange->has_content_length) {
        http_answer_error(exchange, 411, "length_required", "Send Content-Length.");
        return true;
    }
    if (exchange->content_length > route->body_max) {
        http_answer_error(exchange, 413, "too_large", "The body is over this route's bound.");
        return true;
    }
    return false;
}

/* Reading follows what is shown, which may change without anybody at the desk; what changes
 * something was somebody's wish. */
static void note_act(struct http_exchange *exchange) {
    struct authority *authority = exchange->connection->gateway->config.authority;
    enum http_access access = exchange->match.route->access;
    bool reading = text_equal(exchange->method, TEXT("GET")) || exchange->head_only;
    if (exchange->who.signed_in && authority->acted != NULL && !reading && access != ROUTE_OPEN &&
        access != ROUTE_AUTOMATIC) {
        authority->acted(authority, exchange->who.sign_in);
    }
}

static void dispatch(struct http_exchange *exchange) {
    const struct http_route *route = exchange->match.route;
    if (route->access != ROUTE_OPEN && !exchange->who.signed_in) {
        http_answer_error(exchange, 401, "signed_out", "Sign in first.");
        return;
    }
    if (exchange->who.enrolling &&
        (route->access == ROUTE_SIGNED_IN || route->access == ROUTE_AUTOMATIC)) {
        http_answer_error(exchange, 403, "second_factor_required",
                          "Add a second factor to your account first.");
        return;
    }
    note_act(exchange);
    exchange->state = EXCHANGE_HANDLING;
    route->handle(exchange, exchange->match.data);
}

static void on_identified(void *data, const struct http_identity *who) {
    struct pending_identity *pending = data;
    struct http_exchange *exchange = pending->exchange;
    free(pending);
    if (exchange == NULL) {
        return;
    }
    exchange->identity = NULL;
    exchange_moved(exchange);
    if (who == NULL) {
        http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
        return;
    }
    exchange->who = *who;
    dispatch(exchange);
}

static void identify(struct http_exchange *exchange) {
    struct text token = request_token(exchange);
    struct authority *authority = exchange->connection->gateway->config.authority;
    if (token.length == 0 || authority == NULL) {
        dispatch(exchange);
        return;
    }
    struct pending_identity *pending = calloc(1, sizeof(*pending));
    if (pending == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    pending->exchange = exchange;
    exchange->identity = pending;
    authority->identify(authority, token, on_identified, pending);
}

static void answer_unrouted(struct http_exchange *exchange, enum route_result result) {
    if (result == ROUTE_OTHER_METHOD) {
        char allowed[64];
        struct gateway *gateway = exchange->connection->gateway;
        routes_allowed(&gateway->public_routes, exchange->path, allowed, sizeof(allowed));
        static const char json[] =
            "{\"error\":\"other_method\",\"message\":\"This path has other methods.\"}";
        struct http_header_line allow = {"Allow", allowed};
        http_answer_bytes(exchange, 405, "application/json", &allow, 1,
                          (struct bytes){sizeof(json) - 1, (const uint8_t *)json});
        return;
    }
    if (exchange->connection->surface == SURFACE_PUBLIC && static_files_answer(exchange)) {
        return;
    }
    http_answer_error(exchange, 404, "not_found", "There is nothing here.");
}

void exchange_begin(struct http_exchange *exchange) {
    if (!request_read(exchange)) {
        exchange->keep_alive = false;
        http_answer_error(exchange, 400, "malformed", "The request's headers are too long.");
        return;
    }
    if (refuse_malformed(exchange) || refuse_host(exchange)) {
        return;
    }
    struct connection *connection = exchange->connection;
    struct gateway *gateway = connection->gateway;
    const struct routes *routes =
        connection->surface == SURFACE_ADMIN ? &gateway->admin_routes : &gateway->public_routes;
    enum route_result result =
        routes_find(routes, exchange->method, exchange->path, &exchange->match);
    if (result != ROUTE_FOUND) {
        answer_unrouted(exchange, result);
        return;
    }
    if (refuse_origin(exchange) || refuse_length(exchange)) {
        return;
    }
    identify(exchange);
}

bool exchange_wants_reading(const struct http_exchange *exchange) {
    /* Only in the middle of a body reading is ever stopped. Elsewhere libwebsockets, while it is,
     * ignores writability on HTTP/1.1 and spins, be it ours or its own for a request that was sent
     * ahead; there answer_muffle keeps it quiet. */
    bool handling = exchange->state == EXCHANGE_IDENTIFYING || exchange->state == EXCHANGE_HANDLING;
    return !handling || body_left(exchange) == 0 ||
           (exchange->body_mode != BODY_UNASKED && !exchange->body_paused);
}

/* Between a request and the end of its answer libwebsockets does not look at the socket, and a peer
 * that has left would wake the loop without end. A second descriptor of the socket tells of that
 * alone. A peer that only half-closes is taken as gone too. */
static void on_peer_left(uv_poll_t *watch, int status, int events) {
    (void)status;
    (void)events;
    struct http_exchange *exchange = watch->data;
    uv_poll_stop(watch);
    if (exchange->state != EXCHANGE_LINGERING) {
        connection_cut(exchange->connection);
    }
}

static void watch_peer(struct http_exchange *exchange) {
    uv_poll_t *watch = malloc(sizeof(*watch));
    int fd = dup(lws_get_socket_fd(exchange->connection->wsi));
    if (watch == NULL || fd < 0 ||
        uv_poll_init(exchange->connection->gateway->config.loop, watch, fd) != 0) {
        free(watch);
        if (fd >= 0) {
            close(fd);
        }
        return; /* the sweep looks as well */
    }
    watch->data = exchange;
    exchange->watch = watch;
    uv_poll_start(watch, UV_DISCONNECT, on_peer_left);
}

static void on_watch_closed(uv_handle_t *handle) {
    free(handle);
}

static void unwatch_peer(struct http_exchange *exchange) {
    if (exchange->watch != NULL) {
        uv_os_fd_t fd;
        uv_fileno((uv_handle_t *)exchange->watch, &fd);
        uv_close((uv_handle_t *)exchange->watch, on_watch_closed);
        close(fd);
        exchange->watch = NULL;
    }
}

void exchange_settle(struct http_exchange *exchange) {
    if (exchange->state == EXCHANGE_HANDLING) {
        body_deliver(exchange);
    }
    bool waiting = exchange->state == EXCHANGE_IDENTIFYING ||
                   exchange->state == EXCHANGE_HANDLING || exchange->muffled;
    if (waiting && body_left(exchange) == 0 && exchange->watch == NULL) {
        answer_muffle(exchange, true);
        watch_peer(exchange);
    }
}

static bool peer_left(const struct http_exchange *exchange) {
    struct tcp_info info;
    socklen_t length = sizeof(info);
    int fd = lws_get_socket_fd(exchange->connection->wsi);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_state != TCP_ESTABLISHED;
}

/* Takes the question back from its exchange, which is NULL when that is gone; frees it. */
static struct http_exchange *take_answered(struct case_question *question) {
    struct http_exchange *exchange = question->exchange;
    if (exchange != NULL) {
        exchange->question = NULL;
        exchange->granted_ms = (int64_t)uv_now(exchange->connection->gateway->config.loop);
    }
    free(question);
    return exchange;
}

static void ask_node(struct http_exchange *exchange, struct case_question *question,
                     void (*answer)(void *data, struct grant grant)) {
    exchange->question = question;
    node_ask_grant(exchange->connection->gateway->node, CHANNEL_KIND_PATIENT_CASE,
                   exchange->granted_case, exchange->who.user, answer, question);
}

static void on_grant_again(void *data, struct grant now) {
    struct http_exchange *exchange = take_answered(data);
    if (exchange == NULL) {
        return;
    }
    const struct grant *then = &exchange->granted;
    if ((then->audiences & ~now.audiences) != 0 || (then->actions & ~now.actions) != 0) {
        connection_cut(exchange->connection);
    }
}

/* Whoever has a channel on the case is cut by `exchanges_revoke`. A long answer or upload without
 * one is asked for its right again, often enough that it ends within a second of its loss. */
static void renew_grant(struct http_exchange *exchange, int64_t now_ms) {
    if (exchange->granted.audiences == 0 || exchange->question != NULL ||
        now_ms - exchange->granted_ms < EXCHANGE_GRANT_MS) {
        return;
    }
    struct case_question *question = calloc(1, sizeof(*question));
    if (question == NULL) {
        connection_cut(exchange->connection);
        return;
    }
    question->exchange = exchange;
    ask_node(exchange, question, on_grant_again);
}

/* To the handler the client is gone; the client itself is told, if it reads. */
static void refuse_slowness(struct http_exchange *exchange) {
    bool asked = exchange->state == EXCHANGE_HANDLING &&
                 (exchange->body_mode == BODY_WHOLE || exchange->body_mode == BODY_STREAM);
    if (!asked) {
        connection_cut(exchange->connection);
        return;
    }
    tell_closed(exchange);
    exchange->keep_alive = false;
    http_answer_error(exchange, 408, "too_slow", "The body came too slowly: send it again.");
}

void exchange_sweep(struct http_exchange *exchange, int64_t now_ms) {
    if (exchange->state != EXCHANGE_LINGERING && peer_left(exchange)) {
        connection_cut(exchange->connection);
        return;
    }
    renew_grant(exchange, now_ms);
    int64_t patience =
        exchange->state == EXCHANGE_LINGERING ? EXCHANGE_LINGER_MS : GATEWAY_HTTP_STALL_MS;
    if (now_ms - exchange->moved_ms >= patience) {
        exchange->connection->gateway->config.metrics->http_stalled +=
            exchange->state != EXCHANGE_LINGERING;
        connection_cut(exchange->connection);
    } else if (body_trickles(exchange, now_ms)) {
        exchange->connection->gateway->config.metrics->http_stalled++;
        refuse_slowness(exchange);
    }
}

/* What a user may see of a case */

static void on_grant(void *data, struct grant grant) {
    struct case_question asked = *(struct case_question *)data;
    struct http_exchange *exchange = take_answered(data);
    if (exchange != NULL) {
        exchange->granted = grant;
        exchange_moved(exchange);
        struct allowance allowed = {grant.audiences, grant.actions};
        asked.answer(exchange, allowed, asked.data);
    }
}

void http_ask_case_grant(struct http_exchange *exchange, struct uuid patient_case,
                         void (*answer)(struct http_exchange *exchange, struct allowance allowed,
                                        void *data),
                         void *data) {
    struct case_question *question = calloc(1, sizeof(*question));
    if (question == NULL) {
        answer(exchange, (struct allowance){0}, data);
        return;
    }
    *question = (struct case_question){.exchange = exchange, .answer = answer, .data = data};
    exchange->granted_case = patient_case;
    ask_node(exchange, question, on_grant);
}

void exchanges_revoke(struct gateway *gateway, struct uuid patient_case, struct uuid user) {
    for (struct connection *each = gateway->connections; each != NULL; each = each->next) {
        struct http_exchange *exchange = each->exchange;
        if (exchange != NULL && uuid_equal(exchange->granted_case, patient_case) &&
            (uuid_is_zero(user) || uuid_equal(exchange->who.user, user))) {
            connection_cut(each);
        }
    }
}

void gateway_end_sign_in(struct gateway *gateway, uint64_t sign_in) {
    for (struct connection *each = gateway->connections; each != NULL; each = each->next) {
        struct http_exchange *exchange = each->exchange;
        if (exchange != NULL && exchange->who.signed_in && exchange->who.sign_in == sign_in &&
            !uuid_is_zero(exchange->granted_case)) {
            connection_cut(each);
        }
    }
    node_end_sign_in(gateway->node, sign_in);
}

struct peer_address exchange_peer(const struct http_exchange *exchange) {
    return exchange->connection->address;
}

bool exchange_is_tls(const struct http_exchange *exchange) {
    return exchange->connection->tls;
}

bool exchange_is_bearer(const struct http_exchange *exchange) {
    return exchange->bearer;
}

struct text exchange_host(const struct http_exchange *exchange) {
    return exchange->host;
}

struct text exchange_user_agent(const struct http_exchange *exchange) {
    return exchange->user_agent;
}
