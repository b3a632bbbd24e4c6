#define _GNU_SOURCE /* POLLRDHUP */

#include "server/gateway/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct visitor {
    uv_poll_t poll;
    struct entrance *entrance;
    int fd;
    uint64_t since_ms;
    struct entrance_visitor given;
    struct visitor *previous, *next; /* in order of arrival */
};

struct entrance {
    struct entrance_config config;
    uv_timer_t timer; /* for the one who waits longest */
    struct visitor *first, *last;
};

enum first_bytes first_bytes_of(const uint8_t *bytes, size_t length) {
    if (length == 0) {
        return FIRST_BYTES_MORE;
    }
    if (bytes[0] == 0x16) {
        return FIRST_BYTES_TLS;
    }
    if ((bytes[0] >= 'A' && bytes[0] <= 'Z') || (bytes[0] >= 'a' && bytes[0] <= 'z')) {
        return FIRST_BYTES_HTTP;
    }
    /* A STUN message is at least 20 and here below 1,280 bytes; its first two bits are zero. */
    if (bytes[0] > 4 || (length > 2 && bytes[2] > 0x3f)) {
        return FIRST_BYTES_UNKNOWN;
    }
    if (length < FIRST_BYTES_NEEDED) {
        return FIRST_BYTES_MORE;
    }
    bool cookie = bytes[6] == 0x21 && bytes[7] == 0x12 && bytes[8] == 0xa4 && bytes[9] == 0x42;
    return cookie ? FIRST_BYTES_STUN : FIRST_BYTES_UNKNOWN;
}

static void on_freed(uv_handle_t *handle) {
    free(handle->data);
}

/* The poll handle must be gone before another one may watch the same descriptor; stopping it is
 * enough for that, its memory follows when the loop has let go. */
static int leave(struct visitor *visitor) {
    struct entrance *entrance = visitor->entrance;
    *(visitor->previous != NULL ? &visitor->previous->next : &entrance->first) = visitor->next;
    *(visitor->next != NULL ? &visitor->next->previous : &entrance->last) = visitor->previous;
    int fd = visitor->fd;
    uv_close((uv_handle_t *)&visitor->poll, on_freed);
    return fd;
}

static void turn_out(struct visitor *visitor) {
    struct entrance *entrance = visitor->entrance;
    struct entrance_visitor given = visitor->given;
    close(leave(visitor));
    entrance->config.gone(entrance->config.data, &given);
}

/* Of a herd that waited in the backlog, some have given up, and their bytes are still there to be
 * answered. A handshake is the dearest thing there is here: done for those who have left, it makes
 * the next ones leave, too. */
static bool has_left(int fd) {
    struct pollfd question = {.fd = fd, .events = POLLRDHUP};
    return poll(&question, 1, 0) == 1;
}

static void look(struct visitor *visitor) {
    uint8_t bytes[FIRST_BYTES_NEEDED];
    ssize_t length = recv(visitor->fd, bytes, sizeof(bytes), MSG_PEEK);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    enum first_bytes what = first_bytes_of(bytes, length > 0 ? (size_t)length : 0);
    if (length <= 0 || (what == FIRST_BYTES_TLS && has_left(visitor->fd))) {
        turn_out(visitor);
        return;
    }
    if (what == FIRST_BYTES_MORE) {
        /* The bytes stay in the socket, so it would be readable all the time: say how many are
         * needed. */
        int needed = FIRST_BYTES_NEEDED;
        setsockopt(visitor->fd, SOL_SOCKET, SO_RCVLOWAT, &needed, sizeof(needed));
        return;
    }
    struct entrance *entrance = visitor->entrance;
    struct entrance_visitor given = visitor->given;
    int fd = leave(visitor);
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
    entrance->config.recognised(entrance->config.data, fd, what, &given);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    (void)events;
    struct visitor *visitor = poll->data;
    if (status < 0) {
        turn_out(visitor);
    } else {
        look(visitor);
    }
}

static void on_timer(uv_timer_t *timer) {
    struct entrance *entrance = timer->data;
    entrance_turn_out(entrance, entrance->config.patience_ms);
}

/* All are given the same time, so the first in the list is always the next to be turned out. */
static void arm(struct entrance *entrance) {
    if (entrance->first == NULL || uv_is_closing((uv_handle_t *)&entrance->timer)) {
        return;
    }
    uint64_t now = uv_now(entrance->config.loop);
    uint64_t due = entrance->first->since_ms + entrance->config.patience_ms;
    uv_timer_start(&entrance->timer, on_timer, due > now ? due - now : 1, 0);
}

struct entrance *entrance_create(const struct entrance_config *config) {
    struct entrance *entrance = calloc(1, sizeof(*entrance));
    if (entrance == NULL) {
        return NULL;
    }
    entrance->config = *config;
    uv_timer_init(config->loop, &entrance->timer);
    entrance->timer.data = entrance;
    return entrance;
}

bool entrance_take(struct entrance *entrance, int fd, const struct entrance_visitor *given) {
    struct visitor *visitor = calloc(1, sizeof(*visitor));
    if (visitor == NULL || uv_poll_init(entrance->config.loop, &visitor->poll, fd) != 0) {
        free(visitor);
        close(fd);
        return false;
    }
    visitor->poll.data = visitor;
    visitor->entrance = entrance;
    visitor->fd = fd;
    visitor->given = *given;
    visitor->since_ms = uv_now(entrance->config.loop);
    visitor->previous = entrance->last;
    *(entrance->last != NULL ? &entrance->last->next : &entrance->first) = visitor;
    entrance->last = visitor;
    if (!uv_is_active((uv_handle_t *)&entrance->timer)) {
        arm(entrance);
    }
    uv_poll_start(&visitor->poll, UV_READABLE, on_readable);
    return true;
}

void entrance_turn_out(struct entrance *entrance, uint64_t silent_ms) {
    uint64_t now = uv_now(entrance->config.loop);
    while (entrance->first != NULL && entrance->first->since_ms + silent_ms <= now) {
        turn_out(entrance->first);
    }
    arm(entrance);
}

void entrance_close(struct entrance *entrance) {
    while (entrance->first != NULL) {
        turn_out(entrance->first);
    }
    uv_close((uv_handle_t *)&entrance->timer, on_freed);
}
