#define _GNU_SOURCE /* pipe2 */
#include "server/backup/backup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const char *const *arguments, int said) {
    static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", NULL};
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(said, STDERR_FILENO);
    execve(arguments[0], (char *const *)(uintptr_t)arguments, environment);
    _exit(127);
}

/* The last line that is not empty. */
static void keep_last_line(int said, char words[BACKUP_WORDS_MAX]) {
    size_t length = 0;
    bool line_ended = false;
    char c;
    words[0] = 0;
    for (ssize_t got; (got = read(said, &c, 1)) > 0 || (got < 0 && errno == EINTR);) {
        if (got < 0) {
            continue;
        }
        if (c == '\n') {
            line_ended = true;
            continue;
        }
        length = line_ended ? 0 : length;
        line_ended = false;
        if (length + 1 < BACKUP_WORDS_MAX) {
            words[length++] = c;
            words[length] = 0;
        }
    }
}

bool backup_run(const char *const *arguments, char words[BACKUP_WORDS_MAX]) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(words, BACKUP_WORDS_MAX, "%s", strerror(errno));
        return false;
    }
    pid_t process = fork();
    if (process == 0) {
        become(arguments, ends[1]);
    }
    close(ends[1]);
    if (process > 0) {
        keep_last_line(ends[0], words);
    }
    close(ends[0]);
    int status = 0;
    if (process < 0 || waitpid(process, &status, 0) != process) {
        snprintf(words, BACKUP_WORDS_MAX, "a process cannot be started");
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        snprintf(words, BACKUP_WORDS_MAX, "%.300s cannot be run", arguments[0]);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
