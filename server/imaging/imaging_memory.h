/*
 * The one account of memory that answers about images take: previews, texts, pictures, pieces of
 * downloads.
 *
 * Who wants memory claims it before allocating it. While the claims of all are below the bound they
 * are granted at once; beyond it they wait in line, first come first served, IMAGING_MEMORY_WAIT_MS
 * at most, IMAGING_MEMORY_LINE_MAX of them; who waits longer or comes on top is told that it is
 * busy (503 with Retry-After). Large claims share three quarters of the bound and have a line of
 * their own, so that a frame never waits behind previews; one that is larger than that is granted
 * when it is the only large one. An answer that is sent counts until the socket has taken its last
 * byte: a slow reader is who makes memory scarce.
 *
 * Not in it: the cache of frames (frame_cache.h, a bound of its own), uploads (UPLOADS_SIZE_MAX),
 * copies in the background (one job at a time, CODEC_JOB_SIZE or one frame), searches
 * (../dicomweb/qido_search.c), and what libpq holds of a result until it is copied.
 *
 * On the loop's thread.
 */
#ifndef CONSILIUM_IMAGING_MEMORY_H
#define CONSILIUM_IMAGING_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define IMAGING_MEMORY_DEFAULT ((uint64_t)512 << 20) // bytes, or an eighth of the machine's
#define IMAGING_MEMORY_LINE_MAX 256u                 // claims of a kind that wait
#define IMAGING_MEMORY_WAIT_MS 10000u
#define IMAGING_MEMORY_RETRY_S "2" // seconds after which who was told busy may ask again

struct imaging_memory;

/* Zeroed: claims nothing. Whoever has it returns it before it goes. */
struct memory_claim {
    /* Given. On a later turn of the loop or in a return; false: it waited too long, or the service
     * ends, and nothing is claimed. */
    void (*granted)(struct memory_claim *claim, bool granted);
    /* The account's. */
    struct imaging_memory *memory; // NULL = nothing is claimed and nothing waits
    uint64_t bytes;
    uint64_t until; // ms of the loop, while it waits
    struct memory_claim *next;
    bool waits, large;
};

enum memory_answer {
    MEMORY_GRANTED,
    MEMORY_WAITS, // `granted` says more, unless the claim is returned before
    MEMORY_BUSY,  // too many wait: nothing is claimed
};

struct memory_counts {
    uint64_t bound, bytes, most; // claimed now, and ever
    uint64_t waiting;            // in line now
    uint64_t waited, turned_away;
};

/* `bound` in bytes, 0 = the default. NULL without memory. */
struct imaging_memory *imaging_memory_create(uv_loop_t *loop, uint64_t bound, unsigned wait_ms);
/* Who waits is told, and from now on everybody is told busy. */
void imaging_memory_stop(struct imaging_memory *memory);
/* After the stop; what is claimed may be returned later still. `closed` follows once the loop lets
 * go. */
void imaging_memory_close(struct imaging_memory *memory, void (*closed)(void *data), void *data);

/* Of a claim that has none. `large`: more than one step of a read (READ_STEP_MAX). */
enum memory_answer imaging_memory_claim(struct imaging_memory *memory, struct memory_claim *claim,
                                        uint64_t bytes, bool large);
/* It became known how much it is; never waits. */
void imaging_memory_resize(struct memory_claim *claim, uint64_t bytes);
/* Leaves the line, too. Others may be granted theirs within the call. */
void imaging_memory_return(struct memory_claim *claim);

/* So many bytes of it go on to be counted when the claim itself is returned, until what this gives
 * is dropped. NULL = nothing is claimed, or no memory. */
struct memory_claim *imaging_memory_hand_on(struct memory_claim *claim, uint64_t bytes);
void imaging_memory_drop(void *claim); // of the above; NULL is fine

struct memory_counts imaging_memory_count(const struct imaging_memory *memory);

#endif
