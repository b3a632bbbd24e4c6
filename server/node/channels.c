/*
 * Channels: a session's view of one actor. Opening loads the actor, asks its grant and answers
 * either "resumed" (exactly the missed events follow) or "snapshot" (everything, anew). There is no
 * third answer.
 */
#include "server/node/node_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONTROL_FIELDS_MAX = 1024,
    RESUME_EVENTS_MAX = 5000, /* behind by more: a snapshot is smaller */
};

/* Lent to the runtime until it has attached the session; outlives a channel that is closed
 * meanwhile. */
struct opening {
    struct attach_request request;
    struct node *node;
    struct channel *channel; /* NULL: it was closed while the witness was told */
    bool witnessed;          /* the witness is being told; `request.activation` is held */
};

struct channel *channel_find(struct session *session, uint16_t number) {
    for (uint16_t i = 0; i < session->channel_count; i++) {
        if (session->channels[i]->number == number) {
            return session->channels[i];
        }
    }
    return NULL;
}

/* A session has one view of an actor: the runtime knows who is attached by session alone. */
static bool has_open(const struct session *session, const struct open_channel *open) {
    for (uint16_t i = 0; i < session->channel_count; i++) {
        const struct channel *channel = session->channels[i];
        if (channel->kind == (uint8_t)open->kind && uuid_equal(channel->id, open->id)) {
            return true;
        }
    }
    return false;
}

static struct channel *channel_add(struct session *session, const struct open_channel *open) {
    if (session->channel_count == session->channel_capacity) {
        uint16_t capacity =
            (uint16_t)(session->channel_capacity == 0 ? 4 : session->channel_capacity * 2);
        struct channel **channels = realloc(session->channels, capacity * sizeof *channels);
        if (channels == NULL) {
            return NULL;
        }
        session->channels = channels;
        session->channel_capacity = capacity;
    }
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) {
        return NULL;
    }
    channel->session = session;
    channel->number = open->channel;
    channel->kind = (uint8_t)open->kind;
    channel->id = open->id;
    channel->asked_version = open->version;
    channel->asked_audience = open->audience;
    session->channels[session->channel_count++] = channel;
    session->node->counts.channels++;
    return channel;
}

static void channel_free(struct channel *channel) {
    struct session *session = channel->session;
    for (uint16_t i = 0; i < session->channel_count; i++) {
        if (session->channels[i] == channel) {
            session->channels[i] = session->channels[--session->channel_count];
            break;
        }
    }
    session->node->counts.channels--;
    free(channel);
}

static bool hub_subscribe(struct hub *hub, struct channel *channel) {
    if (hub->count == SUBSCRIBERS_MAX) {
        return false;
    }
    if (hub->count == hub->capacity) {
        uint32_t capacity = hub->capacity == 0 ? 4 : hub->capacity * 2;
        struct channel **subscribers =
            realloc(hub->subscribers, capacity * sizeof(struct channel *));
        if (subscribers == NULL) {
            return false;
        }
        hub->subscribers = subscribers;
        hub->capacity = capacity;
    }
    channel->activation = hub->activation;
    channel->place = hub->count;
    hub->subscribers[hub->count++] = channel;
    activation_hold(hub->activation);
    return true;
}

void hub_unsubscribe(struct channel *channel) {
    struct hub *hub = hub_of(channel->session->node, channel->activation);
    assert(hub->subscribers[channel->place] == channel);
    struct channel *last = hub->subscribers[--hub->count];
    hub->subscribers[channel->place] = last;
    last->place = channel->place;
    channel->activation = NULL;
    activation_release(hub->activation);
}

void channel_close(struct channel *channel) {
    struct session *session = channel->session;
    looking_forget(channel);
    if (channel->opening != NULL) { /* the runtime gives up an attach that still waits */
        runtime_detach(session->node->runtime, channel->opening->request.activation,
                       session->number);
        if (channel->opening->witnessed) {
            channel->opening->channel = NULL; /* on_witnessed frees it, perhaps after the node */
            activation_release(channel->opening->request.activation);
        } else {
            free(channel->opening);
        }
    }
    catch_up_forget(channel);
    if (channel->activation != NULL) {
        struct activation *activation = channel->activation;
        if (session->muted_by == activation) {
            session_unmute(session);
        }
        activation_hold(activation);
        hub_unsubscribe(channel);
        runtime_detach(session->node->runtime, activation, session->number);
        activation_release(activation);
    }
    channel_free(channel);
}

/* Of what waits for a slow socket: everything of the channel but answers, which are the sender's.
 */
static bool shows(struct shared_frame *shared, uint16_t channel) {
    struct frame frame;
    struct bytes bytes = {shared->length, shared_frame_payload(shared)};
    return frame_read(bytes, &frame) && frame.channel == channel &&
           !(frame.form == FRAME_NUMBERED && frame.seq != 0);
}

void channel_end(struct channel *channel, enum channel_end reason) {
    struct arena arena;
    arena_init(&arena, CONTROL_FIELDS_MAX);
    struct channel_ended ended = {.channel = channel->number, .reason = reason};
    /* Nobody asks the policy any more for what waits here; who may come back is given it again. */
    outbox_forget(&channel->session->outbox, shows, channel->number);
    session_notice(channel->session, 0, channel_ended_encode(&arena, &ended));
    arena_finish(&arena);
    channel_close(channel);
}

void hub_end_all(struct hub *hub, enum channel_end reason) {
    activation_hold(hub->activation);
    while (hub->count > 0) {
        channel_end(hub->subscribers[hub->count - 1], reason);
    }
    activation_release(hub->activation);
}

void channel_send_snapshot(struct channel *channel) {
    struct node *node = channel->session->node;
    const struct actor *actor = activation_actor(channel->activation);
    catch_up_forget(channel);
    arena_reset(&node->scratch);
    if (actor->kind->ephemera != NULL) {
        actor->kind->ephemera(actor, channel->grant.audiences, UINT32_MAX, &node->scratch,
                              &channel->tick);
    }
    struct encoded snapshot =
        actor->kind->snapshot(actor, channel->grant.audiences, &node->scratch);
    channel->version = activation_audience_version(channel->activation, channel->grant.audiences);
    channel->state = CHANNEL_LIVE;
    node->counts.snapshots++;
    session_reply(channel->session, channel->number, 0, snapshot);
}

void channel_renew(struct channel *channel) {
    struct arena arena;
    arena_init(&arena, CONTROL_FIELDS_MAX);
    struct grant_changed changed = {
        .channel = channel->number,
        .audience = channel->grant.audiences,
        .roles = channel->grant.roles,
        .version = activation_audience_version(channel->activation, channel->grant.audiences),
    };
    session_notice(channel->session, 0, grant_changed_encode(&arena, &changed));
    arena_finish(&arena);
    channel_send_snapshot(channel);
}

static bool grants_equal(const struct grant *a, const struct grant *b) {
    return a->audiences == b->audiences && a->roles == b->roles && a->actions == b->actions;
}

void channel_check_grant(struct channel *channel) {
    struct session *session = channel->session;
    struct node *node = session->node;
    const struct actor *actor =
        channel->activation == NULL ? NULL : activation_actor(channel->activation);
    if (actor == NULL) {
        return;
    }
    struct grant grant = activation_grant(channel->activation, session->user);
    bool same = grants_equal(&grant, &channel->grant);
    channel->grant = grant;
    grants_note(node, grant.valid_until);
    if (same) {
        return;
    }
    /* It was put there under the old grant and would leave under the new one. */
    outbox_forget(&session->outbox, shows, channel->number);
    if (node->revoked != NULL) {
        node->revoked(node->revoked_data, channel->kind, channel->id, session->user);
    }
    if (grant.audiences == 0) {
        channel_end(channel, grant.denial == REFUSAL_RESTRICTED ? CHANNEL_END_RESTRICTED
                                                                : CHANNEL_END_REVOKED);
        return;
    }
    if (!looking_is_known(channel)) {
        channel_end(channel, CHANNEL_END_UNAVAILABLE); /* opened again, which is written down */
        return;
    }
    channel_renew(channel);
}

static enum refusal refusal_for(enum load_result result) {
    switch (result) {
    case LOAD_NEWER_VERSION:
        return REFUSAL_NEWER_VERSION;
    case LOAD_QUARANTINED:
        return REFUSAL_QUARANTINED;
    case LOAD_UNAVAILABLE:
        return REFUSAL_UNAVAILABLE;
    default:
        return REFUSAL_NOT_FOUND;
    }
}

static bool can_resume(const struct channel *channel, uint64_t newest) {
    return channel->asked_version > 0 && channel->asked_audience == channel->grant.audiences &&
           channel->asked_version <= newest && newest - channel->asked_version <= RESUME_EVENTS_MAX;
}

static void answer_opened(struct channel *channel) {
    struct session *session = channel->session;
    uint64_t newest = activation_audience_version(channel->activation, channel->grant.audiences);
    bool resumes = can_resume(channel, newest);
    struct channel_opened opened = {
        .channel = channel->number,
        .audience = channel->grant.audiences,
        .roles = channel->grant.roles,
        .resumption = resumes ? RESUMPTION_RESUMED : RESUMPTION_SNAPSHOT,
        .version = newest,
        .participant = channel->participant,
    };
    struct arena arena;
    arena_init(&arena, CONTROL_FIELDS_MAX);
    session_reply(session, 0, channel->opening_seq, channel_opened_encode(&arena, &opened));
    arena_finish(&arena);
    if (!resumes) {
        session->node->counts.resumed_anew += channel->asked_version > 0;
        channel_send_snapshot(channel);
        return;
    }
    session->node->counts.resumed++;
    channel->version = channel->asked_version;
    channel->tick = 0; /* all ephemera anew: they are not part of what was missed */
    if (channel->version == newest) {
        channel->state = CHANNEL_LIVE;
    } else {
        channel_catch_up(channel);
    }
    fanout_mark(hub_of(session->node, channel->activation));
}

static void refuse_opening(struct channel *channel, enum refusal reason) {
    session_refuse(channel->session, 0, channel->opening_seq, reason);
    channel_free(channel);
}

/* As if it were not there, but to who may be told why. */
static enum refusal unseen(struct grant grant) {
    return grant.denial != 0 ? grant.denial : REFUSAL_NOT_FOUND;
}

/* The runtime has attached the session; the grant may be another one by now. */
static void admit(struct channel *channel, struct activation *activation, struct grant grant) {
    struct session *session = channel->session;
    struct node *node = session->node;
    if (grant.audiences == 0 || !hub_subscribe(hub_of(node, activation), channel)) {
        runtime_detach(node->runtime, activation, session->number);
        refuse_opening(channel, grant.audiences == 0 ? unseen(grant) : REFUSAL_TOO_MANY);
        return;
    }
    channel->grant = grant;
    grants_note(node, grant.valid_until);
    looking_is_known(channel); /* from now on it is asked for again */
    answer_opened(channel);
}

static void on_witnessed(void *data, bool known) {
    struct opening *opening = data;
    struct channel *channel = opening->channel;
    struct activation *activation = opening->request.activation;
    free(opening);
    if (channel == NULL) {
        return;
    }
    struct session *session = channel->session;
    struct node *node = session->node;
    const struct actor *actor = activation_actor(activation);
    channel->opening = NULL;
    if (known && actor != NULL) {
        admit(channel, activation, activation_grant(activation, session->user));
    } else {
        runtime_detach(node->runtime, activation, session->number);
        refuse_opening(channel, REFUSAL_UNAVAILABLE);
    }
    activation_release(activation);
}

static void on_attached(struct attach_request *request, enum load_result result,
                        uint16_t participant) {
    struct opening *opening = request->data;
    struct channel *channel = opening->channel;
    struct witness *witness = opening->node->config.witness;
    struct activation *activation = request->activation;
    struct grant grant = request->who.grant;
    bool attached = (result == LOAD_FOUND || result == LOAD_ABSENT) && grant.audiences != 0;
    bool looked_at = looking_concerns(channel, grant);
    struct looking looking = looking_of(channel, grant, !attached);
    channel->participant = participant;
    if (attached && looked_at && witness->knows(witness, &looking) == 0) {
        opening->witnessed = true;
        activation_hold(activation);
        witness->tell(witness, &looking, on_witnessed, opening);
        return;
    }
    free(opening);
    channel->opening = NULL;
    if (result == LOAD_NOT_OWNED) {
        session_doom(channel->session, CLOSE_MOVED);
    } else if (!attached) {
        if (looked_at && (result == LOAD_FOUND || result == LOAD_ABSENT)) {
            witness->tell(witness, &looking, NULL, NULL);
        }
        bool found = result == LOAD_FOUND || result == LOAD_ABSENT;
        refuse_opening(channel, found ? unseen(grant) : refusal_for(result));
    } else {
        admit(channel, activation, grant);
    }
}

void channel_open(struct session *session, uint32_t seq, const struct open_channel *open) {
    const struct actor_kind *kind = node_kind(session->node, (uint8_t)open->kind);
    if (kind == NULL || open->channel == 0 || channel_find(session, open->channel) != NULL ||
        has_open(session, open)) {
        session_refuse(session, 0, seq, REFUSAL_BAD_STATE);
        return;
    }
    if (session->channel_count == SESSION_CHANNELS_MAX) {
        session_refuse(session, 0, seq, REFUSAL_TOO_MANY);
        return;
    }
    struct channel *channel = channel_add(session, open);
    struct opening *opening = calloc(1, sizeof *opening);
    if (channel == NULL || opening == NULL) {
        free(opening);
        session_doom(session, CLOSE_OVERLOADED);
        return;
    }
    channel->opening_seq = seq;
    channel->opening = opening;
    opening->node = session->node;
    opening->channel = channel;
    opening->request = (struct attach_request){
        .activation = runtime_activate(session->node->runtime, kind->number, open->id),
        .who = {.session = session->number, .user = session->user, .window = session->window},
        .on_attached = on_attached,
        .data = opening,
    };
    runtime_attach(session->node->runtime, &opening->request);
}
