/*
 * Where the pixels or the document of an instance lie, remembered from its row so that scrolling a
 * series asks the database once. Counted references; used on the loop, read on threads while a
 * download holds it. Holds no key.
 */
#ifndef CONSILIUM_IMAGING_LOCATOR_H
#define CONSILIUM_IMAGING_LOCATOR_H

#include "server/imaging/imaging_copy_table.h"
#include "server/imaging/imaging_state.h"

/* What pictures are made by; the texts lie in the locator. */
struct pixel_outline {
    char photometric[17];
    uint32_t rows, columns, samples, bits_allocated, bits_stored;
    bool is_signed;
    double rescale_slope, rescale_intercept; // of the first frame, where the header is too long
};

struct imaging_locator {
    unsigned references;
    struct uuid patient_case;
    char sop_instance_uid[65];
    char study_uid[65];
    char series_uid[65];
    char transfer_syntax_uid[65];
    char document_type[65];
    uint8_t digest[BLOB_DIGEST_SIZE];
    uint64_t file_size;
    uint64_t dataset_offset;
    uint64_t document_offset, document_size;
    struct frame_table frames;
    struct pixel_outline pixels;
    struct copy_table copy; // count 0 = there is none
    uint64_t copy_size;
    uint8_t copy_digest[BLOB_DIGEST_SIZE];
    bool burned_in; // words in the pixels, as the image says of itself, or a slide's label
};

struct imaging_locator *imaging_locator_ref(struct imaging_locator *locator);
void imaging_locator_unref(struct imaging_locator *locator); // NULL is fine

/* The remembered one, borrowed; NULL when there is none. */
struct imaging_locator *imaging_locator_find(struct imaging_service *service,
                                             struct uuid patient_case, struct text uid);

/* Are there words in its pixels, as the image says of itself, or is it the label of a slide? They
 * may name the patient. */
bool imaging_shows_words(const struct instance *instance);

/* Of one instance whose row has changed. */
void imaging_locator_forget(struct imaging_service *service, struct uuid patient_case,
                            struct text uid);

typedef void (*locator_loaded)(void *data, enum imaging_read_result result);

/* Reads the rows of the whole series of this instance and remembers them; in `loaded` find has it.
 */
void imaging_locator_load(struct imaging_service *service, struct uuid patient_case,
                          struct text uid, locator_loaded loaded, void *data);

#endif
