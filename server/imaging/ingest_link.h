/*
 * Files to consilium-ingest and what it read in them back, on the libuv loop. A file that kills or
 * stalls the child is refused alone and the next goes on (ingest_child says how).
 */
#ifndef CONSILIUM_IMAGING_INGEST_LINK_H
#define CONSILIUM_IMAGING_INGEST_LINK_H

#include "protocol/generated/ingest.h"

#include <uv.h>

#define INGEST_FILE_MS_MAX 30000 // for one file, then the child is killed

struct ingest_link;

/* `parsed` is borrowed for the call; its refusal says whether the rest means anything. */
typedef void (*ingest_done)(void *data, const struct parsed *parsed);

struct ingest_link_counts {
    uint64_t files;    // answered, refusals included
    uint64_t refused;  //
    uint64_t restarts; // of the child
};

struct ingest_link_config {
    uv_loop_t *loop;      // borrowed
    const char *program;  // path of consilium-ingest, copied
    unsigned file_ms_max; // 0 = INGEST_FILE_MS_MAX
};

/* NULL without memory. The child is started with the first file. */
struct ingest_link *ingest_link_create(const struct ingest_link_config *config);

/* Ends the child, answers what waits with a refusal, then calls `closed`. */
void ingest_link_close(struct ingest_link *link, void (*closed)(void *data), void *data);

#define INGEST_DIGEST_SIZE 32 // SHA-512/256

/* Has the file read. Borrows the descriptor until `done`, which is called on a later turn of the
 * loop. False when INGEST_WAITING_MAX files wait already. */
bool ingest_link_parse(struct ingest_link *link, int file, uint64_t size,
                       const uint8_t digest[INGEST_DIGEST_SIZE], ingest_done done, void *data);

struct ingest_link_counts ingest_link_count(const struct ingest_link *link);

/* Process number of the child, 0 while there is none. */
int ingest_link_child(const struct ingest_link *link);

#endif
