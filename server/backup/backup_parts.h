/* What the files of the backup command share; nothing else includes it. */
#ifndef CONSILIUM_BACKUP_PARTS_H
#define CONSILIUM_BACKUP_PARTS_H

#include "server/backup/backup_folder.h"
#include "server/backup/backup_options.h"
#include "server/data_folder.h"
#include "server/store/cluster_files.h"

#include <libpq-fe.h>

enum { BACKUP_URL_MAX = 2 * CLUSTER_PATH_MAX + 64 };

/* Prints on standard error, after the program's name. Always false. */
bool backup_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of the private cluster that runs under `data`; false = none does. */
bool backup_private_url(const char *data, struct cluster_files *files, char ret[BACKUP_URL_MAX]);
/* Who copies files into a backup holds its lock. A descriptor, -1 = somebody else does, after
 * `patience_ms`. */
int backup_lock(const char *folder, unsigned patience_ms);
/* Copies the anchor and the erasures as they are now; absent ones are fine. errno on false. */
bool backup_loose_files(const struct backup_options *options, const char *data);
/* Copies all keys to where --keys-to said they go: key files, secrets of generations, wrapped keys.
 * Secrets that were destroyed here are destroyed there. errno on false. */
/* And notes where, so that they follow. */
bool backup_keys_copy(const struct backup_options *options, const char *data, const char *to);
/* The same when one of them changed since; nothing to do without --keys-to. */
bool backup_keys_follow(const struct backup_options *options, const char *data);
/* From there into a new data folder. */
bool backup_keys_restore(const char *from, const char *data);
/* Holds a whole backup to its digests and prints what it found. Exit status. */
int backup_verify(const char *folder);
/* Goes on until it is told to end, or its parent does. Exit status. */
int backup_follow(const struct backup_options *options, const char *data);

#endif
