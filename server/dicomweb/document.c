/*
 * The document of an instance that encapsulates one, as what it is rendered to (PS3.18 8.7.4):
 * viewers ask for its `rendered` as they do for pictures.
 */
#include "server/dicomweb/wado_stream.h"

#include <stdlib.h>

#define MEDIA_TYPE "application/pdf"

static void let_go_of_download(void *operation) {
    imaging_download_close(operation);
}

static void on_cut(void *data) {
    struct dicomweb_ask *ask = data;
    case_ask_abort(&ask->about);
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct dicomweb_ask *ask = data;
    if (result == IMAGING_READ_OK && strcmp(facts->media_type, MEDIA_TYPE) != 0) {
        result = IMAGING_READ_ABSENT; // it is none that anybody looks at this way
    }
    struct wado_part *part = result == IMAGING_READ_OK ? calloc(1, sizeof *part) : NULL;
    if (!part) {
        case_ask_unread(&ask->about, result == IMAGING_READ_OK ? IMAGING_READ_UNAVAILABLE : result);
        return;
    }
    struct text uid = ask->resource.instance;
    memcpy(part->sop_instance_uid, uid.bytes, uid.length);
    part->length = facts->size;
    part->media_type = MEDIA_TYPE;
    part->transfer_syntax = "";
    struct imaging_download *download = ask->download;
    struct download_facts kept = *facts;
    ask->operation = NULL;
    wado_stream_begin(ask, part, 1, true, kept.etag, download);
}

void ask_document(struct dicomweb_ask *ask) {
    struct download_wanted wanted = {.patient_case = ask->about.patient_case,
                                     .user = http_who(ask->about.exchange)->user,
                                     .sop_instance_uid = ask->resource.instance,
                                     .frame = 0,
                                     .masked = ask->about.masked};
    ask->let_go = let_go_of_download;
    if (!imaging_download_open(ask->desk->service, &wanted, on_opened, on_cut, ask,
                               &ask->download)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
