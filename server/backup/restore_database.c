/* The database of a restore: base and log into place, recovery, and what is written into it. */
#include "server/audit/restoration.h"
#include "server/backup/restore_parts.h"
#include "server/store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 50, SETTINGS_MAX = 1024, SEGMENT_BYTES = 16 * 1024 * 1024 };

/* Into place */

static struct backup_owner owner_of(const struct restoring *restoring) {
    return (struct backup_owner){restoring->files.other_user, restoring->files.uid,
                                 restoring->files.gid};
}

static bool give(const struct restoring *restoring, const char *path) {
    return !restoring->files.other_user ||
           chown(path, restoring->files.uid, restoring->files.gid) == 0;
}

/* The log is only ever added to, and what is not written yet is zero: of two copies of a segment
 * the one that has something where the other has nothing goes further. */
static bool goes_further(const char *path, const char *there) {
    FILE *one = fopen(path, "re"), *other = fopen(there, "re");
    bool further = one != NULL && other == NULL;
    for (int a = 0, b = 0; one != NULL && other != NULL && a != EOF;) {
        a = getc_unlocked(one);
        b = getc_unlocked(other);
        if (a != b) {
            further = b == 0 || b == EOF;
            break;
        }
    }
    if (one != NULL) {
        fclose(one);
    }
    if (other != NULL) {
        fclose(other);
    }
    return further;
}

static bool copy_segment(struct restoring *restoring, const char *from, const char *segment) {
    char to[BACKUP_PATH_MAX + 64];
    struct backup_file copied;
    snprintf(to, sizeof to, "%s/pg_wal/%s", restoring->files.cluster, segment);
    if (!goes_further(from, to)) {
        return true;
    }
    restoring->log_bytes += SEGMENT_BYTES;
    return (backup_copy(from, to, &copied) && give(restoring, to)) ||
           backup_refuse("the log cannot be copied: %s", strerror(errno));
}

static bool copy_log(struct restoring *restoring) {
    char segment[SEGMENT_NAME + 1], next[SEGMENT_NAME + 1], path[BACKUP_PATH_MAX + 64];
    if (!base_first_segment(restoring->folder, restoring->base.name, segment)) {
        return backup_refuse("the base does not say where its log begins");
    }
    for (;; memcpy(segment, next, sizeof segment)) {
        snprintf(path, sizeof path, "%s/wal/%s", restoring->folder, segment);
        if (access(path, F_OK) != 0) {
            break;
        }
        if (!copy_segment(restoring, path, segment)) {
            return false;
        }
        segment_next(segment, next);
    }
    /* The one that was being written. */
    snprintf(path, sizeof path, "%s/wal/%s.partial", restoring->folder, segment);
    return access(path, F_OK) != 0 || copy_segment(restoring, path, segment);
}

static bool verify_copy(const struct restoring *restoring) {
    char program[CLUSTER_PATH_MAX + 32], manifest[BACKUP_PATH_MAX + 64], words[BACKUP_WORDS_MAX];
    struct backup_file read;
    snprintf(program, sizeof program, "%s/pg_verifybackup", restoring->files.programs);
    snprintf(manifest, sizeof manifest, "%s/backup_manifest", restoring->files.cluster);
    if (!backup_digest(manifest, UINT64_MAX, &read) ||
        strcmp(read.digest, restoring->base.database) != 0) {
        return backup_refuse("the base is damaged: its list of files is another one");
    }
    const char *arguments[] = {program, "--exit-on-error", "--quiet", restoring->files.cluster,
                               NULL};
    return backup_run(arguments, words) || backup_refuse("the base is damaged: %s", words);
}

/* PostgreSQL stops where the moment is over. All of the log lies in place: nothing is fetched. */
static bool write_settings(const struct restoring *restoring) {
    char path[BACKUP_PATH_MAX + 64], text[SETTINGS_MAX], moment[MOMENT_TEXT] = "";
    if (restoring->at != 0) {
        moment_to_text(restoring->at, moment);
        moment[10] = ' '; /* as this setting wants it */
        moment[strlen(moment) - 1] = 0;
    }
    snprintf(text, sizeof text,
             "restore_command = '/bin/false'\nrecovery_target_action = 'promote'\n"
             "recovery_target_timeline = 'current'\n%s%s%s",
             restoring->at != 0 ? "recovery_target_time = '" : "", moment,
             restoring->at != 0 ? "+00'\n" : "");
    snprintf(path, sizeof path, "%s/postgresql.auto.conf", restoring->files.cluster);
    if (!backup_write_text(path, text) || !give(restoring, path)) {
        return backup_refuse("%s cannot be written: %s", path, strerror(errno));
    }
    snprintf(path, sizeof path, "%s/recovery.signal", restoring->files.cluster);
    return (backup_write_text(path, "") && give(restoring, path)) ||
           backup_refuse("%s cannot be written: %s", path, strerror(errno));
}

bool restore_database(struct restoring *restoring) {
    char base[BACKUP_PATH_MAX];
    struct backup_owner owner;
    const char *trouble = cluster_files_prepare(&restoring->files, restoring->data.path, NULL);
    if (trouble != NULL) {
        return backup_refuse("%s", trouble);
    }
    owner = owner_of(restoring);
    if (snprintf(base, sizeof base, "%s/bases/%s/data", restoring->folder, restoring->base.name) >=
        BACKUP_PATH_MAX) {
        return backup_refuse("the path of the folder is too long");
    }
    if (!backup_copy_tree(base, restoring->files.cluster, &owner, &restoring->database_bytes)) {
        return backup_refuse("the base cannot be copied: %s", strerror(errno));
    }
    return verify_copy(restoring) && copy_log(restoring) && write_settings(restoring);
}

/* Recovery */

struct recovery {
    struct restoring *restoring;
    struct cluster *cluster;
    bool done;
};

static bool ask(PGconn *connection, const char *sql, char *ret, size_t space) {
    PGresult *result = PQexec(connection, sql);
    bool answered = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (answered) {
        snprintf(ret, space, "%s", PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return answered;
}

static bool command(PGconn *connection, const char *sql) {
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void name_operator(char ret[RESTORATION_TEXT_MAX + 1]) {
    const char *called = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    if (called == NULL || called[0] == 0) {
        called = user == NULL ? "somebody" : user->pw_name;
    }
    snprintf(ret, RESTORATION_TEXT_MAX + 1, "%.64s", called);
}

static bool state_it(struct restoring *restoring, PGconn *connection) {
    char path[CHECKPOINT_KEY_PATH_MAX];
    const char *trouble = "the path of the key file is too long";
    struct checkpoint_key *key = NULL;
    struct restoration row = {
        .at = moment_now(), .restored_to = restoring->restored_to, .asked_for = restoring->at};
    name_operator(row.operator);
    snprintf(row.base, sizeof row.base, "%s", restoring->base.name);
    if (checkpoint_key_path(restoring->data.path, restoring->options->config.key_file, path)) {
        key = checkpoint_key_open(path, false, &trouble);
    }
    if (key == NULL) {
        return backup_refuse("%s", trouble);
    }
    bool written = command(connection, "BEGIN") &&
                   command(connection, "SELECT end_all_incarnations()") &&
                   restoration_write(connection, key, &row) && command(connection, "COMMIT");
    checkpoint_key_close(key);
    return written ||
           backup_refuse("the statement cannot be written: %s", PQerrorMessage(connection));
}

static bool wait_for_end(PGconn *connection) {
    char answer[8] = "t";
    while (ask(connection, "SELECT pg_is_in_recovery()", answer, sizeof answer) &&
           answer[0] == 't') {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return answer[0] == 'f';
}

static bool finish_record(struct restoring *restoring, const char *url) {
    char moment[32] = "", message[MIGRATE_MESSAGE_MAX];
    PGconn *connection = PQconnectdb(url);
    bool well = wait_for_end(connection) &&
                ask(connection,
                    "SELECT (extract(epoch FROM coalesce(pg_last_xact_replay_timestamp(),"
                    " to_timestamp(0))) * 1000000)::bigint",
                    moment, sizeof moment);
    if (!well) {
        backup_refuse("the database does not end its recovery: %s", PQerrorMessage(connection));
    }
    restoring->restored_to = strtoll(moment, NULL, 10);
    if (restoring->restored_to == 0) { /* nothing came after the base */
        restoring->restored_to = restoring->base.ended_at;
    }
    if (well && !migrate_run(url, message)) {
        well = backup_refuse("%s", message);
    }
    well = well && restore_keys(restoring, connection) && state_it(restoring, connection);
    PQfinish(connection);
    return well;
}

static void on_ready(void *data, const char *url) {
    struct recovery *recovery = data;
    recovery->done = finish_record(recovery->restoring, url);
    cluster_stop(recovery->cluster, NULL, NULL);
}

static bool log_says(const struct restoring *restoring, const char *words) {
    char line[1024];
    bool said = false;
    FILE *log = fopen(restoring->files.log, "re");
    while (log != NULL && !said && fgets(line, sizeof line, log) != NULL) {
        said = strstr(line, words) != NULL;
    }
    if (log != NULL) {
        fclose(log);
    }
    return said;
}

static void on_failed(void *data, const char *words) {
    struct recovery *recovery = data;
    if (log_says(recovery->restoring, "before configured recovery target")) {
        backup_refuse("the backup ends before that moment: without --at its newest is restored");
    } else {
        backup_refuse("%s", words);
    }
    cluster_stop(recovery->cluster, NULL, NULL);
}

static void clear_settings(const struct restoring *restoring) {
    static const char *const names[] = {"postgresql.auto.conf", "backup_manifest"};
    char path[BACKUP_PATH_MAX + 64];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", restoring->files.cluster, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/postgresql.auto.conf", restoring->files.cluster);
    if (!backup_write_text(path, "") || !give(restoring, path)) {
        backup_refuse("%s cannot be written; it may be absent", path);
    }
}

bool restore_recover(struct restoring *restoring) {
    uv_loop_t loop;
    struct recovery recovery = {.restoring = restoring};
    uv_loop_init(&loop);
    recovery.cluster = cluster_start(&(struct cluster_config){
        .loop = &loop,
        .data_folder = restoring->data.path,
        .ready = on_ready,
        .failed = on_failed,
        .data = &recovery,
    });
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (recovery.done) {
        clear_settings(restoring);
    }
    return recovery.done;
}
