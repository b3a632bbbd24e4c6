#include "server/imaging/ingest_sandbox.h"

#include "server/sandbox.h"

#include <seccomp.h>
#include <sys/resource.h>

#define DESCRIPTORS_MAX 16

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

static const int allowed_calls[] = {
    SCMP_SYS(brk),          SCMP_SYS(clock_gettime),  SCMP_SYS(close),        SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(fstat),          SCMP_SYS(futex),        SCMP_SYS(getpid),
    SCMP_SYS(getrusage),    SCMP_SYS(gettid),         SCMP_SYS(madvise),      SCMP_SYS(mremap),
    SCMP_SYS(munmap),       SCMP_SYS(prlimit64),      SCMP_SYS(read),         SCMP_SYS(recvmsg),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),      SCMP_SYS(sendto),         SCMP_SYS(setrlimit),    SCMP_SYS(getrlimit),
    SCMP_SYS(getrandom),    SCMP_SYS(sigaltstack),    SCMP_SYS(write),
    SCMP_SYS(sysinfo), // glibc's qsort asks how much memory there is before it takes some
};

// glibc's fstat is newfstatat with an empty path; answered with an error it falls back on none.
static const int refused_calls[] = {SCMP_SYS(newfstatat)};

bool ingest_sandbox_enter(const char **ret_step) {
    static const struct sandbox_rules rules = {
        .allowed = allowed_calls,
        .allowed_count = sizeof allowed_calls / sizeof allowed_calls[0],
        .refused = refused_calls,
        .refused_count = 1,
        .memory_max = INGEST_MEMORY_MAX,
        .descriptors_max = DESCRIPTORS_MAX,
    };
    return sandbox_enter(&rules, ret_step);
}
