/*
 * HTTP on our loop: routes, exchanges, bodies in, bodies out. libwebsockets stays behind this
 * header. An exchange is one request and its answer; it is owned by the gateway and is valid until
 * the handler has ended it or on_closed was called (the client went away: nothing may be written
 * any more).
 */
#ifndef CONSILIUM_HTTP_H
#define CONSILIUM_HTTP_H

#include "protocol/policy_line.h"
#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_PATH_PARTS_MAX = 8, HTTP_WRITE_MAX = 64 * 1024, HTTP_HEADERS_MAX = 12 };

struct http_exchange;
struct gateway;

struct http_identity { /* who asks; signed_in false = nobody */
    bool signed_in;
    bool enrolling;  /* has to get a second factor first: see ROUTE_ENROLLING */
    uint16_t rights; /* mask of RIGHT_... of actors/runtime/actor.h */
    struct uuid user;
    uint64_t sign_in; /* number of the sign-in session, for revocation */
};

enum http_access {
    ROUTE_OPEN,      /* for anybody */
    ROUTE_SIGNED_IN, /* 401 without a valid sign-in */
    ROUTE_AUTOMATIC, /* the same; programs ask by themselves, so it is no sign of their person */
    ROUTE_ENROLLING, /* the same; also for who has to get a second factor first */
};

struct http_route {
    const char *method;  /* "GET", "POST"; HEAD is answered by GET routes */
    const char *pattern; /* "/api/cases/:case/display-sets": parts of ":x" are captured; a last
                          * part "*" captures all that is left, slashes included */
    uint64_t body_max;   /* bytes; 0 = no body allowed */
    enum http_access access;
    void (*handle)(struct http_exchange *exchange, void *data);
};
/* Routes live for ever; data is given to every handler. */
void http_add_routes(struct gateway *gateway, const struct http_route *routes, size_t count,
                     void *data);

/* Reading the request */
const struct http_identity *http_who(const struct http_exchange *exchange);
struct text http_capture(const struct http_exchange *exchange,
                         unsigned index); /* decoded, borrowed */
bool http_capture_uuid(const struct http_exchange *exchange, unsigned index, struct uuid *ret);
struct text http_header(const struct http_exchange *exchange,
                        const char *name); /* length 0 = absent */
struct text http_query(const struct http_exchange *exchange, const char *name); /* never logged */
/* The n-th "name=value" of the query, decoded; length 0 = there are no more. Never logged. */
struct text http_query_at(const struct http_exchange *exchange, unsigned n);
uint64_t http_content_length(const struct http_exchange *exchange);
bool http_wants_head(const struct http_exchange *exchange); /* HEAD: `writable` is never called */

/* The body. Small ones whole: done gets it once. Large ones as they come, with back-pressure. */
void http_read_whole(struct http_exchange *exchange,
                     void (*done)(struct http_exchange *exchange, struct bytes body, void *data),
                     void *data);
struct http_body_sink {
    void (*bytes)(struct http_exchange *exchange, struct bytes bytes, void *data);
    void (*end)(struct http_exchange *exchange, void *data);
};
void http_read_stream(struct http_exchange *exchange, const struct http_body_sink *sink,
                      void *data);
void http_pause(
    struct http_exchange *exchange); /* no more bytes until resumed; legal inside the sink */
void http_resume(struct http_exchange *exchange);

/* Called once when the client goes away before the end; the handler lets go of everything then. */
void http_on_closed(struct http_exchange *exchange,
                    void (*closed)(struct http_exchange *exchange, void *data), void *data);

/* Called once when nothing of the answer is in our memory any more: it was sent, or the client went
 * away. One for each exchange. */
void http_on_gone(struct http_exchange *exchange, void (*gone)(void *data), void *data);

/* Answering. Headers are static or arena text valid for the call. Every answer gets the security
 * headers. */
struct http_header_line {
    const char *name;
    const char *value;
};
void http_answer_json(struct http_exchange *exchange, int status, const char *json, size_t length);
void http_answer_error(struct http_exchange *exchange, int status, const char *word,
                       const char *message);
void http_answer_bytes(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count,
                       struct bytes body); /* copies */
/* Long answers: begin, then write at most HTTP_WRITE_MAX whenever `writable` is called, until
 * length bytes went out; where the length is HTTP_UNMEASURED, until http_answer_end. */
#define HTTP_UNMEASURED UINT64_MAX
void http_answer_begin(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count, uint64_t length,
                       void (*writable)(struct http_exchange *exchange, void *data), void *data);
void http_write(struct http_exchange *exchange, struct bytes bytes); /* copies or sends at once */
void http_want_writable(
    struct http_exchange *exchange);                  /* when there was nothing to write just now */
void http_answer_end(struct http_exchange *exchange); /* of what is unmeasured */
void http_abort(struct http_exchange *exchange);      /* cut: revoked, or failed in the middle */

/* What may this user do with this case? Asks the case actor; the answer comes on the loop, possibly
 * at once. audiences 0 = answer 404. The grant may end later: see http_on_revoked. */
void http_ask_case_grant(struct http_exchange *exchange, struct uuid patient_case,
                         void (*answer)(struct http_exchange *exchange, struct allowance allowed,
                                        void *data),
                         void *data);

#endif
