#include "server/store/pending.h"

#include "server/store/store_state.h"

#include <assert.h>
#include <stdlib.h>

struct ready_message {
    struct ready_message *next;
    uint8_t target_kind;
    struct uuid target, command_id;
    struct encoded command; /* fields point behind this struct */
};

static void append(struct pending_queue *queue, struct ready_message *message) {
    if (queue->last == NULL)
        queue->first = message;
    else
        queue->last->next = message;
    queue->last = message;
    queue->count++;
}

static void give_later(struct pending *pending, struct pending_queue *queue, uint8_t target_kind,
                       struct uuid target, struct uuid command_id, struct encoded command) {
    struct ready_message *message = malloc(sizeof *message + command.fields.length);
    assert(message != NULL);
    uint8_t *fields = (uint8_t *)(message + 1);
    memcpy(fields, command.fields.bytes, command.fields.length);
    command.fields.bytes = fields;
    *message = (struct ready_message){NULL, target_kind, target, command_id, command};
    append(queue, message);
    uuid_table_set(&pending->given, command_id, (uint64_t)store_now(pending->store));
}

static struct ready_message *take_first(struct pending_queue *queue) {
    struct ready_message *message = queue->first;
    if (message != NULL) {
        queue->first = message->next;
        queue->last = queue->first == NULL ? NULL : queue->last;
        queue->count--;
        message->next = NULL;
    }
    return message;
}

static void drop(struct pending_queue *queue) {
    struct ready_message *message;
    while ((message = take_first(queue)) != NULL)
        free(message);
}

static void look_by(struct pending *pending, int64_t at) {
    if (at < pending->look_at)
        pending->look_at = at;
}

/* What is held is in the database, too, and is found there by a read that begins now. */
static void leave_held(struct pending *pending) {
    struct ready_message *message;
    while ((message = take_first(&pending->held)) != NULL) {
        uuid_table_remove(&pending->given, message->command_id);
        free(message);
    }
    pending->caught_up = false;
    pending->left = true;
    look_by(pending, 0);
}

/* The read went through: what was committed meanwhile comes behind what it found. */
static void catch_up(struct pending *pending) {
    pending->caught_up = !pending->left;
    for (struct ready_message *message; (message = take_first(&pending->held)) != NULL;)
        append(&pending->ready, message);
}

/* Due now and of ours. What lies in the database must not be overtaken. */
static void give_soon(struct pending *pending, const struct effect_message *message) {
    bool full = pending->ready.count + pending->held.count >= PENDING_READY_MAX;
    if (full || (!pending->caught_up && !pending->looking) || pending->left) {
        pending->caught_up = false;
        pending->left |= pending->looking;
        look_by(pending, 0);
    } else {
        give_later(pending, pending->caught_up ? &pending->ready : &pending->held,
                   message->target_kind, message->target, message->command_id, message->command);
    }
}

void pending_committed(struct pending *pending, const struct journal_item *item) {
    int64_t now = store_now(pending->store);
    if (item->has_settled)
        uuid_table_remove(&pending->given, item->settled.command_id);
    for (size_t i = 0; i < item->pending_count; i++) {
        const struct effect_message *message = item->messages[i];
        if (!store_owns(pending->store, message->target))
            continue; /* its owner looks for itself */
        if (message->due_at > now)
            look_by(pending, message->due_at);
        else
            give_soon(pending, message);
    }
}

/* Looking in the database */

static void open_row(struct pending *pending, const struct pending_row *row,
                     const struct stream_key_row *key_row) {
    struct store *store = pending->store;
    uint8_t key[KEY_BYTES];
    struct seal_header header = seal_pending_header(row);
    uint8_t *plain = malloc((size_t)row->payload.length + 1);
    assert(plain != NULL);
    if (row->payload.length <= SEAL_BYTES || !store_key(store, key_row, KEY_EVENT, key) ||
        !seal_open(store->seal, key, &header, row->payload, plain)) {
        store_report(store, "a pending message cannot be opened; target shard %u",
                     store_shard(row->target));
        /* Said once in a while, not every second. */
        uuid_table_set(&pending->given, row->command_id, (uint64_t)store_now(store));
    } else {
        struct encoded command = {.tag = plain[0],
                                  .fields = {row->payload.length - SEAL_BYTES - 1, plain + 1}};
        give_later(pending, &pending->ready, row->target_kind, row->target, row->command_id,
                   command);
    }
    free(plain);
}

static bool wanted(const struct pending *pending, const struct pending_row *row, int64_t now) {
    const uint64_t *given = uuid_table_find(&pending->given, row->command_id);
    return given == NULL || now - (int64_t)*given >= PENDING_AGAIN_US;
}

static void look(struct pending *pending, const struct pending_row *after);

static void on_rows(void *data, enum database_result result, const struct pending_row *rows,
                    const struct stream_key_row *keys, size_t count) {
    struct pending *pending = data;
    int64_t now = store_now(pending->store);
    pending->looking = false;
    if (pending->stale || result != DATABASE_OK) {
        if (!pending->caught_up)
            leave_held(pending);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].due_at > now) {
            look_by(pending, rows[i].due_at);
            catch_up(pending);
            return;
        }
        if (pending->ready.count >= PENDING_READY_MAX) {
            leave_held(pending);
            return;
        }
        if (store_owns(pending->store, rows[i].target) && wanted(pending, &rows[i], now))
            open_row(pending, &rows[i], &keys[i]);
    }
    if (count == DATABASE_PAGE_MAX)
        look(pending, &rows[count - 1]);
    else
        catch_up(pending);
}

static void look(struct pending *pending, const struct pending_row *after) {
    struct store *store = pending->store;
    if (after != NULL) {
        pending->from = *after;
        pending->from.payload = (struct bytes){0, NULL};
    } else {
        pending->left = false;
    }
    pending->looking = true;
    pending->stale = false;
    store->config.database->pending(store->config.database, store->ownership.owned,
                                    after == NULL ? NULL : &pending->from, on_rows, pending);
}

static void give_ready(struct pending *pending) {
    struct pending_queue ready = pending->ready;
    pending->ready = (struct pending_queue){0};
    for (struct ready_message *message; (message = take_first(&ready)) != NULL; free(message)) {
        if (store_owns(pending->store, message->target))
            pending->on_pending(pending->data, message->target_kind, message->target,
                                message->command_id, message->command);
    }
}

int64_t pending_tick(struct pending *pending, int64_t now) {
    struct store *store = pending->store;
    if (pending->on_pending == NULL || !ownership_held(&store->ownership) || store->draining)
        return INT64_MAX;
    if (!pending->looking && now >= pending->look_at &&
        store->config.database->available(store->config.database)) {
        pending->look_at = now + PENDING_LOOK_US;
        look(pending, NULL);
    }
    if (pending->ready.first != NULL)
        give_ready(pending);
    if (pending->ready.first != NULL)
        return now;
    return pending->look_at > now ? pending->look_at : now + STORE_RETRY_FIRST_US;
}

void pending_forget(struct pending *pending) {
    drop(&pending->ready);
    drop(&pending->held);
    uuid_table_clear(&pending->given);
    pending->stale = true;
    pending->caught_up = false;
    pending->look_at = 0;
}

void pending_init(struct pending *pending, struct store *store) {
    uint64_t seed;
    store->config.clock->random(store->config.clock, &seed, sizeof seed);
    *pending = (struct pending){.store = store};
    uuid_table_init(&pending->given, seed);
}

void pending_finish(struct pending *pending) {
    drop(&pending->ready);
    drop(&pending->held);
    uuid_table_finish(&pending->given);
}
