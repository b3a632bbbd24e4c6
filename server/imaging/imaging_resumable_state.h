/*
 * What the files of resumable uploads share; included by imaging_*.c only.
 */
#ifndef CONSILIUM_IMAGING_RESUMABLE_STATE_H
#define CONSILIUM_IMAGING_RESUMABLE_STATE_H

#include "server/blobs/growing_blob.h"
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_arrivals.h"
#include "server/imaging/imaging_resumable.h"
#include "server/imaging/imaging_state.h"

/* A block, and what comes before a sender knows that it is full. */
#define RESUMABLE_BUFFER (RESUMABLE_BLOCK + ((size_t)512 << 10))

enum resumable_operation {
    RESUMABLE_OPENING,
    RESUMABLE_WRITING,
    RESUMABLE_FINISHING, // a sitting: synced, or cut when its checksum is another one
    RESUMABLE_DELETING,
};

struct imaging_resumable {
    struct work work; // first, so that a work is its upload
    /* Given. */
    struct imaging_service *service;
    struct uuid id, patient_case, by;
    uint64_t size;
    int64_t expires_at;
    /* Owned. */
    struct imaging_resumable *next; // in the service's list
    struct growing_blob blob;
    struct case_keys keys;
    struct bounded_output name;    // sealed
    struct bounded_output outcome; // sealed, once it is known
    uint8_t *filling, *writing;    // RESUMABLE_BUFFER each, while somebody sits
    void *digest;                  // EVP_MD_CTX of a sitting with a checksum
    struct resumable_turn *turn;   // granted
    struct resumable_turn *waiting;
    struct imaging_intake *intake; // while it is read
    struct arrival_part part;      // from its first sitting here
    /* Derived. */
    struct resumable_sitting sitting;
    uint64_t offset; // durable
    uint64_t began;  // of the sitting
    size_t filled, writing_size;
    enum resumable_operation operation;
    enum blob_result result;
    enum resumable_result answer; // of the sitting
    bool busy;                    // an operation, or the case's key, is under way
    bool opened, sits, ending, abandoned, wants_space;
    bool answering; // the sitting is over and its answer waits for the reading
    bool gone;      // nobody finds it any more; freed when nothing is under way
    bool file_gone;
    bool resting; // could not be read just now; later
    bool damaged; // its file is away or cannot be read just now
};

/* Where the name and the outcome are sealed to. */
size_t resumable_place(const char *column, struct uuid id, uint8_t place[RECORD_PLACE_MAX]);
void resumable_file_name(struct uuid id, uint8_t ret_name[BLOB_NAME_SIZE]);

struct imaging_resumable *resumable_add(struct imaging_service *service, struct uuid id,
                                        struct uuid patient_case, struct uuid by, uint64_t size);
struct imaging_resumable *resumable_find(struct imaging_service *service, struct uuid id);
/* Does what is to be done next. The upload may be gone afterwards. */
void resumable_go_on(struct imaging_resumable *upload);
/* Those who wait for their turn do not get it. */
void resumable_turn_away(struct imaging_resumable *upload, enum resumable_result why);
/* Nobody finds it any more, and its file goes. Its row is the caller's. */
void resumable_remove(struct imaging_resumable *upload);

/* Reading what is complete (imaging_intake.c). */
void imaging_intake_begin(struct imaging_resumable *upload);
/* It is an archive: nobody waits for its reading. */
void resumable_is_archive(struct imaging_resumable *upload);
/* Borrows the JSON. NULL = the service is closing, or it is gone: it is read at the next start. */
void resumable_was_read(struct imaging_resumable *upload, const struct bounded_output *outcome);
/* How far the reading is, as JSON. */
void imaging_intake_tell(const struct imaging_intake *intake, struct bounded_output *json);
/* The same for its part in an arrival. */
void imaging_intake_count(const struct imaging_intake *intake, struct arrival_part *part);
void imaging_intake_cancel(struct imaging_intake *intake);

/* imaging_resumable_rows.c */
void imaging_resumables_load(struct imaging_service *service);
void imaging_resumables_expire(struct imaging_service *service);
/* From time to time: what rests is tried again, what is over is removed. */
void imaging_resumables_look(struct imaging_service *service);
void resumable_keep_outcome(struct imaging_resumable *upload);
/* Of more finished ones than are kept the oldest go. */
void resumables_forget_finished(struct imaging_service *service);

/* While closing: all turns are cut, nothing is begun. */
void imaging_resumables_stop(struct imaging_service *service);
void imaging_resumables_free(struct imaging_service *service);
void imaging_resumables_erase(struct imaging_service *service, struct uuid patient_case);

#endif
