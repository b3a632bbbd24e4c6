/*
 * The indexes of cases: read from the database once when somebody searches, then kept while they
 * are used and the case's images stay as they are. On the loop's thread only. What all indexes
 * together take is bounded; the one that was used longest ago goes first.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_LOAD_H
#define CONSILIUM_DICOMWEB_QIDO_LOAD_H

#include "server/dicomweb/qido_index.h"
#include "server/imaging/imaging_service.h"

#define QIDO_KEPT_BYTES ((size_t)256 << 20) // of all cases together
#define QIDO_KEPT_CASES 1024

struct qido_indexes;

/* Of this service, which tells of changes from now on. NULL without memory. */
struct qido_indexes *qido_indexes_create(struct imaging_service *service);

/* `done` may be called at once; the index is borrowed for the call, take a reference to keep it. */
struct qido_wait {
    void (*done)(struct qido_wait *wait, enum imaging_read_result result, struct qido_index *index);
    struct qido_wait *next, **link; /* the cache's; link NULL = not waiting */
};
void qido_indexes_get(struct qido_indexes *indexes, struct uuid patient_case,
                      struct qido_wait *wait);
/* Nobody waits any more; nothing happens when `done` was called. */
void qido_wait_cancel(struct qido_wait *wait);

#endif
