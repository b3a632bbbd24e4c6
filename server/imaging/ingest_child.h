/*
 * A child process that reads foreign bytes, on the libuv loop: started, watched, ended, replaced.
 *
 * One job in it at a time, the others waiting in order. A child that dies or takes too long over a
 * job is ended and replaced, that one job fails, and the next goes on. Children that cannot be
 * started are tried again after a growing pause; meanwhile jobs wait, and when the start keeps
 * failing they fail rather than being kept. What the jobs are is for whoever submits them
 * (ingest_link, codecs/codec_link).
 */
#ifndef CONSILIUM_IMAGING_INGEST_CHILD_H
#define CONSILIUM_IMAGING_INGEST_CHILD_H

#include "protocol/generated/ingest.h"
#include "server/imaging/ingest_channel.h"

#include <uv.h>

#define INGEST_WAITING_MAX 256
#define INGEST_RESTART_MS_FIRST 50 // pause before the second start in a row
#define INGEST_RESTART_MS_MAX 5000 //
#define INGEST_FAILED_STARTS_MAX 4 // in a row, then what waits fails

struct ingest_child;

struct ingest_job {
    /* Given. */
    uint8_t tag;                       // of the request, enum ingest_tag
    uint8_t answer_tag;                // of what answers it
    uint64_t number;                   // of ingest_child_number; the message's `job`
    int files[INGEST_DESCRIPTORS_MAX]; // borrowed until it is answered
    size_t file_count;
    unsigned ms_max; // then the child is killed
    /* On a later turn of the loop. `answer` is the decoded message, borrowed for the call; NULL =
     * the child died of it, was too slow or is not to be had, and `reason` says which. */
    void (*answered)(const struct ingest_job *job, const void *answer, struct text reason);
    void (*done)(void); // of whoever submitted, for `answered`
    void *data;         //
    /* The child's. */
    bool begun;       // the child had it: what went wrong may be its fault
    uint8_t *request; // encoded fields
    uint32_t request_length;
};

struct ingest_child_counts {
    uint64_t jobs;     // answered, those that failed included
    uint64_t failed;   // without an answer
    uint64_t restarts; // of the process
};

/* `program` is copied; `role` is its argument, static text or NULL. NULL without memory. The
 * process is started with the first job. */
struct ingest_child *ingest_child_create(uv_loop_t *loop, const char *program, const char *role);

/* Ends the process, fails what waits, then calls `closed`. */
void ingest_child_close(struct ingest_child *child, void (*closed)(void *data), void *data);

/* Another for each job. */
uint64_t ingest_child_number(struct ingest_child *child);

/* Copies both. False when INGEST_WAITING_MAX jobs wait already, without memory, or when the fields
 * could not be encoded. */
bool ingest_child_submit(struct ingest_child *child, const struct ingest_job *job,
                         struct bytes fields);

size_t ingest_child_waiting(const struct ingest_child *child); // the one that runs included
struct ingest_child_counts ingest_child_count(const struct ingest_child *child);
int ingest_child_process(const struct ingest_child *child); // its number, 0 while there is none

#endif
