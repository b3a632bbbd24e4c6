#define _GNU_SOURCE /* strptime, timegm */
#include "server/backup/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MANIFEST_MAX = 1024, SEGMENTS_A_LOG = 0x100 };

static const char manifest_head[] = "consilium base 1";
static const char owner_head[] = "consilium backup 1 of ";

/* Moments */

int64_t moment_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool moment_of_text(const char *text, int64_t *ret) {
    struct tm utc = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    int64_t micros = 0;
    if (rest != NULL && *rest == '.') {
        int64_t unit = 100000;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10) {
            micros += unit * (*rest - '0');
        }
    }
    if (rest == NULL || strcmp(rest, "Z") != 0) {
        return false;
    }
    *ret = (int64_t)timegm(&utc) * 1000000 + micros;
    return true;
}

void moment_to_text(int64_t moment, char ret[MOMENT_TEXT]) {
    time_t seconds = (time_t)(moment / 1000000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    size_t length = strftime(ret, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret + length, MOMENT_TEXT - length, ".%06dZ", (int)(moment % 1000000));
}

/* Manifests. The last line is the digest of all before it. */

static bool manifest_path(const char *folder, const char *name, const char *file,
                          char ret[BACKUP_PATH_MAX]) {
    int length = snprintf(ret, BACKUP_PATH_MAX, "%s/bases/%s/%s", folder, name, file);
    return length > 0 && length < BACKUP_PATH_MAX;
}

static int write_body(const struct base *base, char text[MANIFEST_MAX]) {
    return snprintf(text, MANIFEST_MAX,
                    "%s\nname %s\nended_at %" PRId64 "\ndatabase %s\ndigests %" PRIu64 " %s\n",
                    manifest_head, base->name, base->ended_at,
                    base->database[0] == 0 ? "none" : base->database, base->digests_length,
                    base->digests);
}

bool base_write(const char *folder, const struct base *base) {
    char path[BACKUP_PATH_MAX], text[MANIFEST_MAX];
    struct backup_file body;
    int length = write_body(base, text);
    if (!manifest_path(folder, base->name, "manifest", path) || length >= MANIFEST_MAX - 80 ||
        !backup_write_text(path, text) || !backup_digest(path, UINT64_MAX, &body)) {
        return false;
    }
    snprintf(text + length, MANIFEST_MAX - (size_t)length, "complete %s\n", body.digest);
    return backup_write_text(path, text);
}

bool base_read(const char *folder, const char *name, struct base *ret) {
    char path[BACKUP_PATH_MAX], text[MANIFEST_MAX] = "", again[MANIFEST_MAX];
    char complete[BACKUP_DIGEST_TEXT];
    struct backup_file body;
    FILE *file = manifest_path(folder, name, "manifest", path) ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return false;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    memset(ret, 0, sizeof *ret);
    if (sscanf(text,
               "consilium base 1\nname %31s\nended_at %" SCNd64 "\ndatabase %64s\ndigests %" SCNu64
               " %64s\ncomplete %64s\n",
               ret->name, &ret->ended_at, ret->database, &ret->digests_length, ret->digests,
               complete) != 6 ||
        strcmp(ret->name, name) != 0) {
        return false;
    }
    if (strcmp(ret->database, "none") == 0) {
        ret->database[0] = 0;
    }
    int body_length = write_body(ret, again);
    return strncmp(text, again, (size_t)body_length) == 0 &&
           backup_digest(path, (uint64_t)body_length, &body) && strcmp(body.digest, complete) == 0;
}

bool base_choose(const char *folder, int64_t at, struct base *ret, int64_t *ret_earliest,
                 unsigned *ret_incomplete) {
    char path[BACKUP_PATH_MAX];
    bool found = false;
    *ret_earliest = INT64_MAX;
    *ret_incomplete = 0;
    DIR *listing = backup_path(path, folder, "bases") ? opendir(path) : NULL;
    unsigned seen = 0;
    for (struct dirent *entry;
         listing != NULL && seen < BASES_MAX && (entry = readdir(listing)) != NULL;) {
        struct base base;
        if (entry->d_name[0] == '.') {
            continue;
        }
        seen++;
        if (!base_read(folder, entry->d_name, &base)) {
            (*ret_incomplete)++;
            continue;
        }
        *ret_earliest = base.ended_at < *ret_earliest ? base.ended_at : *ret_earliest;
        if ((at == 0 || base.ended_at <= at) && (!found || base.ended_at > ret->ended_at)) {
            *ret = base;
            found = true;
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    return found;
}

/* Whose it is */

bool backup_folder_own(const char *folder, const char *node, char words[BACKUP_WORDS_MAX]) {
    char path[BACKUP_PATH_MAX], line[128], wanted[128], text[130];
    snprintf(wanted, sizeof wanted, "%s%.64s", owner_head, node);
    snprintf(text, sizeof text, "%s\n", wanted);
    if (!backup_path(path, folder, "consilium-backup")) {
        snprintf(words, BACKUP_WORDS_MAX, "the path of the folder is too long");
        return false;
    }
    if (access(path, F_OK) == 0) {
        bool ours = backup_read_line(path, line, sizeof line) && strcmp(line, wanted) == 0;
        if (!ours) {
            snprintf(words, BACKUP_WORDS_MAX,
                     "%.300s holds the backup of another data folder (or of this one before it was "
                     "restored): give an empty folder",
                     folder);
        }
        return ours;
    }
    if (!backup_is_empty(folder)) {
        snprintf(words, BACKUP_WORDS_MAX,
                 "%.300s is not empty, and no backup of ours: give an "
                 "empty folder",
                 folder);
        return false;
    }
    if (!backup_write_text(path, text)) {
        snprintf(words, BACKUP_WORDS_MAX, "%.300s cannot be written to: %s", folder,
                 strerror(errno));
        return false;
    }
    return true;
}

/* Segments */

void segment_next(const char name[SEGMENT_NAME + 1], char ret[SEGMENT_NAME + 1]) {
    unsigned timeline = 0, log = 0, segment = 0;
    sscanf(name, "%8x%8x%8x", &timeline, &log, &segment);
    segment++;
    log += segment == SEGMENTS_A_LOG;
    snprintf(ret, SEGMENT_NAME + 1, "%08X%08X%08X", timeline, log, segment % SEGMENTS_A_LOG);
}

bool base_first_segment(const char *folder, const char *name, char ret[SEGMENT_NAME + 1]) {
    char path[BACKUP_PATH_MAX], line[256];
    return manifest_path(folder, name, "data/backup_label", path) &&
           backup_read_line(path, line, sizeof line) &&
           sscanf(line, "START WAL LOCATION: %*s (file %24[0-9A-F])", ret) == 1 &&
           strlen(ret) == SEGMENT_NAME;
}
