/* What is kept of an actor, read for a copy of it. */
#include "server/node/node_state.h"

#include <stdlib.h>

enum { PAGE_EVENTS = 200 };

struct reading {
    struct node *node;
    struct activation *activation; /* held: a read in flight writes on its hub's head */
    struct node_reading wanted;
    uint64_t before, after; /* last version read, when the page was asked for and now */
};

struct encoded node_show(struct node *node, uint8_t kind, struct uuid id, uint8_t audiences,
                         struct arena *arena) {
    struct activation *activation = runtime_activate(node->runtime, kind, id);
    const struct actor *actor = activation_actor(activation);
    if (actor == NULL) {
        return (struct encoded){0, {0, NULL}};
    }
    return actor->kind->snapshot(actor, audiences, arena);
}

static void read_page(struct reading *reading);

static void on_event(void *data, const struct event_header *header, struct bytes fields) {
    struct reading *reading = data;
    if (header->version <= activation_version(reading->activation)) {
        reading->after = header->version;
        reading->wanted.event(reading->wanted.data, header, fields);
    }
}

static void on_done(void *data, enum store_result result, bool more) {
    struct reading *reading = data;
    (void)more; /* as in resume.c: until it is as far as the actor */
    bool moved = reading->after > reading->before;
    if (result == STORE_OK && moved && reading->after < activation_version(reading->activation)) {
        read_page(reading);
        return;
    }
    bool whole = result == STORE_OK && reading->after >= activation_version(reading->activation);
    struct node_reading wanted = reading->wanted;
    activation_release(reading->activation);
    free(reading);
    wanted.done(wanted.data, whole);
}

static void read_page(struct reading *reading) {
    static const struct store_read_sink sink = {.event = on_event, .done = on_done};
    struct hub *hub = hub_of(reading->node, reading->activation);
    reading->before = reading->after;
    store_read(reading->node->config.store, &hub->head, reading->after, PAGE_EVENTS, &sink,
               reading);
}

void node_read_events(struct node *node, uint8_t kind, struct uuid id,
                      const struct node_reading *wanted) {
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        wanted->done(wanted->data, false);
        return;
    }
    reading->node = node;
    reading->activation = runtime_activate(node->runtime, kind, id);
    reading->wanted = *wanted;
    activation_hold(reading->activation);
    read_page(reading);
}
