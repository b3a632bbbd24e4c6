/*
 * What consilium-ingest gives up before it sees the first foreign byte: core dumps and debuggers,
 * memory and processor time without bounds, and, through seccomp, every system call that opens,
 * connects, executes or looks at another process. What is left reads descriptors it is handed, maps
 * memory, and writes answers. A forbidden call kills the process.
 */
#ifndef CONSILIUM_IMAGING_INGEST_SANDBOX_H
#define CONSILIUM_IMAGING_INGEST_SANDBOX_H

#include <stdbool.h>

#define INGEST_MEMORY_MAX ((unsigned long long)7 << 30) // bytes of address space
#define INGEST_CPU_SECONDS_A_FILE 20

/* False, with the step that failed in `ret_step`, when the system refuses any of it: the process
 * must not go on then. */
bool ingest_sandbox_enter(const char **ret_step);

/* Gives the next file its own share of processor time; called before each. */
void ingest_sandbox_renew_cpu(void);

#endif
