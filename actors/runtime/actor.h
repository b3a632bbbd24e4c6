/*
 * An actor is a struct of committed and ephemeral state, a table of typed handlers, and nothing
 * else: no socket, no SQL, no clock, no thread. Handlers get a turn and answer with effects; the
 * runtime carries them out. Commands see their state as const: durable state changes only in apply
 * handlers, once the event is committed, and the same apply handlers replay the record.
 *
 * Life of one durable command: handle (state is const, effects are collected) -> the events are
 * appended
 * -> apply for each event in order -> replies and publications. Nothing is ever rolled back: a
 * failed append drops the effects and the actor is loaded again.
 */
#ifndef CONSILIUM_ACTOR_H
#define CONSILIUM_ACTOR_H

#include "protocol/arena.h"
#include "protocol/generated/lists.h"
#include "protocol/generated/session.h"
#include "protocol/reader.h"
#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EFFECT_EVENTS_MAX = 32,
    EFFECT_MESSAGES_MAX = 640, /* the end tells every case twice, and every member */
    EFFECT_ROWS_MAX = 16,
    EFFECT_BYTES_MAX = 16 * 1024 * 1024, /* of everything one turn makes */
    STATE_BYTES_MAX = 256 * 1024 * 1024, /* of one actor's state arena */
    SUBSCRIBERS_MAX = 1024,              /* sessions attached to one actor */
    HOLDERS_MAX = 32,                    /* of one role, who are told of something */
    AUDIENCE_COUNT = 6,                  /* bits of a mask, see enum audience */
};

/* A session as actors know it: never a pointer. All zero = no session (another actor, a timer). */
struct session_number {
    uint16_t node;
    uint32_t slot;
    uint32_t generation;
};

/* What one user may do with and see of one actor. valid_until in microseconds since 1970: then it
 * may be another one and is asked for again; 0 = not by itself. */
struct grant {
    uint8_t audiences; /* mask of enum audience bits; 0 = must not even know that it exists */
    uint16_t roles;    /* mask, bit = enum role */
    uint32_t actions;  /* mask of the kind's actions in the policy */
    int64_t valid_until;
    uint8_t denial; /* enum refusal: why there is no more than this, where they may be told; 0 */
};

/* What a membership of an organisation gives: bits of a grant's roles (access.policy says which of
 * them reach what is made). */
enum {
    RIGHT_ADMINISTRATOR = 1u << ROLE_ADMINISTRATOR,
    RIGHT_COORDINATOR = 1u << ROLE_COORDINATOR,
    RIGHTS_ALL = RIGHT_ADMINISTRATOR | RIGHT_COORDINATOR,
};

/* As the wire and the record say them. */
static inline uint16_t rights_of(bool administrator, bool coordinator) {
    return (uint16_t)((administrator ? RIGHT_ADMINISTRATOR : 0) |
                      (coordinator ? RIGHT_COORDINATOR : 0));
}

/* How somebody proved, moments ago, that it is they. */
enum proof_factor {
    PROOF_NONE,
    PROOF_PASSWORD,
    PROOF_CODE,    /* of an authenticator app */
    PROOF_PASSKEY, /* WebAuthn */
};

struct sender {
    struct session_number session;
    struct uuid user;
    uint16_t roles;       /* as granted by this actor */
    uint32_t actions;     /* likewise */
    uint16_t participant; /* number on this actor's stage, 0 = none */
    uint8_t factor;       /* enum proof_factor; on `proved` messages alone, one for each proof */
    struct uuid factor_board; /* for which the proof was given; zero = for a case outside of any */
};

/* A message from this actor to one (possibly itself: then it is a timer). */
struct effect_message {
    uint8_t target_kind;
    struct uuid target;
    struct encoded command; /* command_id inside is filled in by the runtime for durable ones */
    struct uuid
        command_id; /* the same for the store: made by message_command_id; zero if volatile */
    int64_t due_at; /* 0 = now */
    bool durable;   /* kept in the record until the target has committed or refused it */
};

/* A row of a list table, written with the events. The owning actor alone writes its rows. */
struct effect_row {
    const char *list; /* static name, for example "login" */
    struct bytes key; /* at most 64 bytes; hashed by the store with the tenant's key */
    struct bytes row; /* sealed by the store; length 0 = delete */
};

struct effects {
    struct encoded events[EFFECT_EVENTS_MAX];
    uint32_t event_count;
    struct uuid about; /* what all of them say something of; zero = their own actor alone */
    struct effect_message *messages; /* in the turn's arena */
    uint32_t message_count;
    struct effect_row rows[EFFECT_ROWS_MAX];
    uint32_t row_count;
    bool refused;
    struct refused refusal;
    bool replied; /* a request answered by something else than Accepted */
    struct encoded reply;
    bool ephemera_changed;
};

/* What a handler gets beside the state and the message. Borrowed for the call. */
struct turn {
    struct uuid self;
    uint8_t kind;
    uint64_t version; /* of the committed state */
    int64_t now;      /* microseconds since 1970, never going back for one actor */
    struct sender sender;
    struct uuid command_id;
    struct arena *arena; /* lives until the effects have been carried out */
    uint64_t random;     /* a fresh random number for this turn */
    struct effects effects;
};

/*
 * effects.c: the words handlers use. Encoded things must lie in turn->arena. A command with durable
 * messages has at least one event (asserted): their command ids derive from its version.
 */
void turn_event(struct turn *turn, struct encoded event);
/* What this turn's events say is about another actor, and is to go when that one is erased: the
 * record keeps them under a key of their own. The actor must not need them to be whole: a replay
 * steps over what is gone. */
void turn_about(struct turn *turn, struct uuid about);
void turn_refuse(struct turn *turn, enum refusal reason);
void turn_refuse_item(struct turn *turn, enum refusal reason, uint32_t item);
void turn_refuse_subject(struct turn *turn, enum refusal reason, struct uuid subject);
void turn_reply(struct turn *turn, struct encoded reply);
void turn_send(struct turn *turn, uint8_t kind, struct uuid target, struct encoded command);
void turn_send_volatile(struct turn *turn, uint8_t kind, struct uuid target,
                        struct encoded command);
void turn_timer(struct turn *turn, int64_t due_at, struct encoded command); /* volatile */
void turn_durable_timer(struct turn *turn, int64_t due_at, struct encoded command);
void turn_row(struct turn *turn, const char *list, struct bytes key, struct bytes row);
void turn_ephemera(struct turn *turn);
/* What the sender's memberships give in an organisation: for what is made for it. */
uint16_t turn_rights_in(const struct turn *turn, struct uuid organisation);
/* Who holds `role` towards what an organisation owns, in the turn's arena; at most HOLDERS_MAX. */
struct uuid_list turn_holders_in(struct turn *turn, enum role role, struct uuid organisation);
/* For the command_id of a command that this turn sends: none is written or read without one. The
 * runtime puts message_command_id in its place if the message is durable. */
struct uuid turn_new_id(struct turn *turn);

/*
 * For what can only be our own bug in a handler, but must not take the process with it: the turn's
 * effects are dropped, the actor is loaded again from the record, and after FAILURES_MAX within
 * FAILURE_WINDOW_US it is quarantined. Does not return when `holds` is false; a handler therefore
 * owns nothing outside turn->arena.
 */
void turn_check(struct turn *turn, bool holds);

/*
 * The command id of a durable message: the same for the same stream, version of the first event of
 * the turn and index among its messages, so that a turn taken again after a crash sends nothing
 * twice. A UUID of version 8 (RFC 9562 5.8): two rounds of a 64-bit finalizer over the three; not a
 * secret.
 */
struct uuid message_command_id(struct uuid stream, uint64_t version, uint32_t index);

/*
 * The head of every actor's struct. `state` holds everything the committed state points to. It only
 * grows; once most of it must be garbage, the runtime reads what is saved into a fresh one, and the
 * actor's struct is another from then on.
 */
struct actor {
    const struct actor_kind *kind;
    struct uuid id;
    struct arena *state;
};

/* What is saved of an actor's state and goes when `about` is erased. */
struct saved_part {
    struct uuid about;
    struct bytes bytes; /* the kind's own encoding */
};

/* A session that comes to an actor. */
struct attachment {
    struct session_number session;
    struct uuid user;
    struct grant grant;
    uint8_t window;
    uint16_t
        participant; /* wished for: the number it had before the actor was rebuilt; 0 = a new one */
};

/* One per kind: what the runtime needs of it. Functions take the actor's own struct by its head. */
struct actor_kind {
    const char *name;
    uint8_t number;
    uint16_t state_format; /* stamped on snapshots: another one means replay */
    size_t size;
    const struct message_rule *rules;

    /* Memory is zeroed and head filled in. */
    void (*start)(struct actor *actor);
    /* Frees what the actor holds outside its state arena. NULL = nothing. */
    void (*finish)(struct actor *actor);
    const void *(*decode)(uint8_t tag, struct reader *reader, struct arena *arena);
    struct uuid (*command_id)(uint8_t tag, const void *message);
    void (*handle)(struct actor *actor, struct turn *turn, uint8_t tag, const void *message);
    /* False = unknown type or unreadable: written by a newer version. The arena is for reading
     * only. */
    bool (*apply)(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena);
    /* The organisation that owns it, zero = the tenant's root; false = it is not made yet. NULL =
     * it is nobody's. */
    bool (*owner)(const struct actor *actor, struct uuid *ret_organisation);
    /* Evaluated when a channel opens and again for each subscriber after every commit. `rights`:
     * what the user's memberships give towards its owner, or anywhere if it is not made. */
    struct grant (*grant)(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now);
    /* A session came or went. Both may change ephemeral state and make events (attendance;
     * committed when the append in flight is done, so apply must stand them twice). attach gives
     * the participant number or 0. */
    uint16_t (*attach)(struct actor *actor, struct turn *turn, const struct attachment *who);
    void (*detach)(struct actor *actor, struct turn *turn, struct session_number session);
    /* What a newcomer with this mask gets, ephemeral state included. */
    struct encoded (*snapshot)(const struct actor *actor, uint8_t audiences, struct arena *arena);
    /* What the store keeps: committed state only. */
    struct encoded (*save)(const struct actor *actor, struct arena *arena);
    bool (*restore)(struct actor *actor, struct encoded saved);
    /* The rest of it by what it is about, and how each part that is still there is taken in after
     * restore. NULL = nothing was ever about another actor. */
    struct saved_part *(*save_parts)(const struct actor *actor, struct arena *arena,
                                     uint32_t *ret_count);
    bool (*restore_part)(struct actor *actor, struct bytes part);
    /* Exchanges what the two hold outside their state arenas; `fresh` has just been restored from
     * what `old` saved, and old is finished next. NULL = they hold nothing. */
    void (*carry_over)(struct actor *fresh, struct actor *old);
    /* All slots changed after tick `since`, as one notice; fields.length 0 = nothing. ret_tick =
     * the newest. */
    struct encoded (*ephemera)(const struct actor *actor, uint8_t audiences, uint32_t since,
                               struct arena *arena, uint32_t *ret_tick);
};

#endif
