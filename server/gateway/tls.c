/*
 * TLS as this server wants it: 1.2 and 1.3, forward secrecy and authenticated encryption only,
 * tickets so that a reconnect is cheap, and as little memory per connection as OpenSSL allows.
 */
#include "server/gateway/gateway_state.h"

#include <openssl/err.h>
#include <string.h>

/* Mozilla's "intermediate" list, ECDSA first: its handshakes cost a fraction of RSA's. */
#define CIPHERS_TLS_1_2                                                                            \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                                 \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"

void tls_describe(struct lws_context_creation_info *info, const char *certificate,
                  const char *key) {
    info->options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    info->ssl_cert_filepath = certificate;
    info->ssl_private_key_filepath = key;
    info->ssl_cipher_list = CIPHERS_TLS_1_2;
    /* HTTP/2 of this libwebsockets has known holes, and WebSockets need HTTP/1.1 anyway. */
    info->alpn = "http/1.1";
}

bool tls_prepare(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    /* One ticket is enough for the one connection that a client holds. */
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    static const unsigned char session_context[] = "consilium";
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1) ==
               1;
}

/* libwebsockets says "failed" in its own log; the operator should read which file and why. */
SSL_CTX *tls_load(const char *certificate, const char *key, char *message, size_t space) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) {
        lws_snprintf(message, space, "OpenSSL could not be started");
        return NULL;
    }
    const char *wrong = NULL;
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        wrong = "the certificate could not be read";
    } else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        wrong = "the key could not be read, or it is not the certificate's";
    } else if (SSL_CTX_check_private_key(context) != 1) {
        wrong = "the key is not the certificate's";
    }
    if (wrong != NULL) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        lws_snprintf(message, space, "%s (%s)", wrong, reason != NULL ? reason : "no reason given");
        SSL_CTX_free(context);
        context = NULL;
    }
    ERR_clear_error();
    return context;
}
