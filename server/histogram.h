/* How values are distributed, for /metrics: buckets whose upper bounds double. Zeroed memory is an
 * empty one. */
#ifndef CONSILIUM_HISTOGRAM_H
#define CONSILIUM_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BUCKETS = 13,     /* a fourteenth takes what is larger */
    HISTOGRAM_TIME_FIRST = 250, /* microseconds; the last bound is a second */
    HISTOGRAM_NUMBER_FIRST = 1, /* the last bound is 4096 */
};

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS + 1];
    uint64_t sum;
};

/* `first` is the upper bound of the first bucket, the same for all values of one histogram. */
static inline void histogram_add(struct histogram *histogram, uint64_t first, uint64_t value) {
    unsigned bucket = 0;
    while (bucket < HISTOGRAM_BUCKETS && value > first << bucket) {
        bucket++;
    }
    histogram->counts[bucket]++;
    histogram->sum += value;
}

#endif
