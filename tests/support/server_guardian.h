#ifndef CONSILIUM_TESTS_SERVER_GUARDIAN_H
#define CONSILIUM_TESTS_SERVER_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A process that outlives the test by a moment, whatever ends the test: it kills the PostgreSQL
 * of a data folder, which is made to outlive the server, and removes the folder around it.
 */
struct server_guardian {
    pid_t process;
    int line; /* the test's end of a pipe; closed = the test is over */
};

bool server_guardian_start(struct server_guardian *guardian, const char *folder,
                           const char *data_folder);
/* The test is over: waits until all is cleared away. */
void server_guardian_end(struct server_guardian *guardian);

/* From DATA/postgres/cluster/postmaster.pid; 0 = it does not run. */
pid_t postmaster_of(const char *data_folder);

#endif
