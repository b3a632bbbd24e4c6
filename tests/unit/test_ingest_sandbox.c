/* links: sandbox; timeout: 60 */
/* The sandbox of consilium-ingest, tried from inside: each thing that is forbidden is done in a
 * process that has entered it, and is the end of that process. */
#define _GNU_SOURCE
#include "server/imaging/ingest_sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DONE = 7, NOT_ENTERED = 8, REFUSED = 9 };

/* System calls are made bare: a sanitizer's own would be killed for what is theirs. */
static void try_socket(void) {
    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void try_connect(void) {
    syscall(SYS_connect, 0, NULL, 0);
}

static void try_open(void) {
    syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void try_old_open(void) {
    syscall(SYS_open, "/etc/passwd", O_RDONLY);
}

static void try_fork(void) {
    syscall(SYS_fork);
}

static void try_clone(void) {
    syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void try_exec(void) {
    syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static void try_ptrace(void) {
    syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}

static void try_reading_another(void) {
    syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static void try_kill(void) {
    syscall(SYS_kill, getppid(), 0);
}

static void try_leaving_limits(void) {
    syscall(SYS_unshare, CLONE_NEWUSER);
}

static void try_io_uring(void) {
    syscall(SYS_io_uring_setup, 1, NULL);
}

static void try_executable_memory(void) {
    syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_making_memory_executable(void) {
    static uint8_t page[8192];
    uintptr_t at = ((uintptr_t)page + 4095) & ~(uintptr_t)4095;
    syscall(SYS_mprotect, at, 4096, PROT_READ | PROT_EXEC);
}

static void try_unlink(void) {
    syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent", 0);
}

/* How a process ends that enters and then does it. */
static int end_of(void (*attempt)(void)) {
    pid_t process = fork();
    if (process == 0) {
        const char *step;
        if (!ingest_sandbox_enter(&step))
            syscall(SYS_exit_group, NOT_ENTERED);
        attempt();
        syscall(SYS_exit_group, DONE);
    }
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    return status;
}

static void what_is_forbidden_is_the_end(void **state) {
    (void)state;
    static const struct {
        const char *name;
        void (*attempt)(void);
    } attempts[] = {
        {"socket", try_socket},
        {"connect", try_connect},
        {"openat", try_open},
        {"open", try_old_open},
        {"fork", try_fork},
        {"clone", try_clone},
        {"execve", try_exec},
        {"ptrace", try_ptrace},
        {"process_vm_readv", try_reading_another},
        {"kill", try_kill},
        {"unshare", try_leaving_limits},
        {"io_uring_setup", try_io_uring},
        {"executable mmap", try_executable_memory},
        {"executable mprotect", try_making_memory_executable},
        {"unlinkat", try_unlink},
    };
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int status = end_of(attempts[i].attempt);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s did not end the process: status %x", attempts[i].name, status);
    }
}

static void do_nothing(void) {
}

static void read_what_is_there(void) {
    char byte;
    syscall(SYS_read, -1, &byte, 1);
}

static void what_it_needs_is_left(void **state) {
    (void)state;
    int status = end_of(do_nothing);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DONE);
    status = end_of(read_what_is_there);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DONE);
}

/* Limits hold inside: no process, no core, no file, few descriptors, and none can be raised. */
static void check_limits(void) {
    struct rlimit limit;
    static const int none[] = {RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC};
    for (size_t i = 0; i < 3; i++) {
        syscall(SYS_prlimit64, 0, none[i], NULL, &limit);
        if (limit.rlim_cur != 0 || limit.rlim_max != 0)
            syscall(SYS_exit_group, REFUSED);
    }
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    if (limit.rlim_max > 16)
        syscall(SYS_exit_group, REFUSED);
}

static void limits_hold_inside(void **state) {
    (void)state;
    int status = end_of(check_limits);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forbidden_is_the_end),
        cmocka_unit_test(what_it_needs_is_left),
        cmocka_unit_test(limits_hold_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
