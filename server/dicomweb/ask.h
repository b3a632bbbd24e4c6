/*
 * One request of DICOMweb while we answer it: who asks for what, whether they may, and that it is
 * written down before the first byte leaves. Shared by the files of this folder that answer.
 *
 * begun -> granted -> (logged -> granted again) -> answering -> ended. A client that goes away ends
 * it anywhere: what is under way is let go of, and the exchange is not touched any more.
 */
#ifndef CONSILIUM_DICOMWEB_ASK_H
#define CONSILIUM_DICOMWEB_ASK_H

#include "server/audit/access_log.h"
#include "server/dicomweb/accept.h"
#include "server/dicomweb/qido_search.h"
#include "server/dicomweb/render_asked.h"
#include "server/dicomweb/resource.h"
#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

struct dicomweb_desk { /* what the routes are given */
    struct imaging_service *service;
    struct access_log *access_log;
    struct qido_indexes *indexes;
};

struct dicomweb_ask {
    /* Given. */
    struct http_exchange *exchange; /* NULL once it is over */
    const struct dicomweb_desk *desk;
    struct dicomweb_resource resource;
    struct uuid patient_case;
    enum access_action action;
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
    /* Derived. */
    bool masked; /* the asker is not told who the patient is */
    enum access_result result;
    bool logging;
    void (*logged)(struct dicomweb_ask *ask);
};

/* NULL when it was answered: the path names nothing, or there is no memory. */
struct dicomweb_ask *ask_begin(struct http_exchange *exchange, const struct dicomweb_desk *desk);
/* Asks whether the asker may; then writes down the access to the narrowest UID of the path, when it
 * does not stand there; then calls `run`. */
void ask_grant(struct dicomweb_ask *ask);
/* `done` once the access to this UID stands written; for who learns late what it is. */
void ask_log(struct dicomweb_ask *ask, struct text uid, void (*done)(struct dicomweb_ask *ask));

/* Everything is said: the exchange goes on without us. Each of these frees the ask. */
void ask_end(struct dicomweb_ask *ask);
void ask_error(struct dicomweb_ask *ask, int status, const char *word, const char *message);
void ask_unread(struct dicomweb_ask *ask, enum imaging_read_result result);
void ask_abort(struct dicomweb_ask *ask);

/* search.c, metadata.c, frames.c, files.c, bulk.c, rendered.c: what `run` may be. */
void ask_search(struct dicomweb_ask *ask);
void ask_metadata(struct dicomweb_ask *ask);
void ask_frames(struct dicomweb_ask *ask);
void ask_all_frames(struct dicomweb_ask *ask); /* of the instance, whatever the path says */
void ask_files(struct dicomweb_ask *ask);
void ask_bulk(struct dicomweb_ask *ask);
void ask_rendered(struct dicomweb_ask *ask);
void ask_stow(struct dicomweb_ask *ask); /* stow.c */

#endif
