/*
 * Searches for studies and series: walks the index of a case. On any thread.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_ANSWER_H
#define CONSILIUM_DICOMWEB_QIDO_ANSWER_H

#include "server/dicomweb/qido_index.h"
#include "server/dicomweb/qido_result.h"

/* Whether the study, or the series, has what the query wants of its level. */
bool qido_study_matches(const struct qido_index *index, const struct qido_study *study,
                        const struct qido_query *query);
bool qido_series_matches(const struct qido_index *index, const struct qido_series *series,
                         const struct qido_query *query);

/* Attributes of a study, or series, for the result at hand; `given`: those that are told always,
 * too, beside what was asked for. */
void qido_tell_study(const struct qido_index *index, const struct qido_study *study, bool given,
                     struct qido_results *results);
void qido_tell_series(const struct qido_index *index, const struct qido_series *series, bool given,
                      struct qido_results *results);

/* All studies; or all series, of one study when `study_uid` is not empty. */
void qido_answer_studies(const struct qido_index *index, struct qido_results *results);
void qido_answer_series(const struct qido_index *index, struct text study_uid,
                        struct qido_results *results);

#endif
