#include "server/store/cluster.h"

#include "server/store/cluster_files.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum state {
    STATE_MAKING,   /* initdb runs; ended by its exit */
    STATE_STARTING, /* ended by postmaster.pid saying ready, or by an exit */
    STATE_RUNNING,  /* ended by an exit */
    STATE_WAITING,  /* before the next start; ended by the timer */
    STATE_STOPPING, /* ended by an exit */
    STATE_FAILED,
    STATE_CLOSED,
};

enum { LOOK_MS = 20, LOOK_WHILE_RUNNING_MS = 200, STARTS_MAX = 6, ARGUMENTS_MAX = 64 };

/* A process of ours; outlives the cluster's struct until its handle is closed. */
struct child {
    uv_process_t process;
    struct cluster *cluster;
};

struct cluster {
    /* Given. */
    struct cluster_config config;
    void (*stopped)(void *data);
    void *stopped_data;
    /* Owned. */
    struct cluster_files files;
    struct child *child; /* initdb or the postmaster; NULL when adopted or none */
    uv_timer_t timer;
    /* Derived. */
    enum state state;
    bool told_ready;
    pid_t pid;         /* of the postmaster, our child or adopted; 0 = none */
    unsigned failures; /* starts in a row that came to nothing */
    uint64_t stop_by;  /* loop time in ms; then the stop becomes immediate */
};

static void start(struct cluster *cluster);

static void say(struct cluster *cluster, const char *words) {
    if (cluster->config.progress != NULL)
        cluster->config.progress(cluster->config.data, words);
}

static void fail(struct cluster *cluster, const char *words) {
    uv_timer_stop(&cluster->timer);
    cluster->state = STATE_FAILED;
    if (cluster->config.failed != NULL)
        cluster->config.failed(cluster->config.data, words);
}

/* Closing */

static void on_timer_closed(uv_handle_t *handle) {
    struct cluster *cluster = handle->data;
    void (*stopped)(void *data) = cluster->stopped;
    void *data = cluster->stopped_data;
    free(cluster);
    if (stopped != NULL)
        stopped(data);
}

static void on_child_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void close_child(struct cluster *cluster) {
    if (cluster->child == NULL)
        return;
    cluster->child->cluster = NULL;
    uv_close((uv_handle_t *)&cluster->child->process, on_child_closed);
    cluster->child = NULL;
}

static void close_all(struct cluster *cluster) {
    cluster->state = STATE_CLOSED;
    close_child(cluster);
    uv_close((uv_handle_t *)&cluster->timer, on_timer_closed);
}

/* What happens to processes */

static void on_start_timer(uv_timer_t *timer) {
    start(timer->data);
}

static void on_gone(struct cluster *cluster) {
    cluster->pid = 0;
    if (cluster->state == STATE_STOPPING) {
        close_all(cluster);
        return;
    }
    if (!cluster->told_ready && cluster->failures + 1 >= STARTS_MAX) {
        fail(cluster, "PostgreSQL does not start; DATA/postgres/server.log says why");
        return;
    }
    say(cluster, "PostgreSQL ended; starting it again");
    uint64_t wait = (uint64_t)CLUSTER_BACKOFF_FIRST_MS
                    << (cluster->failures < 6 ? cluster->failures : 6);
    cluster->failures++;
    cluster->state = STATE_WAITING;
    uv_timer_start(&cluster->timer, on_start_timer,
                   wait < CLUSTER_BACKOFF_LAST_MS ? wait : CLUSTER_BACKOFF_LAST_MS, 0);
}

static void on_made(struct cluster *cluster, bool well) {
    if (cluster->state == STATE_STOPPING) {
        close_all(cluster);
    } else if (!well || rename(cluster->files.fresh, cluster->files.cluster) != 0) {
        fail(cluster, "the database cannot be made; DATA/postgres/server.log says why");
    } else {
        cluster->files.made = true;
        start(cluster);
    }
}

static void on_exit_of_child(uv_process_t *process, int64_t status, int signal_number) {
    struct child *child = process->data;
    struct cluster *cluster = child->cluster;
    if (cluster == NULL)
        return;
    close_child(cluster);
    if (cluster->pid == 0)
        on_made(cluster, status == 0 && signal_number == 0);
    else
        on_gone(cluster);
}

/* The child gets a session of its own, so that Ctrl-C is ours to answer and it outlives our crash.
 */
static bool spawn(struct cluster *cluster, const char *program, char **arguments) {
    char path[CLUSTER_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", cluster->files.programs, program);
    arguments[0] = path; /* each finds its companions by its own path */
    int log = cluster_files_open_log(&cluster->files);
    struct child *child = calloc(1, sizeof *child);
    assert(child != NULL);
    child->cluster = cluster;
    child->process.data = child;
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = log < 0 ? UV_IGNORE : UV_INHERIT_FD, .data = {.fd = log}},
        {.flags = log < 0 ? UV_IGNORE : UV_INHERIT_FD, .data = {.fd = log}},
    };
    char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", NULL};
    uv_process_options_t options = {
        .exit_cb = on_exit_of_child,
        .file = path,
        .args = arguments,
        .env = environment,
        .cwd = cluster->files.folder,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    if (cluster->files.other_user) {
        options.flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID;
        options.uid = cluster->files.uid;
        options.gid = cluster->files.gid;
    }
    int result = uv_spawn(cluster->config.loop, &child->process, &options);
    if (log >= 0)
        close(log);
    cluster->child = child;
    if (result != 0)
        close_child(cluster);
    return result == 0;
}

/* Making and starting */

static void make(struct cluster *cluster) {
    say(cluster, "making the database (first start only)");
    if (!cluster_files_remove_fresh(&cluster->files)) {
        fail(cluster, "an unfinished database in DATA/postgres cannot be removed");
        return;
    }
    char *arguments[] = {"initdb",
                         "--pgdata",
                         cluster->files.fresh,
                         "--username",
                         "consilium",
                         "--auth=reject",
                         "--encoding=UTF8",
                         "--no-locale",
                         "--data-checksums",
                         "--no-instructions",
                         NULL};
    cluster->state = STATE_MAKING;
    cluster->pid = 0;
    if (!spawn(cluster, "initdb", arguments))
        fail(cluster, "PostgreSQL's initdb cannot be run");
}

/* For a laptop as for a server: everything is flushed before it is acknowledged; nothing of a
 * statement is logged. */
static const char *const settings[] = {
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "port=5432",
    "max_connections=20",
    "shared_buffers=128MB",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "min_wal_size=80MB",
    "max_wal_size=512MB",
    "max_slot_wal_keep_size=8GB", /* what a backup that stands still may hold back */
    "wal_compression=on",
    "checkpoint_timeout=5min",
    "logging_collector=off",
    "log_statement=none",
    "log_min_error_statement=panic",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
    "log_min_messages=warning",
    "jit=off",
};

static void on_look(uv_timer_t *timer);

static bool spawn_postmaster(struct cluster *cluster) {
    char hba[CLUSTER_PATH_MAX + 16];
    char ident[CLUSTER_PATH_MAX + 16];
    snprintf(hba, sizeof hba, "hba_file=%s", cluster->files.hba);
    snprintf(ident, sizeof ident, "ident_file=%s", cluster->files.ident);
    char *arguments[ARGUMENTS_MAX] = {
        "postgres", "-D", cluster->files.cluster, "-k", cluster->files.socket, "-c", hba,
        "-c",       ident};
    size_t count = 9;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        arguments[count++] = "-c";
        arguments[count++] = (char *)settings[i]; /* uv_spawn takes them so and does not write */
    }
    assert(count < ARGUMENTS_MAX);
    if (!spawn(cluster, "postgres", arguments))
        return false;
    cluster->pid = uv_process_get_pid(&cluster->child->process);
    return true;
}

static void start(struct cluster *cluster) {
    if (!cluster->files.made) {
        make(cluster);
        return;
    }
    cluster->pid = cluster_files_live_pid(&cluster->files);
    const char *trouble = cluster_files_write_access(&cluster->files);
    if (trouble != NULL) {
        fail(cluster, trouble);
        return;
    }
    if (cluster->pid != 0) {
        say(cluster, "PostgreSQL still runs; going on with it");
        kill(cluster->pid, SIGHUP); /* an older version of ours may have named fewer roles */
    } else {
        say(cluster, "starting PostgreSQL");
        if (!spawn_postmaster(cluster)) {
            fail(cluster, "PostgreSQL cannot be run");
            return;
        }
    }
    cluster->state = STATE_STARTING;
    uv_timer_start(&cluster->timer, on_look, LOOK_MS, LOOK_MS);
}

static void become_running(struct cluster *cluster, const char *socket) {
    cluster->state = STATE_RUNNING;
    cluster->failures = 0;
    uv_timer_start(&cluster->timer, on_look, LOOK_WHILE_RUNNING_MS, LOOK_WHILE_RUNNING_MS);
    if (cluster->told_ready)
        return;
    cluster->told_ready = true;
    /* libpq's key = 'value', with \ before ' and \. */
    char url[2 * CLUSTER_PATH_MAX + 64] = "host='";
    size_t length = strlen(url);
    for (const char *at = socket; *at != 0; at++) {
        if (*at == '\'' || *at == '\\')
            url[length++] = '\\';
        url[length++] = *at;
    }
    snprintf(url + length, sizeof url - length, "' port=5432 user=consilium dbname=postgres");
    cluster->config.ready(cluster->config.data, url);
}

/* The one clock of this file: is it ready, is an adopted one still there, has a stop taken too
 * long. */
static void on_look(uv_timer_t *timer) {
    struct cluster *cluster = timer->data;
    char socket[CLUSTER_PATH_MAX];
    bool ours = cluster->child != NULL;
    if (!ours && cluster_files_live_pid(&cluster->files) != cluster->pid) {
        on_gone(cluster);
        return;
    }
    if (cluster->state == STATE_STARTING && cluster_files_ready(&cluster->files, socket) &&
        cluster_files_live_pid(&cluster->files) == cluster->pid)
        become_running(cluster, socket);
    if (cluster->state == STATE_STOPPING && uv_now(cluster->config.loop) >= cluster->stop_by) {
        cluster->stop_by = UINT64_MAX;
        kill(cluster->pid, SIGQUIT); /* immediate: the next start recovers from the log */
    }
}

struct cluster *cluster_start(const struct cluster_config *config) {
    struct cluster *cluster = calloc(1, sizeof *cluster);
    assert(cluster != NULL && config->ready != NULL);
    cluster->config = *config;
    uv_timer_init(config->loop, &cluster->timer);
    cluster->timer.data = cluster;
    cluster->state = STATE_WAITING;
    const char *trouble =
        cluster_files_prepare(&cluster->files, config->data_folder, config->programs);
    if (trouble != NULL)
        fail(cluster, trouble);
    else
        uv_timer_start(&cluster->timer, on_start_timer, 0, 0);
    return cluster;
}

void cluster_stop(struct cluster *cluster, void (*stopped)(void *data), void *data) {
    cluster->stopped = stopped;
    cluster->stopped_data = data;
    bool making = cluster->state == STATE_MAKING;
    if (!making && cluster->pid == 0) {
        close_all(cluster);
        return;
    }
    cluster->state = STATE_STOPPING;
    if (making) {
        uv_timer_stop(&cluster->timer);
        uv_process_kill(&cluster->child->process, SIGTERM);
        return;
    }
    kill(cluster->pid, SIGINT); /* fast: sessions are ended, a checkpoint is written */
    cluster->stop_by = uv_now(cluster->config.loop) + CLUSTER_STOP_MS;
    uv_timer_start(&cluster->timer, on_look, LOOK_MS, LOOK_MS);
}

void cluster_leave(struct cluster *cluster, void (*left)(void *data), void *data) {
    cluster->stopped = left;
    cluster->stopped_data = data;
    close_all(cluster);
}

int cluster_pid(const struct cluster *cluster) {
    return (int)cluster->pid;
}
