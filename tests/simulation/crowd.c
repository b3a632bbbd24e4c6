#include "tests/simulation/crowd.h"

#include "tests/simulation/person.h"

#include "protocol/frame.h"
#include "protocol/generated/patient_case.h"
#include "server/node/node_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    CALLERS = 300,
    ROUNDS = 3, /* of messages; two more bytes than a lane holds would be enough */
    WORDS = 4000,
    ARENA_BYTES = 1 << 20,
    SECOND = 1000000,
};

struct caller {
    struct crowd *crowd;
    uint32_t session;
    uint32_t seq;
    bool reads;
    bool closed;
    enum close_code code;
};

struct crowd {
    struct world *world;
    struct process *process;
    struct arena arena;
    struct caller callers[CALLERS];
    struct caller maker, slow, large;
    struct crowd_story *story;
};

static enum send_result on_send(struct transport *transport, void *connection,
                                struct shared_frame *shared) {
    (void)transport;
    struct caller *caller = connection;
    struct frame frame;
    if (!frame_read((struct bytes){shared->length, shared_frame_payload(shared)}, &frame)) {
        world_fault(caller->crowd->world, "a node sent a frame that cannot be read");
    } else if (frame.form == FRAME_NUMBERED && frame.channel != 0 && frame.seq != 0) {
        caller->crowd->story->accepted += frame.tag == REPLY_ACCEPTED;
        caller->crowd->story->busy += frame.tag == REPLY_REFUSED;
    }
    return caller->reads ? SEND_DONE : SEND_BLOCKED;
}

static void on_close(struct transport *transport, void *connection, enum close_code code) {
    (void)transport;
    struct caller *caller = connection;
    caller->closed = true;
    caller->code = code;
}

static void on_pause(struct transport *transport, void *connection, bool paused) {
    (void)transport; /* what was sent before it was paused is under way */
    (void)connection;
    (void)paused;
}

static void note_peaks(struct crowd *crowd) {
    struct node *node = crowd->process->node;
    struct activation *activation = runtime_find(node->runtime, crowd->world->cases[0]);
    struct session *session = session_at(node, crowd->slow.session - 1);
    size_t waiting = activation == NULL ? 0 : activation_waiting(activation);
    size_t lane = session == NULL ? 0 : session->outbox.bytes;
    struct crowd_story *story = crowd->story;
    story->mailbox_most = waiting > story->mailbox_most ? waiting : story->mailbox_most;
    story->lane_most = lane > story->lane_most ? lane : story->lane_most;
}

static void watch(struct crowd *crowd) {
    watch_bounds_of(crowd->world, crowd->process);
    note_peaks(crowd);
}

static void pass(struct crowd *crowd, int64_t microseconds) {
    struct world *world = crowd->world;
    int64_t until = world->time.now + microseconds;
    process_soon(crowd->process);
    while (world->fault[0] == '\0' && let_next_happen(&world->time, until)) {
        watch(crowd);
    }
}

static void say_bytes(struct caller *caller, struct bytes bytes) {
    struct process *process = caller->crowd->process;
    node_session_frame(process->node, caller->session, bytes);
    watch_taken(process->world, process, caller->session, bytes.length);
    watch(caller->crowd);
}

static void say(struct caller *caller, uint16_t channel, struct encoded message) {
    uint8_t bytes[FRAME_IN_MAX];
    struct writer writer;
    struct frame frame = {.form = FRAME_NUMBERED,
                          .channel = channel,
                          .tag = message.tag,
                          .seq = ++caller->seq,
                          .fields = message.fields};
    assert(message.fields.bytes != NULL);
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert(!writer.failed);
    say_bytes(caller, writer_bytes(&writer));
}

static void comes(struct crowd *crowd, struct caller *caller, const struct person *person) {
    *caller = (struct caller){.crowd = crowd, .reads = true};
    struct session_identity who = person_identity(person);
    caller->session = node_session_open(crowd->process->node, caller, &who);
    assert(caller->session != 0);
    say(caller, 0,
        hello_encode(&crowd->arena, &(struct hello){.revision = 1, .client = TEXT("crowd")}));
    struct open_channel open = {
        .channel = 1, .kind = CHANNEL_KIND_PATIENT_CASE, .id = crowd->world->cases[0]};
    say(caller, 0, open_channel_encode(&crowd->arena, &open));
}

static struct uuid new_id(struct world *world) {
    struct uuid id = {{0}};
    for (unsigned i = 0; i < sizeof id.bytes; i++) {
        id.bytes[i] = (uint8_t)chance(&world->time);
    }
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
    return id;
}

static void make_case(struct crowd *crowd) {
    struct world *world = crowd->world;
    struct case_member member = {
        .user = world->people[1]->user, .role = ROLE_COORDINATOR, .name = TEXT(CANARY " 1")};
    struct create_case create = {.command_id = new_id(world),
                                 .subject = {.name = TEXT(CANARY "^Patient")},
                                 .title = TEXT("What now, " CANARY "?"),
                                 .members = {1, &member}};
    comes(crowd, &crowd->maker, world->people[1]); /* a coordinator */
    pass(crowd, SECOND);
    say(&crowd->maker, 1, create_case_encode(&crowd->arena, &create));
    pass(crowd, SECOND);
}

/* Everybody says something of the longest, while the database keeps its answer to itself. */
static void all_speak(struct crowd *crowd) {
    static char words[WORDS];
    memset(words, 'x', sizeof words);
    memcpy(words, CANARY, sizeof CANARY - 1);
    crowd->process->connection->paused = true;
    for (unsigned i = 0; i < CALLERS && crowd->world->fault[0] == '\0'; i++) {
        arena_reset(&crowd->arena);
        struct post_message post = {.command_id = new_id(crowd->world), .text = {WORDS, words}};
        say(&crowd->callers[i], 1, post_message_encode(&crowd->arena, &post));
        if (i == 0) {
            pass(crowd, SECOND / 100); /* the first one's append is under way */
        }
    }
    crowd->process->connection->paused = false;
    pass(crowd, 2 * SECOND);
}

static void send_too_much(struct crowd *crowd) {
    static uint8_t bytes[FRAME_IN_MAX + 100];
    /* [1, 2, seq, [bin]]: an envelope in order, so that only its size is wrong. */
    static const uint8_t head[] = {0x94, 1, 2, 3, 0x91, 0xc6, 0, 1};
    memcpy(bytes, head, sizeof head);
    say_bytes(&crowd->large, (struct bytes){sizeof bytes, bytes});
    pass(crowd, SECOND / 10);
}

static void leaves(struct crowd *crowd, struct caller *caller) {
    node_session_closed(crowd->process->node, caller->session);
}

void crowd_run(struct world *world, struct crowd_story *ret_story) {
    static struct crowd crowd;
    memset(&crowd, 0, sizeof crowd);
    *ret_story = (struct crowd_story){0};
    crowd.world = world;
    crowd.story = ret_story;
    crowd.process = &world->processes[0];
    arena_init(&crowd.arena, ARENA_BYTES);
    process_start(crowd.process);
    crowd.process->transport =
        (struct transport){.send = on_send, .close = on_close, .pause = on_pause};
    pass(&crowd, SECOND);
    make_case(&crowd);
    for (unsigned i = 0; i < CALLERS; i++) {
        comes(&crowd, &crowd.callers[i], world->people[1]);
    }
    comes(&crowd, &crowd.slow, world->people[1]);
    comes(&crowd, &crowd.large, world->people[1]);
    pass(&crowd, SECOND);
    crowd.slow.reads = false;
    for (unsigned i = 0; i < ROUNDS; i++) {
        all_speak(&crowd);
    }
    send_too_much(&crowd);
    ret_story->slow_was_cut = crowd.slow.closed && crowd.slow.code == CLOSE_SLOW;
    ret_story->large_was_cut = crowd.large.closed && crowd.large.code == CLOSE_PROTOCOL;
    for (unsigned i = 0; i < CALLERS; i++) {
        leaves(&crowd, &crowd.callers[i]);
    }
    leaves(&crowd, &crowd.maker);
    leaves(&crowd, &crowd.slow);
    leaves(&crowd, &crowd.large);
    arena_finish(&crowd.arena);
}
