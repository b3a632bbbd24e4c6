/*
 * Frames that were read, opened and verified, kept in memory for who asks next: at a board a dozen
 * people look at the same images within seconds. On the loop's thread only; whoever fills a frame
 * may do so on another. Who may see a frame is the caller's to check each time, before it asks.
 *
 * One cache belongs to one imaging service, so to one tenant; a frame is found under its case only.
 * Its bytes never exceed the bound, frames that are being sent included. A frame that nobody holds
 * waits in one of two lists: those asked for once, those asked for again. The oldest asked for once
 * goes first, so somebody who leafs through a long series once drives out nothing that others come
 * back to (segmented LRU; Karedla, Love and Wherry, 1994).
 *
 * What lies here for hours must not reach a disk: its pages are locked, in no core dump and in no
 * child, and what cannot be locked is not kept. A frame is wiped, or overwritten by the next, when
 * it goes.
 */
#ifndef CONSILIUM_IMAGING_FRAME_CACHE_H
#define CONSILIUM_IMAGING_FRAME_CACHE_H

#include "protocol/values.h"
#include "server/blobs/sealed_blob.h"
#include "server/blobs/work_queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_CACHE_BYTES ((size_t)256 << 20) // unless the operator says otherwise
#define FRAME_CACHE_SHARE 8                   // a frame larger than this part of it is not kept

struct frame_cache;
struct kept_frame;

struct frame_key {
    struct uuid patient_case;
    uint8_t digest[BLOB_DIGEST_SIZE]; // of the instance's file
    uint32_t frame;                   // from 1
};

/* `bound` in bytes, 0 = keeps nothing. It becomes half of what the system lets this process lock
 * (RLIMIT_MEMLOCK) when that is less: the other half is for keys. Much memory is wiped on the
 * threads of `queue`, which is borrowed until it is closed; NULL = on this one. NULL without
 * memory. */
struct frame_cache *frame_cache_create(size_t bound, struct work_queue *queue);
/* When everything was forgotten and released, and the queue is closed. */
void frame_cache_destroy(struct frame_cache *cache);

/* Who waits for a frame that another reads; embedded in its owner and borrowed until it is told. */
struct frame_waiter {
    void (*come)(struct frame_waiter *waiter, bool good);
    struct frame_waiter *next; // the cache's
};

enum frame_found {
    FRAME_THERE,    // its bytes may be read while it is held
    FRAME_COMING,   // another reads it: `waiter` is told, and holds it
    FRAME_TO_READ,  // the caller writes all its bytes and then says frame_cache_filled
    FRAME_NOT_KEPT, // nothing is held: read it without
};
/* Looks for a frame of `size` bytes and, when it is absent and `fill` says so, makes space for it.
 * What is given is held and stays valid, also when it is forgotten meanwhile, until released. */
enum frame_found frame_cache_hold(struct frame_cache *cache, const struct frame_key *key,
                                  size_t size, bool fill, struct frame_waiter *waiter,
                                  struct kept_frame **ret_frame);
uint8_t *kept_frame_bytes(const struct kept_frame *frame);

/* The frame of FRAME_TO_READ is written, or could not be. Tells who waits; each of them, and the
 * caller, still has to release it. */
void frame_cache_filled(struct frame_cache *cache, struct kept_frame *frame, bool good);
void frame_cache_release(struct frame_cache *cache, struct kept_frame *frame);

/* From now on nothing of this case (zero: of any) is found. What is not held is wiped at once, on a
 * thread. */
void frame_cache_forget(struct frame_cache *cache, struct uuid patient_case);

struct frame_cache_counts {
    uint64_t hits, misses;
    uint64_t bytes, bound; // of memory
    uint64_t frames;
};
struct frame_cache_counts frame_cache_count(const struct frame_cache *cache);

#endif
