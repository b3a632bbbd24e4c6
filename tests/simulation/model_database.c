#include "tests/simulation/model_database.h"

#include "tests/simulation/model_operations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LATENCY_LOW_US = 50, LATENCY_HIGH_US = 2000, NOTICE_AWAY_US = 100, STOPPED_US = 50000 };

void model_database_init(struct model_database *model, struct virtual_time *time) {
    *model = (struct model_database){.time = time};
}

void model_database_finish(struct model_database *model) {
    while (model->transactions != NULL) {
        struct transaction *transaction = model->transactions;
        model->transactions = transaction->next;
        transaction_free(transaction);
    }
    model_tables_finish(&model->tables);
    while (model->connections != NULL) {
        struct model_connection *connection = model->connections;
        model->connections = connection->next;
        free(connection);
    }
}

int64_t model_latency(struct model_database *model) {
    /* Mostly quick, seldom very slow: a tail is where races live. */
    int64_t high = chance_percent(model->time, 2) ? 200000 : LATENCY_HIGH_US;
    return chance_between(model->time, LATENCY_LOW_US, high);
}

static void run_first(struct model_connection *connection, int lane);

static void deliver(void *data) {
    struct operation *operation = data;
    struct model_connection *connection = operation->connection;
    int lane = operation->lane;
    if (!operation->gone && connection->paused) {
        plan_after(connection->model->time, STOPPED_US, deliver, operation);
        return;
    }
    if (!operation->gone) {
        connection->lanes[lane] = operation->next;
        if (connection->lanes[lane] == NULL) {
            connection->last[lane] = NULL;
        }
        operation->answer(operation);
        operation_free(operation);
        run_first(connection, lane);
        if (connection->delivered != NULL) {
            connection->delivered(connection->delivered_data);
        }
        return;
    }
    operation_free(operation);
}

void operation_answer(struct operation *operation, enum database_result result) {
    operation->result = result;
    operation->planned = true;
    plan_after(operation->connection->model->time, model_latency(operation->connection->model),
               deliver, operation);
}

static void start(void *data) {
    struct operation *operation = data;
    operation->planned = false;
    if (operation->gone) {
        operation_free(operation);
    } else {
        operation->run(operation);
    }
}

static void run_first(struct model_connection *connection, int lane) {
    struct operation *operation = connection->lanes[lane];
    if (operation != NULL && !operation->running) {
        operation->running = true;
        operation->planned = true;
        plan_after(connection->model->time, model_latency(connection->model), start, operation);
    }
}

void operation_queue(struct model_connection *connection, struct operation *operation, int lane) {
    operation->connection = connection;
    operation->lane = lane;
    if (connection->last[lane] != NULL) {
        connection->last[lane]->next = operation;
    } else {
        connection->lanes[lane] = operation;
    }
    connection->last[lane] = operation;
    run_first(connection, lane);
}

static void tell_away(void *data) {
    struct operation *operation = data;
    struct model_connection *connection = operation->connection;
    if (connection->paused && !connection->dead) {
        plan_after(connection->model->time, STOPPED_US, tell_away, operation);
        return;
    }
    if (!connection->dead) {
        operation->answer(operation);
        connection->delivered(connection->delivered_data);
    }
    operation_free(operation);
}

/* Ends everything that was asked on a connection; whoever is running learns of it by `gone`. */
static void end_operations(struct model_connection *connection) {
    for (int lane = 0; lane < LANES; lane++) {
        struct operation *operation = connection->lanes[lane];
        connection->lanes[lane] = connection->last[lane] = NULL;
        while (operation != NULL) {
            struct operation *next = operation->next;
            struct operation *told = operation_copy_for_answer(operation);
            told->result = DATABASE_AWAY;
            plan_after(connection->model->time, NOTICE_AWAY_US, tell_away, told);
            if (operation->planned) {
                operation->gone = true; /* freed by the step it is waiting for */
            } else {
                operation_free(operation);
            }
            operation = next;
        }
    }
}

void model_cut(struct model_connection *connection) {
    for (struct transaction *transaction = connection->model->transactions; transaction != NULL;
         transaction = transaction->next) {
        if (transaction->operation != NULL && transaction->operation->connection == connection) {
            transaction->operation = NULL; /* a zombie from now on, or rolled back */
            transaction->dead = chance_percent(connection->model->time, 40);
            transaction->zombie = true;
        }
    }
    end_operations(connection);
}

void model_abandon(struct model_connection *connection) {
    connection->dead = true;
    model_cut(connection);
}

void model_crash(struct model_database *model) {
    model->down = true;
    for (struct transaction *transaction = model->transactions; transaction != NULL;
         transaction = transaction->next) {
        transaction->dead = true;
    }
}

void model_restart(struct model_database *model) {
    model->down = false;
}

static bool available(const struct database *database) {
    const struct model_connection *connection = (const struct model_connection *)database;
    return !connection->model->down;
}

struct model_connection *model_connect(struct model_database *model) {
    struct model_connection *connection = calloc(1, sizeof *connection);
    assert(connection != NULL);
    connection->model = model;
    connection->next = model->connections;
    model->connections = connection;
    operations_offer(&connection->database);
    connection->database.available = available;
    return connection;
}
