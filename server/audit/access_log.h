/*
 * Who looked at what: one row for each sign-in, action, case and object in fifteen minutes (of
 * searches in other archives one for each), committed before the first byte of what is looked at
 * leaves; refusals (refusal_tally.h), sign-ins and sign-outs too. Rows of one life of this program
 * are one chain (seal.h), whose heads go into checkpoints. What is written is not written here: a
 * command's record is its event.
 *
 * While the database is away only what is covered already may be shown.
 */
#ifndef CONSILIUM_ACCESS_LOG_H
#define CONSILIUM_ACCESS_LOG_H

#include "server/audit/access_row.h"
#include "server/store/postgres.h"
#include "server/store/store.h"

enum {
    ACCESS_WINDOW_S = 15 * 60,
    ACCESS_WAITING_MAX = 4096,  /* rows; one more is refused, or lost when nobody waits for it */
    ACCESS_BATCH_MAX = 64,      /* rows of one transaction */
    ACCESS_COVERED_MAX = 16384, /* what is remembered as covered; forgotten is written again */
    ACCESS_RETRY_MS = 200,
    ACCESS_TALLY_MS = 10 * 1000, /* between looks for refusals to be summed up */
};

struct access_log;

struct access_log_config { /* borrows */
    uv_loop_t *loop;
    struct host_clock *clock;
    struct postgres *postgres;
    struct uuid tenant, node;
    /* The chain has a new last row, committed. */
    void (*moved)(void *data, struct uuid writer, uint64_t number, const uint8_t hash[32]);
    void *data;
};

struct access_log *access_log_create(const struct access_log_config *config);
/* Takes no more, writes what waits if the database answers, then frees and calls. */
void access_log_stop(struct access_log *log, void (*stopped)(void *data), void *data);

/* It stands in the log for this quarter of an hour: it may be shown. */
bool access_log_covers(const struct access_log *log, const struct access *access);
/* Until when; 0 = it does not. */
int64_t access_log_covers_until(const struct access_log *log, const struct access *access);
/* Copies. `done` is called once the row is committed, or with false when that cannot be known soon,
 * which may be at once; NULL = nobody waits, and the row is written when it can be. */
void access_log_write(struct access_log *log, const struct access *access,
                      void (*done)(void *data, bool written), void *data);

struct access_log_counts {
    uint64_t rows, covered, refused, lost;
};
void access_log_count(const struct access_log *log, struct access_log_counts *ret);

#endif
