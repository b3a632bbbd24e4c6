#define _GNU_SOURCE /* sched_setaffinity */
#include "bench/process_use.h"

#include <assert.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 64 + 256 };

double process_seconds(pid_t process) {
    char path[PATH_BYTES];
    uint64_t total_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *tasks = opendir(path);
    assert(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        unsigned long long ran_ns;
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)process, task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            continue; /* that thread has just ended */
        if (fscanf(file, "%llu", &ran_ns) == 1)
            total_ns += ran_ns;
        fclose(file);
    }
    closedir(tasks);
    return (double)total_ns / 1e9;
}

int64_t process_resident_bytes(pid_t process) {
    char path[PATH_BYTES];
    long long size = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)process);
    FILE *file = fopen(path, "r");
    assert(file != NULL);
    int found = fscanf(file, "%lld %lld", &size, &resident);
    assert(found == 2);
    fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

void process_pin(pid_t process, int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)processor % (size_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
    sched_setaffinity(process, sizeof set, &set);
}

long process_memory_kib(pid_t process, const char *field) {
    char path[64], line[256];
    long value = 0;
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtol(line + strlen(field) + 1, NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return value;
}
