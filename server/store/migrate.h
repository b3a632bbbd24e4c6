/*
 * Brings a database to the schema of this program: the files of server/store/migrations, embedded
 * at build time, each in a transaction of its own, in the order of their names. A file that has
 * been applied is never changed; its text is remembered by hash and a difference is refused, as is
 * a database that a newer program has migrated.
 */
#ifndef CONSILIUM_MIGRATE_H
#define CONSILIUM_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct migration {
    const char *name; /* NULL ends the list */
    const char *sql;
};
extern const struct migration migrations[]; /* generated */

enum { MIGRATE_MESSAGE_MAX = 512 };

/* Blocks; for tests and tools. False: message says in words what stood in the way. */
bool migrate_run(const char *url, char message[MIGRATE_MESSAGE_MAX]);

/* The same on a thread of its own; done is called on the loop, message borrowed. */
void migrate_start(uv_loop_t *loop, const char *url,
                   void (*done)(void *data, bool migrated, const char *message), void *data);

#endif
