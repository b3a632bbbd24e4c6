/*
 * What a program gives up that reads foreign bytes, before it sees the first one: core dumps and
 * debuggers, memory without bounds, and, through seccomp, every system call that is not named. Its
 * parent's death is its own. A forbidden call kills the process. consilium-ingest has such a
 * program's rules (imaging/ingest_sandbox.h); another one brings its own.
 */
#ifndef CONSILIUM_SANDBOX_H
#define CONSILIUM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

struct sandbox_rules {
    const int *allowed; /* SCMP_SYS(name); mmap and mprotect are allowed without PROT_EXEC anyway */
    size_t allowed_count;
    const int *refused; /* answered with EPERM instead of death */
    size_t refused_count;
    unsigned long long memory_max; /* bytes of address space */
    unsigned long descriptors_max;
    unsigned long file_bytes_max; /* of a file it writes; 0 = none */
};

/* False, with the step that failed in `ret_step`, when the system refuses any of it: the process
 * must not go on then. */
bool sandbox_enter(const struct sandbox_rules *rules, const char **ret_step);

#endif
