/*
 * Which documents follow from a record and from the images it speaks of, and each of them written.
 * Its UIDs follow from the case, the study, the kind and the version: making the same plan again
 * gives the same names.
 */
#ifndef CONSILIUM_EVIDENCE_EVIDENCE_PLAN_H
#define CONSILIUM_EVIDENCE_EVIDENCE_PLAN_H

#include "server/evidence/evidence_names.h"
#include "server/evidence/evidence_record.h"
#include "server/imaging/imaging_service.h"

#define EVIDENCE_DOCUMENTS_MAX 2048u // of one plan; what is over it is not written, and said

enum evidence_kind {
    EVIDENCE_MEASUREMENTS, // one for a state of all drawings on a study
    EVIDENCE_VIEW,         // one for each image of a view
    EVIDENCE_KEY_IMAGES,   // one for a state of all key images of a study
};

struct evidence_document {
    enum evidence_kind kind;
    const struct instance *image; // of the study; of a view the frame itself
    uint64_t version;             // of the stream: what it says was so then
    int64_t at;
    struct uuid by; // who saved the view, or marked an image last
    const struct recorded_view *view;
    uint32_t viewport; // of the view's layout
    bool empty;        // nothing stands any more: only worth writing after one that was not empty
    char sop_instance_uid[EVIDENCE_UID_SIZE];
    char series_uid[EVIDENCE_UID_SIZE];
};

struct evidence_plan {
    /* Given: borrowed. */
    struct uuid patient_case;
    const struct evidence_record *record;
    const struct described_frame *images; // by study, as imaging_describe gives them
    size_t image_count;
    /* Owned. */
    const struct described_frame **by_name; // UID, frame
    struct evidence_document *documents;    // measurements, then views, then key images
    /* Derived. */
    size_t count, space;
    bool too_many;
};

/* All frames that the record speaks of, each once, by UID and number, in the arena; NULL = no
 * memory. */
struct frame_name *evidence_frames(const struct evidence_record *record, struct arena *arena,
                                   size_t *ret_count);

/* False without memory. Finish it in every case. */
bool evidence_plan_make(struct evidence_plan *plan, struct uuid patient_case,
                        const struct evidence_record *record, const struct described_frame *images,
                        size_t image_count);
void evidence_plan_finish(struct evidence_plan *plan);

/* Names of people, as person names of DICOM. */
struct evidence_names {
    struct text (*name_of)(void *data, struct uuid user); // borrowed until the next call
    void *data;
};

/* The bytes are the caller's. False when it cannot be written. */
bool evidence_document_write(const struct evidence_plan *plan,
                             const struct evidence_document *document,
                             const struct evidence_names *names, const char *predecessor_uid,
                             uint8_t **ret_bytes, size_t *ret_size);

#endif
