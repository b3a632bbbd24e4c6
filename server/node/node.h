/*
 * A node without its sockets and disks: runtime, store and sessions put together. The gateway and
 * the simulator drive it: connections in, frames out, time as a parameter. It owns sessions, their
 * channels, the gate, the outboxes, resume and the ephemeral ticks.
 *
 * A session lives from node_session_open to node_session_closed. Frames out are shared: one buffer,
 * many receivers, never changed after it was made, with space in front for the WebSocket header.
 */
#ifndef CONSILIUM_NODE_H
#define CONSILIUM_NODE_H

#include "actors/runtime/runtime.h"
#include "server/store/store.h"

enum {
    NODE_SESSIONS_MAX = 20000,
    SESSION_CHANNELS_MAX = 256,
    FRAME_IN_MAX = 64 * 1024,
    FRAME_OUT_MAX = 16 * 1024 * 1024, /* a snapshot */
    FRAME_HEADROOM = 16,              /* LWS_PRE */
    SESSION_LANE_MAX = 1024 * 1024,   /* bytes waiting before a session is cut as too slow */
    SESSION_LANE_HIGH = 256 * 1024,   /* bytes waiting before ephemera stop */
    HEARTBEAT_MS = 10000,
    ACTED_US = 10 * 1000 * 1000,
    ARMED_MAX = 1024, /* proofs that wait for their signature; they live for a minute */
};

/* Close codes: 3000-3499 and 4000-4499 invite a reconnect, 4500-4999 are final. */
enum close_code {
    CLOSE_DRAINING = 4000,
    CLOSE_SLOW = 4001,
    CLOSE_HEARTBEAT = 4002,
    CLOSE_OVERLOADED = 4003,
    CLOSE_MOVED = 4004,
    CLOSE_PROTOCOL = 4500, /* malformed, unexpected, over a bound */
    CLOSE_TOO_OLD = 4501,  /* protocol revision: reload the page */
    CLOSE_SIGNED_OUT = 4502,
    CLOSE_TOO_FAST = 4503,
};

struct node;

struct shared_frame {
    uint32_t references;
    uint32_t length;
    uint8_t bytes[]; /* FRAME_HEADROOM bytes, then the frame */
};
struct shared_frame *shared_frame_ref(struct shared_frame *frame);
void shared_frame_unref(struct shared_frame *frame); /* NULL is fine */
static inline uint8_t *shared_frame_payload(struct shared_frame *frame) {
    return frame->bytes + FRAME_HEADROOM;
}

enum send_result {
    SEND_DONE,    /* gone to the socket */
    SEND_BLOCKED, /* taken, but the socket is full: no more until node_session_writable */
    SEND_CLOSED,
};

/* What the node asks of connections. */
struct transport {
    enum send_result (*send)(struct transport *transport, void *connection,
                             struct shared_frame *frame); /* borrows */
    void (*close)(struct transport *transport, void *connection, enum close_code code);
    /* Stop reading from this peer (its actor's mailbox is filling up), and go on. */
    void (*pause)(struct transport *transport, void *connection, bool paused);
};

/* Somebody opens a case, or was refused. */
struct looking {
    struct uuid user, patient_case;
    uint64_t sign_in;
    uint8_t address[16];
    bool refused;
    bool emergency; /* by broken glass */
};
/* The record of who looked, which must know before anything is shown. */
struct witness {
    /* Until when it covers this looking; 0 = it does not. */
    int64_t (*knows)(struct witness *witness, const struct looking *looking);
    /* `done` may come at once; false = it cannot be known soon, so nothing may be shown. NULL =
     * nobody waits for it. */
    void (*tell)(struct witness *witness, const struct looking *looking,
                 void (*done)(void *data, bool known), void *data);
};

/* Who belongs to which organisation as what, in memory. */
struct affiliations {
    /* Roles of `user` towards what `organisation` owns, from memberships there and above; zero =
     * the tenant's root, NULL = of all memberships together. ret_until (NULL = not asked): when it
     * may be less, 0 = not by itself. */
    uint16_t (*rights)(struct affiliations *affiliations, struct uuid user,
                       const struct uuid *organisation, int64_t *ret_until);
    /* Who belongs to it and those under it, and to nothing else; NULL where nobody asks. */
    void (*people)(struct affiliations *affiliations, struct uuid organisation,
                   void (*each)(void *data, struct uuid person), void *data);
    /* It and those under it, without the tenant's root; NULL where nobody asks. */
    void (*organisations)(struct affiliations *affiliations, struct uuid organisation,
                          void (*each)(void *data, struct uuid organisation), void *data);
    /* Who has a role there: fills at most `max`, gives how many. NULL = nobody is looked for. */
    uint32_t (*holders)(struct affiliations *affiliations, enum role role, struct uuid organisation,
                        struct uuid *ret, uint32_t max);
};

/* A stream that is put aside. */
enum quarantined {
    QUARANTINED_NOT,
    QUARANTINED_READ,   /* its actor is read, to know who may hear that it is, and has no turn */
    QUARANTINED_UNREAD, /* reading it is what the process died of */
};

struct node_config {
    struct host_clock *clock; /* borrows, as all here */
    struct store *store;
    struct transport *transport;
    struct affiliations *affiliations; /* NULL = nobody belongs anywhere */
    struct witness *witness;           /* NULL = nobody asks who looked */
    uint16_t node_number;
    const struct actor_kind *const *kinds; /* NULL: all there are */
    size_t kind_count;
    struct crash_marker *crash_marker; /* survives a crash of the process; NULL = none */
    enum quarantined (*quarantined)(void *data, struct uuid stream); /* NULL = nothing is */
    /* A case whose erasure was ordered, and is carried out or was. NULL = none is. */
    bool (*is_erased)(void *data, struct uuid patient_case);
    /* One was ordered just now: its channels are closed. May be NULL. */
    void (*erasure_ordered)(void *data, struct uuid patient_case);
    /* Tells how far the frame with this number (from 1) has come on its way (README.md, "The life
     * of a message"), and what that hop has to say. NULL = nobody wants to know. */
    void (*trace)(void *data, unsigned hop, uint64_t frame, const char *what, uint64_t value);
    /* The person behind a sign-in did something; at most once in ACTED_US for each session. NULL =
     * nobody wants to know. */
    void (*acted)(void *data, uint64_t sign_in);
    void *data;
};

struct node *node_create(const struct node_config *config);
void node_destroy(struct node *node);

/* Who is at the other end; name is copied. */
struct session_identity {
    struct uuid user;
    struct text name;
    uint64_t sign_in;
    uint8_t address[16]; /* as peer_address */
};
/* Slot number + 1, or 0 when full. */
uint32_t node_session_open(struct node *node, void *connection, const struct session_identity *who);
void node_session_frame(struct node *node, uint32_t session, struct bytes frame);
void node_session_writable(struct node *node, uint32_t session);
void node_session_closed(struct node *node, uint32_t session);
/* Somebody proved that it is they: until then the next message of this sign-in whose rule says
 * `proved` carries the factor, and none after it. A second proof takes the place of the first.
 * factor is of enum proof_factor. */
void node_arm_signature(struct node *node, uint64_t sign_in, struct uuid board, uint8_t factor,
                        int64_t until);
/* Sign-out or a revoked sign-in: closes its sessions, and no proof is left. */
void node_end_sign_in(struct node *node, uint64_t sign_in);

/* Runs what is due and gives turns; returns when to be called again (microseconds since 1970). The
 * loop's share of busy time, 0 to 1, steers the tick: 4 ms under one half, 16.7 ms above, 33 ms
 * when overloaded. */
int64_t node_tick(struct node *node, int64_t now, double busy);

/* For HTTP: the grant of a user on an actor, loaded if need be; answer may come at once. audiences
 * 0 = none. */
void node_ask_grant(struct node *node, uint8_t kind, struct uuid id, struct uuid user,
                    void (*answer)(void *data, struct grant grant), void *data);
/* What an actor that is in memory shows these audiences, in the arena; no bytes = it is not. For
 * the answer of node_ask_grant, which brings it there. */
struct encoded node_show(struct node *node, uint8_t kind, struct uuid id, uint8_t audiences,
                         struct arena *arena);
/* All its events so far, in order; done(false) = not all of them, the database is away. Nothing is
 * called inside the call, and everything until done. */
struct node_reading {
    void (*event)(void *data, const struct event_header *header, struct bytes fields);
    void (*done)(void *data, bool whole);
    void *data;
};
void node_read_events(struct node *node, uint8_t kind, struct uuid id,
                      const struct node_reading *reading);
/* Their affiliations changed: open channels follow at once. */
void node_recheck(struct node *node, struct uuid user);
/* A command by the server itself (imaging, identity), as Role system. done may be NULL. */
void node_command(struct node *node, uint8_t kind, struct uuid id, struct uuid by,
                  struct encoded command,
                  void (*done)(void *data, bool accepted, enum refusal why, uint64_t version),
                  void *data);
/* A signal by the server itself, as Role system, for an actor that is in memory: one that is not
 * has nobody to tell. False = its mailbox is full. */
bool node_tell(struct node *node, uint8_t kind, struct uuid id, struct encoded signal);
/* Called whenever a user's grant on a case ends or shrinks. */
void node_on_revoked(struct node *node,
                     void (*revoked)(void *data, uint8_t kind, struct uuid id, struct uuid user),
                     void *data);

/* Called whenever somebody decided of images that are held in a case. */
void node_on_held_decided(struct node *node, void (*decided)(void *data, struct uuid patient_case),
                          void *data);

/* Tells everybody to come back at a time of its own within `spread_ms`, then closes. */
void node_drain(struct node *node, uint32_t spread_ms);

struct node_counts {
    uint64_t sessions, channels, frames_in, frames_out, bytes_out, refused, cut_slow, cut_heartbeat;
    /* resumed_anew: asked with a version, answered with a snapshot. */
    uint64_t resumed, resumed_anew, snapshots, events_resumed, ephemera_frames, ephemera_encoded,
        lane_bytes;
    uint32_t tick_us;
};
void node_count(const struct node *node, struct node_counts *ret);
void node_count_runtime(const struct node *node, struct runtime_counts *ret);

#endif
