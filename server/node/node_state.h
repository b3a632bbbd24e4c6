/*
 * The parts of a node as its own files see them. Nothing outside server/node includes this.
 *
 * session (one connection) has channels; a channel, once its actor is loaded, subscribes to that
 * actor's hub; the hub hangs on the activation and lives as long as it does.
 */
#ifndef CONSILIUM_NODE_STATE_H
#define CONSILIUM_NODE_STATE_H

#include "protocol/frame.h"
#include "server/gateway/gate.h"
#include "server/gateway/outbox.h"
#include "server/node/node.h"
#include "server/store/uuid_table.h"

/* The slot that stands for the server itself as a sender (node_command). */
#define SLOT_OF_COMMANDS UINT32_MAX

enum channel_state {
    CHANNEL_OPENING,     /* until the actor is loaded and the grant known */
    CHANNEL_CATCHING_UP, /* subscribed; missed events are being read; ends when there are none left
                          */
    CHANNEL_LIVE,        /* gets every event as it is committed; ends with the channel */
};

struct channel {
    /* Given */
    struct session *session;
    uint16_t number;
    uint8_t kind;
    struct uuid id;
    uint32_t opening_seq;
    uint64_t asked_version;
    uint8_t asked_audience;
    /* Owned */
    enum channel_state state;
    struct opening *opening; /* while CHANNEL_OPENING */
    struct catch_up *catch_up;
    /* Derived */
    struct activation *activation; /* held from subscribe to unsubscribe */
    uint32_t place;                /* in the hub's subscribers */
    struct grant grant;
    uint16_t participant;
    uint64_t version;                    /* last version of its audience that was sent */
    uint32_t tick;                       /* last ephemeral tick that was sent */
    int64_t ephemera_at;                 /* when */
    struct looking_again *looking_again; /* the witness is being told once more */
    int64_t looked_until;                /* then it is to be told; 0 = nobody asks who looks */
};

struct session {
    /* Given */
    struct node *node;
    struct session_number number;
    struct uuid user;
    struct text name;
    uint64_t sign_in;
    uint8_t address[16];
    /* Owned */
    struct outbox outbox;
    struct gate gate;
    struct channel **channels;
    uint16_t channel_count;
    uint16_t channel_capacity;
    /* Derived */
    bool greeted; /* Hello was answered */
    uint8_t window;
    bool doomed;  /* will be closed at the end of this tick; gets nothing any more */
    bool closing; /* the transport was told; waits for node_session_closed */
    enum close_code doom;
    int64_t heard_at;
    int64_t acted_at;            /* when that was last said */
    struct activation *muted_by; /* its mailbox was filling up */
    struct session *next_doomed;
};

/* What a node keeps for an actor in memory. */
struct hub {
    struct node *node;
    struct activation *activation;
    struct stream_head head;
    struct uuid appending; /* command id of the append in flight */
    uint64_t traced;       /* number of the frame behind it; 0 = none */
    /* Owned */
    struct channel **subscribers;
    uint32_t count;
    uint32_t capacity;
    struct grant_question *questions; /* HTTP asks while the actor loads */
    struct deferred *deferred;        /* from the record, in the order they came */
    struct deferred *deferred_last;
    /* Derived */
    bool dirty; /* in the node's list of hubs with changed ephemera */
    struct hub *next_dirty;
    struct hub *next_deferring;
    int64_t frame_at; /* when the last ephemeral frames left */
    int64_t patience; /* only slow readers are left, and not before this; 0 = something changed */
};

struct grant_question {
    struct grant_question *next;
    struct uuid user;
    void (*answer)(void *data, struct grant grant);
    void *data;
};

/* A node_command that waits for its answer. */
struct command_waiter {
    struct command_waiter *next;
    uint32_t ticket;
    void (*done)(void *data, bool accepted, enum refusal why, uint64_t version);
    void *data;
};

/* A pending message whose target's mailbox was full, or one that came after such a message. */
struct deferred {
    struct deferred *next;
    struct uuid command_id;
    struct encoded command; /* owned */
};

/* A proof that waits for its signature. */
struct armed {
    uint64_t sign_in;
    struct uuid board;
    int64_t until;
    uint8_t factor;
};

struct node {
    /* Given */
    struct node_config config;
    /* Owned */
    struct host host;
    struct runtime *runtime;
    struct session **slots;
    uint32_t *generations;
    uint32_t slot_count; /* high-water mark */
    struct command_waiter *waiters;
    struct armed armed[ARMED_MAX]; /* the first armed_count of them */
    uint32_t armed_count;
    struct arena scratch; /* of one encoding; reset by whoever takes it */
    /* Derived */
    uint32_t ticket_next;
    uint32_t free_hint;
    struct hub *dirty;
    struct hub *deferring;          /* hubs with messages that wait for room */
    struct uuid_table deferred_ids; /* of these messages: the record gives them again */
    struct session *doomed;
    uint32_t muted; /* sessions that are not read from */
    int64_t now;
    int64_t sweep_at;
    int64_t grants_end_at; /* when the first grant of a channel ends by the clock; 0 = none does */
    int64_t tick_interval;
    bool available;
    bool draining;
    void (*revoked)(void *data, uint8_t kind, struct uuid id, struct uuid user);
    void *revoked_data;
    void (*held_decided)(void *data, struct uuid patient_case);
    void *held_decided_data;
    struct node_counts counts;
};

const struct actor_kind *node_kind(const struct node *node,
                                   uint8_t number); /* NULL = no such kind */

/* node.c */
void hub_forget_deferred(struct hub *hub);

/* node.c: see node_config.trace; a frame 0 is none. */
/* As affiliations->rights. */
uint16_t node_rights(const struct node *node, struct uuid user, const struct uuid *organisation,
                     int64_t *ret_until);
void node_trace(const struct node *node, unsigned hop, uint64_t frame, const char *what,
                uint64_t value);

/* proofs.c */
const struct armed *proof_of(struct node *node, uint64_t sign_in); /* NULL = none */
void proof_end(struct node *node, uint64_t sign_in);

/* host.c */
void host_init(struct node *node);
struct hub *hub_of(struct node *node, struct activation *activation);

/* sessions.c */
struct session *session_at(struct node *node, uint32_t slot); /* NULL = none */
struct session *session_find(struct node *node, struct session_number number);
void session_doom(struct session *session, enum close_code code);
void sessions_reap(struct node *node);
void sessions_sweep(struct node *node);
void grants_note(struct node *node, int64_t valid_until); /* of a channel; 0 = no end */
void grants_end(struct node *node); /* asks again for those whose moment has come */
void session_unmute(struct session *session);
void sessions_unmute(struct node *node); /* those whose actors have space again */
void session_send(struct session *session, struct shared_frame *frame); /* takes one reference */
void session_reply(struct session *session, uint16_t channel, uint32_t seq, struct encoded reply);
void session_refuse(struct session *session, uint16_t channel, uint32_t seq, enum refusal reason);
void session_notice(struct session *session, uint16_t channel, struct encoded notice);

/* session_messages.c: channel 0 */
void session_on_message(struct session *session, const struct frame *frame);

/* channels.c */
struct channel *channel_find(struct session *session, uint16_t number);
void channel_open(struct session *session, uint32_t seq, const struct open_channel *open);
void channel_close(struct channel *channel);                        /* frees it */
void channel_end(struct channel *channel, enum channel_end reason); /* says so, then frees it */
void channel_send_snapshot(struct channel *channel);
void channel_renew(struct channel *channel);       /* a fresh snapshot in place of what it holds */
void channel_check_grant(struct channel *channel); /* may end the channel */
void hub_end_all(struct hub *hub, enum channel_end reason);
void hub_unsubscribe(struct channel *channel);

/* looking.c */
bool looking_concerns(const struct channel *channel, struct grant grant); /* the witness */
struct looking looking_of(const struct channel *channel, struct grant grant, bool refused);
/* By the witness, under the channel's grant; remembers until when. */
bool looking_is_known(struct channel *channel);
void looking_sweep(struct channel *channel); /* may end the channel */
void looking_forget(struct channel *channel);

/* resume.c */
void channel_catch_up(struct channel *channel);
void catch_up_forget(struct channel *channel);

/* fanout.c */
struct shared_frame *frame_make(const struct frame *frame); /* NULL = too large or no memory */
void fanout_event(struct hub *hub, const struct event_header *header, uint8_t audiences,
                  struct bytes fields, const uint64_t previous[AUDIENCE_COUNT]);
void fanout_mark(struct hub *hub);
int64_t
fanout_ephemera(struct node *node); /* returns when it wants to be called again, 0 = never */
void fanout_forget(struct hub *hub);

#endif
