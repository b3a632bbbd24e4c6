/* Whole files of a study, a series or an instance, as they were stored (PS3.18 10.4.1.1.1). */
#include "server/dicomweb/media_type.h"
#include "server/dicomweb/wado_list.h"

#include <stdlib.h>

#define MEDIA_TYPE "application/dicom"

static void let_go_of_list(void *operation) {
    wado_list_cancel(operation);
}

static bool all_are_of(const struct wado_listed *listed, const struct accept_range *range) {
    for (uint32_t i = 0; i < listed->count; i++) {
        if (!accept_takes_syntax(range, listed->parts[i].transfer_syntax)) {
            return false;
        }
    }
    return true;
}

/* As they are stored, or not at all. */
static bool choose(const struct dicomweb_ask *ask, const struct wado_listed *listed,
                   bool *ret_alone) {
    for (uint32_t i = 0; i < ask->accept.count; i++) {
        const struct accept_range *range = &ask->accept.ranges[i];
        bool anything = range->media_type.length == 0;
        *ret_alone = !range->multipart && !anything;
        if (*ret_alone && ask->resource.kind != RESOURCE_INSTANCE) {
            continue; // more than one may be there, now or later
        }
        if (accept_covers(range, MEDIA_TYPE) && all_are_of(listed, range)) {
            return true;
        }
    }
    return false;
}

static void on_listed(void *data, struct wado_listed *listed) {
    struct dicomweb_ask *ask = data;
    bool alone;
    ask->operation = NULL;
    if (listed->result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, listed->result);
        return;
    }
    if (!choose(ask, listed, &alone)) {
        free(listed->parts);
        case_ask_error(
            &ask->about, 406, "not_acceptable",
            "Files are given as application/dicom, in the transfer syntax they are stored in.");
        return;
    }
    for (uint32_t i = 0; i < listed->count; i++) {
        listed->parts[i].media_type = MEDIA_TYPE;
    }
    bool whole = listed->parts[0].lead == LEAD_NONE; // what was made anew has no range
    wado_stream_begin(ask, listed->parts, listed->count, alone, whole ? listed->etag : NULL, NULL);
}

void ask_files(struct dicomweb_ask *ask) {
    if (ask->about.masked) {
        case_ask_unread(&ask->about, IMAGING_READ_MASKED); // a file says who the patient is
        return;
    }
    ask->let_go = let_go_of_list;
    if (!wado_list_begin(ask, on_listed, ask, &ask->list)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
