#include "server/data_folder.h"

#include "server/uuid_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_node(const char *path, struct uuid *ret) {
    char text[UUID_TEXT_LENGTH];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, text, sizeof(text));
    close(fd);
    return length == UUID_TEXT_LENGTH && uuid_of_text((struct text){UUID_TEXT_LENGTH, text}, ret);
}

static bool write_node(const char *path, struct uuid node) {
    char text[UUID_TEXT_LENGTH + 1];
    uuid_to_text(node, text);
    text[UUID_TEXT_LENGTH] = '\n';
    char fresh[DATA_PATH_MAX + 32];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = write(fd, text, sizeof(text)) == (ssize_t)sizeof(text) && fsync(fd) == 0;
    close(fd);
    return written && rename(fresh, path) == 0;
}

static bool take_node(struct data_folder *folder) {
    char path[DATA_PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/node", folder->path);
    if (read_node(path, &folder->node)) {
        return true;
    }
    uint8_t random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return false;
    }
    folder->node = uuid_of_random(random);
    return write_node(path, folder->node);
}

bool data_folder_open(struct data_folder *ret, const char *path, char *message, size_t space) {
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        snprintf(message, space, "the data folder %.200s cannot be made: %s", path,
                 strerror(errno));
        return false;
    }
    char whole[PATH_MAX];
    if (realpath(path, whole) == NULL || strlen(whole) >= sizeof(ret->path)) {
        snprintf(message, space, "the data folder %.200s cannot be used", path);
        return false;
    }
    memcpy(ret->path, whole, strlen(whole) + 1);
    char lock[DATA_PATH_MAX + 32];
    snprintf(lock, sizeof(lock), "%s/lock", ret->path);
    ret->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ret->lock < 0) {
        snprintf(message, space, "nothing can be written to the data folder %.200s: %s", path,
                 strerror(errno));
        return false;
    }
    if (flock(ret->lock, LOCK_EX | LOCK_NB) != 0) {
        snprintf(message, space,
                 "another consilium uses the data folder %.200s: stop it first, or give another "
                 "--data DIR and --port N",
                 path);
        return false;
    }
    snprintf(lock, sizeof(lock), "%s/" DATA_FOLDER_UNFINISHED, ret->path);
    if (access(lock, F_OK) == 0) {
        snprintf(message, space,
                 "a restore into the data folder %.200s did not come to its end: remove the folder "
                 "and restore again",
                 path);
        return false;
    }
    if (!take_node(ret)) {
        snprintf(message, space, "the node's id cannot be written to the data folder %.200s", path);
        return false;
    }
    return true;
}
