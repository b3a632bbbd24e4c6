/* take, renew and give_up. A take that is under way keeps others out, as the lock in PostgreSQL
 * does. */
#include "tests/simulation/model_operations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef void (*take_done)(void *data, enum database_result result, uint64_t incarnation,
                          const bool owned[SHARD_COUNT]);
typedef void (*renew_done)(void *data, enum database_result result, bool free_shards);

static struct operation *ask(void (*run)(struct operation *), void (*answer)(struct operation *),
                             struct uuid node, uint64_t incarnation, void *data) {
    struct operation *operation = calloc(1, sizeof *operation);
    assert(operation != NULL);
    operation->run = run;
    operation->answer = answer;
    operation->id = node;
    operation->number = incarnation;
    operation->data = data;
    return operation;
}

static void bump(struct model_database *model, struct uuid node) {
    transactions_end(model, node);
    model_set_incarnation(&model->tables, node, model_incarnation(&model->tables, node) + 1);
}

static bool is_dead(const struct model_database *model, struct uuid owner, struct uuid node) {
    return !uuid_is_zero(owner) && !uuid_equal(owner, node) &&
           model_lease(&model->tables, owner) <= model->time->now;
}

static void bury(struct model_database *model, struct uuid dead) {
    bump(model, dead);
    model_set_lease(&model->tables, dead, 0);
    for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
        if (uuid_equal(model->tables.owner[shard], dead)) {
            model->tables.owner[shard] = (struct uuid){{0}};
        }
    }
}

static void run_take(struct operation *operation) {
    struct model_database *model = operation->connection->model;
    if (model->down) {
        operation_answer(operation, DATABASE_AWAY);
        return;
    }
    if (operation->first) {
        bump(model, operation->id);
        operation->number = model_incarnation(&model->tables, operation->id);
    } else if (model_incarnation(&model->tables, operation->id) != operation->number) {
        operation_answer(operation, DATABASE_FENCED);
        return;
    }
    model_set_lease(&model->tables, operation->id,
                    model->time->now + (int64_t)DATABASE_LEASE_MS * 1000);
    for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
        if (is_dead(model, model->tables.owner[shard], operation->id)) {
            bury(model, model->tables.owner[shard]);
        }
    }
    for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
        if (uuid_is_zero(model->tables.owner[shard])) {
            model->tables.owner[shard] = operation->id;
        }
        operation->owned[shard] = uuid_equal(model->tables.owner[shard], operation->id);
    }
    operation_answer(operation, DATABASE_OK);
}

static void answer_take(struct operation *operation) {
    ((take_done)operation->done)(operation->data, operation->result, operation->number,
                                 operation->owned);
}

static void take(struct database *database, struct uuid node, bool first, uint64_t incarnation,
                 take_done done, void *data) {
    struct operation *operation = ask(run_take, answer_take, node, incarnation, data);
    operation->first = first;
    operation->done = (any_done)done;
    operation_queue((struct model_connection *)database, operation, LANE_OWNERSHIP);
}

static void run_renew(struct operation *operation) {
    struct model_database *model = operation->connection->model;
    if (model->down) {
        operation_answer(operation, DATABASE_AWAY);
        return;
    }
    if (model_incarnation(&model->tables, operation->id) != operation->number ||
        model_lease(&model->tables, operation->id) == 0) {
        operation_answer(operation, DATABASE_FENCED);
        return;
    }
    model_set_lease(&model->tables, operation->id,
                    model->time->now + (int64_t)DATABASE_LEASE_MS * 1000);
    for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
        struct uuid owner = model->tables.owner[shard];
        operation->free_shards =
            operation->free_shards || uuid_is_zero(owner) || is_dead(model, owner, operation->id);
    }
    operation_answer(operation, DATABASE_OK);
}

static void answer_renew(struct operation *operation) {
    ((renew_done)operation->done)(operation->data, operation->result, operation->free_shards);
}

static void renew(struct database *database, struct uuid node, uint64_t incarnation,
                  renew_done done, void *data) {
    struct operation *operation = ask(run_renew, answer_renew, node, incarnation, data);
    operation->done = (any_done)done;
    operation_queue((struct model_connection *)database, operation, LANE_OWNERSHIP);
}

static void run_give_up(struct operation *operation) {
    struct model_database *model = operation->connection->model;
    if (model->down) {
        operation_answer(operation, DATABASE_AWAY);
        return;
    }
    if (model_incarnation(&model->tables, operation->id) != operation->number) {
        operation_answer(operation, DATABASE_FENCED);
        return;
    }
    bury(model, operation->id);
    operation_answer(operation, DATABASE_OK);
}

static void answer_give_up(struct operation *operation) {
    ((database_done)operation->done)(operation->data, operation->result);
}

static void give_up(struct database *database, struct uuid node, uint64_t incarnation,
                    database_done done, void *data) {
    struct operation *operation = ask(run_give_up, answer_give_up, node, incarnation, data);
    operation->done = (any_done)done;
    operation_queue((struct model_connection *)database, operation, LANE_OWNERSHIP);
}

void ownership_offer(struct database *database) {
    database->take = take;
    database->renew = renew;
    database->give_up = give_up;
}

void operations_offer(struct database *database) {
    append_offer(database);
    read_offer(database);
    ownership_offer(database);
}
