/*
 * The parts of the gateway as its own files see them. Nothing outside server/gateway includes this.
 *
 * A connection is one accepted socket, from accept to close. It is ours while its first bytes are
 * awaited, then libwebsockets' (which keeps a pointer to it): for TLS and requests, each of which
 * is an exchange, and perhaps for a WebSocket, which is a session of the node. What must not happen
 * inside a libwebsockets callback (flow control, cutting) is written down by gateway_touch and done
 * in the loop's check phase.
 */
#ifndef CONSILIUM_GATEWAY_STATE_H
#define CONSILIUM_GATEWAY_STATE_H

#include "server/gateway/address_count.h"
#include "server/gateway/gateway.h"
#include "server/gateway/listener.h"
#include "server/gateway/message_assembler.h"
#include "server/gateway/router.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

/* A name no client can ask for as a subprotocol: it is no token (RFC 9110 5.6.2). */
#define HTTP_PROTOCOL_NAME "http (none)"
#define WEBSOCKET_PROTOCOL_NAME "consilium.1"

enum {
    WEBSOCKET_READ_MAX = 1024,    /* libwebsockets keeps a buffer of this size per WebSocket */
    SERVICE_BUFFER = 64 * 1024,   /* one for all: the most that one read takes */
    WRITE_PACKET_MAX = 64 * 1024, /* one send(); libwebsockets queues a copy of the rest */
    /* Of answers in a turn of the loop, beyond which each gets one piece more: under a millisecond,
     * under two with TLS. */
    GATEWAY_TURN_BYTES = 1024 * 1024,
    WEBSOCKET_PIECE_MAX = WRITE_PACKET_MAX - LWS_PRE, /* of a message; the header goes along */
    GATEWAY_LISTENERS_MAX = 4,                        /* public and admin, IPv4 and IPv6 */
};

enum connection_state {
    CONNECTION_ENTERING,  /* given to libwebsockets; ends with the first request */
    CONNECTION_HTTP,      /* in or between requests; ends with the upgrade or the socket */
    CONNECTION_WEBSOCKET, /* a session of the node; ends when either side closes */
    CONNECTION_CLOSING,   /* a close code is decided; ends when it was sent, or at close_by */
    CONNECTION_CUT,       /* nothing is said any more; ends in the next check phase */
};

enum connection_surface { SURFACE_PUBLIC, SURFACE_ADMIN };

struct connection {
    /* Given */
    struct gateway *gateway;
    struct lws *wsi;
    enum connection_surface surface;
    bool tls;
    struct peer_address address;
    /* Owned */
    enum connection_state state;
    struct http_exchange *exchange; /* the request being answered */
    struct session_identity
        *identity; /* from the ticket until the session is open; name follows it */
    struct message_assembler assembler;
    struct shared_frame *leaving; /* a long message that is sent in pieces; NULL = none */
    /* Derived */
    uint32_t sent;    /* bytes of it */
    uint32_t session; /* of the node; 0 = none */
    enum close_code code;
    int64_t deadline_ms; /* entering, closing, between requests: when it is cut; loop time */
    bool close_sent;
    bool blocked; /* the node was told SEND_BLOCKED */
    bool paused;  /* the node wants no more frames now */
    bool reading; /* what libwebsockets was last told */
    bool touched;
    struct connection *next_touched;
    struct connection *previous, *next; /* of all */
};

struct gateway {
    /* Given */
    struct gateway_config config;
    struct node *node;
    /* Owned */
    struct transport transport;
    struct lws_context *context;
    struct lws_vhost *plain;
    struct lws_vhost *secure;    /* NULL without a certificate */
    struct tls_renewal *renewal; /* the same */
    struct listener *listeners[GATEWAY_LISTENERS_MAX];
    uint32_t listener_count;
    uint32_t public_listener_count; /* they come first */
    struct entrance *entrance;
    struct address_count *addresses;
    struct routes public_routes;
    struct routes admin_routes;
    struct static_files *files;
    uv_timer_t node_timer;
    uv_timer_t sweep_timer;
    uv_check_t check;
    uv_prepare_t prepare;
    /* Derived */
    struct connection *connections;
    struct connection *touched;
    uint32_t connection_count;
    uint32_t entering_count;
    uint32_t websocket_count;
    uint32_t exchange_count;
    uint64_t turn_began_ns;
    uint64_t idle_ns;
    uint64_t turn_bytes; /* of answers, since the loop last waited */
    double busy;
    bool polling; /* between prepare and check: callbacks now come from sockets, not from buffers */
    bool serving;
    bool draining;
    bool closing;
    char message[256]; /* ret_message of gateway_create and gateway_serve */
};

/* gateway.c */
void gateway_touch(struct connection *connection); /* look at it again in the check phase */
/* The longest from accept to the first request. */
static inline int64_t gateway_entering_ms(const struct gateway *gateway) {
    return (int64_t)gateway->config.patience_s * 500;
}

/* connection.c */
struct connection *connection_adopt(struct gateway *gateway, int fd, bool tls,
                                    enum connection_surface surface, struct peer_address address);
void connection_destroyed(struct connection *connection);    /* libwebsockets is done with it */
void connection_session_over(struct connection *connection); /* tells the node, once */
void connection_entered(struct connection *connection);      /* its first request is there */
void connection_idle(struct connection *connection);         /* between two requests, from now on */
void connection_settle(struct connection *connection);       /* in the check phase */
void connection_sweep(struct connection *connection, int64_t now_ms);
void connection_cut(struct connection *connection);

/* websocket.c: the callback of consilium.1, and the node's transport */
int websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t length);
void websocket_init_transport(struct gateway *gateway);

/* upgrade.c: 0 = go on, 1 = answered with a status, -1 = hang up; as HTTP_CONFIRM_UPGRADE returns
 * it */
int upgrade_check(struct connection *connection);

/* http_protocol.c: the callback of plain requests */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length);

/* tls.c */
void tls_describe(struct lws_context_creation_info *info, const char *certificate, const char *key);
bool tls_prepare(SSL_CTX *context);
/* A context that holds nothing but the two; NULL: message says which file is wrong and why. */
SSL_CTX *tls_load(const char *certificate, const char *key, char *message, size_t space);

/* tls_renewal.c */
struct tls_renewal *tls_renewal_create(uv_loop_t *loop, const char *certificate, const char *key);
/* Connections from now on are shown what was loaded last. `base` is libwebsockets' context. */
void tls_renewal_serve(struct tls_renewal *renewal, SSL_CTX *base);
/* Loads the files again; what is wrong is told in the log, and the old ones stay. */
void tls_renewal_load(struct tls_renewal *renewal);
void tls_renewal_stop(struct tls_renewal *renewal);    /* NULL is fine */
void tls_renewal_destroy(struct tls_renewal *renewal); /* when the loop has let go of it */

#endif
