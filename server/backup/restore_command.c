#include "server/backup/backup_blobs.h"
#include "server/backup/backup_command.h"
#include "server/backup/restore_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "consilium restore --from FOLDER [--keys-from OTHER] --data NEWDIR [--at MOMENT]\n"
    "\n"
    "Makes a new data folder from a backup, as it was at the moment (2026-11-27T21:05:00Z), or "
    "the\n"
    "newest that the backup has. The keys come from OTHER, or lie where --key-file says. NEWDIR\n"
    "must be empty or absent. The record says afterwards that it was restored, and consilium "
    "audit\n"
    "verify tells from when to when something is missing.\n"
    "Exit status: 0 done, 1 done and some images are damaged, 2 it could not be done.\n";

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool copy_keys(const struct restoring *restoring) {
    const char *from = restoring->options->keys_from;
    return from == NULL || backup_keys_restore(from, restoring->data.path);
}

/* One that is damaged does not keep the others from coming back. */
static void copy_blob(struct restoring *restoring, const char *folder,
                      const struct blob_line *line) {
    char from[BACKUP_PATH_MAX + 128], to[BACKUP_PATH_MAX + 128], parent[BACKUP_PATH_MAX + 128];
    struct backup_file copied;
    snprintf(from, sizeof from, "%s/blobs/%s", restoring->folder, line->name);
    snprintf(to, sizeof to, "%s/%s", folder, line->name);
    snprintf(parent, sizeof parent, "%s/%.2s", folder, line->name);
    if (!backup_make_folder(parent) || !backup_copy(from, to, &copied)) {
        printf("image %s cannot be copied: %s\n", line->name, strerror(errno));
        restoring->damaged++;
        return;
    }
    restoring->blobs++;
    restoring->blob_bytes += copied.size;
    if (strcmp(copied.digest, line->file.digest) != 0) {
        printf("image %s is damaged\n", line->name);
        restoring->damaged++;
    }
}

static bool copy_blobs(struct restoring *restoring) {
    char path[BACKUP_PATH_MAX], folder[BACKUP_PATH_MAX];
    struct blob_line line;
    bool bad = false;
    if (!backup_path(path, restoring->folder, "blobs/" BLOB_DIGESTS) ||
        !backup_path(folder, restoring->data.path, "blobs") || !backup_make_folder(folder)) {
        return backup_refuse("the folder for images cannot be made: %s", strerror(errno));
    }
    FILE *digests = fopen(path, "re");
    while (digests != NULL && blob_line_read(digests, &line, &bad)) {
        copy_blob(restoring, folder, &line);
    }
    if (digests != NULL) {
        fclose(digests);
    }
    return (digests != NULL && !bad) ||
           backup_refuse("the list of images in the backup cannot be read to its end");
}

/* As they were last, whatever moment the record is put back to: an erasure that was carried out
 * later is carried out again by the next start, and the anchor tells what the record lacks. */
static bool copy_loose(const struct restoring *restoring) {
    static const char *const names[] = {"checkpoints", "erasures"};
    for (size_t i = 0; i < 2; i++) {
        char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
        if (!backup_path(from, restoring->folder, names[i]) ||
            !backup_path(to, restoring->data.path, names[i])) {
            return backup_refuse("the path of the folder is too long");
        }
        if (access(from, F_OK) == 0 && !backup_copy(from, to, NULL)) {
            return backup_refuse("%s cannot be copied: %s", from, strerror(errno));
        }
    }
    return true;
}

static bool choose(struct restoring *restoring) {
    const struct backup_options *options = restoring->options;
    int64_t earliest;
    unsigned incomplete;
    if (realpath(options->from, restoring->folder) == NULL) {
        return backup_refuse("there is no backup %.200s", options->from);
    }
    if (options->at != NULL && !moment_of_text(options->at, &restoring->at)) {
        return backup_refuse("--at must be a moment such as 2026-11-27T21:05:00Z");
    }
    if (options->keys_from == NULL && options->config.key_file == NULL) {
        return backup_refuse("name the keys, --keys-from OTHER: without them nothing can be read");
    }
    bool chosen =
        base_choose(restoring->folder, restoring->at, &restoring->base, &earliest, &incomplete);
    if (incomplete > 0) {
        printf("%u incomplete bases are not used\n", incomplete);
    }
    if (!chosen && earliest != INT64_MAX) {
        char moment[MOMENT_TEXT];
        moment_to_text(earliest, moment);
        return backup_refuse("the earliest moment that this backup can be restored to is %s",
                             moment);
    }
    return chosen || backup_refuse("%.200s holds no complete backup", options->from);
}

static void print_result(const struct restoring *restoring, double seconds) {
    uint64_t bytes = restoring->database_bytes + restoring->log_bytes + restoring->blob_bytes;
    double gigabytes = (double)bytes / 1e9;
    char to[MOMENT_TEXT];
    if (restoring->base.database[0] == 0) {
        printf("The database is yours to restore. ");
    } else {
        moment_to_text(restoring->restored_to, to);
        printf("restored to %s: ", to);
    }
    printf("%" PRIu64 " bytes of database, %" PRIu64 " of its log, %" PRIu64 " images of %" PRIu64
           " bytes; %.1f s, %.1f s/GB\n",
           restoring->database_bytes, restoring->log_bytes, restoring->blobs, restoring->blob_bytes,
           seconds, gigabytes > 0 ? seconds / gigabytes : 0);
    if (restoring->damaged > 0) {
        printf("%" PRIu64 " images are damaged or missing\n", restoring->damaged);
    }
}

static bool restore(struct restoring *restoring) {
    char marker[BACKUP_PATH_MAX], message[CONFIG_MESSAGE_MAX];
    const char *data = restoring->options->config.data;
    if (!choose(restoring)) {
        return false;
    }
    if (!backup_is_empty(data)) {
        return backup_refuse("%.200s is not empty: a restore makes a new data folder", data);
    }
    if (!data_folder_open(&restoring->data, data, message, sizeof message)) {
        return backup_refuse("%s", message);
    }
    if (!backup_path(marker, restoring->data.path, DATA_FOLDER_UNFINISHED) ||
        !backup_write_text(marker, "")) {
        return backup_refuse("%.200s cannot be written to: %s", data, strerror(errno));
    }
    bool database = restoring->base.database[0] != 0;
    return copy_keys(restoring) && copy_loose(restoring) &&
           (!database || restore_database(restoring)) && copy_blobs(restoring) &&
           (!database || restore_recover(restoring)) && unlink(marker) == 0 &&
           backup_sync_folder(restoring->data.path);
}

int restore_command(int argc, char **argv) {
    static struct backup_options options;
    static struct restoring restoring;
    char message[CONFIG_MESSAGE_MAX];
    double begin = seconds_now();
    if (argc < 1 || strcmp(argv[0], "--help") == 0) {
        fputs(usage, argc < 1 ? stderr : stdout);
        return argc < 1 ? BACKUP_IMPOSSIBLE : BACKUP_DONE;
    }
    if (!backup_options_read(&options, argc, argv, message) || options.from == NULL) {
        backup_refuse("%s", message[0] != 0 ? message : "name the backup: --from FOLDER");
        return BACKUP_IMPOSSIBLE;
    }
    restoring.options = &options;
    if (!restore(&restoring)) {
        return BACKUP_IMPOSSIBLE;
    }
    print_result(&restoring, seconds_now() - begin);
    return restoring.damaged > 0 ? BACKUP_DAMAGED : BACKUP_DONE;
}
