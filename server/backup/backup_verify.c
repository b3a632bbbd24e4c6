#include "server/backup/backup_blobs.h"
#include "server/backup/backup_command.h"
#include "server/backup/backup_parts.h"

#include <dirent.h>
#include <glob.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct verifying {
    const char *folder;
    uint64_t bases, incomplete, segments, blobs, findings;
};

static void found(struct verifying *verifying, const char *what, const char *which,
                  const char *why) {
    verifying->findings++;
    printf("%s %s %s\n", what, which, why);
}

/* Of the newest PostgreSQL there is: it reads the manifests of older ones. */
static bool find_program(char ret[BACKUP_PATH_MAX]) {
    glob_t all;
    bool there = glob("/usr/lib/postgresql/*/bin/pg_verifybackup", 0, NULL, &all) == 0;
    if (there) {
        snprintf(ret, BACKUP_PATH_MAX, "%s", all.gl_pathv[all.gl_pathc - 1]);
        globfree(&all);
    }
    return there;
}

static void verify_database(struct verifying *verifying, const struct base *base) {
    char program[BACKUP_PATH_MAX], data[BACKUP_PATH_MAX], manifest[BACKUP_PATH_MAX + 32];
    char words[BACKUP_WORDS_MAX];
    struct backup_file read;
    snprintf(data, sizeof data, "%s/bases/%s/data", verifying->folder, base->name);
    snprintf(manifest, sizeof manifest, "%s/backup_manifest", data);
    if (!backup_digest(manifest, UINT64_MAX, &read) || strcmp(read.digest, base->database) != 0) {
        found(verifying, "base", base->name, "is damaged: its list of files is another one");
        return;
    }
    if (!find_program(program)) {
        found(verifying, "base", base->name, "cannot be read: pg_verifybackup is not installed");
        return;
    }
    const char *arguments[] = {program, "--exit-on-error", "--quiet", data, NULL};
    if (!backup_run(arguments, words)) {
        found(verifying, "base", base->name, words);
    }
}

/* What follows the base without a gap. */
static void verify_log(struct verifying *verifying, const struct base *base) {
    char segment[SEGMENT_NAME + 1], next[SEGMENT_NAME + 1], path[BACKUP_PATH_MAX];
    if (!base_first_segment(verifying->folder, base->name, segment)) {
        found(verifying, "base", base->name, "does not say where it begins");
        return;
    }
    uint64_t count = 0;
    for (;; memcpy(segment, next, sizeof segment), count++) {
        snprintf(path, sizeof path, "%s/wal/%s", verifying->folder, segment);
        if (access(path, R_OK) != 0) {
            break;
        }
        segment_next(segment, next);
    }
    verifying->segments = count > verifying->segments ? count : verifying->segments;
    snprintf(path, sizeof path, "%s/wal", verifying->folder);
    DIR *listing = opendir(path);
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        if (strlen(entry->d_name) == SEGMENT_NAME && strcmp(entry->d_name, segment) > 0) {
            found(verifying, "log segment", segment, "is missing: nothing after it can be reached");
            break;
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
}

static void verify_bases(struct verifying *verifying) {
    char path[BACKUP_PATH_MAX];
    DIR *listing = backup_path(path, verifying->folder, "bases") ? opendir(path) : NULL;
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        struct base base;
        struct backup_file read;
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (!base_read(verifying->folder, entry->d_name, &base)) {
            verifying->incomplete++;
            printf("base %s is incomplete: it is not used\n", entry->d_name);
            continue;
        }
        verifying->bases++;
        if (base.database[0] != 0) {
            verify_database(verifying, &base);
            verify_log(verifying, &base);
        }
        snprintf(path, sizeof path, "%s/blobs/" BLOB_DIGESTS, verifying->folder);
        if (!backup_digest(path, base.digests_length, &read) || read.size != base.digests_length ||
            strcmp(read.digest, base.digests) != 0) {
            found(verifying, "base", base.name, "has another list of images than it was made with");
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
}

static void verify_blobs(struct verifying *verifying) {
    char path[BACKUP_PATH_MAX];
    snprintf(path, sizeof path, "%s/blobs/" BLOB_DIGESTS, verifying->folder);
    FILE *digests = fopen(path, "re");
    struct blob_line line;
    bool bad = digests == NULL;
    while (digests != NULL && blob_line_read(digests, &line, &bad)) {
        struct backup_file read;
        verifying->blobs++;
        snprintf(path, sizeof path, "%s/blobs/%s", verifying->folder, line.name);
        if (!backup_digest(path, UINT64_MAX, &read)) {
            found(verifying, "image", line.name, "is missing");
        } else if (strcmp(read.digest, line.file.digest) != 0) {
            found(verifying, "image", line.name, "is damaged");
        }
    }
    if (bad) {
        found(verifying, "the list of images", "", "cannot be read to its end");
    }
    if (digests != NULL) {
        fclose(digests);
    }
}

int backup_verify(const char *folder) {
    char path[BACKUP_PATH_MAX];
    struct verifying verifying = {.folder = folder};
    if (!backup_path(path, folder, "consilium-backup") || access(path, R_OK) != 0) {
        backup_refuse("%.200s is no backup of ours", folder);
        return BACKUP_IMPOSSIBLE;
    }
    verify_bases(&verifying);
    verify_blobs(&verifying);
    if (verifying.bases == 0) {
        found(&verifying, "a complete base", "", "is not there: this cannot be restored");
    }
    printf("%" PRIu64 " complete bases, %" PRIu64 " incomplete, %" PRIu64
           " whole log segments, %" PRIu64 " images: ",
           verifying.bases, verifying.incomplete, verifying.segments, verifying.blobs);
    if (verifying.findings == 0) {
        printf("all is as it was written\n");
    } else {
        printf("%" PRIu64 " findings\n", verifying.findings);
    }
    return verifying.findings == 0 ? BACKUP_DONE : BACKUP_DAMAGED;
}
