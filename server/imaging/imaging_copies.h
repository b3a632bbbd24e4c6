/*
 * Lossless copies, made in the background: HTJ2K frames of which a beginning is a smaller exact
 * image. What is to be done is what the database says, so a restart goes on where it was; the
 * images that came last are copied first. Nothing is begun while a file is being uploaded, and the
 * work is done by a process and threads of its own. Of a case that is being erased none is made.
 */
#ifndef CONSILIUM_IMAGING_COPIES_H
#define CONSILIUM_IMAGING_COPIES_H

#include "server/imaging/imaging_state.h"

#define COPIES_AT_ONCE 3u                   // instances
#define COPIES_ASKED 64                     // instances looked up at once
#define COPIES_PAUSE_MS 300u                // after the last upload
#define COPIES_RETRY_MS 5000u               // when the database is away
#define COPIES_SIZE_MAX ((uint64_t)4 << 30) // bytes of the pixels of one instance

struct imaging_copies;

/* NULL without memory. `service` is borrowed. */
struct imaging_copies *imaging_copies_create(struct imaging_service *service);
/* When nothing of ours is under way any more; then no call but this one is made. */
void imaging_copies_close(struct imaging_copies *copies, void (*closed)(void *data), void *data);

/* There may be something to do: an image was stored, or the database is there. */
void imaging_copies_wake(struct imaging_copies *copies);

/* Begins nothing any more. */
void imaging_copies_stop(struct imaging_copies *copies);

/* From now on no copy of this case is begun, those under way leave nothing behind, and `barred` is
 * called when the last of them is over, which may be at once. False when another case is barred. */
bool imaging_copies_bar(struct imaging_copies *copies, struct uuid patient_case,
                        void (*barred)(void *data), void *data);
void imaging_copies_unbar(struct imaging_copies *copies);

struct imaging_copies_counts {
    uint64_t made, refused, restarts;
};
struct imaging_copies_counts imaging_copies_count(const struct imaging_copies *copies);
int imaging_copies_child(const struct imaging_copies *copies); // its process, 0 without

/* A copy was read that does not verify, or has no file: its row goes and it is wanted again. `done`
 * (NULL is fine) when that stands written, or cannot be. Borrows for the call. */
void imaging_copy_lost(struct imaging_service *service, struct uuid patient_case,
                       const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                       void (*done)(void *data), void *data);

#endif
