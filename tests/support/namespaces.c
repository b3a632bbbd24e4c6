#define _GNU_SOURCE // unshare, setns
#include "tests/support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32 };

static bool write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool written = file >= 0 && write(file, text, strlen(text)) >= 0;
    if (file >= 0)
        close(file);
    return written;
}

static const char *become_root(void) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1", geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", getegid());
    if (unshare(CLONE_NEWUSER) != 0)
        return "user namespaces are not allowed";
    write_text("/proc/self/setgroups", "deny");
    return write_text("/proc/self/uid_map", users) && write_text("/proc/self/gid_map", groups)
               ? NULL
               : "the user namespace cannot be mapped";
}

const char *namespaces_prepare(void) {
    const char *reason = geteuid() == 0 ? NULL : become_root();
    if (reason == NULL && access("/dev/net/tun", R_OK | W_OK) != 0)
        reason = "/dev/net/tun cannot be opened";
    return reason;
}

static bool raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool raised = ioctl(any, SIOCSIFFLAGS, &request) == 0;
    close(any);
    return raised;
}

/* Starts a process in a network namespace of its own and waits until it is there. */
static bool start_side(pid_t *ret_side, void (*run)(void)) {
    int ready[2];
    char answer = 'n';
    if (pipe2(ready, O_CLOEXEC) != 0)
        return false;
    pid_t side = fork();
    if (side == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer = unshare(CLONE_NEWNET) == 0 && raise_loopback() ? 'y' : 'n';
        if (write(ready[1], &answer, 1) == 1 && answer == 'y' && run != NULL)
            run();
        while (answer == 'y')
            pause();
        _exit(0);
    }
    close(ready[1]);
    bool there = read(ready[0], &answer, 1) == 1 && answer == 'y';
    close(ready[0]);
    *ret_side = side;
    return there;
}

static bool start_wire(struct namespaces *namespaces, const char *wire,
                       const char *const *conditions) {
    char side_a[64], side_b[64], line[64] = "";
    const char *arguments[ARGUMENTS_MAX] = {wire};
    int said[2];
    size_t count = 1;
    while (*conditions != NULL && count < ARGUMENTS_MAX - 3)
        arguments[count++] = *conditions++;
    snprintf(side_a, sizeof side_a, "/proc/%d/ns/net", namespaces->sides[0]);
    snprintf(side_b, sizeof side_b, "/proc/%d/ns/net", namespaces->sides[1]);
    arguments[count++] = side_a;
    arguments[count++] = side_b;
    if (pipe2(said, O_CLOEXEC) != 0)
        return false;
    namespaces->wire = fork();
    if (namespaces->wire == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(said[1], STDOUT_FILENO);
        execv(wire, (char *const *)arguments);
        _exit(127);
    }
    close(said[1]);
    namespaces->said = fdopen(said[0], "r");
    return namespaces->said != NULL && fgets(line, sizeof line, namespaces->said) != NULL &&
           strcmp(line, "ready\n") == 0;
}

const char *namespaces_begin(struct namespaces *namespaces, const char *wire,
                             const char *const *conditions, void (*run)(void)) {
    const char *reason = NULL;
    char counts[512];
    *namespaces = (struct namespaces){.wire = 0};
    if (!start_side(&namespaces->sides[0], NULL) || !start_side(&namespaces->sides[1], run))
        reason = "network namespaces are not allowed";
    else if (!start_wire(namespaces, wire, conditions))
        reason = "TUN interfaces cannot be made in a network namespace";
    if (reason != NULL)
        namespaces_end(namespaces, counts);
    return reason;
}

static int end_process(pid_t process, int signal_number) {
    int status = 0;
    if (process > 0) {
        kill(process, SIGCONT);
        kill(process, signal_number);
        waitpid(process, &status, 0);
    }
    return status;
}

int namespaces_end(struct namespaces *namespaces, char ret_counts[512]) {
    int status = end_process(namespaces->wire, SIGTERM);
    ret_counts[0] = '\0';
    if (namespaces->said != NULL) {
        if (fgets(ret_counts, 512, namespaces->said) == NULL)
            ret_counts[0] = '\0';
        fclose(namespaces->said);
    }
    end_process(namespaces->sides[0], SIGKILL);
    end_process(namespaces->sides[1], SIGKILL);
    *namespaces = (struct namespaces){.wire = 0};
    return status;
}

const char *namespaces_enter(const struct namespaces *namespaces, int side) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", namespaces->sides[side]);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool entered = file >= 0 && setns(file, CLONE_NEWNET) == 0;
    if (file >= 0)
        close(file);
    return entered ? NULL : "a network namespace cannot be entered";
}

void namespaces_cut(const struct namespaces *namespaces) {
    kill(namespaces->wire, SIGSTOP);
}

void namespaces_mend(const struct namespaces *namespaces) {
    kill(namespaces->wire, SIGCONT);
}
