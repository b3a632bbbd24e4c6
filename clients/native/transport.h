#ifndef CONSILIUM_CLIENTS_NATIVE_TRANSPORT_H
#define CONSILIUM_CLIENTS_NATIVE_TRANSPORT_H

#include <netdb.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Where a server is, and a non-blocking byte stream to it: TCP, or TLS over TCP (RFC 8446) when the
 * address says so. Resolving happens once, in `server_address_init`, and blocks.
 *
 * An address outlives the transports made of it. A transport is plain memory with one descriptor;
 * `transport_close` is harmless on a zeroed or closed one.
 */

enum { HOST_TEXT_MAX = 255 };

struct server_address {
    char host[HOST_TEXT_MAX + 1];
    char authority[HOST_TEXT_MAX + 8]; // "host:port", as in the Host header
    struct sockaddr_storage socket_address;
    socklen_t socket_address_length;
    SSL_CTX *tls; // owned; NULL for plain
};

// `url` is http://host[:port] or https://host[:port]. With TLS the server's certificate must be
// signed by `certificate_authority`, a PEM file (NULL: the system's). False with a reason in words.
bool server_address_init(struct server_address *address, const char *url,
                         const char *certificate_authority, const char **ret_reason);
void server_address_finish(struct server_address *address);

enum transport_state {
    TRANSPORT_CLOSED = 0,
    TRANSPORT_CONNECTING,  // until the TCP handshake is done
    TRANSPORT_HANDSHAKING, // until TLS is
    TRANSPORT_OPEN,
};

struct transport {
    const struct server_address *address; // borrowed
    enum transport_state state;
    int descriptor;
    SSL *tls;         // owned
    bool wants_write; // what the last call waits for, beside readability
};

// What a call on a transport came to.
enum transport_result {
    TRANSPORT_DONE,
    TRANSPORT_AGAIN, // wait for the descriptor: readable, and writable when `wants_write`
    TRANSPORT_ENDED, // the peer closed in order
    TRANSPORT_BROKEN,
};

// Begins to connect. False, with errno, when not even that is possible.
bool transport_connect(struct transport *transport, const struct server_address *address);
void transport_close(struct transport *transport);

// Goes on with connecting; TRANSPORT_DONE when the stream is open.
enum transport_result transport_advance(struct transport *transport);
// Reads or writes what is possible now; `*ret_length` is only set with TRANSPORT_DONE, and then at
// least 1 (for a `length` of at least 1).
enum transport_result transport_read(struct transport *transport, void *bytes, size_t length,
                                     size_t *ret_length);
enum transport_result transport_write(struct transport *transport, const void *bytes, size_t length,
                                      size_t *ret_length);

#endif
