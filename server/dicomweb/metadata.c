/* Metadata of a study, a series or an instance (PS3.18 10.4.1.1.2). */
#include "server/dicomweb/ask.h"
#include "server/gateway/routes_imaging_answers.h"

static void let_go_of_request(void *operation) {
    imaging_request_cancel(operation);
}

static void on_text(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct dicomweb_ask *ask = data;
    ask->operation = NULL;
    if (result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, result);
        return;
    }
    struct http_header_line headers[] = {
        {"cache-control", "no-store"}, {"vary", "accept-encoding"}, {"content-encoding", "gzip"}};
    routes_imaging_answer_read(ask->about.exchange, ask->desk->service, "application/dicom+json",
                               headers, ask->gzip ? 3 : 2, bytes);
    case_ask_end(&ask->about);
}

void ask_metadata(struct dicomweb_ask *ask) {
    struct text_wanted wanted = {.patient_case = ask->about.patient_case,
                                 .masked = ask->about.masked};
    struct metadata_scope scope = {
        .study_uid = ask->resource.study,
        .series_uid = ask->resource.series,
        .sop_instance_uid = ask->resource.instance,
        .bulk_root = {(uint32_t)strlen(ask->base), ask->base},
    };
    if (!accept_takes_json(&ask->accept)) {
        case_ask_error(&ask->about, 406, "not_acceptable",
                       "Metadata is given in application/dicom+json.");
        return;
    }
    ask->let_go = let_go_of_request;
    if (!imaging_metadata(ask->desk->service, &wanted, &scope, ask->gzip, on_text, ask,
                          &ask->request)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
