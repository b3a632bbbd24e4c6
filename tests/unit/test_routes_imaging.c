/* links: server imaging_format */
/* The routes between an exchange and a service that are both played here: what is asked, in which
 * order, and that everything is let go of once. */
#include "protocol/generated/session.h"
#include "server/gateway/routes_imaging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CAPTURES_MAX 3
#define BODY_MAX ((size_t)8 << 20)

/* The exchange. */

struct http_exchange {
    const char *captures[CAPTURES_MAX];
    const char *range, *if_none_match, *if_range, *accept_encoding, *content_length;
    bool head;
    struct http_identity who;
    uint8_t audiences;
    uint16_t roles;
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

void http_add_routes(struct gateway *gateway, const struct http_route *given, size_t count,
                     void *data) {
    (void)gateway;
    (void)data;
    assert_int_equal(count, 5);
    routes = given;
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
                         void (*answer)(struct http_exchange *exchange, uint8_t audiences,
                                        uint16_t roles, void *data),
                         void *data) {
    (void)patient_case;
    answer(exchange, exchange->audiences, exchange->roles, data);
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
    enum imaging_read_result result;
};
struct imaging_request {
    bool open;
    imaging_text_done done;
    void *data;
    bool gzip;
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
    struct download_facts facts = {
        .size = download.size, .transfer_syntax = "1.2.840.10008.1.2.1", .etag = "\"abc-1\""};
    if (wanted->frame == 0) {
        facts.transfer_syntax = NULL;
        facts.media_type = "application/pdf";
    }
    if (wanted->frame > 1) {
        opened(data, IMAGING_READ_ABSENT, NULL);
    } else {
        opened(data, IMAGING_READ_OK, &facts);
    }
    return true;
}

void imaging_download_read(struct imaging_download *of, uint64_t offset, size_t length,
                           download_read done) {
    assert_true(of->open && !of->read && offset + length <= of->size && length <= READ_STEP_MAX);
    of->read = done;
    of->offset = offset;
    of->length = length;
}

void imaging_download_close(struct imaging_download *of) {
    assert_true(of->open);
    of->open = false;
    of->read = NULL;
}

bool imaging_list_display_sets(struct imaging_service *service, struct uuid patient_case,
                               imaging_text_done done, void *data,
                               struct imaging_request **ret_request) {
    (void)service;
    (void)patient_case;
    request = (struct imaging_request){true, done, data, false};
    *ret_request = &request;
    return true;
}

bool imaging_series_metadata(struct imaging_service *service, struct uuid patient_case,
                             struct text series_uid, bool gzip, imaging_text_done done, void *data,
                             struct imaging_request **ret_request) {
    (void)service;
    (void)patient_case;
    (void)series_uid;
    request = (struct imaging_request){true, done, data, gzip};
    *ret_request = &request;
    return true;
}

void imaging_request_cancel(struct imaging_request *of) {
    assert_true(of->open);
    of->open = false;
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

/* The loop. */

static void give_block(void) {
    download_read read = download.read;
    download.read = NULL;
    uint8_t *bytes = malloc(download.length + 1);
    for (size_t i = 0; i < download.length; i++) {
        bytes[i] = byte_at(download.offset + i);
    }
    read(download.data, download.result, (struct bytes){(uint32_t)download.length, bytes});
    free(bytes);
}

static void run(struct http_exchange *exchange) {
    bool moved = true;
    while (moved) {
        moved = false;
        if (download.read) {
            give_block();
            moved = true;
        } else if (exchange->wants_writable && !exchange->aborted) {
            exchange->wants_writable = false;
            exchange->writable(exchange, exchange->writable_data);
            moved = true;
        }
    }
}

static int begin_test(void **state) {
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    exchange->body = malloc(BODY_MAX);
    exchange->captures[0] = "case";
    exchange->captures[1] = "1.2.3";
    exchange->captures[2] = "1";
    exchange->audiences = AUDIENCE_CLINICAL;
    exchange->roles = 1u << ROLE_MEMBER;
    download = (struct imaging_download){.size = 1000};
    request = (struct imaging_request){0};
    upload = (struct imaging_upload){0};
    routes_imaging_add(NULL, NULL);
    *state = exchange;
    return 0;
}

static int end_test(void **state) {
    struct http_exchange *exchange = *state;
    // Whatever happened, nothing of ours may still be called.
    assert_null(exchange->closed);
    assert_false(download.open);
    free(exchange->body);
    free(exchange);
    return 0;
}

static void get_frame(struct http_exchange *exchange) {
    routes[2].handle(exchange, NULL);
    run(exchange);
}

static void assert_bytes(const struct http_exchange *exchange, uint64_t first, size_t size) {
    assert_int_equal(exchange->body_size, size);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(exchange->body[i], byte_at(first + i));
    }
}

static void a_frame_names_its_transfer_syntax_and_is_not_stored(void **state) {
    struct http_exchange *exchange = *state;
    get_frame(exchange);
    assert_int_equal(exchange->status, 200);
    assert_string_equal(exchange->content_type,
                        "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1");
    assert_non_null(strstr(exchange->headers, "cache-control: no-store\n"));
    assert_non_null(strstr(exchange->headers, "etag: \"abc-1\"\n"));
    assert_bytes(exchange, 0, 1000);
}

static void a_range_gives_206_and_says_which(void **state) {
    struct http_exchange *exchange = *state;
    exchange->range = "bytes=10-19";
    get_frame(exchange);
    assert_int_equal(exchange->status, 206);
    assert_non_null(strstr(exchange->headers, "content-range: bytes 10-19/1000\n"));
    assert_bytes(exchange, 10, 10);
}

static void a_range_past_the_end_gives_416_and_the_size(void **state) {
    struct http_exchange *exchange = *state;
    exchange->range = "bytes=1000-";
    get_frame(exchange);
    assert_int_equal(exchange->status, 416);
    assert_non_null(strstr(exchange->headers, "content-range: bytes */1000\n"));
}

static void a_range_of_another_content_gives_the_whole(void **state) {
    struct http_exchange *exchange = *state;
    exchange->range = "bytes=10-19";
    exchange->if_range = "\"older\"";
    get_frame(exchange);
    assert_int_equal(exchange->status, 200);
    assert_bytes(exchange, 0, 1000);
}

static void what_the_client_has_is_not_sent_again(void **state) {
    struct http_exchange *exchange = *state;
    exchange->if_none_match = "\"x\", W/\"abc-1\"";
    get_frame(exchange);
    assert_int_equal(exchange->status, 304);
    assert_int_equal(exchange->body_size, 0);
}

static void a_large_document_goes_out_block_by_block(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX + 12345;
    routes[3].handle(exchange, NULL);
    run(exchange);
    assert_int_equal(exchange->status, 200);
    assert_string_equal(exchange->content_type, "application/pdf");
    assert_non_null(strstr(exchange->headers, "content-disposition: attachment\n"));
    assert_bytes(exchange, 0, 3 * READ_STEP_MAX + 12345);
}

static void a_head_of_a_large_document_lets_go_at_once(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX;
    exchange->head = true;
    routes[3].handle(exchange, NULL);
    give_block();
    assert_int_equal(exchange->promised, 3 * READ_STEP_MAX);
    assert_int_equal(exchange->body_size, 0);
}

static void damage_found_first_is_an_error_and_found_later_cuts(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX;
    routes[3].handle(exchange, NULL);
    give_block();
    while (exchange->wants_writable) {
        exchange->wants_writable = false;
        exchange->writable(exchange, exchange->writable_data);
    }
    download.result = IMAGING_READ_DAMAGED;
    give_block();
    assert_true(exchange->aborted);
    assert_int_equal(exchange->body_size, READ_STEP_MAX);

    exchange->status = 0;
    exchange->aborted = false;
    get_frame(exchange);
    assert_int_equal(exchange->status, 500);
    assert_false(exchange->aborted);
}

static void a_revocation_cuts_what_is_being_sent(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX;
    routes[3].handle(exchange, NULL);
    give_block();
    download.cut(download.data);
    assert_true(exchange->aborted);
}

static void a_client_that_goes_away_ends_the_reading(void **state) {
    struct http_exchange *exchange = *state;
    routes[2].handle(exchange, NULL);
    assert_true(download.open);
    exchange->closed(exchange, exchange->closed_data);
    exchange->closed = NULL;
    assert_false(download.open);
}

static void forbidden_unknown_and_malformed_look_the_same(void **state) {
    struct http_exchange *exchange = *state;
    char answers[4][64];
    for (int i = 0; i < 4; i++) {
        exchange->status = 0;
        exchange->body_size = 0;
        exchange->audiences = i == 0 ? AUDIENCE_STATUS : AUDIENCE_CLINICAL;
        exchange->captures[2] = i == 1 ? "2" : i == 2 ? "0x1" : "1";
        exchange->captures[0] = i == 3 ? "nonsense" : "case";
        get_frame(exchange);
        snprintf(answers[i], sizeof answers[i], "%d %.*s", exchange->status,
                 (int)exchange->body_size, (const char *)exchange->body);
        assert_string_equal(answers[i], "404 not_found");
    }
}

static void metadata_is_gzipped_for_whoever_accepts_it(void **state) {
    struct http_exchange *exchange = *state;
    exchange->accept_encoding = "deflate, gzip;q=0.8";
    routes[1].handle(exchange, NULL);
    assert_true(request.gzip);
    request.done(request.data, IMAGING_READ_OK, (struct bytes){2, (const uint8_t *)"[]"});
    assert_string_equal(exchange->content_type, "application/dicom+json");
    assert_non_null(strstr(exchange->headers, "content-encoding: gzip\n"));

    exchange->status = 0;
    exchange->headers[0] = 0;
    exchange->accept_encoding = "gzip;q=0";
    routes[1].handle(exchange, NULL);
    assert_false(request.gzip);
    request.done(request.data, IMAGING_READ_OK, (struct bytes){2, (const uint8_t *)"[]"});
    assert_null(strstr(exchange->headers, "content-encoding"));
}

static void an_upload_needs_a_length_and_a_role(void **state) {
    struct http_exchange *exchange = *state;
    routes[4].handle(exchange, NULL);
    assert_int_equal(exchange->status, 411);
    exchange->status = 0;
    exchange->content_length = "10";
    exchange->roles = 1u << ROLE_OBSERVER;
    routes[4].handle(exchange, NULL);
    assert_int_equal(exchange->status, 404);
    assert_false(upload.open);
}

static void an_upload_that_is_refused_says_why(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "4";
    routes[4].handle(exchange, NULL);
    exchange->sink->bytes(exchange, (struct bytes){4, (const uint8_t *)"abcd"},
                          exchange->sink_data);
    exchange->sink->end(exchange, exchange->sink_data);
    assert_true(upload.ended);
    upload.done(upload.data, &(struct upload_answer){.outcome = UPLOAD_REFUSED,
                                                     .refusal = FILE_REFUSAL_NOT_DICOM,
                                                     .reason = text_of("this is a \"ZIP\"")});
    assert_int_equal(exchange->status, 422);
    static const char expected[] =
        "{\"outcome\":\"refused\",\"reason\":\"not_dicom\",\"message\":\"this is a \\\"ZIP\\\"\"}";
    assert_int_equal(exchange->body_size, sizeof expected - 1);
    assert_memory_equal(exchange->body, expected, sizeof expected - 1);
}

static void an_upload_whose_sender_goes_away_is_cancelled(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "4";
    routes[4].handle(exchange, NULL);
    assert_true(upload.open);
    exchange->closed(exchange, exchange->closed_data);
    exchange->closed = NULL;
    assert_false(upload.open);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_frame_names_its_transfer_syntax_and_is_not_stored),
        TEST(a_range_gives_206_and_says_which),
        TEST(a_range_past_the_end_gives_416_and_the_size),
        TEST(a_range_of_another_content_gives_the_whole),
        TEST(what_the_client_has_is_not_sent_again),
        TEST(a_large_document_goes_out_block_by_block),
        TEST(a_head_of_a_large_document_lets_go_at_once),
        TEST(damage_found_first_is_an_error_and_found_later_cuts),
        TEST(a_revocation_cuts_what_is_being_sent),
        TEST(a_client_that_goes_away_ends_the_reading),
        TEST(forbidden_unknown_and_malformed_look_the_same),
        TEST(metadata_is_gzipped_for_whoever_accepts_it),
        TEST(an_upload_needs_a_length_and_a_role),
        TEST(an_upload_that_is_refused_says_why),
        TEST(an_upload_whose_sender_goes_away_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
