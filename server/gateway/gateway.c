#include "server/gateway/gateway_state.h"

#include "server/gateway/exchange.h"
#include "server/gateway/static_files.h"
#include "server/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SWEEP_MS = 250, SILENT_WHEN_FULL_MS = 3000, NODE_TIMER_MAX_MS = 60000 };

static const struct lws_protocols protocols[] = {
    {.name = HTTP_PROTOCOL_NAME, .callback = http_callback, .tx_packet_size = WRITE_PACKET_MAX},
    {.name = WEBSOCKET_PROTOCOL_NAME,
     .callback = websocket_callback,
     .rx_buffer_size = WEBSOCKET_READ_MAX,
     .tx_packet_size = WRITE_PACKET_MAX},
    {.name = NULL},
};

/* All zero: no pings and no validity timers of libwebsockets. Its timers are one sorted list,
 * walked for every insertion, which thousands of connections must not share; the node has its own
 * heartbeat. */
static const lws_retry_bo_t no_timers = {0};

static const char *refuse(struct gateway *gateway, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *refuse(struct gateway *gateway, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(gateway->message, sizeof(gateway->message), format, arguments);
    va_end(arguments);
    return gateway->message;
}

/* The loop's phases */

void gateway_touch(struct connection *connection) {
    if (!connection->touched) {
        connection->touched = true;
        connection->next_touched = connection->gateway->touched;
        connection->gateway->touched = connection;
    }
}

static void settle_touched(struct gateway *gateway) {
    while (gateway->touched != NULL) {
        struct connection *connection = gateway->touched;
        gateway->touched = connection->next_touched;
        connection->touched = false;
        connection_settle(connection);
    }
}

static bool is_full(const struct gateway *gateway) {
    return gateway->entering_count >= GATEWAY_ENTERING_MAX ||
           gateway->connection_count + gateway->entering_count >= GATEWAY_CONNECTIONS_MAX;
}

/* A herd waits in the kernel's backlog, where nobody times out, and comes in as fast as handshakes
 * are done. The operator is let in to the end: /readyz is asked most of all while draining. */
static void admit(struct gateway *gateway) {
    bool full = is_full(gateway);
    for (uint32_t i = 0; i < gateway->listener_count; i++) {
        bool is_public = i < gateway->public_listener_count;
        listener_pause(gateway->listeners[i], full || (is_public && gateway->draining));
    }
}

static void on_node_timer(uv_timer_t *timer);

static void run_node(struct gateway *gateway) {
    if (gateway->node == NULL || gateway->closing) {
        return;
    }
    int64_t now = gateway->config.clock->now(gateway->config.clock);
    int64_t due = node_tick(gateway->node, now, gateway->busy);
    int64_t wait_ms = due <= now ? 0 : (due - now + 999) / 1000;
    if (wait_ms > NODE_TIMER_MAX_MS) {
        wait_ms = NODE_TIMER_MAX_MS;
    }
    uv_timer_start(&gateway->node_timer, on_node_timer, (uint64_t)wait_ms, 0);
}

static void turn(struct gateway *gateway) {
    run_node(gateway);
    settle_touched(gateway);
    if (!gateway->closing) {
        admit(gateway);
    }
}

static void on_node_timer(uv_timer_t *timer) {
    turn(timer->data);
}

/* Busy is everything but the waiting inside epoll_wait, smoothed over some turns: one long turn is
 * no overload. */
static void measure(struct gateway *gateway) {
    uint64_t now = uv_hrtime();
    uint64_t idle = uv_metrics_idle_time(gateway->config.loop);
    uint64_t elapsed = now - gateway->turn_began_ns;
    uint64_t waited = idle - gateway->idle_ns;
    if (gateway->turn_began_ns != 0 && elapsed > 0) {
        uint64_t worked = waited < elapsed ? elapsed - waited : 0;
        double weight = elapsed >= 100000000 ? 1 : (double)elapsed / 100e6;
        gateway->busy += ((double)worked / (double)elapsed - gateway->busy) * weight;
        struct metrics *metrics = gateway->config.metrics;
        metrics->loop_busy_us += worked / 1000;
        histogram_add(&metrics->loop_turn_us, HISTOGRAM_TIME_FIRST, worked / 1000);
        if (worked / 1000 > metrics->loop_lag_us) {
            metrics->loop_lag_us = worked / 1000;
        }
    }
    gateway->turn_began_ns = now;
    gateway->idle_ns = idle;
    gateway->config.metrics->loop_turns++;
}

/* What timers and close callbacks touched must not wait until the next socket stirs. */
static void on_prepare(uv_prepare_t *prepare) {
    struct gateway *gateway = prepare->data;
    settle_touched(gateway);
    gateway->polling = true;
    gateway->turn_bytes = 0;
}

static void on_check(uv_check_t *check) {
    struct gateway *gateway = check->data;
    gateway->polling = false;
    turn(gateway);
    measure(gateway);
}

static void on_sweep(uv_timer_t *timer) {
    struct gateway *gateway = timer->data;
    int64_t now = (int64_t)uv_now(gateway->config.loop);
    if (gateway->entering_count >= GATEWAY_ENTERING_MAX) {
        /* Full of silence? An honest client speaks first, at once. */
        entrance_turn_out(gateway->entrance, SILENT_WHEN_FULL_MS);
    }
    struct connection *next;
    for (struct connection *each = gateway->connections; each != NULL; each = next) {
        next = each->next;
        connection_sweep(each, now);
    }
    settle_touched(gateway);
    struct metrics *metrics = gateway->config.metrics;
    metrics->connections = gateway->connection_count;
    metrics->connections_entering = gateway->entering_count;
    metrics->websockets = gateway->websocket_count;
    metrics->exchanges = gateway->exchange_count;
    metrics->draining = gateway->draining;
}

/* Coming in */

static void on_accepted(struct gateway *gateway, int fd, const struct sockaddr *peer,
                        enum connection_surface surface) {
    struct metrics *metrics = gateway->config.metrics;
    metrics->accepted++;
    struct entrance_visitor visitor = {.surface = (int)surface, .address = peer_address_of(peer)};
    bool counted = gateway->config.limit_loopback || !peer_address_is_loopback(visitor.address);
    uint32_t limit = counted ? gateway->config.connections_per_address_max : UINT32_MAX;
    if (!address_count_add(gateway->addresses, visitor.address, limit)) {
        metrics->turned_away_address++;
        close(fd);
        return;
    }
    gateway->entering_count++;
    if (!entrance_take(gateway->entrance, fd, &visitor)) {
        gateway->entering_count--;
        address_count_remove(gateway->addresses, visitor.address);
        return;
    }
    admit(gateway);
}

static void on_public_accepted(void *data, int fd, const struct sockaddr *peer) {
    on_accepted(data, fd, peer, SURFACE_PUBLIC);
}

static void on_admin_accepted(void *data, int fd, const struct sockaddr *peer) {
    on_accepted(data, fd, peer, SURFACE_ADMIN);
}

static void on_recognised(void *data, int fd, enum first_bytes what,
                          const struct entrance_visitor *visitor) {
    struct gateway *gateway = data;
    struct metrics *metrics = gateway->config.metrics;
    enum connection_surface surface = (enum connection_surface)visitor->surface;
    bool wants_tls = surface == SURFACE_PUBLIC && gateway->secure != NULL;
    gateway->entering_count--;
    if (what == (wants_tls ? FIRST_BYTES_TLS : FIRST_BYTES_HTTP)) {
        metrics->accepted_tls += wants_tls;
        if (connection_adopt(gateway, fd, wants_tls, surface, visitor->address) != NULL) {
            return;
        }
        metrics->turned_away_full++;
    } else {
        metrics->turned_away_unknown++;
        if (what == FIRST_BYTES_STUN) {
            log_info("gateway", "media over TCP is not taken yet: connection closed");
        }
        close(fd);
    }
    address_count_remove(gateway->addresses, visitor->address);
}

static void on_visitor_gone(void *data, const struct entrance_visitor *visitor) {
    struct gateway *gateway = data;
    gateway->entering_count--;
    gateway->config.metrics->turned_away_silent++;
    address_count_remove(gateway->addresses, visitor->address);
}

/* Making and unmaking */

static void on_lws_log(int level, const char *line) {
    (void)line; /* may quote what a peer sent */
    log_warning("gateway", "libwebsockets reported a fault level=%d", level);
}

static struct lws_vhost *create_vhost(struct gateway *gateway, const char *name, bool tls) {
    struct lws_context_creation_info info = {
        .vhost_name = name,
        /* Not a socket of libwebsockets' own, but a vhost that serves adopted ones. */
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT, /* without it a vhost never speaks TLS */
        .protocols = protocols,
        .keepalive_timeout = 3 * (int)gateway->config.patience_s,
        .timeout_secs = GATEWAY_HTTP_STALL_MS / 1000,
        .retry_and_idle_policy = &no_timers,
        .user = gateway,
    };
    if (tls) {
        tls_describe(&info, gateway->config.certificate, gateway->config.key);
    }
    return lws_create_vhost(gateway->context, &info);
}

static bool create_context(struct gateway *gateway) {
    lws_set_log_level(LLL_ERR, on_lws_log);
    void *loops[] = {gateway->config.loop};
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .port = CONTEXT_PORT_NO_LISTEN,
        .foreign_loops = loops,
        .count_threads = 1,
        .pt_serv_buf_size = SERVICE_BUFFER,
        .max_http_header_data = GATEWAY_HEADER_MAX,
        .timeout_secs = GATEWAY_HTTP_STALL_MS / 1000,
        .retry_and_idle_policy = &no_timers,
        .user = gateway,
    };
    gateway->context = lws_create_context(&info);
    if (gateway->context == NULL) {
        return false;
    }
    gateway->plain = create_vhost(gateway, "plain", false);
    if (gateway->config.certificate != NULL) {
        gateway->secure = create_vhost(gateway, "secure", true);
    }
    return gateway->plain != NULL &&
           (gateway->config.certificate == NULL || gateway->secure != NULL);
}

static void init_handles(struct gateway *gateway) {
    uv_loop_t *loop = gateway->config.loop;
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    uv_timer_init(loop, &gateway->node_timer);
    uv_timer_init(loop, &gateway->sweep_timer);
    uv_check_init(loop, &gateway->check);
    uv_prepare_init(loop, &gateway->prepare);
    gateway->node_timer.data = gateway->sweep_timer.data = gateway;
    gateway->check.data = gateway->prepare.data = gateway;
    uv_check_start(&gateway->check, on_check);
    uv_prepare_start(&gateway->prepare, on_prepare);
    uv_timer_start(&gateway->sweep_timer, on_sweep, SWEEP_MS, SWEEP_MS);
}

static bool prepare(struct gateway *gateway, const char **ret_message) {
    const struct gateway_config *config = &gateway->config;
    if (config->certificate != NULL) {
        char why[128];
        SSL_CTX *loaded = tls_load(config->certificate, config->key, why, sizeof(why));
        if (loaded == NULL) {
            *ret_message = refuse(gateway, "%s", why);
            return false;
        }
        SSL_CTX_free(loaded); /* libwebsockets loads its own */
        gateway->renewal = tls_renewal_create(config->loop, config->certificate, config->key);
    }
    gateway->addresses = address_count_create(GATEWAY_CONNECTIONS_MAX);
    gateway->entrance = entrance_create(&(struct entrance_config){
        .loop = config->loop,
        .patience_ms = (uint64_t)gateway_entering_ms(gateway),
        .recognised = on_recognised,
        .gone = on_visitor_gone,
        .data = gateway,
    });
    if (gateway->addresses == NULL || gateway->entrance == NULL || !create_context(gateway)) {
        *ret_message = refuse(gateway, "libwebsockets could not be started");
        return false;
    }
    if (config->web_folder != NULL) {
        gateway->files = static_files_load(config->web_folder);
        static_files_pack(gateway->files, config->loop);
    }
    return true;
}

struct gateway *gateway_create(const struct gateway_config *config, const char **ret_message) {
    static char no_memory[] = "no memory";
    struct gateway *gateway = calloc(1, sizeof(*gateway));
    if (gateway == NULL) {
        *ret_message = no_memory;
        return NULL;
    }
    gateway->config = *config;
    if (gateway->config.connections_per_address_max == 0) {
        gateway->config.connections_per_address_max = GATEWAY_CONNECTIONS_PER_ADDRESS_MAX;
    }
    if (gateway->config.patience_s == 0) {
        gateway->config.patience_s = GATEWAY_PATIENCE_S;
    }
    websocket_init_transport(gateway);
    if (!prepare(gateway, ret_message)) {
        /* The process ends with this message; what was begun goes with it. */
        return NULL;
    }
    init_handles(gateway);
    return gateway;
}

struct transport *gateway_transport(struct gateway *gateway) {
    return &gateway->transport;
}

void http_add_routes(struct gateway *gateway, const struct http_route *routes, size_t count,
                     void *data) {
    routes_add(&gateway->public_routes, routes, count, data);
}

void gateway_add_admin_routes(struct gateway *gateway, const struct http_route *routes,
                              size_t count, void *data) {
    routes_add(&gateway->admin_routes, routes, count, data);
}

static bool listen_on(struct gateway *gateway, const char *address, uint16_t *port,
                      listener_accepted accepted, const char **ret_message) {
    int error;
    size_t count = listener_open_all(gateway->config.loop, address, port, accepted, gateway,
                                     gateway->listeners + gateway->listener_count,
                                     GATEWAY_LISTENERS_MAX - gateway->listener_count, &error);
    gateway->listener_count += (uint32_t)count;
    if (count == 0) {
        *ret_message = refuse(gateway, "cannot listen on %s port %u: %s", address, *port,
                              error == EADDRINUSE ? "another program does" : strerror(error));
    }
    return count > 0;
}

static void on_revoked(void *data, uint8_t kind, struct uuid id, struct uuid user) {
    if (kind == CHANNEL_KIND_PATIENT_CASE) {
        exchanges_revoke(data, id, user);
    }
}

bool gateway_serve(struct gateway *gateway, struct node *node, const char **ret_message) {
    struct gateway_config *config = &gateway->config;
    gateway->node = node;
    if (!listen_on(gateway, config->address, &config->port, on_public_accepted, ret_message)) {
        return false;
    }
    gateway->public_listener_count = gateway->listener_count;
    if (config->admin_address != NULL &&
        !listen_on(gateway, config->admin_address, &config->admin_port, on_admin_accepted,
                   ret_message)) {
        return false;
    }
    gateway->serving = true;
    node_on_revoked(node, on_revoked, gateway);
    log_info("gateway", "listening address=%s port=%u tls=%s admin=%s:%u", config->address,
             config->port, gateway->secure != NULL ? "yes" : "no",
             config->admin_address != NULL ? config->admin_address : "none", config->admin_port);
    return true;
}

uint16_t gateway_port(const struct gateway *gateway) {
    return gateway->config.port;
}

bool gateway_renew_certificate(struct gateway *gateway) {
    if (gateway->renewal != NULL) {
        tls_renewal_load(gateway->renewal);
    }
    return gateway->renewal != NULL;
}

/* Going */

void gateway_stop_listening(struct gateway *gateway) {
    gateway->draining = true;
    gateway->config.metrics->draining = 1;
}

bool gateway_draining(const struct gateway *gateway) {
    return gateway->draining;
}

uint32_t gateway_busy_count(const struct gateway *gateway) {
    return gateway->websocket_count + gateway->exchange_count;
}

void gateway_close(struct gateway *gateway) {
    gateway->draining = gateway->closing = true;
    for (uint32_t i = 0; i < gateway->listener_count; i++) {
        listener_close(gateway->listeners[i]);
    }
    gateway->listener_count = 0;
    entrance_close(gateway->entrance);
    for (struct connection *each = gateway->connections; each != NULL; each = each->next) {
        connection_cut(each);
    }
    settle_touched(gateway);
    uv_close((uv_handle_t *)&gateway->node_timer, NULL);
    uv_close((uv_handle_t *)&gateway->sweep_timer, NULL);
    uv_close((uv_handle_t *)&gateway->check, NULL);
    uv_close((uv_handle_t *)&gateway->prepare, NULL);
    tls_renewal_stop(gateway->renewal);
    lws_context_destroy(gateway->context);
}

void gateway_destroy(struct gateway *gateway) {
    if (gateway == NULL) {
        return;
    }
    /* The second call, once the loop has closed its handles: now its memory goes. */
    lws_context_destroy(gateway->context);
    address_count_destroy(gateway->addresses);
    static_files_free(gateway->files);
    tls_renewal_destroy(gateway->renewal);
    free(gateway);
}
