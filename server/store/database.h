/*
 * What the store asks of PostgreSQL, and nothing more. postgres_database() carries it out on a real
 * one; the simulator and the unit tests carry it out on a model. Each operation below is one
 * transaction at READ COMMITTED, written out statement by statement, so that a model can interleave
 * them as PostgreSQL may.
 *
 * Operations never call back from inside themselves. What is passed in is borrowed until `done`;
 * what `done` is given is borrowed for the call. Operations of one group are carried out in the
 * order they were asked for: append alone; take, renew and give_up; everything that reads, with
 * save_snapshot and add_tenant_key.
 *
 * Outcomes. OK: committed. AWAY: the connection was not there or was lost before the outcome was
 * known; a write may have happened, or may still happen while a forgotten backend works on it.
 * FENCED, CONFLICT and FAILED: rolled back for certain. ABSENT: nothing is there.
 */
#ifndef CONSILIUM_DATABASE_H
#define CONSILIUM_DATABASE_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHARD_COUNT = 1024,
    DATABASE_HASH_BYTES = 32,
    DATABASE_WRAPPED_KEY_BYTES = 60,
    DATABASE_LEASE_MS = 3000, /* how long a lease lives on the database's own clock */
    DATABASE_PAGE_MAX = 256,  /* rows of one read, at most */
};

enum database_result {
    DATABASE_OK,
    DATABASE_ABSENT,
    DATABASE_AWAY,
    DATABASE_FENCED,
    DATABASE_CONFLICT, /* a unique index refused a row */
    DATABASE_FAILED,   /* anything else: disk full, out of memory, a bound of a column */
};

/* Low 10 bits of a stream's id, for ever. */
static inline uint16_t database_shard(struct uuid stream) {
    return (uint16_t)((stream.bytes[14] << 8 | stream.bytes[15]) & (SHARD_COUNT - 1));
}

/* Row of `event`. payload is sealed; hash = H(hash before, header, payload). */
struct event_row {
    struct uuid tenant, stream;
    uint64_t version; /* from 1, dense */
    uint16_t part;    /* number of the event within its command */
    struct uuid command_id;
    uint8_t type; /* tag */
    int64_t at;
    struct uuid user;
    uint64_t key_id;
    struct bytes payload;
    uint8_t hash[DATABASE_HASH_BYTES];
};

/* Row of `stream_key`: a stream's own, written once with its first event, or a topic's (topic.h),
 * written with the first event about that. */
struct stream_key_row {
    struct uuid tenant, stream; /* of a topic: topic_key() */
    uint8_t kind;               /* number of the actor kind; 0 = a topic's */
    uint64_t key_id;            /* STREAM_OWN_KEY, or topic_number() */
    uint32_t generation;        /* of the tenant key that wraps it */
    uint8_t wrapped[DATABASE_WRAPPED_KEY_BYTES];
    /* Of a topic, and of what is inserted; zero otherwise. */
    struct uuid of, about;
};

struct tenant_key_row {
    struct uuid tenant;
    uint32_t generation;
    uint8_t wrapped[DATABASE_WRAPPED_KEY_BYTES];
};

/* Row of `pending`; payload is sealed with the key of `source`, the stream it was sent by. */
struct pending_row {
    struct uuid tenant, source, target, command_id;
    uint8_t target_kind;
    int64_t due_at;
    uint64_t key_id;
    struct bytes payload;
};

struct settled_row {
    struct uuid target, command_id;
};

/* Row of `list_row`; payload is sealed with the key of `owner`. payload.length 0 = the row is taken
 * away. */
struct list_row {
    struct uuid tenant, owner;
    const char *list;
    uint8_t key[DATABASE_HASH_BYTES];
    uint64_t key_id;
    struct bytes payload;
};

/* Row of `snapshot`; payload is sealed. */
struct snapshot_row {
    struct uuid tenant, stream;
    uint64_t version;
    uint16_t state_format;
    uint64_t key_id;
    struct bytes payload;
};

/* One transaction of append. Any array may be empty; all empty still takes the fence. */
struct database_batch {
    struct uuid node;
    uint64_t incarnation;
    const struct event_row *events;
    const struct stream_key_row *stream_keys;
    const struct settled_row *settled;
    const struct pending_row *pending;
    const struct list_row *list_rows; /* a key at most once */
    size_t event_count, stream_key_count, settled_count, pending_count, list_row_count;
};

typedef void (*database_done)(void *data, enum database_result result);

struct database {
    /*
     *   SELECT FROM node_fence WHERE node = .. AND incarnation = .. FOR SHARE    0 rows: FENCED
     *   INSERT stream_keys; INSERT events; DELETE settled; INSERT pending
     *   DELETE list rows with these keys and this owner; INSERT those with a payload
     *   COMMIT
     * CONFLICT when a unique index refuses: event (stream, version), event (stream, command_id,
     * part), stream_key (stream), pending (target, command_id), list_row (tenant, list, key:
     * another owner has it). An insert waits for an uncommitted one of the same key, as
     * PostgreSQL's does. COMMIT waits until the rows are safe on disk (and on a synchronous
     * standby, if there is one); if that wait was cut short the outcome is AWAY.
     */
    void (*append)(struct database *database, const struct database_batch *batch,
                   database_done done, void *data);

    /* SELECT the stream's key, its snapshot and the keys of its topics: in this order, keys[0] is
     * its own. ABSENT without that; snapshot is NULL when there is none. */
    void (*open)(struct database *database, struct uuid stream,
                 void (*done)(void *data, enum database_result result,
                              const struct stream_key_row *keys, size_t key_count,
                              const struct snapshot_row *snapshot),
                 void *data);

    /* SELECT events WHERE version >= first ORDER BY version LIMIT limit (at most
     * DATABASE_PAGE_MAX). */
    void (*read)(struct database *database, struct uuid stream, uint64_t first, uint32_t limit,
                 void (*done)(void *data, enum database_result result, const struct event_row *rows,
                              size_t count),
                 void *data);

    /* SELECT max(version) of the events of one command. ABSENT when there is none. */
    void (*find_command)(struct database *database, struct uuid stream, struct uuid command_id,
                         void (*done)(void *data, enum database_result result, uint64_t version),
                         void *data);

    /* INSERT, or UPDATE when the one that stands is older or of another state format. */
    void (*save_snapshot)(struct database *database, const struct snapshot_row *row,
                          database_done done, void *data);

    /*
     * SELECT pending of these shards, joined with the key of its source, ORDER BY due_at, target,
     * command_id, after `after` (NULL = from the start; its other members are not looked at) LIMIT
     * DATABASE_PAGE_MAX. Rows that are not due yet are given too. keys[i] belongs to rows[i].
     */
    void (*pending)(struct database *database, const bool shards[SHARD_COUNT],
                    const struct pending_row *after,
                    void (*done)(void *data, enum database_result result,
                                 const struct pending_row *rows, const struct stream_key_row *keys,
                                 size_t count),
                    void *data);

    /* SELECT a list's row by its key, joined with the owner's key. ABSENT when there is none. */
    void (*list_get)(struct database *database, struct uuid tenant, const char *list,
                     const uint8_t key[DATABASE_HASH_BYTES],
                     void (*done)(void *data, enum database_result result,
                                  const struct list_row *row, const struct stream_key_row *owner),
                     void *data);
    /* The same for all rows ORDER BY key, after `after` (NULL = from the start) LIMIT
     * DATABASE_PAGE_MAX. */
    void (*list_page)(struct database *database, struct uuid tenant, const char *list,
                      const uint8_t *after,
                      void (*done)(void *data, enum database_result result,
                                   const struct list_row *rows, const struct stream_key_row *owners,
                                   size_t count),
                      void *data);

    /* SELECT a tenant's keys ORDER BY generation; OK with none when there is none. */
    void (*tenant_keys)(struct database *database, struct uuid tenant,
                        void (*done)(void *data, enum database_result result,
                                     const struct tenant_key_row *rows, size_t count),
                        void *data);
    /* INSERT; CONFLICT when that generation is there already. */
    void (*add_tenant_key)(struct database *database, const struct tenant_key_row *row,
                           database_done done, void *data);

    /*
     * Becomes the owner of shards. One transaction, and no two of take and give_up run side by
     * side: when `first`: incarnation of `node` + 1 (a new row starts at 1), which is what ends an
     * earlier life of it; otherwise 0 rows for (node, incarnation): FENCED lease of `node` =
     * database clock + DATABASE_LEASE_MS dead = other nodes that own shards and have no lease, or
     * one that ended (that lease row is deleted) incarnation of each dead node + 1: waits for
     * appends that hold it FOR SHARE, after ending those backends UPDATE shards SET owner = node
     * WHERE owner is nobody or dead; those of `node` itself are kept COMMIT Whoever reads a stream
     * does so after this, so nothing older can still be on its way.
     */
    void (*take)(struct database *database, struct uuid node, bool first, uint64_t incarnation,
                 void (*done)(void *data, enum database_result result, uint64_t incarnation,
                              const bool owned[SHARD_COUNT]),
                 void *data);

    /* UPDATE lease SET end WHERE node and incarnation: 0 rows: FENCED. free_shards: take would gain
     * some. */
    void (*renew)(struct database *database, struct uuid node, uint64_t incarnation,
                  void (*done)(void *data, enum database_result result, bool free_shards),
                  void *data);

    /* Incarnation + 1 (FENCED when it is not ours), shards of node = nobody's, lease deleted. */
    void (*give_up)(struct database *database, struct uuid node, uint64_t incarnation,
                    database_done done, void *data);

    bool (*available)(const struct database *database);
};

#endif
