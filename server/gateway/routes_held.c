/*
 * What images that are held say of their patient, who may well be somebody else: only to who
 * decides whose they are, and written down before.
 */
#include "server/gateway/routes_held.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/routes_imaging_answers.h"

#include <stdlib.h>

struct routes {
    struct imaging_service *service;
    struct access_log *access_log;
};

/* One exchange while we answer it. */
struct ask {
    struct http_exchange *exchange; /* NULL once it is over */
    const struct routes *given;
    struct uuid patient_case;
    bool logging; /* comes back */
    struct imaging_held_list *list;
};

static void free_ask(struct ask *ask) {
    if (ask->logging) {
        ask->exchange = NULL;
        return;
    }
    if (ask->list != NULL) {
        imaging_held_list_cancel(ask->list);
    }
    free(ask);
}

static void on_closed(struct http_exchange *exchange, void *data) {
    (void)exchange;
    free_ask(data);
}

static void end_ask(struct ask *ask) {
    http_on_closed(ask->exchange, NULL, NULL);
    free_ask(ask);
}

static void answer_unread(struct ask *ask, enum imaging_read_result result) {
    routes_imaging_answer_unread(ask->exchange, result);
    end_ask(ask);
}

static void on_listed(void *data, enum imaging_read_result result, struct bytes json) {
    struct ask *ask = data;
    static const struct http_header_line headers[] = {{"cache-control", "no-store"}};
    ask->list = NULL;
    if (result != IMAGING_READ_OK) {
        answer_unread(ask, result);
        return;
    }
    http_answer_bytes(ask->exchange, 200, "application/json; charset=utf-8", headers, 1, json);
    end_ask(ask);
}

static void list(struct ask *ask) {
    if (!imaging_held_list(ask->given->service, ask->patient_case, on_listed, ask, &ask->list)) {
        answer_unread(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_logged(void *data, bool written) {
    struct ask *ask = data;
    ask->logging = false;
    if (ask->exchange == NULL) {
        free_ask(ask);
    } else if (written) {
        list(ask);
    } else {
        answer_unread(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct ask *ask = data;
    bool may = (allowed.actions & PATIENT_CASE_MAY_IDENTIFY) != 0;
    struct access access =
        exchange_access(exchange, ACCESS_IMAGES, may ? ACCESS_ALLOWED : ACCESS_REFUSED);
    access.patient_case = ask->patient_case;
    access_name_object(&access, TEXT("held"));
    if (!may) {
        access_log_write(ask->given->access_log, &access, NULL, NULL);
        answer_unread(ask, IMAGING_READ_ABSENT);
    } else if (access_log_covers(ask->given->access_log, &access)) {
        list(ask);
    } else {
        ask->logging = true;
        access_log_write(ask->given->access_log, &access, on_logged, ask);
    }
}

static void handle(struct http_exchange *exchange, void *data) {
    struct ask *ask = calloc(1, sizeof(*ask));
    if (ask == NULL) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->exchange = exchange;
    ask->given = data;
    http_on_closed(exchange, on_closed, ask);
    if (!http_capture_uuid(exchange, 0, &ask->patient_case)) {
        answer_unread(ask, IMAGING_READ_ABSENT);
        return;
    }
    http_ask_case_grant(exchange, ask->patient_case, on_grant, ask);
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
