/*
 * Carries out the erasure of cases whose order is committed, one after the other:
 *
 *   1 DATA/erasures says so
 *       from here on nobody sees the case, also in a restored copy
 *   2 its last messages are delivered
 *       worklists and boards are told
 *   3 people forget what they have of it
 *       nothing of it is in memory, and pages that come back hear of it
 *   4 its files are deleted
 *   5 one transaction: its key, those of what others said of it (server/store/topic.h), list rows,
 *     snapshot, pending rows and image rows go; `erasure` gets the tombstone
 *       events stay as they are, unreadable, and their chain verifies
 *   6 the tenant's keys are rotated
 *       its key is in no copy any more that could be opened
 *   7 DATA/erasures says that it is gone
 *
 * Each step may be done twice, so a process that ends in between is followed by one that goes on.
 */
#ifndef CONSILIUM_ERASER_H
#define CONSILIUM_ERASER_H

#include "server/imaging/imaging_service.h"
#include "server/node/node.h"
#include "server/store/rotation.h"

struct eraser_config {
    uv_loop_t *loop; /* borrows, as all here */
    struct postgres *postgres;
    struct keys *keys;
    struct rotation *rotation;
    struct imaging_service *imaging;
    struct node *node; /* people are told to forget what they have of a case */
    struct uuid tenant;
    const char *data_folder;
    void (*report)(void *data, const char *words); /* without anything of a patient; may be NULL */
    void *data;
};

struct eraser;

/* NULL = DATA/erasures cannot be read: nothing may be shown then. */
struct eraser *eraser_create(const struct eraser_config *config);
/* Finds out what was erased and what is still to be done; `ready` is called once that is known, and
 * nothing may be shown before. It waits for the database. */
void eraser_start(struct eraser *eraser, void (*ready)(void *data), void *data);
/* Takes no more steps; `closed` is called when the memory is gone. NULL is fine. */
void eraser_close(struct eraser *eraser, void (*closed)(void *data), void *data);

/* Ordered just now, and committed. */
void eraser_order(struct eraser *eraser, struct uuid patient_case);
/* Ordered, under way or done. */
bool eraser_holds(const struct eraser *eraser, struct uuid patient_case);
size_t eraser_waiting(const struct eraser *eraser); /* cases that are not done */

#endif
