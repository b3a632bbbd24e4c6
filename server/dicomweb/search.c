/* Searches (QIDO-RS, PS3.18 10.6): the answer to a query of any level. */
#include "server/dicomweb/ask.h"

#include "server/gateway/routes_imaging_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void let_go_of_search(void *operation) {
    qido_search_cancel(operation);
}

static enum dicomweb_level level_of(enum resource_kind kind) {
    switch (kind) {
    case RESOURCE_STUDIES:
        return LEVEL_STUDY;
    case RESOURCE_STUDY_SERIES:
    case RESOURCE_ALL_SERIES:
        return LEVEL_SERIES;
    default:
        return LEVEL_INSTANCE;
    }
}

/* What the client should know beside the results (PS3.18 8.3.4.4). Names no parameter: what was
 * asked for may be a person's name. */
static void write_warning(char *text, size_t space, uint64_t remaining, unsigned ignored) {
    size_t length = 0;
    text[0] = 0;
    if (remaining > 0) {
        length = (size_t)snprintf(text, space,
                                  "299 consilium \"There are %" PRIu64
                                  " additional results that can be requested\"",
                                  remaining);
    }
    if (ignored > 0) {
        snprintf(text + length, space - length,
                 "%s299 consilium \"%u parameters of the query are not supported here and were "
                 "ignored\"",
                 length > 0 ? ", " : "", ignored);
    }
}

static void on_found(void *data, const struct qido_found *found) {
    struct dicomweb_ask *ask = data;
    ask->operation = NULL;
    if (found->result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, found->result);
        return;
    }
    char warning[256];
    struct http_header_line headers[] = {{"cache-control", "no-store"}, {"warning", warning}};
    write_warning(warning, sizeof warning, found->remaining, found->ignored);
    if (found->count == 0) {
        http_answer_bytes(ask->about.exchange, 204, NULL, headers, warning[0] ? 2 : 1,
                          (struct bytes){0, NULL});
    } else {
        http_answer_bytes(ask->about.exchange, 200, "application/dicom+json", headers,
                          warning[0] ? 2 : 1, found->json);
    }
    case_ask_end(&ask->about);
}

void ask_search(struct dicomweb_ask *ask) {
    if (!accept_takes_json(&ask->accept)) {
        case_ask_error(&ask->about, 406, "not_acceptable",
                       "Searches are answered in application/dicom+json.");
        return;
    }
    struct qido_query *query = ask->query;
    struct qido_wanted wanted = {.patient_case = ask->about.patient_case,
                                 .level = level_of(ask->resource.kind),
                                 .study_uid = ask->resource.study,
                                 .series_uid = ask->resource.series,
                                 .base = ask->base,
                                 .masked = ask->about.masked};
    if (ask->desk->indexes == NULL) { // there was no memory for them at the start
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    ask->query = NULL;
    ask->let_go = let_go_of_search;
    qido_query_finish(query, wanted.level, ask->about.masked);
    if (!qido_search_begin(ask->desk->service, ask->desk->indexes, &wanted, query, on_found, ask,
                           &ask->search)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
