#define _GNU_SOURCE /* pipe2 */
/*
 * The process that keeps a backup up to date while the server runs: PostgreSQL's log as it is
 * written (pg_receivewal on a slot, so that nothing is missed however long this was away), blobs,
 * anchor and erasures once a second. It is a process of its own because the disk it writes to may
 * stand still, and the server's may not. Each second it says a line on standard output:
 *
 *   ok HELD            bytes of log that are not in the backup yet
 *   trouble HELD WORDS
 */
#include "server/backup/backup_blobs.h"
#include "server/backup/backup_command.h"
#include "server/backup/backup_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TURN_MS = 1000, AGAIN_TURNS_MAX = 32, CALM_TURNS = 5 };

struct following {
    const struct backup_options *options;
    const char *data;
    struct cluster_files files;
    char url[BACKUP_URL_MAX];
    PGconn *connection;           /* NULL = none */
    pid_t receiver;               /* pg_receivewal; 0 = does not run */
    int said;                     /* what it says; -1 = nothing to read */
    char words[BACKUP_WORDS_MAX]; /* the last thing it said */
    unsigned again_in, wait, age; /* turns */
    struct blob_mirror mirror;
    bool mirroring;
    int64_t loose_at; /* newest change of the loose files that is copied */
};

static volatile sig_atomic_t told_to_end;

static void on_end(int number) {
    (void)number;
    told_to_end = 1;
}

/* PostgreSQL's log */

static void start_receiver(struct following *following) {
    char program[CLUSTER_PATH_MAX + 16], folder[BACKUP_PATH_MAX];
    int ends[2];
    snprintf(program, sizeof program, "%s/pg_receivewal", following->files.programs);
    if (!backup_path(folder, following->options->to, "wal") ||
        pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return;
    }
    following->receiver = fork();
    if (following->receiver == 0) {
        char *arguments[] = {program,        "--directory",   folder,      "--dbname",
                             following->url, "--slot",        BACKUP_SLOT, "--synchronous",
                             "--no-loop",    "--no-password", NULL};
        char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[1], STDERR_FILENO);
        execve(program, arguments, environment);
        _exit(127);
    }
    close(ends[1]);
    following->said = ends[0];
    following->age = 0;
}

static void read_what_it_says(struct following *following) {
    char text[BACKUP_WORDS_MAX];
    ssize_t length;
    while (following->said >= 0 && (length = read(following->said, text, sizeof text - 1)) > 0) {
        text[length] = 0;
        text[strcspn(text, "\n")] = 0;
        snprintf(following->words, sizeof following->words, "%s", text);
    }
}

static void look_after_receiver(struct following *following) {
    read_what_it_says(following);
    if (following->receiver > 0 &&
        waitpid(following->receiver, NULL, WNOHANG) == following->receiver) {
        read_what_it_says(following);
        close(following->said);
        following->said = -1;
        following->receiver = 0;
        following->wait = following->wait == 0 ? 1 : 2 * following->wait;
        following->wait =
            following->wait < AGAIN_TURNS_MAX ? following->wait : (unsigned)AGAIN_TURNS_MAX;
        following->again_in = following->wait;
    }
    if (following->receiver > 0) {
        following->age++;
        following->wait = following->age >= CALM_TURNS ? 0 : following->wait;
    } else if (following->again_in > 0) {
        following->again_in--;
    } else if (following->connection != NULL) {
        start_receiver(following);
    }
}

/* Bytes of log that the slot holds; -1 = the database does not answer. */
static int64_t ask_held(struct following *following, const char **ret_trouble) {
    static const char sql[] =
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint, wal_status = 'lost'"
        " FROM pg_replication_slots WHERE slot_name = '" BACKUP_SLOT "'";
    if (following->connection == NULL &&
        backup_private_url(following->data, &following->files, following->url)) {
        following->connection = PQconnectdb(following->url);
    }
    PGresult *result = following->connection == NULL ? NULL : PQexec(following->connection, sql);
    int64_t held = -1;
    if (result == NULL || PQresultStatus(result) != PGRES_TUPLES_OK) {
        *ret_trouble = "the database does not answer";
        PQfinish(following->connection);
        following->connection = NULL;
    } else if (PQntuples(result) == 0 || PQgetvalue(result, 0, 1)[0] == 't') {
        *ret_trouble = "the log has a gap: take a new base with consilium backup";
        held = 0;
    } else {
        held = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    }
    PQclear(result);
    return held;
}

/* Files */

static int64_t changed_at(const char *path) {
    struct stat status;
    return path == NULL || stat(path, &status) != 0
               ? 0
               : (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

static bool copy_loose(struct following *following) {
    char anchor[BACKUP_PATH_MAX], erasures[BACKUP_PATH_MAX];
    const char *told = following->options->config.anchor;
    if (!backup_path(anchor, following->data, "checkpoints") ||
        !backup_path(erasures, following->data, "erasures")) {
        return false;
    }
    int64_t one = changed_at(told != NULL ? told : anchor), other = changed_at(erasures);
    int64_t newest = one > other ? one : other;
    if (newest == following->loose_at) {
        return true;
    }
    if (!backup_loose_files(following->options, following->data)) {
        return false;
    }
    following->loose_at = newest;
    return true;
}

static void close_mirror(struct following *following) {
    if (following->mirroring) {
        blob_mirror_close(&following->mirror);
        following->mirroring = false;
    }
}

static bool copy_locked(struct following *following) {
    if (following->mirroring && blob_mirror_is_stale(&following->mirror)) {
        close_mirror(following);
    }
    if (!following->mirroring) {
        char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
        following->mirroring = backup_path(from, following->data, "blobs") &&
                               backup_path(to, following->options->to, "blobs") &&
                               blob_mirror_open(&following->mirror, from, to);
    }
    return following->mirroring && blob_mirror_pass(&following->mirror) && copy_loose(following);
}

/* While a base is being made, that copies the files. */
static bool copy_files(struct following *following) {
    if (access(following->options->to, W_OK) != 0) {
        return false; /* its disk is not there */
    }
    int lock = backup_lock(following->options->to, 0);
    if (lock < 0) {
        return errno == EWOULDBLOCK;
    }
    bool copied = copy_locked(following);
    int reason = errno;
    close(lock);
    errno = reason;
    return copied;
}

static void say(const char *trouble, int64_t held) {
    int64_t told = held > 0 ? held : 0;
    if (trouble == NULL) {
        printf("ok %" PRId64 "\n", told);
    } else {
        printf("trouble %" PRId64 " %s\n", told, trouble);
    }
    if (fflush(stdout) != 0) {
        told_to_end = 1; /* nobody listens */
    }
}

static void turn(struct following *following) {
    char words[BACKUP_WORDS_MAX];
    const char *trouble = NULL;
    int64_t held = 0;
    if (!following->options->blobs_only) {
        held = ask_held(following, &trouble);
        look_after_receiver(following);
        if (trouble == NULL && following->wait > 0) {
            trouble = following->words;
        }
    }
    if (!backup_keys_follow(following->options, following->data) && trouble == NULL) {
        snprintf(words, sizeof words, "the keys have changed and cannot be copied: %s",
                 strerror(errno));
        trouble = words;
    }
    if (!copy_files(following) && trouble == NULL) {
        snprintf(words, sizeof words, "images cannot be copied: %s", strerror(errno));
        trouble = words;
        close_mirror(following);
    }
    say(trouble, held);
}

int backup_follow(const struct backup_options *options, const char *data) {
    static struct following following;
    following = (struct following){.options = options, .data = data, .said = -1};
    struct sigaction ending = {.sa_handler = on_end};
    sigaction(SIGTERM, &ending, NULL);
    sigaction(SIGINT, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    while (!told_to_end) {
        turn(&following);
        nanosleep(&(struct timespec){TURN_MS / 1000, TURN_MS % 1000 * 1000000L}, NULL);
    }
    backup_keys_follow(options, data);
    copy_files(&following);
    if (following.receiver > 0) {
        kill(following.receiver, SIGINT); /* it writes down what it has, and ends */
        waitpid(following.receiver, NULL, 0);
    }
    PQfinish(following.connection);
    close_mirror(&following);
    return BACKUP_DONE;
}
