/*
 * What another process has used so far, from /proc/PID (proc(5)): its own processor time, without
 * its children's, and its resident memory.
 */
#ifndef CONSILIUM_BENCH_PROCESS_USE_H
#define CONSILIUM_BENCH_PROCESS_USE_H

#include <stdint.h>
#include <sys/types.h>

/* User and system time of all threads; from schedstat, in nanoseconds, not in ticks. */
double process_seconds(pid_t process);
int64_t process_resident_bytes(pid_t process);
/* KiB, as its field of /proc/PID/status says, with its colon; 0 when it cannot be told. */
long process_memory_kib(pid_t process, const char *field);

/* Keeps the calling process (0) or another on one processor from now on. */
void process_pin(pid_t process, int processor);

#endif
