/*
 * Refusals of one sign-in and one kind in fifteen minutes: the first few each get a row of their
 * own, the rest one row together that says how many they were. So whoever tries case after case is
 * seen, and cannot fill the log. No input or output.
 */
#ifndef CONSILIUM_REFUSAL_TALLY_H
#define CONSILIUM_REFUSAL_TALLY_H

#include "server/audit/access_row.h"

enum {
    REFUSALS_IN_FULL = 16, /* with their case, of one sign-in and kind */
    REFUSAL_WINDOW_S = 15 * 60,
    REFUSAL_TALLIES_MAX = 4096, /* a new one beyond that closes another early */
};

struct refusal_tally;
struct refusal_tally *refusal_tally_create(void);
void refusal_tally_destroy(struct refusal_tally *tally);

/* `row` is of many refusals together: no case, and their number as the object. */
typedef void (*refusal_tally_due)(void *data, const struct access *row);

/* True = write it as it is; false = it is counted. `due` may be called for another sign-in. */
bool refusal_tally_take(struct refusal_tally *tally, const struct access *access, int64_t now,
                        refusal_tally_due due, void *data);
/* What was counted in windows that are over; INT64_MAX = in all. */
void refusal_tally_close(struct refusal_tally *tally, int64_t now, refusal_tally_due due,
                         void *data);

#endif
