#include "server/gateway/routes_pictures.h"

#include "protocol/generated/policy.h"
#include "server/audit/access_log.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/frame_choice.h"
#include "server/gateway/routes_imaging_answers.h"

#include <stdlib.h>

enum ask_kind { ASK_PREVIEW, ASK_RENDERED, ASK_THUMBNAIL, ASK_SET_THUMBNAIL };

struct routes {
    struct imaging_service *service;
    struct access_log *access_log;
};

/* One exchange while we answer it; ends with it. */
struct ask {
    struct http_exchange *exchange; // NULL once it is over
    struct imaging_service *service;
    struct access_log *access_log;
    enum ask_kind kind;
    struct uuid patient_case;
    bool masked; // the sender is not told who the patient is
    bool logging;
    enum access_result result;
    /* What is under way, at most one of them. */
    struct imaging_preview *preview;
    struct imaging_render *render;
    struct imaging_thumbnail *thumbnail;
};

static void free_ask(struct ask *ask) {
    if (ask->logging) {
        ask->exchange = NULL; // on_logged frees it
        return;
    }
    if (ask->preview) {
        imaging_preview_cancel(ask->preview);
    }
    if (ask->render) {
        imaging_render_cancel(ask->render);
    }
    if (ask->thumbnail) {
        imaging_thumbnail_cancel(ask->thumbnail);
    }
    free(ask);
}

static void on_closed(struct http_exchange *exchange, void *data) {
    (void)exchange;
    free_ask(data);
}

/* Everything is said: the exchange goes on without us. */
static void end_ask(struct ask *ask) {
    http_on_closed(ask->exchange, NULL, NULL);
    free_ask(ask);
}

static void answer_result(struct ask *ask, enum imaging_read_result result) {
    if (result == IMAGING_READ_ABSENT && ask->kind == ASK_PREVIEW) {
        http_answer_error(ask->exchange, 404, "no_preview", "There is no preview of this yet.");
    } else if (result == IMAGING_READ_ABSENT) {
        http_answer_error(ask->exchange, 404, "no_picture",
                          "There is no picture of this: it is not there, not an image, or packed"
                          " in a way that is not decoded here.");
    } else {
        routes_imaging_answer_unread(ask->exchange, result);
    }
    end_ask(ask);
}

static void answer_bytes(struct ask *ask, enum imaging_read_result result, const char *media_type,
                         struct bytes bytes) {
    if (result != IMAGING_READ_OK) {
        answer_result(ask, result);
        return;
    }
    static const struct http_header_line headers[] = {{"cache-control", "no-store"}};
    http_answer_bytes(ask->exchange, 200, media_type, headers, 1, bytes);
    end_ask(ask);
}

static void on_preview(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct ask *ask = data;
    ask->preview = NULL;
    answer_bytes(ask, result, "application/octet-stream", bytes);
}

static void ask_preview(struct ask *ask) {
    struct text level = http_capture(ask->exchange, 2);
    bool good = level.length == 1 && level.bytes[0] >= '1' && level.bytes[0] <= '5';
    if (!good) {
        answer_result(ask, IMAGING_READ_ABSENT);
        return;
    }
    struct preview_wanted wanted = {.patient_case = ask->patient_case,
                                    .display_set = http_capture(ask->exchange, 1),
                                    .level = (unsigned)(level.bytes[0] - '0'),
                                    .masked = ask->masked};
    if (!imaging_preview_read(ask->service, &wanted, on_preview, ask, &ask->preview)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

/* Pictures. */

static void on_render(void *data, enum imaging_read_result result,
                      const struct rendered *rendered) {
    struct ask *ask = data;
    ask->render = NULL;
    ask->thumbnail = NULL;
    struct bytes none = {0, NULL};
    answer_bytes(ask, result, rendered ? rendered->media_type : NULL,
                 rendered ? rendered->bytes : none);
}

static void ask_rendered(struct ask *ask) {
    struct render_wanted wanted = {.patient_case = ask->patient_case,
                                   .sop_instance_uid = http_capture(ask->exchange, 1),
                                   .masked = ask->masked};
    if (!frame_number_read(http_capture(ask->exchange, 2), &wanted.frame)) {
        answer_result(ask, IMAGING_READ_ABSENT);
    } else if (!imaging_render(ask->service, &wanted, on_render, ask, &ask->render)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void ask_thumbnail(struct ask *ask) {
    struct thumbnail_wanted wanted = {.patient_case = ask->patient_case, .masked = ask->masked};
    if (ask->kind == ASK_THUMBNAIL) {
        wanted.sop_instance_uid = http_capture(ask->exchange, 1);
    } else {
        wanted.display_set = http_capture(ask->exchange, 1);
    }
    if (!imaging_thumbnail_read(ask->service, &wanted, on_render, ask, &ask->thumbnail)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void ask_service(struct ask *ask) {
    switch (ask->kind) {
    case ASK_PREVIEW:
        ask_preview(ask);
        break;
    case ASK_RENDERED:
        ask_rendered(ask);
        break;
    case ASK_THUMBNAIL:
    case ASK_SET_THUMBNAIL:
        ask_thumbnail(ask);
        break;
    }
}

/* Who may. */

static struct access access_of(const struct ask *ask, enum access_result result) {
    struct access access = exchange_access(ask->exchange, ACCESS_IMAGES, result);
    access.patient_case = ask->patient_case;
    access_set_object(&access, http_capture(ask->exchange, 1));
    return access;
}

static void ask_grant(struct ask *ask);

static void on_logged(void *data, bool written) {
    struct ask *ask = data;
    ask->logging = false;
    if (!ask->exchange) {
        free_ask(ask);
    } else if (written) {
        ask_grant(ask); // again: it may have ended meanwhile
    } else {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct ask *ask = data;
    (void)exchange;
    if ((allowed.audiences & AUDIENCE_CLINICAL) == 0) {
        struct access access = access_of(ask, ACCESS_REFUSED);
        access_log_write(ask->access_log, &access, NULL, NULL);
        routes_imaging_answer_unread(ask->exchange, IMAGING_READ_ABSENT);
        end_ask(ask);
        return;
    }
    ask->masked = (allowed.audiences & AUDIENCE_IDENTITY) == 0;
    ask->result = (allowed.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0 ? ACCESS_EMERGENCY
                                                                             : ACCESS_ALLOWED;
    struct access access = access_of(ask, ask->result);
    if (access_log_covers(ask->access_log, &access)) {
        ask_service(ask);
        return;
    }
    ask->logging = true;
    access_log_write(ask->access_log, &access, on_logged, ask);
}

static void ask_grant(struct ask *ask) {
    http_ask_case_grant(ask->exchange, ask->patient_case, on_grant, ask);
}

static void begin(struct http_exchange *exchange, const struct routes *given, enum ask_kind kind) {
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->exchange = exchange;
    ask->service = given->service;
    ask->access_log = given->access_log;
    ask->kind = kind;
    if (!http_capture_uuid(exchange, 0, &ask->patient_case)) {
        routes_imaging_answer_unread(exchange, IMAGING_READ_ABSENT);
        free(ask);
        return;
    }
    http_on_closed(exchange, on_closed, ask);
    ask_grant(ask);
}

static void handle_preview(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_PREVIEW);
}

static void handle_rendered(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_RENDERED);
}

static void handle_thumbnail(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_THUMBNAIL);
}

static void handle_set_thumbnail(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_SET_THUMBNAIL);
}

void routes_pictures_add(struct gateway *gateway, struct imaging_service *service,
                         struct access_log *access_log) {
    static struct routes given; // one gateway in a process
    given = (struct routes){service, access_log};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/display-sets/:set/preview/:level", 0, ROUTE_SIGNED_IN,
         handle_preview},
        {"GET", "/api/cases/:case/display-sets/:set/thumbnail", 0, ROUTE_SIGNED_IN,
         handle_set_thumbnail},
        {"GET", "/api/cases/:case/instances/:instance/rendered/:frame", 0, ROUTE_SIGNED_IN,
         handle_rendered},
        {"GET", "/api/cases/:case/instances/:instance/thumbnail", 0, ROUTE_SIGNED_IN,
         handle_thumbnail},
    };
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &given);
}
