/* What the two files of `consilium restore` share; nothing else includes it. */
#ifndef CONSILIUM_RESTORE_PARTS_H
#define CONSILIUM_RESTORE_PARTS_H

#include "server/backup/backup_parts.h"

#include <limits.h>

struct restoring {
    const struct backup_options *options;
    char folder[PATH_MAX]; /* from, links resolved */
    struct data_folder data;
    struct cluster_files files;
    struct base base;
    int64_t at; /* 0 = the newest */
    /* Counted. */
    uint64_t database_bytes, log_bytes, blob_bytes, blobs, damaged;
    int64_t restored_to;
};

/* Puts the base and the log after it where PostgreSQL expects them. False: it has said why. */
bool restore_database(struct restoring *restoring);
/* Runs it up to the moment, states in it what was done, and stops it. */
bool restore_recover(struct restoring *restoring);

/* Holds the keys to the record that was put back, and puts newer wrapped ones into it where those
 * of then are destroyed. False: it has said why. */
bool restore_keys(struct restoring *restoring, PGconn *connection);

#endif
