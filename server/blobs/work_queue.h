/*
 * Threads of our own for work that blocks or burns: file reads with decryption, fsync, inflating.
 * They are not libuv's pool, which name lookups and uv_fs share and whose size is global.
 *
 * A piece of work is embedded in its owner's struct and belongs to the queue from work_submit until
 * `done` is called on the loop's thread. Pieces are taken in order; several run at once. The number
 * waiting is bounded: a full queue refuses, and the caller says "busy" to whoever asked.
 */
#ifndef CONSILIUM_BLOBS_WORK_QUEUE_H
#define CONSILIUM_BLOBS_WORK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define WORK_THREADS_MAX 16
#define WORK_WAITING_MAX 4096

struct work {
    void (*run)(struct work *work);  // on one of the threads
    void (*done)(struct work *work); // on the loop, after run
    struct work *next;               // the queue's
};

struct work_queue;

/* `niceness` from 0, usual, to 19: of threads that are many, so that the loop does not wait among
 * them for a processor (setpriority(2); Linux counts it for each thread). */
struct work_queue *work_queue_create(uv_loop_t *loop, unsigned threads, int niceness);

/* False when WORK_WAITING_MAX pieces wait already, or the queue is closing. */
bool work_submit(struct work_queue *queue, struct work *work);

/* Finishes what was submitted, calls every `done`, ends the threads, then calls `closed`. */
void work_queue_close(struct work_queue *queue, void (*closed)(void *data), void *data);

#endif
