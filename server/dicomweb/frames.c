/* Frames, alone or in parts (PS3.18 10.4.1.1.6). */
#include "server/dicomweb/media_type.h"
#include "server/dicomweb/wado_stream.h"

#include "server/imaging/transfer_syntax.h"

#include <stdlib.h>

enum { FRAMES_MAX = 2048 }; /* of one request that lists them */

struct frames_wanted {
    struct dicomweb_ask *ask;
    struct imaging_download *download; // of the first; owned
    struct download_facts facts;
    bool all;
    uint32_t count; // unless all
    uint32_t frames[FRAMES_MAX];
};

static void free_wanted(struct frames_wanted *wanted) {
    if (wanted->download) {
        imaging_download_close(wanted->download);
    }
    free(wanted);
}

static void let_go_of_wanted(void *operation) {
    free_wanted(operation);
}

/* NULL when one of them is absent, or without memory. */
static struct wado_part *make_parts(const struct frames_wanted *wanted, const char *media_type) {
    const struct transfer_syntax *syntax = transfer_syntax_find(wanted->facts.transfer_syntax);
    struct wado_part *parts = calloc(wanted->count, sizeof *parts);
    for (uint32_t i = 0; parts && i < wanted->count; i++) {
        struct text uid = wanted->ask->resource.instance;
        struct wado_part *part = &parts[i];
        memcpy(part->sop_instance_uid, uid.bytes, uid.length);
        part->frame = wanted->all ? i + 1 : wanted->frames[i];
        part->length = imaging_download_frame_size(wanted->download, part->frame);
        part->media_type = media_type;
        part->transfer_syntax = syntax ? syntax->uid : "";
        if (part->length == 0) {
            free(parts);
            return NULL;
        }
    }
    return parts;
}

static void answer(struct dicomweb_ask *ask) {
    struct frames_wanted *wanted = ask->operation;
    struct media_choice choice;
    if (!media_choose_frames(&ask->accept, wanted->facts.transfer_syntax, wanted->count, &choice)) {
        case_ask_error(&ask->about, 406, "not_acceptable",
                       "The frame is not stored in a transfer syntax that was asked for.");
        return;
    }
    struct wado_part *parts = make_parts(wanted, choice.media_type);
    if (!parts) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return;
    }
    struct imaging_download *download = wanted->download;
    struct download_facts facts = wanted->facts;
    uint32_t count = wanted->count;
    wanted->download = NULL;
    free_wanted(wanted);
    ask->operation = NULL;
    wado_stream_begin(ask, parts, count, !choice.multipart, facts.etag, download);
}

static bool is_of(const char *uid, struct text wanted) {
    return text_equal((struct text){(uint32_t)strlen(uid), uid}, wanted);
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct frames_wanted *wanted = data;
    struct dicomweb_ask *ask = wanted->ask;
    if (result == IMAGING_READ_OK && (!is_of(facts->series_uid, ask->resource.series) ||
                                      !is_of(facts->study_uid, ask->resource.study))) {
        result = IMAGING_READ_ABSENT; // it is, but not there
    }
    if (result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, result);
        return;
    }
    wanted->facts = *facts;
    wanted->count = wanted->all ? facts->frame_count : wanted->count;
    answer(ask);
}

static void on_cut(void *data) {
    struct frames_wanted *wanted = data;
    case_ask_abort(&wanted->ask->about);
}

static void begin(struct dicomweb_ask *ask, bool all) {
    struct frames_wanted *wanted = calloc(1, sizeof *wanted);
    if (!wanted) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    wanted->ask = ask;
    wanted->all = all;
    ask->operation = wanted;
    ask->let_go = let_go_of_wanted;
    if (!all) {
        wanted->count = resource_frames(ask->resource.tail, wanted->frames, FRAMES_MAX);
    }
    if (!all && wanted->count == 0) {
        case_ask_error(&ask->about, 400, "malformed",
                       "Frames are numbers from 1, parted by commas.");
        return;
    }
    struct download_wanted first = {.patient_case = ask->about.patient_case,
                                    .user = http_who(ask->about.exchange)->user,
                                    .sop_instance_uid = ask->resource.instance,
                                    .frame = all ? 1 : wanted->frames[0],
                                    .masked = ask->about.masked};
    if (!imaging_download_open(ask->desk->service, &first, on_opened, on_cut, wanted,
                               &wanted->download)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}

void ask_frames(struct dicomweb_ask *ask) {
    begin(ask, false);
}

void ask_all_frames(struct dicomweb_ask *ask) {
    begin(ask, true);
}
