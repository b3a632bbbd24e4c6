/*
 * What every document of evidence begins with: Patient and General Study as the images it speaks of
 * say them, its own series, the equipment, SOP Common (PS3.3 C.7.1.1, C.7.2.1, C.7.5.1, C.12.1).
 */
#ifndef CONSILIUM_EVIDENCE_HEADER_H
#define CONSILIUM_EVIDENCE_HEADER_H

#include "server/evidence/dataset_writer.h"
#include "server/evidence/evidence_names.h"
#include "server/imaging/instance.h"

#define EVIDENCE_FILE_MAX ((size_t)16 << 20) // bytes of one document

#define MANUFACTURER "Consilium"

/* Borrows all. */
struct evidence_header {
    const struct instance *source; // an image of the study, whose patient it is
    const char *sop_class_uid;
    char sop_instance_uid[EVIDENCE_UID_SIZE];
    char series_uid[EVIDENCE_UID_SIZE];
    const char *modality;
    const char *series_description;
    int32_t series_number;
    uint64_t version;      // of the case's stream: the instance number
    int64_t at;            // microseconds since 1970
    bool has_content_time; // Content Date and Time are of its modules
};

/* The file, and the data set from Specific Character Set to Instance Number. `references` writes
 * what of group 0008 the kind of document has after Manufacturer's Model Name, or NULL. */
void evidence_header_write(struct dataset_writer *writer, const struct evidence_header *header,
                           void (*references)(struct dataset_writer *writer, const void *data),
                           const void *data);

/* A document by what `write` writes of it, in Latin letters if they do and in UTF-8 otherwise. The
 * bytes are the caller's; false when it cannot be written. */
bool evidence_write(void (*write)(struct dataset_writer *writer, const void *data),
                    const void *data, uint8_t **ret_bytes, size_t *ret_size);

/* Class and Instance UID (PS3.3 10.8), and the frame of a multi-frame image; 0 = none. */
void evidence_reference_write(struct dataset_writer *writer, const struct instance *instance,
                              uint32_t frame);
bool evidence_is_multi_frame(const struct instance *instance);

#endif
