#ifndef CONSILIUM_CLIENTS_NATIVE_STREAM_H
#define CONSILIUM_CLIENTS_NATIVE_STREAM_H

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
 * An address outlives the streams made of it. A stream is plain memory with one descriptor;
 * `stream_close` is harmless on a zeroed or closed one.
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
// Takes any certificate from then on: only for a server of one's own, on this machine.
void server_address_trust_all(struct server_address *address);
void server_address_finish(struct server_address *address);

enum stream_state {
    STREAM_CLOSED = 0,
    STREAM_CONNECTING,  // until the TCP handshake is done
    STREAM_HANDSHAKING, // until TLS is
    STREAM_OPEN,
};

struct stream {
    const struct server_address *address; // borrowed
    enum stream_state state;
    int descriptor;
    SSL *tls;         // owned
    bool wants_write; // what the last call waits for, beside readability
};

// What a call on a stream came to.
enum stream_result {
    STREAM_DONE,
    STREAM_AGAIN, // wait for the descriptor: readable, and writable when `wants_write`
    STREAM_ENDED, // the peer closed in order
    STREAM_BROKEN,
};

// Begins to connect. False, with errno, when not even that is possible.
bool stream_connect(struct stream *stream, const struct server_address *address);
void stream_close(struct stream *stream);

// Goes on with connecting; STREAM_DONE when the stream is open.
enum stream_result stream_advance(struct stream *stream);
// Reads or writes what is possible now; `*ret_length` is only set with STREAM_DONE, and then at
// least 1 (for a `length` of at least 1).
enum stream_result stream_read(struct stream *stream, void *bytes, size_t length,
                               size_t *ret_length);
enum stream_result stream_write(struct stream *stream, const void *bytes, size_t length,
                                size_t *ret_length);

#endif
