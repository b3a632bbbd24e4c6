/* Doing something so many times a second. */
#ifndef CONSILIUM_BENCH_PACE_H
#define CONSILIUM_BENCH_PACE_H

#include <stdint.h>

/* Waits until `number` (from 0) is due, counted from `begin` (monotonic_us); at once when it is
 * late, so that what was held up is made up for. */
void pace_wait(int64_t begin, uint64_t number, double a_second);

#endif
