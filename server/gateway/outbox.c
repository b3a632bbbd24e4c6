#include "server/gateway/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RING_FIRST = 8, RING_MAX = 16384 };

struct shared_frame *shared_frame_ref(struct shared_frame *frame) {
    frame->references++;
    return frame;
}

void shared_frame_unref(struct shared_frame *frame) {
    if (frame != NULL && --frame->references == 0) {
        free(frame);
    }
}

void outbox_init(struct outbox *outbox, struct transport *transport, void *connection) {
    *outbox = (struct outbox){.transport = transport, .connection = connection};
}

static uint32_t *lane_of(struct outbox *outbox, const struct shared_frame *frame) {
    return frame->length > OUTBOX_BULK_FROM ? &outbox->bulk_bytes : &outbox->bytes;
}

static void drop_first(struct outbox *outbox) {
    struct shared_frame *frame = outbox->ring[outbox->first];
    outbox->first = (outbox->first + 1) % outbox->ring_size;
    outbox->count--;
    *lane_of(outbox, frame) -= frame->length;
    shared_frame_unref(frame);
}

void outbox_finish(struct outbox *outbox) {
    while (outbox->count > 0) {
        drop_first(outbox);
    }
    free(outbox->ring);
    *outbox = (struct outbox){0};
}

/* Most sessions never wait, so the ring is made late and doubles; frames move to its start. */
static bool grow(struct outbox *outbox) {
    uint32_t size = outbox->ring_size == 0 ? RING_FIRST : outbox->ring_size * 2;
    if (size > RING_MAX) {
        return false;
    }
    struct shared_frame **ring = calloc(size, sizeof(struct shared_frame *));
    if (ring == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < outbox->count; i++) {
        ring[i] = outbox->ring[(outbox->first + i) % outbox->ring_size];
    }
    free(outbox->ring);
    outbox->ring = ring;
    outbox->ring_size = size;
    outbox->first = 0;
    return true;
}

static enum outbox_result enqueue(struct outbox *outbox, struct shared_frame *frame) {
    uint32_t *lane = lane_of(outbox, frame);
    uint32_t most = lane == &outbox->bulk_bytes ? OUTBOX_BULK_MAX : SESSION_LANE_MAX;
    if (*lane + frame->length > most) {
        return OUTBOX_OVERFLOW;
    }
    if (outbox->count == outbox->ring_size && !grow(outbox)) {
        return OUTBOX_OVERFLOW;
    }
    outbox->ring[(outbox->first + outbox->count) % outbox->ring_size] = shared_frame_ref(frame);
    outbox->count++;
    *lane += frame->length;
    return OUTBOX_QUEUED;
}

static enum send_result send_now(struct outbox *outbox, struct shared_frame *frame, int64_t now) {
    enum send_result result = outbox->transport->send(outbox->transport, outbox->connection, frame);
    if (result == SEND_BLOCKED) {
        outbox->blocked = true;
        outbox->blocked_since = now;
        outbox->bulk_leaving = frame->length > OUTBOX_BULK_FROM ? frame->length : 0;
    }
    return result;
}

enum outbox_result outbox_push(struct outbox *outbox, struct shared_frame *frame, int64_t now) {
    assert(frame->references > 0);
    if (!outbox_clear(outbox)) {
        return enqueue(outbox, frame);
    }
    return send_now(outbox, frame, now) == SEND_CLOSED ? OUTBOX_CLOSED : OUTBOX_SENT;
}

void outbox_forget(struct outbox *outbox,
                   bool (*unwanted)(struct shared_frame *frame, uint16_t channel),
                   uint16_t channel) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < outbox->count; i++) {
        struct shared_frame *frame = outbox->ring[(outbox->first + i) % outbox->ring_size];
        if (unwanted(frame, channel)) {
            *lane_of(outbox, frame) -= frame->length;
            shared_frame_unref(frame);
        } else {
            outbox->ring[(outbox->first + kept++) % outbox->ring_size] = frame;
        }
    }
    outbox->count = kept;
}

bool outbox_writable(struct outbox *outbox, int64_t now) {
    outbox->blocked = false;
    while (outbox->count > 0 && !outbox->blocked) {
        if (send_now(outbox, outbox->ring[outbox->first], now) == SEND_CLOSED) {
            return false;
        }
        drop_first(outbox);
    }
    return outbox_clear(outbox);
}
