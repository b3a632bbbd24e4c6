/*
 * The durable record. Sans-IO: everything here runs on the caller's loop over a `struct database`
 * (database.h), which is PostgreSQL in a node and a model in the simulator. It owns group commit,
 * sealing and the hash chains, fencing, pending messages, snapshots, list rows and stream keys.
 *
 * Promises: a callback with STORE_OK means the rows are committed. STORE_UNAVAILABLE means nothing
 * is known to be committed and the caller must read again before going on. No callback is made from
 * inside the call that asked for it.
 */
#ifndef CONSILIUM_STORE_H
#define CONSILIUM_STORE_H

#include "actors/runtime/runtime.h"
#include "server/histogram.h"

struct store;
struct database;
struct keys;

enum store_result {
    STORE_OK,
    STORE_ABSENT,
    STORE_UNAVAILABLE,
    STORE_FENCED,     /* this node's incarnation is over, or the shard is not ours */
    STORE_CONFLICT,   /* another row stands at this version */
    STORE_TAKEN,      /* a list row's key is another stream's; nothing was written */
    STORE_DUPLICATE,  /* this command id is in the stream already */
    STORE_CORRUPT,    /* a hash or seal does not verify; said in the log with stream and version */
    STORE_OTHER_KIND, /* of a load: the id is that of another kind of actor */
};

/* Per stream in memory, embedded in whatever owns the stream. The owner sets stream and kind before
 * store_load, which fills in the rest; it must live until every call that was given it has
 * answered. */
struct stream_head {
    struct uuid stream;
    struct uuid tenant;
    uint8_t kind;
    uint64_t version;
    uint8_t hash[32];
    int64_t last_at;
    uint64_t key_id;
    uint64_t snapshot_version;
};

struct store_config {
    struct database *database; /* borrows */
    struct keys *keys;         /* borrows */
    struct host_clock *clock;  /* borrows */
    struct uuid node;          /* of the data folder */
    struct uuid tenant;        /* root organisation of this deployment */
    /* For the log, in words without anything of a patient: a damaged row, a lost incarnation. May
     * be NULL. */
    void (*report)(void *data, const char *words);
    /* A stream has a new last row, committed: the head's. May be NULL. */
    void (*moved)(void *data, const struct stream_head *head);
    void (*gained)(void *data); /* this node owns shards that it did not; may be NULL */
    void *data;
};

/* Clock and randomness, given. */
struct host_clock {
    int64_t (*now)(struct host_clock *clock); /* microseconds since 1970 */
    void (*random)(struct host_clock *clock, void *bytes, size_t length);
};

struct store *store_create(const struct store_config *config);
void store_destroy(struct store *store);

/*
 * Becomes the owner: fences the last incarnation of this node, takes its shards at once and all
 * shards that nobody holds a live lease for; then keeps the lease. on_shards is called whenever the
 * set changes; owned[shard] tells. A lost lease drops all shards before anything else is written.
 */
typedef void (*store_on_shards)(void *data, const bool owned[1024]);
void store_start(struct store *store, store_on_shards on_shards, void *data);
/* Hands over in order: no new appends, waits for those in flight, gives the shards up. */
void store_drain(struct store *store, void (*done)(void *data), void *data);
bool store_owns(const struct store *store, struct uuid stream);
uint16_t store_shard(struct uuid stream); /* low 10 bits, for ever */

/* Snapshot (when its format fits) and the events after it, in order. head is filled in. Here and in
 * store_read, fields.bytes NULL = what the event was about is erased, and it says nothing any more.
 */
struct store_load_sink {
    /* False = unreadable: the rest is replayed from the start, without the snapshot. */
    bool (*snapshot)(void *data, const struct saved_actor *saved);
    bool (*event)(void *data, const struct event_header *header, struct uuid command_id,
                  struct bytes fields);
    void (*done)(void *data, enum store_result result);
};
/* CONFLICT: an event the sink cannot read. */
void store_load(struct store *store, struct stream_head *head, uint16_t state_format,
                const struct store_load_sink *sink, void *data);

/* The stream is no longer in memory: its key is wiped here too. Not while a call is in flight. */
void store_unload(struct store *store, struct uuid stream);

/* One command's effects; copies what it keeps. head moves when it commits. One at a time for each
 * head. An append waits while the database is away, for ten seconds at the most. */
typedef void (*store_done)(void *data, enum store_result result);
void store_append(struct store *store, struct stream_head *head, const struct append *append,
                  store_done done, void *data);

/* Removes a pending row (its message was refused or is a duplicate). */
void store_settle(struct store *store, struct uuid target, struct uuid command_id);

/* Committed events after `after`, at most `limit` (and at most 255), decrypted, for a resume.
 * `more`: ask again. */
struct store_read_sink {
    void (*event)(void *data, const struct event_header *header, struct bytes fields);
    void (*done)(void *data, enum store_result result, bool more);
};
void store_read(struct store *store, struct stream_head *head, uint64_t after, uint32_t limit,
                const struct store_read_sink *sink, void *data);

/* The version an older command id got, for a retry that is no longer in memory. */
void store_find_command(struct store *store, struct uuid stream, struct uuid command_id,
                        void (*done)(void *data, enum store_result result, uint64_t version),
                        void *data);

void store_save_snapshot(struct store *store, struct stream_head *head,
                         const struct saved_actor *saved);

/* Durable messages and timers that are due, for targets in owned shards: each is given once per
 * activation of this node, and again after a restart, or when half a minute went by, until it is
 * settled by an append or store_settle. */
typedef void (*store_on_pending)(void *data, uint8_t target_kind, struct uuid target,
                                 struct uuid command_id, struct encoded command);
void store_on_due(struct store *store, store_on_pending on_pending, void *data);

/* List rows: current row of a key, opened. Before this node's keys are known they wait for them,
 * for ten seconds at the most. */
void store_list_get(struct store *store, const char *list, struct bytes key,
                    void (*done)(void *data, enum store_result result, struct uuid owner,
                                 struct bytes row),
                    void *data);
void store_list_all(struct store *store, const char *list,
                    void (*row)(void *data, struct uuid owner, struct bytes row),
                    void (*done)(void *data, enum store_result result), void *data);

/* Runs what is due (batches, retries, lease renewal) and tells when to be called again,
 * microseconds since 1970. Appends leave in here: call it after each turn of the loop that made
 * some. */
int64_t store_tick(struct store *store, int64_t now);
bool store_available(const struct store *store); /* false while the database is away */

struct store_counts {
    uint64_t batches, rows, in_flight, waiting, failed, retried, pending_due;
    struct histogram commit_us, batch_rows; /* of group commits; first bounds as in histogram.h */
};
void store_count(const struct store *store, struct store_counts *ret);

#endif
