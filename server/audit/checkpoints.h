/*
 * Writes a checkpoint each minute: of the streams whose last row moved since the one before. After
 * a start nobody knows which those are, so all streams are gone through once, and the access logs
 * of all lives: the last rows of one that was killed are in no checkpoint yet. What is committed is
 * told outside the database too, by a line in an append-only file (the anchor):
 *
 *   NODE NUMBER MICROSECONDS HASH SIGNATURE        hash and signature in hexadecimal
 */
#ifndef CONSILIUM_CHECKPOINTS_H
#define CONSILIUM_CHECKPOINTS_H

#include "server/audit/checkpoint.h"
#include "server/store/postgres.h"
#include "server/store/store.h"

enum {
    CHECKPOINT_EVERY_MS = 60 * 1000,
    CHECKPOINT_RETRY_MS = 1000,
    CHECKPOINT_LINE_MAX = 36 + 1 + 20 + 1 + 20 + 1 + 64 + 1 + 128 + 1,
};

struct checkpoints;

struct checkpoints_config {
    uv_loop_t *loop;
    struct host_clock *clock;
    struct postgres *postgres;
    struct uuid tenant, node;
    const char *key_path;    /* made when absent */
    const char *anchor_path; /* made when absent; only ever appended to */
    void (*report)(void *data, const char *words);
    void *data;
};

/* Borrows what it is given. NULL: message says why. */
struct checkpoints *checkpoints_start(const struct checkpoints_config *config,
                                      const char **ret_message);
/* A chain has a new last row. */
void checkpoints_moved(struct checkpoints *checkpoints, struct uuid stream, uint64_t version,
                       const uint8_t hash[DATABASE_HASH_BYTES]);
/* Go through all streams again: another node's came to this one. */
void checkpoints_look_again(struct checkpoints *checkpoints);
/* Writes what is left, if the database answers; then frees and calls. The loop must go on. */
void checkpoints_stop(struct checkpoints *checkpoints, void (*stopped)(void *data), void *data);

#endif
