#include "server/gateway/routes_imaging.h"

#include "protocol/generated/policy.h"
#include "server/gateway/byte_range.h"
#include "server/gateway/case_ask.h"
#include "server/gateway/frame_choice.h"
#include "server/gateway/http_conditions.h"
#include "server/gateway/routes_imaging_answers.h"
#include "server/gateway/routes_pictures.h"
#include "server/gateway/routes_sending.h"
#include "server/gateway/tus.h"
#include "server/imaging/bounded_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum ask_kind { ASK_LIST, ASK_METADATA, ASK_FRAME, ASK_DOCUMENT, ASK_UPLOAD };

/* What the routes are given. */
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
    struct imaging_request *request;
    struct imaging_download *download;
    struct imaging_upload *upload;
    /* A download. */
    uint32_t frame;
    uint64_t end;      // first byte that is not wanted
    uint64_t position; // next byte to read
    struct download_facts facts;
    char media_type[160];
    int status;
    char content_range[80];
    bool original; // its copy could not be read
    bool begun;
    const uint8_t *block; // read and not yet written; the download's
    size_t block_size, block_written;
    bool gzip;
    char *name; // of a file that is sent, as its sender has it; owned, NULL = none is known
};

static void let_go(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    if (ask->request) {
        imaging_request_cancel(ask->request);
    }
    if (ask->download) {
        imaging_download_close(ask->download);
    }
    if (ask->upload) {
        imaging_upload_cancel(ask->upload);
    }
    free(ask->name);
}

static void end_ask(struct ask *ask) {
    case_ask_end(&ask->about);
}

static void abort_ask(struct ask *ask) {
    case_ask_abort(&ask->about);
}

static void answer_result(struct ask *ask, enum imaging_read_result result) {
    case_ask_unread(&ask->about, result);
}

/* Texts. */

static void on_text(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct ask *ask = data;
    ask->request = NULL;
    if (result != IMAGING_READ_OK) {
        answer_result(ask, result);
        return;
    }
    struct http_header_line headers[] = {
        {"cache-control", "no-store"}, {"vary", "accept-encoding"}, {"content-encoding", "gzip"}};
    const char *type =
        ask->kind == ASK_LIST ? "application/json; charset=utf-8" : "application/dicom+json";
    routes_imaging_answer_read(ask->about.exchange, ask->service, type, headers, ask->gzip ? 3 : 2,
                               bytes);
    end_ask(ask);
}

static void ask_text(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    struct text_wanted wanted = {.patient_case = ask->about.patient_case,
                                 .masked = ask->about.masked};
    bool asked;
    ask->gzip = http_accepts_gzip(http_header(ask->about.exchange, "accept-encoding"));
    if (ask->kind == ASK_LIST) {
        asked = imaging_list_display_sets(ask->service, &wanted, ask->gzip, on_text, ask,
                                          &ask->request);
    } else {
        asked = imaging_series_metadata(ask->service, &wanted, http_capture(ask->about.exchange, 1),
                                        ask->gzip, on_text, ask, &ask->request);
    }
    if (!asked) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

/* Downloads: a block is read, written as the socket takes it, and only then the next is read. */

static void on_writable(struct http_exchange *exchange, void *data);
static void read_next(struct case_ask *about);
static void ask_download(struct ask *ask);

/* What is written in one go anyway is answered with it. */
static void begin_answer(struct ask *ask) {
    struct http_header_line headers[HTTP_HEADERS_MAX] = {
        {"cache-control", "no-store"}, {"accept-ranges", "bytes"}, {"etag", ask->facts.etag}};
    size_t count = 3;
    char prefixes[FRAME_PREFIXES_MAX];
    if (ask->kind == ASK_FRAME) {
        headers[count++] = (struct http_header_line){"vary", "accept"};
    }
    if (ask->facts.prefixes) {
        frame_prefixes_write(ask->facts.prefixes, prefixes);
        headers[count++] = (struct http_header_line){"consilium-prefixes", prefixes};
    }
    if (ask->status == 206) {
        headers[count++] = (struct http_header_line){"content-range", ask->content_range};
    }
    if (ask->frame == 0) {
        // A document is shown by our page or saved, never run as a page of its own.
        headers[count++] = (struct http_header_line){"content-disposition",
                                                     routes_imaging_disposition(ask->media_type)};
    }
    if (ask->block_size == ask->end - ask->position && ask->block_size <= HTTP_WRITE_MAX) {
        http_answer_bytes(ask->about.exchange, ask->status, ask->media_type, headers, count,
                          (struct bytes){(uint32_t)ask->block_size, ask->block});
        end_ask(ask);
        return;
    }
    ask->begun = true;
    http_answer_begin(ask->about.exchange, ask->status, ask->media_type, headers, count,
                      ask->end - ask->position, on_writable, ask);
    if (http_wants_head(ask->about.exchange)) {
        end_ask(ask); // no body is asked for
    }
}

static void on_block(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct ask *ask = data;
    if (result != IMAGING_READ_OK && ask->begun) {
        // Too late for a status: a cut answer is not taken for a whole one.
        abort_ask(ask);
        return;
    }
    if (result == IMAGING_READ_DAMAGED && ask->facts.prefixes) {
        imaging_download_close(ask->download);
        ask->download = NULL;
        ask->original = true;
        ask_download(ask);
        return;
    }
    if (result != IMAGING_READ_OK) {
        answer_result(ask, result);
        return;
    }
    ask->block = bytes.bytes;
    ask->block_size = bytes.length;
    ask->block_written = 0;
    if (!ask->begun) {
        begin_answer(ask);
        return;
    }
    http_want_writable(ask->about.exchange);
}

static void read_next(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    ask->position += ask->block_size;
    ask->block_size = 0;
    ask->block_written = 0;
    imaging_download_read(ask->download, ask->position, ask->end - ask->position, on_block);
}

static void on_writable(struct http_exchange *exchange, void *data) {
    struct ask *ask = data;
    size_t left = ask->block_size - ask->block_written;
    if (left == 0) {
        return; // the next block is being read and asks again
    }
    size_t step = left < HTTP_WRITE_MAX ? left : HTTP_WRITE_MAX;
    const uint8_t *from = ask->block + ask->block_written;
    ask->block_written += step;
    bool last = ask->position + ask->block_written == ask->end;
    http_write(exchange, (struct bytes){(uint32_t)step, from});
    if (last) {
        end_ask(ask);
    } else if (ask->block_written == ask->block_size) {
        read_next(&ask->about);
    }
}

static void on_cut(void *data) {
    abort_ask(data);
}

/* Decides between 200, 206, 304 and 416; false when it was answered. */
static bool choose_range(struct ask *ask) {
    struct http_exchange *exchange = ask->about.exchange;
    struct http_header_line headers[] = {
        {"cache-control", "no-store"}, {"etag", ask->facts.etag}, {"content-range", NULL}};
    if (http_etag_matches(http_header(exchange, "if-none-match"), ask->facts.etag)) {
        http_answer_bytes(exchange, 304, NULL, headers, 2, (struct bytes){0, NULL});
        end_ask(ask);
        return false;
    }
    ask->status = 200;
    ask->end = ask->facts.size;
    struct text if_range = http_header(exchange, "if-range");
    struct byte_range range;
    if (if_range.length > 0 && !http_etag_is(if_range, ask->facts.etag)) {
        return true; // of another content: send the whole (RFC 9110 section 13.1.5)
    }
    switch (byte_range_parse(http_header(exchange, "range"), ask->facts.size, &range)) {
    case BYTE_RANGE_WHOLE:
        return true;
    case BYTE_RANGE_PART:
        ask->status = 206;
        ask->position = range.first;
        ask->end = range.first + range.length;
        snprintf(ask->content_range, sizeof ask->content_range, "bytes %llu-%llu/%llu",
                 (unsigned long long)range.first, (unsigned long long)(ask->end - 1),
                 (unsigned long long)ask->facts.size);
        return true;
    case BYTE_RANGE_UNSATISFIABLE:
        break;
    }
    snprintf(ask->content_range, sizeof ask->content_range, "bytes */%llu",
             (unsigned long long)ask->facts.size);
    headers[2].value = ask->content_range;
    static const char message[] = "{\"error\":\"range_not_satisfiable\","
                                  "\"message\":\"No byte of it lies in this range.\"}";
    http_answer_bytes(exchange, 416, "application/json; charset=utf-8", headers, 3,
                      (struct bytes){sizeof message - 1, (const uint8_t *)message});
    end_ask(ask);
    return false;
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct ask *ask = data;
    if (result != IMAGING_READ_OK) {
        answer_result(ask, result);
        return;
    }
    ask->facts = *facts;
    ask->position = 0;
    if (facts->media_type) {
        snprintf(ask->media_type, sizeof ask->media_type, "%s", facts->media_type);
    } else {
        snprintf(ask->media_type, sizeof ask->media_type,
                 "application/octet-stream; transfer-syntax=%s", facts->transfer_syntax);
    }
    if (choose_range(ask)) {
        bool document = ask->kind == ASK_DOCUMENT;
        struct text series = {(uint32_t)strlen(facts->series_uid), facts->series_uid};
        case_ask_log(&ask->about, document ? http_capture(ask->about.exchange, 1) : series,
                     read_next,
                     read_next); // a right that ends meanwhile cuts the download
    }
}

static void ask_download(struct ask *ask) {
    if (ask->kind == ASK_FRAME &&
        !frame_number_read(http_capture(ask->about.exchange, 2), &ask->frame)) {
        answer_result(ask, IMAGING_READ_ABSENT);
        return;
    }
    struct download_wanted wanted = {.patient_case = ask->about.patient_case,
                                     .user = http_who(ask->about.exchange)->user,
                                     .sop_instance_uid = http_capture(ask->about.exchange, 1),
                                     .frame = ask->frame,
                                     .masked = ask->about.masked,
                                     .copy = !ask->original &&
                                             frame_copy_is_accepted(ask->about.exchange)};
    if (!imaging_download_open(ask->service, &wanted, on_opened, on_cut, ask, &ask->download)) {
        answer_result(ask, IMAGING_READ_UNAVAILABLE);
    }
}

/* Uploads. */

static void on_upload_done(void *data, const struct upload_answer *answer) {
    struct ask *ask = data;
    ask->upload = NULL;
    routes_imaging_answer_upload(ask->about.exchange, answer, ask->name);
    end_ask(ask);
}

static void answer_unsent(struct ask *ask, int status, const char *word, const char *message) {
    routes_imaging_answer_unsent(ask->about.exchange, status, word, message, ask->name);
    end_ask(ask);
}

static void on_upload_bytes(struct http_exchange *exchange, struct bytes bytes, void *data) {
    struct ask *ask = data;
    (void)exchange;
    if (ask->upload && !imaging_upload_bytes(ask->upload, bytes)) {
        answer_unsent(ask, 503, "busy", "There is no space for this file just now. Send it again.");
    }
}

static void on_upload_end(struct http_exchange *exchange, void *data) {
    struct ask *ask = data;
    (void)exchange;
    imaging_upload_end(ask->upload);
}

/* Said back to its sender when it is not taken. Names may be a patient's: in no log. */
static void take_name(struct ask *ask) {
    char name[UPLOAD_NAME_MAX];
    struct text metadata = http_header(ask->about.exchange, "upload-metadata");
    size_t length = tus_file_name(metadata, name, sizeof name);
    ask->name = length > 0 ? strndup(name, length) : NULL;
}

static void ask_upload(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    static const struct http_body_sink sink = {on_upload_bytes, on_upload_end};
    uint64_t size = http_content_length(ask->about.exchange);
    take_name(ask);
    if (http_header(ask->about.exchange, "content-length").length == 0) {
        answer_unsent(ask, 411, "length_required",
                      "Say how long the file is: send Content-Length.");
        return;
    }
    if (size == 0) {
        answer_unsent(ask, 422, "empty", "The file is empty.");
        return;
    }
    if (size > imaging_upload_size_max(ask->service)) {
        answer_unsent(ask, 413, "too_large", "The file is larger than one upload may be.");
        return;
    }
    ask->upload =
        imaging_upload_begin(ask->service, ask->about.patient_case,
                             http_who(ask->about.exchange)->user, size, on_upload_done, ask);
    if (!ask->upload) {
        answer_unsent(ask, 503, "busy", "Many files are being stored. Send this one again.");
        return;
    }
    uint32_t length = ask->name ? (uint32_t)strlen(ask->name) : 0;
    imaging_upload_name(ask->upload, (struct text){length, ask->name});
    struct sending sending = sending_of(ask->about.exchange);
    imaging_upload_sending(ask->upload, &sending);
    imaging_upload_want_series(ask->upload);
    http_read_stream(ask->about.exchange, &sink, ask);
}

/* Who may. */

static void on_granted(struct case_ask *about) {
    struct ask *ask = (struct ask *)about;
    switch (ask->kind) {
    case ASK_LIST:
        case_ask_log(about, (struct text){0, NULL}, ask_text, case_ask_grant);
        break;
    case ASK_METADATA:
        case_ask_log(about, http_capture(about->exchange, 1), ask_text, case_ask_grant);
        break;
    case ASK_FRAME:
    case ASK_DOCUMENT:
        ask_download(ask);
        break;
    case ASK_UPLOAD:
        case_ask_log(about, (struct text){0, NULL}, ask_upload, case_ask_grant);
        break;
    }
}

static void begin(struct http_exchange *exchange, const struct routes *given, enum ask_kind kind) {
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return;
    }
    static const enum access_action actions[] = {[ASK_LIST] = ACCESS_IMAGES,
                                                 [ASK_METADATA] = ACCESS_IMAGES,
                                                 [ASK_FRAME] = ACCESS_IMAGES,
                                                 [ASK_DOCUMENT] = ACCESS_DOCUMENT,
                                                 [ASK_UPLOAD] = ACCESS_UPLOAD};
    ask->about = (struct case_ask){.exchange = exchange,
                                   .access_log = given->access_log,
                                   .action = actions[kind],
                                   .actions = kind == ASK_UPLOAD ? PATIENT_CASE_MAY_IMAGES : 0,
                                   .let_go = let_go,
                                   .granted = on_granted};
    ask->service = given->service;
    ask->kind = kind;
    if (case_ask_begin(&ask->about)) {
        case_ask_grant(&ask->about);
    }
}

static void handle_list(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_LIST);
}

static void handle_metadata(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_METADATA);
}

static void handle_frame(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_FRAME);
}

static void handle_document(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_DOCUMENT);
}

static void handle_upload(struct http_exchange *exchange, void *data) {
    begin(exchange, data, ASK_UPLOAD);
}

void routes_imaging_add(struct gateway *gateway, struct imaging_service *service,
                        struct access_log *access_log) {
    static struct routes given; // one gateway in a process
    given = (struct routes){service, access_log};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/display-sets", 0, ROUTE_SIGNED_IN, handle_list},
        {"GET", "/api/cases/:case/series/:series/metadata", 0, ROUTE_SIGNED_IN, handle_metadata},
        {"GET", "/api/cases/:case/instances/:instance/frames/:frame", 0, ROUTE_SIGNED_IN,
         handle_frame},
        {"GET", "/api/cases/:case/documents/:instance", 0, ROUTE_SIGNED_IN, handle_document},
        {"POST", "/api/cases/:case/uploads", UPLOAD_SIZE_MAX, ROUTE_SIGNED_IN, handle_upload},
    };
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &given);
    routes_pictures_add(gateway, service, access_log);
}
