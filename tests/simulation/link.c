/* The network between a person's window and a process: in order, late, and cut at any moment. */
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include "protocol/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKET_BYTES = 2 * 1024, STOPPED_US = 50000, SLOWER = 20 };

struct in_flight {
    struct link *link;
    struct shared_frame *frame;
    bool news;
};

static int64_t latency(struct world *world) {
    int64_t high = chance_percent(&world->time, 3) ? 300000 : 20000;
    return chance_between(&world->time, 500, high);
}

/* Later than everything sent before it. */
static int64_t arrival(struct world *world, int64_t *line, bool slow) {
    int64_t at = world->time.now + latency(world) * (slow ? SLOWER : 1);
    *line = at > *line ? at : *line;
    return *line - world->time.now;
}

static bool reaches_process(const struct link *link) {
    return !link->cut && link->process->node != NULL && link->life == link->process->life;
}

static struct in_flight *pack(struct link *link, struct bytes bytes) {
    struct in_flight *in_flight = malloc(sizeof *in_flight);
    struct shared_frame *frame = malloc(sizeof *frame + FRAME_HEADROOM + bytes.length);
    assert(in_flight != NULL && frame != NULL);
    frame->references = 1;
    frame->length = bytes.length;
    memcpy(shared_frame_payload(frame), bytes.bytes, bytes.length);
    *in_flight = (struct in_flight){.link = link, .frame = frame};
    return in_flight;
}

static struct bytes unpack(const struct in_flight *in_flight) {
    return (struct bytes){in_flight->frame->length, shared_frame_payload(in_flight->frame)};
}

static void drop(struct in_flight *in_flight) {
    shared_frame_unref(in_flight->frame);
    free(in_flight);
}

static void arrive_up(void *data) {
    struct in_flight *in_flight = data;
    struct link *link = in_flight->link;
    if (reaches_process(link) && (link->process->paused || link->read_paused)) {
        plan_after(&link->process->world->time, STOPPED_US, arrive_up, in_flight);
        return;
    }
    if (reaches_process(link) && link->session != 0) {
        node_session_frame(link->process->node, link->session, unpack(in_flight));
        watch_taken(link->process->world, link->process, link->session, in_flight->frame->length);
        process_soon(link->process);
    }
    drop(in_flight);
}

void link_send(struct link *link, struct bytes frame) {
    struct world *world = link->process->world;
    plan_after(&world->time, arrival(world, &link->up_at, false), arrive_up, pack(link, frame));
}

static void now_writable(struct link *link) {
    if (link->blocked && link->unread < SOCKET_BYTES / 2) {
        link->blocked = false;
        if (reaches_process(link) && link->session != 0) {
            node_session_writable(link->process->node, link->session);
            process_soon(link->process);
        }
    }
}

static void arrive_down(void *data) {
    struct in_flight *in_flight = data;
    struct link *link = in_flight->link;
    link->unread -= in_flight->frame->length;
    link->news -= in_flight->news;
    if (!link->cut && !link->closed) {
        person_hears(link->person, link, unpack(in_flight));
    }
    now_writable(link);
    drop(in_flight);
}

enum send_result link_transport_send(struct transport *transport, void *connection,
                                     struct shared_frame *frame) {
    struct link *link = connection;
    struct world *world = link->process->world;
    struct frame read;
    (void)transport;
    if (link->cut) {
        return SEND_CLOSED;
    }
    if (link->blocked) {
        world_fault(world, "a node sends to %s, whose socket is full", link->person->name);
    }
    if (frame->length > FRAME_OUT_MAX) {
        world_fault(world, "a node sent a frame of %u bytes", frame->length);
    }
    struct bytes bytes = {frame->length, shared_frame_payload(frame)};
    if (!frame_read(bytes, &read)) {
        world_fault(world, "a node sent a frame that cannot be read");
        return SEND_CLOSED;
    }
    watch_frame(world, link, &read);
    bool lost = (world->sabotage == SABOTAGE_LOSE_AN_EVENT_FRAME && read.form == FRAME_EVENT) ||
                (world->sabotage == SABOTAGE_LOSE_EPHEMERA && read.form == FRAME_EPHEMERAL &&
                 read.channel != 0);
    if (lost && chance_percent(&world->time, 20)) {
        world->lost_frames++;
        return SEND_DONE;
    }
    link->unread += frame->length;
    struct in_flight *in_flight = pack(link, bytes);
    in_flight->news = read.channel != 0;
    link->news += in_flight->news;
    plan_after(&world->time, arrival(world, &link->down_at, person_is_slow(link->person)),
               arrive_down, in_flight);
    link->blocked = link->unread >= SOCKET_BYTES;
    world->sockets_filled += link->blocked;
    return link->blocked ? SEND_BLOCKED : SEND_DONE;
}

static void tell_process(void *data) {
    struct link *link = data;
    if (link->process->node != NULL && link->life == link->process->life && link->session != 0) {
        if (link->process->paused) {
            plan_after(&link->process->world->time, STOPPED_US, tell_process, link);
            return;
        }
        uint32_t session = link->session;
        link->session = 0;
        node_session_closed(link->process->node, session);
        process_soon(link->process);
    }
}

static void tell_person(void *data) {
    struct link *link = data;
    if (!link->closed) {
        link->closed = true;
        person_loses(link->person, link);
    }
}

void link_cut(struct link *link) {
    struct world *world = link->process->world;
    if (!link->cut) {
        link->cut = true;
        plan_after(&world->time, latency(world), tell_person, link);
        plan_after(&world->time, latency(world), tell_process, link);
    }
}

void link_transport_close(struct transport *transport, void *connection, enum close_code code) {
    (void)transport;
    (void)code;
    link_cut(connection);
}

void link_transport_pause(struct transport *transport, void *connection, bool paused) {
    struct link *link = connection;
    (void)transport;
    link->read_paused = paused;
}

struct link *link_open(struct person *person, struct process *process) {
    struct world *world = process->world;
    struct link *link = calloc(1, sizeof *link);
    assert(link != NULL);
    link->process = process;
    link->person = person;
    link->life = process->life;
    link->next = world->links;
    world->links = link;
    struct session_identity who = person_identity(person);
    link->session =
        process->node == NULL || process->paused ? 0 : node_session_open(process->node, link, &who);
    if (link->session == 0) {
        link_cut(link);
    }
    return link;
}
