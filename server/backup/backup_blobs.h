/*
 * Blobs never change and bear the name of what they hold: a copy of them is only ever added to.
 * Beside the copies lies `digests`, a line for each (SHA-256, size, NN/NAME), appended after the
 * blob is on the disk: a blob without a line is one that was not finished, and is copied again.
 */
#ifndef CONSILIUM_BACKUP_BLOBS_H
#define CONSILIUM_BACKUP_BLOBS_H

#include "server/backup/backup_files.h"
#include "server/store/uuid_table.h"

#include <stdio.h>
#include <time.h>

enum { BLOB_FOLDERS = 256 };
#define BLOB_DIGESTS "digests"

struct blob_mirror {
    char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
    struct uuid_table there;              /* by the first half of the name, which is random */
    struct timespec looked[BLOB_FOLDERS]; /* how new a folder was when all of it was copied */
    int digests;                          /* descriptor */
    uint64_t count, bytes;                /* in the copy */
    uint64_t lines;                       /* bytes of `digests` that this mirror knows */
    uint64_t fresh;                       /* added by this mirror */
};

/* Makes the folder `to`. False: errno says why. */
bool blob_mirror_open(struct blob_mirror *mirror, const char *from, const char *to);
void blob_mirror_close(struct blob_mirror *mirror);
/* Somebody else has added to the copy since: open it anew. */
bool blob_mirror_is_stale(const struct blob_mirror *mirror);
/* Copies what is not there yet. `from` may not be there: then there are no blobs. */
bool blob_mirror_pass(struct blob_mirror *mirror);

/* One line of `digests`; false at the end, or at a line that is none (`ret_bad`). */
struct blob_line {
    struct backup_file file;
    char name[80];
};
bool blob_line_read(FILE *digests, struct blob_line *ret, bool *ret_bad);

#endif
