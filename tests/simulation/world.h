/*
 * A simulated deployment: one PostgreSQL, processes that run server/node as a real one does, a
 * network that delays and cuts, and people. Whatever leaves a node is checked against the record at
 * that very moment; what everybody holds is compared when the world has come to rest.
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "server/node/node.h"
#include "server/store/keys.h"
#include "tests/simulation/model_database.h"
#include "tests/simulation/virtual_time.h"

enum { WORLD_PROCESSES = 2, WORLD_PEOPLE = 9, WORLD_CASES = 3, KINDS_MAX = 8, WORDS_MAX = 256 };

/* The boards' template names so many reasons to defer; the guest takes part in the second item. */
enum { WORLD_REASONS = 2, WORLD_GUEST_ITEM = 2, WORLD_GUEST_CASE = 1 };

/* In every name, title and message of this world; nowhere in what a process tells its operator. */
#define CANARY "zebrafinch"

/* Who the patients are. The boards do not tell their observers. */
#define PATIENT_NAME CANARY "^Patient"
#define PATIENT_ID CANARY "-4711"
#define PATIENT_BIRTH_DATE "1951-03-04"
/* What is said in conversation, where people name patients. */
#define STANDARD_WORDS "what is usual for the " CANARY
#define WORDS_SAID CANARY ": seen by all?"

struct world;
struct board_snapshot;
struct agenda_item;
struct case_snapshot;
struct chronicle;
struct decision_list;
struct member;
struct user_snapshot;
struct worklist_entry;
struct late_message;
struct frame;
struct person;

/* What can be broken on purpose around the program, to see that the simulator notices. What is
 * broken inside it stands in sabotages.cmake. */
enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_ACKNOWLEDGE_UNSTORED, /* promise 1 and 2: says OK and stores nothing */
    SABOTAGE_LOSE_AN_EVENT_FRAME,  /* promise 3: a durable frame vanishes on its way */
    SABOTAGE_SHOW_EVERYBODY_ALL,   /* promise 4: the grant is not looked at */
    SABOTAGE_CHANGE_A_ROW,         /* promise 5: a stored event is altered */
    SABOTAGE_DELETE_A_ROW,         /* promise 5: a stored event is gone */
    SABOTAGE_IGNORE_THE_FENCE,     /* promise 6: a stale writer gets through */
    SABOTAGE_LOSE_EPHEMERA,        /* promise 7: the final state does not arrive */
    SABOTAGE_LOSE_A_ROSTER,        /* promise 4: a case is not told who left its board */
    SABOTAGE_REORDER_MESSAGES,     /* messages between actors overtake each other */
};

/* One consilium process. Its clock is the world's; its keys are the deployment's. */
struct process {
    struct world *world;
    struct host_clock clock;
    struct affiliations affiliations;
    struct transport transport;
    struct uuid id;
    struct actor_kind kinds[KINDS_MAX]; /* as the program's, unless broken on purpose */
    const struct actor_kind *kind_list[KINDS_MAX];
    struct model_connection *connection;
    struct keys *keys;
    struct store *store;
    struct crash_marker marker; /* what would lie in a file after a crash */
    struct node *node;          /* NULL = not running */
    bool paused;                /* SIGSTOP: time passes it by */
    bool touched;               /* something in it may have changed since it was looked at */
    uint64_t life;   /* counts starts, so that what was planned for an earlier one is void */
    int64_t tick_at; /* planned; 0 = none */
    /* The node's own, behind what is broken on purpose. */
    store_on_pending on_pending;
    void *on_pending_data;
    struct late_message *late; /* owned: overtaken by the next */
};

/* One connection between a person's window and a process. Kept until the world ends. */
struct link {
    struct link *next;
    struct process *process;
    struct person *person;
    uint64_t life;
    uint32_t session;
    bool cut;     /* neither side hears the other any more */
    bool closed;  /* the person's side is told */
    bool blocked; /* the socket is full */
    bool read_paused;
    int64_t up_at, down_at; /* what is sent now arrives not before what was sent earlier */
    size_t unread;          /* bytes on their way to a person who reads slowly */
    uint32_t news;          /* frames among them that are not of the session itself */
};

/* How often what the chronicle looks for had a chance to go wrong. */
struct meeting_counts {
    uint64_t steps, undone, decisions, votes, signatures, confirmed, handed_over, called_off,
        put_off, ended, hung;
};

struct world {
    struct virtual_time time;
    struct model_database database;
    struct process processes[WORLD_PROCESSES];
    struct person *people[WORLD_PEOPLE];
    struct link *links;
    enum sabotage sabotage;
    struct uuid tenant, board, next_board, cases[WORLD_CASES];
    struct chronicle *chronicle; /* owned */
    int64_t late_at;             /* from then on the leaders bring the meeting to its end */
    int64_t quiet_at;
    bool quiet;    /* no more faults and no more wishes: coming to rest */
    bool finished; /* nothing is planned any more */
    /* The first fault found, in words; empty = none. */
    char fault[WORDS_MAX];
    char damage[WORDS_MAX]; /* what the verifier said first; empty = nothing */
    uint64_t tampered;      /* version of the board's event that is altered or gone; 0 = none */
    uint64_t events_sent, commands_sent, commands_accepted, faults_injected, lost_frames,
        sockets_filled, told_who; /* frames that say who a patient is */
    struct meeting_counts meetings;
    uint64_t tries_most; /* of one command, for each time it was said */
};

void world_init(struct world *world, uint64_t seed, enum sabotage sabotage);
/* Lets `seconds` pass with faults, then rest, then compares. world->fault tells. */
void world_run(struct world *world, int64_t seconds);
void world_finish(struct world *world);
bool world_is_late(const struct world *world);
/* It is quiet, and there is still time to ask for what was lost. */
bool world_may_ask(const struct world *world);

/* Notes the first fault; the run goes on to its end. */
void world_fault(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* process.c */
extern const uint8_t process_key_encryption_key[];
void process_start(struct process *process);
void process_kill(struct process *process);
void process_pause(struct process *process, int64_t duration);
void process_soon(struct process *process); /* a tick, now */
/* What identity does: people are there before anybody lists them. */
void process_register(struct process *process, struct uuid user, struct text login);
/* Snapshots of whatever is in memory, which otherwise come every few hundred events. */
void process_save_all(struct process *process);

/* link.c */
struct link *link_open(struct person *person, struct process *process);
void link_send(struct link *link, struct bytes frame); /* up; copies */
void link_cut(struct link *link);
enum send_result link_transport_send(struct transport *transport, void *connection,
                                     struct shared_frame *frame);
void link_transport_close(struct transport *transport, void *connection, enum close_code code);
void link_transport_pause(struct transport *transport, void *connection, bool paused);

/* watch.c: what the omniscient see. */
void watch_frame(struct world *world, struct link *link, const struct frame *frame);
void watch_write(struct world *world, const struct database_batch *batch);
void watch_rest(struct world *world);

/* bounds.c: promise 8. Of everything in memory, after whatever happened; and of what is decoded. */
void watch_bounds(struct world *world);
void watch_bounds_of(struct world *world, struct process *process);
void watch_decoded(struct world *world, uint8_t kind, uint8_t tag, const void *message);
/* At rest an actor is kept in memory by those who look at it and by nobody else. */
void watch_holds(struct world *world);
/* A frame was given to a session: one over the bound ends it. */
void watch_taken(struct world *world, struct process *process, uint32_t session, size_t length);
/* The database was asked to append; a command is not tried for ever. */
void watch_try(struct world *world, const struct database_batch *batch);

/* words.c: promise 9. What a process tells its operator, and what lies on a disk. */
void watch_report(void *process, const char *words);
void watch_trace(void *process, unsigned hop, uint64_t frame, const char *what, uint64_t value);
void watch_metrics(struct process *process);
void watch_sealed(struct world *world, const struct database_batch *batch);

/* agreement.c: do cases and worklists say what the boards say? */
void watch_agreement(struct world *world, const struct board_snapshot *board,
                     const struct board_snapshot *next_board);
const struct actor *world_actor(struct world *world, uint8_t kind, struct uuid id);

/* meeting_agreement.c: the same, of what a meeting is about. `slots`: a case's item on each board,
 * NULL = on none. */
void watch_item(struct world *world, const struct board_snapshot *board, struct uuid board_id,
                const struct agenda_item *item, const struct case_snapshot *the_case);
void watch_slots(struct world *world, const struct agenda_item *const slots[2],
                 const struct case_snapshot *the_case);
void watch_votes(struct world *world, const struct decision_list *decisions);
void watch_expectations(struct world *world, const struct board_snapshot *board,
                        const struct member *member, const struct worklist_entry *entry);
void watch_tasks(struct world *world, const struct case_snapshot *the_case,
                 const struct person *person, const struct user_snapshot *user);

/* meeting_watch.c: what must be true of a meeting at any moment, and in every window at rest. */
void watch_meeting(struct world *world, const struct actor *actor);
bool watch_guest_may_see(struct link *link, uint8_t kind, struct uuid id, uint8_t audiences);
void watch_identity(struct world *world, struct link *link, uint8_t kind, struct uuid id,
                    struct bytes fields);
void watch_windows(struct world *world, const struct board_snapshot *board,
                   const struct board_snapshot *next_board);

#endif
