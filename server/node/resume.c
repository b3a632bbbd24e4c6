/*
 * Catching up: a channel that comes back with its last version gets exactly the events its audience
 * missed, read from the record in pages, in order, while new ones are committed. It is live again
 * once it has read as far as the actor is.
 */
#include "server/node/node_state.h"

#include <stdlib.h>

enum { PAGE_EVENTS = 256 };

struct catch_up {
    struct node *node;
    struct activation *activation; /* held: a read in flight writes on its hub's head */
    struct channel *channel;       /* NULL = closed, or given a snapshot meanwhile */
    uint64_t after;                /* last version read, of any audience */
    bool lacks;                    /* an event it should have had says nothing any more */
};

void catch_up_forget(struct channel *channel) {
    if (channel->catch_up != NULL) {
        channel->catch_up->channel = NULL;
        channel->catch_up = NULL;
    }
}

static void end_catch_up(struct catch_up *catch_up) {
    activation_release(catch_up->activation);
    free(catch_up);
}

static void on_event(void *data, const struct event_header *header, struct bytes fields) {
    struct catch_up *catch_up = data;
    struct channel *channel = catch_up->channel;
    if (channel == NULL || header->version > activation_version(channel->activation)) {
        return; /* committed this moment: it is shown once the policy has it too */
    }
    catch_up->after = header->version;
    if (channel->session->doomed) {
        return;
    }
    uint8_t audiences = node_kind(catch_up->node, channel->kind)->rules[header->tag].audiences;
    if ((channel->grant.audiences & audiences) == 0) {
        return;
    }
    if (fields.bytes == NULL) {
        catch_up->lacks = true;
        return;
    }
    struct frame frame = {
        .form = FRAME_EVENT,
        .channel = channel->number,
        .tag = header->tag,
        .version = header->version,
        .previous = channel->version,
        .at = header->at,
        .by = header->by,
        .fields = fields,
    };
    struct shared_frame *made = frame_make(&frame);
    if (made == NULL) {
        session_doom(channel->session, CLOSE_OVERLOADED);
        return;
    }
    channel->version = header->version;
    catch_up->node->counts.events_resumed++;
    session_send(channel->session, made);
}

static void read_page(struct catch_up *catch_up);

static void on_done(void *data, enum store_result result, bool more) {
    struct catch_up *catch_up = data;
    struct channel *channel = catch_up->channel;
    if (channel == NULL) {
        end_catch_up(catch_up);
        return;
    }
    if (result != STORE_OK) {
        channel_end(channel, CHANNEL_END_UNAVAILABLE);
        end_catch_up(catch_up);
        return;
    }
    (void)more; /* what is newer than the actor comes when it is published */
    if (catch_up->after < activation_version(channel->activation)) {
        read_page(catch_up);
        return;
    }
    if (catch_up->lacks) { /* and may still show what was erased */
        channel_renew(channel);
        end_catch_up(catch_up);
        return;
    }
    channel->catch_up = NULL;
    channel->state = CHANNEL_LIVE;
    fanout_mark(hub_of(catch_up->node, channel->activation));
    end_catch_up(catch_up);
}

static void read_page(struct catch_up *catch_up) {
    static const struct store_read_sink sink = {.event = on_event, .done = on_done};
    struct channel *channel = catch_up->channel;
    channel_check_grant(channel);
    if (catch_up->channel == NULL) { /* revoked, or a changed grant brought a snapshot */
        end_catch_up(catch_up);
        return;
    }
    struct hub *hub = hub_of(catch_up->node, channel->activation);
    store_read(catch_up->node->config.store, &hub->head, catch_up->after, PAGE_EVENTS, &sink,
               catch_up);
}

void channel_catch_up(struct channel *channel) {
    struct catch_up *catch_up = calloc(1, sizeof *catch_up);
    if (catch_up == NULL) {
        session_doom(channel->session, CLOSE_OVERLOADED);
        return;
    }
    catch_up->node = channel->session->node;
    catch_up->channel = channel;
    catch_up->activation = channel->activation;
    activation_hold(catch_up->activation);
    catch_up->after = channel->version;
    channel->catch_up = catch_up;
    channel->state = CHANNEL_CATCHING_UP;
    read_page(catch_up);
}
