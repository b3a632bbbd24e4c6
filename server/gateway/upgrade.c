/*
 * May this request become a WebSocket? Asked in HTTP_CONFIRM_UPGRADE. That callback's `in` may
 * point to freed memory (after an Upgrade header that libwebsockets does not know it has already
 * answered and let the headers go), so only headers that are still there are read here.
 */
#include "server/gateway/exchange.h"

#include "server/gateway/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { TICKET_MAX = 128, VALUE_MAX = 512, KEY_LENGTH = 24 };

struct refusal_answer {
    int status;
    const char *reason;
    const char *json;
};

static const struct refusal_answer not_a_websocket = {
    400, "Bad Request",
    "{\"error\":\"malformed\",\"message\":\"Not a WebSocket handshake that is known here.\"}"};
static const struct refusal_answer other_version = {
    426, "Upgrade Required",
    "{\"error\":\"other_version\",\"message\":\"WebSocket version 13 and subprotocol "
    "consilium.1 are spoken here.\"}"};
static const struct refusal_answer foreign_origin = {
    403, "Forbidden",
    "{\"error\":\"foreign_origin\",\"message\":\"This must be asked from the server's own "
    "pages.\"}"};
static const struct refusal_answer wrong_ticket = {
    401, "Unauthorized",
    "{\"error\":\"wrong_ticket\",\"message\":\"The ticket is unknown, used or too old: fetch "
    "a new one.\"}"};
static const struct refusal_answer stopping = {
    503, "Service Unavailable",
    "{\"error\":\"draining\",\"message\":\"The server is stopping: come back shortly.\"}"};
static const struct refusal_answer absent = {
    404, "Not Found", "{\"error\":\"not_found\",\"message\":\"There is nothing here.\"}"};

static struct text header(struct connection *connection, enum lws_token_indexes token, char *value,
                          size_t space) {
    int length = lws_hdr_copy(connection->wsi, value, (int)space, token);
    return (struct text){length > 0 ? (uint32_t)length : 0, value};
}

static bool list_has(struct text list, struct text wanted) {
    uint32_t at = 0;
    while (at < list.length) {
        while (at < list.length && strchr(" \t,", list.bytes[at]) != NULL) {
            at++;
        }
        uint32_t end = at;
        while (end < list.length && strchr(" \t,", list.bytes[end]) == NULL) {
            end++;
        }
        if (text_equal((struct text){end - at, list.bytes + at}, wanted)) {
            return true;
        }
        at = end;
    }
    return false;
}

static const struct refusal_answer *check_handshake(struct connection *connection) {
    char value[VALUE_MAX];
    char *path = NULL;
    int path_length = 0;
    int method = lws_http_get_uri_and_method(connection->wsi, &path, &path_length);
    if (connection->surface != SURFACE_PUBLIC || method != LWSHUMETH_GET ||
        !text_equal((struct text){(uint32_t)path_length, path}, TEXT("/ws"))) {
        return &absent;
    }
    if (lws_hdr_total_length(connection->wsi, WSI_TOKEN_KEY) != KEY_LENGTH ||
        lws_hdr_total_length(connection->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 ||
        lws_hdr_total_length(connection->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        return &not_a_websocket;
    }
    if (!text_equal(header(connection, WSI_TOKEN_VERSION, value, sizeof(value)), TEXT("13")) ||
        !list_has(header(connection, WSI_TOKEN_PROTOCOL, value, sizeof(value)),
                  TEXT(WEBSOCKET_PROTOCOL_NAME))) {
        return &other_version;
    }
    char host_value[VALUE_MAX];
    struct text host = header(connection, WSI_TOKEN_HOST, host_value, sizeof(host_value));
    struct text origin = header(connection, WSI_TOKEN_ORIGIN, value, sizeof(value));
    bool has_origin = lws_hdr_total_length(connection->wsi, WSI_TOKEN_ORIGIN) > 0;
    if ((has_origin && !origin_is_own(origin, host, connection->tls)) ||
        (!connection->tls && !host_is_loopback(host))) {
        return &foreign_origin;
    }
    return NULL;
}

static bool redeem(struct connection *connection) {
    char ticket[TICKET_MAX];
    const char *found =
        lws_get_urlarg_by_name(connection->wsi, "ticket=", ticket, (int)sizeof(ticket));
    struct authority *authority = connection->gateway->config.authority;
    struct session_identity who;
    if (found == NULL || authority == NULL ||
        !authority->redeem(authority, (struct text){(uint32_t)strlen(found), found}, &who)) {
        return false;
    }
    struct session_identity *kept = malloc(sizeof(*kept) + who.name.length + 1);
    if (kept == NULL) {
        return false;
    }
    char *name = (char *)(kept + 1);
    memcpy(name, who.name.bytes, who.name.length);
    *kept = who;
    memcpy(kept->address, connection->address.bytes, sizeof(kept->address));
    kept->name.bytes = name;
    free(connection->identity);
    connection->identity = kept;
    return true;
}

static void answer(struct connection *connection, const struct refusal_answer *refusal) {
    unsigned char buffer[LWS_PRE + 2048];
    char *text = (char *)buffer + LWS_PRE;
    char binding[1024];
    size_t bound = security_headers(binding, sizeof(binding), connection->tls, false, TEXT(""));
    int length =
        snprintf(text, sizeof(buffer) - LWS_PRE,
                 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                 "%.*s%sConnection: close\r\n\r\n%s",
                 refusal->status, refusal->reason, strlen(refusal->json), (int)bound, binding,
                 refusal->status == 426 ? "Sec-WebSocket-Version: 13\r\n" : "", refusal->json);
    lws_write(connection->wsi, buffer + LWS_PRE, (size_t)length, LWS_WRITE_HTTP_HEADERS);
}

int upgrade_check(struct connection *connection) {
    char value[32];
    struct text upgrade = header(connection, WSI_TOKEN_UPGRADE, value, sizeof(value));
    if (upgrade.length == 0) {
        return -1; /* libwebsockets has answered 403 by itself */
    }
    const struct refusal_answer *refusal = NULL;
    struct gateway *gateway = connection->gateway;
    if (upgrade.length != 9 || strncasecmp(upgrade.bytes, "websocket", 9) != 0) {
        refusal = &not_a_websocket;
    } else if (gateway->draining) {
        refusal = &stopping;
    } else {
        refusal = check_handshake(connection);
    }
    if (refusal == NULL && !redeem(connection)) {
        refusal = &wrong_ticket;
    }
    if (refusal == NULL) {
        return 0;
    }
    gateway->config.metrics->websocket_refused++;
    answer(connection, refusal);
    return -1;
}
