/* One append as it waits, and several put together as the rows of one transaction. */
#ifndef CONSILIUM_BATCH_H
#define CONSILIUM_BATCH_H

#include "server/store/database.h"
#include "server/store/seal.h"
#include "server/store/store.h"

enum {
    JOURNAL_ROWS_MAX = 128, /* events of a batch */
    BATCH_BYTES_MAX = 4 * 1024 * 1024,
    ITEM_BYTES_MAX = 16 * 1024 * 1024,
};

/* Sealed once: every try sends the same bytes. */
struct journal_item {
    struct journal_item *next;
    /* Given. head and done are NULL for a settled row that no append carries. */
    struct stream_head *head;
    store_done done;
    void *data;
    /* Owned: everything the rows point to. */
    struct arena arena;
    struct event_row *events;
    struct pending_row *pending;
    const struct effect_message **messages; /* copies: what each pending row says, for delivery */
    struct list_row *list_rows;
    struct settled_row settled;
    struct stream_key_row stream_key; /* the stream's own */
    struct stream_key_row topic_key;
    size_t event_count, pending_count, list_row_count;
    bool has_settled, has_stream_key, has_topic_key;
    size_t bytes;
    int64_t queued_at;
    enum store_result result;
};

/* Fills in the item from the append. False: no key, or too large; the item is then good for
 * nothing. */
bool item_seal(struct journal_item *item, struct store *store, struct stream_head *head,
               const struct append *append);
/* The head moves past the item's events. */
void item_move_head(const struct journal_item *item);

struct batch {
    struct database_batch rows;
    /* Owned; rows point to them. */
    struct event_row *events;
    struct stream_key_row *stream_keys;
    struct settled_row *settled;
    struct pending_row *pending;
    struct list_row *list_rows;
    size_t capacities[5];
    size_t bytes;
};

void batch_begin(struct batch *batch, struct uuid node, uint64_t incarnation);
/* False = it would be too much; an empty batch takes anything. */
bool batch_add(struct batch *batch, const struct journal_item *item);
void batch_finish(struct batch *batch);

#endif
