/*
 * Promise 8: everything is bounded by a named limit. What is in memory is counted here anew, not
 * taken from the program's own counters, after each thing that happens.
 */
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include "actors/runtime/activation.h"
#include "protocol/generated/patient_case.h"
#include "server/node/node_state.h"
#include "server/store/store_state.h"

/*
 * How often one saying of a command may reach the database. A try whose outcome is unknown is made
 * again for STORE_PATIENCE_US, first soon and then once a second; a refused one is made again by
 * its actor, three times in all, and then alone.
 */
enum { TRIES_MAX = 3 * (6 + STORE_PATIENCE_US / STORE_RETRY_LAST_US) };

static void bound(struct world *world, const char *what, size_t value, size_t most) {
    if (value > most) {
        world_fault(world, "%s: %zu, and %zu is the most", what, value, most);
    }
}

static size_t letters_of(const struct lane *lane) {
    size_t count = 0;
    for (const struct letter *letter = lane->first; letter != NULL; letter = letter->next) {
        count++;
    }
    return count;
}

static size_t readers_of(const struct hub *hub) {
    size_t reading = 0;
    for (uint32_t i = 0; i < hub->count; i++) {
        reading += hub->subscribers[i]->catch_up != NULL;
    }
    return reading;
}

/* Whoever waits for room waits once, however often the record has given it. */
static void check_deferred(struct world *world, const struct hub *hub) {
    for (const struct deferred *one = hub->deferred; one != NULL; one = one->next) {
        for (const struct deferred *other = one->next; other != NULL; other = other->next) {
            if (uuid_equal(one->command_id, other->command_id)) {
                world_fault(world, "a message waits twice for room in a mailbox");
                return;
            }
        }
    }
}

static void check_actor(struct world *world, struct node *node, uint8_t kind, struct uuid id) {
    struct activation *activation = directory_find(&node->runtime->directory, kind, id);
    if (activation == NULL) {
        return;
    }
    if (activation_actor(activation) != NULL) {
        watch_meeting(world, activation_actor(activation));
    }
    /* One more than the limit: a command whose append failed goes back in front. */
    size_t letters =
        letters_of(&activation->mailbox.commands) + letters_of(&activation->mailbox.passing);
    bound(world, "messages in a mailbox", letters, RUNTIME_MAILBOX_MAX + 1);
    bound(world, "bytes of an actor's state", activation->state.allocated, STATE_BYTES_MAX);
    bound(world, "sessions attached to an actor", activation->attached_count, SUBSCRIBERS_MAX);
    const struct hub *hub = activation->attic;
    if (hub != NULL) {
        bound(world, "subscribers of an actor", hub->count, SUBSCRIBERS_MAX);
        check_deferred(world, hub);
    }
}

static void check_session(struct world *world, const struct session *session) {
    const struct outbox *outbox = &session->outbox;
    size_t lane = 0, bulk = 0;
    for (uint32_t i = 0; i < outbox->count; i++) {
        const struct shared_frame *frame = outbox->ring[(outbox->first + i) % outbox->ring_size];
        *(frame->length > OUTBOX_BULK_FROM ? &bulk : &lane) += frame->length;
    }
    bound(world, "bytes in a lane", lane, SESSION_LANE_MAX);
    bound(world, "bytes of snapshots in a lane", bulk, OUTBOX_BULK_MAX);
    bound(world, "channels of a session", session->channel_count, SESSION_CHANNELS_MAX);
    bound(world, "rates kept for a session", session->gate.count, GATE_BUCKETS_MAX);
}

void watch_bounds_of(struct world *world, struct process *process) {
    struct node *node = process->node;
    for (uint32_t slot = 0; slot < node->slot_count; slot++) {
        if (node->slots[slot] != NULL) {
            check_session(world, node->slots[slot]);
        }
    }
    check_actor(world, node, CHANNEL_KIND_BOARD, world->board);
    check_actor(world, node, CHANNEL_KIND_BOARD, world->next_board);
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        check_actor(world, node, CHANNEL_KIND_PATIENT_CASE, world->cases[i]);
    }
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        check_actor(world, node, CHANNEL_KIND_USER, world->people[i]->user);
    }
    const struct store *store = process->store;
    bound(world, "appends that wait", store->journal.waiting.count, JOURNAL_WAITING_MAX);
    bound(world, "messages that are due", store->pending.ready.count + store->pending.held.count,
          PENDING_READY_MAX);
}

static void check_holds(struct world *world, struct node *node, struct uuid id) {
    struct activation *activation = runtime_find(node->runtime, id);
    const struct hub *hub = activation == NULL ? NULL : activation->attic;
    if (hub != NULL) {
        bound(world, "holds on an actor", activation->holds, hub->count + readers_of(hub));
    }
}

void watch_holds(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        struct node *node = world->processes[i].node;
        if (node == NULL) {
            continue;
        }
        check_holds(world, node, world->board);
        check_holds(world, node, world->next_board);
        for (unsigned j = 0; j < WORLD_CASES; j++) {
            check_holds(world, node, world->cases[j]);
        }
    }
}

void watch_bounds(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        struct process *process = &world->processes[i];
        if (process->node != NULL && process->touched) {
            process->touched = false;
            watch_bounds_of(world, process);
        }
    }
}

/* The bounds of the schema, told apart from the reader that keeps them. */
void watch_decoded(struct world *world, uint8_t kind, uint8_t tag, const void *message) {
    if (kind == CHANNEL_KIND_PATIENT_CASE && tag == PATIENT_CASE_POST_MESSAGE) {
        bound(world, "bytes of what is said", ((const struct post_message *)message)->text.length,
              4000);
    } else if (kind == CHANNEL_KIND_BOARD && tag == BOARD_ADD_MEMBER) {
        bound(world, "bytes of a name", ((const struct add_member *)message)->member.name.length,
              128);
    } else if (kind == CHANNEL_KIND_BOARD && tag == STAGE_SET_LAYOUT) {
        bound(world, "viewports of a layout",
              ((const struct set_layout *)message)->layout.viewports.count, 9);
    }
}

void watch_taken(struct world *world, struct process *process, uint32_t session, size_t length) {
    const struct session *at = session_at(process->node, session - 1);
    if (length > FRAME_IN_MAX && at != NULL && !at->doomed && !at->closing) {
        world_fault(world, "a frame of %zu bytes was taken", length);
    }
}

static struct said *said_as(struct world *world, const struct event_row *row) {
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        struct person *person = world->people[i];
        for (size_t j = 0; j < person->said_count; j++) {
            if (uuid_equal(person->said[j].command_id, row->command_id)) {
                return &person->said[j];
            }
        }
    }
    return NULL;
}

void watch_try(struct world *world, const struct database_batch *batch) {
    bound(world, "events of a batch", batch->event_count, JOURNAL_ROWS_MAX);
    for (size_t i = 0; i < batch->event_count; i++) {
        struct said *said = batch->events[i].part == 0 ? said_as(world, &batch->events[i]) : NULL;
        if (said != NULL) {
            said->tries++;
            if (said->tries / said->times > world->tries_most) {
                world->tries_most = said->tries / said->times;
            }
            bound(world, "tries of a command", said->tries, (size_t)TRIES_MAX * said->times);
        }
    }
}
