#include "server/backup/backup_watch.h"

#include "server/backup/backup_folder.h"
#include "server/log.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = BACKUP_WORDS_MAX + 64 };

/* The process and its pipe; outlives the watch's interest in it until both handles are closed. */
struct follower {
    uv_process_t process;
    uv_pipe_t pipe;
    struct backup_watch *watch; /* NULL = nobody waits for it any more */
    unsigned open;              /* handles */
    char line[LINE_BYTES];
    size_t length;
};

struct backup_watch {
    struct backup_watch_config config;
    void (*stopped)(void *data); /* NULL until it is to stop */
    void *stopped_data;
    uv_timer_t timer;
    struct follower *follower;                               /* NULL = none */
    char target[BACKUP_PATH_MAX];                            /* empty = none */
    char trouble[BACKUP_WORDS_MAX];                          /* empty = none */
    uint64_t begun_at, well_at, heard_at, told_at, ended_at; /* the loop's clock, ms */
    uint64_t held_bytes, restarts;
};

static void forget(struct backup_watch *watch);

static uint64_t now(const struct backup_watch *watch) {
    return uv_now(watch->config.loop);
}

/* What it says */

static void take_trouble(struct backup_watch *watch, const char *words) {
    bool repeats = watch->trouble[0] != 0 && now(watch) < watch->told_at + BACKUP_REPEAT_MS;
    if (!repeats) {
        watch->told_at = now(watch);
        log_error("backup", "not up to date: %s", words);
    }
    snprintf(watch->trouble, sizeof watch->trouble, "%s", words);
}

static void take_well(struct backup_watch *watch) {
    if (watch->trouble[0] != 0) {
        log_info("backup", "up to date again");
    } else if (watch->well_at == 0) {
        log_info("backup", "kept up to date");
    }
    watch->trouble[0] = 0;
    watch->well_at = now(watch);
}

static void take_line(struct backup_watch *watch, const char *line) {
    char words[BACKUP_WORDS_MAX] = "it does not say why";
    uint64_t held;
    watch->heard_at = now(watch);
    if (sscanf(line, "ok %" SCNu64, &held) == 1) {
        watch->held_bytes = held;
        take_well(watch);
    } else if (sscanf(line, "trouble %" SCNu64 " %511[^\n]", &held, words) >= 1) {
        watch->held_bytes = held;
        take_trouble(watch, words);
    }
}

static void on_space(uv_handle_t *handle, size_t wanted, uv_buf_t *ret) {
    struct follower *follower = handle->data;
    (void)wanted;
    *ret = uv_buf_init(follower->line + follower->length,
                       (unsigned)(sizeof follower->line - 1 - follower->length));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct follower *follower = stream->data;
    (void)buffer;
    if (length <= 0) {
        uv_read_stop(stream);
        return;
    }
    follower->length += (size_t)length;
    follower->line[follower->length] = 0;
    for (char *end; (end = strchr(follower->line, '\n')) != NULL;) {
        *end = 0;
        if (follower->watch != NULL) {
            take_line(follower->watch, follower->line);
        }
        follower->length -= (size_t)(end + 1 - follower->line);
        memmove(follower->line, end + 1, follower->length + 1);
    }
    if (follower->length == sizeof follower->line - 1) { /* no line of ours is so long */
        follower->length = 0;
    }
}

/* Its life */

static void on_handle_closed(uv_handle_t *handle) {
    struct follower *follower = handle->data;
    if (--follower->open > 0) {
        return;
    }
    struct backup_watch *watch = follower->watch;
    free(follower);
    if (watch != NULL) {
        watch->follower = NULL;
        watch->ended_at = now(watch);
        forget(watch);
    }
}

static void on_exit_of_follower(uv_process_t *process, int64_t status, int signal_number) {
    struct follower *follower = process->data;
    struct backup_watch *watch = follower->watch;
    if (watch != NULL && watch->stopped == NULL) {
        char words[96];
        snprintf(words, sizeof words, "the process that copies has ended (status %d, signal %d)",
                 (int)status, signal_number);
        take_trouble(watch, words);
        watch->restarts++;
    }
    uv_close((uv_handle_t *)&follower->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&follower->process, on_handle_closed);
}

static struct follower *make_follower(struct backup_watch *watch) {
    struct follower *follower = calloc(1, sizeof *follower);
    assert(follower != NULL);
    follower->watch = watch;
    follower->open = 2;
    uv_pipe_init(watch->config.loop, &follower->pipe, 0);
    follower->process.data = follower;
    follower->pipe.data = follower;
    return follower;
}

static void start(struct backup_watch *watch) {
    static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    char program[] = "/proc/self/exe";
    char *arguments[16] = {program,
                           "backup",
                           "--follow",
                           "--to",
                           watch->target,
                           "--data",
                           (char *)(uintptr_t)watch->config.data_folder};
    size_t count = 7;
    if (watch->config.key_file != NULL) {
        arguments[count++] = "--key-file";
        arguments[count++] = (char *)(uintptr_t)watch->config.key_file;
    }
    if (watch->config.anchor != NULL) {
        arguments[count++] = "--anchor";
        arguments[count++] = (char *)(uintptr_t)watch->config.anchor;
    }
    if (watch->config.blobs_only) {
        arguments[count++] = "--blobs-only";
    }
    struct follower *follower = make_follower(watch);
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data = {(uv_stream_t *)&follower->pipe}},
        {.flags = UV_INHERIT_FD, .data = {.fd = STDERR_FILENO}},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of_follower,
        .file = program,
        .args = arguments,
        .env = environment,
        .stdio_count = 3,
        .stdio = stdio,
    };
    watch->follower = follower;
    watch->heard_at = now(watch);
    if (uv_spawn(watch->config.loop, &follower->process, &options) != 0) {
        take_trouble(watch, "the process that copies cannot be started");
        uv_close((uv_handle_t *)&follower->pipe, on_handle_closed);
        uv_close((uv_handle_t *)&follower->process, on_handle_closed);
        return;
    }
    uv_read_start((uv_stream_t *)&follower->pipe, on_space, on_read);
}

/* A file of one line, read once a second: too short to hold the loop up. */
static void read_target(struct backup_watch *watch) {
    char path[BACKUP_PATH_MAX], target[BACKUP_PATH_MAX] = "";
    if (!backup_path(path, watch->config.data_folder, BACKUP_TARGET) ||
        !backup_read_line(path, target, sizeof target)) {
        target[0] = 0;
    }
    if (strcmp(target, watch->target) == 0) {
        return;
    }
    memcpy(watch->target, target, sizeof target);
    watch->well_at = 0;
    watch->begun_at = now(watch);
    watch->ended_at = 0;
    if (watch->follower != NULL) {
        uv_process_kill(&watch->follower->process, SIGTERM);
    }
}

static void on_look(uv_timer_t *timer) {
    struct backup_watch *watch = timer->data;
    if (watch->stopped != NULL) { /* it had its time */
        if (watch->follower != NULL) {
            uv_process_kill(&watch->follower->process, SIGKILL);
        }
        return;
    }
    read_target(watch);
    if (watch->follower != NULL && now(watch) > watch->heard_at + BACKUP_SILENT_MS) {
        take_trouble(watch, "the disk of the backup does not answer");
    }
    bool rested = watch->ended_at == 0 || now(watch) >= watch->ended_at + BACKUP_AGAIN_MS;
    if (watch->follower == NULL && watch->target[0] != 0 && rested) {
        start(watch);
    }
}

struct backup_watch *backup_watch_start(const struct backup_watch_config *config) {
    struct backup_watch *watch = calloc(1, sizeof *watch);
    assert(watch != NULL);
    watch->config = *config;
    uv_timer_init(config->loop, &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_look, 0, BACKUP_LOOK_MS);
    return watch;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct backup_watch *watch = handle->data;
    void (*stopped)(void *data) = watch->stopped;
    void *data = watch->stopped_data;
    free(watch);
    stopped(data);
}

/* When it is to stop and nothing is left. */
static void forget(struct backup_watch *watch) {
    if (watch->stopped != NULL && watch->follower == NULL &&
        !uv_is_closing((uv_handle_t *)&watch->timer)) {
        uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
    }
}

void backup_watch_stop(struct backup_watch *watch, void (*stopped)(void *data), void *data) {
    watch->stopped = stopped;
    watch->stopped_data = data;
    if (watch->follower != NULL) {
        uv_process_kill(&watch->follower->process, SIGTERM);
        uv_timer_start(&watch->timer, on_look, BACKUP_STOP_MS, BACKUP_LOOK_MS);
    }
    forget(watch);
}

void backup_watch_count(const struct backup_watch *watch, struct backup_counts *ret) {
    uint64_t since = watch->well_at != 0 ? watch->well_at : watch->begun_at;
    *ret = (struct backup_counts){
        .configured = watch->target[0] != 0,
        .well = watch->well_at != 0 && watch->trouble[0] == 0,
        .behind_s = watch->target[0] == 0 ? 0 : (now(watch) - since) / 1000,
        .held_bytes = watch->held_bytes,
        .restarts = watch->restarts,
    };
}

const char *backup_watch_target(const struct backup_watch *watch) {
    return watch->target;
}

uv_loop_t *backup_watch_loop(const struct backup_watch *watch) {
    return watch->config.loop;
}
