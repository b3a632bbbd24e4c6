/*
 * Sessions: slots that are reused with another generation, what leaves for each, heartbeats, and
 * their end. A session is never closed in the middle of a fan-out: it is doomed, gets nothing any
 * more, and is reaped at the end of the tick.
 */
#include "server/node/node_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SILENCE_US = HEARTBEAT_MS * 2500,
    HELLO_US = 10 * 1000 * 1000,
    CONTROL_FIELDS_MAX = 1024,
};

struct session *session_at(struct node *node, uint32_t slot) {
    return slot < node->slot_count ? node->slots[slot] : NULL;
}

struct session *session_find(struct node *node, struct session_number number) {
    struct session *session = session_at(node, number.slot);
    return session != NULL && session->number.generation == number.generation ? session : NULL;
}

static uint32_t free_slot(struct node *node) {
    for (uint32_t i = 0; i < node->slot_count; i++) {
        uint32_t slot = (node->free_hint + i) % node->slot_count;
        if (node->slots[slot] == NULL) {
            node->free_hint = slot + 1;
            return slot;
        }
    }
    return node->slot_count < NODE_SESSIONS_MAX ? node->slot_count : UINT32_MAX;
}

uint32_t node_session_open(struct node *node, void *connection,
                           const struct session_identity *who) {
    uint32_t slot =
        node->counts.sessions < node->slot_count || node->slot_count == NODE_SESSIONS_MAX
            ? free_slot(node)
            : node->slot_count;
    if (slot == UINT32_MAX || node->draining) {
        return 0;
    }
    struct session *session = calloc(1, sizeof *session + who->name.length);
    if (session == NULL) {
        return 0;
    }
    char *name = (char *)(session + 1);
    memcpy(name, who->name.bytes, who->name.length);
    if (slot == node->slot_count) {
        node->slot_count++;
    }
    node->slots[slot] = session;
    session->node = node;
    session->number = (struct session_number){
        .node = node->config.node_number,
        .slot = slot,
        .generation = ++node->generations[slot],
    };
    session->user = who->user;
    session->name = (struct text){who->name.length, name};
    session->sign_in = who->sign_in;
    memcpy(session->address, who->address, sizeof session->address);
    session->heard_at = node->config.clock->now(node->config.clock);
    outbox_init(&session->outbox, node->config.transport, connection);
    node->counts.sessions++;
    return slot + 1;
}

void session_doom(struct session *session, enum close_code code) {
    if (!session->doomed) {
        session->doomed = true;
        session->doom = code;
        session->next_doomed = session->node->doomed;
        session->node->doomed = session;
    }
}

static void close_channels(struct session *session) {
    while (session->channel_count > 0) {
        channel_close(session->channels[session->channel_count - 1]);
    }
}

void sessions_reap(struct node *node) {
    while (node->doomed != NULL) {
        struct session *session = node->doomed;
        node->doomed = session->next_doomed;
        if (session->doom == CLOSE_SLOW) {
            node->counts.cut_slow++;
        } else if (session->doom == CLOSE_HEARTBEAT) {
            node->counts.cut_heartbeat++;
        }
        close_channels(session);
        session->closing = true;
        /* May end in node_session_closed before it returns. */
        node->config.transport->close(node->config.transport, session->outbox.connection,
                                      session->doom);
    }
}

static void unlist_doomed(struct session *session) {
    struct session **at = &session->node->doomed;
    while (*at != NULL && *at != session) {
        at = &(*at)->next_doomed;
    }
    if (*at == session) {
        *at = session->next_doomed;
    }
}

void node_session_closed(struct node *node, uint32_t number) {
    struct session *session = session_at(node, number - 1);
    if (session == NULL) {
        return;
    }
    node->now = node->config.clock->now(node->config.clock);
    close_channels(session);
    unlist_doomed(session);
    node->slots[number - 1] = NULL;
    node->free_hint = number - 1;
    node->counts.sessions--;
    outbox_finish(&session->outbox);
    gate_finish(&session->gate);
    free(session->channels);
    free(session);
}

void session_send(struct session *session, struct shared_frame *frame) {
    struct node *node = session->node;
    if (!session->doomed) {
        node->counts.frames_out++;
        node->counts.bytes_out += frame->length;
        enum outbox_result result = outbox_push(&session->outbox, frame, node->now);
        if (result == OUTBOX_OVERFLOW) {
            session_doom(session, CLOSE_SLOW);
        }
    }
    shared_frame_unref(frame);
}

static void send_encoded(struct session *session, struct frame frame, struct encoded message) {
    frame.tag = message.tag;
    frame.fields = message.fields;
    struct shared_frame *made = message.fields.bytes == NULL ? NULL : frame_make(&frame);
    if (made == NULL) {
        session_doom(session, CLOSE_OVERLOADED);
        return;
    }
    session_send(session, made);
}

void session_reply(struct session *session, uint16_t channel, uint32_t seq, struct encoded reply) {
    send_encoded(session, (struct frame){.form = FRAME_NUMBERED, .channel = channel, .seq = seq},
                 reply);
}

void session_notice(struct session *session, uint16_t channel, struct encoded notice) {
    send_encoded(session, (struct frame){.form = FRAME_EPHEMERAL, .channel = channel}, notice);
}

void session_refuse(struct session *session, uint16_t channel, uint32_t seq, enum refusal reason) {
    struct arena arena;
    arena_init(&arena, CONTROL_FIELDS_MAX);
    session->node->counts.refused++;
    session_reply(session, channel, seq,
                  refused_encode(&arena, &(struct refused){.reason = reason}));
    arena_finish(&arena);
}

void node_session_writable(struct node *node, uint32_t number) {
    struct session *session = session_at(node, number - 1);
    if (session == NULL || session->doomed) {
        return;
    }
    node->now = node->config.clock->now(node->config.clock);
    if (!outbox_writable(&session->outbox, node->now)) {
        return;
    }
    for (uint16_t i = 0; i < session->channel_count; i++) {
        struct channel *channel = session->channels[i];
        if (channel->activation != NULL) {
            fanout_mark(hub_of(node, channel->activation));
        }
    }
}

void node_end_sign_in(struct node *node, uint64_t sign_in) {
    proof_end(node, sign_in);
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        struct session *session = node->slots[slot];
        if (session != NULL && session->sign_in == sign_in) {
            session_doom(session, CLOSE_SIGNED_OUT);
        }
    }
    sessions_reap(node);
}

static void check_session(struct node *node, struct session *session) {
    if (outbox_stalled(&session->outbox, node->now)) {
        session_doom(session, CLOSE_SLOW);
    } else if (node->now - session->heard_at > (session->greeted ? SILENCE_US : HELLO_US)) {
        session_doom(session, CLOSE_HEARTBEAT);
    }
    for (uint16_t i = session->channel_count; i-- > 0 && !session->doomed;) {
        struct channel *channel = session->channels[i];
        if (channel->state != CHANNEL_OPENING) {
            looking_sweep(channel);
        }
    }
}

/* Once a second: who is silent or stalled, and whoever looks stands in the record. */
void sessions_sweep(struct node *node) {
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        struct session *session = node->slots[slot];
        if (session == NULL || session->doomed) {
            continue;
        }
        check_session(node, session);
    }
}

static void end_grants_of(struct session *session) {
    struct node *node = session->node;
    /* A channel that is closed leaves its place to the last one: backwards. */
    for (uint16_t i = session->channel_count; i-- > 0 && !session->doomed;) {
        struct channel *channel = session->channels[i];
        bool over = channel->grant.valid_until != 0 && channel->grant.valid_until <= node->now;
        if (channel->state != CHANNEL_OPENING && over) {
            channel_check_grant(channel);
        } else {
            grants_note(node, channel->grant.valid_until);
        }
    }
}

void grants_note(struct node *node, int64_t valid_until) {
    bool first = node->grants_end_at == 0 || valid_until < node->grants_end_at;
    if (valid_until != 0 && first) {
        node->grants_end_at = valid_until;
    }
}

void grants_end(struct node *node) {
    if (node->grants_end_at == 0 || node->grants_end_at > node->now) {
        return;
    }
    node->grants_end_at = 0;
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        if (node->slots[slot] != NULL && !node->slots[slot]->doomed) {
            end_grants_of(node->slots[slot]);
        }
    }
}

/* A channel that is closed leaves its place to the last one: backwards. */
static void check_channels(struct session *session) {
    for (uint16_t i = session->channel_count; i > 0 && !session->doomed; i--) {
        if (i <= session->channel_count) {
            channel_check_grant(session->channels[i - 1]);
        }
    }
}

void node_recheck(struct node *node, struct uuid user) {
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        struct session *session = node->slots[slot];
        if (session != NULL && !session->doomed && uuid_equal(session->user, user)) {
            check_channels(session);
        }
    }
}

void session_unmute(struct session *session) {
    if (session->muted_by != NULL) {
        struct transport *transport = session->node->config.transport;
        session->muted_by = NULL;
        session->node->muted--;
        transport->pause(transport, session->outbox.connection, false);
    }
}

void sessions_unmute(struct node *node) {
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        struct session *session = node->slots[slot];
        if (session != NULL && session->muted_by != NULL &&
            activation_waiting(session->muted_by) < RUNTIME_MAILBOX_MAX / 4) {
            session_unmute(session);
        }
    }
}

void node_drain(struct node *node, uint32_t spread_ms) {
    node->draining = true;
    node->now = node->config.clock->now(node->config.clock);
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        struct session *session = node->slots[slot];
        if (session == NULL || session->doomed) {
            continue;
        }
        uint64_t random;
        node->config.clock->random(node->config.clock, &random, sizeof random);
        struct arena arena;
        arena_init(&arena, CONTROL_FIELDS_MAX);
        struct draining draining = {.reconnect_after_ms = (uint32_t)(random % (spread_ms + 1))};
        session_notice(session, 0, draining_encode(&arena, &draining));
        arena_finish(&arena);
        session_doom(session, CLOSE_DRAINING);
    }
    sessions_reap(node);
}
