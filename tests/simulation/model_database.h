/*
 * PostgreSQL as the store sees it, without PostgreSQL: transactions of several steps that
 * interleave in virtual time, FOR SHARE on the fence, unique indexes that make a second writer
 * wait, backends that go on after their client is gone, and outcomes that nobody learns. Each
 * simulated process has a connection of its own.
 */
#ifndef SIMULATION_MODEL_DATABASE_H
#define SIMULATION_MODEL_DATABASE_H

#include "tests/simulation/model_tables.h"
#include "tests/simulation/virtual_time.h"

struct transaction;
struct operation;
struct model_connection;

struct model_database {
    struct virtual_time *time;
    struct model_tables tables;
    struct transaction *transactions;     /* appends that are under way, zombies included */
    struct model_connection *connections; /* all there ever were */
    bool down;
    bool disk_full;
    /* Called for each batch at the moment it is committed. */
    void (*committed)(void *data, const struct database_batch *batch);
    void *committed_data;
    /* Called for each batch that a client asks for, before it is looked at. */
    void (*tried)(void *data, const struct database_batch *batch);
    /* Broken on purpose, to see that somebody notices. */
    bool ignores_fence;
    bool forgets_commits; /* says OK and stores nothing */
};

enum { LANE_APPEND, LANE_OWNERSHIP, LANE_READ, LANES };

struct model_connection {
    struct database database; /* what the store is given */
    struct model_connection *next;
    struct model_database *model;
    struct operation *lanes[LANES]; /* waiting and running, in order */
    struct operation *last[LANES];
    bool dead;   /* its process is gone: nobody is called any more */
    bool paused; /* its process is stopped: answers wait in the socket */
    void (*delivered)(
        void *data); /* after each answer, so that the process looks at what follows */
    void *delivered_data;
};

void model_database_init(struct model_database *model, struct virtual_time *time);
void model_database_finish(struct model_database *model);

/* Gives a connection; it lives as long as the model, since zombies may. */
struct model_connection *model_connect(struct model_database *model);
/* The network cuts it: operations end in AWAY, their backends may go on for a while. It works again
 * at once. */
void model_cut(struct model_connection *connection);
/* The process died: as a cut, and nobody is told. */
void model_abandon(struct model_connection *connection);

/* kill -9 of the postmaster: what was not committed is gone. */
void model_crash(struct model_database *model);
void model_restart(struct model_database *model);

#endif
