/* append, step by step: fence, rows, commit; each step at its own moment, so that others come
 * between. */
#include "tests/simulation/model_operations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_US = 500 };

static void *copy_of(const void *from, size_t size) {
    void *copy = malloc(size + 1);
    assert(copy != NULL);
    if (size > 0) {
        memcpy(copy, from, size);
    }
    return copy;
}

/* A list's name may be made for the turn; the rows of many are of few lists. Kept for ever. */
static const char *kept_name(const char *name) {
    enum { NAME_MAX = 64, NAMES_MAX = 256 };
    static char names[NAMES_MAX][NAME_MAX];
    static unsigned count;
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    size_t length = strlen(name);
    assert(count < NAMES_MAX && length < NAME_MAX);
    memcpy(names[count], name, length);
    return names[count++];
}

static struct database_batch batch_copy(const struct database_batch *from) {
    struct database_batch batch = *from;
    struct event_row *events = copy_of(from->events, from->event_count * sizeof *events);
    struct pending_row *pending = copy_of(from->pending, from->pending_count * sizeof *pending);
    struct list_row *rows = copy_of(from->list_rows, from->list_row_count * sizeof *rows);
    for (size_t i = 0; i < from->event_count; i++) {
        events[i].payload = model_bytes_copy(events[i].payload);
    }
    for (size_t i = 0; i < from->pending_count; i++) {
        pending[i].payload = model_bytes_copy(pending[i].payload);
    }
    for (size_t i = 0; i < from->list_row_count; i++) {
        rows[i].payload = model_bytes_copy(rows[i].payload);
        rows[i].list = kept_name(rows[i].list);
    }
    batch.events = events;
    batch.pending = pending;
    batch.list_rows = rows;
    batch.stream_keys =
        copy_of(from->stream_keys, from->stream_key_count * sizeof *from->stream_keys);
    batch.settled = copy_of(from->settled, from->settled_count * sizeof *from->settled);
    return batch;
}

static void release(const void *pointer) {
    free((void *)(uintptr_t)pointer);
}

void transaction_free(struct transaction *transaction) {
    struct database_batch *batch = &transaction->batch;
    for (size_t i = 0; i < batch->event_count; i++) {
        release(batch->events[i].payload.bytes);
    }
    for (size_t i = 0; i < batch->pending_count; i++) {
        release(batch->pending[i].payload.bytes);
    }
    for (size_t i = 0; i < batch->list_row_count; i++) {
        release(batch->list_rows[i].payload.bytes);
    }
    release(batch->events);
    release(batch->pending);
    release(batch->list_rows);
    release(batch->stream_keys);
    release(batch->settled);
    free(transaction);
}

static void unlist(struct transaction *transaction) {
    struct transaction **at = &transaction->model->transactions;
    while (*at != transaction) {
        at = &(*at)->next;
    }
    *at = transaction->next;
}

static void end(struct transaction *transaction, enum database_result result) {
    if (transaction->operation != NULL) {
        operation_answer(transaction->operation, result);
    }
    unlist(transaction);
    transaction_free(transaction);
}

/* Would this one wait for a row that another has put in and not committed? */
static bool waits_for_another(const struct transaction *transaction) {
    for (const struct transaction *other = transaction->model->transactions; other != NULL;
         other = other->next) {
        if (other == transaction || !other->inserted || other->dead) {
            continue;
        }
        for (size_t i = 0; i < other->batch.event_count; i++) {
            for (size_t j = 0; j < transaction->batch.event_count; j++) {
                if (uuid_equal(other->batch.events[i].stream,
                               transaction->batch.events[j].stream)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static int64_t step_time(const struct transaction *transaction) {
    int64_t time = model_latency(transaction->model);
    return transaction->zombie ? time * 50 : time;
}

static void store_rows(struct transaction *transaction) {
    struct model_database *model = transaction->model;
    if (model->committed != NULL) {
        model->committed(model->committed_data, &transaction->batch);
    }
    if (!model->forgets_commits) {
        model_apply(&model->tables, &transaction->batch);
    }
}

static void commit(void *data) {
    struct transaction *transaction = data;
    if (transaction->dead) {
        end(transaction, DATABASE_AWAY);
        return;
    }
    store_rows(transaction);
    end(transaction, DATABASE_OK);
}

static void insert(void *data) {
    struct transaction *transaction = data;
    struct model_database *model = transaction->model;
    if (transaction->dead) {
        end(transaction, DATABASE_AWAY);
    } else if (model->disk_full) {
        end(transaction, DATABASE_FAILED);
    } else if (waits_for_another(transaction)) {
        plan_after(model->time, WAIT_US, insert, transaction);
    } else if (model_refuses(&model->tables, &transaction->batch)) {
        end(transaction, DATABASE_CONFLICT);
    } else {
        transaction->inserted = true;
        plan_after(model->time, step_time(transaction), commit, transaction);
    }
}

static void fence(struct operation *operation) {
    struct transaction *transaction = operation->data;
    struct model_database *model = transaction->model;
    uint64_t incarnation = model_incarnation(&model->tables, transaction->batch.node);
    if (model->down) {
        end(transaction, DATABASE_AWAY);
        return;
    }
    if (incarnation != transaction->batch.incarnation && !model->ignores_fence) {
        end(transaction, DATABASE_FENCED);
        return;
    }
    transaction->locked = true;
    plan_after(model->time, step_time(transaction), insert, transaction);
}

void transactions_end(struct model_database *model, struct uuid node) {
    for (struct transaction *transaction = model->transactions; transaction != NULL;
         transaction = transaction->next) {
        if (!transaction->locked || transaction->dead ||
            !uuid_equal(transaction->batch.node, node)) {
            continue;
        }
        /* Its commit may have been under way already: then it is in, and its client may not know.
         */
        if (transaction->inserted && chance_percent(model->time, 50)) {
            store_rows(transaction);
        }
        transaction->dead = true;
    }
}

/* What the store passes along with done, kept apart from the transaction that outlives it. */
struct append_call {
    database_done done;
    void *data;
};

static void answer_append(struct operation *operation) {
    struct append_call call;
    memcpy(&call, operation->key, sizeof call);
    call.done(call.data, operation->result);
}

static void append(struct database *database, const struct database_batch *batch,
                   database_done done, void *data) {
    struct model_connection *connection = (struct model_connection *)database;
    struct operation *operation = calloc(1, sizeof *operation);
    struct transaction *transaction = calloc(1, sizeof *transaction);
    assert(operation != NULL && transaction != NULL);
    *transaction = (struct transaction){.next = connection->model->transactions,
                                        .model = connection->model,
                                        .operation = operation,
                                        .batch = batch_copy(batch)};
    connection->model->transactions = transaction;
    if (connection->model->tried != NULL) {
        connection->model->tried(connection->model->committed_data, batch);
    }
    struct append_call call = {done, data};
    _Static_assert(sizeof call <= sizeof operation->key, "the call fits beside the question");
    memcpy(operation->key, &call, sizeof call);
    operation->run = fence;
    operation->answer = answer_append;
    operation->data = transaction;
    operation_queue(connection, operation, LANE_APPEND);
}

void append_offer(struct database *database) {
    database->append = append;
}
