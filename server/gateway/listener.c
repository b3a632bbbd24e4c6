#define _GNU_SOURCE /* accept4 */
#include "server/gateway/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct listener {
    uv_poll_t poll;
    int fd;
    bool paused;
    listener_accepted accepted;
    void *data;
};

static void on_readable(uv_poll_t *poll, int status, int events) {
    (void)events;
    struct listener *listener = poll->data;
    if (status < 0) {
        return;
    }
    for (unsigned i = 0; i < ACCEPT_BATCH && !listener->paused; i++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        int fd =
            accept4(listener->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            /* Nobody there, or no descriptor left: the backlog keeps them until there is. */
            return;
        }
        listener->accepted(listener->data, fd, (struct sockaddr *)&peer);
    }
}

static int open_socket(const struct addrinfo *address, uint16_t port) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    struct sockaddr_storage bound;
    memcpy(&bound, address->ai_addr, address->ai_addrlen);
    if (address->ai_family == AF_INET6) {
        ((struct sockaddr_in6 *)&bound)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&bound)->sin_port = htons(port);
    }
    if (bind(fd, (struct sockaddr *)&bound, address->ai_addrlen) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd) {
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0) {
        return 0;
    }
    return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((struct sockaddr_in *)&bound)->sin_port);
}

static struct addrinfo *resolve(const char *name, int *ret_error) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    *ret_error = getaddrinfo(name, NULL, &hints, &found);
    return *ret_error == 0 ? found : NULL;
}

bool listener_name_is_loopback(const char *name, int *ret_error) {
    struct addrinfo *found = resolve(name, ret_error);
    bool loopback = found != NULL;
    for (struct addrinfo *each = found; each != NULL; each = each->ai_next) {
        loopback = loopback && peer_address_is_loopback(peer_address_of(each->ai_addr));
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
    return loopback;
}

static struct listener *listener_open(uv_loop_t *loop, const struct addrinfo *address,
                                      uint16_t *port, listener_accepted accepted, void *data) {
    int fd = open_socket(address, *port);
    if (fd < 0) {
        return NULL;
    }
    *port = port_of(fd);
    struct listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        close(fd);
        errno = ENOMEM;
        return NULL;
    }
    listener->fd = fd;
    listener->accepted = accepted;
    listener->data = data;
    uv_poll_init(loop, &listener->poll, fd);
    listener->poll.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    return listener;
}

static bool seen_before(const struct addrinfo *first, const struct addrinfo *address) {
    for (; first != address; first = first->ai_next) {
        if (first->ai_addrlen == address->ai_addrlen &&
            memcmp(first->ai_addr, address->ai_addr, address->ai_addrlen) == 0) {
            return true;
        }
    }
    return false;
}

size_t listener_open_all(uv_loop_t *loop, const char *name, uint16_t *port,
                         listener_accepted accepted, void *data, struct listener **ret,
                         size_t space, int *ret_errno) {
    size_t count = 0;
    *ret_errno = EADDRNOTAVAIL;
    int unknown;
    struct addrinfo *found = resolve(name, &unknown);
    for (struct addrinfo *each = found; each != NULL && count < space; each = each->ai_next) {
        if (seen_before(found, each)) {
            continue;
        }
        ret[count] = listener_open(loop, each, port, accepted, data);
        if (ret[count] != NULL) {
            count++;
        } else if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT) {
            /* A host may lack a family, as many lack IPv6; a port that is taken is an error. */
            *ret_errno = errno;
            while (count > 0) {
                listener_close(ret[--count]);
            }
            break;
        }
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
    return count;
}

void listener_pause(struct listener *listener, bool paused) {
    if (listener->paused == paused) {
        return;
    }
    listener->paused = paused;
    if (paused) {
        uv_poll_stop(&listener->poll);
    } else {
        uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    }
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void listener_close(struct listener *listener) {
    listener->paused = true;
    uv_poll_stop(&listener->poll);
    close(listener->fd);
    uv_close((uv_handle_t *)&listener->poll, on_closed);
}
