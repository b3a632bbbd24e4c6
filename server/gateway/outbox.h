/*
 * What waits to leave for one session. Frames go straight to the socket while it takes them; once
 * it is full they queue here, in order, until it says it is writable. Ephemera are not queued at
 * all: who is blocked gets one frame of everything that changed when it can be written again
 * (fanout.c).
 *
 * Bounds: SESSION_LANE_MAX bytes wait at most, and OUTBOX_STALL_US without progress; past either
 * the session is cut with a code that invites it to come back and resume.
 */
#ifndef CONSILIUM_OUTBOX_H
#define CONSILIUM_OUTBOX_H

#include "server/node/node.h"

enum { OUTBOX_STALL_US = 10 * 1000 * 1000 };

struct outbox {
    /* Given */
    struct transport *transport;
    void *connection;
    /* Owned: a ring of frames, made with the first one that must wait. */
    struct shared_frame **ring;
    uint32_t ring_size;
    uint32_t first;
    uint32_t count;
    /* Derived */
    uint32_t bytes;
    bool blocked;
    int64_t blocked_since; /* microseconds since 1970; moves with progress */
};

enum outbox_result { OUTBOX_SENT, OUTBOX_QUEUED, OUTBOX_OVERFLOW, OUTBOX_CLOSED };

void outbox_init(struct outbox *outbox, struct transport *transport, void *connection);
void outbox_finish(struct outbox *outbox);

/* Borrows the frame (takes a reference of its own when it must wait). */
enum outbox_result outbox_push(struct outbox *outbox, struct shared_frame *frame, int64_t now);

/* The socket takes more: sends what waits. True = everything is gone and the socket is still open
 * to more. */
bool outbox_writable(struct outbox *outbox, int64_t now);

/* Nothing waits, so ephemera may be encoded for it. */
static inline bool outbox_clear(const struct outbox *outbox) {
    return !outbox->blocked && outbox->count == 0;
}

static inline bool outbox_stalled(const struct outbox *outbox, int64_t now) {
    return outbox->blocked && now - outbox->blocked_since > OUTBOX_STALL_US;
}

#endif
