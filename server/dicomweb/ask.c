#include "server/dicomweb/ask.h"

#include "server/gateway/exchange_peer.h"
#include "server/gateway/http_conditions.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

static void let_go(struct case_ask *about) {
    struct dicomweb_ask *ask = (struct dicomweb_ask *)about;
    if (ask->operation) {
        ask->let_go(ask->operation);
        ask->operation = NULL;
    }
    if (ask->query) {
        OPENSSL_cleanse(ask->query, sizeof *ask->query);
    }
    free(ask->query);
    ask->query = NULL;
}

static struct text narrowest_uid(const struct dicomweb_ask *ask) {
    return ask->resource.series.length > 0 ? ask->resource.series : ask->resource.study;
}

static void run(struct case_ask *about) {
    struct dicomweb_ask *ask = (struct dicomweb_ask *)about;
    ask->run(ask);
}

static void on_granted(struct case_ask *about) {
    // Asked again when it had to be written down: the right may have ended meanwhile.
    case_ask_log(about, narrowest_uid((struct dicomweb_ask *)about), run, case_ask_grant);
}

/* Beginning. */

static void write_base(struct dicomweb_ask *ask) {
    char id[UUID_TEXT_LENGTH + 1];
    struct text host = exchange_host(ask->about.exchange);
    uuid_to_text(ask->about.patient_case, id);
    // A host that is none is not put into answers: addresses are relative to ours then.
    bool plain = host.length > 0 && host.length < 256;
    for (uint32_t i = 0; i < host.length && plain; i++) {
        char byte = host.bytes[i];
        plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                (byte >= 'A' && byte <= 'Z') || strchr("-.:[]", byte) != NULL;
    }
    snprintf(ask->base, sizeof ask->base, "%s%.*s/api/cases/%s/dicom-web",
             !plain                                 ? ""
             : exchange_is_tls(ask->about.exchange) ? "https://"
                                                    : "http://",
             plain ? (int)host.length : 0, host.bytes, id);
}

/* What is not there any more once an answer was waited for. */
static void read_headers(struct dicomweb_ask *ask) {
    struct http_exchange *exchange = ask->about.exchange;
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
    ask->about = (struct case_ask){.exchange = exchange,
                                   .access_log = desk->access_log,
                                   .action = ACCESS_IMAGES,
                                   .let_go = let_go,
                                   .granted = on_granted};
    ask->desk = desk;
    if (!case_ask_begin(&ask->about)) {
        return NULL;
    }
    if (!resource_parse(http_capture(exchange, 1), &ask->resource)) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return NULL;
    }
    read_headers(ask);
    write_base(ask);
    return ask;
}
