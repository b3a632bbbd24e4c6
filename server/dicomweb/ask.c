#include "server/dicomweb/ask.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/exchange_peer.h"
#include "server/gateway/http_conditions.h"
#include "server/gateway/routes_imaging_answers.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

static void free_ask(struct dicomweb_ask *ask) {
    if (ask->operation) {
        ask->let_go(ask->operation);
        ask->operation = NULL;
    }
    if (ask->logging) {
        ask->exchange = NULL; // on_logged frees it
        return;
    }
    if (ask->query) {
        OPENSSL_cleanse(ask->query, sizeof *ask->query);
    }
    free(ask->query);
    free(ask);
}

static void on_closed(struct http_exchange *exchange, void *data) {
    (void)exchange;
    free_ask(data);
}

void ask_end(struct dicomweb_ask *ask) {
    http_on_closed(ask->exchange, NULL, NULL);
    free_ask(ask);
}

void ask_error(struct dicomweb_ask *ask, int status, const char *word, const char *message) {
    http_answer_error(ask->exchange, status, word, message);
    ask_end(ask);
}

void ask_unread(struct dicomweb_ask *ask, enum imaging_read_result result) {
    routes_imaging_answer_unread(ask->exchange, result);
    ask_end(ask);
}

void ask_abort(struct dicomweb_ask *ask) {
    struct http_exchange *exchange = ask->exchange;
    ask_end(ask);
    http_abort(exchange);
}

/* Writing down. */

static struct access access_of(const struct dicomweb_ask *ask, enum access_result result,
                               struct text uid) {
    struct access access = exchange_access(ask->exchange, ask->action, result);
    access.patient_case = ask->patient_case;
    access_set_object(&access, uid);
    return access;
}

static void on_logged(void *data, bool written) {
    struct dicomweb_ask *ask = data;
    ask->logging = false;
    if (!ask->exchange) {
        free_ask(ask);
    } else if (written) {
        ask->logged(ask);
    } else {
        ask_unread(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void log_then(struct dicomweb_ask *ask, struct text uid,
                     void (*covered)(struct dicomweb_ask *ask),
                     void (*written)(struct dicomweb_ask *ask)) {
    struct access access = access_of(ask, ask->result, uid);
    if (access_log_covers(ask->desk->access_log, &access)) {
        covered(ask);
        return;
    }
    ask->logging = true;
    ask->logged = written;
    access_log_write(ask->desk->access_log, &access, on_logged, ask);
}

void ask_log(struct dicomweb_ask *ask, struct text uid, void (*done)(struct dicomweb_ask *ask)) {
    log_then(ask, uid, done, done);
}

/* Who may. */

static struct text narrowest_uid(const struct dicomweb_ask *ask) {
    return ask->resource.series.length > 0 ? ask->resource.series : ask->resource.study;
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct dicomweb_ask *ask = data;
    (void)exchange;
    bool may = ask->action == ACCESS_UPLOAD ? (allowed.actions & PATIENT_CASE_MAY_IMAGES) != 0
                                            : (allowed.audiences & AUDIENCE_CLINICAL) != 0;
    if (!may) {
        struct access access = access_of(ask, ACCESS_REFUSED, (struct text){0, NULL});
        access_log_write(ask->desk->access_log, &access, NULL, NULL);
        ask_unread(ask, IMAGING_READ_ABSENT);
        return;
    }
    ask->masked = (allowed.audiences & AUDIENCE_IDENTITY) == 0;
    ask->result = (allowed.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0 ? ACCESS_EMERGENCY
                                                                             : ACCESS_ALLOWED;
    // Asked again when it had to be written down: the right may have ended meanwhile.
    log_then(ask, narrowest_uid(ask), ask->run, ask_grant);
}

void ask_grant(struct dicomweb_ask *ask) {
    http_ask_case_grant(ask->exchange, ask->patient_case, on_grant, ask);
}

/* Beginning. */

static void write_base(struct dicomweb_ask *ask) {
    char id[UUID_TEXT_LENGTH + 1];
    struct text host = exchange_host(ask->exchange);
    uuid_to_text(ask->patient_case, id);
    // A host that is none is not put into answers: addresses are relative to ours then.
    bool plain = host.length > 0 && host.length < 256;
    for (uint32_t i = 0; i < host.length && plain; i++) {
        char byte = host.bytes[i];
        plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                (byte >= 'A' && byte <= 'Z') || strchr("-.:[]", byte) != NULL;
    }
    snprintf(ask->base, sizeof ask->base, "%s%.*s/api/cases/%s/dicom-web",
             !plain                           ? ""
             : exchange_is_tls(ask->exchange) ? "https://"
                                              : "http://",
             plain ? (int)host.length : 0, host.bytes, id);
}

/* What is not there any more once an answer was waited for. */
static void read_headers(struct dicomweb_ask *ask) {
    struct http_exchange *exchange = ask->exchange;
    struct text asked = http_query(exchange, "accept"); // PS3.18 8.3.3.1
    accept_parse(asked.length > 0 ? asked : http_header(exchange, "accept"), &ask->accept);
    ask->gzip = http_accepts_gzip(http_header(exchange, "accept-encoding"));
    ask->if_none_match = http_header(exchange, "if-none-match");
    ask->if_range = http_header(exchange, "if-range");
    ask->range = http_header(exchange, "range");
    ask->content_type = http_header(exchange, "content-type");
}

struct dicomweb_ask *ask_begin(struct http_exchange *exchange, const struct dicomweb_desk *desk) {
    struct dicomweb_ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return NULL;
    }
    ask->exchange = exchange;
    ask->desk = desk;
    ask->action = ACCESS_IMAGES;
    http_on_closed(exchange, on_closed, ask);
    if (!http_capture_uuid(exchange, 0, &ask->patient_case) ||
        !resource_parse(http_capture(exchange, 1), &ask->resource)) {
        ask_unread(ask, IMAGING_READ_ABSENT);
        return NULL;
    }
    read_headers(ask);
    write_base(ask);
    return ask;
}
