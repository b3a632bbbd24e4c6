/*
 * What lies in a backup, and when it is one.
 *
 *   FOLDER/consilium-backup    whose backup it is: the node's id
 *   FOLDER/bases/NAME/data     PostgreSQL's data, with PostgreSQL's own manifest of digests
 *   FOLDER/bases/NAME/manifest written last: without it the base is incomplete and is not used
 *   FOLDER/wal                 PostgreSQL's log since the first base, segment by segment
 *   FOLDER/blobs               images, under the names they have
 *   FOLDER/checkpoints, FOLDER/erasures    as they were last
 *
 * Keys are never in it.
 */
#ifndef CONSILIUM_BACKUP_FOLDER_H
#define CONSILIUM_BACKUP_FOLDER_H

#include "server/backup/backup_files.h"

enum { BASE_NAME_MAX = 32, SEGMENT_NAME = 24, BASES_MAX = 4096 };
#define BACKUP_SLOT "consilium_backup"
#define BACKUP_TARGET "backup-to" /* in the data folder: where its backup is */
#define BACKUP_KEYS_TARGET                                                                         \
    "backup-keys-to" /* the same for its keys; touched when they are copied */
#define BACKUP_KEY "key-encryption-key"
#define BACKUP_CHECKPOINT_KEY "checkpoint-key"

struct base {
    char name[BASE_NAME_MAX];
    int64_t ended_at; /* microseconds since 1970: the earliest moment it can be restored to */
    char database[BACKUP_DIGEST_TEXT]; /* digest of PostgreSQL's manifest; empty = no database */
    uint64_t digests_length;           /* of blobs/digests when the base was complete */
    char digests[BACKUP_DIGEST_TEXT];
};

/* Reads a manifest; false = incomplete or damaged. */
bool base_read(const char *folder, const char *name, struct base *ret);
bool base_write(const char *folder, const struct base *base);
/* The complete base with the latest end that is not after `at` (0 = any); also the earliest end. */
bool base_choose(const char *folder, int64_t at, struct base *ret, int64_t *ret_earliest,
                 unsigned *ret_incomplete);

/* Whose backup it is. A folder that is nobody's yet becomes `node`'s when it is empty. */
bool backup_folder_own(const char *folder, const char *node, char words[BACKUP_WORDS_MAX]);

/* The segment after `name`, of 16 MiB each. */
void segment_next(const char name[SEGMENT_NAME + 1], char ret[SEGMENT_NAME + 1]);
/* The segment that a base begins in, from its backup_label. */
bool base_first_segment(const char *folder, const char *name, char ret[SEGMENT_NAME + 1]);

int64_t moment_now(void);
/* 2026-11-27T21:05:00Z, with or without a fraction of a second. */
bool moment_of_text(const char *text, int64_t *ret);
enum { MOMENT_TEXT = 40 };
void moment_to_text(int64_t moment, char ret[MOMENT_TEXT]);

#endif
