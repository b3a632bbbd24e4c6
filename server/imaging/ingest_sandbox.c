#include "server/imaging/ingest_sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define DESCRIPTORS_MAX 16

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1 // which reserves terabytes of address space
#else
#define UNDER_SANITIZER 0
#endif

static bool limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &both) == 0;
}

void ingest_sandbox_renew_cpu(void) {
    struct rusage used;
    struct rlimit cpu;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &cpu) != 0) {
        return; // the supervisor's clock still runs
    }
    cpu.rlim_cur =
        (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + INGEST_CPU_SECONDS_A_FILE;
    setrlimit(RLIMIT_CPU, &cpu);
}

static bool set_limits(void) {
    bool memory = UNDER_SANITIZER || limit(RLIMIT_AS, (rlim_t)INGEST_MEMORY_MAX);
    return memory && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
           limit(RLIMIT_NOFILE, DESCRIPTORS_MAX) && limit(RLIMIT_NPROC, 0);
}

static const int allowed_calls[] = {
    SCMP_SYS(brk),          SCMP_SYS(clock_gettime),  SCMP_SYS(close),        SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(fstat),          SCMP_SYS(futex),        SCMP_SYS(getpid),
    SCMP_SYS(getrusage),    SCMP_SYS(gettid),         SCMP_SYS(madvise),      SCMP_SYS(mremap),
    SCMP_SYS(munmap),       SCMP_SYS(prlimit64),      SCMP_SYS(read),         SCMP_SYS(recvmsg),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),      SCMP_SYS(sendto),         SCMP_SYS(setrlimit),    SCMP_SYS(getrlimit),
    SCMP_SYS(getrandom),    SCMP_SYS(sigaltstack),    SCMP_SYS(write),
};

/* New memory may be anything but executable. */
static bool allow_memory(scmp_filter_ctx filter) {
    struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0;
}

static bool load_filter(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter) {
        return false;
    }
    bool built = allow_memory(filter);
    for (size_t i = 0; i < sizeof allowed_calls / sizeof allowed_calls[0] && built; i++) {
        built = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0) == 0;
    }
    // glibc's fstat is newfstatat with an empty path; answered with an error it falls back on none.
    built = built &&
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(newfstatat), 0) == 0 &&
            seccomp_load(filter) == 0;
    seccomp_release(filter);
    return built;
}

bool ingest_sandbox_enter(const char **ret_step) {
    *ret_step = "the death signal of its parent";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return false;
    }
    *ret_step = "being neither dumped nor traced";
    if (prctl(PR_SET_DUMPABLE, 0) != 0) {
        return false;
    }
    *ret_step = "resource limits";
    if (!set_limits()) {
        return false;
    }
    *ret_step = "no new privileges";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    *ret_step = "the system call filter";
    return load_filter();
}
