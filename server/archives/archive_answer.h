/*
 * What another archive answers to a search (QIDO-RS, PS3.18 10.6.3, DICOM JSON of annex F). Nothing
 * of it is believed: it is bounded, values are bounded texts of UTF-8, UIDs are UIDs, and what is
 * neither is left out. Pure.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_ANSWER_H
#define CONSILIUM_ARCHIVES_ARCHIVE_ANSWER_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ARCHIVE_UID_MAX = 64,
    ARCHIVE_VALUE_MAX = 192, /* bytes; longer values are cut at a character */
    ARCHIVE_MODALITIES_MAX = 8,
};

struct archive_study {
    char study_uid[ARCHIVE_UID_MAX + 1];
    char patient_name[ARCHIVE_VALUE_MAX + 1]; /* its first group, as PS3.5 6.2.1 writes it */
    char patient_id[ARCHIVE_VALUE_MAX + 1];
    char birth_date[9], study_date[9]; /* YYYYMMDD, or empty */
    char accession_number[ARCHIVE_VALUE_MAX + 1];
    char description[ARCHIVE_VALUE_MAX + 1];
    char modalities[ARCHIVE_MODALITIES_MAX][17];
    uint32_t modality_count;
    uint32_t series, instances; /* 0 = it does not say */
};

struct archive_instance {
    char sop_instance_uid[ARCHIVE_UID_MAX + 1];
    char series_uid[ARCHIVE_UID_MAX + 1];
};

/* The results of an answer one after the other. */
struct archive_results {
    const char *at, *end;
    bool malformed; /* known for sure at the end */
};
/* Changes `bytes`, and borrows from them. */
struct archive_results archive_results_of(char *bytes, size_t length);
/* False at the end. Results without a UID are passed over. */
bool archive_results_study(struct archive_results *results, struct archive_study *ret);
bool archive_results_instance(struct archive_results *results, struct archive_instance *ret);

#endif
