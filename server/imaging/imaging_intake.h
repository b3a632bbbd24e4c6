/*
 * Reads what came by a resumable upload: a file goes the way of any upload; an archive is unpacked
 * in a process apart, entry by entry, and each goes that way. Nothing of it touches a disk in
 * clear. Included by imaging_*.c only.
 */
#ifndef CONSILIUM_IMAGING_INTAKE_H
#define CONSILIUM_IMAGING_INTAKE_H

#include "server/imaging/imaging_resumable_state.h"
#include "server/imaging/imaging_unpack.h"

#define INTAKE_FILES_MAX 16     // of one archive on their way into the case at once
#define INTAKE_PROBLEMS_MAX 500 // told by name; the rest is counted
#define INTAKE_ARCHIVES_MAX 4   // unpacked at once
#define INTAKE_RETRY_MS 100     // when too much is under way
#define INTAKE_DIRECTORY_MAX ((size_t)2 << 20)
#define INTAKE_KEPT_NAMES_MAX ((size_t)32 << 10) // bytes of JSON; the rest is counted
#define INTAKE_PROBLEMS_SIZE_MAX (RESUMABLE_OUTCOME_MAX - INTAKE_KEPT_NAMES_MAX - 4096)

struct intake_file {
    struct imaging_intake *intake;
    struct imaging_upload *upload; // NULL = given over to the service
    char name[RESUMABLE_NAME_MAX + 1];
};

struct imaging_intake {
    struct work work; // first; reads a block
    /* Given. */
    struct imaging_resumable *upload;
    struct imaging_service *service;
    /* Owned. */
    uv_timer_t timer; // when too much is under way
    struct unpack *unpack;
    struct intake_file *file; // whose bytes are coming
    uint8_t *block;           // RESUMABLE_BLOCK
    struct bounded_output problems;
    struct bounded_output kept_names;
    struct bounded_output directory; // what a DICOMDIR names, to be looked for at the end
    /* Derived. */
    uint64_t position; // of a single file
    uint64_t read_offset;
    size_t read_length;
    enum blob_result read_result;
    void (*read_done)(struct imaging_intake *intake);
    void (*retry)(struct imaging_intake *intake);
    uint64_t entry_size;
    char entry_name[RESUMABLE_NAME_MAX + 1];
    uint32_t all, done, stored, known, held, kept, refused, told;
    uint32_t named, missing; // of a DICOMDIR
    unsigned pending;        // given over and not answered
    bool reading;            // a block, on a thread
    bool unpacks;            // counts as one of INTAKE_ARCHIVES_MAX
    bool ended;              // nothing more comes
    bool failed;             // the database is away: it is read once more, later
    bool cancelled;
    bool has_index;
};

/* imaging_intake_archive.c: the upload is an archive. */
void intake_unpack(struct imaging_intake *intake);

void intake_read(struct imaging_intake *intake, uint64_t offset, size_t length,
                 void (*done)(struct imaging_intake *intake));
void intake_later(struct imaging_intake *intake, void (*retry)(struct imaging_intake *intake));
/* A file that begins; false = too much is under way, later. */
bool intake_begin_file(struct imaging_intake *intake, const char *name, uint64_t size);
/* All its bytes are there. */
void intake_end_file(struct imaging_intake *intake);
void intake_drop_file(struct imaging_intake *intake);
void intake_problem(struct imaging_intake *intake, const char *name, const char *outcome,
                    const char *reason, struct text message);
/* entry_name becomes the name of the upload, as its sender calls it. */
void intake_open_name(struct imaging_intake *intake);
/* Ends when nothing is pending any more. */
void intake_end(struct imaging_intake *intake);

#endif
