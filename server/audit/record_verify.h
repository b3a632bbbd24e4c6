/*
 * Holds a whole record to what it must be, over one connection and in one snapshot of it: the chain
 * of checkpoints, their signatures, the lines that were told outside the database, then every row
 * of every stream and of the access log. Blocking; changes nothing.
 */
#ifndef CONSILIUM_RECORD_VERIFY_H
#define CONSILIUM_RECORD_VERIFY_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct record_verdict {
    uint64_t rows, accesses, streams, checkpoints, findings; /* streams: chains of either */
    double seconds;
};

struct record_verify_config {
    const char *key_path;    /* that signs checkpoints */
    const char *anchor_path; /* lines of checkpoints */
    const char *data_folder; /* where DATA/erasures is; NULL = there is none */
    /* Each finding in words, without anything of a patient. */
    void (*found)(void *data, const char *words);
    /* What is no finding and should be known: that the record was restored, and what it lacks. */
    void (*noted)(void *data, const char *words);
    void *data;
};

/* False: it could not be done, and `ret_message` says why; borrowed until the connection ends. */
bool record_verify(PGconn *connection, const struct record_verify_config *config,
                   struct record_verdict *ret, const char **ret_message);

#endif
