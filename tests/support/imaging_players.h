/*
 * An HTTP exchange and an imaging service, played: the functions of http.h and imaging_service.h as
 * a test of the routes needs them, without sockets, files or a database. Included once, after
 * cmocka.h, by the test that links nothing else that defines them.
 */
#ifndef CONSILIUM_TESTS_IMAGING_PLAYERS_H
#define CONSILIUM_TESTS_IMAGING_PLAYERS_H

#include "server/audit/access_log.h"
#include "server/gateway/exchange_peer.h"
#include "server/gateway/http.h"
#include "server/gateway/routes_pictures.h"
#include "server/imaging/imaging_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURES_MAX 3
#define BODY_MAX ((size_t)8 << 20)

/* Not what is played here. */
void routes_pictures_add(struct gateway *gateway, struct imaging_service *service,
                         struct access_log *access_log) {
    (void)gateway;
    (void)service;
    (void)access_log;
}

/* The exchange. */

struct http_exchange {
    const char *captures[CAPTURES_MAX];
    const char *range, *if_none_match, *if_range, *accept_encoding, *content_length,
        *upload_metadata;
    bool head;
    struct http_identity who;
    struct allowance allowed;
    int status;
    char content_type[160];
    char headers[512];
    uint8_t *body;
    size_t body_size;
    uint64_t promised;
    void (*writable)(struct http_exchange *exchange, void *data);
    void *writable_data;
    bool wants_writable;
    void (*closed)(struct http_exchange *exchange, void *data);
    void *closed_data;
    const struct http_body_sink *sink;
    void *sink_data;
    bool aborted;
};

static const struct http_route *routes;
static void *routes_data;

void http_add_routes(struct gateway *gateway, const struct http_route *given, size_t count,
                     void *data) {
    (void)gateway;
    assert_int_equal(count, 5);
    routes = given;
    routes_data = data;
}

/* The access log. */

static struct access_play {
    bool covered; // what is asked for stands in it
    struct access written;
    unsigned writes;
    void (*done)(void *data, bool written);
    void *data;
} access_play;

bool access_log_covers(const struct access_log *log, const struct access *access) {
    (void)log;
    (void)access;
    return access_play.covered;
}

void access_log_write(struct access_log *log, const struct access *access,
                      void (*done)(void *data, bool written), void *data) {
    (void)log;
    access_play.written = *access;
    access_play.writes++;
    access_play.done = done;
    access_play.data = data;
}

static void access_written(bool written) {
    access_play.covered = written;
    access_play.done(access_play.data, written);
}

struct peer_address exchange_peer(const struct http_exchange *exchange) {
    (void)exchange;
    return (struct peer_address){{0}};
}

static struct text text_of(const char *text) {
    return text ? (struct text){(uint32_t)strlen(text), text} : (struct text){0, ""};
}

const struct http_identity *http_who(const struct http_exchange *exchange) {
    return &exchange->who;
}

struct text http_capture(const struct http_exchange *exchange, unsigned index) {
    return text_of(exchange->captures[index]);
}

bool http_capture_uuid(const struct http_exchange *exchange, unsigned index, struct uuid *ret) {
    *ret = (struct uuid){{1}};
    return strcmp(exchange->captures[index], "case") == 0;
}

struct text http_header(const struct http_exchange *exchange, const char *name) {
    if (strcmp(name, "range") == 0) {
        return text_of(exchange->range);
    }
    if (strcmp(name, "if-none-match") == 0) {
        return text_of(exchange->if_none_match);
    }
    if (strcmp(name, "if-range") == 0) {
        return text_of(exchange->if_range);
    }
    if (strcmp(name, "upload-metadata") == 0) {
        return text_of(exchange->upload_metadata);
    }
    if (strcmp(name, "content-length") == 0) {
        return text_of(exchange->content_length);
    }
    return text_of(exchange->accept_encoding);
}

uint64_t http_content_length(const struct http_exchange *exchange) {
    return exchange->content_length ? strtoull(exchange->content_length, NULL, 10) : 0;
}

bool http_wants_head(const struct http_exchange *exchange) {
    return exchange->head;
}

void http_read_stream(struct http_exchange *exchange, const struct http_body_sink *sink,
                      void *data) {
    exchange->sink = sink;
    exchange->sink_data = data;
}

void http_on_closed(struct http_exchange *exchange,
                    void (*closed)(struct http_exchange *exchange, void *data), void *data) {
    exchange->closed = closed;
    exchange->closed_data = data;
}

void http_on_gone(struct http_exchange *exchange, void (*gone)(void *data), void *data) {
    (void)exchange;
    (void)gone;
    (void)data;
}

struct memory_claim *imaging_keep(struct imaging_service *service, struct bytes bytes) {
    (void)service;
    (void)bytes;
    return NULL;
}

static void note_head(struct http_exchange *exchange, int status, const char *content_type,
                      const struct http_header_line *headers, size_t header_count) {
    assert_int_equal(exchange->status, 0); // answered once
    exchange->status = status;
    snprintf(exchange->content_type, sizeof exchange->content_type, "%s",
             content_type ? content_type : "");
    for (size_t i = 0; i < header_count; i++) {
        size_t at = strlen(exchange->headers);
        snprintf(exchange->headers + at, sizeof exchange->headers - at, "%s: %s\n", headers[i].name,
                 headers[i].value);
    }
}

static void add_body(struct http_exchange *exchange, struct bytes bytes) {
    assert_true(exchange->body_size + bytes.length <= BODY_MAX);
    if (bytes.length > 0) {
        memcpy(exchange->body + exchange->body_size, bytes.bytes, bytes.length);
    }
    exchange->body_size += bytes.length;
}

void http_answer_bytes(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count,
                       struct bytes body) {
    note_head(exchange, status, content_type, headers, header_count);
    exchange->promised = body.length;
    add_body(exchange, body);
}

void http_answer_json(struct http_exchange *exchange, int status, const char *json, size_t length) {
    http_answer_bytes(exchange, status, "application/json", NULL, 0,
                      (struct bytes){(uint32_t)length, (const uint8_t *)json});
}

void http_answer_error(struct http_exchange *exchange, int status, const char *word,
                       const char *message) {
    (void)message;
    http_answer_json(exchange, status, word, strlen(word));
}

void http_answer_begin(struct http_exchange *exchange, int status, const char *content_type,
                       const struct http_header_line *headers, size_t header_count, uint64_t length,
                       void (*writable)(struct http_exchange *exchange, void *data), void *data) {
    note_head(exchange, status, content_type, headers, header_count);
    exchange->promised = length;
    exchange->writable = writable;
    exchange->writable_data = data;
    exchange->wants_writable = true;
}

void http_write(struct http_exchange *exchange, struct bytes bytes) {
    assert_true(bytes.length > 0 && bytes.length <= HTTP_WRITE_MAX);
    add_body(exchange, bytes);
    exchange->wants_writable = exchange->body_size < exchange->promised;
}

void http_want_writable(struct http_exchange *exchange) {
    exchange->wants_writable = true;
}

void http_abort(struct http_exchange *exchange) {
    exchange->aborted = true;
}

void http_ask_case_grant(struct http_exchange *exchange, struct uuid patient_case,
                         void (*answer)(struct http_exchange *exchange, struct allowance allowed,
                                        void *data),
                         void *data) {
    (void)patient_case;
    answer(exchange, exchange->allowed, data);
}

/* The service: one frame of `size` bytes that say where they lie. */

struct imaging_download {
    bool open;
    uint64_t size;
    void *data;
    void (*cut)(void *data);
    download_read read;
    uint64_t offset;
    size_t length;
    uint8_t *given;
    bool kept; // all that is wanted is there at once
    enum imaging_read_result result;
};
struct imaging_request {
    bool open;
    imaging_text_done done;
    void *data;
    bool gzip;
    bool masked;
};
struct imaging_upload {
    bool open;
    uint64_t size, received;
    bool ended;
    upload_done done;
    void *data;
};

static struct imaging_download download;
static struct imaging_request request;
static struct imaging_upload upload;

static uint8_t byte_at(uint64_t place) {
    return (uint8_t)(place * 7 + place / 256);
}

bool imaging_download_open(struct imaging_service *service, const struct download_wanted *wanted,
                           download_opened opened, void (*cut)(void *data), void *data,
                           struct imaging_download **ret_download) {
    (void)service;
    assert_false(download.open);
    download.open = true;
    download.cut = cut;
    download.data = data;
    *ret_download = &download;
    struct download_facts facts = {.size = download.size,
                                   .transfer_syntax = "1.2.840.10008.1.2.1",
                                   .series_uid = "1.2.840",
                                   .etag = "\"abc-1\""};
    if (wanted->frame == 0) {
        facts.transfer_syntax = NULL;
        facts.media_type = "application/pdf";
    }
    if (wanted->frame > 1) {
        opened(data, IMAGING_READ_ABSENT, NULL);
    } else if (wanted->masked && wanted->frame == 0) {
        opened(data, IMAGING_READ_MASKED, NULL);
    } else {
        opened(data, IMAGING_READ_OK, &facts);
    }
    return true;
}

/* What was given before is taken back, as the service may. */
static void take_back(struct imaging_download *of) {
    free(of->given);
    of->given = NULL;
}

static void give_block(void) {
    download_read read = download.read;
    download.read = NULL;
    download.given = malloc(download.length + 1);
    for (size_t i = 0; i < download.length; i++) {
        download.given[i] = byte_at(download.offset + i);
    }
    read(download.data, download.result, (struct bytes){(uint32_t)download.length, download.given});
}

void imaging_download_read(struct imaging_download *of, uint64_t offset, uint64_t length,
                           download_read done) {
    assert_true(of->open && !of->read && offset + length <= of->size);
    take_back(of);
    of->read = done;
    of->offset = offset;
    of->length = length < READ_STEP_MAX || of->kept ? (size_t)length : READ_STEP_MAX;
    if (of->kept) {
        give_block();
    }
}

void imaging_download_close(struct imaging_download *of) {
    assert_true(of->open);
    take_back(of);
    of->open = false;
    of->read = NULL;
}

bool imaging_list_display_sets(struct imaging_service *service, const struct text_wanted *wanted,
                               bool gzip, imaging_text_done done, void *data,
                               struct imaging_request **ret_request) {
    (void)service;
    request = (struct imaging_request){true, done, data, gzip, wanted->masked};
    *ret_request = &request;
    return true;
}

bool imaging_series_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                             struct text series_uid, bool gzip, imaging_text_done done, void *data,
                             struct imaging_request **ret_request) {
    (void)service;
    (void)series_uid;
    request = (struct imaging_request){true, done, data, gzip, wanted->masked};
    *ret_request = &request;
    return true;
}

void imaging_request_cancel(struct imaging_request *of) {
    assert_true(of->open);
    of->open = false;
}

uint64_t imaging_upload_size_max(const struct imaging_service *service) {
    (void)service;
    return UPLOAD_SIZE_MAX;
}

struct imaging_upload *imaging_upload_begin(struct imaging_service *service,
                                            struct uuid patient_case, struct uuid by, uint64_t size,
                                            upload_done done, void *data) {
    (void)service;
    (void)patient_case;
    (void)by;
    upload = (struct imaging_upload){.open = true, .size = size, .done = done, .data = data};
    return &upload;
}

void imaging_upload_want_series(struct imaging_upload *of) {
    (void)of;
}

void imaging_upload_name(struct imaging_upload *of, struct text name) {
    (void)of;
    (void)name;
}

void imaging_upload_sending(struct imaging_upload *of, const struct sending *sending) {
    (void)of;
    (void)sending;
}

void imaging_sending_ended(struct imaging_service *service, struct uuid patient_case,
                           struct uuid by, struct uuid sending) {
    (void)service;
    (void)patient_case;
    (void)by;
    (void)sending;
}

bool imaging_upload_bytes(struct imaging_upload *of, struct bytes bytes) {
    of->received += bytes.length;
    return true;
}

void imaging_upload_end(struct imaging_upload *of) {
    of->ended = true;
}

void imaging_upload_cancel(struct imaging_upload *of) {
    assert_true(of->open);
    of->open = false;
}

#endif
