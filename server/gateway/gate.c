#include "server/gateway/gate.h"

#include <stdlib.h>

enum { STRIKES_MAX = 1000 };

void gate_finish(struct gate *gate) {
    free(gate->buckets);
    *gate = (struct gate){0};
}

static struct gate_bucket *bucket_for(struct gate *gate, uint8_t kind, uint8_t tag) {
    for (uint16_t i = 0; i < gate->count; i++) {
        if (gate->buckets[i].kind == kind && gate->buckets[i].tag == tag) {
            return &gate->buckets[i];
        }
    }
    if (gate->count == GATE_BUCKETS_MAX) {
        return NULL;
    }
    if (gate->count == gate->capacity) {
        uint16_t capacity = (uint16_t)(gate->capacity == 0 ? 4 : gate->capacity * 2);
        struct gate_bucket *buckets = realloc(gate->buckets, capacity * sizeof *buckets);
        if (buckets == NULL) {
            return NULL;
        }
        gate->buckets = buckets;
        gate->capacity = capacity;
    }
    gate->buckets[gate->count] = (struct gate_bucket){.kind = kind, .tag = tag};
    return &gate->buckets[gate->count++];
}

static bool within_rate(struct gate *gate, uint8_t kind, uint8_t tag,
                        const struct message_rule *rule, int64_t now) {
    if (rule->rate == 0) {
        return true;
    }
    struct gate_bucket *bucket = bucket_for(gate, kind, tag);
    if (bucket == NULL) {
        return false;
    }
    int64_t interval = 1000000 / rule->rate;
    int64_t start = bucket->free_at > now ? bucket->free_at : now;
    if (start - now > interval * rule->burst) {
        return false;
    }
    bucket->free_at = start + interval;
    return true;
}

static enum gate_verdict refuse(struct gate *gate, const struct message_rule *rule,
                                enum refusal reason, enum refusal *ret_reason) {
    *ret_reason = reason;
    if (++gate->strikes > STRIKES_MAX) {
        return GATE_CUT;
    }
    return rule != NULL && rule->class == MESSAGE_SIGNAL ? GATE_DROP : GATE_REFUSE;
}

enum gate_verdict gate_admit(struct gate *gate, uint8_t kind, const struct message_rule *rules,
                             uint32_t actions, uint8_t tag, size_t size, int64_t now,
                             enum refusal *ret_reason) {
    if (tag >= TAG_DOWN || rules[tag].name == NULL) {
        return refuse(gate, NULL, REFUSAL_MALFORMED, ret_reason);
    }
    const struct message_rule *rule = &rules[tag];
    bool of_session = rule->actions == 0 && !rule->by_system;
    if ((rule->actions & actions) == 0 && !of_session) {
        return refuse(gate, rule, REFUSAL_NOT_PERMITTED, ret_reason);
    }
    if (size > rule->size_max) {
        return refuse(gate, rule, REFUSAL_MALFORMED, ret_reason);
    }
    if (!within_rate(gate, kind, tag, rule, now)) {
        return refuse(gate, rule, REFUSAL_TOO_FAST, ret_reason);
    }
    gate->strikes = 0;
    return GATE_ADMIT;
}
