/*
 * Listening sockets, and the entrance behind them: an accepted connection stays at the entrance
 * until its first bytes tell what it speaks. They are looked at, not taken (MSG_PEEK), so that
 * whoever gets the socket reads them again.
 */
#ifndef CONSILIUM_LISTENER_H
#define CONSILIUM_LISTENER_H

#include "server/gateway/address_count.h"

#include <stddef.h>
#include <uv.h>

enum { LISTEN_BACKLOG = 4096, ACCEPT_BATCH = 64, LISTENER_SOCKETS_MAX = 4 };

struct listener;

/* A fresh non-blocking socket; the callee takes it. */
typedef void (*listener_accepted)(void *data, int fd, const struct sockaddr *peer);

/* Opens up to `space` listeners, one for each address that `name` stands for ("localhost": IPv4 and
 * IPv6); returns how many, 0 with *ret_errno. *port 0 is filled in. */
size_t listener_open_all(uv_loop_t *loop, const char *name, uint16_t *port,
                         listener_accepted accepted, void *data, struct listener **ret,
                         size_t space, int *ret_errno);
bool listener_name_is_loopback(const char *name, int *ret_error); /* getaddrinfo's error */
void listener_pause(struct listener *listener, bool paused);
void listener_close(struct listener *listener);

/* What the first bytes of a connection are. */
enum first_bytes {
    FIRST_BYTES_MORE, /* cannot be told yet */
    FIRST_BYTES_TLS,  /* a handshake record, RFC 8446 5.1 */
    FIRST_BYTES_HTTP, /* a method begins with a letter */
    FIRST_BYTES_STUN, /* a framed STUN message: RFC 4571 length, RFC 8489 magic cookie */
    FIRST_BYTES_UNKNOWN,
};
enum { FIRST_BYTES_NEEDED = 10 };
enum first_bytes first_bytes_of(const uint8_t *bytes, size_t length);

struct entrance;
struct entrance_visitor { /* what the entrance keeps for its user */
    int surface;
    struct peer_address address;
};
struct entrance_config {
    uv_loop_t *loop;
    uint64_t patience_ms; /* from accept to recognisable first bytes */
    /* Takes the socket. */
    void (*recognised)(void *data, int fd, enum first_bytes what,
                       const struct entrance_visitor *visitor);
    /* It said nothing in time, or left; its socket is closed. */
    void (*gone)(void *data, const struct entrance_visitor *visitor);
    void *data;
};
struct entrance *entrance_create(const struct entrance_config *config);
/* Takes the socket; false = no memory, and it was closed. `recognised` may be called from inside.
 */
bool entrance_take(struct entrance *entrance, int fd, const struct entrance_visitor *visitor);
/* Makes space: turns out whoever has been silent for at least this long. */
void entrance_turn_out(struct entrance *entrance, uint64_t silent_ms);
void entrance_close(struct entrance *entrance); /* frees itself when the loop has let go */

#endif
