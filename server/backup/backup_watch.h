/*
 * The server's end of its backup: starts the process that keeps it up to date (backup_follow.c)
 * once `consilium backup` has said where it is, starts it again when it dies, and knows how it
 * fares. Trouble there never stops the server; it is told, once when it begins and each hour.
 */
#ifndef CONSILIUM_BACKUP_WATCH_H
#define CONSILIUM_BACKUP_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct backup_watch;

enum {
    BACKUP_LOOK_MS = 1000,      /* for where the backup is */
    BACKUP_AGAIN_MS = 5000,     /* before it is started again */
    BACKUP_SILENT_MS = 30000,   /* without a word it counts as standing still */
    BACKUP_REPEAT_MS = 3600000, /* until trouble that lasts is told again */
    BACKUP_STOP_MS = 3000,      /* to end by itself */
};

struct backup_watch_config {
    uv_loop_t *loop;
    const char *data_folder;
    const char *anchor;   /* NULL = in the data folder */
    const char *key_file; /* NULL = DATA/keys */
    bool blobs_only;      /* the database is the operator's */
};

struct backup_counts {
    bool configured;     /* there is a backup to keep up to date */
    bool well;           /* it was up to date a moment ago */
    uint64_t behind_s;   /* seconds since it was */
    uint64_t held_bytes; /* of the database's log, not in the backup yet */
    uint64_t restarts;
};

/* Borrows what it is given. */
struct backup_watch *backup_watch_start(const struct backup_watch_config *config);
/* Ends the process, frees, then calls. */
void backup_watch_stop(struct backup_watch *watch, void (*stopped)(void *data), void *data);
void backup_watch_count(const struct backup_watch *watch, struct backup_counts *ret);
const char *backup_watch_target(const struct backup_watch *watch); /* empty = none; borrowed */
uv_loop_t *backup_watch_loop(const struct backup_watch *watch);

/* routes_backup.c: GET /api/backup. Borrows all for the gateway's life. */
struct gateway;
struct affiliations;
void routes_backup_add(struct gateway *gateway, struct backup_watch *watch,
                       struct affiliations *affiliations);

#endif
