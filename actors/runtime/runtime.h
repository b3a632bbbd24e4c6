/*
 * The machine that runs actors: finds or starts the one for an id, queues its messages, gives it
 * turns, carries out effects through a host, supervises. It knows no tumor board, no socket and no
 * SQL; the host (server/node, or a test) supplies the world. Single-threaded: everything happens on
 * the caller's loop.
 *
 * Bounds: RUNTIME_MAILBOX_MAX messages wait per actor; a turn batch is at most 100 messages or 1
 * ms; a sender whose target is full is muted (runtime_push says so) or told busy.
 */
#ifndef CONSILIUM_RUNTIME_H
#define CONSILIUM_RUNTIME_H

#include "actors/runtime/actor.h"

enum {
    RUNTIME_MAILBOX_MAX = 256,
    RUNTIME_RECENT_COMMANDS = 64,
    RUNTIME_BATCH_MAX = 100,      /* messages of one actor before the next one's turn */
    RUNTIME_BATCH_US = 1000,      /* or this long */
    RUNTIME_TIMERS_MAX = 262144,  /* volatile timers of all actors; more are dropped */
    RUNTIME_SNAPSHOT_EVERY = 256, /* events between two wishes for a snapshot */
    RUNTIME_FAILURES_MAX = 3,     /* failed checks of one actor within the window: quarantine */
};
#define RUNTIME_FAILURE_WINDOW_US (60 * INT64_C(1000000))
#define RUNTIME_IDLE_US                                                                            \
    (300 * INT64_C(1000000)) /* without a message, a session or a hold: passivated */
#define RUNTIME_RETRY_FIRST_US                                                                     \
    (INT64_C(250000)) /* between attempts to load while the database is away */
#define RUNTIME_RETRY_LAST_US (INT64_C(2000000))
#define RUNTIME_ALL_SHARDS UINT16_MAX

struct runtime;
struct activation; /* one actor in memory, or on its way */

enum load_result {
    LOAD_FOUND,
    LOAD_ABSENT,        /* no such stream: version 0 */
    LOAD_UNAVAILABLE,   /* the database is away */
    LOAD_NEWER_VERSION, /* an event or snapshot this program cannot read */
    LOAD_NOT_OWNED,     /* its shard belongs to another node */
    LOAD_QUARANTINED,
    LOAD_OTHER_KIND, /* the stream is of another kind of actor: to whoever asks there is none */
};

enum append_result {
    APPEND_COMMITTED,
    APPEND_UNAVAILABLE, /* database away or outcome unknown: reload before going on */
    APPEND_FENCED,      /* this node is no longer the owner */
    APPEND_CONFLICT,    /* the stream moved under us: reload */
    APPEND_TAKEN,       /* a list row's key is another actor's: reload, then refuse as conflict */
    APPEND_DUPLICATE,   /* the command id is already in the record: reload, then answer from it */
};

/* One command's durable effects on their way to the store. Borrowed until append_done. */
struct append {
    struct activation *activation;
    uint64_t first_version; /* events get first_version, +1, ... */
    int64_t at;
    struct uuid by; /* zero = the system */
    struct uuid command_id;
    const struct effects *effects;
    struct uuid about; /* of all its events; zero = nothing but the stream itself */
    /* The pending row that caused this turn, removed in the same transaction; zero = none. */
    struct uuid settles;
    uint64_t trace; /* of the message that caused this turn; 0 = none */
};

/*
 * What the runtime asks of the world. All are non-blocking; answers come by the runtime_... calls
 * below, at once or later.
 *
 * After a commit all events are applied first, then the sender is answered, then each event is
 * published in order. The host asks kind->grant for each recipient when it publishes, not before:
 * the state then holds the whole command, so that who is revoked by it receives neither the
 * revoking event nor anything after it, and who is admitted by it gets a snapshot.
 *
 * Durable messages and timers are not delivered by the runtime: the host brings them from the
 * record by runtime_deliver when they are due, which is the same path after a crash as before it.
 */
struct host {
    int64_t (*now)(struct host *host); /* microseconds since 1970 */
    uint64_t (*random)(struct host *host);
    void (*load)(struct host *host, struct activation *activation);
    void (*append)(struct host *host, const struct append *append);
    /* Removes a pending row whose message was refused or was a duplicate. */
    void (*settle)(struct host *host, struct activation *activation, struct uuid command_id);
    void (*save)(struct host *host, struct activation *activation); /* snapshot now would be good */
    /* The answer to a session's command or request. */
    void (*answer)(struct host *host, struct activation *activation, struct session_number session,
                   uint16_t channel, uint32_t seq, struct encoded reply);
    /* A committed event, applied already; previous[a] = the last version audience a saw before it.
     */
    void (*publish)(struct host *host, struct activation *activation,
                    const struct event_header *header, uint8_t audiences, struct bytes fields,
                    const uint64_t previous[AUDIENCE_COUNT]);
    void (*ephemera)(struct host *host, struct activation *activation); /* wants a tick */
    /* A volatile message for an actor that is not in memory here: for runtime_deliver if this node
     * owns it, for the bus otherwise. command_id is zero. Borrowed for the call. */
    void (*forward)(struct host *host, const struct effect_message *message,
                    struct uuid command_id);
    void (*lost)(struct host *host, struct activation *activation, enum load_result why);
    /* It is about to be freed (passivated, lost or dropped): the host lets go of its attic. */
    void (*drop)(struct host *host, struct activation *activation);
    /* The actor was rebuilt from the record after a failed check: ephemeral state began anew, its
     * ticks too, so every subscriber needs a snapshot. Sessions stay attached. NULL is fine. */
    void (*rebuilt)(struct host *host, struct activation *activation);
    /* What the user's memberships give towards what an organisation owns (zero = the tenant's
     * root); NULL = anywhere. ret_until: when it may be less, 0 = not by itself. NULL function:
     * nobody belongs to any. */
    uint16_t (*rights)(struct host *host, struct uuid user, const struct uuid *organisation,
                       int64_t *ret_until);
    /* Who holds a role towards what an organisation owns: fills at most `max`, gives how many. NULL
     * function: nobody. */
    uint32_t (*holders)(struct host *host, enum role role, struct uuid organisation,
                        struct uuid *ret, uint32_t max);
    /* Was this command committed long ago? Answered by runtime_recalled. NULL = nobody can tell. */
    void (*recall)(struct host *host, struct activation *activation, struct uuid command_id);
};

/*
 * What was being decided when the process died. The host may lay it in a page of a shared file
 * mapping: it then survives a crash of the process, and the next start counts a crash of
 * `command_id` on `stream`. After three of one command the host answers load with LOAD_QUARANTINED.
 * What was read before that answer says who may hear of it.
 */
struct crash_marker {
    struct uuid stream;
    struct uuid command_id;
    uint8_t kind;
    uint8_t tag;
    uint8_t active; /* 1 while a handler or apply runs */
};

struct runtime *runtime_create(struct host *host, const struct actor_kind *const *kinds,
                               size_t count);
void runtime_destroy(struct runtime *runtime); /* NULL is fine */
void runtime_mark_crashes_in(struct runtime *runtime, struct crash_marker *marker); /* borrows */

/* Finds or starts the activation of an id (never NULL; it may still be loading). */
struct activation *runtime_activate(struct runtime *runtime, uint8_t kind, struct uuid id);
struct activation *runtime_find(struct runtime *runtime, struct uuid id); /* NULL = not in memory */

/* An empty arena for the message of one runtime_push, which takes it back in every case. */
struct arena *runtime_arena(struct runtime *runtime);

/*
 * One upward message of a session or an actor, decoded. `arena` is of runtime_arena (or malloc and
 * arena_init); it is taken whatever push answers. A session's roles are asked of kind->grant again
 * when the message's turn comes: what was revoked meanwhile is refused.
 */
struct incoming {
    uint8_t tag;
    const void *message;
    struct arena *arena;
    struct sender sender;
    uint16_t channel;
    uint32_t seq;
    struct uuid settles; /* pending row it came from; zero = none */
    uint64_t trace;      /* the host's number for it, handed on to its append */
};
enum push_result { PUSH_TAKEN, PUSH_TAKEN_MUTE_SENDER, PUSH_FULL };
enum push_result runtime_push(struct runtime *runtime, struct activation *activation,
                              struct incoming *incoming);

/*
 * A message of another actor, a due timer or a pending row, encoded. `command_id` zero = volatile.
 * One that comes out of the record has its id both here and, to be settled, in `settles`. The
 * fields are copied. False = the mailbox is full or the bytes are no message of this kind: the host
 * brings a durable one again later.
 */
bool runtime_deliver(struct runtime *runtime, uint8_t kind, struct uuid target,
                     struct encoded command, struct uuid command_id, struct uuid settles);

/* What the policy allows this user towards a loaded actor just now. */
struct grant activation_grant(const struct activation *activation, struct uuid user);

/* Sessions come and go; on_attached is called with the outcome once the actor is loaded and the
 * session's grant is known. */
struct attach_request {
    struct activation *activation;
    struct attachment who; /* grant is filled in */
    void (*on_attached)(struct attach_request *request, enum load_result result,
                        uint16_t participant);
    void *data;
    struct attach_request *next; /* the runtime's while it waits */
};
/*
 * Borrows until on_attached, which may be called at once. who.grant.audiences 0 = the user must not
 * know of it: nothing was attached. LOAD_UNAVAILABLE is also the answer over SUBSCRIBERS_MAX. To
 * who must not know of it one that is quarantined or of a newer version is LOAD_ABSENT.
 */
void runtime_attach(struct runtime *runtime, struct attach_request *request);
/* An attach that still waits is given up without on_attached. */
void runtime_detach(struct runtime *runtime, struct activation *activation,
                    struct session_number session);

/*
 * Answers to host->load: events in order; the snapshot first, if there is one; then runtime_loaded.
 * After an append with an unknown outcome the actor stays in memory and catches up: what it knows
 * already is stepped over, so the host may load everything or begin after runtime_load_after.
 * Events that are new to it are published as they are applied. False = unreadable.
 */
uint64_t runtime_load_after(const struct activation *activation);
struct saved_actor {
    uint64_t version;
    uint16_t state_format;
    struct encoded state;
    const struct saved_part *parts;
    uint32_t part_count;
    uint64_t audience_versions[AUDIENCE_COUNT];
    struct uuid recent_commands[RUNTIME_RECENT_COMMANDS];
    uint64_t recent_versions[RUNTIME_RECENT_COMMANDS];
    uint32_t recent_count;
    int64_t last_at;
};
bool runtime_load_snapshot(struct activation *activation, const struct saved_actor *saved);
/* fields.bytes NULL: what it was about is erased, and it is stepped over. */
bool runtime_load_event(struct activation *activation, const struct event_header *header,
                        struct uuid command_id, struct bytes fields);
void runtime_loaded(struct activation *activation, enum load_result result);

/* Answer to host->append. */
void runtime_appended(struct activation *activation, enum append_result result);
/* APPEND_DUPLICATE with the version of the command's last event, where the host has looked it up.
 * Without it a retry older than the last RUNTIME_RECENT_COMMANDS is answered with the version of
 * the whole stream. */
void runtime_appended_before(struct activation *activation, uint64_t version);

/* Answer to host->recall: the version of the command's last event, 0 = it never was. known false =
 * the record could not be asked. */
void runtime_recalled(struct activation *activation, bool known, uint64_t version);

/* For host->save, to be called from inside it: a passivated actor is freed when host->save returns.
 */
void runtime_save(struct activation *activation, struct arena *arena,
                  struct saved_actor *ret_saved);

/* Gives turns until the run queue is empty or `until`; true = there is more to do. */
bool runtime_run(struct runtime *runtime, int64_t until);
/* When runtime_run must be called again for a volatile timer, idle passivation or a deferred retry;
 * 0 = never. */
int64_t runtime_next_timer(const struct runtime *runtime);

/* The node lost a shard (or all): activations in it are dropped, nothing is written any more. */
void runtime_drop_shard(struct runtime *runtime, uint16_t shard);

/* Reading */
struct actor *activation_actor(const struct activation *activation); /* NULL while loading */
bool activation_is_quarantined(const struct activation *activation); /* it never loads again */
uint8_t activation_kind(const struct activation *activation);
struct uuid activation_id(const struct activation *activation);
uint64_t activation_version(const struct activation *activation);
uint64_t activation_audience_version(const struct activation *activation, uint8_t audiences);
size_t activation_waiting(const struct activation *activation); /* messages in the mailbox */
/* One pointer for the host's own bookkeeping (subscribers); owned by the host. */
void **activation_attic(struct activation *activation);
/* The host keeps an activation in memory while it has subscribers. */
void activation_hold(struct activation *activation);
void activation_release(struct activation *activation);

struct runtime_counts {
    uint64_t activations, loading, appending, turns, messages, refused, passivated, reloaded,
        quarantined;
    uint64_t mailbox_peak, dropped, timers, muted;
};
void runtime_count(const struct runtime *runtime, struct runtime_counts *ret);

#endif
