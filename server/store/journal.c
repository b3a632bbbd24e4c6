#include "server/store/journal.h"

#include "server/store/store_state.h"

#include <assert.h>
#include <stdlib.h>

static void send_batch(struct journal *journal);
static void send_alone(struct journal *journal);

/* Items */

static void push(struct item_queue *queue, struct journal_item *item) {
    item->next = NULL;
    if (queue->last == NULL)
        queue->first = item;
    else
        queue->last->next = item;
    queue->last = item;
    queue->count++;
}

static struct journal_item *pop(struct item_queue *queue) {
    struct journal_item *item = queue->first;
    if (item == NULL)
        return NULL;
    queue->first = item->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    return item;
}

static struct journal_item *take_item(struct journal *journal) {
    struct journal_item *item = journal->spare;
    if (item == NULL) {
        item = calloc(1, sizeof *item);
        assert(item != NULL);
        arena_init(&item->arena, ITEM_BYTES_MAX);
        return item;
    }
    journal->spare = item->next;
    journal->spare_count--;
    struct arena arena = item->arena;
    *item = (struct journal_item){.arena = arena};
    return item;
}

static void give_item(struct journal *journal, struct journal_item *item) {
    if (journal->spare_count >= JOURNAL_SPARE_MAX) {
        arena_finish(&item->arena);
        free(item);
        return;
    }
    arena_reset(&item->arena);
    item->next = journal->spare;
    journal->spare = item;
    journal->spare_count++;
}

static void free_queue(struct item_queue *queue) {
    for (struct journal_item *item; (item = pop(queue)) != NULL;) {
        arena_finish(&item->arena);
        free(item);
    }
}

/*
 * What changed nothing at its target leaves no trace there but that its row is gone. Were it given
 * once more after a restart, it would be news again, and undo what came after it: so its row is
 * taken away sooner or later, for as long as it is ours to take.
 */
static bool is_settled_later(struct journal *journal, struct journal_item *item,
                             enum store_result result) {
    bool settles = item->head == NULL && item->has_settled;
    if (!settles || result == STORE_OK || result == STORE_FENCED || journal->store->draining)
        return false;
    push(&journal->unsettled, item);
    journal->settle_at = store_now(journal->store) + JOURNAL_SETTLE_AGAIN_US;
    return true;
}

/* Before whatever their targets have to say by now. */
static void settle_again(struct journal *journal, int64_t now) {
    struct item_queue *unsettled = &journal->unsettled;
    for (struct journal_item *item = unsettled->first; item != NULL; item = item->next)
        item->queued_at = now;
    unsettled->last->next = journal->waiting.first;
    if (journal->waiting.last == NULL)
        journal->waiting.last = unsettled->last;
    journal->waiting.first = unsettled->first;
    journal->waiting.count += unsettled->count;
    *unsettled = (struct item_queue){0};
}

/* The one place where an append ends. */
static void conclude(struct journal *journal, struct journal_item *item, enum store_result result) {
    struct store *store = journal->store;
    if (is_settled_later(journal, item, result))
        return;
    if (result == STORE_OK) {
        if (item->head != NULL) {
            item_move_head(item);
            if (store->config.moved != NULL)
                store->config.moved(store->config.data, item->head);
        }
        pending_committed(&store->pending, item);
    } else {
        journal->counts.failed++;
        /* Perhaps another one stands in the record. */
        if (item->has_topic_key)
            keys_forget_topic(store->config.keys, item->topic_key.of, item->topic_key.stream);
        if (item->has_stream_key)
            keys_forget_stream(store->config.keys, item->stream_key.stream);
    }
    store_done done = item->done;
    void *data = item->data;
    give_item(journal, item);
    if (done != NULL)
        done(data, result);
}

static void conclude_all(struct journal *journal, struct item_queue *queue,
                         enum store_result result) {
    struct item_queue told = *queue;
    *queue = (struct item_queue){0};
    for (struct journal_item *item; (item = pop(&told)) != NULL;)
        conclude(journal, item, result);
}

static void become_idle(struct journal *journal) {
    journal->state = JOURNAL_IDLE;
    journal->alone = false;
    journal->unknown = false;
    journal->retry_wait = 0;
}

/* Outcomes */

static void lose_fence(struct journal *journal) {
    become_idle(journal);
    struct item_queue flying = journal->flying;
    journal->flying = (struct item_queue){0};
    ownership_lost(&journal->store->ownership);
    conclude_all(journal, &flying, STORE_FENCED);
}

static void wait_for_return(struct journal *journal) {
    int64_t now = store_now(journal->store);
    if (!journal->unknown)
        journal->patient_until = now + STORE_PATIENCE_US;
    journal->unknown = true;
    journal->state = JOURNAL_AWAY;
    journal->retry_wait = journal->retry_wait == 0 ? STORE_RETRY_FIRST_US : 2 * journal->retry_wait;
    if (journal->retry_wait > STORE_RETRY_LAST_US)
        journal->retry_wait = STORE_RETRY_LAST_US;
    journal->retry_at = now + journal->retry_wait;
    journal->counts.retried++;
}

static void next_alone(struct journal *journal) {
    if (journal->flying.count > 0) {
        journal->state = JOURNAL_ALONE;
        send_alone(journal);
        return;
    }
    become_idle(journal);
    journal_flush(journal);
}

static void conclude_alone(struct journal *journal, enum store_result result) {
    struct journal_item *item = pop(&journal->flying);
    conclude(journal, item, result);
    next_alone(journal);
}

static void on_batch(void *data, enum database_result result) {
    struct journal *journal = data;
    int64_t took = store_now(journal->store) - journal->sent_at;
    switch (result) {
    case DATABASE_OK: {
        journal->counts.batches++;
        journal->counts.rows += journal->batch.rows.event_count;
        histogram_add(&journal->counts.commit_us, HISTOGRAM_TIME_FIRST,
                      took < 0 ? 0 : (uint64_t)took);
        histogram_add(&journal->counts.batch_rows, HISTOGRAM_NUMBER_FIRST,
                      journal->batch.rows.event_count);
        struct item_queue done = journal->flying;
        journal->flying = (struct item_queue){0};
        become_idle(journal);
        /* The next is on its way before this one's answers are given: both sides work at once. */
        journal_flush(journal);
        conclude_all(journal, &done, STORE_OK);
        return;
    }
    case DATABASE_FENCED:
        lose_fence(journal);
        return;
    case DATABASE_AWAY:
        wait_for_return(journal);
        return;
    default:
        journal->alone = true;
        next_alone(journal);
    }
}

/* One item of a refused batch: who is at fault, and was it ours all along? */

static void on_confirmed(void *data, enum database_result result) {
    struct journal *journal = data;
    if (result == DATABASE_OK)
        conclude_alone(journal, STORE_OK);
    else if (result == DATABASE_FENCED)
        lose_fence(journal);
    else if (result == DATABASE_AWAY)
        wait_for_return(journal);
    else
        conclude_alone(journal, STORE_UNAVAILABLE);
}

/* The commit that we did not see may have been cut short while it waited for its standby: an empty
 * transaction that waits to the end makes everything before it safe. */
static void confirm(struct journal *journal) {
    struct store *store = journal->store;
    journal->state = JOURNAL_CONFIRM;
    batch_begin(&journal->batch, store->config.node, ownership_incarnation(&store->ownership));
    store->config.database->append(store->config.database, &journal->batch.rows, on_confirmed,
                                   journal);
}

/* Nothing stands in its place, and its command is not in the record: of the indexes that may have
 * refused it only that of list rows is left. */
static bool list_key_is_taken(const struct journal *journal) {
    return journal->place_is_free && journal->flying.first->list_row_count > 0;
}

static void on_searched(void *data, enum database_result result, uint64_t version) {
    struct journal *journal = data;
    (void)version;
    if (result == DATABASE_AWAY)
        wait_for_return(journal);
    else if (result == DATABASE_OK)
        conclude_alone(journal, STORE_DUPLICATE);
    else if (result != DATABASE_ABSENT)
        conclude_alone(journal, STORE_UNAVAILABLE);
    else
        conclude_alone(journal, list_key_is_taken(journal) ? STORE_TAKEN : STORE_CONFLICT);
}

static void on_compared(void *data, enum database_result result, const struct event_row *rows,
                        size_t count) {
    struct journal *journal = data;
    struct database *database = journal->store->config.database;
    const struct journal_item *item = journal->flying.first;
    if (result == DATABASE_AWAY) {
        wait_for_return(journal);
        return;
    }
    if (result != DATABASE_OK) {
        conclude_alone(journal, STORE_UNAVAILABLE);
        return;
    }
    bool ours = count == item->event_count;
    for (size_t i = 0; ours && i < count; i++)
        ours = rows[i].version == item->events[i].version &&
               memcmp(rows[i].hash, item->events[i].hash, sizeof rows[i].hash) == 0;
    if (ours) {
        confirm(journal);
        return;
    }
    journal->state = JOURNAL_SEARCH;
    journal->place_is_free = count == 0;
    database->find_command(database, item->head->stream, item->events[0].command_id, on_searched,
                           journal);
}

static void on_alone(void *data, enum database_result result) {
    struct journal *journal = data;
    struct database *database = journal->store->config.database;
    const struct journal_item *item = journal->flying.first;
    switch (result) {
    case DATABASE_OK:
        journal->counts.batches++;
        journal->counts.rows += item->event_count;
        conclude_alone(journal, STORE_OK);
        return;
    case DATABASE_FENCED:
        lose_fence(journal);
        return;
    case DATABASE_AWAY:
        wait_for_return(journal);
        return;
    case DATABASE_CONFLICT:
        if (item->event_count == 0) {
            conclude_alone(journal, journal->unknown ? STORE_OK : STORE_CONFLICT);
            return;
        }
        journal->state = JOURNAL_COMPARE;
        database->read(database, item->head->stream, item->events[0].version,
                       (uint32_t)item->event_count, on_compared, journal);
        return;
    default:
        conclude_alone(journal, STORE_UNAVAILABLE);
    }
}

static void send_alone(struct journal *journal) {
    struct store *store = journal->store;
    batch_begin(&journal->batch, store->config.node, ownership_incarnation(&store->ownership));
    batch_add(&journal->batch, journal->flying.first);
    journal->sent_at = store_now(store);
    store->config.database->append(store->config.database, &journal->batch.rows, on_alone, journal);
}

/* Sending */

static void send_batch(struct journal *journal) {
    struct store *store = journal->store;
    journal->state = JOURNAL_BATCH;
    journal->sent_at = store_now(store);
    store->config.database->append(store->config.database, &journal->batch.rows, on_batch, journal);
}

void journal_flush(struct journal *journal) {
    struct store *store = journal->store;
    struct database *database = store->config.database;
    if (journal->state != JOURNAL_IDLE || journal->waiting.count == 0 ||
        !ownership_held(&store->ownership) || !database->available(database))
        return;
    batch_begin(&journal->batch, store->config.node, ownership_incarnation(&store->ownership));
    while (journal->waiting.count > 0 && batch_add(&journal->batch, journal->waiting.first))
        push(&journal->flying, pop(&journal->waiting));
    send_batch(journal);
}

static void retry(struct journal *journal, int64_t now) {
    struct store *store = journal->store;
    if (!ownership_held(&store->ownership) ||
        journal->batch.rows.incarnation != ownership_incarnation(&store->ownership)) {
        /* Whatever became of it, it is another's to read now. */
        become_idle(journal);
        conclude_all(journal, &journal->flying, STORE_FENCED);
    } else if (now >= journal->patient_until) {
        become_idle(journal);
        conclude_all(journal, &journal->flying, STORE_UNAVAILABLE);
    } else if (store->config.database->available(store->config.database) &&
               now >= journal->retry_at) {
        if (journal->alone)
            next_alone(journal);
        else
            send_batch(journal);
    }
}

int64_t journal_tick(struct journal *journal, int64_t now) {
    struct item_queue refused = journal->refused;
    journal->refused = (struct item_queue){0};
    for (struct journal_item *item; (item = pop(&refused)) != NULL;)
        conclude(journal, item, item->result);
    if (journal->state == JOURNAL_AWAY)
        retry(journal, now);
    struct database *database = journal->store->config.database;
    if (journal->unsettled.count > 0 && now >= journal->settle_at && database->available(database))
        settle_again(journal, now);
    while (journal->waiting.count > 0 &&
           now - journal->waiting.first->queued_at >= STORE_PATIENCE_US)
        conclude(journal, pop(&journal->waiting), STORE_UNAVAILABLE);
    journal_flush(journal);
    if (journal->refused.count > 0)
        return now;
    if (journal->state == JOURNAL_AWAY)
        return journal->retry_at > now ? journal->retry_at : now + STORE_RETRY_FIRST_US;
    bool again = journal->unsettled.count > 0 ||
                 (journal->state == JOURNAL_IDLE && journal->waiting.count > 0);
    return again ? now + STORE_RETRY_FIRST_US : INT64_MAX;
}

void journal_append(struct journal *journal, struct stream_head *head, const struct append *append,
                    store_done done, void *data) {
    struct store *store = journal->store;
    struct journal_item *item = take_item(journal);
    item->head = head;
    item->done = done;
    item->data = data;
    item->queued_at = store_now(store);
    if (!store_owns(store, head->stream) || store->draining)
        item->result = STORE_FENCED;
    else if (append->first_version != head->version + 1)
        item->result = STORE_CONFLICT;
    else if (journal->waiting.count >= JOURNAL_WAITING_MAX || !item_seal(item, store, head, append))
        item->result = STORE_UNAVAILABLE;
    push(item->result == STORE_OK ? &journal->waiting : &journal->refused, item);
}

void journal_settle(struct journal *journal, struct uuid target, struct uuid command_id) {
    /* When there is no space the row stays, is given again, and settled then. */
    if (journal->waiting.count >= JOURNAL_WAITING_MAX)
        return;
    struct journal_item *item = take_item(journal);
    item->has_settled = true;
    item->settled = (struct settled_row){target, command_id};
    item->queued_at = store_now(journal->store);
    push(&journal->waiting, item);
}

void journal_fence(struct journal *journal) {
    conclude_all(journal, &journal->unsettled, STORE_FENCED);
    conclude_all(journal, &journal->waiting, STORE_FENCED);
}

bool journal_is_idle(const struct journal *journal) {
    return journal->state == JOURNAL_IDLE && journal->waiting.count == 0 &&
           journal->refused.count == 0 && journal->unsettled.count == 0;
}

void journal_init(struct journal *journal, struct store *store) {
    *journal = (struct journal){.store = store};
}

void journal_finish(struct journal *journal) {
    free_queue(&journal->waiting);
    free_queue(&journal->flying);
    free_queue(&journal->refused);
    free_queue(&journal->unsettled);
    while (journal->spare != NULL) {
        struct journal_item *item = journal->spare;
        journal->spare = item->next;
        arena_finish(&item->arena);
        free(item);
    }
    batch_finish(&journal->batch);
}
