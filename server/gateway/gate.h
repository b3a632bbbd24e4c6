/*
 * May this session say this on this channel, now? Reads channel, tag and size only, never the
 * fields; every rule comes from the schema's table, so there is one place to read who may do what.
 */
#ifndef CONSILIUM_GATE_H
#define CONSILIUM_GATE_H

#include "protocol/generated/reply.h"
#include "protocol/values.h"

/* Of one session; more than all kinds have messages with a rate. */
enum { GATE_BUCKETS_MAX = 128 };

/* Tokens for one kind of message in one session; a token bucket in microseconds (GCRA, ITU-T
 * I.371). */
struct gate_bucket {
    uint8_t kind; /* of actor */
    uint8_t tag;
    int64_t free_at; /* theoretical arrival time */
};

/* Per session; buckets are made for what it really says. Zeroed at start. */
struct gate {
    struct gate_bucket *buckets; /* owned */
    uint16_t count;
    uint16_t capacity;
    uint32_t
        strikes; /* refusals since the last good message; a session that only breaks rules is cut */
};

enum gate_verdict {
    GATE_ADMIT,
    GATE_REFUSE, /* tell the sender: ret_reason */
    GATE_DROP, /* a signal over its rate or not allowed: the latest wins, so losing one is harmless
                */
    GATE_CUT,  /* it does not listen to refusals */
};

void gate_finish(struct gate *gate);

/* rules: the table of the channel's kind. actions: the session's grant there. size: of the fields.
 */
enum gate_verdict gate_admit(struct gate *gate, uint8_t kind, const struct message_rule *rules,
                             uint32_t actions, uint8_t tag, size_t size, int64_t now,
                             enum refusal *ret_reason);

#endif
