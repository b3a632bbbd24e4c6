/* Frames, alone or in parts (PS3.18 10.4.1.1.6): as they are stored, of the lossless copy, or
 * decoded. */
#include "server/dicomweb/media_type.h"
#include "server/dicomweb/wado_make.h"
#include "server/dicomweb/wado_stream.h"

#include "server/imaging/transfer_syntax.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAMES_MAX = 2048 }; /* of one request that lists them */

struct frames_wanted {
    struct dicomweb_ask *ask;
    struct imaging_download *download; // of the first; owned
    struct download_facts facts;
    struct media_choice choice;
    bool chosen; // it is the copy that is opened, or its answer that is made
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

static const enum wado_origin origins[] = {
    [MEDIA_STORED] = ORIGIN_STORED, [MEDIA_COPY] = ORIGIN_COPY, [MEDIA_DECODED] = ORIGIN_SAMPLES};

/* NULL when one of them is absent, or without memory. */
static struct wado_part *make_parts(const struct frames_wanted *wanted) {
    const struct media_choice *choice = &wanted->choice;
    struct wado_part *parts = calloc(wanted->count, sizeof *parts);
    for (uint32_t i = 0; parts && i < wanted->count; i++) {
        struct text uid = wanted->ask->resource.instance;
        struct wado_part *part = &parts[i];
        memcpy(part->sop_instance_uid, uid.bytes, uid.length);
        part->frame = wanted->all ? i + 1 : wanted->frames[i];
        part->length = imaging_download_frame_size(wanted->download, part->frame);
        part->media_type = choice->media_type;
        part->transfer_syntax = choice->transfer_syntax;
        part->origin = (uint8_t)origins[choice->form];
        if (part->length == 0) {
            free(parts);
            return NULL;
        }
        if (choice->form == MEDIA_DECODED) {
            part->length = wanted->facts.decoded_size;
        }
    }
    return parts;
}

static void give(struct dicomweb_ask *ask) {
    struct frames_wanted *wanted = ask->operation;
    struct wado_part *parts = make_parts(wanted);
    if (!parts) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return;
    }
    struct imaging_download *download = wanted->download;
    struct download_facts facts = wanted->facts;
    struct media_choice choice = wanted->choice;
    uint32_t count = wanted->count;
    wanted->download = NULL;
    free_wanted(wanted);
    ask->operation = NULL;
    const char *etag = choice.form == MEDIA_DECODED ? NULL : facts.etag;
    wado_stream_begin(ask, parts, count, !choice.multipart, etag, download);
}

/* Says what there is instead. */
static void refuse(struct dicomweb_ask *ask, const struct media_offer *offer) {
    char message[400];
    bool plain = strcmp(offer->stored, TRANSFER_SYNTAX_EXPLICIT_LE) == 0;
    snprintf(
        message, sizeof message,
        "The frames are not to be had so. There is transfer-syntax %s, as they are stored%s%s.",
        offer->stored, offer->decodes && !plain ? "; " TRANSFER_SYNTAX_EXPLICIT_LE ", decoded" : "",
        offer->copy ? "; " COPY_TRANSFER_SYNTAX ", their lossless copy" : "");
    case_ask_error(&ask->about, 406, "not_acceptable", message);
}

static void open_first(struct frames_wanted *wanted);

static void answer(struct dicomweb_ask *ask) {
    struct frames_wanted *wanted = ask->operation;
    const struct download_facts *facts = &wanted->facts;
    const struct transfer_syntax *syntax = transfer_syntax_find(facts->transfer_syntax);
    bool decodes = syntax && strcmp(syntax->uid, TRANSFER_SYNTAX_EXPLICIT_LE) != 0 &&
                   facts->decoded_size > 0 && facts->decoded_size <= WADO_DECODED_MAX;
    struct media_offer offer = {.stored = syntax ? syntax->uid : "",
                                .copy = facts->has_copy,
                                .decodes = decodes,
                                .parts = wanted->count};
    if (!media_choose_frames(&ask->accept, &offer, &wanted->choice)) {
        refuse(ask, &offer);
        return;
    }
    wanted->chosen = true;
    if (wanted->choice.form == MEDIA_DECODED && wanted->count > FRAMES_MAX) {
        case_ask_error(&ask->about, 413, "too_large", "Ask for fewer decoded frames at once.");
    } else if (wanted->choice.form == MEDIA_COPY) {
        imaging_download_close(wanted->download);
        wanted->download = NULL;
        open_first(wanted);
    } else {
        give(ask);
    }
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
    bool copied = strcmp(facts->transfer_syntax, COPY_TRANSFER_SYNTAX) == 0 && facts->prefixes;
    wanted->facts = *facts;
    wanted->count = wanted->all ? facts->frame_count : wanted->count;
    if (!wanted->chosen) {
        answer(ask);
    } else if (copied) {
        give(ask);
    } else {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE); // it went meanwhile
    }
}

static void on_cut(void *data) {
    struct frames_wanted *wanted = data;
    case_ask_abort(&wanted->ask->about);
}

static void open_first(struct frames_wanted *wanted) {
    struct dicomweb_ask *ask = wanted->ask;
    struct download_wanted first = {.patient_case = ask->about.patient_case,
                                    .user = http_who(ask->about.exchange)->user,
                                    .sop_instance_uid = ask->resource.instance,
                                    .frame = wanted->all ? 1 : wanted->frames[0],
                                    .masked = ask->about.masked,
                                    .copy = wanted->chosen};
    if (!imaging_download_open(ask->desk->service, &first, on_opened, on_cut, wanted,
                               &wanted->download)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
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
    open_first(wanted);
}

void ask_frames(struct dicomweb_ask *ask) {
    begin(ask, false);
}

void ask_all_frames(struct dicomweb_ask *ask) {
    begin(ask, true);
}
