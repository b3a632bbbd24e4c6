/*
 * What the files of the imaging service share; included by imaging_*.c, and by what reads its rows
 * on its threads (server/dicomweb/qido_load.c).
 */
#ifndef CONSILIUM_IMAGING_STATE_H
#define CONSILIUM_IMAGING_STATE_H

#include "server/blobs/blob_files.h"
#include "server/blobs/work_queue.h"
#include "server/imaging/frame_cache.h"
#include "server/imaging/frame_table.h"
#include "server/imaging/imaging_memory.h"
#include "server/imaging/imaging_service.h"
#include "server/imaging/ingest_link.h"

#define LOCATOR_SLOTS 8192u     // instances whose place is remembered
#define PREVIEW_PLANS_KEPT 16   // display sets whose frames are remembered
#define ANNOUNCE_WAITING_MAX 64 // series
#define PATIENTS_KEPT 64        // cases whose patient is remembered
#define HELD_WAITING_MAX 64     // cases
#define HELD_WORKS_MAX 8        // cases that are looked at at the same time
#define HELD_PAGE 32            // cases that were missed, read at once
#define HELD_TELL_MS 10000      // between two that tell another number of images alone
#define HELD_PAUSE_MS 500       // images that are held within this are told together
#define RESUMABLES_LOOK_MS 5000 // between looks at uploads that rest or are over
#define ANNOUNCE_PAUSE_MS 200   // files that come within this are told together

/* Subkeys of a case, wiped when done with. */
struct case_keys {
    uint8_t blob[KEY_BYTES];
    uint8_t name[KEY_BYTES];
};

struct announce_entry {
    struct uuid patient_case;
    struct uuid by;
    char series_uid[65];
};

/* Cases whose held images are looked at. */
struct held_turns {
    struct uuid ready[HELD_WAITING_MAX]; // as soon as a work is free
    size_t ready_count;
    struct uuid waiting[HELD_WAITING_MAX]; // when the timer says so
    size_t waiting_count;
    struct uuid last; // of the pages of what was missed
    bool paging, asking;
    bool missed; // something had no place: the pages are read again
};

struct imaging_locator;
struct held_work;
struct imaging_resumable;
struct imaging_intake;
struct imaging_arrivals;
struct imaging_copies;
struct codec_link;
struct preview_plan;

/* Rows of files that are sealed: while some are in flight the next collect. */
struct imaging_rows {
    struct imaging_upload *waiting, *last; // by next_row
    struct imaging_upload *flying;         // in one transaction
};

struct imaging_service {
    /* Given. */
    struct imaging_service_config config;
    void (*on_changed)(void *data, struct uuid patient_case); // or NULL
    void *on_changed_data;
    /* Owned. */
    struct blob_files files;
    struct frame_cache *frames;
    struct imaging_memory *memory; // of answers
    struct work_queue *queue;      // reads and reckons
    struct work_queue *writers;    // seal and sync: mostly they wait for the disk
    struct ingest_link *ingest;
    struct imaging_copies *copies;
    struct imaging_arrivals *arrivals;
    struct codec_link *pictures; // for who waits
    uv_timer_t announce_timer;
    struct imaging_locator *locators[LOCATOR_SLOTS];
    struct preview_plan *plans[PREVIEW_PLANS_KEPT];
    struct known_patient *patients; // PATIENTS_KEPT
    /* Derived. */
    struct announce_entry announces[ANNOUNCE_WAITING_MAX];
    size_t announce_count;
    struct imaging_download *downloads; // open ones
    struct imaging_upload *receiving;   // whose bytes are still coming
    struct imaging_rows rows;
    uint64_t uploads_size;
    unsigned uploads_count;
    struct imaging_resumable *resumables;
    uv_timer_t look_timer;
    unsigned resumables_making, unpacking_count, resumables_looks;
    bool resumables_loaded;
    uint64_t uploads_size_max;      // bytes; of config, and of what memory the machine has
    unsigned renders_now, rows_now; // of single pictures, and of those in a row
    struct memory_claim *giving;    // of the bytes that a `done` is called with; see imaging_keep
    size_t next_plan;               // place that is given away next
    uint64_t plans_forgotten;       // how often
    struct held_work *held_works;
    uv_timer_t held_timer;
    struct held_turns held_turns;
    size_t operations; // asynchronous work that comes back to us
    bool closing;
    unsigned parts_open; // while closing
    struct imaging_counts counts;
    void (*closed)(void *data);
    void *closed_data;
};

/* Every asynchronous operation holds the service open. */
void imaging_operation_began(struct imaging_service *service);
void imaging_operation_ended(struct imaging_service *service);

/* Makes the case's key known here, from its row when need be. `done` may be called at once. */
void imaging_need_case_key(struct imaging_service *service, struct uuid patient_case,
                           void (*done)(void *data, enum imaging_read_result result), void *data);
bool imaging_case_keys(struct imaging_service *service, struct uuid patient_case,
                       struct case_keys *ret_keys);

/* Rows of a result, kept beyond the callback that borrowed them. */
struct kept_rows {
    uint8_t *bytes;
    struct kept_cell {
        size_t offset;
        size_t length;
    } * cells;
    int row_count;
    int column_count;
};
bool kept_rows_copy(struct kept_rows *rows, const struct postgres_rows *from, int column_count);
void kept_rows_free(struct kept_rows *rows);
struct bytes kept_rows_cell(const struct kept_rows *rows, int row, int column);

/* Where a sealed column belongs. */
#define RECORD_PLACE_MAX 128
size_t record_place(const char *column, struct uuid patient_case, const char *sop_instance_uid,
                    uint8_t place[RECORD_PLACE_MAX]);

/* The column `identity`: false when it is damaged, and then `ret_identity` says nothing. */
bool record_open_identity(struct instance *ret_identity, struct uuid patient_case,
                          const struct case_keys *keys, const char *sop_instance_uid,
                          struct bytes sealed);

/* Name of the sealed file of an instance: keyed hash of case, UID and contents. */
void record_blob_name(const struct case_keys *keys, struct uuid patient_case,
                      const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                      uint8_t ret_name[BLOB_NAME_SIZE]);

/* The same of its lossless copy; `digest` is that of the original. */
void record_copy_name(const struct case_keys *keys, struct uuid patient_case,
                      const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                      uint8_t ret_name[BLOB_NAME_SIZE]);

void imaging_other_blob_name(const struct case_keys *keys, struct uuid patient_case,
                             const uint8_t digest[BLOB_DIGEST_SIZE],
                             uint8_t ret_name[BLOB_NAME_SIZE]);

/* The column `frames`: counts, then pieces, then first pieces, little endian. */
uint8_t *record_frames_encode(const struct parsed *parsed, size_t *ret_size);
bool record_frames_decode(struct frame_table *table, const uint8_t *bytes, size_t size);

/* Splits the instances of a series as they are now, on a thread. The answer is borrowed for the
 * call; NULL when it cannot be had. */
typedef void (*series_loaded)(void *data, const struct imaging_series *series);
void imaging_load_series(struct imaging_service *service, struct uuid patient_case,
                         const char *series_uid, struct uuid by, series_loaded loaded, void *data);

struct known_patient *imaging_patients_create(void); // NULL = no memory
void imaging_patients_destroy(struct known_patient *patients);
/* imaging_patient.c: what the case says of its patient, NULL when it cannot be had. May come at
 * once; borrowed for the call. */
void imaging_need_patient(struct imaging_service *service, struct uuid patient_case,
                          void (*done)(void *data, const struct patient_words *patient),
                          void *data);
void imaging_forget_patient(struct imaging_service *service, struct uuid patient_case);
/* Keyed hash of what somebody says of a patient; false when the case's keys cannot be had. */
bool imaging_patient_hash(struct imaging_service *service, struct uuid patient_case,
                          const struct patient_words *said, uint8_t ret_hash[BLOB_NAME_SIZE]);

/* imaging_held_turns.c: an image was held: its case is looked at soon. */
void imaging_held_soon(struct imaging_service *service, struct uuid patient_case);
/* What could not be done before. */
void imaging_held_look(struct imaging_service *service);
/* What the last process left. */
void imaging_held_missed(struct imaging_service *service);

/* The rows of the case (zero: of any) are others from now on, or go. */
void imaging_changed(struct imaging_service *service, struct uuid patient_case);

/* Has the series told to its case soon. */
void imaging_announce_soon(struct imaging_service *service, struct uuid patient_case,
                           const char *series_uid, struct uuid by);

/* How far archives are read, for their parts in an arrival (imaging_intake.c). */
void imaging_resumables_count(struct imaging_service *service);

/* Ends the uploads whose bytes are still coming: they would keep a closing service waiting. */
void imaging_end_receiving(struct imaging_service *service);

void imaging_forget_locators(struct imaging_service *service, struct uuid patient_case);

/* Writes the JSON of all display sets of a case from rows (outline, sealed identity or NULL), in
 * order of series. False when it does not fit. */
struct bounded_output;
bool display_list_write(const struct kept_rows *rows, struct uuid patient_case,
                        const struct case_keys *keys, bool masked, struct bounded_output *output);

#endif
