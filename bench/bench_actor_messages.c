/* links: load actors */
/*
 * How many messages a second go from actor to actor on one loop, encoded, bounded and counted, and
 * what an idle actor costs beside its own state. The reference of the same run is a bare loop
 * that pushes and dispatches as many messages through as many queues with nothing around them.
 */
#include "actors/runtime/runtime.h"
#include "bench/figure.h"
#include "protocol/writer.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ACTORS = 1000,
    TOKENS = 1000, /* messages under way at any time */
    ROUNDS = 5,
    IDLE_ACTORS = 10000,
    IDLE_COMMANDS = 4,
    RELAY_KIND = 9,
    HOP = 1,
    NOTE = 2,
    NOTED = 72,
};
static const uint32_t messages_a_round = 3000000;

struct relay {
    struct actor actor;
    uint64_t random;
};

struct hop {
    uint32_t left;
};

static uint32_t messages_left;
static struct uuid ids[IDLE_ACTORS];

static const struct message_rule rules[TAG_COUNT] = {
    [HOP] = {"Hop", MESSAGE_SIGNAL, 0, true, 0, 0, 0, 16},
    [NOTE] = {"Note", MESSAGE_COMMAND, 0, true, 0, 0, 0, 32},
    [NOTED] = {"Noted", MESSAGE_EVENT, 0, false, AUDIENCE_CLINICAL, 0, 0, 16},
};

static struct encoded hop_encode(struct arena *arena, uint32_t left) {
    struct writer writer;
    writer_init_arena(&writer, arena, 16);
    writer_fields(&writer, 1);
    writer_u32(&writer, left);
    return (struct encoded){HOP, writer_bytes(&writer)};
}

static const void *decode(uint8_t tag, struct reader *reader, struct arena *arena) {
    uint32_t count;
    struct hop *message = arena_alloc(arena, sizeof *message);
    if (tag == NOTE) {
        return message;
    }
    bool read = reader_fields(reader, &count) && count == 1 && reader_u32(reader, &message->left);
    return read ? message : NULL;
}

static struct uuid command_id(uint8_t tag, const void *message) {
    (void)tag;
    (void)message;
    return (struct uuid){{0}};
}

static uint64_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *raw) {
    struct relay *relay = (struct relay *)actor;
    const struct hop *message = raw;
    if (tag == NOTE) {
        turn_event(turn, (struct encoded){NOTED, hop_encode(turn->arena, 1).fields});
    } else if (messages_left > 0) {
        messages_left--;
        turn_send_volatile(turn, RELAY_KIND, ids[next_random(&relay->random) % ACTORS],
                           hop_encode(turn->arena, message->left + 1));
    }
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    (void)actor;
    (void)header;
    (void)fields;
    (void)arena;
    return true;
}

static void start(struct actor *actor) {
    ((struct relay *)actor)->random = actor->id.bytes[15] + 256u * actor->id.bytes[14];
}

static struct encoded save(const struct actor *actor, struct arena *arena) {
    (void)actor;
    return hop_encode(arena, 0);
}

static bool restore(struct actor *actor, struct encoded saved) {
    (void)actor;
    (void)saved;
    return true;
}

static const struct actor_kind relay_kind = {
    .name = "relay",
    .number = RELAY_KIND,
    .size = sizeof(struct relay),
    .rules = rules,
    .start = start,
    .decode = decode,
    .command_id = command_id,
    .handle = handle,
    .apply = apply,
    .save = save,
    .restore = restore,
};

static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t host_now(struct host *host) {
    (void)host;
    return monotonic_us();
}

static uint64_t host_random(struct host *host) {
    (void)host;
    return 42;
}

static void host_load(struct host *host, struct activation *activation) {
    (void)host;
    runtime_loaded(activation, LOAD_ABSENT);
}

static void host_append(struct host *host, const struct append *append) {
    (void)host;
    runtime_appended(append->activation, APPEND_COMMITTED);
}

static void host_publish(struct host *host, struct activation *activation,
                         const struct event_header *header, uint8_t audiences, struct bytes fields,
                         const uint64_t previous[AUDIENCE_COUNT]) {
    (void)host;
    (void)activation;
    (void)header;
    (void)audiences;
    (void)fields;
    (void)previous;
}

static void host_drop(struct host *host, struct activation *activation) {
    (void)host;
    (void)activation;
}

static struct host host = {.now = host_now,
                           .random = host_random,
                           .load = host_load,
                           .append = host_append,
                           .publish = host_publish,
                           .drop = host_drop};

static struct runtime *with_actors(uint32_t count) {
    static const struct actor_kind *const kinds[] = {&relay_kind};
    struct runtime *runtime = runtime_create(&host, kinds, 1);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = (struct uuid){
            {[12] = 1, [13] = (uint8_t)(i >> 16), [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}};
        runtime_activate(runtime, RELAY_KIND, ids[i]);
    }
    return runtime;
}

static double actor_messages_a_second(void) {
    struct runtime *runtime = with_actors(ACTORS);
    struct arena arena;
    arena_init(&arena, 1024);
    messages_left = messages_a_round;
    for (uint32_t i = 0; i < TOKENS; i++) {
        arena_reset(&arena);
        runtime_deliver(runtime, RELAY_KIND, ids[i % ACTORS], hop_encode(&arena, 0),
                        (struct uuid){{0}}, (struct uuid){{0}});
    }
    int64_t begin = cpu_ns();
    while (runtime_run(runtime, INT64_MAX)) {
    }
    double seconds = (double)(cpu_ns() - begin) / 1e9;
    struct runtime_counts counts;
    runtime_count(runtime, &counts);
    assert(counts.messages == messages_a_round + TOKENS && counts.dropped == 0);
    runtime_destroy(runtime);
    arena_finish(&arena);
    return (double)counts.messages / seconds;
}

/* The floor: queues and a function call, 64-byte messages, no encoding, bounds, policy or counters.
 */
struct bare_message {
    struct bare_message *next;
    uint32_t left;
    uint8_t rest[48];
};
struct bare_actor {
    struct bare_message *first, *last;
    struct bare_actor *next;
    uint64_t random;
    bool queued;
};
static struct bare_actor *bare_first, *bare_last;

static void bare_push(struct bare_actor *to, struct bare_message *message) {
    message->next = NULL;
    if (to->last == NULL) {
        to->first = message;
    } else {
        to->last->next = message;
    }
    to->last = message;
    if (!to->queued) {
        to->queued = true;
        to->next = NULL;
        if (bare_last == NULL) {
            bare_first = to;
        } else {
            bare_last->next = to;
        }
        bare_last = to;
    }
}

static double bare_messages_a_second(void) {
    struct bare_actor *actors = calloc(ACTORS, sizeof *actors);
    struct bare_message *messages = calloc(TOKENS, sizeof *messages);
    assert(actors != NULL && messages != NULL);
    uint32_t left = messages_a_round;
    uint32_t done = 0;
    for (uint32_t i = 0; i < TOKENS; i++) {
        actors[i % ACTORS].random = i;
        bare_push(&actors[i % ACTORS], &messages[i]);
    }
    int64_t begin = cpu_ns();
    while (bare_first != NULL) {
        struct bare_actor *actor = bare_first;
        bare_first = actor->next;
        if (bare_first == NULL) {
            bare_last = NULL;
        }
        actor->queued = false;
        while (actor->first != NULL) {
            struct bare_message *message = actor->first;
            actor->first = message->next;
            if (actor->first == NULL) {
                actor->last = NULL;
            }
            done++;
            if (left > 0) {
                left--;
                message->left++;
                bare_push(&actors[next_random(&actor->random) % ACTORS], message);
            }
        }
    }
    double seconds = (double)(cpu_ns() - begin) / 1e9;
    free(actors);
    free(messages);
    return done / seconds;
}

static size_t allocated(void) {
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Bytes of one idle actor that has committed `commands` commands, without its own struct. */
static double idle_bytes(uint32_t commands) {
    struct runtime *runtime = with_actors(0);
    size_t before = allocated();
    for (uint32_t i = 0; i < IDLE_ACTORS; i++) {
        ids[i] = (struct uuid){
            {[12] = 2, [13] = (uint8_t)(i >> 16), [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}};
        runtime_activate(runtime, RELAY_KIND, ids[i]);
        for (uint32_t j = 0; j < commands; j++) {
            static const uint8_t nothing[] = {0x90};
            struct encoded note = {NOTE, {sizeof nothing, nothing}};
            runtime_deliver(runtime, RELAY_KIND, ids[i], note, (struct uuid){{0}},
                            (struct uuid){{0}});
            while (runtime_run(runtime, INT64_MAX)) {
            }
        }
    }
    double bytes = (double)(allocated() - before) / IDLE_ACTORS - sizeof(struct relay);
    runtime_destroy(runtime);
    return bytes;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    unsigned rounds = figure_runs(ROUNDS);
    double values[ROUNDS], bare[ROUNDS];
    for (unsigned i = 0; i < rounds; i++) {
        values[i] = actor_messages_a_second();
        bare[i] = bare_messages_a_second();
    }
    figure_print(&(struct figure){
        .name = "actor messages, same loop, metrics on",
        .unit = "messages/s",
        .value = median(values, rounds),
        .reference = "bare queues: no encoding, bounds, policy or counters",
        .reference_value = median(bare, rounds),
        .kind = BAR_AT_LEAST,
        .bar = 10e6,
        .runs = rounds,
        .circumstances =
            "per CPU second; 1000 actors and messages under way, random targets, msgpack",
    });
    figure_print(&(struct figure){
        .name = "idle actor beside its domain state",
        .unit = "bytes",
        .value = idle_bytes(IDLE_COMMANDS),
        .kind = BAR_AT_MOST,
        .bar = 1024,
        .runs = 1,
        .circumstances = "after 4 commands, by malloc's own account",
    });
    figure_print(&(struct figure){
        .name = "actor with 64 command ids remembered, beside its domain state",
        .unit = "bytes",
        .value = idle_bytes(RUNTIME_RECENT_COMMANDS),
        .runs = 1,
        .circumstances = "24 bytes an id: what answers a retry without asking the database",
    });
    return 0;
}
