/*
 * Sign-in sessions: a random token at the client, its hash and times in PostgreSQL, a copy in
 * memory of those in use. They survive a restart. One ends after 12 hours without use, 24 hours
 * after it was made, or when it is signed out.
 */
#ifndef CONSILIUM_SIGN_INS_H
#define CONSILIUM_SIGN_INS_H

#include "server/identity/token.h"
#include "server/store/postgres.h"
#include "server/store/store.h"

enum {
    SIGN_IN_IDLE_S = 12 * 3600,
    SIGN_IN_ABSOLUTE_S = 24 * 3600,
    SIGN_IN_WRITE_S = 5 * 60, /* how often its use is written down */
    SIGN_INS_MAX = 50000,     /* in memory */
};

struct sign_in {
    struct token_hash hash;
    uint64_t number;
    struct uuid user;
    int64_t made_at; /* microseconds since 1970, as all here */
    int64_t used_at;
    int64_t written_at;
    struct sign_in *next; /* of its place in the table */
};

struct sign_ins;
struct sign_ins *sign_ins_create(struct postgres *postgres, struct host_clock *clock);
void sign_ins_destroy(struct sign_ins *sign_ins);

enum sign_in_answer { SIGN_IN_VALID, SIGN_IN_UNKNOWN, SIGN_IN_AWAY };
/* sign_in is NULL unless SIGN_IN_VALID, and borrowed for the call. May come at once. */
typedef void (*sign_in_found)(void *data, enum sign_in_answer answer,
                              const struct sign_in *sign_in);
void sign_ins_make(struct sign_ins *sign_ins, const struct token_hash *hash, struct uuid user,
                   sign_in_found done, void *data);
void sign_ins_find(struct sign_ins *sign_ins, const struct token_hash *hash, sign_in_found done,
                   void *data);
/* In memory only; NULL = not in use here. */
const struct sign_in *sign_ins_by_number(const struct sign_ins *sign_ins, uint64_t number);
/* Deletes its row first: what says "signed out" stays signed out. done: false = the database is
 * away. */
void sign_ins_end(struct sign_ins *sign_ins, uint64_t number, void (*done)(void *data, bool ended),
                  void *data);
/* Forgets those that are over and says their numbers; deletes old rows. */
void sign_ins_sweep(struct sign_ins *sign_ins, void (*over)(void *data, uint64_t number),
                    void *data);

#endif
