/*
 * Files on their way into a case, counted for who waits for them: twice a second how many and how
 * far, never what they are called. Whoever brings a file has a part in an arrival; what a sender
 * says to send together is one arrival, and what they send without a word is one as well.
 *
 * On the loop's thread only. Included by imaging_*.c.
 */
#ifndef CONSILIUM_IMAGING_ARRIVALS_H
#define CONSILIUM_IMAGING_ARRIVALS_H

#include "server/imaging/imaging_service.h"

#define ARRIVALS_MAX 64                 // at once; more are not shown
#define ARRIVALS_TELL_MS 500            // between two tellings
#define ARRIVAL_QUIET_MS 4000           // without a byte: its sender is waited for
#define ARRIVAL_PATIENCE_MS 600000      // so long; then nothing is said of it until they go on
#define ARRIVAL_STAYS_MS 8000           // it is said so long that all have arrived
#define ARRIVAL_LEFT_STEP_S UINT64_C(5) // what is left is said in such steps

struct imaging_arrivals;
struct imaging_arrival;

/* One file's part in it, embedded in whoever brings it; zero = none. */
struct arrival_part {
    struct imaging_arrival *arrival; // NULL = it is not counted
    struct arrival_part *next, **link;
    uint64_t size, bytes; // all of it, as far as known; come
    bool is_whole;        // all bytes are there, and it is being read
    /* Of an archive that is being read; entries 0 = a file. */
    uint32_t entries, entries_done, images, kept;
};

/* What became of what a part brought. */
struct arrival_counts {
    uint32_t files, images, kept;
};

struct imaging_arrivals *imaging_arrivals_create(struct imaging_service *service);
/* Nothing is told any more; all parts are out of it. */
void imaging_arrivals_stop(struct imaging_arrivals *arrivals);
/* After `closed`, which comes later, it is gone. */
void imaging_arrivals_close(struct imaging_arrivals *arrivals, void (*closed)(void *data),
                            void *data);
/* The case is erased: nothing is said of what comes to it. */
void imaging_arrivals_forget(struct imaging_arrivals *arrivals, struct uuid patient_case);

/* Size 0: it is not known. A part that is in an arrival stays there, unless another one is said. */
void arrival_join(struct imaging_arrivals *arrivals, struct arrival_part *part,
                  struct uuid patient_case, struct uuid by, const struct sending *sending,
                  uint64_t size);
/* So many bytes of it have come by now. */
void arrival_came(struct arrival_part *part, uint64_t bytes);
void arrival_is_whole(struct arrival_part *part);
/* It is through, or (NULL) will not come; nothing when it is in none. */
void arrival_leave(struct arrival_part *part, const struct arrival_counts *counts);

#endif
