/*
 * The keys of a backup, elsewhere than the backup. They change when keys are rotated, and what is
 * destroyed here must be destroyed there, or an erasure would not reach older copies of the record.
 */
#include "server/backup/backup_parts.h"
#include "server/store/generation_secret.h"
#include "server/store/key_export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 2 };

/* Where the keys lie: the key file may be elsewhere, and so may what lies beside it. */
struct sources {
    char kek[BACKUP_PATH_MAX];
    char checkpoint[BACKUP_PATH_MAX];
    char secrets[BACKUP_PATH_MAX];
};

static bool find_sources(const struct backup_options *options, const char *data,
                         struct sources *ret) {
    const char *file = options->config.key_file;
    const char *slash = file == NULL ? NULL : strrchr(file, '/');
    bool fits = file == NULL ? backup_path(ret->kek, data, "keys/" BACKUP_KEY) &&
                                   backup_path(ret->checkpoint, data, "keys/" BACKUP_CHECKPOINT_KEY)
                             : snprintf(ret->kek, BACKUP_PATH_MAX, "%s", file) < BACKUP_PATH_MAX &&
                                   snprintf(ret->checkpoint, BACKUP_PATH_MAX, "%.*s%s",
                                            slash == NULL ? 0 : (int)(slash + 1 - file), file,
                                            BACKUP_CHECKPOINT_KEY) < BACKUP_PATH_MAX;
    errno = ENAMETOOLONG;
    return fits && generation_secret_folder(data, file, ret->secrets);
}

/* What changes: secrets of generations, wrapped keys, a key-encryption key on its way. */
static bool is_loose_key(const char *name) {
    return generation_of_name(name) != 0 || strcmp(name, KEY_EXPORT_NAME) == 0 ||
           strcmp(name, BACKUP_KEY ".next") == 0;
}

static bool copy_loose_keys(const char *from, const char *to, uint32_t *ret_oldest) {
    DIR *entries = opendir(from);
    bool copied = entries != NULL;
    *ret_oldest = UINT32_MAX;
    for (struct dirent *entry; copied && (entry = readdir(entries)) != NULL;) {
        char source[BACKUP_PATH_MAX], target[BACKUP_PATH_MAX];
        uint32_t generation = generation_of_name(entry->d_name);
        if (generation != 0 && generation < *ret_oldest) {
            *ret_oldest = generation;
        }
        if (is_loose_key(entry->d_name)) {
            copied = backup_path(source, from, entry->d_name) &&
                     backup_path(target, to, entry->d_name) &&
                     (backup_copy(source, target, NULL) || access(source, F_OK) != 0);
        }
    }
    int reason = errno;
    if (entries != NULL) {
        closedir(entries);
    }
    errno = reason;
    return copied;
}

/* A key-encryption key on its way lies beside the present one, whatever that is called. */
static bool copy_next_key(const char *kek, const char *to) {
    char source[BACKUP_PATH_MAX], target[BACKUP_PATH_MAX];
    bool fits = snprintf(source, sizeof source, "%s.next", kek) < (int)sizeof source &&
                backup_path(target, to, BACKUP_KEY ".next");
    if (!fits || access(source, F_OK) == 0) {
        return fits && (backup_copy(source, target, NULL) || access(source, F_OK) != 0);
    }
    return unlink(target) == 0 || errno == ENOENT;
}

static bool copy_keys(const struct sources *from, const char *to) {
    char kek[BACKUP_PATH_MAX], checkpoint[BACKUP_PATH_MAX];
    uint32_t oldest;
    /* The wrapped keys first: once older secrets are gone, only they open what those opened. */
    return copy_loose_keys(from->secrets, to, &oldest) && copy_next_key(from->kek, to) &&
           backup_path(kek, to, BACKUP_KEY) && backup_copy(from->kek, kek, NULL) &&
           backup_path(checkpoint, to, BACKUP_CHECKPOINT_KEY) &&
           backup_copy(from->checkpoint, checkpoint, NULL) &&
           (oldest == UINT32_MAX || generation_secrets_destroy(to, oldest));
}

/* Following */

static int64_t changed_at(const char *path) {
    struct stat status;
    return stat(path, &status) != 0
               ? 0
               : (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

/*
 * The note is as old as what was there before the copy began: whatever changes during it, or in the
 * same moment of a clock that is coarse, is copied again.
 */
static bool date_note(const char *note, int64_t before) {
    static const int64_t second = 1000000000;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    bool settled = before < now.tv_sec * second + now.tv_nsec - second;
    int64_t at = settled ? before : before - 1;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = at / second, .tv_nsec = at % second}};
    return utimensat(AT_FDCWD, note, times, 0) == 0;
}

bool backup_keys_copy(const struct backup_options *options, const char *data, const char *to) {
    char note[BACKUP_PATH_MAX], text[BACKUP_PATH_MAX + 2];
    struct sources from;
    if (!find_sources(options, data, &from) || !backup_path(note, data, BACKUP_KEYS_TARGET)) {
        return false;
    }
    int64_t one = changed_at(from.secrets), other = changed_at(from.kek);
    snprintf(text, sizeof text, "%s\n", to);
    return copy_keys(&from, to) && backup_write_text(note, text) &&
           date_note(note, one > other ? one : other);
}

bool backup_keys_follow(const struct backup_options *options, const char *data) {
    char note[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
    struct sources from;
    if (!backup_path(note, data, BACKUP_KEYS_TARGET) || access(note, F_OK) != 0) {
        return true;
    }
    if (!backup_read_line(note, to, sizeof to) || !find_sources(options, data, &from)) {
        return false;
    }
    /* Files are renamed into and out of the folder, so it changes with each of them. Its disk need
     * not be there while nothing changes. */
    int64_t one = changed_at(from.secrets), other = changed_at(from.kek);
    if ((one > other ? one : other) <= changed_at(note)) {
        return true;
    }
    return access(to, W_OK) == 0 && backup_keys_copy(options, data, to);
}

/* Back */

bool backup_keys_restore(const char *from, const char *data) {
    static const char *const names[SOURCES] = {BACKUP_KEY, BACKUP_CHECKPOINT_KEY};
    char folder[BACKUP_PATH_MAX];
    uint32_t oldest;
    if (!backup_path(folder, data, "keys") || !backup_make_folder(folder)) {
        return backup_refuse("the folder for keys cannot be made: %s", strerror(errno));
    }
    for (size_t i = 0; i < SOURCES; i++) {
        char source[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
        if (!backup_path(source, from, names[i]) || !backup_path(to, folder, names[i]) ||
            !backup_copy(source, to, NULL)) {
            return backup_refuse("the key %s cannot be copied from %.200s: %s", names[i], from,
                                 strerror(errno));
        }
    }
    return copy_loose_keys(from, folder, &oldest) ||
           backup_refuse("the keys cannot be copied from %.200s: %s", from, strerror(errno));
}
