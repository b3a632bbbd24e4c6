/* A private PostgreSQL in a temporary folder, on a Unix socket, for one test program: started,
 * migrated, killed, started again. Runs as the user postgres when the test is run by root. What
 * goes wrong here ends the program. */
#ifndef TEST_POSTGRES_H
#define TEST_POSTGRES_H

#include <stdbool.h>
#include <sys/types.h>

struct test_postgres {
    char folder[128];
    char url[256];
    pid_t pid; /* 0 = not running */
    bool mounted;
};

/* `mount_bytes` > 0: on a file system of that size (root only); false = it cannot be mounted here.
 */
bool test_postgres_start(struct test_postgres *postgres, unsigned long mount_bytes);
void test_postgres_end(struct test_postgres *postgres);

void test_postgres_kill(struct test_postgres *postgres); /* kill -9, at once */
void test_postgres_return(
    struct test_postgres *postgres); /* starts it and waits until it answers */
bool test_postgres_alive(struct test_postgres *postgres);

/* The first value of a statement's answer, as text, freed by the caller; NULL = it failed. */
char *test_postgres_ask(const struct test_postgres *postgres, const char *sql);
long test_postgres_number(const struct test_postgres *postgres,
                          const char *sql); /* -1 = it failed */

#endif
