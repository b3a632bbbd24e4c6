/*
 * People who keep writing to cases while things break, and the ledger of what each wrote and was
 * told. A author has one message under way; a refusal that says "later" makes it try again under
 * the same command id. Everybody also listens, and remembers every message heard, in order.
 *
 * What must be true in the end: every accepted message is in the record once, nothing is there
 * twice, and everybody who listened heard exactly what is in the record.
 */
#ifndef CONSILIUM_TESTS_AUTHORS_H
#define CONSILIUM_TESTS_AUTHORS_H

#include "tests/support/bots.h"

struct ledger_entry {
    struct uuid id; /* of the command, and so of the message */
    unsigned case_number;
    bool accepted;
};

struct author {
    unsigned entry; /* under way; UINT_MAX = none */
    uint32_t seq;
    int64_t again_ms; /* not before; 0 = now */
    struct uuid *heard;
    unsigned heard_count, heard_capacity;
};

struct authors {
    struct bots bots;
    unsigned case_count, first_case;
    struct author *list;
    struct ledger_entry *entries;
    unsigned count, capacity, accepted, refused;
    bool resting; /* no new messages */
};

/* `count` people spread over `case_count` cases from `first_case` on, which everybody of the staff
 * may write to. */
bool authors_init(struct authors *authors, const struct staff *staff, unsigned count,
                  unsigned first_case, unsigned case_count);
void authors_finish(struct authors *authors);

/* They write. */
void authors_run(struct authors *authors, int duration_ms);
/* They begin nothing new; true when all that was begun is accepted and everybody is there. */
bool authors_settle(struct authors *authors, int limit_ms);

/* How many accepted messages the record lacks, or holds more than once; and how many rows of
 * messages there are. Both from PostgreSQL, without our server. */
bool authors_check_record(const struct authors *authors, const char *database, unsigned *ret_lost,
                          unsigned *ret_doubled, unsigned *ret_rows);
/* How many authors heard something else than somebody who comes now, and sees the case afresh. */
unsigned authors_who_heard_otherwise(struct authors *authors);

#endif
