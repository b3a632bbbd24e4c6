/*
 * How the backup fares, over HTTP, for who may turn the root's keys. The disk of the backup may
 * stand still, so it is looked at on a thread, by one request at a time.
 */
#include "protocol/generated/policy.h"
#include "server/backup/backup_folder.h"
#include "server/backup/backup_watch.h"
#include "server/gateway/http.h"
#include "server/gateway/json.h"
#include "server/node/node.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BACKUP_ANSWER_MAX = 2048, LOG_FILES_MAX = 100000 };

static struct routes {
    struct backup_watch *watch;
    struct affiliations *affiliations;
    bool looking;
} given; /* one gateway in a process */

struct look {
    uv_work_t work;
    struct http_exchange *exchange; /* NULL = gone */
    struct backup_counts counts;
    char target[BACKUP_PATH_MAX]; /* empty = none */
    /* Found there; 0 = nothing. Microseconds since 1970. */
    int64_t last_base, first_base, last_log, last_image;
    unsigned incomplete;
};

static int64_t time_of(const struct stat *about) {
    return (int64_t)about->st_mtim.tv_sec * 1000000 + about->st_mtim.tv_nsec / 1000;
}

static int64_t changed_at(const char *folder, const char *name) {
    char path[BACKUP_PATH_MAX];
    struct stat about;
    return backup_path(path, folder, name) && stat(path, &about) == 0 ? time_of(&about) : 0;
}

static int64_t newest_in(const char *folder, const char *name) {
    char path[BACKUP_PATH_MAX];
    int64_t newest = 0;
    struct stat about;
    DIR *open = backup_path(path, folder, name) ? opendir(path) : NULL;
    struct dirent *each = NULL;
    for (unsigned i = 0; i < LOG_FILES_MAX && open != NULL && (each = readdir(open)) != NULL; i++) {
        bool is_file = each->d_name[0] != '.' && fstatat(dirfd(open), each->d_name, &about, 0) == 0;
        int64_t at = is_file ? time_of(&about) : 0;
        newest = at > newest ? at : newest;
    }
    if (open != NULL) {
        closedir(open);
    }
    return newest;
}

static void on_thread(uv_work_t *work) {
    struct look *look = work->data;
    struct base base;
    if (look->target[0] == 0) {
        return;
    }
    if (base_choose(look->target, 0, &base, &look->first_base, &look->incomplete)) {
        look->last_base = base.ended_at;
    }
    look->last_log = newest_in(look->target, "wal");
    look->last_image = changed_at(look->target, "blobs/digests");
}

static void write_time(struct json *json, const char *name, int64_t at) {
    if (at != 0) {
        json_number(json, name, at / 1000);
    }
}

static void on_looked(uv_work_t *work, int status) {
    struct look *look = work->data;
    given.looking = false;
    if (look->exchange != NULL && status == 0) {
        char text[BACKUP_ANSWER_MAX];
        struct json json;
        http_on_closed(look->exchange, NULL, NULL);
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_boolean(&json, "configured", look->counts.configured);
        json_boolean(&json, "well", look->counts.well);
        json_number(&json, "behindMs", (int64_t)look->counts.behind_s * 1000);
        json_number(&json, "heldBytes", (int64_t)look->counts.held_bytes);
        json_number(&json, "incomplete", look->incomplete);
        write_time(&json, "firstBase", look->first_base);
        write_time(&json, "lastBase", look->last_base);
        write_time(&json, "lastLog", look->last_log);
        write_time(&json, "lastImage", look->last_image);
        json_close(&json);
        http_answer_json(look->exchange, 200, text, json_end(&json));
    }
    free(look);
}

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    ((struct look *)data)->exchange = NULL;
}

static void on_backup(struct http_exchange *exchange, void *data) {
    const struct uuid root = {{0}};
    struct affiliations *affiliations = given.affiliations;
    uint16_t rights = affiliations->rights(affiliations, http_who(exchange)->user, &root, NULL);
    (void)data;
    if ((policy_of_organisation(rights, 0).actions & ORGANISATION_MAY_KEYS) == 0) {
        http_answer_error(exchange, 404, "not_found", "There is nothing here.");
        return;
    }
    struct look *look = given.looking ? NULL : calloc(1, sizeof *look);
    if (look == NULL) {
        http_answer_error(exchange, 503, "busy", "The disk of the backup is slow: try again.");
        return;
    }
    look->exchange = exchange;
    look->work.data = look;
    backup_watch_count(given.watch, &look->counts);
    snprintf(look->target, sizeof look->target, "%s", backup_watch_target(given.watch));
    http_on_closed(exchange, on_gone, look);
    given.looking = true;
    uv_queue_work(backup_watch_loop(given.watch), &look->work, on_thread, on_looked);
}

void routes_backup_add(struct gateway *gateway, struct backup_watch *watch,
                       struct affiliations *affiliations) {
    static const struct http_route routes[] = {
        {"GET", "/api/backup", 0, ROUTE_SIGNED_IN, on_backup},
    };
    given = (struct routes){.watch = watch, .affiliations = affiliations};
    http_add_routes(gateway, routes, 1, NULL);
}
