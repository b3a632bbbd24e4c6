/*
 * Pictures (PS3.18 10.4.1.1.3 and 10.4.1.1.4): an instance or a frame rendered, all instances of a
 * series or a study in parts, and thumbnails of anything, as JPEG or
 * PNG.
 */
#include "server/dicomweb/wado_list.h"
#include "server/dicomweb/wado_stream.h"
#include "server/gateway/routes_imaging_answers.h"

#include <stdlib.h>

static const char *const media_types[] = {
    [PICTURE_FORM_JPEG] = "image/jpeg", [PICTURE_FORM_PNG] = "image/png"};

#define ENCAPSULATED_PDF "1.2.840.10008.5.1.4.1.1.104.1"

enum { PICTURES_MAX = 1000 }; /* of one answer */

static void let_go_of_list(void *operation) {
    wado_list_cancel(operation);
}

static void let_go_of_render(void *operation) {
    imaging_render_cancel(operation);
}

static void let_go_of_thumbnail(void *operation) {
    imaging_thumbnail_cancel(operation);
}

static void on_rendered(void *data, enum imaging_read_result result,
                        const struct rendered *rendered) {
    struct dicomweb_ask *ask = data;
    struct http_header_line headers[] = {{"cache-control", "no-store"}};
    ask->operation = NULL;
    if (result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, result);
        return;
    }
    routes_imaging_answer_read(ask->about.exchange, ask->desk->service, rendered->media_type,
                               headers, 1, rendered->bytes);
    case_ask_end(&ask->about);
}

/* Reports, presentation states, selections, segmentations, documents: nothing to look at. */
static bool is_picture(const struct wado_part *part) {
    static const char *const others[] = {"88.", "11.", "104.", "66.", "481.", "9."};
    static const char root[] = "1.2.840.10008.5.1.4.1.1.";
    size_t length = sizeof root - 1;
    if (strncmp(part->sop_class_uid, root, length) != 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(part->sop_class_uid + length, others[i], strlen(others[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* The middle one of what there is to look at; NULL when there is nothing. */
static const struct wado_part *representative(const struct wado_listed *listed) {
    uint32_t pictures = 0;
    for (uint32_t i = 0; i < listed->count; i++) {
        pictures += is_picture(&listed->parts[i]);
    }
    uint32_t wanted = pictures / 2;
    for (uint32_t i = 0; i < listed->count; i++) {
        if (is_picture(&listed->parts[i]) && wanted-- == 0) {
            return &listed->parts[i];
        }
    }
    return NULL;
}

static void keep_small(uint32_t *side) {
    if (*side == 0 || *side > THUMBNAIL_SIDE_MAX) {
        *side = THUMBNAIL_SIDE_MAX;
    }
}

static bool render(struct dicomweb_ask *ask, struct text uid) {
    struct render_wanted wanted = {.patient_case = ask->about.patient_case,
                                   .sop_instance_uid = uid,
                                   .frame = ask->render.frame,
                                   .masked = ask->about.masked};
    render_asked_apply(&ask->render, &wanted);
    if (ask->resource.view == VIEW_THUMBNAIL) {
        keep_small(&wanted.rows_max);
        keep_small(&wanted.columns_max);
    }
    ask->let_go = let_go_of_render;
    return imaging_render(ask->desk->service, &wanted, on_rendered, ask, &ask->picture);
}

static bool read_thumbnail(struct dicomweb_ask *ask, struct text uid) {
    struct thumbnail_wanted wanted = {.patient_case = ask->about.patient_case,
                                      .sop_instance_uid = uid,
                                      .masked = ask->about.masked};
    ask->let_go = let_go_of_thumbnail;
    return imaging_thumbnail_read(ask->desk->service, &wanted, on_rendered, ask, &ask->thumbnail);
}

/* Keeps of the list what there is to look at, each by its middle frame, as alone. */
static void give_all(struct dicomweb_ask *ask, struct wado_listed *listed) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < listed->count; i++) {
        if (is_picture(&listed->parts[i])) {
            struct wado_part *part = &listed->parts[count++];
            *part = listed->parts[i];
            part->origin = ORIGIN_PICTURE;
            part->lead = LEAD_NONE;
            part->frame = 0;
            part->media_type = media_types[ask->render.form];
            part->transfer_syntax = "";
        }
    }
    if (count > 0 && count <= PICTURES_MAX) {
        wado_stream_begin(ask, listed->parts, count, false, NULL, NULL);
        return;
    }
    free(listed->parts);
    if (count == 0) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
    } else {
        case_ask_error(&ask->about, 413, "too_large",
                       "More than 1000 images: ask for one series, or for instances one by one.");
    }
}

static bool is_of_many(const struct dicomweb_ask *ask) {
    enum resource_kind kind = ask->resource.kind;
    return ask->resource.view == VIEW_RENDERED &&
           (kind == RESOURCE_STUDY || kind == RESOURCE_SERIES);
}

/* Many come in parts and one comes alone; who takes anything takes either, as JPEG. */
static bool choose_form(const struct accept *accept, bool in_parts, enum picture_form *ret) {
    static const enum picture_form forms[] = {PICTURE_FORM_JPEG, PICTURE_FORM_PNG};
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        bool anything = range->media_type.length == 0 && !range->multipart;
        for (size_t j = 0; j < sizeof forms / sizeof forms[0]; j++) {
            if ((anything || range->multipart == in_parts) &&
                accept_covers(range, media_types[forms[j]])) {
                *ret = forms[j];
                return true;
            }
        }
    }
    return false;
}

/* An instance that encapsulates a document has it where others have a picture. */
static bool is_document(const struct dicomweb_ask *ask, const struct wado_listed *listed) {
    return ask->resource.view == VIEW_RENDERED && ask->resource.kind == RESOURCE_INSTANCE &&
           strcmp(listed->parts[0].sop_class_uid, ENCAPSULATED_PDF) == 0;
}

static bool takes_document(const struct accept *accept) {
    for (uint32_t i = 0; i < accept->count; i++) {
        if (!accept->ranges[i].multipart && accept_covers(&accept->ranges[i], "application/pdf")) {
            return true;
        }
    }
    return false;
}

static void refuse(struct dicomweb_ask *ask) {
    case_ask_error(&ask->about, 406, "not_acceptable",
                   is_of_many(ask) ? "Pictures are given as multipart/related of "
                                     "type=\"image/jpeg\" or type=\"image/png\"."
                                   : "A picture is given as image/jpeg or image/png, a document as "
                                     "application/pdf.");
}

static void give_document(struct dicomweb_ask *ask, struct wado_listed *listed) {
    free(listed->parts);
    if (takes_document(&ask->accept)) {
        ask_document(ask);
    } else {
        refuse(ask);
    }
}

static void on_listed(void *data, struct wado_listed *listed) {
    struct dicomweb_ask *ask = data;
    ask->operation = NULL;
    if (listed->result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, listed->result);
        return;
    }
    if (is_document(ask, listed)) {
        give_document(ask, listed);
        return;
    }
    if (!choose_form(&ask->accept, is_of_many(ask), &ask->render.form)) {
        free(listed->parts);
        refuse(ask);
        return;
    }
    if (is_of_many(ask)) {
        give_all(ask, listed);
        return;
    }
    const struct wado_part *part = representative(listed);
    char uid[65] = "";
    if (part) {
        memcpy(uid, part->sop_instance_uid, sizeof uid);
    }
    free(listed->parts);
    if (!part) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return;
    }
    // What is kept is of the middle frame and as large as a thumbnail may be.
    const struct render_asked *asked = &ask->render;
    bool kept = ask->resource.view == VIEW_THUMBNAIL && ask->resource.kind != RESOURCE_FRAMES &&
                asked->rows == 0 && asked->window_width == 0 && asked->quality == 0 &&
                asked->form == PICTURE_FORM_JPEG;
    struct text wanted = {(uint32_t)strlen(uid), uid};
    if (!(kept ? read_thumbnail(ask, wanted) : render(ask, wanted))) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}

void ask_rendered(struct dicomweb_ask *ask) {
    uint32_t frame = 0;
    if (ask->resource.kind == RESOURCE_FRAMES &&
        resource_frames(ask->resource.tail, &frame, 1) != 1) {
        case_ask_error(&ask->about, 400, "malformed", "One frame is rendered at a time.");
        return;
    }
    ask->render.frame = frame;
    ask->let_go = let_go_of_list;
    if (!wado_list_begin(ask, on_listed, ask, &ask->list)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
