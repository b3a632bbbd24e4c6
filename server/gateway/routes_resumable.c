/*
 * tus 1.0.0: core, creation (with upload), checksum, termination, expiration. What a client is told
 * is durable is durable; the service (imaging_resumable.h) sees to that.
 *
 * An upload is its maker's alone: to everybody else it is not there.
 */
#include "server/gateway/routes_resumable.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/routes_imaging_answers.h"
#include "server/gateway/routes_sending.h"
#include "server/gateway/tus.h"
#include "server/uuid_text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_SPACE = 128, DATE_SPACE = 40, NUMBER_SPACE = 24 };

enum ask_kind { ASK_CREATE, ASK_HEAD, ASK_OUTCOME, ASK_PATCH, ASK_DELETE };

struct routes {
    struct imaging_service *service;
    struct access_log *access_log;
};

/* One exchange while we answer it. */
struct ask {
    struct http_exchange *exchange; /* NULL once it is over */
    const struct routes *given;
    enum ask_kind kind;
    struct uuid patient_case, upload;
    uint64_t size;   /* of the upload that is made */
    uint64_t body;   /* bytes that come with the request */
    uint64_t offset; /* where they belong */
    struct resumable_turn turn;
    struct resumable_sitting sitting;
    bool awaiting; /* the service calls back, whether the exchange is over or not */
    char location[PATH_SPACE];
};

static void free_ask(struct ask *ask) {
    if (ask->awaiting) {
        ask->exchange = NULL; /* freed when it comes back */
        return;
    }
    imaging_resumable_end_turn(&ask->turn);
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

/* True when nobody waits any more, and the ask is gone. */
static bool came_back(struct ask *ask) {
    ask->awaiting = false;
    if (ask->exchange == NULL) {
        free_ask(ask);
        return true;
    }
    return false;
}

static void answer_problem(struct http_exchange *exchange, int status, const char *word,
                           const char *message) {
    char json[512];
    struct http_header_line headers[] = {{"tus-resumable", TUS_VERSION},
                                         {"tus-version", TUS_VERSION}};
    int length =
        snprintf(json, sizeof(json), "{\"error\":\"%s\",\"message\":\"%s\"}", word, message);
    http_answer_bytes(exchange, status, "application/json", headers, status == 412 ? 2 : 1,
                      (struct bytes){(uint32_t)length, (const uint8_t *)json});
}

static void answer_error(struct ask *ask, int status, const char *word, const char *message) {
    answer_problem(ask->exchange, status, word, message);
    end_ask(ask);
}

static void answer_result(struct ask *ask, enum resumable_result result) {
    switch (result) {
    case RESUMABLE_OK:
    case RESUMABLE_ABSENT:
        answer_error(ask, 404, "not_found", "There is no such upload, or it is not yours.");
        break;
    case RESUMABLE_TOO_MANY:
        answer_error(ask, 429, "too_many", "Finish or end other uploads first.");
        break;
    case RESUMABLE_UNAVAILABLE:
        if (ask->kind == ASK_HEAD) {
            /* To anything else tus-js-client begins anew, and this upload would be left. */
            answer_error(ask, 423, "locked", "It cannot be said just now. Ask again in a moment.");
            break;
        }
        answer_error(ask, 503, "unavailable", "It cannot be taken just now. Go on in a moment.");
        break;
    case RESUMABLE_NO_SPACE:
        answer_error(ask, 507, "no_space", "The server's disk is full.");
        break;
    case RESUMABLE_MISMATCH:
        answer_error(ask, 460, "checksum_mismatch",
                     "What came is not what the checksum says: nothing of it was kept.");
        break;
    }
}

/* Answers that say how far it is. */

struct tus_head {
    char offset[NUMBER_SPACE], size[NUMBER_SPACE], expires[DATE_SPACE];
};

/* RFC 9110 5.6.7. */
static void write_date(int64_t at, char text[DATE_SPACE]) {
    time_t seconds = (time_t)(at / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, DATE_SPACE, "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

static void answer_state(struct ask *ask, int status, const char *location) {
    struct resumable_facts facts = imaging_resumable_facts(&ask->turn);
    struct tus_head head;
    snprintf(head.offset, sizeof(head.offset), "%llu", (unsigned long long)facts.offset);
    snprintf(head.size, sizeof(head.size), "%llu", (unsigned long long)facts.size);
    write_date(facts.expires_at, head.expires);
    struct http_header_line headers[] = {
        {"tus-resumable", TUS_VERSION},   {"cache-control", "no-store"},
        {"upload-offset", head.offset},   {"upload-length", head.size},
        {"upload-expires", head.expires}, {"location", location}};
    http_answer_bytes(ask->exchange, status, NULL, headers, location == NULL ? 5 : 6,
                      (struct bytes){0, NULL});
    end_ask(ask);
}

/* Bytes that come. */

static void on_space(void *data) {
    struct ask *ask = data;
    http_resume(ask->exchange);
}

static void on_sat(void *data, enum resumable_result result) {
    struct ask *ask = data;
    if (result != RESUMABLE_OK) {
        answer_result(ask, result);
    } else {
        answer_state(ask, ask->kind == ASK_CREATE ? 201 : 204,
                     ask->kind == ASK_CREATE ? ask->location : NULL);
    }
}

static void on_body_bytes(struct http_exchange *exchange, struct bytes bytes, void *data) {
    struct ask *ask = data;
    if (!imaging_resumable_bytes(&ask->turn, bytes)) {
        http_pause(exchange);
    }
}

static void on_body_end(struct http_exchange *exchange, void *data) {
    struct ask *ask = data;
    (void)exchange;
    imaging_resumable_end_sitting(&ask->turn);
}

/* False when it was answered. */
static bool read_checksum(struct ask *ask) {
    struct text text = http_header(ask->exchange, "upload-checksum");
    size_t length;
    if (text.length == 0) {
        return true;
    }
    if (!tus_checksum(text, ask->sitting.expected, &length) || length == 0) {
        answer_error(ask, 400, "checksum", "Checksums are sha256 or sha1, in base64.");
        return false;
    }
    ask->sitting.checksum = length == TUS_DIGEST_MAX ? RESUMABLE_SHA256 : RESUMABLE_SHA1;
    return true;
}

static void sit(struct ask *ask) {
    static const struct http_body_sink sink = {on_body_bytes, on_body_end};
    struct resumable_facts facts = imaging_resumable_facts(&ask->turn);
    if (facts.unavailable) {
        answer_result(ask, RESUMABLE_UNAVAILABLE);
        return;
    }
    if (ask->offset != facts.offset) {
        answer_error(ask, 409, "offset", "This is not where it ended: ask for the offset.");
        return;
    }
    if (ask->body > facts.size - facts.offset) {
        answer_error(ask, 413, "too_large", "This is more than was announced.");
        return;
    }
    if (facts.complete || ask->body == 0) {
        answer_state(ask, 204, NULL);
        return;
    }
    ask->sitting.sending = sending_of(ask->exchange);
    ask->sitting.space = on_space;
    ask->sitting.done = on_sat;
    ask->sitting.data = ask;
    imaging_resumable_sit(&ask->turn, &ask->sitting);
    http_read_stream(ask->exchange, &sink, ask);
}

/* Turns. */

static void on_deleted(void *data, bool deleted) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (!deleted) {
        answer_result(ask, RESUMABLE_UNAVAILABLE);
        return;
    }
    struct http_header_line headers[] = {{"tus-resumable", TUS_VERSION}};
    http_answer_bytes(ask->exchange, 204, NULL, headers, 1, (struct bytes){0, NULL});
    end_ask(ask);
}

static void on_granted(struct resumable_turn *turn) {
    struct ask *ask = (struct ask *)(void *)((char *)turn - offsetof(struct ask, turn));
    if (ask->kind == ASK_HEAD) {
        bool unavailable = imaging_resumable_facts(turn).unavailable;
        if (unavailable) {
            answer_result(ask, RESUMABLE_UNAVAILABLE);
        } else {
            answer_state(ask, 200, NULL);
        }
    } else if (ask->kind == ASK_DELETE) {
        ask->awaiting = true;
        imaging_resumable_delete(turn, on_deleted, ask);
    } else {
        sit(ask);
    }
}

/* Somebody else's turn, which is this sender's by another connection, or the upload's end. */
static void on_cut(struct resumable_turn *turn) {
    struct ask *ask = (struct ask *)(void *)((char *)turn - offsetof(struct ask, turn));
    if (ask->awaiting || ask->exchange == NULL) {
        return; /* it is being removed by this very ask */
    }
    if (turn->upload == NULL) {
        answer_result(ask, turn->why); /* it never came to its turn */
        return;
    }
    http_abort(ask->exchange);
}

static void take_turn(struct ask *ask) {
    ask->turn.granted = on_granted;
    ask->turn.cut = on_cut;
    enum resumable_result result =
        imaging_resumable_take_turn(ask->given->service, ask->patient_case,
                                    http_who(ask->exchange)->user, ask->upload, &ask->turn);
    if (result != RESUMABLE_OK) {
        answer_result(ask, result);
    }
}

static void on_outcome(void *data, struct bytes json) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (json.length == 0) {
        answer_result(ask, RESUMABLE_UNAVAILABLE);
    } else {
        http_answer_json(ask->exchange, 200, (const char *)json.bytes, json.length);
        end_ask(ask);
    }
}

static void tell_outcome(struct ask *ask) {
    ask->awaiting = true;
    enum resumable_result result =
        imaging_resumable_outcome(ask->given->service, ask->patient_case,
                                  http_who(ask->exchange)->user, ask->upload, on_outcome, ask);
    if (result != RESUMABLE_OK) {
        ask->awaiting = false;
        answer_result(ask, result);
    }
}

/* Creation. */

static void on_made(void *data, enum resumable_result result, const struct uuid *upload) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (result != RESUMABLE_OK) {
        answer_result(ask, result);
        return;
    }
    char case_text[UUID_TEXT_LENGTH + 1], upload_text[UUID_TEXT_LENGTH + 1];
    ask->upload = *upload;
    uuid_to_text(ask->patient_case, case_text);
    uuid_to_text(*upload, upload_text);
    snprintf(ask->location, sizeof(ask->location), "/api/cases/%s/resumable/%s", case_text,
             upload_text);
    if (ask->body > 0) {
        take_turn(ask);
        return;
    }
    char expires[DATE_SPACE];
    write_date(imaging_resumable_expiry(ask->given->service, *upload), expires);
    struct http_header_line headers[] = {
        {"tus-resumable", TUS_VERSION}, {"location", ask->location}, {"upload-expires", expires}};
    http_answer_bytes(ask->exchange, 201, NULL, headers, 3, (struct bytes){0, NULL});
    end_ask(ask);
}

static void create(struct ask *ask) {
    char name[RESUMABLE_NAME_MAX];
    struct text metadata = http_header(ask->exchange, "upload-metadata");
    size_t length = tus_file_name(metadata, name, sizeof(name));
    struct resumable_wanted wanted = {.patient_case = ask->patient_case,
                                      .by = http_who(ask->exchange)->user,
                                      .size = ask->size,
                                      .name = {(uint32_t)length, name}};
    ask->awaiting = true;
    imaging_resumable_create(ask->given->service, &wanted, on_made, ask);
}

/* Who may. */

static void on_logged(void *data, bool written) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (written) {
        create(ask);
    } else {
        answer_result(ask, RESUMABLE_UNAVAILABLE);
    }
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct ask *ask = data;
    bool may = (allowed.actions & PATIENT_CASE_MAY_IMAGES) != 0;
    struct access access =
        exchange_access(exchange, ACCESS_UPLOAD, may ? ACCESS_ALLOWED : ACCESS_REFUSED);
    access.patient_case = ask->patient_case;
    if (!may) {
        access_log_write(ask->given->access_log, &access, NULL, NULL);
        answer_result(ask, RESUMABLE_ABSENT);
    } else if (ask->kind == ASK_CREATE && !access_log_covers(ask->given->access_log, &access)) {
        ask->awaiting = true;
        access_log_write(ask->given->access_log, &access, on_logged, ask);
    } else if (ask->kind == ASK_CREATE) {
        create(ask);
    } else if (ask->kind == ASK_OUTCOME) {
        tell_outcome(ask);
    } else {
        take_turn(ask);
    }
}

/* What the headers say; false when it was answered. */
static bool read_create(struct ask *ask) {
    struct text length = http_header(ask->exchange, "upload-length");
    if (!tus_number(length, &ask->size)) {
        answer_error(ask, 400, "length", "Say how long it is: Upload-Length, from the start.");
        return false;
    }
    if (ask->size == 0) {
        answer_error(ask, 422, "empty", "The file is empty.");
        return false;
    }
    if (ask->size > RESUMABLE_SIZE_MAX) {
        answer_error(ask, 413, "too_large", "An upload may be 16 GiB at most: send it in several.");
        return false;
    }
    return true;
}

static bool read_body(struct ask *ask) {
    ask->body = http_content_length(ask->exchange);
    bool expected = ask->kind == ASK_PATCH || ask->body > 0;
    if (expected && !text_equal(http_header(ask->exchange, "content-type"), TEXT(TUS_BODY_TYPE))) {
        answer_error(ask, 415, "content_type", "The body's type is " TUS_BODY_TYPE ".");
        return false;
    }
    struct text offset = http_header(ask->exchange, "upload-offset");
    if (ask->kind == ASK_PATCH && !tus_number(offset, &ask->offset)) {
        answer_error(ask, 400, "offset", "Say where it goes on: Upload-Offset.");
        return false;
    }
    return read_checksum(ask);
}

static void begin(struct http_exchange *exchange, const struct routes *given, enum ask_kind kind) {
    bool versioned = text_equal(http_header(exchange, "tus-resumable"), TEXT(TUS_VERSION));
    if (!versioned && kind != ASK_OUTCOME) {
        answer_problem(exchange, 412, "version", "Speak tus " TUS_VERSION ": Tus-Resumable.");
        return;
    }
    struct ask *ask = calloc(1, sizeof(*ask));
    if (ask == NULL) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->exchange = exchange;
    ask->given = given;
    ask->kind = kind;
    http_on_closed(exchange, on_closed, ask);
    bool named = http_capture_uuid(exchange, 0, &ask->patient_case) &&
                 (kind == ASK_CREATE || http_capture_uuid(exchange, 1, &ask->upload));
    if (!named) {
        answer_result(ask, RESUMABLE_ABSENT);
        return;
    }
    if (kind == ASK_CREATE && !read_create(ask)) {
        return;
    }
    bool with_body = kind == ASK_CREATE || kind == ASK_PATCH;
    if (with_body && !read_body(ask)) {
        return;
    }
    http_ask_case_grant(exchange, ask->patient_case, on_grant, ask);
}

static void handle_options(struct http_exchange *exchange, void *data) {
    (void)data;
    char max[NUMBER_SPACE];
    snprintf(max, sizeof(max), "%llu", (unsigned long long)RESUMABLE_SIZE_MAX);
    struct http_header_line headers[] = {{"tus-resumable", TUS_VERSION},
                                         {"tus-version", TUS_VERSION},
                                         {"tus-extension", TUS_EXTENSIONS},
                                         {"tus-checksum-algorithm", TUS_CHECKSUMS},
                                         {"tus-max-size", max}};
    http_answer_bytes(exchange, 204, NULL, headers, 5, (struct bytes){0, NULL});
}

static void handle_create(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_CREATE);
}

static void handle_read(struct http_exchange *exchange, void *data) {
    begin(exchange, data, http_wants_head(exchange) ? ASK_HEAD : ASK_OUTCOME);
}

static void handle_patch(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_PATCH);
}

static void handle_delete(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_DELETE);
}

/* Where something on the way lets no PATCH or DELETE through. */
static void handle_overridden(struct http_exchange *exchange, void *data) {
    struct text method = http_header(exchange, "x-http-method-override");
    if (text_equal(method, TEXT("PATCH"))) {
        begin(exchange, data, ASK_PATCH);
    } else if (text_equal(method, TEXT("DELETE"))) {
        begin(exchange, data, ASK_DELETE);
    } else {
        answer_problem(exchange, 405, "other_method", "This path has other methods.");
    }
}

void routes_resumable_add(struct gateway *gateway, struct imaging_service *service,
                          struct access_log *access_log) {
    static struct routes given; /* one gateway in a process */
    given = (struct routes){service, access_log};
    static const char all[] = "/api/cases/:case/resumable";
    static const char one[] = "/api/cases/:case/resumable/:upload";
    static const struct http_route routes[] = {
        {"OPTIONS", all, 0, ROUTE_OPEN, handle_options},
        {"OPTIONS", one, 0, ROUTE_OPEN, handle_options},
        {"POST", all, RESUMABLE_SIZE_MAX, ROUTE_SIGNED_IN, handle_create},
        {"GET", one, 0, ROUTE_SIGNED_IN, handle_read},
        {"PATCH", one, RESUMABLE_SIZE_MAX, ROUTE_SIGNED_IN, handle_patch},
        {"DELETE", one, 0, ROUTE_SIGNED_IN, handle_delete},
        {"POST", one, RESUMABLE_SIZE_MAX, ROUTE_SIGNED_IN, handle_overridden},
    };
    http_add_routes(gateway, routes, sizeof(routes) / sizeof(routes[0]), &given);
}
