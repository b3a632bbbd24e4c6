/*
 * What the process counts, and how it is shown: Prometheus text (exposition format 0.0.4). Counters
 * of the gateway are kept here; node, store and runtime keep their own, which metrics_render asks
 * for. No label ever holds a person, a case or an address.
 */
#ifndef CONSILIUM_METRICS_H
#define CONSILIUM_METRICS_H

#include "server/histogram.h"

#include <stddef.h>
#include <stdint.h>

/* COUNTER(member, "help"): exposed as consilium_<member>_total. GAUGE: as consilium_<member>. */
#define METRICS(COUNTER, GAUGE)                                                                    \
    COUNTER(accepted, "Connections accepted")                                                      \
    COUNTER(accepted_tls, "Connections that began with a TLS handshake")                           \
    COUNTER(turned_away_address, "Connections closed: too many from one address")                  \
    COUNTER(turned_away_silent, "Connections closed: said nothing in time")                        \
    COUNTER(turned_away_unknown, "Connections closed: neither TLS nor HTTP, or HTTP not allowed")  \
    COUNTER(turned_away_full, "Connections closed: the server is full")                            \
    COUNTER(http_requests, "HTTP requests")                                                        \
    COUNTER(http_client_errors, "HTTP answers with status 4xx")                                    \
    COUNTER(http_server_errors, "HTTP answers with status 5xx")                                    \
    COUNTER(http_body_bytes, "Bytes of request bodies")                                            \
    COUNTER(http_answer_bytes, "Bytes of answers, headers included")                               \
    COUNTER(http_stalled, "Exchanges cut because nothing moved")                                   \
    COUNTER(websocket_opened, "WebSockets opened")                                                 \
    COUNTER(websocket_refused, "WebSocket requests refused: ticket, origin or subprotocol")        \
    COUNTER(websocket_frames_in, "WebSocket messages received")                                    \
    COUNTER(websocket_bytes_in, "Bytes of WebSocket messages received")                            \
    COUNTER(websocket_frames_out, "WebSocket messages sent")                                       \
    COUNTER(websocket_bytes_out, "Bytes of WebSocket messages sent")                               \
    COUNTER(websocket_blocked, "Times a socket took no more")                                      \
    COUNTER(cut_draining, "WebSockets closed with 4000: draining")                                 \
    COUNTER(cut_slow, "WebSockets closed with 4001: too slow a reader")                            \
    COUNTER(cut_heartbeat, "WebSockets closed with 4002: silent")                                  \
    COUNTER(cut_overloaded, "WebSockets closed with 4003: the server is full")                     \
    COUNTER(cut_moved, "WebSockets closed with 4004: owned by another node")                       \
    COUNTER(cut_protocol, "WebSockets closed with 4500 or 1003, 1009: malformed")                  \
    COUNTER(cut_too_old, "WebSockets closed with 4501: protocol too old")                          \
    COUNTER(cut_signed_out, "WebSockets closed with 4502: signed out")                             \
    COUNTER(cut_too_fast, "WebSockets closed with 4503: over its rate")                            \
    COUNTER(sign_ins, "Sign-ins that succeeded")                                                   \
    COUNTER(sign_ins_wrong, "Sign-ins with a wrong login or password")                             \
    COUNTER(sign_ins_limited, "Sign-ins refused unseen: too many attempts")                        \
    COUNTER(tickets, "Tickets given out")                                                          \
    COUNTER(loop_turns, "Turns of the event loop")                                                 \
    COUNTER(loop_busy_us, "Microseconds in which the loop was not waiting")                        \
    GAUGE(connections, "Open connections")                                                         \
    GAUGE(connections_entering, "Connections between accept and their first request")              \
    GAUGE(websockets, "Open WebSockets")                                                           \
    GAUGE(exchanges, "HTTP requests being answered")                                               \
    GAUGE(loop_lag_us, "Longest turn of the event loop since the last scrape, microseconds")       \
    GAUGE(draining, "1 while the server is stopping")

struct metrics {
#define METRICS_MEMBER(member, help) uint64_t member;
    METRICS(METRICS_MEMBER, METRICS_MEMBER)
#undef METRICS_MEMBER
    struct histogram loop_turn_us; /* time between two waits of the event loop */
};

struct node;
struct store;
struct imaging_service;
struct backup_watch;
struct metrics_sources { /* borrows; NULL = left out */
    struct metrics *metrics;
    const struct node *node;
    const struct store *store;
    const struct imaging_service *imaging;
    const struct backup_watch *backup;
};
enum { METRICS_TEXT_MAX = 64 * 1024 };
/* Returns the length of the text; asks resets of "since the last scrape" gauges. */
size_t metrics_render(const struct metrics_sources *sources, char *text, size_t space);

#endif
