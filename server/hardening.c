#define _GNU_SOURCE /* setgroups, initgroups */
#include "server/hardening.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1 /* which looks for leaks as a debugger of its own process */
#else
#define UNDER_SANITIZER 0
#endif

static bool refuse(char *message, size_t space, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(char *message, size_t space, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, space, format, arguments);
    va_end(arguments);
    return false;
}

bool harden_process(char *message, size_t space) {
    struct rlimit none = {0, 0};
    umask(077);
    if (setrlimit(RLIMIT_CORE, &none) != 0 ||
        (!UNDER_SANITIZER && prctl(PR_SET_DUMPABLE, 0) != 0) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return refuse(message, space, "the system refuses to harden this process: %s",
                      strerror(errno));
    }
    return true;
}

bool harden_bounding_set(char *message, size_t space) {
    if (geteuid() == 0) {
        return true;
    }
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
        /* Without CAP_SETPCAP there is no dropping, and nothing to drop: nobody who is not root
         * hands capabilities on once there are no new privileges. */
        if (prctl(PR_CAPBSET_DROP, capability) != 0 && errno != EPERM) {
            return refuse(message, space, "capabilities cannot be given up: %s", strerror(errno));
        }
    }
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 ||
           refuse(message, space, "capabilities cannot be given up: %s", strerror(errno));
}

static bool give_folder(const struct passwd *user, const char *path, char *message, size_t space) {
    struct stat status;
    bool made = mkdir(path, 0700) == 0;
    if (made && chown(path, user->pw_uid, user->pw_gid) != 0) {
        return refuse(message, space, "the data folder %.200s cannot be given to %.64s: %s", path,
                      user->pw_name, strerror(errno));
    }
    if (stat(path, &status) != 0 || status.st_uid != user->pw_uid) {
        return refuse(message, space,
                      "the data folder %.200s does not belong to %.64s: with the server stopped, "
                      "chown -R %.64s it",
                      path, user->pw_name, user->pw_name);
    }
    return true;
}

/* While still root: as another user there is nothing left that may do it. */
static void drop_bounding_set(void) {
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
        prctl(PR_CAPBSET_DROP, capability);
    }
}

bool harden_become(const char *name, const char *data_folder, char *message, size_t space) {
    const struct passwd *user = getpwnam(name);
    if (user == NULL) {
        return refuse(message, space, "there is no user %.64s", name);
    }
    if (geteuid() == user->pw_uid) {
        return true;
    }
    if (geteuid() != 0) {
        return refuse(message, space, "only root can become %.64s", name);
    }
    if (!give_folder(user, data_folder, message, space)) {
        return false;
    }
    drop_bounding_set();
    if (initgroups(user->pw_name, user->pw_gid) != 0 ||
        setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
        return refuse(message, space, "this process cannot become %.64s: %s", name,
                      strerror(errno));
    }
    /* The kernel makes a process that changed its user undumpable or not by its own setting. */
    if (!UNDER_SANITIZER && prctl(PR_SET_DUMPABLE, 0) != 0) {
        return refuse(message, space, "this process can be dumped: %s", strerror(errno));
    }
    if (setuid(0) == 0) {
        return refuse(message, space, "root was not given up");
    }
    return true;
}
