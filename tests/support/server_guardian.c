#define _GNU_SOURCE /* nftw */
#include "tests/support/server_guardian.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, OPEN_FOLDERS = 16, PATIENCE_MS = 5000, LOOK_MS = 10 };

static const char linked_folders[] = "/var/lib/consilium";

pid_t postmaster_of(const char *data_folder) {
    char path[PATH_BYTES];
    long process = 0;
    snprintf(path, sizeof path, "%s/postgres/cluster/postmaster.pid", data_folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld", &process) != 1 || process < 2 || kill((pid_t)process, 0) != 0)
        process = 0;
    fclose(file);
    return (pid_t)process;
}

static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

/* The server died with the test, perhaps a moment later, and may just have started PostgreSQL. */
static void end_postgres(const char *data_folder) {
    for (int waited_ms = 0, calm_ms = 0; waited_ms < PATIENCE_MS && calm_ms < 100;
         waited_ms += LOOK_MS) {
        pid_t process = postmaster_of(data_folder);
        calm_ms = process == 0 ? calm_ms + LOOK_MS : 0;
        if (process != 0)
            kill(process, SIGKILL);
        rest();
    }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

static void remove_tree(const char *folder) {
    /* Its backends write for a moment after the postmaster has died. */
    for (int waited_ms = 0; waited_ms < PATIENCE_MS && access(folder, F_OK) == 0;
         waited_ms += LOOK_MS) {
        nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
        if (access(folder, F_OK) == 0)
            rest();
    }
}

static void clear_away(const char *folder, const char *data_folder) {
    char path[PATH_BYTES], target[PATH_BYTES];
    snprintf(path, sizeof path, "%s/postgres", data_folder);
    ssize_t length = readlink(path, target, sizeof target - 1);
    end_postgres(data_folder);
    if (length > 0) {
        target[length] = '\0';
        if (strncmp(target, linked_folders, sizeof linked_folders - 1) == 0)
            remove_tree(target);
    }
    remove_tree(folder);
}

bool server_guardian_start(struct server_guardian *guardian, const char *folder,
                           const char *data_folder) {
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    pid_t process = fork();
    if (process == 0) {
        char byte;
        setsid(); /* not ended by what ends the test */
        close(ends[1]);
        while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
        }
        clear_away(folder, data_folder);
        _exit(0);
    }
    close(ends[0]);
    guardian->process = process;
    guardian->line = ends[1];
    return process > 0;
}

void server_guardian_end(struct server_guardian *guardian) {
    if (guardian->process <= 0)
        return;
    close(guardian->line);
    waitpid(guardian->process, NULL, 0);
    guardian->process = 0;
}
