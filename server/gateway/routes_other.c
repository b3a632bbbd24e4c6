/*
 * Files that are no images and no documents go out as attachments of no type, and only to who is
 * told who the patient is: nobody here knows what is in them.
 */
#include "server/gateway/routes_other.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/routes_imaging_answers.h"
#include "server/uuid_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct routes {
    struct imaging_service *service;
    struct access_log *access_log;
};

/* One exchange while we answer it. */
struct ask {
    struct http_exchange *exchange; /* NULL once it is over */
    const struct routes *given;
    struct uuid patient_case, file;
    bool one; /* or the list */
    bool awaiting;
    struct imaging_other *other;
    uint64_t size, position;
    const uint8_t *block;
    size_t block_size, block_written;
    bool begun;
};

static void free_ask(struct ask *ask) {
    if (ask->awaiting) {
        ask->exchange = NULL;
        return;
    }
    if (ask->other != NULL) {
        imaging_other_close(ask->other);
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

static bool came_back(struct ask *ask) {
    ask->awaiting = false;
    if (ask->exchange == NULL) {
        free_ask(ask);
        return true;
    }
    return false;
}

static void answer_unread(struct ask *ask, enum imaging_read_result result) {
    routes_imaging_answer_unread(ask->exchange, result);
    end_ask(ask);
}

static void on_listed(void *data, enum imaging_read_result result, struct bytes json) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (result != IMAGING_READ_OK) {
        answer_unread(ask, result);
        return;
    }
    http_answer_json(ask->exchange, 200, (const char *)json.bytes, json.length);
    end_ask(ask);
}

static void on_writable(struct http_exchange *exchange, void *data);

/* RFC 6266 4.3, RFC 8187: the name as UTF-8, percent-encoded, without its folders. */
static void disposition(const char *name, char *text, size_t space) {
    const char *slash = strrchr(name, '/');
    int at = snprintf(text, space, "attachment; filename*=UTF-8''");
    for (const char *c = slash == NULL ? name : slash + 1; *c != 0 && (size_t)at + 4 < space; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_';
        at += plain ? snprintf(text + at, space - (size_t)at, "%c", *c)
                    : snprintf(text + at, space - (size_t)at, "%%%02X", (unsigned char)*c);
    }
}

static void on_block(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct ask *ask = data;
    if (result != IMAGING_READ_OK) {
        struct http_exchange *exchange = ask->exchange;
        end_ask(ask);
        http_abort(exchange); /* a cut answer is not taken for a whole one */
        return;
    }
    ask->block = bytes.bytes;
    ask->block_size = bytes.length;
    ask->block_written = 0;
    http_want_writable(ask->exchange);
}

static void read_next(struct ask *ask) {
    uint64_t left = ask->size - ask->position;
    ask->block_size = ask->block_written = 0;
    imaging_other_read(ask->other, ask->position,
                       left < READ_STEP_MAX ? (size_t)left : READ_STEP_MAX, on_block);
}

static void on_writable(struct http_exchange *exchange, void *data) {
    struct ask *ask = data;
    size_t left = ask->block_size - ask->block_written;
    if (left == 0) {
        return; /* the next block is being read and asks again */
    }
    size_t step = left < HTTP_WRITE_MAX ? left : HTTP_WRITE_MAX;
    const uint8_t *from = ask->block + ask->block_written;
    ask->block_written += step;
    ask->position += step;
    bool last = ask->position == ask->size;
    http_write(exchange, (struct bytes){(uint32_t)step, from});
    if (last) {
        end_ask(ask);
    } else if (ask->block_written == ask->block_size) {
        read_next(ask);
    }
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct other_facts *facts) {
    struct ask *ask = data;
    if (result != IMAGING_READ_OK) {
        answer_unread(ask, result);
        return;
    }
    char attachment[3 * 1024 + 64];
    disposition(facts->name, attachment, sizeof(attachment));
    struct http_header_line headers[] = {{"cache-control", "no-store"},
                                         {"content-disposition", attachment}};
    ask->size = facts->size;
    http_answer_begin(ask->exchange, 200, "application/octet-stream", headers, 2, facts->size,
                      on_writable, ask);
    if (http_wants_head(ask->exchange)) {
        end_ask(ask);
        return;
    }
    read_next(ask);
}

static void on_logged(void *data, bool written) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (!written) {
        answer_unread(ask, IMAGING_READ_UNAVAILABLE);
    } else if (!ask->one) {
        ask->awaiting = true;
        imaging_other_list(ask->given->service, ask->patient_case, on_listed, ask);
    } else if (!imaging_other_open(ask->given->service, ask->patient_case, ask->file, on_opened,
                                   ask, &ask->other)) {
        answer_unread(ask, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct ask *ask = data;
    bool clinical = (allowed.audiences & AUDIENCE_CLINICAL) != 0;
    bool told = (allowed.audiences & AUDIENCE_IDENTITY) != 0;
    bool glass = (allowed.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0;
    enum access_result result = !clinical || !told ? ACCESS_REFUSED
                                : glass            ? ACCESS_EMERGENCY
                                                   : ACCESS_ALLOWED;
    struct access access = exchange_access(exchange, ACCESS_DOCUMENT, result);
    access.patient_case = ask->patient_case;
    if (ask->one) {
        char text[UUID_TEXT_LENGTH + 1];
        uuid_to_text(ask->file, text);
        access_name_object(&access, (struct text){UUID_TEXT_LENGTH, text});
    }
    if (result == ACCESS_REFUSED) {
        access_log_write(ask->given->access_log, &access, NULL, NULL);
        answer_unread(ask, clinical ? IMAGING_READ_MASKED : IMAGING_READ_ABSENT);
    } else if (access_log_covers(ask->given->access_log, &access)) {
        on_logged(ask, true);
    } else {
        ask->awaiting = true;
        access_log_write(ask->given->access_log, &access, on_logged, ask);
    }
}

static void begin(struct http_exchange *exchange, const struct routes *given, bool one) {
    struct ask *ask = calloc(1, sizeof(*ask));
    if (ask == NULL) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    ask->exchange = exchange;
    ask->given = given;
    ask->one = one;
    http_on_closed(exchange, on_closed, ask);
    if (!http_capture_uuid(exchange, 0, &ask->patient_case) ||
        (one && !http_capture_uuid(exchange, 1, &ask->file))) {
        answer_unread(ask, IMAGING_READ_ABSENT);
        return;
    }
    http_ask_case_grant(exchange, ask->patient_case, on_grant, ask);
}

static void handle_list(struct http_exchange *exchange, void *data) {
    begin(exchange, data, false);
}

static void handle_one(struct http_exchange *exchange, void *data) {
    begin(exchange, data, true);
}

void routes_other_add(struct gateway *gateway, struct imaging_service *service,
                      struct access_log *access_log) {
    static struct routes given; /* one gateway in a process */
    given = (struct routes){service, access_log};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/files", 0, ROUTE_SIGNED_IN, handle_list},
        {"GET", "/api/cases/:case/files/:file", 0, ROUTE_SIGNED_IN, handle_one},
    };
    http_add_routes(gateway, routes, sizeof(routes) / sizeof(routes[0]), &given);
}
