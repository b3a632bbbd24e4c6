/*
 * Searches for instances: walks rows of the database, of one series, one study or the whole case.
 * What the rows have in clear is enough for most; the sealed metadata is read when more is asked
 * for. On any thread.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_INSTANCES_H
#define CONSILIUM_DICOMWEB_QIDO_INSTANCES_H

#include "server/dicomweb/qido_answer.h"

/* A row, decoded by who has the keys. */
struct qido_row {
    struct text study_uid, series_uid, sop_instance_uid;
    struct bytes outline; /* instance_encode's */
    struct text metadata; /* DICOM JSON; length 0 = was not asked for */
};

/* Whether the query asks for what only the metadata has. */
bool qido_instances_need_metadata(const struct qido_query *query);
/* Whether it looks for it, so that each row is opened; otherwise those alone that are told of. */
bool qido_instances_match_metadata(const struct qido_query *query);
/* Whether it asks for what only the index has. `in_study`, `in_series`: what the path names. */
bool qido_instances_need_index(const struct qido_query *query, bool in_series);

struct qido_instances {
    const struct qido_index *index; /* NULL = is not needed */
    struct qido_results *results;
    bool in_study, in_series;
    /* Of the last row. */
    const struct qido_study *study;
    const struct qido_series *series;
    bool above_matches;
};
/* Begin and end are those of the results. Rows come study by study, series by series. False when
 * the row is damaged. */
bool qido_instances_row(struct qido_instances *instances, const struct qido_row *row);

#endif
