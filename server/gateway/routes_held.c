/*
 * What images that are held say of their patient, who may well be somebody else: only to who
 * decides whose they are, and written down before.
 */
#include "server/gateway/routes_held.h"

#include "protocol/generated/policy.h"
#include "server/gateway/case_ask.h"

#include <stdlib.h>

struct routes {
    struct imaging_service *service;
    struct access_log *access_log;
};

/* One exchange while we answer it. */
struct ask {
    struct case_ask about; /* first, so that one is the other */
    struct imaging_service *service;
    struct imaging_held_list *list; /* under way */
};

static void let_go(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    if (ask->list != NULL) {
        imaging_held_list_cancel(ask->list);
        ask->list = NULL;
    }
}

static void on_listed(void *data, enum imaging_read_result result, struct bytes json) {
    struct ask *ask = data;
    static const struct http_header_line headers[] = {{"cache-control", "no-store"}};
    ask->list = NULL;
    if (result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, result);
        return;
    }
    http_answer_bytes(ask->about.exchange, 200, "application/json; charset=utf-8", headers, 1,
                      json);
    case_ask_end(&ask->about);
}

static void list(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    if (!imaging_held_list(ask->service, about->patient_case, on_listed, ask, &ask->list)) {
        case_ask_unread(about, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_granted(struct case_ask *about) {
    case_ask_log(about, about->object, list, case_ask_grant);
}

static void handle(struct http_exchange *exchange, void *data) {
    const struct routes *given = data;
    struct ask *ask = calloc(1, sizeof(*ask));
    if (ask == NULL) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->about = (struct case_ask){.exchange = exchange,
                                   .access_log = given->access_log,
                                   .action = ACCESS_IMAGES,
                                   .actions = PATIENT_CASE_MAY_IDENTIFY,
                                   .object = TEXT("held"),
                                   .named = true,
                                   .let_go = let_go,
                                   .granted = on_granted};
    ask->service = given->service;
    if (case_ask_begin(&ask->about)) {
        case_ask_grant(&ask->about);
    }
}

void routes_held_add(struct gateway *gateway, struct imaging_service *service,
                     struct access_log *access_log) {
    static struct routes given; /* one gateway in a process */
    given = (struct routes){service, access_log};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/held", 0, ROUTE_SIGNED_IN, handle},
    };
    http_add_routes(gateway, routes, sizeof(routes) / sizeof(routes[0]), &given);
}
