#include "server/store/generation_secret.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_PATH_MAX = KEYS_PATH_MAX + 64 };

bool generation_secret_folder(const char *data_folder, const char *key_file,
                              char ret[KEYS_PATH_MAX]) {
    const char *slash = key_file == NULL ? NULL : strrchr(key_file, '/');
    int length = -1;
    if (slash != NULL && slash != key_file)
        length = snprintf(ret, KEYS_PATH_MAX, "%.*s", (int)(slash - key_file), key_file);
    if (length < 0 || length >= KEYS_PATH_MAX || access(ret, W_OK) != 0)
        length = snprintf(ret, KEYS_PATH_MAX, "%s/keys", data_folder);
    return length > 0 && length < KEYS_PATH_MAX;
}

static void path_of(const char *folder, uint32_t generation, const char *end,
                    char ret[SECRET_PATH_MAX]) {
    snprintf(ret, SECRET_PATH_MAX, "%s/" GENERATION_SECRET_PREFIX "%u%s", folder,
             (unsigned)generation, end);
}

static bool sync_folder(const char *folder) {
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return synced;
}

enum secret_result generation_secret_read(const char *folder, uint32_t generation,
                                          uint8_t ret[KEY_BYTES]) {
    char path[SECRET_PATH_MAX];
    struct stat status;
    if (folder[0] == 0)
        return SECRET_ABSENT;
    path_of(folder, generation, "", path);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? SECRET_ABSENT : SECRET_DAMAGED;
    bool whole = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                 status.st_size == KEY_BYTES && read(file, ret, KEY_BYTES) == KEY_BYTES;
    close(file);
    return whole ? SECRET_READ : SECRET_DAMAGED;
}

bool generation_secret_make(const char *folder, uint32_t generation) {
    char path[SECRET_PATH_MAX], fresh[SECRET_PATH_MAX];
    uint8_t secret[KEY_BYTES];
    path_of(folder, generation, "", path);
    path_of(folder, generation, ".new", fresh);
    if (access(path, F_OK) == 0)
        return true;
    (void)unlink(fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool written = RAND_priv_bytes(secret, sizeof secret) == 1 &&
                   write(file, secret, KEY_BYTES) == KEY_BYTES && fsync(file) == 0;
    OPENSSL_cleanse(secret, sizeof secret);
    written = close(file) == 0 && written && rename(fresh, path) == 0 && sync_folder(folder);
    (void)unlink(fresh);
    return written;
}

static bool overwrite(const char *path) {
    static const uint8_t nothing[KEY_BYTES];
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT;
    bool written = write(file, nothing, KEY_BYTES) == KEY_BYTES && fsync(file) == 0;
    return close(file) == 0 && written;
}

uint32_t generation_of_name(const char *name) {
    static const char prefix[] = GENERATION_SECRET_PREFIX;
    char *end = NULL;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return 0;
    unsigned long number = strtoul(name + sizeof prefix - 1, &end, 10);
    return *end == 0 && number < UINT32_MAX ? (uint32_t)number : 0;
}

bool generation_secrets_destroy(const char *folder, uint32_t generation) {
    DIR *entries = opendir(folder);
    bool destroyed = entries != NULL;
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        char path[SECRET_PATH_MAX];
        uint32_t number = generation_of_name(entry->d_name);
        if (number == 0 || number >= generation)
            continue;
        path_of(folder, number, "", path);
        destroyed = overwrite(path) && unlink(path) == 0 && destroyed;
    }
    if (entries != NULL)
        closedir(entries);
    return destroyed && sync_folder(folder);
}

bool generation_secret_replace(const char *path, const char *fresh) {
    char old[SECRET_PATH_MAX], folder[SECRET_PATH_MAX];
    snprintf(old, sizeof old, "%s.old", path);
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = 0;
    (void)overwrite(old); /* left by a replacement that was cut short */
    (void)unlink(old);
    /* The name never lacks a key: the old file has a second name until it is overwritten. */
    return link(path, old) == 0 && rename(fresh, path) == 0 &&
           sync_folder(slash != NULL ? folder : ".") && overwrite(old) && unlink(old) == 0;
}
