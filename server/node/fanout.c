/*
 * One actor's news to its many subscribers: durable events as they are committed, and the ephemeral
 * tick. Fields are encoded once per audience (and, for ephemera, once per tick they are missing
 * since); a frame is made once per (channel number, previous) and shared. The grant is asked again
 * for every recipient of every event.
 */
#include "server/node/node_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL_ALONE_US = 1000000,
    INTERVAL_WATCHING_US = 100000, /* sessions that only look: 10 Hz */
    FRAME_CACHE = 16,
    FIELDS_CACHE = 8,
};

#define ACTIVE_ROLES (1u << ROLE_CHAIR | 1u << ROLE_COORDINATOR | 1u << ROLE_MEMBER)

struct shared_frame *frame_make(const struct frame *frame) {
    size_t size = FRAME_HEAD_SIZE_MAX + frame->fields.length;
    if (size > FRAME_OUT_MAX) {
        return NULL;
    }
    struct shared_frame *shared = malloc(sizeof *shared + FRAME_HEADROOM + size);
    if (shared == NULL) {
        return NULL;
    }
    struct writer writer;
    writer_init_fixed(&writer, shared_frame_payload(shared), size);
    frame_write(&writer, frame);
    assert(!writer.failed);
    shared->references = 1;
    shared->length = (uint32_t)writer.length;
    return shared;
}

/* Frames made in one fan-out: most clients number their channels alike, so few are needed. */
struct frame_cache {
    struct {
        uint16_t channel;
        uint64_t key;
        struct shared_frame *frame;
    } made[FRAME_CACHE];
    uint32_t count;
};

static struct shared_frame *cached(struct frame_cache *cache, const struct frame *frame,
                                   uint64_t key) {
    for (uint32_t i = 0; i < cache->count; i++) {
        if (cache->made[i].channel == frame->channel && cache->made[i].key == key) {
            return shared_frame_ref(cache->made[i].frame);
        }
    }
    struct shared_frame *made = frame_make(frame);
    if (made != NULL && cache->count < FRAME_CACHE) {
        cache->made[cache->count].channel = frame->channel;
        cache->made[cache->count].key = key;
        cache->made[cache->count++].frame = shared_frame_ref(made);
    }
    return made;
}

static void cache_finish(struct frame_cache *cache) {
    for (uint32_t i = 0; i < cache->count; i++) {
        shared_frame_unref(cache->made[i].frame);
    }
}

static uint64_t previous_for(uint8_t audiences, const uint64_t previous[AUDIENCE_COUNT]) {
    uint64_t newest = 0;
    for (unsigned i = 0; i < AUDIENCE_COUNT; i++) {
        if ((audiences & (1u << i)) != 0 && previous[i] > newest) {
            newest = previous[i];
        }
    }
    return newest;
}

/* Channels and sessions lie scattered, so that with a thousand of them each is waited for, unless
 * it is on its way while those before it are served. */
static void fetch_ahead(const struct hub *hub, uint32_t place) {
    enum { CHANNELS_AHEAD = 6, SESSIONS_AHEAD = 3 };
    if (place >= CHANNELS_AHEAD) {
        __builtin_prefetch(hub->subscribers[place - CHANNELS_AHEAD]);
    }
    if (place >= SESSIONS_AHEAD) {
        const struct session *session = hub->subscribers[place - SESSIONS_AHEAD]->session;
        __builtin_prefetch(session);
        __builtin_prefetch(&session->outbox);
        __builtin_prefetch(&session->doomed);
    }
}

void fanout_event(struct hub *hub, const struct event_header *header, uint8_t audiences,
                  struct bytes fields, const uint64_t previous[AUDIENCE_COUNT]) {
    struct frame_cache cache = {.count = 0};
    struct frame frame = {
        .form = FRAME_EVENT,
        .tag = header->tag,
        .version = header->version,
        .at = header->at,
        .by = header->by,
        .fields = fields,
    };
    /* From the end: a channel whose grant is gone leaves the list, the last one takes its place. */
    for (uint32_t i = hub->count; i-- > 0;) {
        struct channel *channel = hub->subscribers[i];
        fetch_ahead(hub, i);
        uint64_t seen = channel->version;
        channel_check_grant(channel);
        if (i >= hub->count || hub->subscribers[i] != channel) {
            continue;
        }
        /* A channel that is catching up reads this one from the record; a fresh snapshot has it
         * already. */
        if (channel->state != CHANNEL_LIVE || (channel->grant.audiences & audiences) == 0 ||
            channel->version >= header->version) {
            continue;
        }
        frame.channel = channel->number;
        frame.previous = previous_for(channel->grant.audiences, previous);
        assert(frame.previous == channel->version || seen != channel->version);
        struct shared_frame *made = cached(&cache, &frame, frame.previous);
        channel->version = header->version;
        if (made == NULL) {
            session_doom(channel->session, CLOSE_OVERLOADED);
        } else {
            session_send(channel->session, made);
        }
    }
    cache_finish(&cache);
}

static void enlist(struct hub *hub) {
    if (!hub->dirty && hub->count > 0) {
        hub->dirty = true;
        hub->next_dirty = hub->node->dirty;
        hub->node->dirty = hub;
    }
}

void fanout_mark(struct hub *hub) {
    hub->patience = 0;
    enlist(hub);
}

void fanout_forget(struct hub *hub) {
    for (struct hub **at = &hub->node->dirty; *at != NULL; at = &(*at)->next_dirty) {
        if (*at == hub) {
            *at = hub->next_dirty;
            break;
        }
    }
    hub->dirty = false;
}

/* Ephemeral fields encoded in one flush, by what they are missing since and who may see them. */
struct fields_cache {
    struct {
        uint32_t since;
        uint8_t audiences;
        uint32_t tick;
        struct encoded notice;
    } made[FIELDS_CACHE];
    uint32_t count;
};

static struct encoded missing_since(struct hub *hub, struct fields_cache *cache, uint32_t since,
                                    uint8_t audiences, uint32_t *ret_tick, uint64_t *ret_key) {
    for (uint32_t i = 0; i < cache->count; i++) {
        if (cache->made[i].since == since && cache->made[i].audiences == audiences) {
            *ret_tick = cache->made[i].tick;
            *ret_key = i;
            return cache->made[i].notice;
        }
    }
    const struct actor *actor = activation_actor(hub->activation);
    struct encoded notice =
        actor->kind->ephemera(actor, audiences, since, &hub->node->scratch, ret_tick);
    hub->node->counts.ephemera_encoded++;
    *ret_key = UINT64_MAX; /* not kept: its frame must not be shared with another's */
    if (cache->count < FIELDS_CACHE) {
        *ret_key = cache->count;
        cache->made[cache->count].since = since;
        cache->made[cache->count].audiences = audiences;
        cache->made[cache->count].tick = *ret_tick;
        cache->made[cache->count++].notice = notice;
    }
    return notice;
}

static void send_ephemera(struct hub *hub, struct channel *channel, struct fields_cache *fields,
                          struct frame_cache *frames) {
    uint32_t tick;
    uint64_t key;
    struct encoded notice =
        missing_since(hub, fields, channel->tick, channel->grant.audiences, &tick, &key);
    if (notice.fields.length == 0) {
        channel->tick = tick;
        return;
    }
    struct frame frame = {
        .form = FRAME_EPHEMERAL,
        .channel = channel->number,
        .tag = notice.tag,
        .fields = notice.fields,
    };
    struct shared_frame *made =
        key == UINT64_MAX ? frame_make(&frame) : cached(frames, &frame, key);
    if (made == NULL) {
        return; /* no memory: the slots are still newer than what this one has seen next time */
    }
    channel->tick = tick;
    channel->ephemera_at = hub->node->now;
    hub->node->counts.ephemera_frames++;
    session_send(channel->session, made);
}

static int64_t due_at(const struct hub *hub, const struct channel *channel) {
    if ((channel->grant.roles & ACTIVE_ROLES) == 0) {
        return channel->ephemera_at + INTERVAL_WATCHING_US;
    }
    return hub->count == 1 ? channel->ephemera_at + INTERVAL_ALONE_US : 0;
}

/* Serves everybody who can be served now. Returns when the rest may be, 0 = nobody is left. */
static int64_t flush(struct hub *hub) {
    struct fields_cache fields = {.count = 0};
    struct frame_cache frames = {.count = 0};
    int64_t now = hub->node->now;
    int64_t later = 0;
    arena_reset(&hub->node->scratch);
    for (uint32_t i = 0; i < hub->count; i++) {
        struct channel *channel = hub->subscribers[i];
        if (channel->session->doomed || !outbox_clear(&channel->session->outbox) ||
            channel->state == CHANNEL_CATCHING_UP) {
            continue; /* served by its own when it can be written again */
        }
        int64_t due = due_at(hub, channel);
        if (due > now) {
            later = later == 0 || due < later ? due : later;
            continue;
        }
        send_ephemera(hub, channel, &fields, &frames);
    }
    cache_finish(&frames);
    hub->frame_at = now;
    return later;
}

int64_t fanout_ephemera(struct node *node) {
    struct hub *todo = node->dirty;
    node->dirty = NULL;
    int64_t next = 0;
    while (todo != NULL) {
        struct hub *hub = todo;
        todo = hub->next_dirty;
        hub->dirty = false;
        const struct actor *actor = activation_actor(hub->activation);
        if (actor == NULL || actor->kind->ephemera == NULL) {
            continue;
        }
        int64_t due = hub->patience != 0 ? hub->patience : hub->frame_at + node->tick_interval;
        int64_t later = due;
        if (due <= node->now) {
            later = flush(hub);
            hub->patience = later;
        }
        if (later != 0) {
            enlist(hub);
            next = next == 0 || later < next ? later : next;
        }
    }
    return next;
}
