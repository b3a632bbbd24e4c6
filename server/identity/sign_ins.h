/*
 * Sign-in sessions: a random token at the client, its hash and times in PostgreSQL, a copy in
 * memory of those in use. They survive a restart. A sign-in keeps its number, and so its sockets,
 * while its token changes. One ends when its person did nothing for a while, some time after it was
 * made whatever they did, or when it is signed out or revoked.
 */
#ifndef CONSILIUM_SIGN_INS_H
#define CONSILIUM_SIGN_INS_H

#include "server/identity/token.h"
#include "server/identity/user_agent.h"
#include "server/store/postgres.h"
#include "server/store/store.h"

enum {
    SIGN_IN_WRITE_S = 2 * 60,    /* how often its use is written down */
    SIGN_IN_EARLIER_S = 10,      /* how long a refreshed token's predecessor still works */
    SIGN_IN_REFRESH_S = 15 * 60, /* a token older than this is another one after a refresh */
    SIGN_IN_PROVED_S = 5 * 60,   /* how long a proof allows changes of the account */
    SIGN_IN_ENROL_S = 30 * 60,   /* to get a second factor in */
    SIGN_INS_MAX = 50000,        /* in memory */
    SIGN_INS_EARLIER_MAX = 1024,
    SIGN_INS_LISTED_MAX = 100,
};

/* What is asked of whom; in the database by number. Patients will be the next. */
enum sign_in_kind { SIGN_IN_PERSON, SIGN_IN_ADMINISTRATOR, SIGN_IN_DISPLAY, SIGN_IN_KINDS };
struct sign_in_limits {
    uint32_t idle_s, absolute_s;
};
extern const struct sign_in_limits sign_in_limits[SIGN_IN_KINDS];

struct sign_in {
    struct token_hash hash;
    uint64_t number;
    struct uuid user;
    enum sign_in_kind kind;
    bool enrolling;
    int64_t made_at; /* microseconds since 1970, as all here */
    int64_t used_at; /* by the person */
    uint8_t address[16];
    enum browser_family browser;
    enum system_family system;
    struct uuid board; /* where it may sign, until signs_until */
    int64_t signs_until;
    /* In memory only */
    int64_t written_at;
    int64_t proved_until;        /* may change the account */
    int64_t token_at;            /* since when the token is this one, as far as is known here */
    struct sign_in *next_hash;   /* of its place by token */
    struct sign_in *next_number; /* of its place by number */
};

/* sign_in_limits.c: nobody used it for too long, or it is too old. */
bool sign_in_is_over(const struct sign_in *sign_in, int64_t now);

struct sign_ins;
struct sign_ins *sign_ins_create(struct postgres *postgres, struct host_clock *clock);
void sign_ins_destroy(struct sign_ins *sign_ins);

enum sign_in_answer { SIGN_IN_VALID, SIGN_IN_UNKNOWN, SIGN_IN_AWAY };
/* sign_in is NULL unless SIGN_IN_VALID, and borrowed for the call. May come at once. */
typedef void (*sign_in_found)(void *data, enum sign_in_answer answer,
                              const struct sign_in *sign_in);
/* `fresh` says everything but the times. */
void sign_ins_make(struct sign_ins *sign_ins, const struct sign_in *fresh, sign_in_found done,
                   void *data);
/* Looking is no use of it: see sign_ins_used. */
void sign_ins_find(struct sign_ins *sign_ins, const struct token_hash *hash, sign_in_found done,
                   void *data);
/* Its person did something. */
void sign_ins_used(struct sign_ins *sign_ins, uint64_t number);
/* It has proved who it is: may change the account for SIGN_IN_PROVED_S. */
void sign_ins_proved(struct sign_ins *sign_ins, uint64_t number);
/* In memory only; NULL = not in use here. */
const struct sign_in *sign_ins_by_number(const struct sign_ins *sign_ins, uint64_t number);
/* Writes the token's hash, enrolling, board and signs_until of `changed`; the token before is worth
 * nothing at once, or in SIGN_IN_EARLIER_S where requests may be on their way with it. UNKNOWN: it
 * has ended. */
void sign_ins_change(struct sign_ins *sign_ins, const struct sign_in *changed, bool keep_earlier,
                     sign_in_found done, void *data);
/* Deletes its row first: what says "signed out" stays signed out. Only one of this user's. done:
 * SIGN_IN_UNKNOWN = there was none. */
void sign_ins_end(struct sign_ins *sign_ins, uint64_t number, struct uuid user, sign_in_found done,
                  void *data);
/* All of a user's but one; `over` is told each number, then done. */
void sign_ins_end_others(struct sign_ins *sign_ins, uint64_t number, struct uuid user,
                         void (*over)(void *data, uint64_t number), sign_in_found done, void *data);
/* A user's, newest first; `each` gets those that are not over, then done. */
void sign_ins_list(struct sign_ins *sign_ins, struct uuid user,
                   void (*each)(void *data, const struct sign_in *sign_in), sign_in_found done,
                   void *data);
/* Forgets those that are over and says their numbers; deletes old rows. */
void sign_ins_sweep(struct sign_ins *sign_ins, void (*over)(void *data, uint64_t number),
                    void *data);

#endif
