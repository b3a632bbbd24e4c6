/*
 * The parts of the audit of one node: the access log, whose heads and those of streams go into
 * checkpoints. It is the node's witness (node.h).
 */
#ifndef CONSILIUM_AUDIT_TRAIL_H
#define CONSILIUM_AUDIT_TRAIL_H

#include "server/audit/access_log.h"
#include "server/data_folder.h"
#include "server/node/node.h"

struct audit_trail;

struct audit_trail_config { /* borrows */
    uv_loop_t *loop;
    struct host_clock *clock;
    struct postgres *postgres;
    struct uuid tenant;
    const struct data_folder *folder;
    const char *key_file; /* of the key-encryption key; NULL = in the folder */
    const char *anchor;   /* NULL = in the folder */
    void (*report)(void *data, const char *words);
    void *data;
};

/* NULL: message says why. */
struct audit_trail *audit_trail_start(const struct audit_trail_config *config,
                                      const char **ret_message);
struct access_log *audit_trail_log(struct audit_trail *trail);
struct witness *audit_trail_witness(struct audit_trail *trail);
/* A stream has a new last row, committed. */
void audit_trail_moved(struct audit_trail *trail, const struct stream_head *head);
/* Streams came to this node whose last rows it has not seen. */
void audit_trail_look_again(struct audit_trail *trail);
/* Writes what is left, if the database answers, then frees and calls. */
void audit_trail_stop(struct audit_trail *trail, void (*stopped)(void *data), void *data);

#endif
