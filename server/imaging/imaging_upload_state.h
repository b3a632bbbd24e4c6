/*
 * One file on its way into a case, as the files that see to it share it; included by imaging_*.c
 * only.
 */
#ifndef CONSILIUM_IMAGING_UPLOAD_STATE_H
#define CONSILIUM_IMAGING_UPLOAD_STATE_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_arrivals.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/instance.h"
#include "server/store/postgres_array.h"

#define METADATA_PART_MAX ((size_t)8 << 20) // bytes of deflated metadata
#define ATTEMPTS_MAX 3                      // of writing down, when uploads of one UID race

struct imaging_upload {
    struct work work; // first, so that a work is its upload
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    struct uuid by;
    uint64_t size;
    upload_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    int file;   // memory that looks like a file
    char *name; // as its sender calls it; NULL = a file that is no image and no document is refused
    uint8_t *json;
    uint8_t *frames;
    struct case_keys keys;
    struct bounded_output outline, identity, metadata; // columns
    struct postgres_array named;                       // UIDs that a DICOMDIR names
    struct imaging_upload *next, **link;               // while its bytes are coming
    struct arrival_part part;
    struct imaging_upload *next_row; // while its row waits or is in flight
    /* Derived. */
    uint64_t received;
    struct instance instance;
    uint8_t digest[BLOB_DIGEST_SIZE];
    size_t json_size, frames_size;
    bool ended; // all bytes are there and the work goes on by itself
    enum held_for held_for;
    bool of_another_patient;         // as far as it can be told
    uint8_t patient[BLOB_NAME_SIZE]; // then: hash of what it says of its patient
    bool open;                       // its size is what came
    bool wants_series;               // the answer tells of it
    bool row_alone;                  // its row goes by itself
    char study_uid[65];              // it has to be of; empty = any
    unsigned attempts;
    enum blob_result sealed;
};

void upload_finish(struct imaging_upload *upload, enum upload_outcome outcome);
/* imaging_rows.c: writes it down; upload_row_written follows. */
void upload_write_row(struct imaging_upload *upload);
void upload_row_written(struct imaging_upload *upload, enum postgres_result result,
                        const struct postgres_rows *rows);
void upload_answer_and_free(struct imaging_upload *upload, const struct upload_answer *answer);
/* On a thread: the file, durable under this name. */
enum blob_result upload_seal_file(struct imaging_upload *upload,
                                  const uint8_t name[BLOB_NAME_SIZE]);

/* imaging_other.c: neither image nor document; kept, named, and not opened. */
void upload_keep_other(struct imaging_upload *upload);
/* imaging_directory.c: a DICOMDIR, which is an index and no image. */
void upload_take_directory(struct imaging_upload *upload, const struct parsed *parsed);

#endif
