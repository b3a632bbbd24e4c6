#ifndef CONSILIUM_TESTS_NAMESPACES_H
#define CONSILIUM_TESTS_NAMESPACES_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Two network namespaces with the program `wire` between them: 10.77.0.1 in the first, 10.77.0.2 in
 * the second, each with a loopback of its own. Where that is not possible a test must say so and be
 * skipped by name, never silently: every function that can fail gives the reason in words, NULL =
 * it worked. What is started here dies with the caller.
 */

struct namespaces {
    pid_t sides[2]; /* processes that stand for the two */
    pid_t wire;
    FILE *said; /* by wire */
};

/* Becomes root of a user namespace where it is not root already. */
const char *namespaces_prepare(void);
/* `run` is what the second side does, in a process of its own; NULL = nothing. `conditions` are
 * arguments of wire, ended by NULL. After a failure nothing is left. */
const char *namespaces_begin(struct namespaces *namespaces, const char *wire,
                             const char *const *conditions, void (*run)(void));
/* Ends everything. The exit status of wire, and the counts it printed; a zeroed one is fine. */
int namespaces_end(struct namespaces *namespaces, char ret_counts[512]);
/* The calling thread, and what it starts, is in that namespace from now on; sockets it has stay
 * where they are. */
const char *namespaces_enter(const struct namespaces *namespaces, int side);
/* Nothing passes until it is mended. */
void namespaces_cut(const struct namespaces *namespaces);
void namespaces_mend(const struct namespaces *namespaces);

#endif
