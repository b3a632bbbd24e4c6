#define _GNU_SOURCE /* O_CLOEXEC and friends, st_mtim */
#include "server/backup/backup_blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_DIGITS = 64,
    LINE_MAX_BYTES = 256,
    SETTLED_S = 2, /* a folder's time is coarse: what is younger than this is looked at again */
};

static bool is_name(const char *text) {
    return strlen(text) == NAME_DIGITS && strspn(text, "0123456789abcdef") == NAME_DIGITS;
}

static struct uuid half_of(const char *name) {
    struct uuid half = {{0}};
    for (int i = 0; i < 16; i++) {
        unsigned byte = 0;
        sscanf(name + 2 * i, "%2x", &byte);
        half.bytes[i] = (uint8_t)byte;
    }
    return half;
}

bool blob_line_read(FILE *digests, struct blob_line *ret, bool *ret_bad) {
    char line[LINE_MAX_BYTES];
    *ret_bad = false;
    if (fgets(line, sizeof line, digests) == NULL) {
        return false;
    }
    bool whole = strchr(line, '\n') != NULL &&
                 sscanf(line, "%64[0-9a-f] %" SCNu64 " %79s", ret->file.digest, &ret->file.size,
                        ret->name) == 3 &&
                 strlen(ret->file.digest) == 64 && strlen(ret->name) == 3 + NAME_DIGITS &&
                 ret->name[2] == '/' && is_name(ret->name + 3);
    *ret_bad = !whole;
    return whole;
}

/* A line that was cut by a crash is taken off, so that the next one begins at a line's start. */
static bool read_digests(struct blob_mirror *mirror, const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT;
    }
    struct blob_line line;
    bool bad;
    long end = 0;
    while (blob_line_read(file, &line, &bad)) {
        uuid_table_set(&mirror->there, half_of(line.name + 3), 1);
        mirror->count++;
        mirror->bytes += line.file.size;
        end = ftell(file);
    }
    fclose(file);
    mirror->lines = (uint64_t)end;
    return !bad || truncate(path, end) == 0;
}

bool blob_mirror_open(struct blob_mirror *mirror, const char *from, const char *to) {
    char path[BACKUP_PATH_MAX];
    uint64_t seed = 0;
    memset(mirror, 0, sizeof *mirror);
    mirror->digests = -1;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        return false;
    }
    uuid_table_init(&mirror->there, seed);
    snprintf(mirror->from, sizeof mirror->from, "%s", from);
    snprintf(mirror->to, sizeof mirror->to, "%s", to);
    if (!backup_make_folder(to) || !backup_path(path, to, BLOB_DIGESTS) ||
        !read_digests(mirror, path)) {
        return false;
    }
    mirror->digests = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return mirror->digests >= 0;
}

void blob_mirror_close(struct blob_mirror *mirror) {
    if (mirror->digests >= 0) {
        close(mirror->digests);
    }
    uuid_table_finish(&mirror->there);
}

static bool copy_one(struct blob_mirror *mirror, const char *folder, const char *name) {
    char from[BACKUP_PATH_MAX + 80], to[BACKUP_PATH_MAX + 80], line[LINE_MAX_BYTES];
    struct backup_file copied;
    snprintf(from, sizeof from, "%s/%s/%.64s", mirror->from, folder, name);
    snprintf(to, sizeof to, "%s/%s/%.64s", mirror->to, folder, name);
    if (!backup_copy(from, to, &copied)) {
        return errno == ENOENT; /* taken away meanwhile: nothing that is referred to */
    }
    int length = snprintf(line, sizeof line, "%s %" PRIu64 " %s/%s\n", copied.digest, copied.size,
                          folder, name);
    if (write(mirror->digests, line, (size_t)length) != length) {
        return false;
    }
    uuid_table_set(&mirror->there, half_of(name), 1);
    mirror->lines += (uint64_t)length;
    mirror->count++;
    mirror->fresh++;
    mirror->bytes += copied.size;
    return true;
}

static bool copy_folder(struct blob_mirror *mirror, const char *folder) {
    char path[BACKUP_PATH_MAX];
    if (!backup_path(path, mirror->to, folder) || !backup_make_folder(path) ||
        !backup_path(path, mirror->from, folder)) {
        return false;
    }
    DIR *listing = opendir(path);
    if (listing == NULL) {
        return errno == ENOENT;
    }
    bool well = true;
    for (struct dirent *entry; well && (entry = readdir(listing)) != NULL;) {
        if (is_name(entry->d_name) &&
            uuid_table_find(&mirror->there, half_of(entry->d_name)) == NULL) {
            well = copy_one(mirror, folder, entry->d_name);
        }
    }
    int reason = errno;
    closedir(listing);
    errno = reason;
    return well;
}

bool blob_mirror_is_stale(const struct blob_mirror *mirror) {
    struct stat status;
    return fstat(mirror->digests, &status) != 0 || (uint64_t)status.st_size != mirror->lines;
}

bool blob_mirror_pass(struct blob_mirror *mirror) {
    uint64_t fresh = mirror->fresh;
    for (unsigned i = 0; i < BLOB_FOLDERS; i++) {
        char folder[3], path[BACKUP_PATH_MAX];
        struct stat status;
        snprintf(folder, sizeof folder, "%02x", i);
        if (!backup_path(path, mirror->from, folder) || stat(path, &status) != 0 ||
            (status.st_mtim.tv_sec == mirror->looked[i].tv_sec &&
             status.st_mtim.tv_nsec == mirror->looked[i].tv_nsec)) {
            continue;
        }
        bool settled = time(NULL) - status.st_mtim.tv_sec > SETTLED_S;
        if (!copy_folder(mirror, folder)) {
            return false;
        }
        mirror->looked[i] = settled ? status.st_mtim : (struct timespec){0};
    }
    return mirror->fresh == fresh || fdatasync(mirror->digests) == 0;
}
