/* Leases and fences, on a connection of their own. The transactions are functions of the schema
 * (0001_record.sql). */
#include "server/store/postgres_database.h"

#include <stdlib.h>

static const char take_shards[] = "SELECT take_shards($1, $2, $3, $4)";
static const char read_shards[] =
    "SELECT node_fence.incarnation, shard_owner.shard FROM node_fence"
    " LEFT JOIN shard_owner ON shard_owner.node = node_fence.node WHERE node_fence.node = $1";
static const char renew_lease[] = "SELECT renew_lease($1, $2, $3)";
static const char give_up_shards[] = "SELECT give_up_shards($1, $2)";

typedef void (*take_done)(void *data, enum database_result result, uint64_t incarnation,
                          const bool owned[SHARD_COUNT]);
typedef void (*renew_done)(void *data, enum database_result result, bool free_shards);

static void on_taken(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    take_done done = (take_done)operation.done;
    enum database_result outcome = database_result_of(result, rows);
    bool owned[SHARD_COUNT] = {false};
    uint64_t incarnation = 0;
    if (outcome == DATABASE_OK) {
        for (int i = 0; i < postgres_row_count(rows); i++) {
            incarnation = (uint64_t)value_integer(postgres_value(rows, i, 0));
            struct postgres_parameter shard = postgres_value(rows, i, 1);
            if (shard.bytes != NULL)
                owned[value_integer(shard) & (SHARD_COUNT - 1)] = true;
        }
    }
    done(operation.data, outcome, incarnation, owned);
}

static void take(struct database *database, struct uuid node, bool first, uint64_t incarnation,
                 take_done done, void *data) {
    struct binary_integer number = binary_integer((int64_t)incarnation);
    struct binary_integer lease = binary_integer(DATABASE_LEASE_MS);
    struct postgres_parameter parameters[] = {parameter_uuid(&node), parameter_bool(&first),
                                              parameter_int8(&number), parameter_int4(&lease)};
    struct postgres_statement statements[] = {{take_shards, parameters, 4},
                                              {read_shards, parameters, 1}};
    connection_request(postgres_database_of(database)->lease, statements, 2, on_taken,
                       operation_create(database, (void (*)(void))done, data));
}

static void on_renewed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    enum database_result outcome = database_result_of(result, rows);
    bool free_shards = outcome == DATABASE_OK && postgres_row_count(rows) == 1 &&
                       value_integer(postgres_value(rows, 0, 0)) != 0;
    ((renew_done)operation.done)(operation.data, outcome, free_shards);
}

static void renew(struct database *database, struct uuid node, uint64_t incarnation,
                  renew_done done, void *data) {
    struct binary_integer number = binary_integer((int64_t)incarnation);
    struct binary_integer lease = binary_integer(DATABASE_LEASE_MS);
    struct postgres_parameter parameters[] = {parameter_uuid(&node), parameter_int8(&number),
                                              parameter_int4(&lease)};
    struct postgres_statement statement = {renew_lease, parameters, 3};
    connection_request(postgres_database_of(database)->lease, &statement, 1, on_renewed,
                       operation_create(database, (void (*)(void))done, data));
}

static void on_given_up(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct operation operation = *(struct operation *)data;
    free(data);
    ((database_done)operation.done)(operation.data, database_result_of(result, rows));
}

static void give_up(struct database *database, struct uuid node, uint64_t incarnation,
                    database_done done, void *data) {
    struct binary_integer number = binary_integer((int64_t)incarnation);
    struct postgres_parameter parameters[] = {parameter_uuid(&node), parameter_int8(&number)};
    struct postgres_statement statement = {give_up_shards, parameters, 2};
    connection_request(postgres_database_of(database)->lease, &statement, 1, on_given_up,
                       operation_create(database, (void (*)(void))done, data));
}

void postgres_ownership_operations(struct database *database) {
    database->take = take;
    database->renew = renew;
    database->give_up = give_up;
}
