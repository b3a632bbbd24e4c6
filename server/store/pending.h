/*
 * Durable timers and messages on their way. A message that is due when it is committed is given
 * from memory; later ones, those of other nodes and those of an earlier life are found in the
 * database. What was given and is not settled within PENDING_AGAIN_US is given again: its target
 * knows the command id.
 */
#ifndef CONSILIUM_PENDING_H
#define CONSILIUM_PENDING_H

#include "server/store/database.h"
#include "server/store/store.h"
#include "server/store/uuid_table.h"

enum {
    PENDING_LOOK_US = 1000 * 1000, /* for rows that other nodes have written */
    PENDING_AGAIN_US = 30 * 1000 * 1000,
    PENDING_READY_MAX = 16384, /* given at the next tick; the rest waits in the database */
};

struct journal_item;
struct ready_message;
struct store;

struct pending_queue {
    struct ready_message *first, *last;
    size_t count;
};

struct pending {
    struct store *store;
    store_on_pending on_pending;
    void *data;
    /* Owned. */
    struct uuid_table given;    /* by command id: when */
    struct pending_queue ready; /* for the next tick */
    struct pending_queue held;  /* committed while the database is read for those of before */
    /* Derived. */
    bool looking;            /* a read is in flight */
    struct pending_row from; /* where that read goes on */
    bool stale;              /* what the read in flight finds is no longer wanted */
    bool caught_up;          /* everything that was due and only in the database has been given */
    bool left;               /* this read may miss something due: another follows */
    int64_t look_at;
};

void pending_init(struct pending *pending, struct store *store);
void pending_finish(struct pending *pending);
/* An append is committed: what it settles is forgotten, what it sends is given or waited for. */
void pending_committed(struct pending *pending, const struct journal_item *item);
/* Shards came or went; everything is looked at anew. */
void pending_forget(struct pending *pending);
int64_t pending_tick(struct pending *pending, int64_t now);

#endif
