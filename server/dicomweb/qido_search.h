/*
 * One search from its query to its answer: index, rows, a thread's work. On the loop's thread.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_SEARCH_H
#define CONSILIUM_DICOMWEB_QIDO_SEARCH_H

#include "server/dicomweb/qido_load.h"
#include "server/dicomweb/qido_query.h"

struct qido_search;

struct qido_wanted {
    struct uuid patient_case;
    enum dicomweb_level level;
    struct text study_uid, series_uid; /* of the path; empty = any */
    const char *base;                  /* of what RetrieveURL says */
    bool masked;
};

struct qido_found {
    enum imaging_read_result result;
    struct bytes json;  /* borrowed for the call */
    uint64_t count;     /* results in it */
    uint64_t remaining; /* that can be asked for */
    unsigned ignored;   /* parameters of the query */
};

/* The query (of malloc, finished) becomes the search's, also when false is returned: busy.
 * `ret_search` is set before `done` can be called, which may be at once; then it is over. */
bool qido_search_begin(struct imaging_service *service, struct qido_indexes *indexes,
                       const struct qido_wanted *wanted, struct qido_query *query,
                       void (*done)(void *data, const struct qido_found *found), void *data,
                       struct qido_search **ret_search);
/* Nobody waits any more. Not after `done`. */
void qido_search_cancel(struct qido_search *search);

#endif
