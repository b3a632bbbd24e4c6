/*
 * What waits to leave for one session. Frames go straight to the socket while it takes them; once
 * it is full they queue here, in order, until it says it is writable. Ephemera are not queued at
 * all: who is blocked gets one frame of everything that changed when it can be written again
 * (fanout.c).
 *
 * Bounds: SESSION_LANE_MAX bytes wait at most, beside OUTBOX_BULK_MAX of snapshots, since whoever
 * is cut for being slow at those would get the same ones again; and OUTBOX_STALL_US without
 * progress, beside the time the frame under way needs on the slowest line that is served. Past any
 * of them the session is cut with a code that invites it to come back and resume.
 */
#ifndef CONSILIUM_OUTBOX_H
#define CONSILIUM_OUTBOX_H

#include "server/node/node.h"

enum {
    OUTBOX_STALL_US = 10 * 1000 * 1000,
    OUTBOX_SLOWEST = 64 * 1024,   /* bytes a second */
    OUTBOX_BULK_FROM = 64 * 1024, /* only snapshots are larger */
    OUTBOX_BULK_MAX = 2 * FRAME_OUT_MAX,
};

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
    uint32_t bytes; /* that wait, snapshots apart */
    uint32_t bulk_bytes;
    uint32_t bulk_leaving; /* length of the snapshot in the full socket; 0 = there is none */
    bool blocked;
    int64_t blocked_since; /* microseconds since 1970; moves with progress */
};

enum outbox_result { OUTBOX_SENT, OUTBOX_QUEUED, OUTBOX_OVERFLOW, OUTBOX_CLOSED };

void outbox_init(struct outbox *outbox, struct transport *transport, void *connection);
void outbox_finish(struct outbox *outbox);

/* Borrows the frame (takes a reference of its own when it must wait). */
enum outbox_result outbox_push(struct outbox *outbox, struct shared_frame *frame, int64_t now);

/* Lets go of what waits and `unwanted` says yes to; the rest keeps its order. */
void outbox_forget(struct outbox *outbox,
                   bool (*unwanted)(struct shared_frame *frame, uint16_t channel),
                   uint16_t channel);

/* The socket takes more: sends what waits. True = everything is gone and the socket is still open
 * to more. */
bool outbox_writable(struct outbox *outbox, int64_t now);

/* Nothing waits, so ephemera may be encoded for it. */
static inline bool outbox_clear(const struct outbox *outbox) {
    return !outbox->blocked && outbox->count == 0;
}

static inline bool outbox_stalled(const struct outbox *outbox, int64_t now) {
    int64_t patience = OUTBOX_STALL_US + (int64_t)outbox->bulk_leaving * 1000000 / OUTBOX_SLOWEST;
    return outbox->blocked && now - outbox->blocked_since > patience;
}

#endif
