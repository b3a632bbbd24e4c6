/*
 * libwebsockets' callbacks for plain requests, translated. Answers leave from HTTP_WRITEABLE alone,
 * where ending a transaction is always legal.
 */
#include "server/gateway/exchange.h"

static int on_request(struct connection *connection) {
    connection_entered(connection);
    if (connection->exchange != NULL || connection->state != CONNECTION_HTTP) {
        return -1;
    }
    connection->gateway->config.metrics->http_requests++;
    connection->exchange = exchange_create(connection);
    if (connection->exchange == NULL) {
        return -1;
    }
    connection->gateway->exchange_count++;
    /* Its time-out would cut an answer that takes long to write; ours looks at whether anything
     * moves. */
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    gateway_touch(connection);
    exchange_begin(connection->exchange);
    return 0;
}

/* A request with a body that was sent ahead of the answer before it, and so lies in libwebsockets'
 * buffer, sends it into an endless loop: it takes the body from the start of that buffer and waits
 * for the rest to be consumed. Such a request comes outside of polling; it costs its connection.
 * RFC 9112 9.3.2 tells clients not to do that with POST, and to try again. */
static int on_headers(struct connection *connection) {
    struct lws *wsi = connection->wsi;
    char *path;
    int length;
    int method = lws_http_get_uri_and_method(wsi, &path, &length);
    bool bodiless = (method == LWSHUMETH_GET || method == LWSHUMETH_HEAD) &&
                    lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0;
    return bodiless || connection->gateway->polling ? 0 : -1;
}

static int on_upgrade(struct connection *connection) {
    connection_entered(connection);
    if (connection->exchange != NULL || connection->state != CONNECTION_HTTP) {
        return -1;
    }
    return upgrade_check(connection);
}

static int on_body(struct connection *connection, const uint8_t *bytes, size_t length) {
    if (connection->exchange == NULL || length == 0) {
        return 0;
    }
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
    gateway_touch(connection);
    body_arrived(connection->exchange, bytes, length);
    return 0;
}

static int on_writable(struct connection *connection) {
    if (connection->state == CONNECTION_CUT) {
        return -1;
    }
    return connection->exchange == NULL ? 0 : answer_writable(connection->exchange);
}

/* libwebsockets has made the context of a vhost. */
static int prepare_secure(SSL_CTX *context, struct lws_vhost *vhost) {
    struct gateway *gateway = lws_vhost_user(vhost);
    if (!tls_prepare(context)) {
        return -1;
    }
    tls_renewal_serve(gateway->renewal, context);
    return 0;
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length) {
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        return prepare_secure(user, in);
    }
    struct connection *connection = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
    if (connection == NULL) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_FILTER_HTTP_CONNECTION:
        return on_headers(connection);
    case LWS_CALLBACK_HTTP:
        return on_request(connection);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(connection);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(connection, in, length);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writable(connection);
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        connection_destroyed(connection);
        return 0;
    default:
        return 0;
    }
}
