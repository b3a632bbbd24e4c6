/*
 * Files as a backup needs them: copied whole or not at all, on the disk before they bear their
 * name, and hashed on the way (SHA-256, so that sha256sum can be held to it). Blocking.
 */
#ifndef CONSILIUM_BACKUP_FILES_H
#define CONSILIUM_BACKUP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BACKUP_PATH_MAX = 4096, BACKUP_DIGEST_TEXT = 64 + 1, BACKUP_WORDS_MAX = 512 };

struct backup_file {
    uint64_t size;
    char digest[BACKUP_DIGEST_TEXT]; /* hexadecimal */
};

/* False = too long. */
bool backup_path(char ret[BACKUP_PATH_MAX], const char *folder, const char *name);
/* The folder may be there already. */
bool backup_make_folder(const char *path);
bool backup_sync_folder(const char *path);
bool backup_is_empty(const char *path); /* or not there */
bool backup_remove_tree(const char *path);
/* One of the two lies in the other, or they are the same; both exist. */
bool backup_folders_meet(const char *one, const char *other);

/* errno says why not. `ret` may be NULL. */
bool backup_copy(const char *from, const char *to, struct backup_file *ret);
bool backup_digest(const char *path, uint64_t length_max, struct backup_file *ret);
bool backup_write_text(const char *path, const char *text);
/* Up to the end of the first line. */
bool backup_read_line(const char *path, char *ret, size_t space);

/* All of a folder, with its modes; what is made belongs to `owner` when we may give it away. */
struct backup_owner {
    bool other;
    uid_t uid;
    gid_t gid;
};
bool backup_copy_tree(const char *from, const char *to, const struct backup_owner *owner,
                      uint64_t *ret_bytes);

/* Runs a program and waits. False: `words` is the last line that it said, or why it did not run. */
bool backup_run(const char *const *arguments, char words[BACKUP_WORDS_MAX]);

#endif
