#include "server/store/batch.h"

#include "server/store/store_state.h"
#include "server/store/topic.h"

#include <assert.h>
#include <stdlib.h>

/* Sealing one append */

static void *take(struct journal_item *item, size_t size) {
    return size == 0 ? NULL : arena_alloc(&item->arena, size);
}

static bool close_payload(struct journal_item *item, struct store *store,
                          const uint8_t key[KEY_BYTES], const struct seal_header *header,
                          struct bytes plain, struct bytes *ret) {
    uint8_t nonce[SEAL_NONCE_BYTES];
    uint8_t *sealed = arena_alloc(&item->arena, (size_t)plain.length + SEAL_BYTES);
    if (sealed == NULL)
        return false;
    store_nonce(store, nonce);
    seal_close(store->seal, key, nonce, header, plain, sealed);
    *ret = (struct bytes){plain.length + SEAL_BYTES, sealed};
    item->bytes += ret->length;
    return true;
}

static bool seal_events(struct journal_item *item, struct store *store,
                        const struct stream_head *head, const struct append *append,
                        uint64_t key_id, const uint8_t key[KEY_BYTES]) {
    size_t count = append->effects->event_count;
    item->events = take(item, count * sizeof item->events[0]);
    if (count > 0 && item->events == NULL)
        return false;
    const uint8_t *before = head->hash;
    for (size_t i = 0; i < count; i++) {
        struct event_row *row = &item->events[i];
        *row = (struct event_row){
            .tenant = head->tenant,
            .stream = head->stream,
            .version = append->first_version + i,
            .part = (uint16_t)i,
            .command_id = append->command_id,
            .type = append->effects->events[i].tag,
            .at = append->at,
            .user = append->by,
            .key_id = key_id,
        };
        struct seal_header header = seal_event_header(row, head->kind);
        if (!close_payload(item, store, key, &header, append->effects->events[i].fields,
                           &row->payload))
            return false;
        seal_chain(store->seal, before, &header, row->payload, row->hash);
        before = row->hash;
    }
    item->event_count = count;
    return true;
}

/* The command's tag in front of its fields: a pending row has no column for it. */
static bool seal_message(struct journal_item *item, struct store *store,
                         const struct stream_head *head, const struct append *append,
                         const struct effect_message *message, const uint8_t key[KEY_BYTES]) {
    struct effect_message *copy = arena_copy(&item->arena, message, sizeof *message);
    uint8_t *plain = arena_alloc(&item->arena, 1 + (size_t)message->command.fields.length);
    if (copy == NULL || plain == NULL)
        return false;
    plain[0] = message->command.tag;
    memcpy(plain + 1, message->command.fields.bytes, message->command.fields.length);
    copy->command.fields.bytes = plain + 1;
    copy->due_at = message->due_at == 0 ? append->at : message->due_at;

    struct pending_row *row = &item->pending[item->pending_count];
    *row = (struct pending_row){
        .tenant = head->tenant,
        .source = head->stream,
        .target = message->target,
        .command_id = message->command_id,
        .target_kind = message->target_kind,
        .due_at = copy->due_at,
        .key_id = head->key_id,
    };
    struct seal_header header = seal_pending_header(row);
    struct bytes body = {1 + message->command.fields.length, plain};
    item->messages[item->pending_count++] = copy;
    return close_payload(item, store, key, &header, body, &row->payload);
}

static bool seal_messages(struct journal_item *item, struct store *store,
                          const struct stream_head *head, const struct append *append,
                          const uint8_t key[KEY_BYTES]) {
    const struct effects *effects = append->effects;
    size_t count = 0;
    for (size_t i = 0; i < effects->message_count; i++)
        count += effects->messages[i].durable;
    item->pending = take(item, count * sizeof item->pending[0]);
    item->messages = take(item, count * sizeof item->messages[0]);
    if (count > 0 && (item->pending == NULL || item->messages == NULL))
        return false;
    for (size_t i = 0; i < effects->message_count; i++)
        if (effects->messages[i].durable &&
            !seal_message(item, store, head, append, &effects->messages[i], key))
            return false;
    return true;
}

static struct list_row *same_key(struct journal_item *item, const struct list_row *row) {
    for (size_t i = 0; i < item->list_row_count; i++)
        if (memcmp(item->list_rows[i].key, row->key, sizeof row->key) == 0)
            return &item->list_rows[i];
    return NULL;
}

static bool seal_list_rows(struct journal_item *item, struct store *store,
                           const struct stream_head *head, const struct append *append) {
    const struct effects *effects = append->effects;
    uint8_t key[KEY_BYTES];
    if (effects->row_count == 0)
        return true;
    item->list_rows = take(item, effects->row_count * sizeof item->list_rows[0]);
    if (item->list_rows == NULL ||
        !keys_derive(store->config.keys, head->tenant, head->stream, KEY_LIST, key))
        return false;
    for (size_t i = 0; i < effects->row_count; i++) {
        const struct effect_row *effect = &effects->rows[i];
        size_t name = strlen(effect->list) + 1; /* may be made for the turn, which may end first */
        struct list_row row = {.tenant = head->tenant,
                               .owner = head->stream,
                               .list = arena_copy(&item->arena, effect->list, name),
                               .key_id = head->key_id};
        if (row.list == NULL)
            return false;
        seal_list_key(store->list_key, effect->list, effect->key, row.key);
        struct seal_header header = seal_list_header(&row);
        if (effect->row.length > 0 &&
            !close_payload(item, store, key, &header, effect->row, &row.payload))
            return false;
        /* The last row of a key wins. */
        struct list_row *earlier = same_key(item, &row);
        if (earlier != NULL)
            *earlier = row;
        else
            item->list_rows[item->list_row_count++] = row;
    }
    return true;
}

static bool take_key(struct journal_item *item, struct store *store, struct stream_head *head,
                     uint8_t ret[KEY_BYTES]) {
    struct keys *keys = store->config.keys;
    if (head->key_id == 0) {
        struct stream_key_row *row = &item->stream_key;
        *row = (struct stream_key_row){.tenant = head->tenant,
                                       .stream = head->stream,
                                       .kind = head->kind,
                                       .key_id = STREAM_OWN_KEY};
        /* A key that is here already is that of a stream which the head does not know: it must not
         * be replaced. */
        if (keys_has_stream(keys, head->stream) ||
            !keys_new_stream(keys, head->tenant, head->stream, &row->generation, row->wrapped))
            return false;
        item->has_stream_key = true;
    }
    return keys_derive(keys, head->tenant, head->stream, KEY_EVENT, ret);
}

/* What is about something else has a key that goes with that. All topics of a stream in memory are
 * in memory, too. */
static bool take_topic_key(struct journal_item *item, struct store *store,
                           const struct stream_head *head, struct uuid about, uint64_t *ret_key_id,
                           uint8_t ret[KEY_BYTES]) {
    struct keys *keys = store->config.keys;
    uint64_t number = topic_number(about);
    struct uuid id = topic_key(head->stream, number);
    if (!keys_has_stream(keys, id)) {
        struct stream_key_row *row = &item->topic_key;
        *row = (struct stream_key_row){.tenant = head->tenant,
                                       .stream = id,
                                       .key_id = number,
                                       .of = head->stream,
                                       .about = about};
        if (!keys_new_topic(keys, head->tenant, head->stream, id, &row->generation, row->wrapped))
            return false;
        item->has_topic_key = true;
    }
    *ret_key_id = number;
    return keys_derive(keys, head->tenant, id, KEY_EVENT, ret);
}

bool item_seal(struct journal_item *item, struct store *store, struct stream_head *head,
               const struct append *append) {
    uint8_t key[KEY_BYTES], topic_key[KEY_BYTES];
    const uint8_t *event_key = key;
    uint64_t event_key_id = STREAM_OWN_KEY;
    if (uuid_is_zero(head->tenant))
        head->tenant = store->config.tenant;
    if (!take_key(item, store, head, key))
        return false;
    struct stream_head sealed = *head;
    if (item->has_stream_key)
        sealed.key_id = item->stream_key.key_id;
    if (!uuid_is_zero(append->settles)) {
        item->has_settled = true;
        item->settled = (struct settled_row){head->stream, append->settles};
    }
    if (!uuid_is_zero(append->about)) {
        if (!take_topic_key(item, store, &sealed, append->about, &event_key_id, topic_key))
            return false;
        event_key = topic_key;
    }
    return seal_events(item, store, &sealed, append, event_key_id, event_key) &&
           seal_messages(item, store, &sealed, append, key) &&
           seal_list_rows(item, store, &sealed, append) && !item->arena.failed;
}

void item_move_head(const struct journal_item *item) {
    struct stream_head *head = item->head;
    if (item->has_stream_key)
        head->key_id = item->stream_key.key_id;
    if (item->event_count == 0)
        return;
    const struct event_row *last = &item->events[item->event_count - 1];
    head->version = last->version;
    head->last_at = last->at;
    memcpy(head->hash, last->hash, sizeof head->hash);
}

/* Putting several together */

enum { EVENTS, STREAM_KEYS, SETTLED, PENDING, LIST_ROWS };

static void *grow(void *rows, size_t *capacity, size_t wanted, size_t size) {
    if (wanted <= *capacity)
        return rows;
    while (*capacity < wanted)
        *capacity = *capacity == 0 ? JOURNAL_ROWS_MAX : *capacity * 2;
    rows = realloc(rows, *capacity * size);
    assert(rows != NULL);
    return rows;
}

void batch_begin(struct batch *batch, struct uuid node, uint64_t incarnation) {
    batch->rows = (struct database_batch){.node = node, .incarnation = incarnation};
    batch->bytes = 0;
}

static bool fits(const struct batch *batch, const struct journal_item *item) {
    const struct database_batch *rows = &batch->rows;
    size_t most = JOURNAL_ROWS_MAX;
    return rows->event_count + item->event_count <= most &&
           rows->settled_count + item->has_settled <= most &&
           rows->pending_count + item->pending_count <= 4 * most &&
           rows->list_row_count + item->list_row_count <= 4 * most &&
           batch->bytes + item->bytes <= BATCH_BYTES_MAX;
}

/* Another stream's row of the same list key must meet its owner's as a conflict, so it goes in
 * another batch. */
static bool shares_list_key(const struct batch *batch, const struct journal_item *item) {
    for (size_t i = 0; i < item->list_row_count; i++)
        for (size_t j = 0; j < batch->rows.list_row_count; j++)
            if (memcmp(item->list_rows[i].key, batch->list_rows[j].key, DATABASE_HASH_BYTES) == 0)
                return true;
    return false;
}

bool batch_add(struct batch *batch, const struct journal_item *item) {
    struct database_batch *rows = &batch->rows;
    bool empty = rows->event_count + rows->settled_count + rows->pending_count == 0;
    if (!empty && (!fits(batch, item) || shares_list_key(batch, item)))
        return false;
    batch->events = grow(batch->events, &batch->capacities[EVENTS],
                         rows->event_count + item->event_count, sizeof batch->events[0]);
    batch->stream_keys = grow(batch->stream_keys, &batch->capacities[STREAM_KEYS],
                              rows->stream_key_count + 2, sizeof batch->stream_keys[0]);
    batch->settled = grow(batch->settled, &batch->capacities[SETTLED], rows->settled_count + 1,
                          sizeof batch->settled[0]);
    batch->pending = grow(batch->pending, &batch->capacities[PENDING],
                          rows->pending_count + item->pending_count, sizeof batch->pending[0]);
    batch->list_rows =
        grow(batch->list_rows, &batch->capacities[LIST_ROWS],
             rows->list_row_count + item->list_row_count, sizeof batch->list_rows[0]);
    for (size_t i = 0; i < item->event_count; i++)
        batch->events[rows->event_count++] = item->events[i];
    for (size_t i = 0; i < item->pending_count; i++)
        batch->pending[rows->pending_count++] = item->pending[i];
    for (size_t i = 0; i < item->list_row_count; i++)
        batch->list_rows[rows->list_row_count++] = item->list_rows[i];
    if (item->has_stream_key)
        batch->stream_keys[rows->stream_key_count++] = item->stream_key;
    if (item->has_topic_key)
        batch->stream_keys[rows->stream_key_count++] = item->topic_key;
    if (item->has_settled)
        batch->settled[rows->settled_count++] = item->settled;
    batch->bytes += item->bytes;
    rows->events = batch->events;
    rows->stream_keys = batch->stream_keys;
    rows->settled = batch->settled;
    rows->pending = batch->pending;
    rows->list_rows = batch->list_rows;
    return true;
}

void batch_finish(struct batch *batch) {
    free(batch->events);
    free(batch->stream_keys);
    free(batch->settled);
    free(batch->pending);
    free(batch->list_rows);
}
