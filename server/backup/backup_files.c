#define _GNU_SOURCE /* syncfs */
#include "server/backup/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 };

bool backup_path(char ret[BACKUP_PATH_MAX], const char *folder, const char *name) {
    int length = snprintf(ret, BACKUP_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < BACKUP_PATH_MAX;
}

bool backup_make_folder(const char *path) {
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool backup_sync_folder(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return synced;
}

bool backup_is_empty(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT;
    }
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    closedir(folder);
    return empty;
}

bool backup_folders_meet(const char *one, const char *other) {
    char a[PATH_MAX], b[PATH_MAX];
    if (realpath(one, a) == NULL || realpath(other, b) == NULL) {
        return false;
    }
    size_t shorter = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    const char *longer = strlen(a) < strlen(b) ? b : a;
    return strncmp(a, b, shorter) == 0 && (longer[shorter] == 0 || longer[shorter] == '/');
}

/* Copies what `in` gives to `out` (-1 = nowhere) and hashes it. */
static bool pour(int in, int out, uint64_t length_max, struct backup_file *ret) {
    uint8_t *piece = malloc(PIECE_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    uint64_t size = 0;
    ssize_t length = 1;
    bool well =
        piece != NULL && context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    while (well && size < length_max && length != 0) {
        uint64_t left = length_max - size;
        length = read(in, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
        well = (length >= 0 || errno == EINTR);
        for (ssize_t at = 0; well && out >= 0 && at < length;) {
            ssize_t written = write(out, piece + at, (size_t)(length - at));
            well = written > 0 || errno == EINTR;
            at += written > 0 ? written : 0;
        }
        if (well && length > 0) {
            size += (uint64_t)length;
            well = EVP_DigestUpdate(context, piece, (size_t)length) == 1;
        }
    }
    well = well && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    free(piece);
    if (well && ret != NULL) {
        ret->size = size;
        for (int i = 0; i < 32; i++) {
            snprintf(ret->digest + 2 * i, 3, "%02x", digest[i]);
        }
    }
    return well;
}

static bool sync_parent(const char *path) {
    char parent[BACKUP_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == NULL || slash == path ? 0 : (int)(slash - path);
    snprintf(parent, sizeof parent, "%.*s", length, path);
    return backup_sync_folder(length > 0 ? parent : slash == NULL ? "." : "/");
}

/* Under another name first: what bears the name is whole and on the disk. */
static int open_unfinished(const char *path, char unfinished[BACKUP_PATH_MAX]) {
    int length = snprintf(unfinished, BACKUP_PATH_MAX, "%s.unfinished", path);
    if (length >= BACKUP_PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool give_name(int file, bool well, const char *unfinished, const char *path) {
    well = well && fsync(file) == 0;
    well = close(file) == 0 && well;
    well = well && rename(unfinished, path) == 0;
    if (!well) {
        int reason = errno;
        unlink(unfinished);
        errno = reason;
        return false;
    }
    return sync_parent(path);
}

bool backup_copy(const char *from, const char *to, struct backup_file *ret) {
    char unfinished[BACKUP_PATH_MAX];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return false;
    }
    int out = open_unfinished(to, unfinished);
    bool copied = out >= 0 && give_name(out, pour(in, out, UINT64_MAX, ret), unfinished, to);
    int reason = errno;
    close(in);
    errno = reason;
    return copied;
}

bool backup_digest(const char *path, uint64_t length_max, struct backup_file *ret) {
    int in = open(path, O_RDONLY | O_CLOEXEC);
    bool read = in >= 0 && pour(in, -1, length_max, ret);
    if (in >= 0) {
        close(in);
    }
    return read;
}

bool backup_write_text(const char *path, const char *text) {
    char unfinished[BACKUP_PATH_MAX];
    size_t length = strlen(text);
    int out = open_unfinished(path, unfinished);
    return out >= 0 &&
           give_name(out, write(out, text, length) == (ssize_t)length, unfinished, path);
}

bool backup_read_line(const char *path, char *ret, size_t space) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(ret, (int)space, file) != NULL;
    fclose(file);
    ret[read ? strcspn(ret, "\n") : 0] = 0;
    return read;
}

/* Trees */

static FTS *open_tree(const char *path) {
    char *roots[] = {(char *)(uintptr_t)path, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
}

bool backup_remove_tree(const char *path) {
    FTS *tree = open_tree(path);
    bool well = tree != NULL;
    for (FTSENT *entry; well && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_D && entry->fts_info != FTS_NS) {
            well = remove(entry->fts_accpath) == 0;
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    return well;
}

/* Not synced: all of a tree is, at its end. */
static bool copy_into_tree(const char *from, const char *to, uint64_t *bytes) {
    struct backup_file copied = {0};
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool well = in >= 0 && out >= 0 && pour(in, out, UINT64_MAX, &copied);
    well = (out < 0 || close(out) == 0) && well;
    if (in >= 0) {
        close(in);
    }
    *bytes += copied.size;
    return well;
}

static bool copy_entry(const FTSENT *entry, const char *to, const struct backup_owner *owner,
                       uint64_t *bytes) {
    bool folder = entry->fts_info == FTS_D;
    if (entry->fts_info == FTS_DP) {
        return true;
    }
    if (folder ? !backup_make_folder(to)
               : entry->fts_info != FTS_F || !copy_into_tree(entry->fts_accpath, to, bytes)) {
        return false;
    }
    return !owner->other || chown(to, owner->uid, owner->gid) == 0;
}

static bool sync_disk_of(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && syncfs(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return synced;
}

bool backup_copy_tree(const char *from, const char *to, const struct backup_owner *owner,
                      uint64_t *ret_bytes) {
    FTS *tree = open_tree(from);
    bool well = tree != NULL;
    size_t root = strlen(from);
    for (FTSENT *entry; well && (entry = fts_read(tree)) != NULL;) {
        char place[BACKUP_PATH_MAX];
        int length = snprintf(place, sizeof place, "%s%s", to, entry->fts_path + root);
        well = length < BACKUP_PATH_MAX && copy_entry(entry, place, owner, ret_bytes);
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    return well && sync_disk_of(to);
}
