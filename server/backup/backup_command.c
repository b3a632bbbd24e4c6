#include "server/backup/backup_command.h"

#include "server/backup/backup_blobs.h"
#include "server/backup/backup_parts.h"
#include "server/store/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "consilium backup --data DIR --to FOLDER [--keys-to OTHER]\n"
    "consilium backup --verify FOLDER\n"
    "\n"
    "Copies the record and the images while the server serves, and from then on the server keeps\n"
    "the copy up to date. The keys go to another folder (OTHER) or nowhere: who has both can read\n"
    "everything. --verify holds a copy to its digests. With --database-url, the database is yours\n"
    "to back up; images, keys and the anchor are copied.\n"
    "Exit status: 0 done, 1 something is damaged or missing, 2 it could not be done.\n";

enum { LOCK_LOOK_MS = 50, LOCK_PATIENCE_MS = 20000 };

/* One run of the command. */
struct taking {
    const struct backup_options *options;
    char data[PATH_MAX];
    char folder[PATH_MAX]; /* to, links resolved */
    struct base base;
    struct cluster *cluster;
    bool owns_folder; /* no server runs there: the cluster is ours to stop */
    bool done;
};

bool backup_refuse(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("consilium: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

bool backup_private_url(const char *data, struct cluster_files *files, char ret[BACKUP_URL_MAX]) {
    char socket[CLUSTER_PATH_MAX];
    if (cluster_files_prepare(files, data, NULL) != NULL || cluster_files_live_pid(files) == 0 ||
        !cluster_files_ready(files, socket)) {
        return false;
    }
    size_t length = (size_t)snprintf(ret, BACKUP_URL_MAX, "host='");
    for (const char *at = socket; *at != 0; at++) { /* libpq's quoting */
        if (*at == '\'' || *at == '\\') {
            ret[length++] = '\\';
        }
        ret[length++] = *at;
    }
    snprintf(ret + length, BACKUP_URL_MAX - length,
             "' port=5432 user=consilium dbname=postgres connect_timeout=5");
    return true;
}

/* Loose files */

static bool copy_if_there(const char *from, const char *folder, const char *name) {
    char to[BACKUP_PATH_MAX];
    return backup_path(to, folder, name) &&
           (backup_copy(from, to, NULL) || (errno == ENOENT && access(from, F_OK) != 0));
}

bool backup_loose_files(const struct backup_options *options, const char *data) {
    char anchor[BACKUP_PATH_MAX], erasures[BACKUP_PATH_MAX];
    const char *told = options->config.anchor;
    return backup_path(anchor, data, "checkpoints") && backup_path(erasures, data, "erasures") &&
           copy_if_there(told != NULL ? told : anchor, options->to, "checkpoints") &&
           copy_if_there(erasures, options->to, "erasures");
}

/* Keys: never where the data is. */

static bool copy_keys(const struct taking *taking) {
    const char *folder = taking->options->keys_to;
    char resolved[PATH_MAX];
    struct stat here, there;
    if (folder == NULL) {
        printf("The keys are not copied: without them nothing in the backup can be read. Keep them "
               "elsewhere (--keys-to OTHER).\n");
        return true;
    }
    if (realpath(folder, resolved) == NULL || /* they follow, as the rest does */
        !backup_keys_copy(taking->options, taking->data, resolved)) {
        return backup_refuse("the keys cannot be copied: %s", strerror(errno));
    }
    if (stat(folder, &here) == 0 && stat(taking->folder, &there) == 0 &&
        here.st_dev == there.st_dev) {
        printf("The keys lie on the same disk as the backup: move them to another.\n");
    }
    return true;
}

/* The base */

static bool make_slot(const char *url) {
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(
        connection,
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
        " WHERE slot_name = '" BACKUP_SLOT "' AND wal_status = 'lost' AND NOT active;"
        "SELECT pg_create_physical_replication_slot('" BACKUP_SLOT "', true) WHERE NOT EXISTS"
        " (SELECT FROM pg_replication_slots WHERE slot_name = '" BACKUP_SLOT "')");
    bool made = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!made) {
        backup_refuse("the database's log cannot be kept for the backup: %s",
                      PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
    return made;
}

static bool copy_database(struct taking *taking, const char *url) {
    struct cluster_files files;
    char program[CLUSTER_PATH_MAX + 16], place[BACKUP_PATH_MAX], words[BACKUP_WORDS_MAX];
    struct backup_file manifest;
    const char *trouble = cluster_files_prepare(&files, taking->data, NULL);
    if (trouble != NULL) {
        return backup_refuse("%s", trouble);
    }
    snprintf(program, sizeof program, "%s/pg_basebackup", files.programs);
    if (snprintf(place, sizeof place, "%s/bases/%s/data", taking->folder, taking->base.name) >=
        BACKUP_PATH_MAX) {
        return backup_refuse("the path of the folder is too long");
    }
    const char *arguments[] = {program,
                               "--pgdata",
                               place,
                               "--dbname",
                               url,
                               "--wal-method=stream",
                               "--checkpoint=fast",
                               "--manifest-checksums=SHA256",
                               "--no-password",
                               NULL};
    if (!backup_run(arguments, words)) {
        return backup_refuse("the database cannot be copied: %s", words);
    }
    strncat(place, "/backup_manifest", sizeof place - strlen(place) - 1);
    if (!backup_digest(place, UINT64_MAX, &manifest)) {
        return backup_refuse("%s cannot be read: %s", place, strerror(errno));
    }
    memcpy(taking->base.database, manifest.digest, sizeof taking->base.database);
    return true;
}

static bool write_target(const struct taking *taking) {
    char path[BACKUP_PATH_MAX], line[PATH_MAX + 2];
    snprintf(line, sizeof line, "%s\n", taking->folder);
    return (backup_path(path, taking->data, BACKUP_TARGET) && backup_write_text(path, line)) ||
           backup_refuse("the data folder cannot be written to: %s", strerror(errno));
}

/* After the database: whatever a row of it refers to is on the disk before the row is committed. */
static bool copy_blobs(struct taking *taking) {
    char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX], digests[BACKUP_PATH_MAX];
    struct blob_mirror mirror;
    struct backup_file read;
    if (!backup_path(from, taking->data, "blobs") || !backup_path(to, taking->folder, "blobs") ||
        !backup_path(digests, to, BLOB_DIGESTS)) {
        return backup_refuse("the path of the folder is too long");
    }
    bool copied = blob_mirror_open(&mirror, from, to) && blob_mirror_pass(&mirror);
    int reason = errno;
    if (copied) {
        printf("%" PRIu64 " images, %" PRIu64 " of them new, %" PRIu64 " bytes\n", mirror.count,
               mirror.fresh, mirror.bytes);
    }
    blob_mirror_close(&mirror);
    if (!copied || !backup_digest(digests, UINT64_MAX, &read)) {
        return backup_refuse("the images cannot be copied: %s", strerror(reason));
    }
    taking->base.digests_length = read.size;
    memcpy(taking->base.digests, read.digest, sizeof taking->base.digests);
    return true;
}

static bool make_base_folder(struct taking *taking) {
    char path[BACKUP_PATH_MAX], name[MOMENT_TEXT];
    moment_to_text(moment_now(), name);
    snprintf(taking->base.name, sizeof taking->base.name, "%.26s", name);
    static const char *const folders[] = {"bases", "wal"};
    for (size_t i = 0; i < 2; i++) {
        if (!backup_path(path, taking->folder, folders[i]) || !backup_make_folder(path)) {
            return backup_refuse("%s cannot be written to: %s", taking->folder, strerror(errno));
        }
    }
    if (snprintf(path, sizeof path, "%s/bases/%s", taking->folder, taking->base.name) >=
            BACKUP_PATH_MAX ||
        !backup_make_folder(path)) {
        return backup_refuse("%s cannot be written to: %s", taking->folder, strerror(errno));
    }
    return true;
}

/* Without `url` the database is the operator's. */
static bool take(struct taking *taking, const char *url) {
    if (!make_base_folder(taking) || (url != NULL && !make_slot(url)) || !write_target(taking) ||
        (url != NULL && !copy_database(taking, url)) || !copy_blobs(taking)) {
        return false;
    }
    if (!backup_loose_files(taking->options, taking->data)) {
        return backup_refuse("the anchor cannot be copied: %s", strerror(errno));
    }
    taking->base.ended_at = moment_now();
    if (!copy_keys(taking)) {
        return false;
    }
    if (!base_write(taking->folder, &taking->base)) {
        return backup_refuse("the manifest cannot be written: %s", strerror(errno));
    }
    char at[MOMENT_TEXT];
    moment_to_text(taking->base.ended_at, at);
    printf("complete: base %s of %s; it can be restored to %s and later moments\n",
           taking->base.name, taking->folder, at);
    if (url == NULL) {
        printf("The database itself is yours to back up: what is here are images, keys and the "
               "anchor.\n");
    }
    return true;
}

static void on_ready(void *data, const char *url) {
    struct taking *taking = data;
    taking->done = take(taking, url);
    if (taking->owns_folder) {
        cluster_stop(taking->cluster, NULL, NULL);
    } else {
        cluster_leave(taking->cluster, NULL, NULL);
    }
}

static void on_failed(void *data, const char *words) {
    struct taking *taking = data;
    backup_refuse("%s", words);
    cluster_stop(taking->cluster, NULL, NULL);
}

static void take_private(struct taking *taking) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    taking->cluster = cluster_start(&(struct cluster_config){
        .loop = &loop,
        .data_folder = taking->data,
        .ready = on_ready,
        .failed = on_failed,
        .data = taking,
    });
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

/* Where it goes */

static bool resolve(struct taking *taking) {
    const struct backup_options *options = taking->options;
    char node[64], path[BACKUP_PATH_MAX], words[BACKUP_WORDS_MAX];
    if (realpath(options->config.data, taking->data) == NULL) {
        return backup_refuse("there is no data folder %.200s: name it with --data",
                             options->config.data);
    }
    if (!backup_path(path, taking->data, "node") || !backup_read_line(path, node, sizeof node)) {
        return backup_refuse("%.200s is no data folder of a server that has run", taking->data);
    }
    if (!backup_make_folder(options->to) || realpath(options->to, taking->folder) == NULL) {
        return backup_refuse("the folder %.200s cannot be made: %s", options->to, strerror(errno));
    }
    if (backup_folders_meet(taking->folder, taking->data)) {
        return backup_refuse("the backup must lie outside the data folder, best on another disk");
    }
    if (options->keys_to != NULL) {
        if (!backup_make_folder(options->keys_to)) {
            return backup_refuse("the folder %.200s cannot be made: %s", options->keys_to,
                                 strerror(errno));
        }
        if (backup_folders_meet(options->keys_to, taking->folder) ||
            backup_folders_meet(options->keys_to, taking->data)) {
            rmdir(options->keys_to); /* nothing stays of a refusal */
            rmdir(options->to);
            return backup_refuse("the keys must not lie with the data: who has both can read "
                                 "everything. Give --keys-to another folder, best another disk");
        }
    }
    return backup_folder_own(taking->folder, node, words) || backup_refuse("%s", words);
}

int backup_lock(const char *folder, unsigned patience_ms) {
    char path[BACKUP_PATH_MAX];
    int lock =
        backup_path(path, folder, "lock") ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    for (unsigned waited = 0; lock >= 0; waited += LOCK_LOOK_MS) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
            return lock;
        }
        if (waited >= patience_ms) {
            close(lock);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_LOOK_MS * 1000000L}, NULL);
    }
    return -1;
}

int backup_command(int argc, char **argv) {
    static struct backup_options options;
    static struct taking taking;
    struct data_folder owned;
    char message[CONFIG_MESSAGE_MAX];
    bool help = argc < 1 || strcmp(argv[0], "--help") == 0;
    if (help) {
        fputs(usage, argc < 1 ? stderr : stdout);
        return argc < 1 ? BACKUP_IMPOSSIBLE : BACKUP_DONE;
    }
    if (!backup_options_read(&options, argc, argv, message)) {
        backup_refuse("%s", message);
        return BACKUP_IMPOSSIBLE;
    }
    if (options.verify != NULL) {
        return backup_verify(options.verify);
    }
    if (options.to == NULL) {
        backup_refuse("name the folder that the backup goes to: --to FOLDER");
        return BACKUP_IMPOSSIBLE;
    }
    if (options.follow) {
        return backup_follow(&options, options.config.data);
    }
    taking.options = &options;
    if (!resolve(&taking)) {
        return BACKUP_IMPOSSIBLE;
    }
    if (backup_lock(taking.folder, LOCK_PATIENCE_MS) < 0) { /* held until this process ends */
        backup_refuse("something else is copied into %.200s just now", taking.folder);
        return BACKUP_IMPOSSIBLE;
    }
    options.to = taking.folder;
    if (options.blobs_only) {
        taking.done = take(&taking, NULL);
    } else {
        taking.owns_folder = data_folder_open(&owned, taking.data, message, sizeof message);
        take_private(&taking);
    }
    return taking.done ? BACKUP_DONE : BACKUP_IMPOSSIBLE;
}
