/*
 * A host for the actor runtime that keeps the record in memory: streams, pending messages and
 * snapshots, with a hand on every answer. Tests set how the next append or load goes, run it, and
 * look at what was answered, published and lost. Lives from fake_host_start to fake_host_stop.
 */
#ifndef CONSILIUM_SUPPORT_RUNTIME_H
#define CONSILIUM_SUPPORT_RUNTIME_H

#include "actors/runtime/runtime.h"

enum { FAKE_STREAMS_MAX = 256, FAKE_NOTES_MAX = 4096 };

struct fake_event {
    struct event_header header;
    struct uuid command_id;
    struct bytes fields; /* owned */
};

struct fake_stream {
    uint8_t kind;
    struct uuid id;
    struct fake_event *events;
    uint32_t count;
    bool has_snapshot;
    struct saved_actor snapshot; /* its state and parts are owned */
};

struct fake_pending {
    uint8_t kind;
    struct uuid target;
    struct uuid command_id;
    struct encoded command; /* owned */
    int64_t due_at;
    bool delivered;
};

/* One thing the runtime asked for, in the order it did. */
struct fake_note {
    enum {
        NOTE_ANSWER,
        NOTE_PUBLISH,
        NOTE_EPHEMERA,
        NOTE_LOST,
        NOTE_DROP,
        NOTE_REBUILT,
        NOTE_SETTLE,
        NOTE_SAVE,
        NOTE_FORWARD,
    } what;
    struct uuid actor;
    uint32_t slot; /* of the session answered */
    uint32_t seq;
    uint8_t tag;
    uint64_t version; /* accepted or published */
    uint64_t previous[AUDIENCE_COUNT];
    uint8_t audiences;
    enum refusal refusal;
    struct refused refused;
    enum load_result why;
    struct uuid command_id;
};

struct fake_host {
    struct host host;
    /* What users' memberships give; NULL = nothing. */
    uint16_t (*rights)(struct fake_host *fake, struct uuid user, const struct uuid *organisation);
    uint32_t (*holders)(struct fake_host *fake, enum role role, struct uuid organisation,
                        struct uuid *ret, uint32_t max); /* NULL = nobody */
    struct runtime *runtime;
    int64_t now;
    uint64_t random;
    struct fake_stream streams[FAKE_STREAMS_MAX];
    uint32_t stream_count;
    struct fake_pending *pending;
    uint32_t pending_count;
    struct fake_note notes[FAKE_NOTES_MAX];
    uint32_t note_count;
    /* How the world is just now. */
    bool appends_wait; /* until fake_host_commit or fake_host_fail */
    bool loads_wait;   /* until fake_host_load_now */
    bool database_away;
    bool forwards_deliver;        /* this node owns everything */
    uint32_t held_kinds;          /* bits: durable messages to actors of these stay pending */
    enum load_result load_result; /* LOAD_FOUND = as the streams say; else said in the end */
    const struct append *waiting_append;
    struct activation *waiting_load;
    uint32_t loads;
    /* Sees each published event at the moment of sending. NULL = nobody looks. */
    void (*on_publish)(struct fake_host *fake, struct activation *activation,
                       const struct event_header *header, uint8_t audiences, struct bytes fields);
    void *data;
};

void fake_host_start(struct fake_host *fake, const struct actor_kind *const *kinds, size_t count);
void fake_host_stop(struct fake_host *fake);
/* Forgets memory, keeps the record: what a crash of the process does. */
void fake_host_crash(struct fake_host *fake, const struct actor_kind *const *kinds, size_t count);
/* Runs until nothing is left to do now, pending messages and due timers included. */
void fake_host_run(struct fake_host *fake);
/* Lets time pass, timers included. */
void fake_host_pass(struct fake_host *fake, int64_t microseconds);
/* Ends the append that waits: commits it to the record, or answers otherwise and leaves the record
 * alone. */
void fake_host_commit(struct fake_host *fake);
void fake_host_answer_append(struct fake_host *fake, enum append_result result);
/* Writes to the record without telling the runtime, as a commit with a lost answer does. */
void fake_host_record(struct fake_host *fake);
void fake_host_load_now(struct fake_host *fake);
/* Takes the messages out of the record that are held. */
void fake_host_forget_held(struct fake_host *fake);

struct fake_stream *fake_host_stream(struct fake_host *fake, uint8_t kind, struct uuid id);
/* The n-th note of a sort (0 first), or NULL. */
const struct fake_note *fake_host_note(const struct fake_host *fake, int what, uint32_t n);
uint32_t fake_host_count(const struct fake_host *fake, int what);
/* The last answer to a session, or NULL. */
const struct fake_note *fake_host_answer(const struct fake_host *fake, uint32_t slot);
void fake_host_forget_notes(struct fake_host *fake);

/* An id that is easy to read in a failure. */
struct uuid uuid_of(uint32_t number);

#endif
