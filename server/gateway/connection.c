/*
 * The life of one accepted socket inside libwebsockets. Everything that must not be done in one of
 * its callbacks is done in connection_settle, in the loop's check phase: stopping or resuming
 * reading (inside RECEIVE it spins for ever over TLS) and cutting (its own timers are not armed
 * outside of its callbacks).
 */
#include "server/gateway/gateway_state.h"

#include "server/gateway/exchange.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum { UNACKNOWLEDGED_MS_MAX = 20000 };

static void link_in(struct connection *connection) {
    struct gateway *gateway = connection->gateway;
    connection->next = gateway->connections;
    if (gateway->connections != NULL) {
        gateway->connections->previous = connection;
    }
    gateway->connections = connection;
    gateway->connection_count++;
}

static void link_out(struct connection *connection) {
    struct gateway *gateway = connection->gateway;
    *(connection->previous != NULL ? &connection->previous->next : &gateway->connections) =
        connection->next;
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    gateway->connection_count--;
    if (connection->touched) {
        struct connection **at = &gateway->touched;
        while (*at != connection) {
            at = &(*at)->next_touched;
        }
        *at = connection->next_touched;
    }
}

struct connection *connection_adopt(struct gateway *gateway, int fd, bool tls,
                                    enum connection_surface surface, struct peer_address address) {
    int one = 1;
    unsigned unacknowledged = UNACKNOWLEDGED_MS_MAX;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));

    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(fd);
        return NULL;
    }
    connection->gateway = gateway;
    connection->tls = tls;
    connection->surface = surface;
    connection->address = address;
    connection->reading = true;
    connection->deadline_ms = (int64_t)uv_now(gateway->config.loop) + gateway_entering_ms(gateway);

    /* No pointer to us is given along: on failure libwebsockets may or may not call back for the
     * half-made wsi, and such a call must not find a connection. No request is read before this
     * returns. */
    lws_adopt_desc_t description = {
        .vh = tls ? gateway->secure : gateway->plain,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd.sockfd = fd,
    };
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&description);
    if (wsi == NULL) {
        free(connection);
        return NULL;
    }
    connection->wsi = wsi;
    lws_set_opaque_user_data(wsi, connection);
    gateway->entering_count++;
    link_in(connection);
    return connection;
}

void connection_entered(struct connection *connection) {
    if (connection->state == CONNECTION_ENTERING) {
        connection->state = CONNECTION_HTTP;
        connection->gateway->entering_count--;
        connection_idle(connection);
    }
}

/* Headers of a next request that come letter by letter are no request. */
void connection_idle(struct connection *connection) {
    const struct gateway_config *config = &connection->gateway->config;
    connection->deadline_ms =
        (int64_t)uv_now(config->loop) + 3 * 1000 * (int64_t)config->patience_s;
}

void connection_session_over(struct connection *connection) {
    if (connection->session != 0) {
        uint32_t session = connection->session;
        connection->session = 0;
        connection->gateway->websocket_count--;
        node_session_closed(connection->gateway->node, session);
    }
}

void connection_destroyed(struct connection *connection) {
    struct gateway *gateway = connection->gateway;
    if (connection->exchange != NULL) {
        exchange_lost(connection->exchange);
    }
    connection_session_over(connection);
    if (connection->state == CONNECTION_ENTERING) {
        gateway->entering_count--;
    }
    address_count_remove(gateway->addresses, connection->address);
    link_out(connection);
    message_assembler_finish(&connection->assembler);
    shared_frame_unref(connection->leaving);
    free(connection->identity);
    free(connection);
}

void connection_cut(struct connection *connection) {
    if (connection->state == CONNECTION_ENTERING) {
        connection->gateway->entering_count--;
    }
    connection->state = CONNECTION_CUT;
    gateway_touch(connection);
}

/* With a reason set this sends the close frame and waits for the peer's (RFC 6455 7.1.1). Failing
 * in a callback with a reason set should do the same; but in Debian's build that closes twice, and
 * the second time at once. */
static void send_close(struct connection *connection) {
    if (!connection->close_sent && !lws_partial_buffered(connection->wsi)) {
        connection->close_sent = true;
        lws_close_reason(connection->wsi, (enum lws_close_status)connection->code, NULL, 0);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    }
}

static bool wants_reading(const struct connection *connection) {
    switch (connection->state) {
    case CONNECTION_WEBSOCKET:
        return !connection->paused;
    case CONNECTION_HTTP:
        return connection->exchange == NULL || exchange_wants_reading(connection->exchange);
    case CONNECTION_ENTERING:
    case CONNECTION_CLOSING:
    case CONNECTION_CUT:
        break;
    }
    return true;
}

void connection_settle(struct connection *connection) {
    if (connection->state == CONNECTION_CUT) {
        /* Legal here, since no callback of this wsi is on the stack. With output still buffered
         * libwebsockets would wait for it to leave; a socket that is shut fails at once. Mostly
         * this frees the connection. */
        connection_session_over(connection);
        shutdown(lws_get_socket_fd(connection->wsi), SHUT_RDWR);
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
        return;
    }
    if (connection->exchange != NULL) {
        exchange_settle(connection->exchange);
    }
    bool reading = wants_reading(connection);
    if (reading != connection->reading) {
        connection->reading = reading;
        lws_rx_flow_control(connection->wsi, reading);
    }
    if (connection->state == CONNECTION_CLOSING) {
        send_close(connection); /* last: it may free the connection */
    }
}

void connection_sweep(struct connection *connection, int64_t now_ms) {
    switch (connection->state) {
    case CONNECTION_ENTERING:
        if (now_ms >= connection->deadline_ms) {
            connection->gateway->config.metrics->turned_away_silent++;
            connection_cut(connection);
        }
        break;
    case CONNECTION_CLOSING:
        if (now_ms >= connection->deadline_ms) {
            connection_cut(connection);
        }
        break;
    case CONNECTION_HTTP:
        if (connection->exchange != NULL) {
            exchange_sweep(connection->exchange, now_ms);
        } else if (now_ms >= connection->deadline_ms) {
            connection_cut(connection);
        }
        break;
    case CONNECTION_WEBSOCKET:
    case CONNECTION_CUT:
        break;
    }
}
