/*
 * Group commit. While one batch is in flight the next collects: at most JOURNAL_ROWS_MAX rows go in
 * one transaction.
 *
 * A batch that is refused is tried again one stream at a time, so that only the stream at fault is
 * told. A batch whose outcome is unknown is sent again as it is, byte for byte, once the database
 * is back; a row that is there already with the same hash is ours. What can be reached neither way
 * within STORE_PATIENCE_US is told UNAVAILABLE.
 */
#ifndef CONSILIUM_JOURNAL_H
#define CONSILIUM_JOURNAL_H

#include "server/store/batch.h"
#include "server/store/store.h"

enum {
    JOURNAL_WAITING_MAX = 8192, /* appends; one more is told UNAVAILABLE */
    JOURNAL_SPARE_MAX = 256,    /* items kept for the next */
};
#define JOURNAL_SETTLE_AGAIN_US (200 * INT64_C(1000))

enum journal_state {
    JOURNAL_IDLE,
    JOURNAL_BATCH,   /* ended by the transaction's outcome */
    JOURNAL_AWAY,    /* ended by the database's return, or by patience */
    JOURNAL_ALONE,   /* one item of a refused batch; ended by the outcome */
    JOURNAL_COMPARE, /* reads what stands in its place */
    JOURNAL_SEARCH,  /* looks for its command id, which tells the reason of a conflict */
    JOURNAL_CONFIRM, /* it is ours: an empty transaction waits until it is as safe as any other */
};

struct item_queue {
    struct journal_item *first, *last;
    size_t count;
};

struct journal {
    struct store *store;
    /* Owned. */
    struct item_queue waiting;
    struct item_queue flying;    /* in the batch, or what is left of a refused one */
    struct item_queue refused;   /* told at the next tick */
    struct item_queue unsettled; /* pending rows that could not be taken away; ended by settle_at */
    struct journal_item *spare;
    size_t spare_count;
    struct batch batch;
    /* Derived. */
    enum journal_state state;
    bool alone;         /* the flying ones go one at a time */
    bool unknown;       /* a try of what is flying ended without an outcome */
    bool place_is_free; /* in SEARCH: no event stands where the refused one would */
    int64_t sent_at;
    int64_t retry_at;
    int64_t patient_until;
    int64_t retry_wait;
    int64_t settle_at;
    struct store_counts counts;
};

void journal_init(struct journal *journal, struct store *store);
void journal_finish(struct journal *journal);

void journal_append(struct journal *journal, struct stream_head *head, const struct append *append,
                    store_done done, void *data);
void journal_settle(struct journal *journal, struct uuid target, struct uuid command_id);

/* Sends the next batch if none is in flight. */
void journal_flush(struct journal *journal);
/* Retries, expiry, refusals; returns when to be called again, INT64_MAX = no need. */
int64_t journal_tick(struct journal *journal, int64_t now);
/* The node's incarnation is over: whatever has not been sent is told FENCED. */
void journal_fence(struct journal *journal);
bool journal_is_idle(const struct journal *journal);

#endif
