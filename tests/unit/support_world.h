/*
 * Boards, cases and users together, over a record in memory: people attach and say things, and each
 * test ends by replaying every stream into a fresh actor and comparing what is saved.
 */
#ifndef CONSILIUM_SUPPORT_WORLD_H
#define CONSILIUM_SUPPORT_WORLD_H

#include "actors/board.h"
#include "actors/kinds.h"
#include "actors/patient_case.h"
#include "actors/series.h"
#include "actors/user.h"
#include "protocol/generated/session.h"
#include "tests/unit/support_runtime.h"

enum { WORLD_SESSIONS_MAX = 600 };

struct world_session {
    struct uuid user;
    uint16_t rights;
    struct activation *activation;
    struct grant grant;
    uint16_t participant;
    enum load_result result;
    bool attached;
    /* What the policy let it see since it attached. */
    uint8_t seen[256];
    uint32_t seen_count;
};

struct world {
    struct fake_host fake;
    struct world_session sessions[WORLD_SESSIONS_MAX];
    uint32_t session_count;
    uint32_t next_id;
    struct arena reading; /* of what a test looks at */
    /* What everybody proves before each message that takes a proof: by passkey, for A_BOARD. */
    uint8_t factor;
    struct uuid factor_board;
};

void world_start(struct world *world);
/* The same with kinds that a test has bent: ACTOR_KIND_COUNT of them, borrowed. */
void world_start_with(struct world *world, const struct actor_kind *const *kinds);
/* Asserts that a replay and a restore of each stream give the state that is in memory. */
void world_check_record(struct world *world);
void world_stop(struct world *world);

/* A new session of a user on an actor; gives its slot. */
uint32_t world_attach(struct world *world, uint8_t kind, struct uuid id, struct uuid user,
                      uint16_t rights);
void world_detach(struct world *world, uint32_t slot);
/*
 * Sends a message (a struct of the generated kind) and runs everything it causes. A command without
 * an id gets a fresh one. Gives the refusal of the answer, REFUSAL_NONE if accepted or a signal.
 */
enum refusal world_say(struct world *world, uint32_t slot, uint8_t tag, const void *message);
/* Without running. */
void world_whisper(struct world *world, uint32_t slot, uint8_t tag, const void *message);
/* As the server for somebody (node_command), with its answer. */
enum refusal world_serve(struct world *world, uint8_t kind, struct uuid id, struct uuid by,
                         uint8_t tag, const void *message);
/* As another actor or the server. */
void world_system(struct world *world, uint8_t kind, struct uuid id, struct encoded command);
/* Whether a session was sent an event of this tag. */
bool world_saw(const struct world *world, uint32_t slot, uint8_t tag);
void world_forget(struct world *world);

/* What a signer is shown of a decision, hashed; in `reading`. */
struct bytes world_content(struct world *world, struct uuid patient_case, struct uuid decision);

struct board *world_board(struct world *world, struct uuid id);
struct patient_case *world_case(struct world *world, struct uuid id);
struct user *world_user(struct world *world, struct uuid id);
struct series *world_series(struct world *world, struct uuid id);

/* The usual people, registered by world_people; and a board and a case made of them. */
struct uuid world_person(uint32_t number);
enum {
    ADMINISTRATOR = 900,
    CHAIR = 901,
    COORDINATOR = 902,
    MEMBER = 903,
    SECOND_MEMBER = 904,
    OBSERVER = 905,
    REFERRER = 906,
    STRANGER = 907,
    A_BOARD = 10,
    A_CASE = 20,
};
void world_people(struct world *world);
void world_make_board(struct world *world, uint32_t number);
/* COORDINATOR and CHAIR have access, REFERRER the status. */
void world_make_case(struct world *world, uint32_t number);
/* A board with `count` cases A_CASE, A_CASE + 1, ... listed as items 1, 2, ...; MEMBER presents
 * them. */
uint32_t world_meeting(struct world *world, uint32_t count);

#endif
