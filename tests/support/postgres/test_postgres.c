#define _GNU_SOURCE /* setgroups */

#include "tests/support/postgres/test_postgres.h"

#include "server/store/migrate.h"

#include <assert.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STARTS_MAX = 200, START_WAIT_US = 50 * 1000 };

static void become_unprivileged(void) {
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user != NULL &&
        (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
}

static pid_t run(const struct test_postgres *postgres, const char *program, char **arguments) {
    char path[512];
    char log[256];
    snprintf(path, sizeof path, "%s/%s", CONSILIUM_PG_BINDIR, program);
    snprintf(log, sizeof log, "%s/log", postgres->folder);
    arguments[0] = path;
    pid_t pid = fork();
    assert(pid >= 0);
    if (pid > 0)
        return pid;
    become_unprivileged();
    setsid();
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) {
        dup2(file, 1);
        dup2(file, 2);
    }
    if (chdir(postgres->folder) == 0)
        execv(path, arguments);
    _exit(127);
}

/* Little WAL where there is little disk; otherwise as much as our own cluster keeps, or benchmarks
 * would measure a checkpoint a second and files being made for it. */
static void spawn_postmaster(struct test_postgres *postgres) {
    char data[160];
    /* Processes are killed in tests and no machine is: what the kernel holds is not lost. */
    const char *asked = getenv("CONSILIUM_TEST_FSYNC");
    bool flushes = asked == NULL || strcmp(asked, "off") != 0;
    snprintf(data, sizeof data, "%s/data", postgres->folder);
    char *arguments[] = {NULL,
                         "-D",
                         data,
                         "-k",
                         postgres->folder,
                         "-c",
                         "listen_addresses=",
                         "-c",
                         "max_connections=40",
                         "-c",
                         postgres->mounted ? "min_wal_size=32MB" : "min_wal_size=80MB",
                         "-c",
                         postgres->mounted ? "max_wal_size=64MB" : "max_wal_size=512MB",
                         "-c",
                         flushes ? "fsync=on" : "fsync=off",
                         NULL};
    postgres->pid = run(postgres, "postgres", arguments);
}

bool test_postgres_alive(struct test_postgres *postgres) {
    if (postgres->pid != 0 && waitpid(postgres->pid, NULL, WNOHANG) == postgres->pid)
        postgres->pid = 0;
    return postgres->pid != 0;
}

void test_postgres_return(struct test_postgres *postgres) {
    for (int i = 0; i < STARTS_MAX; i++) {
        /* The children of one that was killed may still be there: then it refuses to start for a
         * moment. */
        if (!test_postgres_alive(postgres))
            spawn_postmaster(postgres);
        if (PQping(postgres->url) == PQPING_OK)
            return;
        usleep(START_WAIT_US);
    }
    fprintf(stderr, "PostgreSQL does not start; see %s/log\n", postgres->folder);
    abort();
}

void test_postgres_kill(struct test_postgres *postgres) {
    kill(postgres->pid, SIGKILL);
    waitpid(postgres->pid, NULL, 0);
    postgres->pid = 0;
}

bool test_postgres_start(struct test_postgres *postgres, unsigned long mount_bytes) {
    *postgres = (struct test_postgres){0};
    snprintf(postgres->folder, sizeof postgres->folder, "/tmp/consilium-pg-XXXXXX");
    if (mkdtemp(postgres->folder) == NULL)
        abort();
    if (mount_bytes > 0) {
        char options[64];
        snprintf(options, sizeof options, "size=%lu", mount_bytes);
        postgres->mounted = mount("none", postgres->folder, "tmpfs", 0, options) == 0;
        if (!postgres->mounted) {
            rmdir(postgres->folder);
            return false;
        }
    }
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user != NULL && chown(postgres->folder, user->pw_uid, user->pw_gid) != 0)
        abort();
    snprintf(postgres->url, sizeof postgres->url, "host=%s user=consilium dbname=postgres",
             postgres->folder);

    char data[160];
    char message[MIGRATE_MESSAGE_MAX];
    char command[1024];
    snprintf(data, sizeof data, "%s/data", postgres->folder);
    snprintf(command, sizeof command,
             CONSILIUM_SOURCE_DIR "/tests/support/postgres/cluster_template.sh"
                                  " " CONSILIUM_BUILD_DIR "/cluster-template %s"
                                  " && echo local all all trust > %s/pg_hba.conf",
             data, data);
    if (system(command) != 0)
        abort();
    test_postgres_return(postgres);
    if (!migrate_run(postgres->url, message)) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
    return true;
}

void test_postgres_end(struct test_postgres *postgres) {
    char command[192];
    if (test_postgres_alive(postgres))
        test_postgres_kill(postgres);
    if (postgres->mounted)
        umount2(postgres->folder, MNT_DETACH);
    snprintf(command, sizeof command, "rm -rf '%s'", postgres->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", postgres->folder);
}

char *test_postgres_ask(const struct test_postgres *postgres, const char *sql) {
    PGconn *link = PQconnectdb(postgres->url);
    PGresult *result = PQexec(link, sql);
    char *value = NULL;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
        value = strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(link);
    return value;
}

long test_postgres_number(const struct test_postgres *postgres, const char *sql) {
    char *value = test_postgres_ask(postgres, sql);
    long number = value == NULL ? -1 : strtol(value, NULL, 10);
    free(value);
    return number;
}
