#include "clients/native/transport.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool resolve(struct server_address *address, const char *port, const char **ret_reason) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo(address->host, port, &hints, &found) != 0) {
        *ret_reason = "the host is not known";
        return false;
    }
    memcpy(&address->socket_address, found->ai_addr, found->ai_addrlen);
    address->socket_address_length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

// The server speaks HTTP/1.1 only, and says so (RFC 7301).
static const unsigned char alpn_http11[] = "\x08http/1.1";

static bool prepare_tls(struct server_address *address, const char *certificate_authority,
                        const char **ret_reason) {
    address->tls = SSL_CTX_new(TLS_client_method());
    if (address->tls == NULL) {
        *ret_reason = "TLS could not be prepared";
        return false;
    }
    SSL_CTX_set_min_proto_version(address->tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(address->tls, SSL_VERIFY_PEER, NULL);
    // Idle connections give their buffers back; partial writes may be retried from elsewhere.
    SSL_CTX_set_mode(address->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_protos(address->tls, alpn_http11, sizeof(alpn_http11) - 1);
    int trusted = certificate_authority != NULL
                      ? SSL_CTX_load_verify_locations(address->tls, certificate_authority, NULL)
                      : SSL_CTX_set_default_verify_paths(address->tls);
    if (trusted != 1) {
        *ret_reason = "the certificate authority's file could not be read";
        return false;
    }
    return true;
}

bool server_address_init(struct server_address *address, const char *url,
                         const char *certificate_authority, const char **ret_reason) {
    memset(address, 0, sizeof(*address));
    bool secure = strncmp(url, "https://", 8) == 0;
    const char *host = secure ? url + 8 : url + 7;
    if (!secure && strncmp(url, "http://", 7) != 0) {
        *ret_reason = "an address begins with http:// or https://";
        return false;
    }
    // An IPv6 address stands in brackets (RFC 3986 section 3.2.2).
    bool bracketed = host[0] == '[';
    const char *name = bracketed ? host + 1 : host;
    size_t name_length = strcspn(name, bracketed ? "]" : ":/");
    const char *after = name + name_length + (bracketed && name[name_length] == ']');
    char port[6] = "";
    size_t port_length = *after == ':' ? strspn(after + 1, "0123456789") : 0;
    size_t consumed = (size_t)(after - host) + (port_length > 0 ? 1 + port_length : 0);
    bool ends = host[consumed] == '\0' || strcmp(host + consumed, "/") == 0;
    if (name_length == 0 || name_length > HOST_TEXT_MAX || port_length > 5 || !ends) {
        *ret_reason = "an address is http://host:port";
        return false;
    }
    memcpy(address->host, name, name_length);
    memcpy(port, after + (port_length > 0), port_length);
    if (port_length == 0)
        snprintf(port, sizeof(port), "%s", secure ? "443" : "80");
    snprintf(address->authority, sizeof(address->authority), "%.*s", (int)consumed, host);
    if (resolve(address, port, ret_reason) &&
        (!secure || prepare_tls(address, certificate_authority, ret_reason)))
        return true;
    server_address_finish(address);
    return false;
}

void server_address_finish(struct server_address *address) {
    SSL_CTX_free(address->tls);
    address->tls = NULL;
}

// Asks for the certificate of the host that was meant, by name or by number (RFC 6125).
static bool begin_tls(struct transport *transport) {
    const char *host = transport->address->host;
    SSL *tls = SSL_new(transport->address->tls);
    if (tls == NULL)
        return false;
    transport->tls = tls;
    X509_VERIFY_PARAM *parameters = SSL_get0_param(tls);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 &&
        (SSL_set1_host(tls, host) != 1 || SSL_set_tlsext_host_name(tls, host) != 1))
        return false;
    SSL_set_connect_state(tls);
    return SSL_set_fd(tls, transport->descriptor) == 1;
}

bool transport_connect(struct transport *transport, const struct server_address *address) {
    const int on = 1;
    int family = address->socket_address.ss_family;
    *transport = (struct transport){.address = address, .descriptor = -1};
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    // Pointers are small and each is worth sending at once.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(descriptor, (const struct sockaddr *)&address->socket_address,
                address->socket_address_length) != 0 &&
        errno != EINPROGRESS) {
        close(descriptor);
        return false;
    }
    transport->descriptor = descriptor;
    transport->state = TRANSPORT_CONNECTING;
    transport->wants_write = true;
    if (address->tls != NULL && !begin_tls(transport)) {
        transport_close(transport);
        errno = EPROTO;
        return false;
    }
    return true;
}

void transport_close(struct transport *transport) {
    if (transport->state == TRANSPORT_CLOSED)
        return;
    if (transport->tls != NULL && transport->state == TRANSPORT_OPEN)
        SSL_shutdown(transport->tls);
    SSL_free(transport->tls);
    close(transport->descriptor);
    *transport = (struct transport){.address = transport->address, .descriptor = -1};
}

// What OpenSSL's answer means for us.
static enum transport_result judge_tls(struct transport *transport, int answer) {
    int error = SSL_get_error(transport->tls, answer);
    transport->wants_write = error == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return TRANSPORT_AGAIN;
    return error == SSL_ERROR_ZERO_RETURN ? TRANSPORT_ENDED : TRANSPORT_BROKEN;
}

enum transport_result transport_advance(struct transport *transport) {
    if (transport->state == TRANSPORT_CONNECTING) {
        struct sockaddr_storage peer;
        socklen_t peer_length = sizeof(peer);
        if (getpeername(transport->descriptor, (struct sockaddr *)&peer, &peer_length) != 0) {
            int error = 0;
            socklen_t error_length = sizeof(error);
            getsockopt(transport->descriptor, SOL_SOCKET, SO_ERROR, &error, &error_length);
            return error == 0 ? TRANSPORT_AGAIN : TRANSPORT_BROKEN;
        }
        transport->state = transport->tls != NULL ? TRANSPORT_HANDSHAKING : TRANSPORT_OPEN;
    }
    if (transport->state == TRANSPORT_HANDSHAKING) {
        int answer = SSL_do_handshake(transport->tls);
        if (answer != 1)
            return judge_tls(transport, answer);
        transport->state = TRANSPORT_OPEN;
    }
    transport->wants_write = false;
    return transport->state == TRANSPORT_OPEN ? TRANSPORT_DONE : TRANSPORT_BROKEN;
}

static enum transport_result judge_plain(struct transport *transport, bool writing) {
    bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    transport->wants_write = again && writing;
    return again ? TRANSPORT_AGAIN : TRANSPORT_BROKEN;
}

enum transport_result transport_read(struct transport *transport, void *bytes, size_t length,
                                     size_t *ret_length) {
    assert(transport->state == TRANSPORT_OPEN);
    if (transport->tls != NULL) {
        int answer = SSL_read_ex(transport->tls, bytes, length, ret_length);
        return answer == 1 ? TRANSPORT_DONE : judge_tls(transport, answer);
    }
    ssize_t count = recv(transport->descriptor, bytes, length, 0);
    if (count < 0)
        return judge_plain(transport, false);
    if (count == 0)
        return TRANSPORT_ENDED;
    *ret_length = (size_t)count;
    return TRANSPORT_DONE;
}

enum transport_result transport_write(struct transport *transport, const void *bytes, size_t length,
                                      size_t *ret_length) {
    assert(transport->state == TRANSPORT_OPEN);
    if (transport->tls != NULL) {
        int answer = SSL_write_ex(transport->tls, bytes, length, ret_length);
        return answer == 1 ? TRANSPORT_DONE : judge_tls(transport, answer);
    }
    ssize_t count = send(transport->descriptor, bytes, length, MSG_NOSIGNAL);
    if (count < 0)
        return judge_plain(transport, true);
    *ret_length = (size_t)count;
    return TRANSPORT_DONE;
}
