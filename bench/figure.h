/*
 * One measured figure, printed as one JSON line on standard output: what was measured, beside a
 * reference that was measured in the same run on the same machine, the bar it is held against, and
 * whether it holds. All else a benchmark has to say goes to standard error.
 *
 * A figure of an unoptimised or sanitised build is marked as such and never holds.
 */
#ifndef CONSILIUM_BENCH_FIGURE_H
#define CONSILIUM_BENCH_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bar_kind {
    BAR_NONE,           /* stated, not judged */
    BAR_AT_LEAST,       /* the value */
    BAR_AT_MOST,        /* the value */
    BAR_RATIO_AT_LEAST, /* value / reference */
};

struct figure {
    const char *name, *unit;
    double value;
    const char *reference; /* NULL = there is none */
    double reference_value;
    enum bar_kind kind;
    double bar;
    unsigned runs;
    const char *circumstances; /* a sentence on how it came to be; NULL = none */
};

/* Reads --quick; anything else ends the program with status 2. */
void figure_begin(int argc, char **argv);
/* Shorter runs, which show that a benchmark works and not how fast anything is. */
bool figure_is_quick(void);
/* `usual`, or 1 when quick. */
unsigned figure_runs(unsigned usual);
/* True when it holds. */
bool figure_print(const struct figure *figure);

int64_t monotonic_us(void);

/* Sorts `values` in place, gives the middle one. */
double median(double *values, size_t count);
/* Of sorted values: the smallest that `share` (0 to 1) of all do not exceed. */
double percentile(const double *sorted, size_t count, double share);

#endif
