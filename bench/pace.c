#include "bench/pace.h"

#include "bench/figure.h"

#include <unistd.h>

void pace_wait(int64_t begin, uint64_t number, double a_second) {
    int64_t early = begin + (int64_t)((double)number * 1e6 / a_second) - monotonic_us();
    if (early > 0)
        usleep((useconds_t)early);
}
