/*
 * What searches need of the studies and series of one case, in memory: for each its UID, its counts
 * and its attributes as DICOM JSON, cut out of the metadata of one instance of each series. Made
 * once, then read by any number of threads; counted references, given back on the loop.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_INDEX_H
#define CONSILIUM_DICOMWEB_QIDO_INDEX_H

#include "server/dicomweb/attributes.h"
#include "server/imaging/bounded_output.h"

enum {
    QIDO_UID_MAX = 64,
    QIDO_SERIES_MAX = 100000,         /* of one case */
    QIDO_ATTRIBUTE_MAX = 4096,        /* bytes of one attribute; a longer one is left out */
    QIDO_INDEX_BYTES_MAX = 128 << 20, /* of one case */
};

struct qido_field {
    uint32_t tag;
    uint32_t offset, length; /* of `{"vr":...}` in the text */
};

struct qido_series {
    char uid[QIDO_UID_MAX + 1];
    uint32_t study;
    uint32_t first_field, field_count;
    uint32_t instances;
};

struct qido_study {
    char uid[QIDO_UID_MAX + 1];
    uint32_t first_series, series_count;
    uint32_t first_field, field_count;
    uint32_t instances;
};

struct qido_index {
    unsigned references;
    bool failed; /* no memory, or over a bound */
    struct bounded_output text;
    struct qido_study *studies; /* in ascending order of UIDs, as the series of each are */
    struct qido_series *series;
    struct qido_field *fields;
    uint32_t study_count, study_capacity;
    uint32_t series_count, series_capacity;
    uint32_t field_count, field_capacity;
};

struct qido_index *qido_index_create(void); /* holds one reference; NULL without memory */
struct qido_index *qido_index_ref(struct qido_index *index);
void qido_index_unref(struct qido_index *index); /* NULL is fine; wipes what it frees */

/* Adds a series: in ascending order of study, then series UIDs. `metadata` is an instance's DICOM
 * JSON object. */
void qido_index_add(struct qido_index *index, struct text study_uid, struct text series_uid,
                    uint32_t instances, struct text metadata);
size_t qido_index_bytes(const struct qido_index *index);

/* NULL when there is none. */
const struct qido_study *qido_index_study(const struct qido_index *index, struct text uid);
/* `{"vr":...}`; length 0 when there is none. */
struct text qido_index_field(const struct qido_index *index, uint32_t first, uint32_t count,
                             uint32_t tag);

#endif
