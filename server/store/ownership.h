/*
 * Which shards are ours. Gets the tenant's keys ready, takes shards, keeps the lease, and says when
 * it is lost. Only the database's word ends ownership: while it is away nobody else can take a
 * shard either, and the fence in each append decides in any case.
 */
#ifndef CONSILIUM_OWNERSHIP_H
#define CONSILIUM_OWNERSHIP_H

#include "server/store/database.h"

struct store;

enum {
    OWNERSHIP_RENEW_US = 1000 * 1000,
    OWNERSHIP_RETRY_US = 200 * 1000,
    OWNERSHIP_AGAIN_US = 1000 * 1000, /* after a loss, before asking to take part again */
};

enum ownership_state {
    OWNERSHIP_NONE,        /* ended by ownership_start */
    OWNERSHIP_TENANT_KEYS, /* reads them; makes the first */
    OWNERSHIP_TAKE,        /* a new incarnation of this node; ends with its shards */
    OWNERSHIP_TENANT_OWN,  /* the tenant's lasting key, made if absent */
    OWNERSHIP_HELD,        /* ended by a loss or by giving up */
    OWNERSHIP_GIVING_UP,   /* ended by the database's answer, whatever it is */
    OWNERSHIP_ENDED,
};

struct ownership {
    struct store *store;
    enum ownership_state state;
    bool busy;    /* an operation is in flight */
    bool unheard; /* a take for more shards was asked whose outcome nobody knows */
    bool told_refusal;
    int64_t next_at;
    uint64_t incarnation;
    bool owned[SHARD_COUNT];
    struct tenant_key_row fresh; /* made here and perhaps not stored yet; generation 0 = none */
    struct stream_key_row own;   /* the same for the tenant's lasting key; key_id 0 = none */
    struct database_batch own_batch;
};

void ownership_init(struct ownership *ownership, struct store *store);
void ownership_start(struct ownership *ownership);
void ownership_give_up(struct ownership *ownership);
/* An append was refused by the fence. */
void ownership_lost(struct ownership *ownership);
int64_t ownership_tick(struct ownership *ownership, int64_t now);

bool ownership_held(const struct ownership *ownership);
uint64_t ownership_incarnation(const struct ownership *ownership);

#endif
