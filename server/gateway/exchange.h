/*
 * One HTTP request and its answer, as the files of the gateway that make it up see it:
 * http_protocol.c (from libwebsockets), http_request.c (reading it), http_body.c (its body),
 * http_answer.c (answering), exchange.c (its life).
 *
 * identifying -> handling -> answering -> lingering? -> freed. A client that goes away ends it in
 * any state.
 */
#ifndef CONSILIUM_EXCHANGE_H
#define CONSILIUM_EXCHANGE_H

#include "server/gateway/gateway_state.h"

#include "protocol/arena.h"

enum {
    EXCHANGE_ARENA_MAX = 128 * 1024,       /* path, headers and query values of one request */
    EXCHANGE_WHOLE_BODY_MAX = 1024 * 1024, /* what http_read_whole may collect */
    EXCHANGE_HELD_MAX = 512 * 1024,        /* body bytes that came while the handler paused */
    EXCHANGE_DISCARD_MAX = 256 * 1024, /* of a body nobody wants, for the sake of the connection */
    EXCHANGE_LINGER_MS = 2000,         /* to let the peer read an answer before its body is done */
    EXCHANGE_PACE_BYTES = 4096, /* of a body; less in the gateway's patience is no transfer */
    EXCHANGE_GRANT_MS = 500,    /* after which a right is asked for again, at a sweep */
    EXCHANGE_HEAD_MAX = 4096,   /* status line and headers of an answer */
};

enum exchange_state {
    EXCHANGE_IDENTIFYING, /* ends when the authority has answered */
    EXCHANGE_HANDLING,    /* ends when the handler answers */
    EXCHANGE_ANSWERING,   /* ends when the last byte has left */
    EXCHANGE_LINGERING,   /* answered and to be closed; ends with the body, or after a while */
};

enum body_mode { BODY_UNASKED, BODY_WHOLE, BODY_STREAM, BODY_DISCARD };

struct http_exchange {
    /* Given */
    struct connection *connection;
    struct route_match match;
    struct arena arena;
    struct text method;
    struct text path;
    struct text host;
    struct text user_agent;
    bool bearer; /* its token is no cookie */
    struct http_identity who;
    uint64_t content_length;
    bool has_content_length;
    bool host_is_unclear; /* said twice, or not at all */
    bool head_only;       /* HEAD: no body in the answer */
    bool speaks_old;      /* HTTP/1.0 */
    bool keep_alive;
    /* Owned */
    enum exchange_state state;
    struct pending_identity *identity; /* while the authority is asked */
    struct case_question *question;    /* while a grant is asked for */
    struct uuid granted_case;          /* what the answer shows; zero = no case */
    struct grant granted;              /* what the handler was told */
    int64_t granted_ms;                /* loop time when it was last asked */
    void (*on_gone)(void *data);       /* or NULL */
    void *gone_data;
    void (*on_closed)(struct http_exchange *exchange, void *data);
    void *closed_data;
    int64_t moved_ms; /* loop time of the last byte in or out, or of a step of the handler */

    /* The body */
    enum body_mode body_mode;
    uint64_t body_received;
    int64_t pace_ms; /* loop time from which its bytes are counted; 0 = they are not */
    uint64_t pace_received;
    bool body_paused;
    bool body_ended; /* the handler was told */
    bool delivering; /* its callback is on the stack */
    uint8_t *held;   /* collected (BODY_WHOLE) or waiting (paused) */
    uint32_t held_length;
    uint32_t held_capacity;
    void (*whole)(struct http_exchange *exchange, struct bytes body, void *data);
    struct http_body_sink sink;
    void *body_data;

    /* The answer */
    int status;
    uint8_t *out; /* bytes that did not leave yet */
    size_t out_length;
    size_t out_at;
    uint64_t answer_left; /* of the announced length, not yet written by the handler */
    bool chunked;         /* none is announced (RFC 9112 7.1) */
    void (*writable)(struct http_exchange *exchange, void *data);
    void *writable_data;
    bool in_writable; /* its callback is on the stack */
    bool wrote;       /* it wrote something */
    uv_poll_t *watch; /* for the peer's leaving, on a descriptor of its own */
    bool muffled;     /* see answer_muffle */
};

/* exchange.c */
struct http_exchange *exchange_create(struct connection *connection);
void exchange_begin(struct http_exchange *exchange); /* checks, identifies, dispatches */
void exchange_lost(struct http_exchange *exchange);  /* the client went away; frees it */
void exchange_free(struct http_exchange *exchange);
void exchange_settle(struct http_exchange *exchange); /* in the check phase */
void exchange_sweep(struct http_exchange *exchange, int64_t now_ms);
void exchange_moved(struct http_exchange *exchange);
bool exchange_wants_reading(const struct http_exchange *exchange);

/* http_request.c */
bool request_read(struct http_exchange *exchange); /* method, path, length; false = no memory */
struct text
request_token(struct http_exchange *exchange); /* from cookie or bearer; length 0 = none */
bool request_is_bearer(struct http_exchange *exchange);

/* http_body.c */
void body_arrived(struct http_exchange *exchange, const uint8_t *bytes, size_t length);
void body_deliver(struct http_exchange *exchange); /* what was held back, if it may go now */
uint64_t body_left(const struct http_exchange *exchange);
/* It comes, but so slowly that only the connection is wanted; asked by the sweep. */
bool body_trickles(struct http_exchange *exchange, int64_t now_ms);

/* http_answer.c: 0, or -1 to close the connection; called when the socket takes bytes */
void answer_muffle(struct http_exchange *exchange, bool muffled);
int answer_writable(struct http_exchange *exchange);

/* security_headers.c: header lines, each ending in CRLF */
size_t security_headers(char *text, size_t space, bool tls, bool page, struct text host);

/* static_files.c: true = answered with a file of the web client */
bool static_files_answer(struct http_exchange *exchange);

/* exchange.c: ends answers that show a case to a user who may see it no longer, and those of an
 * ended sign-in */
void exchanges_revoke(struct gateway *gateway, struct uuid patient_case, struct uuid user);

#endif
