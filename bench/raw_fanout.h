/*
 * The floor under every fan-out: a loop that send()s the same bytes to many plain sockets and does
 * nothing else, with another process that reads them.
 */
#ifndef CONSILIUM_BENCH_RAW_FANOUT_H
#define CONSILIUM_BENCH_RAW_FANOUT_H

struct raw_fanout {
    unsigned sockets, bytes;
    double rounds_a_second; /* each round sends once to every socket */
    double seconds;
};

/* Frames sent per second of this process's processor time. Both processes are pinned: this one to
 * processor 0, the reader to 1; this one's pinning is undone. */
double raw_fanout_measure(const struct raw_fanout *fanout);

#endif
