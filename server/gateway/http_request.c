#include "server/gateway/exchange.h"

#include "server/gateway/cookie.h"
#include "server/uuid_text.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

/* Headers libwebsockets knows by number; others are found by name. */
static const struct {
    const char *name;
    enum lws_token_indexes token;
} known_headers[] = {
    {"host", WSI_TOKEN_HOST},
    {"origin", WSI_TOKEN_ORIGIN},
    {"cookie", WSI_TOKEN_HTTP_COOKIE},
    {"authorization", WSI_TOKEN_HTTP_AUTHORIZATION},
    {"content-length", WSI_TOKEN_HTTP_CONTENT_LENGTH},
    {"content-type", WSI_TOKEN_HTTP_CONTENT_TYPE},
    {"accept", WSI_TOKEN_HTTP_ACCEPT},
    {"accept-encoding", WSI_TOKEN_HTTP_ACCEPT_ENCODING},
    {"range", WSI_TOKEN_HTTP_RANGE},
    {"if-range", WSI_TOKEN_HTTP_IF_RANGE},
    {"if-none-match", WSI_TOKEN_HTTP_IF_NONE_MATCH},
    {"connection", WSI_TOKEN_CONNECTION},
    {"transfer-encoding", WSI_TOKEN_HTTP_TRANSFER_ENCODING},
    {"upgrade", WSI_TOKEN_UPGRADE},
    {"user-agent", WSI_TOKEN_HTTP_USER_AGENT},
    {"sec-websocket-protocol", WSI_TOKEN_PROTOCOL},
    {"sec-websocket-version", WSI_TOKEN_VERSION},
};

static struct text copy_known(struct http_exchange *exchange, enum lws_token_indexes token) {
    struct lws *wsi = exchange->connection->wsi;
    int length = lws_hdr_total_length(wsi, token);
    if (length <= 0) {
        return (struct text){0, NULL};
    }
    char *bytes = arena_alloc(&exchange->arena, (size_t)length + 1);
    if (bytes == NULL || lws_hdr_copy(wsi, bytes, length + 1, token) != length) {
        return (struct text){0, NULL};
    }
    return (struct text){(uint32_t)length, bytes};
}

static struct text copy_other(struct http_exchange *exchange, const char *name) {
    enum { NAME_MAX_LENGTH = 64 };
    char with_colon[NAME_MAX_LENGTH + 2];
    int name_length = lws_snprintf(with_colon, sizeof(with_colon), "%s:", name);
    struct lws *wsi = exchange->connection->wsi;
    int length = lws_hdr_custom_length(wsi, with_colon, name_length);
    if (length <= 0) {
        return (struct text){0, NULL};
    }
    char *bytes = arena_alloc(&exchange->arena, (size_t)length + 1);
    if (bytes == NULL || lws_hdr_custom_copy(wsi, bytes, length + 1, with_colon, name_length) < 0) {
        return (struct text){0, NULL};
    }
    return (struct text){(uint32_t)length, bytes};
}

struct text http_header(const struct http_exchange *exchange, const char *name) {
    /* The arena is the exchange's own memory for what it has read; reading is not changing it. */
    struct http_exchange *own = (struct http_exchange *)(uintptr_t)exchange;
    for (size_t i = 0; i < sizeof(known_headers) / sizeof(known_headers[0]); i++) {
        if (strcasecmp(known_headers[i].name, name) == 0) {
            return copy_known(own, known_headers[i].token);
        }
    }
    return copy_other(own, name);
}

struct text http_query_at(const struct http_exchange *exchange, unsigned n) {
    struct http_exchange *own = (struct http_exchange *)(uintptr_t)exchange;
    struct lws *wsi = exchange->connection->wsi;
    int length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, (int)n);
    if (length <= 0) {
        return (struct text){0, NULL};
    }
    char *bytes = arena_alloc(&own->arena, (size_t)length + 1);
    if (bytes == NULL ||
        lws_hdr_copy_fragment(wsi, bytes, length + 1, WSI_TOKEN_HTTP_URI_ARGS, (int)n) != length) {
        return (struct text){0, NULL};
    }
    return (struct text){(uint32_t)length, bytes};
}

struct text http_query(const struct http_exchange *exchange, const char *name) {
    size_t name_length = strlen(name);
    for (unsigned n = 0;; n++) {
        struct text pair = http_query_at(exchange, n);
        if (pair.length == 0) {
            return (struct text){0, NULL};
        }
        if (pair.length > name_length && pair.bytes[name_length] == '=' &&
            memcmp(pair.bytes, name, name_length) == 0) {
            return (struct text){(uint32_t)(pair.length - name_length - 1),
                                 pair.bytes + name_length + 1};
        }
    }
}

static const char *const method_names[] = {
    [LWSHUMETH_GET] = "GET",         [LWSHUMETH_POST] = "POST",   [LWSHUMETH_OPTIONS] = "OPTIONS",
    [LWSHUMETH_PUT] = "PUT",         [LWSHUMETH_PATCH] = "PATCH", [LWSHUMETH_DELETE] = "DELETE",
    [LWSHUMETH_CONNECT] = "CONNECT", [LWSHUMETH_HEAD] = "HEAD",
};

/* RFC 9110 8.6: digits only. */
static bool read_length(struct text text, uint64_t *ret) {
    uint64_t value = 0;
    enum { DIGITS_MAX = 18 };
    if (text.length == 0 || text.length > DIGITS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *ret = value;
    return true;
}

/* HTTP/1.0 knows no chunks, and need not name the host. */
static bool speaks_old(struct lws *wsi) {
    char version[sizeof("HTTP/1.1")] = "";
    lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_HTTP);
    return strcmp(version, "HTTP/1.0") == 0;
}

/* RFC 9112 3.2: one, from HTTP/1.1 on; whoever stands between us may believe the other. */
static bool host_is_unclear(const struct http_exchange *exchange) {
    struct lws *wsi = exchange->connection->wsi;
    return lws_hdr_fragment_length(wsi, WSI_TOKEN_HOST, 1) > 0 ||
           (exchange->host.length == 0 && !exchange->speaks_old);
}

bool request_read(struct http_exchange *exchange) {
    char *path = NULL;
    int length = 0;
    int method = lws_http_get_uri_and_method(exchange->connection->wsi, &path, &length);
    const char *name = "OTHER";
    if (method >= 0 && (size_t)method < sizeof(method_names) / sizeof(method_names[0]) &&
        method_names[method] != NULL) {
        name = method_names[method];
    }
    exchange->method = (struct text){(uint32_t)strlen(name), name};
    exchange->head_only = method == LWSHUMETH_HEAD;
    exchange->path =
        arena_text(&exchange->arena, (struct text){length > 0 ? (uint32_t)length : 0, path});
    exchange->host = http_header(exchange, "host");
    exchange->speaks_old = speaks_old(exchange->connection->wsi);
    exchange->host_is_unclear = host_is_unclear(exchange);
    exchange->user_agent = http_header(exchange, "user-agent");
    exchange->bearer = request_is_bearer(exchange);
    struct text announced = http_header(exchange, "content-length");
    exchange->has_content_length = announced.length > 0;
    exchange->keep_alive = true;
    if (exchange->has_content_length && !read_length(announced, &exchange->content_length)) {
        exchange->content_length = UINT64_MAX; /* refused by exchange_begin */
    }
    return !exchange->arena.failed;
}

const struct http_identity *http_who(const struct http_exchange *exchange) {
    return &exchange->who;
}

struct text http_capture(const struct http_exchange *exchange, unsigned index) {
    assert(index < exchange->match.capture_count);
    return exchange->match.captures[index];
}

bool http_capture_uuid(const struct http_exchange *exchange, unsigned index, struct uuid *ret) {
    return uuid_of_text(http_capture(exchange, index), ret);
}

uint64_t http_content_length(const struct http_exchange *exchange) {
    return exchange->content_length;
}

bool http_wants_head(const struct http_exchange *exchange) {
    return exchange->head_only;
}

static struct text bearer_of(struct http_exchange *exchange) {
    struct text value = http_header(exchange, "authorization");
    static const char scheme[] = "bearer ";
    uint32_t length = sizeof(scheme) - 1;
    if (value.length <= length || strncasecmp(value.bytes, scheme, length) != 0) {
        return (struct text){0, NULL};
    }
    return (struct text){value.length - length, value.bytes + length};
}

bool request_is_bearer(struct http_exchange *exchange) {
    return bearer_of(exchange).length > 0;
}

struct text request_token(struct http_exchange *exchange) {
    struct text token = bearer_of(exchange);
    if (token.length > 0) {
        return token;
    }
    return cookie_find(http_header(exchange, "cookie"), cookie_name(exchange->connection->tls));
}
