/*
 * One actor in memory, and the runtime around it, as the files of this folder share them. Nothing
 * else includes this.
 *
 * An activation lives from its first runtime_activate until it is passivated, lost or dropped; it
 * is freed only once the host neither holds it nor owes it an answer.
 */
#ifndef CONSILIUM_ACTIVATION_H
#define CONSILIUM_ACTIVATION_H

#include "actors/runtime/directory.h"
#include "actors/runtime/mailbox.h"
#include "actors/runtime/recent_commands.h"
#include "actors/runtime/timers.h"

#include <setjmp.h>

enum activation_phase {
    PHASE_LOADING,     /* no state yet, or anew after a failed check; ends with runtime_loaded */
    PHASE_READY,       /* gives every message its turn; ends with an append, a failure or the end */
    PHASE_APPENDING,   /* one command's effects are with the store; ends with runtime_appended */
    PHASE_CATCHING_UP, /* an append did not succeed: the state is committed but may be old; ends
                          with runtime_loaded */
    PHASE_QUARANTINED, /* refuses everything until the process ends or the shard moves */
    PHASE_GONE,        /* out of the directory; ends when nobody needs the memory */
};

struct activation {
    /* What every message touches, side by side: half as many cache lines as if each field lay with
     * its like. */
    struct uuid id;                /* given */
    const struct actor_kind *kind; /* given */
    struct runtime *runtime;       /* given */
    struct actor *actor;           /* owned; NULL until the first load has begun */
    struct mailbox mailbox;        /* owned */
    struct activation *next_run;
    struct activation *muted_by; /* its mailbox is over half full because of us */
    struct activation *muted;    /* senders that wait for us to drain */
    uint64_t version;
    int64_t last_at;     /* of the last event */
    int64_t last_now;    /* of the last turn */
    int64_t active_at;   /* when a message last came */
    uint8_t kind_number; /* given */
    enum activation_phase phase;
    bool queued;         /* in the run queue */
    bool rebuild_wanted; /* a check failed while an append was in flight */
    /* Owned */
    struct arena state;
    struct recent_commands recent;
    struct attach_request *attaching; /* waiting for the load, first to last */
    struct attachment *attached;
    struct turn_frame *in_flight; /* its effects are with the store */
    struct letter *held;          /* its append has an unknown outcome */
    void *attic;                  /* the host's */
    /* Derived */
    uint32_t attached_count;
    uint32_t attached_capacity;
    uint32_t holds;
    uint64_t published; /* the last version that subscribers were given */
    uint64_t saved;     /* the version of the last snapshot */
    uint64_t audience_versions[AUDIENCE_COUNT];
    int64_t failed_at;    /* first failure of the present window */
    int64_t retry_us;     /* until the next attempt to load; 0 = none is waiting */
    size_t state_compact; /* bytes of state when it was made last: a multiple is mostly garbage */
    struct activation *next_muted;
    struct activation *next_unused;
    uint8_t failures;
    bool unused;         /* in the list of those that nobody may want */
    bool awaiting_load;  /* the host owes runtime_loaded */
    bool awaiting_store; /* the host owes runtime_appended */
    bool database_away;  /* the last attempt to catch up could not reach the database */
    bool rebuilding;     /* LOADING after a failed check, with sessions attached */
    bool lacks;          /* an event that sessions did not hear of says nothing any more */
    bool publishing;     /* the state may be read although it is still loading */
};

/* One turn and what it made; kept while its append is in flight. */
struct turn_frame {
    struct turn_frame *next;
    struct runtime *runtime;
    struct turn turn;
    struct arena arena;
    struct letter *letter; /* owned; NULL for attach and detach */
    struct append append;
};

struct runtime {
    /* Given */
    struct host *host;
    const struct actor_kind *kinds[UINT8_MAX + 1];
    struct crash_marker *marker;
    /* Owned */
    struct directory directory;
    struct timers timers;
    struct letter_pool letters;
    struct turn_frame *frames; /* not in use */
    struct arena **arenas;     /* not in use */
    size_t arena_count;
    struct crash_marker own_marker;
    struct activation *gone; /* not freed yet, by next_run */
    struct activation *unused;
    /* Derived */
    struct activation *run_first;
    struct activation *run_last;
    jmp_buf *guard;             /* where turn_check goes; NULL outside of handlers */
    struct turn_frame *current; /* whose handler is on the stack */
    struct activation *running; /* whose batch it is */
    bool reap;                  /* some of `gone` can be freed */
    int64_t now;
    uint32_t messages_since_now;
    int64_t sweep_at; /* when idle actors are looked for again */
    size_t sweep_hand;
    uint64_t random_state;
    struct runtime_counts counts;
};

/* activation.c: beginning and end */
struct activation *activation_create(struct runtime *runtime, const struct actor_kind *kind,
                                     struct uuid id);
void activation_request_load(struct activation *activation);
/* Gives up the state and starts an empty one. */
void activation_restart(struct activation *activation);
void activation_passivate(struct activation *activation);
/* Lets go of what the state arena lost to replaced values, once that is most of it. */
void activation_compact(struct activation *activation);
/* No such stream: it leaves memory in the next run unless somebody wants something of it by then.
 */
void activation_look_for_use(struct activation *activation);
void activation_leave_unused(struct runtime *runtime);
/* Answers everything that waits, tells the host and leaves the directory. */
void activation_lose(struct activation *activation, enum load_result why);
void activation_free(struct activation *activation);
bool activation_is_needed(const struct activation *activation);
/* Has it freed in the next run if it is gone and nobody needs it any more: never from under a
 * caller. */
void activation_settle_end(struct activation *activation);
void activation_enqueue(struct activation *activation);
void activation_mute(struct activation *sender, struct activation *target);
void activation_unmute_senders(struct activation *target);
bool activation_is_idle(const struct activation *activation);
static inline bool activation_is_live(const struct activation *activation) {
    return activation->phase == PHASE_READY || activation->phase == PHASE_APPENDING ||
           activation->phase == PHASE_CATCHING_UP;
}

/* attendance.c: sessions come and go */
void attendance_serve(struct activation *activation);
void attendance_refuse(struct activation *activation, enum load_result why);
void attendance_renew(struct activation *activation);
struct attachment *attendance_find(struct activation *activation, struct session_number session);

/* turn.c: one message's turn */
struct turn_frame *turn_begin(struct activation *activation, const struct sender *sender,
                              struct uuid command_id);
void turn_end(struct turn_frame *frame);
/* Gives messages their turns until the batch is over. */
void turn_batch(struct activation *activation, int64_t until);
/* A check failed in the turn that was being given. */
void turn_failed(struct runtime *runtime);
/* Volatile messages and timers, and the ephemeral tick. */
void turn_carry_out(struct activation *activation, struct turn_frame *frame);
void turn_conclude_without_events(struct activation *activation, struct turn_frame *frame);

/* commit.c */
void commit_begin(struct activation *activation, struct turn_frame *frame);
/* Asks the record whether a command without events is an old one said again. */
void commit_recall(struct activation *activation, struct turn_frame *frame);
void commit_publish(struct activation *activation, const struct event_header *header,
                    struct bytes fields);
/* loading.c: an actor's committed state as it is saved, whole and by parts. False = unreadable, or
 * too large. */
bool saved_take(const struct actor *actor, struct arena *arena, struct saved_actor *ret_saved);
bool saved_restore(struct actor *actor, const struct saved_actor *saved);

bool commit_apply(struct activation *activation, const struct event_header *header,
                  struct bytes fields, struct arena *arena);

/* answers.c */
void answer_encoded(struct activation *activation, const struct letter *letter,
                    struct encoded reply);
void answer_accepted(struct activation *activation, const struct letter *letter, uint64_t version);
void answer_refused(struct activation *activation, const struct letter *letter,
                    const struct refused *refused);
/* Refuses unless it came out of the record: those stay there and come again. */
void answer_turned_away(struct activation *activation, struct letter *letter, enum refusal reason);
void letter_free(struct runtime *runtime, struct letter *letter);
bool letter_is_of_session(const struct letter *letter);

/* supervisor.c */
void supervisor_failed(struct activation *activation, struct letter *letter);
void supervisor_rebuild(struct activation *activation);

/* delivery.c */
enum push_result delivery_push(struct activation *activation, struct letter *letter, bool command);
void delivery_send(struct activation *from, const struct effect_message *message);

/* runtime.c */
int64_t runtime_now(struct runtime *runtime);
/* The same, but asks the host only every few messages: reading the clock costs as much as a small
 * turn. */
int64_t runtime_now_after_a_message(struct runtime *runtime);
uint64_t runtime_random(struct runtime *runtime);
void runtime_give_arena(struct runtime *runtime, struct arena *arena);

#endif
