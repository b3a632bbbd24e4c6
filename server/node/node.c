/* A node put together, its tick, and the door for what the server itself asks of actors. */
#include "server/node/node.h"

#include "actors/kinds.h"
#include "server/node/node_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_US = 1000000,
    TICK_QUICK_US = 4000,
    TICK_BUSY_US = 16700,
    TICK_OVERLOADED_US = 33000,
    TURNS_US = 2000,                 /* actors' share of one loop turn */
    SCRATCH_MAX = 4 * FRAME_OUT_MAX, /* a snapshot's bytes double as they grow */
};

const struct actor_kind *node_kind(const struct node *node, uint8_t number) {
    for (size_t i = 0; i < node->config.kind_count; i++) {
        if (node->config.kinds[i]->number == number) {
            return node->config.kinds[i];
        }
    }
    return NULL;
}

void node_trace(const struct node *node, unsigned hop, uint64_t frame, const char *what,
                uint64_t value) {
    if (node->config.trace != NULL && frame != 0) {
        node->config.trace(node->config.data, hop, frame, what, value);
    }
}

static bool push_pending(struct hub *hub, const struct deferred *pending) {
    return runtime_deliver(hub->node->runtime, activation_kind(hub->activation),
                           activation_id(hub->activation), pending->command, pending->command_id,
                           pending->command_id);
}

/* Behind those that came before it. What is there already has been given again, as it is not
 * settled yet. */
static void defer(struct hub *hub, const struct deferred *pending) {
    struct uuid_table *ids = &hub->node->deferred_ids;
    if (uuid_table_find(ids, pending->command_id) != NULL) {
        return;
    }
    struct deferred *deferred = malloc(sizeof *deferred + pending->command.fields.length);
    if (deferred == NULL) {
        return; /* still in the record: given again after a while */
    }
    *deferred = *pending;
    memcpy(deferred + 1, pending->command.fields.bytes, pending->command.fields.length);
    deferred->command.fields.bytes = (const uint8_t *)(deferred + 1);
    uuid_table_set(ids, pending->command_id, 1);
    if (hub->deferred == NULL) {
        hub->next_deferring = hub->node->deferring;
        hub->node->deferring = hub;
        hub->deferred = deferred;
    } else {
        hub->deferred_last->next = deferred;
    }
    hub->deferred_last = deferred;
}

static void on_pending(void *data, uint8_t target_kind, struct uuid target, struct uuid command_id,
                       struct encoded command) {
    struct node *node = data;
    const struct actor_kind *kind = node_kind(node, target_kind);
    if (kind == NULL || command.tag >= TAG_DOWN || kind->rules[command.tag].name == NULL) {
        return; /* of a newer program: it stays in the record */
    }
    struct hub *hub = hub_of(node, runtime_activate(node->runtime, target_kind, target));
    struct deferred pending = {.command_id = command_id, .command = command};
    if (hub->deferred != NULL || !push_pending(hub, &pending)) {
        defer(hub, &pending);
    }
}

static void drop_first_deferred(struct hub *hub) {
    struct deferred *deferred = hub->deferred;
    hub->deferred = deferred->next;
    uuid_table_remove(&hub->node->deferred_ids, deferred->command_id);
    free(deferred);
}

void hub_forget_deferred(struct hub *hub) {
    while (hub->deferred != NULL) {
        drop_first_deferred(hub);
    }
    for (struct hub **at = &hub->node->deferring; *at != NULL; at = &(*at)->next_deferring) {
        if (*at == hub) {
            *at = hub->next_deferring;
            break;
        }
    }
}

static void push_deferred(struct node *node) {
    struct hub **at = &node->deferring;
    while (*at != NULL) {
        struct hub *hub = *at;
        while (hub->deferred != NULL && push_pending(hub, hub->deferred)) {
            drop_first_deferred(hub);
        }
        if (hub->deferred == NULL) {
            *at = hub->next_deferring;
        } else {
            at = &hub->next_deferring;
        }
    }
}

static void on_shards(void *data, const bool owned[1024]) {
    struct node *node = data;
    for (uint16_t shard = 0; shard < 1024; shard++) {
        if (!owned[shard]) {
            runtime_drop_shard(node->runtime, shard);
        }
    }
}

struct node *node_create(const struct node_config *config) {
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->config = *config;
    if (config->kinds == NULL) {
        node->config.kinds = actor_kinds;
        node->config.kind_count = ACTOR_KIND_COUNT;
    }
    node->slots = calloc(NODE_SESSIONS_MAX, sizeof(struct session *));
    node->generations = calloc(NODE_SESSIONS_MAX, sizeof *node->generations);
    assert(node->slots != NULL && node->generations != NULL);
    node->tick_interval = TICK_QUICK_US;
    node->available = true;
    arena_init(&node->scratch, SCRATCH_MAX);
    host_init(node);
    node->now = config->clock->now(config->clock);
    uint64_t seed;
    config->clock->random(config->clock, &seed, sizeof seed);
    uuid_table_init(&node->deferred_ids, seed);
    node->runtime = runtime_create(&node->host, node->config.kinds, node->config.kind_count);
    if (config->crash_marker != NULL) {
        runtime_mark_crashes_in(node->runtime, config->crash_marker);
    }
    store_on_due(config->store, on_pending, node);
    store_start(config->store, on_shards, node);
    return node;
}

void node_destroy(struct node *node) {
    if (node == NULL) {
        return;
    }
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        if (node->slots[slot] != NULL) {
            node_session_closed(node, slot + 1);
        }
    }
    runtime_destroy(node->runtime);
    while (node->waiters != NULL) {
        struct command_waiter *waiter = node->waiters;
        node->waiters = waiter->next;
        free(waiter);
    }
    uuid_table_finish(&node->deferred_ids);
    arena_finish(&node->scratch);
    free(node->slots);
    free(node->generations);
    free(node);
}

/* A heartbeat, or what a program sends by itself, does not say that somebody is there. */
static void note_act(struct session *session, const struct message_rule *rule) {
    struct node *node = session->node;
    if (!rule->automatic && node->config.acted != NULL &&
        node->now - session->acted_at >= ACTED_US) {
        session->acted_at = node->now;
        node->config.acted(node->config.data, session->sign_in);
    }
}

static void push_from_session(struct session *session, struct channel *channel,
                              const struct frame *frame) {
    struct node *node = session->node;
    const struct actor_kind *kind = node_kind(node, channel->kind);
    struct arena *arena = runtime_arena(node->runtime);
    /* The frame's bytes belong to the socket: what waits in a mailbox has its own. */
    struct reader reader = reader_of(arena_bytes(arena, frame->fields));
    struct incoming incoming = {
        .tag = frame->tag,
        .message = kind->decode(frame->tag, &reader, arena),
        .arena = arena,
        .sender = {.session = session->number,
                   .user = session->user,
                   .roles = channel->grant.roles,
                   .actions = channel->grant.actions,
                   .participant = channel->participant},
        .channel = channel->number,
        .seq = frame->seq,
        .trace = node->counts.frames_in,
    };
    const struct armed *armed =
        kind->rules[frame->tag].proved ? proof_of(node, session->sign_in) : NULL;
    if (armed != NULL) {
        incoming.sender.factor = armed->factor;
        incoming.sender.factor_board = armed->board;
    }
    node_trace(node, 3, incoming.trace, "decoded", incoming.message != NULL);
    if (incoming.message == NULL) {
        arena_finish(arena);
        free(arena);
        if (frame->form == FRAME_NUMBERED) {
            session_refuse(session, frame->channel, frame->seq, REFUSAL_MALFORMED);
        }
        return;
    }
    enum push_result result = runtime_push(node->runtime, channel->activation, &incoming);
    if (armed != NULL && result != PUSH_FULL) {
        proof_end(node, session->sign_in);
    }
    node_trace(node, 4, node->counts.frames_in, "taken", result != PUSH_FULL);
    if (result == PUSH_FULL && frame->form == FRAME_NUMBERED) {
        session_refuse(session, frame->channel, frame->seq, REFUSAL_BUSY);
    } else if (result == PUSH_TAKEN_MUTE_SENDER && session->muted_by == NULL) {
        session->muted_by = channel->activation;
        node->muted++;
        node->config.transport->pause(node->config.transport, session->outbox.connection, true);
    }
}

static void on_channel_frame(struct session *session, const struct frame *frame) {
    struct channel *channel = channel_find(session, frame->channel);
    if (channel == NULL || channel->activation == NULL) {
        if (frame->form == FRAME_NUMBERED) {
            session_refuse(session, frame->channel, frame->seq, REFUSAL_NOT_FOUND);
        }
        return; /* a signal on its way while the channel ended */
    }
    const struct message_rule *rules = node_kind(session->node, channel->kind)->rules;
    enum refusal reason;
    enum gate_verdict verdict =
        gate_admit(&session->gate, channel->kind, rules, channel->grant.actions, frame->tag,
                   frame->fields.length, session->node->now, &reason);
    node_trace(session->node, 2, session->node->counts.frames_in, "tag", frame->tag);
    bool numbered = frame->form == FRAME_NUMBERED;
    if (verdict == GATE_ADMIT && numbered != (rules[frame->tag].class != MESSAGE_SIGNAL)) {
        session_doom(session, CLOSE_PROTOCOL);
    } else if (verdict == GATE_ADMIT) {
        note_act(session, &rules[frame->tag]);
        push_from_session(session, channel, frame);
    } else if (verdict == GATE_CUT) {
        session_doom(session, CLOSE_TOO_FAST);
    } else if (verdict == GATE_REFUSE && numbered) {
        bool denied = reason == REFUSAL_NOT_PERMITTED && channel->grant.denial != 0;
        session_refuse(session, frame->channel, frame->seq,
                       denied ? channel->grant.denial : reason);
    }
}

void node_session_frame(struct node *node, uint32_t number, struct bytes bytes) {
    struct session *session = session_at(node, number - 1);
    if (session == NULL || session->doomed) {
        return;
    }
    node->now = node->config.clock->now(node->config.clock);
    session->heard_at = node->now;
    node->counts.frames_in++;
    node_trace(node, 1, node->counts.frames_in, "bytes", bytes.length);
    struct frame frame;
    if (bytes.length > FRAME_IN_MAX || !frame_read(bytes, &frame) || frame.form == FRAME_EVENT) {
        session_doom(session, CLOSE_PROTOCOL);
    } else if (frame.channel == 0) {
        session_on_message(session, &frame);
    } else {
        on_channel_frame(session, &frame);
    }
}

/* Tells everybody once when the database goes away or comes back. */
static void watch_store(struct node *node) {
    bool available = store_available(node->config.store);
    if (available == node->available) {
        return;
    }
    node->available = available;
    struct arena arena;
    arena_init(&arena, 256);
    struct store_changed changed = {.available = available};
    struct encoded notice = store_changed_encode(&arena, &changed);
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        if (node->slots[slot] != NULL && node->slots[slot]->greeted) {
            session_notice(node->slots[slot], 0, notice);
        }
    }
    arena_finish(&arena);
}

static int64_t earlier(int64_t a, int64_t b) {
    if (a == 0 || b == 0) {
        return a == 0 ? b : a;
    }
    return a < b ? a : b;
}

int64_t node_tick(struct node *node, int64_t now, double busy) {
    node->now = now;
    node->tick_interval = busy < 0.5    ? TICK_QUICK_US
                          : busy < 0.85 ? TICK_BUSY_US
                                        : TICK_OVERLOADED_US;
    push_deferred(node);
    bool more = runtime_run(node->runtime, now + TURNS_US);
    int64_t next = store_tick(node->config.store, now);
    watch_store(node);
    grants_end(node); /* before anything that moves is shown under them */
    next = earlier(next, fanout_ephemera(node));
    if (node->muted > 0) {
        sessions_unmute(node);
    }
    if (now >= node->sweep_at) {
        sessions_sweep(node);
        node->sweep_at = now + SWEEP_US;
    }
    sessions_reap(node);
    next = earlier(next, runtime_next_timer(node->runtime));
    next = earlier(next, node->grants_end_at);
    return more ? now : earlier(next, node->sweep_at);
}

uint16_t node_rights(const struct node *node, struct uuid user, const struct uuid *organisation,
                     int64_t *ret_until) {
    struct affiliations *affiliations = node->config.affiliations;
    *ret_until = 0;
    return affiliations == NULL ? 0
                                : affiliations->rights(affiliations, user, organisation, ret_until);
}

void node_ask_grant(struct node *node, uint8_t kind, struct uuid id, struct uuid user,
                    void (*answer)(void *data, struct grant grant), void *data) {
    struct activation *activation = runtime_activate(node->runtime, kind, id);
    const struct actor *actor = activation_actor(activation);
    if (actor != NULL || activation_is_quarantined(activation)) {
        answer(data, actor != NULL ? activation_grant(activation, user) : (struct grant){0});
        return;
    }
    struct grant_question *question = malloc(sizeof *question);
    if (question == NULL) {
        answer(data, (struct grant){0});
        return;
    }
    struct hub *hub = hub_of(node, activation);
    *question = (struct grant_question){
        .next = hub->questions, .user = user, .answer = answer, .data = data};
    hub->questions = question;
}

static void no_answer_wanted(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)data;
    (void)accepted;
    (void)why;
    (void)version;
}

void node_command(struct node *node, uint8_t kind_number, struct uuid id, struct uuid by,
                  struct encoded command,
                  void (*done)(void *data, bool accepted, enum refusal why, uint64_t version),
                  void *data) {
    const struct actor_kind *kind = node_kind(node, kind_number);
    struct arena *arena = runtime_arena(node->runtime);
    struct command_waiter *waiter = malloc(sizeof *waiter);
    assert(kind != NULL && waiter != NULL);
    struct reader reader = reader_of(arena_bytes(arena, command.fields));
    *waiter = (struct command_waiter){
        .next = node->waiters,
        .ticket = ++node->ticket_next,
        .done = done == NULL ? no_answer_wanted : done,
        .data = data,
    };
    node->waiters = waiter;
    struct incoming incoming = {
        .tag = command.tag,
        .message = kind->decode(command.tag, &reader, arena),
        .arena = arena,
        .sender = {.session = {.slot = SLOT_OF_COMMANDS, .generation = waiter->ticket},
                   .user = by,
                   .roles = 1u << ROLE_SYSTEM},
        .seq = 1,
    };
    assert(incoming.message != NULL);
    struct activation *activation = runtime_activate(node->runtime, kind_number, id);
    if (runtime_push(node->runtime, activation, &incoming) == PUSH_FULL) {
        node->waiters = waiter->next;
        waiter->done(data, false, REFUSAL_BUSY, 0);
        free(waiter);
    }
}

bool node_tell(struct node *node, uint8_t kind, struct uuid id, struct encoded signal) {
    struct uuid none = {{0}};
    return runtime_find(node->runtime, id) == NULL ||
           runtime_deliver(node->runtime, kind, id, signal, none, none);
}

void node_on_revoked(struct node *node,
                     void (*revoked)(void *data, uint8_t kind, struct uuid id, struct uuid user),
                     void *data) {
    node->revoked = revoked;
    node->revoked_data = data;
}

void node_on_held_decided(struct node *node, void (*decided)(void *data, struct uuid patient_case),
                          void *data) {
    node->held_decided = decided;
    node->held_decided_data = data;
}

void node_count_runtime(const struct node *node, struct runtime_counts *ret) {
    runtime_count(node->runtime, ret);
}

void node_count(const struct node *node, struct node_counts *ret) {
    *ret = node->counts;
    ret->tick_us = (uint32_t)node->tick_interval;
    ret->lane_bytes = 0;
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        if (node->slots[slot] != NULL) {
            const struct outbox *outbox = &node->slots[slot]->outbox;
            ret->lane_bytes += outbox->bytes + outbox->bulk_bytes;
        }
    }
}
