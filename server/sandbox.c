#include "server/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1 /* which reserves terabytes of address space */
#else
#define UNDER_SANITIZER 0
#endif

static bool limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &both) == 0;
}

static bool set_limits(const struct sandbox_rules *rules) {
    bool memory = UNDER_SANITIZER || limit(RLIMIT_AS, (rlim_t)rules->memory_max);
    return memory && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, rules->file_bytes_max) &&
           limit(RLIMIT_NOFILE, rules->descriptors_max) && limit(RLIMIT_NPROC, 0);
}

/* New memory may be anything but executable. */
static bool allow_memory(scmp_filter_ctx filter) {
    struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0;
}

static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count) {
    bool built = true;
    for (size_t i = 0; i < count && built; i++) {
        built = seccomp_rule_add(filter, action, calls[i], 0) == 0;
    }
    return built;
}

static bool load_filter(const struct sandbox_rules *rules) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter) {
        return false;
    }
    bool built = allow_memory(filter) &&
                 add_all(filter, SCMP_ACT_ALLOW, rules->allowed, rules->allowed_count) &&
                 add_all(filter, SCMP_ACT_ERRNO(EPERM), rules->refused, rules->refused_count) &&
                 seccomp_load(filter) == 0;
    seccomp_release(filter);
    return built;
}

bool sandbox_enter(const struct sandbox_rules *rules, const char **ret_step) {
    *ret_step = "the death signal of its parent";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return false;
    }
    *ret_step = "being neither dumped nor traced";
    if (prctl(PR_SET_DUMPABLE, 0) != 0) {
        return false;
    }
    *ret_step = "resource limits";
    if (!set_limits(rules)) {
        return false;
    }
    *ret_step = "no new privileges";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    *ret_step = "the system call filter";
    return load_filter(rules);
}
