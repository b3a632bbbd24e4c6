/*
 * Writes documents of evidence into the cases that they are made of.
 *
 * A case whose stream moved is looked at once it has been quiet, or after a while of being busy:
 * its record is read, what follows from it and is not there is written through imaging's own door
 * for files, one document after the other, and the version that was read is noted. On the loop's
 * thread only. A failure leaves the note as it was: the case is looked at again later, and after a
 * restart, and finds by their UIDs what it had written.
 */
#ifndef CONSILIUM_EVIDENCE_EVIDENCE_SERVICE_H
#define CONSILIUM_EVIDENCE_EVIDENCE_SERVICE_H

#include "server/imaging/imaging_service.h"
#include "server/node/node.h"

#define EVIDENCE_QUIET_MS 3000 // without an event, where nothing else is decided
#define EVIDENCE_QUIET_MS_MAX 60000
#define EVIDENCE_BUSY_MS 30000   // at the latest after the first one
#define EVIDENCE_AGAIN_MS 15000  // after a failure
#define EVIDENCE_WAITING_MAX 512 // cases; what is over it is found by looking again

struct evidence_service;

struct evidence_service_config { /* borrows all */
    uv_loop_t *loop;
    struct postgres *postgres;
    struct imaging_service *imaging;
    struct node *node;
    struct uuid tenant;
    uint32_t quiet_ms;
    struct text (*name_of)(void *data, struct uuid user); // borrowed until the next turn
    void *data;
};

/* NULL = no memory. */
struct evidence_service *evidence_service_create(const struct evidence_service_config *config);
/* Before imaging and node end; `closed` may come at once. */
void evidence_service_close(struct evidence_service *service, void (*closed)(void *data),
                            void *data);

/* A stream has a new last row. */
void evidence_service_moved(struct evidence_service *service, const struct stream_head *head);
/* Finds the cases whose last events were not looked at. When the database is there. */
void evidence_service_catch_up(struct evidence_service *service);

struct evidence_counts {
    uint64_t written, failed, cases;
};
struct evidence_counts evidence_service_count(const struct evidence_service *service);

#endif
