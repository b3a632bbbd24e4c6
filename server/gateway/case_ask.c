#include "server/gateway/case_ask.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/routes_imaging_answers.h"

#include <stdlib.h>

static void drop(struct case_ask *ask) {
    ask->let_go(ask);
    if (ask->logging) {
        ask->exchange = NULL; // on_logged frees it
        return;
    }
    free(ask);
}

static void on_closed(struct http_exchange *exchange, void *data) {
    (void)exchange;
    drop(data);
}

void case_ask_end(struct case_ask *ask) {
    http_on_closed(ask->exchange, NULL, NULL);
    drop(ask);
}

void case_ask_error(struct case_ask *ask, int status, const char *word, const char *message) {
    http_answer_error(ask->exchange, status, word, message);
    case_ask_end(ask);
}

void case_ask_unread(struct case_ask *ask, enum imaging_read_result result) {
    routes_imaging_answer_unread(ask->exchange, result);
    case_ask_end(ask);
}

void case_ask_abort(struct case_ask *ask) {
    struct http_exchange *exchange = ask->exchange;
    case_ask_end(ask);
    http_abort(exchange);
}

static struct access access_of(const struct case_ask *ask, enum access_result result,
                               struct text uid) {
    struct access access = exchange_access(ask->exchange, ask->action, result);
    access.patient_case = ask->patient_case;
    if (ask->named) {
        access_name_object(&access, ask->object);
    } else {
        access_set_object(&access, uid);
    }
    return access;
}

static void on_logged(void *data, bool written) {
    struct case_ask *ask = data;
    ask->logging = false;
    if (!ask->exchange) {
        free(ask);
    } else if (written) {
        ask->logged(ask);
    } else {
        case_ask_unread(ask, IMAGING_READ_UNAVAILABLE);
    }
}

void case_ask_log(struct case_ask *ask, struct text uid, void (*covered)(struct case_ask *ask),
                  void (*logged)(struct case_ask *ask)) {
    struct access access = access_of(ask, ask->result, uid);
    if (access_log_covers(ask->access_log, &access)) {
        covered(ask);
        return;
    }
    ask->logging = true;
    ask->logged = logged;
    access_log_write(ask->access_log, &access, on_logged, ask);
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct case_ask *ask = data;
    (void)exchange;
    bool may = ask->actions != 0 ? (allowed.actions & ask->actions) != 0
                                 : (allowed.audiences & AUDIENCE_CLINICAL) != 0;
    if (!may) {
        struct access access = access_of(ask, ACCESS_REFUSED, ask->object);
        access_log_write(ask->access_log, &access, NULL, NULL);
        case_ask_unread(ask, IMAGING_READ_ABSENT);
        return;
    }
    ask->masked = (allowed.audiences & AUDIENCE_IDENTITY) == 0;
    ask->result = (allowed.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0 ? ACCESS_EMERGENCY
                                                                             : ACCESS_ALLOWED;
    ask->granted(ask);
}

void case_ask_grant(struct case_ask *ask) {
    http_ask_case_grant(ask->exchange, ask->patient_case, on_grant, ask);
}

bool case_ask_begin(struct case_ask *ask) {
    http_on_closed(ask->exchange, on_closed, ask);
    if (!http_capture_uuid(ask->exchange, 0, &ask->patient_case)) {
        case_ask_unread(ask, IMAGING_READ_ABSENT);
        return false;
    }
    return true;
}
