#include "server/dicomweb/routes_dicomweb.h"

#include "protocol/generated/policy.h"
#include "server/dicomweb/wado_make.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

enum { FORM_MAX = 64 * 1024 };

#define STOW_SIZE_MAX ((uint64_t)16 << 30) // bytes of one request

/* Searches. */

static struct qido_query *new_query(struct dicomweb_ask *ask) {
    ask->query = malloc(sizeof *ask->query);
    if (ask->query == NULL) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return NULL;
    }
    qido_query_init(ask->query);
    return ask->query;
}

static void refuse_query(struct dicomweb_ask *ask) {
    case_ask_error(&ask->about, 400, "malformed", "The query is malformed or over a bound.");
}

static void begin_search(struct dicomweb_ask *ask) {
    struct qido_query *query = new_query(ask);
    if (query == NULL) {
        return;
    }
    for (unsigned n = 0;; n++) {
        struct text pair = http_query_at(ask->about.exchange, n);
        if (pair.length == 0) {
            break;
        }
        if (!qido_query_add(query, pair)) {
            refuse_query(ask);
            return;
        }
    }
    ask->run = ask_search;
    case_ask_grant(&ask->about);
}

static bool is_search(enum resource_kind kind) {
    return kind == RESOURCE_STUDIES || kind == RESOURCE_STUDY_SERIES ||
           kind == RESOURCE_STUDY_INSTANCES || kind == RESOURCE_SERIES_INSTANCES ||
           kind == RESOURCE_ALL_SERIES || kind == RESOURCE_ALL_INSTANCES;
}

static void begin_picture(struct dicomweb_ask *ask) {
    if (!render_take_viewport(&ask->render, http_query(ask->about.exchange, "viewport")) ||
        !render_take_window(&ask->render, http_query(ask->about.exchange, "window")) ||
        !render_take_quality(&ask->render, http_query(ask->about.exchange, "quality"))) {
        case_ask_error(&ask->about, 400, "malformed",
                       "viewport=WIDTH,HEIGHT, window=CENTER,WIDTH,linear and quality=1 to 100.");
        return;
    }
    ask->run = ask_rendered;
    case_ask_grant(&ask->about);
}

static void handle_get(struct http_exchange *exchange, void *data) {
    struct dicomweb_ask *ask = ask_begin(exchange, data);
    if (ask == NULL) {
        return;
    }
    enum resource_kind kind = ask->resource.kind;
    if (ask->resource.view == VIEW_METADATA) {
        ask->run = ask_metadata;
    } else if (ask->resource.view != VIEW_ITSELF) {
        begin_picture(ask);
        return;
    } else if (is_search(kind)) {
        begin_search(ask);
        return;
    } else if (kind == RESOURCE_FRAMES) {
        ask->run = ask_frames;
    } else if (kind == RESOURCE_PIXELS) {
        ask->run = ask_all_frames;
    } else if (kind == RESOURCE_BULK) {
        ask->run = ask_bulk;
    } else {
        ask->run = ask_files;
    }
    case_ask_grant(&ask->about);
}

/* A search as a form, so that what is looked for is in no address. */

struct form {
    struct dicomweb_ask *ask;
    uint32_t length;
    bool too_long;
    char bytes[FORM_MAX];
};

static void let_go_of_form(void *operation) {
    struct form *form = operation;
    OPENSSL_cleanse(form, sizeof *form);
    free(form);
}

static void on_form_bytes(struct http_exchange *exchange, struct bytes bytes, void *data) {
    struct form *form = data;
    (void)exchange;
    form->too_long |= bytes.length > sizeof form->bytes - form->length;
    if (!form->too_long) {
        memcpy(form->bytes + form->length, bytes.bytes, bytes.length);
        form->length += bytes.length;
    }
}

static void on_form_end(struct http_exchange *exchange, void *data) {
    struct form *form = data;
    struct dicomweb_ask *ask = form->ask;
    (void)exchange;
    bool taken = !form->too_long &&
                 qido_query_add_form(ask->query, (struct text){form->length, form->bytes});
    ask->operation = NULL;
    let_go_of_form(form);
    if (taken) {
        ask_search(ask);
    } else {
        refuse_query(ask);
    }
}

static void read_form(struct dicomweb_ask *ask) {
    static const struct http_body_sink sink = {on_form_bytes, on_form_end};
    struct form *form = calloc(1, sizeof *form);
    if (form == NULL) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    form->ask = ask;
    ask->operation = form;
    ask->let_go = let_go_of_form;
    http_read_stream(ask->about.exchange, &sink, form);
}

static bool is_type(struct text content_type, const char *wanted) {
    size_t length = strlen(wanted);
    return content_type.length >= length && strncasecmp(content_type.bytes, wanted, length) == 0 &&
           (content_type.length == length || strchr("; \t", content_type.bytes[length]) != NULL);
}

static void handle_post(struct http_exchange *exchange, void *data) {
    struct dicomweb_ask *ask = ask_begin(exchange, data);
    if (ask == NULL) {
        return;
    }
    if (is_search(ask->resource.kind) &&
        is_type(ask->content_type, "application/x-www-form-urlencoded")) {
        if (http_content_length(exchange) > FORM_MAX) {
            case_ask_error(&ask->about, 413, "too_large",
                           "The form is longer than a search may be.");
        } else if (new_query(ask) != NULL) {
            ask->run = read_form;
            case_ask_grant(&ask->about);
        }
        return;
    }
    if ((ask->resource.kind == RESOURCE_STUDIES || ask->resource.kind == RESOURCE_STUDY) &&
        ask->resource.view == VIEW_ITSELF) {
        ask->about.action = ACCESS_UPLOAD;
        ask->about.actions = PATIENT_CASE_MAY_IMAGES;
        ask->run = ask_stow;
        case_ask_grant(&ask->about);
        return;
    }
    case_ask_error(&ask->about, 415, "unsupported",
                   "A search is sent as application/x-www-form-urlencoded.");
}

void routes_dicomweb_add(struct gateway *gateway, struct imaging_service *service,
                         struct access_log *access_log) {
    static struct dicomweb_desk desk; // one gateway in a process
    static struct wado_made made;
    desk = (struct dicomweb_desk){service, access_log, qido_indexes_create(service), &made};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/dicom-web/*", 0, ROUTE_SIGNED_IN, handle_get},
        {"POST", "/api/cases/:case/dicom-web/*", STOW_SIZE_MAX, ROUTE_SIGNED_IN, handle_post},
    };
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &desk);
}
