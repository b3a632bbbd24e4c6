#define _GNU_SOURCE /* mlock2 */
#include "server/imaging/frame_cache.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define SLOTS 4096u
#define SPACE_UNIT ((size_t)16 << 10)    // of a frame's memory; bounds their number, too
#define WIPED_HERE_MAX ((size_t)1 << 20) // more would hold up the loop

struct kept_frame {
    struct work work; // first, so that a work is its frame; while it is wiped on a thread
    struct frame_cache *cache;
    struct frame_key key;
    uint8_t *bytes;
    size_t size;  // of the frame
    size_t space; // of its memory
    unsigned holders;
    bool found;                         // in the table; ends with forgetting or failing
    bool filled;                        // its bytes are all there
    bool again;                         // asked for more than once
    struct kept_frame *next_in_slot;    //
    struct kept_frame *newer, *older;   // in a list, while nobody holds it
    struct frame_waiter *waiters, **at; // while it is not filled; in the order they came
};

struct frame_list {
    struct kept_frame *newest, *oldest;
    size_t bytes;
};

struct frame_cache {
    struct work_queue *queue; // borrowed; NULL = without
    size_t bound;
    size_t bytes;   // of all frames' memory: held, forgotten and not yet wiped ones included
    size_t leaving; // of those that are being wiped
    uint64_t frames, hits, misses;
    struct frame_list once, again; // what nobody holds, by the end of its last use
    struct kept_frame *slots[SLOTS];
};

/* Memory */

static size_t space_of(size_t size) {
    return (size + SPACE_UNIT - 1) / SPACE_UNIT * SPACE_UNIT;
}

/* Locked page by page as it is touched: neither this nor the first touch, which is the reader's
 * thread's, holds up the loop. */
static uint8_t *map_locked(size_t space) {
    uint8_t *bytes = mmap(NULL, space, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED) {
        return NULL;
    }
    if (mlock2(bytes, space, MLOCK_ONFAULT) != 0 || madvise(bytes, space, MADV_DONTDUMP) != 0 ||
        madvise(bytes, space, MADV_DONTFORK) != 0) {
        munmap(bytes, space);
        return NULL;
    }
    return bytes;
}

/* Twice as much could be locked: keys need some, too, and must not find it taken. */
static size_t lockable(size_t bound) {
    struct rlimit limit;
    uint8_t *trial = bound > 0 ? map_locked(2 * bound) : NULL;
    if (trial) {
        munmap(trial, 2 * bound);
        return bound;
    }
    size_t half = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? (size_t)limit.rlim_cur / 2 : 0;
    return half < bound ? half : bound;
}

struct frame_cache *frame_cache_create(size_t bound, struct work_queue *queue) {
    struct frame_cache *cache = calloc(1, sizeof *cache);
    if (cache) {
        cache->queue = queue;
        cache->bound = lockable(bound);
    }
    return cache;
}

/* Lists */

static void enter_list(struct frame_list *list, struct kept_frame *frame) {
    frame->newer = NULL;
    frame->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = frame;
    list->newest = frame;
    list->bytes += frame->space;
}

static void leave_list(struct frame_list *list, struct kept_frame *frame) {
    *(frame->newer ? &frame->newer->older : &list->newest) = frame->older;
    *(frame->older ? &frame->older->newer : &list->oldest) = frame->newer;
    list->bytes -= frame->space;
}

static struct frame_list *list_of(struct frame_cache *cache, const struct kept_frame *frame) {
    return frame->again ? &cache->again : &cache->once;
}

/* What is asked for again may fill three quarters; beyond that the oldest has to be asked for again
 * once more. */
static void rest(struct frame_cache *cache, struct kept_frame *frame) {
    enter_list(list_of(cache, frame), frame);
    while (cache->again.bytes > cache->bound / 4 * 3) {
        struct kept_frame *oldest = cache->again.oldest;
        leave_list(&cache->again, oldest);
        oldest->again = false;
        enter_list(&cache->once, oldest);
    }
}

/* The table */

static struct kept_frame **slot_of(struct frame_cache *cache, const struct frame_key *key) {
    uint64_t hash;
    memcpy(&hash, key->digest, sizeof hash); // of SHA-512/256: evenly spread
    return &cache->slots[(hash ^ key->frame * 0x9E3779B97F4A7C15u) % SLOTS];
}

static bool key_equal(const struct frame_key *a, const struct frame_key *b) {
    return a->frame == b->frame && uuid_equal(a->patient_case, b->patient_case) &&
           memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

static struct kept_frame *find(struct frame_cache *cache, const struct frame_key *key,
                               size_t size) {
    struct kept_frame *frame = *slot_of(cache, key);
    while (frame && !(key_equal(&frame->key, key) && frame->size == size)) {
        frame = frame->next_in_slot;
    }
    return frame;
}

static void enter_table(struct frame_cache *cache, struct kept_frame *frame) {
    struct kept_frame **slot = slot_of(cache, &frame->key);
    frame->next_in_slot = *slot;
    *slot = frame;
    frame->found = true;
}

static void leave_table(struct frame_cache *cache, struct kept_frame *frame) {
    struct kept_frame **at = slot_of(cache, &frame->key);
    while (*at != frame) {
        at = &(*at)->next_in_slot;
    }
    *at = frame->next_in_slot;
    frame->found = false;
}

/* Space */

static void run_wipe(struct work *work) {
    struct kept_frame *frame = (struct kept_frame *)work;
    if (frame->bytes) {
        OPENSSL_cleanse(frame->bytes, frame->size);
        munmap(frame->bytes, frame->space);
    }
}

static void on_wiped(struct work *work) {
    struct kept_frame *frame = (struct kept_frame *)work;
    struct frame_cache *cache = frame->cache;
    cache->leaving -= frame->space;
    cache->bytes -= frame->space;
    cache->frames--;
    OPENSSL_cleanse(frame, sizeof *frame);
    free(frame);
}

/* Of a frame that is in no list and no table. */
static void drop(struct frame_cache *cache, struct kept_frame *frame, bool on_thread) {
    assert(frame->holders == 0 && !frame->found);
    cache->leaving += frame->space;
    frame->work = (struct work){.run = run_wipe, .done = on_wiped};
    if (!on_thread || !cache->queue || !work_submit(cache->queue, &frame->work)) {
        run_wipe(&frame->work);
        on_wiped(&frame->work);
    }
}

/* Memory for a new frame, of the bound's; NULL when there is none just now. A frame that has to go
 * and is as large hands its own over: mapping, locking and first touches cost as much as opening a
 * frame. The new one overwrites it before anybody reads, the rest of it is wiped here. */
static uint8_t *take_memory(struct frame_cache *cache, size_t size) {
    size_t space = space_of(size);
    size_t unheld = cache->once.bytes + cache->again.bytes;
    if (cache->bytes - unheld + space > cache->bound) {
        return NULL;
    }
    uint8_t *bytes = NULL;
    while (!bytes && cache->bytes - cache->leaving + space > cache->bound) {
        struct kept_frame *victim = cache->once.oldest ? cache->once.oldest : cache->again.oldest;
        leave_list(list_of(cache, victim), victim);
        leave_table(cache, victim);
        if (victim->space == space) {
            bytes = victim->bytes;
            victim->bytes = NULL;
            if (victim->size > size) {
                OPENSSL_cleanse(bytes + size, victim->size - size);
            }
        }
        drop(cache, victim, victim->space > WIPED_HERE_MAX && victim->bytes);
    }
    if (bytes || cache->bytes + space > cache->bound) {
        return bytes; // or what goes is not gone yet
    }
    return map_locked(space);
}

static struct kept_frame *make_space(struct frame_cache *cache, const struct frame_key *key,
                                     size_t size) {
    bool wanted = size > 0 && size <= cache->bound / FRAME_CACHE_SHARE;
    struct kept_frame *frame = wanted ? calloc(1, sizeof *frame) : NULL;
    if (!frame) {
        return NULL;
    }
    frame->bytes = take_memory(cache, size);
    if (!frame->bytes) {
        free(frame);
        return NULL;
    }
    frame->cache = cache;
    frame->key = *key;
    frame->size = size;
    frame->space = space_of(size);
    frame->at = &frame->waiters;
    cache->bytes += frame->space;
    cache->frames++;
    enter_table(cache, frame);
    return frame;
}

/* Using it */

enum frame_found frame_cache_hold(struct frame_cache *cache, const struct frame_key *key,
                                  size_t size, bool fill, struct frame_waiter *waiter,
                                  struct kept_frame **ret_frame) {
    struct kept_frame *frame = find(cache, key, size);
    if (!frame) {
        cache->misses++;
        frame = fill ? make_space(cache, key, size) : NULL;
        if (!frame) {
            return FRAME_NOT_KEPT;
        }
        frame->holders = 1;
        *ret_frame = frame;
        return FRAME_TO_READ;
    }
    cache->hits++;
    if (frame->holders++ == 0) {
        leave_list(list_of(cache, frame), frame);
    }
    frame->again = true;
    *ret_frame = frame;
    if (frame->filled) {
        return FRAME_THERE;
    }
    waiter->next = NULL;
    *frame->at = waiter;
    frame->at = &waiter->next;
    return FRAME_COMING;
}

uint8_t *kept_frame_bytes(const struct kept_frame *frame) {
    return frame->bytes;
}

void frame_cache_filled(struct frame_cache *cache, struct kept_frame *frame, bool good) {
    assert(!frame->filled && frame->holders > 0);
    frame->filled = good;
    if (!good && frame->found) {
        leave_table(cache, frame);
    }
    struct frame_waiter *waiter = frame->waiters;
    frame->waiters = NULL;
    while (waiter) {
        struct frame_waiter *next = waiter->next; // it may be gone once it is told
        waiter->come(waiter, good);
        waiter = next;
    }
}

void frame_cache_release(struct frame_cache *cache, struct kept_frame *frame) {
    assert(frame->holders > 0);
    if (--frame->holders > 0) {
        return;
    }
    if (frame->found) {
        rest(cache, frame);
    } else {
        drop(cache, frame, true);
    }
}

void frame_cache_forget(struct frame_cache *cache, struct uuid patient_case) {
    for (size_t i = 0; i < SLOTS; i++) {
        struct kept_frame *next;
        for (struct kept_frame *frame = cache->slots[i]; frame; frame = next) {
            next = frame->next_in_slot;
            if (!uuid_is_zero(patient_case) && !uuid_equal(frame->key.patient_case, patient_case)) {
                continue;
            }
            leave_table(cache, frame);
            if (frame->holders == 0) {
                leave_list(list_of(cache, frame), frame);
                drop(cache, frame, true);
            }
        }
    }
}

void frame_cache_destroy(struct frame_cache *cache) {
    if (!cache) {
        return;
    }
    cache->queue = NULL;
    frame_cache_forget(cache, (struct uuid){{0}});
    assert(cache->frames == 0 && cache->bytes == 0);
    free(cache);
}

struct frame_cache_counts frame_cache_count(const struct frame_cache *cache) {
    return (struct frame_cache_counts){.hits = cache->hits,
                                       .misses = cache->misses,
                                       .bytes = cache->bytes,
                                       .bound = cache->bound,
                                       .frames = cache->frames};
}
