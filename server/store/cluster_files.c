#define _GNU_SOURCE /* nftw */

#include "server/store/cluster_files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char role[] = "consilium";    /* owns the record */
static const char app[] = "consilium_app"; /* adds to it */
static const char outside[] = "/var/lib/consilium";
/* What PostgreSQL adds to the folder of its socket. */
#define SOCKET_FILE "/.s.PGSQL.5432"

enum { LOG_BYTES_MAX = 16 * 1024 * 1024, PID_LINES = 8, PID_FILE_MAX = 2 * CLUSTER_PATH_MAX };

static bool join(char ret[CLUSTER_PATH_MAX], const char *folder, const char *name) {
    int length = snprintf(ret, CLUSTER_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < CLUSTER_PATH_MAX;
}

/* Users */

static const char *choose_user(struct cluster_files *files) {
    files->uid = geteuid();
    files->gid = getegid();
    files->other_user = files->uid == 0;
    if (!files->other_user)
        return NULL;
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL || user->pw_uid == 0)
        return "root must not run PostgreSQL, and there is no user postgres to do it";
    files->uid = user->pw_uid;
    files->gid = user->pw_gid;
    return NULL;
}

static bool give_to_user(const struct cluster_files *files, const char *path) {
    return !files->other_user || chown(path, files->uid, files->gid) == 0;
}

static bool user_may_pass(const struct cluster_files *files, const char *folder) {
    struct stat status;
    if (stat(folder, &status) != 0)
        return false;
    if (status.st_uid == files->uid)
        return (status.st_mode & S_IXUSR) != 0;
    if (status.st_gid == files->gid)
        return (status.st_mode & S_IXGRP) != 0;
    return (status.st_mode & S_IXOTH) != 0;
}

/* Every folder from the root down to `path` itself. */
static bool user_may_reach(const struct cluster_files *files, const char *path) {
    char folder[CLUSTER_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        bool may = user_may_pass(files, folder);
        *at = '/';
        if (!may)
            return false;
    }
    return user_may_pass(files, folder);
}

/* Folders */

static bool make_folder(const char *path, mode_t mode) {
    return mkdir(path, mode) == 0 || errno == EEXIST;
}

static void short_digest(const char *text, char ret[17]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL) != 1)
        abort();
    for (int i = 0; i < 8; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* A folder of the user's under /var/lib/consilium that `link` leads to. */
static const char *make_outside(const struct cluster_files *files, const char *data,
                                const char *link) {
    char digest[17];
    char path[CLUSTER_PATH_MAX];
    short_digest(data, digest);
    snprintf(path, sizeof path, "%s/%s", outside, digest);
    bool passable = make_folder(outside, 0755) && chmod(outside, 0755) == 0; /* whatever umask */
    if (!passable || !make_folder(path, 0700) || !give_to_user(files, path))
        return "the user postgres can reach neither the data folder nor one in /var/lib/consilium";
    return symlink(path, link) == 0 ? NULL : "the data folder cannot be written to";
}

static const char *make_main_folder(struct cluster_files *files, const char *data_folder) {
    char data[PATH_MAX];
    char folder[CLUSTER_PATH_MAX];
    if (realpath(data_folder, data) == NULL || !join(folder, data, "postgres"))
        return "the data folder is not there, or its path is too long";
    struct stat status;
    /* Our own folder may be passed through; what is secret in it has modes of its own. */
    if (files->other_user && !user_may_pass(files, data) && stat(data, &status) == 0)
        (void)chmod(data, (status.st_mode & 07777) | S_IXOTH);
    if (lstat(folder, &status) != 0) {
        if (!user_may_reach(files, data)) {
            const char *trouble = make_outside(files, data, folder);
            if (trouble != NULL)
                return trouble;
        } else if (!make_folder(folder, 0700) || !give_to_user(files, folder)) {
            return "the data folder cannot be written to";
        }
    }
    if (realpath(folder, files->folder) == NULL)
        return "DATA/postgres leads nowhere";
    if (!user_may_reach(files, files->folder))
        return "the user who runs PostgreSQL cannot reach DATA/postgres";
    return NULL;
}

/* A folder anybody could have made is used only when it is ours alone. */
static bool is_private(const struct cluster_files *files, const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == files->uid &&
           (status.st_mode & 077) == 0;
}

static const char *choose_socket(struct cluster_files *files) {
    struct sockaddr_un address;
    if (!join(files->socket, files->folder, "socket"))
        return "the path of the data folder is too long";
    if (strlen(files->socket) + sizeof SOCKET_FILE > sizeof address.sun_path) {
        char digest[17];
        short_digest(files->folder, digest);
        snprintf(files->socket, sizeof files->socket, "/tmp/consilium-%s", digest);
    }
    if (mkdir(files->socket, 0700) == 0 && !give_to_user(files, files->socket))
        return "the folder of the database's socket cannot be made";
    if (!is_private(files, files->socket))
        return "the folder of the database's socket is not ours alone";
    return NULL;
}

/* Programs */

static bool has_programs(const char *folder) {
    char path[CLUSTER_PATH_MAX];
    return join(path, folder, "postgres") && access(path, X_OK) == 0 &&
           join(path, folder, "initdb") && access(path, X_OK) == 0;
}

/* The version that made the cluster, or else the newest there is. */
static const char *find_programs(struct cluster_files *files) {
    char path[CLUSTER_PATH_MAX];
    char wanted[16] = "";
    FILE *version = join(path, files->cluster, "PG_VERSION") ? fopen(path, "re") : NULL;
    if (version != NULL) {
        if (fgets(wanted, sizeof wanted, version) != NULL)
            wanted[strcspn(wanted, "\n")] = 0;
        fclose(version);
    }
    glob_t found;
    long best = -1;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *number = found.gl_pathv[i] + strlen("/usr/lib/postgresql/");
            long major = strtol(number, NULL, 10);
            bool fits = wanted[0] == 0 || strtol(wanted, NULL, 10) == major;
            if (!fits || major <= best || !has_programs(found.gl_pathv[i]))
                continue;
            best = major;
            snprintf(files->programs, sizeof files->programs, "%s", found.gl_pathv[i]);
        }
        globfree(&found);
    }
    if (best >= 0)
        return NULL;
    return wanted[0] == 0 ? "PostgreSQL is not installed (Debian package postgresql)"
                          : "the PostgreSQL version that made DATA/postgres is not installed";
}

const char *cluster_files_prepare(struct cluster_files *files, const char *data_folder,
                                  const char *programs) {
    *files = (struct cluster_files){0};
    const char *trouble = choose_user(files);
    if (trouble == NULL)
        trouble = make_main_folder(files, data_folder);
    if (trouble != NULL)
        return trouble;
    if (!join(files->cluster, files->folder, "cluster") ||
        !join(files->fresh, files->folder, "cluster.new") ||
        !join(files->log, files->folder, "server.log") ||
        !join(files->hba, files->folder, "hba.conf") ||
        !join(files->ident, files->folder, "ident.conf"))
        return "the path of the data folder is too long";
    files->made = access(files->cluster, F_OK) == 0;
    trouble = choose_socket(files);
    if (trouble != NULL)
        return trouble;
    if (programs == NULL)
        return find_programs(files);
    snprintf(files->programs, sizeof files->programs, "%s", programs);
    return has_programs(programs) ? NULL : "the folder of PostgreSQL's programs lacks them";
}

/* Access */

static bool write_file(const struct cluster_files *files, const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    size_t length = strlen(text);
    bool written = write(file, text, length) == (ssize_t)length;
    return close(file) == 0 && written && give_to_user(files, path);
}

const char *cluster_files_write_access(const struct cluster_files *files) {
    const struct passwd *user = getpwuid(geteuid());
    if (user == NULL)
        return "the user who runs this has no name";
    char hba[128];
    char ident[512];
    snprintf(hba, sizeof hba,
             "local all %s,%s peer map=%s\n"
             "local replication %s peer map=%s\n", /* backups */
             role, app, role, role, role);
    int length = snprintf(ident, sizeof ident, "%s \"%s\" %s\n%s \"%s\" %s\n", role, user->pw_name,
                          role, role, user->pw_name, app);
    if (length >= (int)sizeof ident || strchr(user->pw_name, '"') != NULL ||
        !write_file(files, files->hba, hba) || !write_file(files, files->ident, ident))
        return "the database's access files cannot be written";
    return NULL;
}

int cluster_files_open_log(const struct cluster_files *files) {
    struct stat status;
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
    if (stat(files->log, &status) == 0 && status.st_size > LOG_BYTES_MAX)
        flags |= O_TRUNC;
    return open(files->log, flags, 0600);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)type, (void)walk;
    return remove(path);
}

bool cluster_files_remove_fresh(const struct cluster_files *files) {
    return nftw(files->fresh, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

/* postmaster.pid (miscadmin.h): pid, data folder, start time, port, socket folder, address, shared
 * memory, status. */
static size_t read_pid_file(const struct cluster_files *files, char text[PID_FILE_MAX],
                            char *lines[PID_LINES]) {
    char path[CLUSTER_PATH_MAX];
    if (!join(path, files->cluster, "postmaster.pid"))
        return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, PID_FILE_MAX - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    size_t count = 0;
    for (char *at = text; count < PID_LINES && *at != 0; count++) {
        lines[count] = at;
        at += strcspn(at, "\n");
        if (*at != 0)
            *at++ = 0;
    }
    return count;
}

pid_t cluster_files_live_pid(const struct cluster_files *files) {
    char text[PID_FILE_MAX];
    char *lines[PID_LINES];
    if (read_pid_file(files, text, lines) == 0)
        return 0;
    long pid = strtol(lines[0], NULL, 10);
    if (pid <= 1 || pid > INT_MAX || (kill((pid_t)pid, 0) != 0 && errno != EPERM))
        return 0;
    /* Numbers are used again: a postmaster stands in its own data folder. */
    char link[64];
    char folder[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%ld/cwd", pid);
    ssize_t length = readlink(link, folder, sizeof folder - 1);
    if (length <= 0)
        return 0;
    folder[length] = 0;
    return strcmp(folder, files->cluster) == 0 ? (pid_t)pid : 0;
}

bool cluster_files_ready(const struct cluster_files *files, char socket[CLUSTER_PATH_MAX]) {
    char text[PID_FILE_MAX];
    char *lines[PID_LINES];
    if (read_pid_file(files, text, lines) < PID_LINES || strncmp(lines[7], "ready", 5) != 0)
        return false;
    snprintf(socket, CLUSTER_PATH_MAX, "%s", lines[4]);
    return true;
}
