#include "server/gateway/routes_pictures.h"

#include "server/gateway/case_ask.h"
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
    struct case_ask about; // first, so that one is the other
    struct imaging_service *service;
    enum ask_kind kind;
    /* What is under way, at most one of them. */
    struct imaging_preview *preview;
    struct imaging_render *render;
    struct imaging_thumbnail *thumbnail;
};

static void let_go(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    if (ask->preview) {
        imaging_preview_cancel(ask->preview);
    }
    if (ask->render) {
        imaging_render_cancel(ask->render);
    }
    if (ask->thumbnail) {
        imaging_thumbnail_cancel(ask->thumbnail);
    }
}

static void end_ask(struct ask *ask) {
    case_ask_end(&ask->about);
}

static void answer_result(struct ask *ask, enum imaging_read_result result) {
    if (result == IMAGING_READ_ABSENT && ask->kind == ASK_PREVIEW) {
        http_answer_error(ask->about.exchange, 404, "no_preview",
                          "There is no preview of this yet.");
    } else if (result == IMAGING_READ_ABSENT) {
        http_answer_error(ask->about.exchange, 404, "no_picture",
                          "There is no picture of this: it is not there, not an image, or packed"
                          " in a way that is not decoded here.");
    } else {
        routes_imaging_answer_unread(ask->about.exchange, result);
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
    routes_imaging_answer_read(ask->about.exchange, ask->service, media_type, headers, 1, bytes);
    end_ask(ask);
}

static void on_preview(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct ask *ask = data;
    ask->preview = NULL;
    answer_bytes(ask, result, "application/octet-stream", bytes);
}

static void ask_preview(struct ask *ask) {
    struct text level = http_capture(ask->about.exchange, 2);
    bool good = level.length == 1 && level.bytes[0] >= '1' && level.bytes[0] <= '5';
    if (!good) {
        answer_result(ask, IMAGING_READ_ABSENT);
        return;
    }
    struct preview_wanted wanted = {.patient_case = ask->about.patient_case,
                                    .display_set = http_capture(ask->about.exchange, 1),
                                    .level = (unsigned)(level.bytes[0] - '0'),
                                    .masked = ask->about.masked};
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
    struct render_wanted wanted = {.patient_case = ask->about.patient_case,
                                   .sop_instance_uid = http_capture(ask->about.exchange, 1),
                                   .masked = ask->about.masked};
    if (!frame_number_read(http_capture(ask->about.exchange, 2), &wanted.frame)) {
        answer_result(ask, IMAGING_READ_ABSENT);
    } else if (!imaging_render(ask->service, &wanted, on_render, ask, &ask->render)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void ask_thumbnail(struct ask *ask) {
    struct thumbnail_wanted wanted = {.patient_case = ask->about.patient_case,
                                      .masked = ask->about.masked};
    if (ask->kind == ASK_THUMBNAIL) {
        wanted.sop_instance_uid = http_capture(ask->about.exchange, 1);
    } else {
        wanted.display_set = http_capture(ask->about.exchange, 1);
    }
    if (!imaging_thumbnail_read(ask->service, &wanted, on_render, ask, &ask->thumbnail)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void ask_service(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
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

static void on_granted(struct case_ask *about) {
    // Asked again when it had to be written down: the right may have ended meanwhile.
    case_ask_log(about, http_capture(about->exchange, 1), ask_service, case_ask_grant);
}

static void begin(struct http_exchange *exchange, const struct routes *given, enum ask_kind kind) {
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->about = (struct case_ask){.exchange = exchange,
                                   .access_log = given->access_log,
                                   .action = ACCESS_IMAGES,
                                   .let_go = let_go,
                                   .granted = on_granted};
    ask->service = given->service;
    ask->kind = kind;
    if (case_ask_begin(&ask->about)) {
        case_ask_grant(&ask->about);
    }
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
