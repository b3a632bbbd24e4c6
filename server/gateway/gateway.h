/*
 * The way in: listeners, TLS, HTTP and WebSockets on one libuv loop with one libwebsockets context.
 * It translates: bytes become frames for the node and exchanges for the routes (http.h), and what
 * the node sends becomes bytes. It decides nothing about tumor boards and reads no field of a
 * message.
 *
 * Order: gateway_create -> node_create with gateway_transport -> http_add_routes -> gateway_serve;
 * then the loop runs; gateway_stop_listening, node_drain, gateway_close when everything is said,
 * gateway_destroy when the loop has let go of it. One gateway per loop, all calls on the loop's
 * thread.
 */
#ifndef CONSILIUM_GATEWAY_H
#define CONSILIUM_GATEWAY_H

#include "server/gateway/http.h"
#include "server/metrics.h"
#include "server/node/node.h"

#include <uv.h>

enum {
    GATEWAY_CONNECTIONS_MAX = 24000, /* sessions and HTTP together */
    GATEWAY_ENTERING_MAX = 256,      /* between accept and the first request */
    GATEWAY_PATIENCE_S = 20, /* default: over which the pace of a body is judged; a connection may
                              * stay at the entrance half as long, and three times as long between
                              * two requests */
    GATEWAY_CONNECTIONS_PER_ADDRESS_MAX = 2000, /* default: a hospital may share one address */
    GATEWAY_HEADER_MAX = 16 * 1024,             /* request line and headers */
    GATEWAY_HTTP_STALL_MS = 30000,              /* a request or answer that does not move is cut */
    GATEWAY_CLOSE_MS = 2000, /* for a close frame to leave before the socket is cut */
    GATEWAY_WEBSOCKET_SEND_BUFFER = 128 * 1024, /* the kernel's share of a slow reader's backlog */
};

/* Who stands behind a token or a ticket. Answers may come at once; NULL = it cannot be told now
 * (503). */
struct authority {
    void (*identify)(struct authority *authority, struct text token,
                     void (*answer)(void *data, const struct http_identity *who), void *data);
    /* A single-use ticket; name is valid until the next call. */
    bool (*redeem)(struct authority *authority, struct text ticket, struct session_identity *ret);
    /* Its person did something. NULL = nobody wants to know. */
    void (*acted)(struct authority *authority, uint64_t sign_in);
};

struct gateway_config { /* borrows all, until gateway_destroy */
    uv_loop_t *loop;
    struct host_clock *clock;
    struct authority *authority;
    struct metrics *metrics;
    const char *address;     /* name or number; "localhost" is both families */
    uint16_t port;           /* 0 = any free one */
    const char *certificate; /* PEM files; NULL = plain HTTP, on loopback only */
    const char *key;
    const char *admin_address; /* NULL = no admin address */
    uint16_t admin_port;
    const char *web_folder;               /* NULL or absent: no web client */
    uint32_t connections_per_address_max; /* 0 = GATEWAY_CONNECTIONS_PER_ADDRESS_MAX */
    uint32_t patience_s;                  /* 0 = GATEWAY_PATIENCE_S */
    bool limit_loopback;                  /* count loopback addresses like others */
};

/* NULL = refused; ret_message says why, in words for the operator. */
struct gateway *gateway_create(const struct gateway_config *config, const char **ret_message);
struct transport *gateway_transport(struct gateway *gateway);
/* Routes of the admin address alone. */
void gateway_add_admin_routes(struct gateway *gateway, const struct http_route *routes,
                              size_t count, void *data);
bool gateway_serve(struct gateway *gateway, struct node *node, const char **ret_message);
/* Loads certificate and key again, as happens by itself when the files change. False = no TLS. */
bool gateway_renew_certificate(struct gateway *gateway);
uint16_t gateway_port(const struct gateway *gateway);

/* A sign-in is over: its sessions and its answers that show a case end now. */
void gateway_end_sign_in(struct gateway *gateway, uint64_t sign_in);

/* Draining: no new connection; /readyz says 503. */
void gateway_stop_listening(struct gateway *gateway);
bool gateway_draining(const struct gateway *gateway);
/* What is still open: WebSockets, and exchanges in the middle of an answer. */
uint32_t gateway_busy_count(const struct gateway *gateway);
/* Cuts what is left and lets go of the loop; gateway_destroy after the loop has run dry. */
void gateway_close(struct gateway *gateway);
void gateway_destroy(struct gateway *gateway);

#endif
