/* The envelope of a message: one msgpack array whose length says what it is.
 *
 *     [channel, tag, fields]                               ephemeral
 *     [channel, tag, seq, fields]                          numbered: question, answer or snapshot
 *     [channel, tag, version, previous, at, by, fields]    a durable event
 *
 * Reading a frame checks the envelope alone, so that channel, tag and size are known before any
 * field is looked at; `fields` is what is left of the frame and is read by the kind's decode
 * function, which refuses bytes after it. */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include "protocol/values.h"
#include "protocol/writer.h"

/* No message of the schemas is larger; the generator refuses one that could be. What a peer may
 * send is bounded closer, by the `size_max` of the message's rule. */
#define FRAME_SIZE_MAX ((uint32_t)64 << 20)

/* The longest envelope: an event's, 1 + 3 + 2 + 9 + 9 + 9 + 18 bytes. */
#define FRAME_HEAD_SIZE_MAX 51

enum frame_form {
    FRAME_EPHEMERAL = 3, /* the number of its items */
    FRAME_NUMBERED = 4,
    FRAME_EVENT = 7,
};

struct frame {
    enum frame_form form;
    uint16_t channel;
    uint8_t tag;
    uint32_t seq;        /* numbered: 0 for a snapshot */
    uint64_t version;    /* event */
    uint64_t previous;   /* event: the version this audience saw before it */
    int64_t at;          /* event: microseconds since 1970 */
    struct uuid by;      /* event: zero, nil on the wire, = the system itself */
    struct bytes fields; /* borrows: the packed fields array */
};

/* The form messages of a class travel in. */
static inline enum frame_form frame_form_of(enum message_class class) {
    switch (class) {
    case MESSAGE_SIGNAL:
    case MESSAGE_NOTICE:
        return FRAME_EPHEMERAL;
    case MESSAGE_EVENT:
        return FRAME_EVENT;
    default:
        return FRAME_NUMBERED;
    }
}

/* False when the envelope is malformed or `fields` does not start as an array. */
bool frame_read(struct bytes bytes, struct frame *ret);

/* Everything before the fields, which the caller lets follow. */
void frame_write_head(struct writer *writer, const struct frame *frame);

/* The whole frame. */
void frame_write(struct writer *writer, const struct frame *frame);

#endif
