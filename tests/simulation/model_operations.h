/* What a model connection carries out; private to model_database.c, model_append.c, model_read.c
 * and model_ownership.c. */
#ifndef SIMULATION_MODEL_OPERATIONS_H
#define SIMULATION_MODEL_OPERATIONS_H

#include "tests/simulation/model_database.h"

enum { OPERATION_ROWS_MAX = DATABASE_PAGE_MAX };

/* Stands for the question's own type of function, to which it is cast back. */
typedef void (*any_done)(void);

/* One thing asked of the database, with space for what any of them needs. Rows are pointed at in
 * the tables when it runs and copied, since they may change before the answer arrives. */
struct operation {
    struct operation *next;
    struct model_connection *connection;
    int lane;
    bool running;
    bool planned; /* a step of it is in the queue of what happens */
    bool gone;    /* nobody waits for it any more */
    enum database_result result;
    void (*run)(struct operation *operation);
    void (*answer)(struct operation *operation);
    /* Given with the question */
    struct uuid id, command_id;
    uint64_t number;
    uint32_t limit;
    bool first;
    const char *list;
    uint8_t key[DATABASE_HASH_BYTES];
    bool has_key;
    bool shards[SHARD_COUNT];
    struct pending_row after;
    bool has_after;
    struct snapshot_row snapshot;
    struct tenant_key_row tenant_key;
    any_done done;
    void *data;
    /* Found */
    struct event_row *events;
    struct pending_row *pending;
    struct list_row *list_rows;
    struct stream_key_row *stream_keys;
    struct tenant_key_row *tenant_keys;
    size_t count, key_count;
    bool has_snapshot;
    bool owned[SHARD_COUNT];
    bool free_shards;
};

/* An append as the backend sees it. It owns copies of its rows: its client may be gone. */
struct transaction {
    struct transaction *next;
    struct model_database *model;
    struct operation *operation; /* NULL = nobody waits: a zombie */
    struct database_batch batch;
    bool locked; /* holds its node's fence FOR SHARE */
    bool inserted;
    bool dead;
    bool zombie;
};
void transaction_free(struct transaction *transaction);
/* pg_terminate_backend of those that hold a fence: each has committed by then or rolls back. */
void transactions_end(struct model_database *model, struct uuid node);

int64_t model_latency(struct model_database *model);
void operation_queue(struct model_connection *connection, struct operation *operation, int lane);
void operation_answer(struct operation *operation, enum database_result result);
struct operation *operation_copy_for_answer(const struct operation *operation);
void operation_free(struct operation *operation);

void operations_offer(struct database *database);
void append_offer(struct database *database);
void read_offer(struct database *database);
void ownership_offer(struct database *database);

#endif
