/*
 * One request of DICOMweb while we answer it: what is asked for and how the answer is wanted,
 * beside what gateway/case_ask has of each. Shared by the files of this folder that answer.
 */
#ifndef CONSILIUM_DICOMWEB_ASK_H
#define CONSILIUM_DICOMWEB_ASK_H

#include "server/dicomweb/accept.h"
#include "server/dicomweb/qido_search.h"
#include "server/dicomweb/render_asked.h"
#include "server/dicomweb/resource.h"
#include "server/gateway/case_ask.h"

struct dicomweb_desk { /* what the routes are given */
    struct imaging_service *service;
    struct access_log *access_log;
    struct qido_indexes *indexes;
    struct wado_made *made; /* what is being made for answers */
};

struct dicomweb_ask {
    struct case_ask about; /* first, so that one is the other */
    /* Given. */
    const struct dicomweb_desk *desk;
    struct dicomweb_resource resource;
    void (*run)(struct dicomweb_ask *ask); /* granted and written down */
    char base[QIDO_BASE_MAX];              /* of the case, absolute */
    struct accept accept;
    bool gzip;
    struct text if_none_match, if_range, range, content_type;
    struct qido_query *query;   /* of a search; owned */
    struct render_asked render; /* of a picture */
    /* Owned. */
    union { /* what is under way, NULL = nothing */
        void *operation;
        struct qido_search *search;
        struct imaging_request *request;
        struct imaging_download *download;
        struct wado_stream *stream;
        struct wado_list *list;
        struct imaging_render *picture;
        struct imaging_thumbnail *thumbnail;
    };
    void (*let_go)(void *operation);
};

/* NULL when it was answered: the path names nothing, or there is no memory. Set `run`, then
 * case_ask_grant: the access is to the narrowest UID of the path. */
struct dicomweb_ask *ask_begin(struct http_exchange *exchange, const struct dicomweb_desk *desk);
/* search.c, metadata.c, frames.c, files.c, bulk.c, rendered.c: what `run` may be. */
void ask_search(struct dicomweb_ask *ask);
void ask_metadata(struct dicomweb_ask *ask);
void ask_frames(struct dicomweb_ask *ask);
void ask_all_frames(struct dicomweb_ask *ask); /* of the instance, whatever the path says */
void ask_files(struct dicomweb_ask *ask);
void ask_bulk(struct dicomweb_ask *ask);
void ask_rendered(struct dicomweb_ask *ask);
void ask_document(struct dicomweb_ask *ask); /* of the instance, granted and found: document.c */
void ask_stow(struct dicomweb_ask *ask);     /* stow.c */

#endif
