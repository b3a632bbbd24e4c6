/* The rows of a simulated PostgreSQL: committed ones only. Rows own their bytes. */
#ifndef SIMULATION_MODEL_TABLES_H
#define SIMULATION_MODEL_TABLES_H

#include "server/store/database.h"

struct fence_row {
    struct uuid node;
    uint64_t incarnation;
};

struct lease_row {
    struct uuid node;
    int64_t ends_at;
};

struct model_tables {
    struct event_row *events;
    struct stream_key_row *stream_keys;
    struct pending_row *pending;
    struct list_row *list_rows;
    struct snapshot_row *snapshots;
    struct tenant_key_row *tenant_keys;
    struct fence_row *fences;
    struct lease_row *leases;
    size_t event_count, stream_key_count, pending_count, list_row_count, snapshot_count,
        tenant_key_count, fence_count, lease_count;
    struct uuid owner[SHARD_COUNT]; /* zero = nobody */
};

void model_tables_finish(struct model_tables *tables);

const struct event_row *model_event(const struct model_tables *tables, struct uuid stream,
                                    uint64_t version);
/* The first from that version on. */
const struct event_row *model_event_from(const struct model_tables *tables, struct uuid stream,
                                         uint64_t version);
const struct event_row *model_command(const struct model_tables *tables, struct uuid stream,
                                      struct uuid command_id, uint16_t part);
const struct stream_key_row *model_stream_key(const struct model_tables *tables,
                                              struct uuid stream);
const struct snapshot_row *model_snapshot(const struct model_tables *tables, struct uuid stream);
const struct list_row *model_list_row(const struct model_tables *tables, struct uuid tenant,
                                      const char *list, const uint8_t *key);
uint64_t model_incarnation(const struct model_tables *tables, struct uuid node); /* 0 = no row */
void model_set_incarnation(struct model_tables *tables, struct uuid node, uint64_t incarnation);
void model_set_lease(struct model_tables *tables, struct uuid node,
                     int64_t ends_at);                                    /* 0 = delete */
int64_t model_lease(const struct model_tables *tables, struct uuid node); /* 0 = none */

/* True when a unique index of the committed rows refuses something of the batch. */
bool model_refuses(const struct model_tables *tables, const struct database_batch *batch);
/* The batch's rows, all at once. Copies. */
void model_apply(struct model_tables *tables, const struct database_batch *batch);

void model_put_snapshot(struct model_tables *tables, const struct snapshot_row *row);
bool model_put_tenant_key(struct model_tables *tables, const struct tenant_key_row *row);

struct bytes model_bytes_copy(struct bytes from); /* gives; free() */

#endif
