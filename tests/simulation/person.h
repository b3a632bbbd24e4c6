/*
 * A person at a window: opens channels, says things, hears things, comes back after a cut and says
 * again what was not answered. Keeps what it was shown so that the world can compare.
 */
#ifndef SIMULATION_PERSON_H
#define SIMULATION_PERSON_H

#include "protocol/generated/board.h"
#include "protocol/generated/session.h"
#include "server/node/node.h"
#include "tests/simulation/mirror.h"
#include "tests/simulation/shown.h"
#include "tests/simulation/world.h"

enum { PERSON_CHANNELS = 3 + WORLD_CASES, SAID_MAX = 512, HEARD_MAX = 4096 };

/* Channel numbers: 1 the board, 2.. the cases, then the person's own user, and the board that takes
 * what the first one gives away, to which only its leaders come. */
enum {
    CHANNEL_BOARD = 1,
    CHANNEL_FIRST_CASE = 2,
    CHANNEL_OWN = 2 + WORLD_CASES,
    CHANNEL_NEXT_BOARD = 3 + WORLD_CASES,
};

/* Everybody's place: 0 leads, 1 prepares (by a coordinator's right), 6 refers, 7 has no business
 * here, 8 takes part in one item. */
enum { OBSERVER = 5, REFERRER = 6, OUTSIDER = 7, GUEST = 8 };

/* A command, kept until it is answered, and after that to say it twice. */
struct said {
    struct uuid command_id;
    uint16_t channel;
    uint8_t tag;
    struct uuid proved_for; /* the board for which its sender proves who they are; zero = none */
    struct bytes fields;    /* owned */
    uint32_t seq;           /* of the last time it was said */
    uint32_t times;         /* how often it was */
    uint32_t tries;         /* how often the database was asked to append it */
    bool answered;
    bool accepted;
};

/* What was heard on one channel since its last snapshot. */
struct heard {
    uint8_t kind;
    struct uuid id;
    bool wanted;
    bool open;
    bool asked; /* OpenChannel is on its way */
    uint32_t asked_seq;
    bool awaits_snapshot;
    uint8_t audience;
    uint16_t roles;
    uint16_t participant;
    uint64_t version;          /* last one seen */
    uint64_t snapshot_version; /* what the snapshot held */
    uint64_t *versions;        /* owned: events since */
    size_t version_count;
};

struct person {
    struct world *world;
    unsigned index;
    struct uuid user;
    char name[32];
    char login[32];
    uint8_t board_role; /* Role, or UINT8_MAX */
    uint16_t rights;
    bool slow;
    struct link *link; /* NULL = away */
    bool greeted;
    bool tries_again; /* planned */
    uint32_t seq;
    unsigned next_process;
    struct heard heard[PERSON_CHANNELS];
    struct said *said; /* owned */
    size_t said_count;
    struct uuid proved_for; /* with the next command; zero = without a proof */
    struct mirror mirror;   /* of the board's stage */
    struct shown_board boards[2];
    struct shown_case cases[WORLD_CASES];
    uint16_t handle; /* bound for pointers; 0 = none yet */
};

struct person *person_create(struct world *world, unsigned index);
void person_destroy(struct person *person);

struct session_identity person_identity(const struct person *person);
bool person_is_slow(const struct person *person);
void person_connects(struct person *person);
void person_hears(struct person *person, struct link *link, struct bytes frame);
void person_loses(struct person *person, struct link *link);

struct heard *person_channel(struct person *person, uint16_t number);
/* Says a command (and keeps it), or a signal. Copies the fields. */
void person_commands(struct person *person, uint16_t channel, uint8_t tag, struct uuid command_id,
                     struct encoded message);
void person_signals(struct person *person, uint16_t channel, struct encoded message);
void person_asks(struct person *person, uint16_t channel, struct encoded message);
void person_repeats(struct person *person, struct said *said);

struct uuid person_new_id(struct world *world);

/* wishes.c: something this person might do now; from time to time until the world is quiet. */
void person_wishes(struct person *person);

/* meeting_wishes.c: the same, in a meeting. */
void wish_to_lead(struct person *person, struct arena *arena);
void wish_to_hang(struct person *person, struct arena *arena);
void wish_about_a_case(struct person *person, struct arena *arena);
/* Asks again for items whose answer was lost on their way to another meeting. */
void person_asks_for_answers(struct person *person, struct arena *arena);

/* preparing.c: the coordinator: cases and boards; and, once those are there, the agenda */
void person_prepares(struct person *person);
void person_plans(struct person *person);

#endif
