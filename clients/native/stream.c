#include "clients/native/stream.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROBE_TIMEOUT_MS = 1000 };

// Whether somebody listens there.
static bool answers(const struct addrinfo *candidate) {
    int descriptor = socket(candidate->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    int error = 0;
    socklen_t error_length = sizeof(error);
    if (connect(descriptor, candidate->ai_addr, candidate->ai_addrlen) != 0) {
        struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
        error = errno;
        if (error == EINPROGRESS && poll(&ready, 1, PROBE_TIMEOUT_MS) == 1)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_length);
    }
    close(descriptor);
    return error == 0;
}

// A name may have several addresses, and the server listen on one of them: "localhost" is ::1 as
// well as 127.0.0.1. The first that answers now is used; if none does, the first of all.
static bool resolve(struct server_address *address, const char *port, const char **ret_reason) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo(address->host, port, &hints, &found) != 0) {
        *ret_reason = "the host is not known";
        return false;
    }
    const struct addrinfo *chosen = found;
    if (found->ai_next != NULL) {
        while (chosen != NULL && !answers(chosen))
            chosen = chosen->ai_next;
        chosen = chosen != NULL ? chosen : found;
    }
    memcpy(&address->socket_address, chosen->ai_addr, chosen->ai_addrlen);
    address->socket_address_length = chosen->ai_addrlen;
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

void server_address_trust_all(struct server_address *address) {
    if (address->tls != NULL)
        SSL_CTX_set_verify(address->tls, SSL_VERIFY_NONE, NULL);
}

void server_address_finish(struct server_address *address) {
    SSL_CTX_free(address->tls);
    address->tls = NULL;
}

// OpenSSL's own socket BIO writes as to a file, and SIGPIPE ends a program whose server went away.
static int write_quietly(BIO *bio, const char *bytes, int length) {
    int descriptor = -1;
    BIO_get_fd(bio, &descriptor);
    BIO_clear_retry_flags(bio);
    ssize_t count = send(descriptor, bytes, (size_t)length, MSG_NOSIGNAL);
    if (count < 0 && BIO_sock_should_retry(-1))
        BIO_set_retry_write(bio);
    return (int)count;
}

static BIO_METHOD *quiet_socket; // made once, for ever
static CRYPTO_ONCE quiet_socket_once = CRYPTO_ONCE_STATIC_INIT;

static void make_quiet_socket(void) {
    const BIO_METHOD *socket_method = BIO_s_socket();
    quiet_socket = BIO_meth_new(BIO_TYPE_SOCKET, "socket without signals");
    if (quiet_socket == NULL)
        return;
    BIO_meth_set_write(quiet_socket, write_quietly);
    BIO_meth_set_read(quiet_socket, BIO_meth_get_read(socket_method));
    BIO_meth_set_ctrl(quiet_socket, BIO_meth_get_ctrl(socket_method));
    BIO_meth_set_create(quiet_socket, BIO_meth_get_create(socket_method));
    BIO_meth_set_destroy(quiet_socket, BIO_meth_get_destroy(socket_method));
}

static bool attach_socket(SSL *tls, int descriptor) {
    if (CRYPTO_THREAD_run_once(&quiet_socket_once, make_quiet_socket) != 1 || quiet_socket == NULL)
        return false;
    BIO *bio = BIO_new(quiet_socket);
    if (bio == NULL)
        return false;
    BIO_set_fd(bio, descriptor, BIO_NOCLOSE);
    SSL_set_bio(tls, bio, bio);
    return true;
}

// Asks for the certificate of the host that was meant, by name or by number (RFC 6125).
static bool begin_tls(struct stream *stream) {
    const char *host = stream->address->host;
    SSL *tls = SSL_new(stream->address->tls);
    if (tls == NULL)
        return false;
    stream->tls = tls;
    X509_VERIFY_PARAM *parameters = SSL_get0_param(tls);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 &&
        (SSL_set1_host(tls, host) != 1 || SSL_set_tlsext_host_name(tls, host) != 1))
        return false;
    SSL_set_connect_state(tls);
    return attach_socket(tls, stream->descriptor);
}

bool stream_connect(struct stream *stream, const struct server_address *address) {
    const int on = 1;
    int family = address->socket_address.ss_family;
    *stream = (struct stream){.address = address, .descriptor = -1};
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
    stream->descriptor = descriptor;
    stream->state = STREAM_CONNECTING;
    stream->wants_write = true;
    if (address->tls != NULL && !begin_tls(stream)) {
        stream_close(stream);
        errno = EPROTO;
        return false;
    }
    return true;
}

void stream_close(struct stream *stream) {
    if (stream->state == STREAM_CLOSED)
        return;
    if (stream->tls != NULL && stream->state == STREAM_OPEN)
        SSL_shutdown(stream->tls);
    SSL_free(stream->tls);
    close(stream->descriptor);
    *stream = (struct stream){.address = stream->address, .descriptor = -1};
}

// What OpenSSL's answer means for us.
static enum stream_result judge_tls(struct stream *stream, int answer) {
    int error = SSL_get_error(stream->tls, answer);
    stream->wants_write = error == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return STREAM_AGAIN;
    return error == SSL_ERROR_ZERO_RETURN ? STREAM_ENDED : STREAM_BROKEN;
}

enum stream_result stream_advance(struct stream *stream) {
    if (stream->state == STREAM_CONNECTING) {
        struct sockaddr_storage peer;
        socklen_t peer_length = sizeof(peer);
        if (getpeername(stream->descriptor, (struct sockaddr *)&peer, &peer_length) != 0) {
            int error = 0;
            socklen_t error_length = sizeof(error);
            getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &error, &error_length);
            return error == 0 ? STREAM_AGAIN : STREAM_BROKEN;
        }
        stream->state = stream->tls != NULL ? STREAM_HANDSHAKING : STREAM_OPEN;
    }
    if (stream->state == STREAM_HANDSHAKING) {
        int answer = SSL_do_handshake(stream->tls);
        if (answer != 1)
            return judge_tls(stream, answer);
        stream->state = STREAM_OPEN;
    }
    stream->wants_write = false;
    return stream->state == STREAM_OPEN ? STREAM_DONE : STREAM_BROKEN;
}

static enum stream_result judge_plain(struct stream *stream, bool writing) {
    bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    stream->wants_write = again && writing;
    return again ? STREAM_AGAIN : STREAM_BROKEN;
}

enum stream_result stream_read(struct stream *stream, void *bytes, size_t length,
                               size_t *ret_length) {
    assert(stream->state == STREAM_OPEN);
    if (stream->tls != NULL) {
        int answer = SSL_read_ex(stream->tls, bytes, length, ret_length);
        return answer == 1 ? STREAM_DONE : judge_tls(stream, answer);
    }
    ssize_t count = recv(stream->descriptor, bytes, length, 0);
    if (count < 0)
        return judge_plain(stream, false);
    if (count == 0)
        return STREAM_ENDED;
    *ret_length = (size_t)count;
    return STREAM_DONE;
}

enum stream_result stream_write(struct stream *stream, const void *bytes, size_t length,
                                size_t *ret_length) {
    assert(stream->state == STREAM_OPEN);
    if (stream->tls != NULL) {
        int answer = SSL_write_ex(stream->tls, bytes, length, ret_length);
        return answer == 1 ? STREAM_DONE : judge_tls(stream, answer);
    }
    ssize_t count = send(stream->descriptor, bytes, length, MSG_NOSIGNAL);
    if (count < 0)
        return judge_plain(stream, true);
    *ret_length = (size_t)count;
    return STREAM_DONE;
}
