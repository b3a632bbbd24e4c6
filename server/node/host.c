/*
 * The runtime's world: the store behind loads and appends, sessions behind answers and
 * publications. Each actor in memory has a hub hanging on its activation from the first load until
 * the runtime lets go of it.
 */
#include "server/node/node_state.h"

#include "actors/kinds.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SAVE_ARENA_MAX = 4 * FRAME_OUT_MAX };

static struct node *node_of(struct host *host) {
    return (struct node *)((char *)host - offsetof(struct node, host));
}

struct hub *hub_of(struct node *node, struct activation *activation) {
    void **attic = activation_attic(activation);
    if (*attic == NULL) {
        struct hub *hub = calloc(1, sizeof *hub);
        assert(hub != NULL);
        hub->node = node;
        hub->activation = activation;
        *attic = hub;
    }
    return *attic;
}

static int64_t host_now(struct host *host) {
    struct node *node = node_of(host);
    return node->config.clock->now(node->config.clock);
}

static uint16_t host_rights(struct host *host, struct uuid user, const struct uuid *organisation,
                            int64_t *ret_until) {
    return node_rights(node_of(host), user, organisation, ret_until);
}

static uint32_t host_holders(struct host *host, enum role role, struct uuid organisation,
                             struct uuid *ret, uint32_t max) {
    struct affiliations *affiliations = node_of(host)->config.affiliations;
    return affiliations == NULL || affiliations->holders == NULL
               ? 0
               : affiliations->holders(affiliations, role, organisation, ret, max);
}

static uint64_t host_random(struct host *host) {
    struct node *node = node_of(host);
    uint64_t random;
    node->config.clock->random(node->config.clock, &random, sizeof random);
    return random;
}

static bool load_snapshot(void *data, const struct saved_actor *saved) {
    struct hub *hub = data;
    return runtime_load_snapshot(hub->activation, saved);
}

static bool load_event(void *data, const struct event_header *header, struct uuid command_id,
                       struct bytes fields) {
    struct hub *hub = data;
    return runtime_load_event(hub->activation, header, command_id, fields);
}

static enum load_result load_result_of(enum store_result result) {
    switch (result) {
    case STORE_OK:
        return LOAD_FOUND;
    case STORE_ABSENT:
        return LOAD_ABSENT;
    case STORE_FENCED:
        return LOAD_NOT_OWNED;
    case STORE_CONFLICT: /* an event this program cannot read */
        return LOAD_NEWER_VERSION;
    case STORE_CORRUPT:
        return LOAD_QUARANTINED;
    case STORE_OTHER_KIND:
        return LOAD_OTHER_KIND;
    default:
        return LOAD_UNAVAILABLE;
    }
}

static void answer_questions(struct hub *hub) {
    struct grant_question *question = hub->questions;
    hub->questions = NULL;
    const struct actor *actor = activation_actor(hub->activation);
    while (question != NULL) {
        struct grant_question *next = question->next;
        struct grant grant = {0};
        if (actor != NULL) {
            grant = activation_grant(hub->activation, question->user);
        }
        question->answer(question->data, grant);
        free(question);
        question = next;
    }
}

static void conclude_load(struct hub *hub, enum load_result result) {
    struct activation *activation = hub->activation;
    activation_hold(activation);
    runtime_loaded(activation, result);
    answer_questions(hub);
    activation_release(activation);
}

static enum quarantined quarantined(const struct node *node, const struct activation *activation) {
    return node->config.quarantined == NULL
               ? QUARANTINED_NOT
               : node->config.quarantined(node->config.data, activation_id(activation));
}

static void load_done(void *data, enum store_result result) {
    struct hub *hub = data;
    bool aside = result == STORE_OK && quarantined(hub->node, hub->activation) != QUARANTINED_NOT;
    conclude_load(hub, aside ? LOAD_QUARANTINED : load_result_of(result));
}

static bool is_erased(const struct node *node, const struct activation *activation) {
    return node->config.is_erased != NULL &&
           activation_kind(activation) == patient_case_kind.number &&
           node->config.is_erased(node->config.data, activation_id(activation));
}

/* Its record cannot be read any more: what is left of it is that it was erased. Nothing is ever
 * appended to or saved of such an actor. */
static void load_tombstone(struct hub *hub) {
    struct arena arena;
    arena_init(&arena, 1024);
    struct erasure_ordered left = {.reason = {0, NULL}};
    struct encoded event = erasure_ordered_encode(&arena, &left);
    struct event_header header = {
        .version = runtime_load_after(hub->activation) + 1, .tag = event.tag, .at = 0};
    bool known = activation_actor(hub->activation) != NULL;
    bool loaded =
        known || runtime_load_event(hub->activation, &header, (struct uuid){{0}}, event.fields);
    arena_finish(&arena);
    conclude_load(hub, loaded ? LOAD_FOUND : LOAD_QUARANTINED);
}

static void host_load(struct host *host, struct activation *activation) {
    static const struct store_load_sink sink = {
        .snapshot = load_snapshot, .event = load_event, .done = load_done};
    struct node *node = node_of(host);
    struct hub *hub = hub_of(node, activation);
    const struct actor_kind *kind = node_kind(node, activation_kind(activation));
    if (quarantined(node, activation) == QUARANTINED_UNREAD) {
        conclude_load(hub, LOAD_QUARANTINED);
        return;
    }
    hub->head = (struct stream_head){.stream = activation_id(activation), .kind = kind->number};
    if (is_erased(node, activation)) {
        load_tombstone(hub);
        return;
    }
    store_load(node->config.store, &hub->head, kind->state_format, &sink, hub);
}

static void found_command(void *data, enum store_result result, uint64_t version) {
    if (result == STORE_OK) {
        runtime_appended_before(data, version);
    } else {
        runtime_appended(data, APPEND_UNAVAILABLE);
    }
}

static void append_done(void *data, enum store_result result) {
    static const enum append_result results[] = {
        [STORE_OK] = APPEND_COMMITTED,
        [STORE_ABSENT] = APPEND_CONFLICT,
        [STORE_UNAVAILABLE] = APPEND_UNAVAILABLE,
        [STORE_FENCED] = APPEND_FENCED,
        [STORE_CONFLICT] = APPEND_CONFLICT,
        [STORE_TAKEN] = APPEND_TAKEN,
        [STORE_DUPLICATE] = APPEND_DUPLICATE,
        [STORE_CORRUPT] = APPEND_CONFLICT,
    };
    struct hub *hub = data;
    if (result != STORE_OK) {
        hub->traced = 0; /* what is published next is another's */
    }
    if (result == STORE_DUPLICATE) {
        store_find_command(hub->node->config.store, hub->head.stream, hub->appending, found_command,
                           hub->activation);
        return;
    }
    runtime_appended(hub->activation, results[result]);
}

static void host_append(struct host *host, const struct append *append) {
    struct node *node = node_of(host);
    struct hub *hub = hub_of(node, append->activation);
    hub->appending = append->command_id;
    hub->traced = append->trace;
    node_trace(node, 6, append->trace, "version", append->first_version);
    store_append(node->config.store, &hub->head, append, append_done, hub);
}

static void recalled(void *data, enum store_result result, uint64_t version) {
    bool known = result == STORE_OK || result == STORE_ABSENT;
    runtime_recalled(data, known, result == STORE_OK ? version : 0);
}

static void host_recall(struct host *host, struct activation *activation, struct uuid command_id) {
    store_find_command(node_of(host)->config.store, activation_id(activation), command_id, recalled,
                       activation);
}

static void host_settle(struct host *host, struct activation *activation, struct uuid command_id) {
    store_settle(node_of(host)->config.store, activation_id(activation), command_id);
}

static void host_save(struct host *host, struct activation *activation) {
    struct node *node = node_of(host);
    struct arena arena;
    if (is_erased(node, activation)) {
        return;
    }
    arena_init(&arena, SAVE_ARENA_MAX);
    struct saved_actor saved;
    runtime_save(activation, &arena, &saved);
    if (saved.state.fields.bytes != NULL) {
        store_save_snapshot(node->config.store, &hub_of(node, activation)->head, &saved);
    }
    arena_finish(&arena);
}

static void answer_command(struct node *node, uint32_t ticket, struct encoded reply) {
    struct command_waiter **at = &node->waiters;
    while (*at != NULL && (*at)->ticket != ticket) {
        at = &(*at)->next;
    }
    struct command_waiter *waiter = *at;
    if (waiter == NULL) {
        return;
    }
    *at = waiter->next;
    struct arena arena;
    arena_init(&arena, 1024);
    struct reader reader = reader_of(reply.fields);
    struct refused refused = {.reason = REFUSAL_NONE};
    struct accepted accepted = {.version = 0};
    bool is_accepted = reply.tag == REPLY_ACCEPTED && accepted_read(&reader, &arena, &accepted);
    if (!is_accepted) {
        reader = reader_of(reply.fields);
        refused_read(&reader, &arena, &refused);
    }
    waiter->done(waiter->data, is_accepted, refused.reason, accepted.version);
    free(waiter);
    arena_finish(&arena);
}

static void host_answer(struct host *host, struct activation *activation,
                        struct session_number number, uint16_t channel, uint32_t seq,
                        struct encoded reply) {
    struct node *node = node_of(host);
    (void)activation;
    if (number.slot == SLOT_OF_COMMANDS) {
        answer_command(node, number.generation, reply);
        return;
    }
    struct session *session = session_find(node, number);
    if (session == NULL || session->doomed) {
        return;
    }
    if (reply.tag == REPLY_REFUSED) {
        node->counts.refused++;
    }
    session_reply(session, channel, seq, reply);
}

/* Whoever looks at it loses it now, and so does whoever is sent its images. */
static void end_erased(struct hub *hub) {
    struct node *node = hub->node;
    struct uuid id = activation_id(hub->activation);
    hub_end_all(hub, CHANNEL_END_ERASED);
    if (node->revoked != NULL) {
        node->revoked(node->revoked_data, activation_kind(hub->activation), id, (struct uuid){{0}});
    }
    if (node->config.erasure_ordered != NULL) {
        node->config.erasure_ordered(node->config.data, id);
    }
}

static void host_publish(struct host *host, struct activation *activation,
                         const struct event_header *header, uint8_t audiences, struct bytes fields,
                         const uint64_t previous[AUDIENCE_COUNT]) {
    struct hub *hub = hub_of(node_of(host), activation);
    hub->node->now = host_now(host);
    node_trace(hub->node, 8, hub->traced, "subscribers", hub->count);
    if (activation_kind(activation) == patient_case_kind.number &&
        header->tag == PATIENT_CASE_ERASURE_ORDERED) {
        end_erased(hub);
        return;
    }
    fanout_event(hub, header, audiences, fields, previous);
    bool decided = header->tag == PATIENT_CASE_HELD_JOINED ||
                   header->tag == PATIENT_CASE_HELD_REMOVED ||
                   header->tag == PATIENT_CASE_HELD_AGAIN;
    if (decided && activation_kind(activation) == patient_case_kind.number &&
        hub->node->held_decided != NULL) {
        hub->node->held_decided(hub->node->held_decided_data, activation_id(activation));
    }
}

static void host_ephemera(struct host *host, struct activation *activation) {
    fanout_mark(hub_of(node_of(host), activation));
}

/* Volatile messages to actors of other nodes are pointers and the like at most: losing one is
 * allowed. Durable ones are rows that the owner of their shard finds by itself. */
static void host_forward(struct host *host, const struct effect_message *message,
                         struct uuid command_id) {
    struct node *node = node_of(host);
    if (store_owns(node->config.store, message->target)) {
        runtime_deliver(node->runtime, message->target_kind, message->target, message->command,
                        command_id, (struct uuid){{0}});
    }
}

/* Its ephemeral state began anew, so what subscribers hold of it is void. */
static void host_rebuilt(struct host *host, struct activation *activation) {
    struct hub *hub = hub_of(node_of(host), activation);
    /* From the end: a channel whose grant is gone leaves the list, the last one takes its place. */
    for (uint32_t i = hub->count; i-- > 0;) {
        struct channel *channel = hub->subscribers[i];
        uint64_t snapshots = hub->node->counts.snapshots;
        channel_check_grant(channel);
        if (i < hub->count && hub->subscribers[i] == channel &&
            snapshots == hub->node->counts.snapshots) {
            channel_renew(channel);
        }
    }
}

static enum channel_end end_for(enum load_result why) {
    switch (why) {
    case LOAD_NEWER_VERSION:
        return CHANNEL_END_NEWER_VERSION;
    case LOAD_NOT_OWNED:
        return CHANNEL_END_MOVED;
    case LOAD_QUARANTINED:
        return CHANNEL_END_QUARANTINED;
    default:
        return CHANNEL_END_UNAVAILABLE;
    }
}

static void host_lost(struct host *host, struct activation *activation, enum load_result why) {
    hub_end_all(hub_of(node_of(host), activation), end_for(why));
}

static void host_drop(struct host *host, struct activation *activation) {
    struct hub *hub = *activation_attic(activation);
    if (hub == NULL) {
        return;
    }
    assert(hub->count == 0);
    answer_questions(hub);
    fanout_forget(hub);
    hub_forget_deferred(hub);
    store_unload(node_of(host)->config.store, activation_id(activation));
    free(hub->subscribers);
    free(hub);
    *activation_attic(activation) = NULL;
}

void host_init(struct node *node) {
    node->host = (struct host){
        .now = host_now,
        .random = host_random,
        .rights = host_rights,
        .holders = host_holders,
        .load = host_load,
        .append = host_append,
        .recall = host_recall,
        .settle = host_settle,
        .save = host_save,
        .answer = host_answer,
        .publish = host_publish,
        .ephemera = host_ephemera,
        .forward = host_forward,
        .rebuilt = host_rebuilt,
        .lost = host_lost,
        .drop = host_drop,
    };
}
