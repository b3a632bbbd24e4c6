/* links: server imaging_format */
/* The routes between an exchange and a service that are both played (tests/support): what is asked,
 * in which order, and that everything is let go of once. */
#include "protocol/generated/policy.h"
#include "server/gateway/routes_imaging.h"
#include "server/gateway/routes_sending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/imaging_players.h"

/* The loop. */

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
    exchange->allowed.audiences = AUDIENCE_CLINICAL | AUDIENCE_IDENTITY;
    exchange->allowed.actions = PATIENT_CASE_MAY_IMAGES;
    download = (struct imaging_download){.size = 1000};
    request = (struct imaging_request){0};
    upload = (struct imaging_upload){0};
    access_play = (struct access_play){.covered = true};
    routes_imaging_add(NULL, NULL, NULL);
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
    routes[2].handle(exchange, routes_data);
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
    routes[3].handle(exchange, routes_data);
    run(exchange);
    assert_int_equal(exchange->status, 200);
    assert_string_equal(exchange->content_type, "application/pdf");
    assert_non_null(
        strstr(exchange->headers, "content-disposition: attachment; filename=\"document.pdf\"\n"));
    assert_bytes(exchange, 0, 3 * READ_STEP_MAX + 12345);
}

static void what_is_in_memory_goes_out_without_waiting_for_a_reader(void **state) {
    struct http_exchange *exchange = *state;
    download.kept = true;
    download.size = 2 * READ_STEP_MAX + 1;
    get_frame(exchange);
    assert_int_equal(exchange->status, 200);
    assert_bytes(exchange, 0, 2 * READ_STEP_MAX + 1);
    assert_false(download.open);
}

static void what_is_in_memory_is_given_to_nobody_who_may_not_see_it(void **state) {
    struct http_exchange *exchange = *state;
    download.kept = true;
    exchange->allowed.audiences = AUDIENCE_STATUS;
    get_frame(exchange);
    assert_int_equal(exchange->status, 404);

    // Nor before it is written down that it was looked at.
    exchange->allowed.audiences = AUDIENCE_CLINICAL;
    exchange->status = 0;
    exchange->body_size = 0;
    access_play.covered = false;
    get_frame(exchange);
    assert_int_equal(exchange->status, 0);
    assert_int_equal(exchange->body_size, 0);
    access_written(true);
    assert_int_equal(exchange->status, 200);
}

static void a_head_of_a_large_document_lets_go_at_once(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX;
    exchange->head = true;
    routes[3].handle(exchange, routes_data);
    give_block();
    assert_int_equal(exchange->promised, 3 * READ_STEP_MAX);
    assert_int_equal(exchange->body_size, 0);
}

static void damage_found_first_is_an_error_and_found_later_cuts(void **state) {
    struct http_exchange *exchange = *state;
    download.size = 3 * READ_STEP_MAX;
    routes[3].handle(exchange, routes_data);
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
    routes[3].handle(exchange, routes_data);
    give_block();
    download.cut(download.data);
    assert_true(exchange->aborted);
}

static void a_client_that_goes_away_ends_the_reading(void **state) {
    struct http_exchange *exchange = *state;
    routes[2].handle(exchange, routes_data);
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
        exchange->allowed.audiences = i == 0 ? AUDIENCE_STATUS : AUDIENCE_CLINICAL;
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
    routes[1].handle(exchange, routes_data);
    assert_true(request.gzip);
    request.done(request.data, IMAGING_READ_OK, (struct bytes){2, (const uint8_t *)"[]"});
    assert_string_equal(exchange->content_type, "application/dicom+json");
    assert_non_null(strstr(exchange->headers, "content-encoding: gzip\n"));

    exchange->status = 0;
    exchange->headers[0] = 0;
    exchange->accept_encoding = "gzip;q=0";
    routes[1].handle(exchange, routes_data);
    assert_false(request.gzip);
    request.done(request.data, IMAGING_READ_OK, (struct bytes){2, (const uint8_t *)"[]"});
    assert_null(strstr(exchange->headers, "content-encoding"));
}

static void who_is_not_told_who_it_is_is_refused_a_document_with_a_reason(void **state) {
    struct http_exchange *exchange = *state;
    exchange->allowed.audiences = AUDIENCE_CLINICAL;
    routes[3].handle(exchange, routes_data);
    assert_int_equal(exchange->status, 403);
    assert_memory_equal(exchange->body, "masked", sizeof "masked" - 1);
}

static void texts_are_masked_for_who_is_not_told_who_it_is(void **state) {
    struct http_exchange *exchange = *state;
    for (int route = 0; route <= 1; route++) {
        for (int told = 0; told <= 1; told++) {
            exchange->allowed.audiences = AUDIENCE_CLINICAL | (told ? AUDIENCE_IDENTITY : 0);
            exchange->status = 0;
            routes[route].handle(exchange, routes_data);
            assert_int_equal(request.masked, !told);
            request.done(request.data, IMAGING_READ_OK, (struct bytes){2, (const uint8_t *)"[]"});
            assert_int_equal(exchange->status, 200);
        }
    }
}

static void an_upload_needs_a_length_and_a_role(void **state) {
    struct http_exchange *exchange = *state;
    routes[4].handle(exchange, routes_data);
    assert_int_equal(exchange->status, 411);
    exchange->status = 0;
    exchange->content_length = "10";
    exchange->allowed.actions = 0;
    routes[4].handle(exchange, routes_data);
    assert_int_equal(exchange->status, 404);
    assert_false(upload.open);
}

static void who_cannot_be_answered_just_now_is_told_when_to_ask_again(void **state) {
    struct http_exchange *exchange = *state;
    routes[0].handle(exchange, routes_data);
    request.done(request.data, IMAGING_READ_UNAVAILABLE, (struct bytes){0, NULL});
    assert_int_equal(exchange->status, 503);
    assert_non_null(strstr(exchange->headers, "retry-after: 2\n"));
}

static void an_upload_that_is_refused_says_why(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "4";
    routes[4].handle(exchange, routes_data);
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

/* "Müller\a.dcm" with a quote, as browsers send it. */
static void an_upload_that_is_not_taken_is_named_as_it_was_sent(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "4";
    exchange->upload_metadata = "filename TcO8bGxlciJcYS5kY20=";
    routes[4].handle(exchange, routes_data);
    exchange->sink->bytes(exchange, (struct bytes){4, (const uint8_t *)"abcd"},
                          exchange->sink_data);
    exchange->sink->end(exchange, exchange->sink_data);
    upload.done(upload.data, &(struct upload_answer){.outcome = UPLOAD_REFUSED,
                                                     .refusal = FILE_REFUSAL_NOT_DICOM,
                                                     .reason = text_of("this is a ZIP")});
    static const char expected[] = "{\"outcome\":\"refused\",\"reason\":\"not_dicom\",\"message\":"
                                   "\"this is a ZIP\",\"name\":\"M\xc3\xbcller\\\"\\\\a.dcm\"}";
    assert_int_equal(exchange->body_size, sizeof expected - 1);
    assert_memory_equal(exchange->body, expected, sizeof expected - 1);
}

/* Empty, too large, no space: the same. A name with a control character is none. */
static void an_upload_that_does_not_begin_is_named_too(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "0";
    exchange->upload_metadata = "filename YS5kY20=";
    routes[4].handle(exchange, routes_data);
    assert_int_equal(exchange->status, 422);
    static const char expected[] =
        "{\"error\":\"empty\",\"message\":\"The file is empty.\",\"name\":\"a.dcm\"}";
    assert_int_equal(exchange->body_size, sizeof expected - 1);
    assert_memory_equal(exchange->body, expected, sizeof expected - 1);
    exchange->status = 0;
    exchange->body_size = 0;
    exchange->upload_metadata = "filename YQpiLmRjbQ==";
    routes[4].handle(exchange, routes_data);
    static const char unnamed[] = "{\"error\":\"empty\",\"message\":\"The file is empty.\"}";
    assert_int_equal(exchange->body_size, sizeof unnamed - 1);
    assert_memory_equal(exchange->body, unnamed, sizeof unnamed - 1);
}

static void an_upload_whose_sender_goes_away_is_cancelled(void **state) {
    struct http_exchange *exchange = *state;
    exchange->content_length = "4";
    routes[4].handle(exchange, routes_data);
    assert_true(upload.open);
    exchange->closed(exchange, exchange->closed_data);
    exchange->closed = NULL;
    assert_false(upload.open);
}

static void nothing_leaves_before_it_is_written_down_who_looks(void **state) {
    struct http_exchange *exchange = *state;
    access_play.covered = false;
    get_frame(exchange);
    assert_int_equal(exchange->status, 0);
    assert_int_equal(access_play.written.action, ACCESS_IMAGES);
    assert_string_equal(access_play.written.object, "1.2.840");
    access_written(true);
    run(exchange);
    assert_int_equal(exchange->status, 200);
}

static void a_list_is_asked_for_again_once_it_is_written_down(void **state) {
    struct http_exchange *exchange = *state;
    access_play.covered = false;
    routes[0].handle(exchange, routes_data);
    assert_int_equal(exchange->status, 0);
    exchange->allowed.audiences = 0; // taken away meanwhile
    access_written(true);
    assert_int_equal(exchange->status, 404);
    assert_int_equal(access_play.written.result, ACCESS_REFUSED);
}

static void what_cannot_be_written_down_is_not_shown(void **state) {
    struct http_exchange *exchange = *state;
    access_play.covered = false;
    get_frame(exchange);
    access_written(false);
    assert_int_equal(exchange->status, 503);
}

static void who_went_away_meanwhile_is_let_go_of(void **state) {
    struct http_exchange *exchange = *state;
    access_play.covered = false;
    get_frame(exchange);
    exchange->closed(exchange, exchange->closed_data);
    exchange->closed = NULL;
    access_written(true);
    assert_int_equal(exchange->status, 0);
}

static void a_refusal_is_written_down_too(void **state) {
    struct http_exchange *exchange = *state;
    exchange->allowed.audiences = 0;
    get_frame(exchange);
    assert_int_equal(exchange->status, 404);
    assert_int_equal(access_play.written.result, ACCESS_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

static void what_a_sender_says_of_all_files_is_taken_whole_or_not_at_all(void **state) {
    (void)state;
    struct sending said =
        sending_read(TEXT("01234567-89ab-4def-8123-456789abcdef 512 90000000 214 40000000 210 4"));
    assert_int_equal(said.files, 512);
    assert_int_equal(said.bytes, 90000000);
    assert_int_equal(said.done, 214);
    assert_int_equal(said.bytes_done, 40000000);
    assert_int_equal(said.images, 210);
    assert_int_equal(said.kept, 4);
    static const char *const nonsense[] = {
        "",
        "01234567-89ab-4def-8123-456789abcdef",
        "01234567-89ab-4def-8123-456789abcdef 5 9 6 1 0 0",
        "01234567-89ab-4def-8123-456789abcdef 5 9 1 1 0 0 ",
        "01234567-89ab-4def-8123-456789abcdef 5 9 1 1 0 0 0",
        "01234567-89ab-4def-8123-456789abcdef 2000000 9 1 1 0 0",
        "01234567-89ab-4def-8123-456789abcdef 5  9 1 1 0",
        "00000000-0000-0000-0000-000000000000 5 9 1 1 0 0",
    };
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        said = sending_read((struct text){(uint32_t)strlen(nonsense[i]), nonsense[i]});
        assert_int_equal(said.files, 0);
        assert_true(uuid_is_zero(said.id));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_sender_says_of_all_files_is_taken_whole_or_not_at_all),
        TEST(a_frame_names_its_transfer_syntax_and_is_not_stored),
        TEST(a_range_gives_206_and_says_which),
        TEST(a_range_past_the_end_gives_416_and_the_size),
        TEST(a_range_of_another_content_gives_the_whole),
        TEST(what_the_client_has_is_not_sent_again),
        TEST(a_large_document_goes_out_block_by_block),
        TEST(what_is_in_memory_goes_out_without_waiting_for_a_reader),
        TEST(what_is_in_memory_is_given_to_nobody_who_may_not_see_it),
        TEST(a_head_of_a_large_document_lets_go_at_once),
        TEST(damage_found_first_is_an_error_and_found_later_cuts),
        TEST(a_revocation_cuts_what_is_being_sent),
        TEST(a_client_that_goes_away_ends_the_reading),
        TEST(forbidden_unknown_and_malformed_look_the_same),
        TEST(metadata_is_gzipped_for_whoever_accepts_it),
        TEST(who_is_not_told_who_it_is_is_refused_a_document_with_a_reason),
        TEST(texts_are_masked_for_who_is_not_told_who_it_is),
        TEST(an_upload_needs_a_length_and_a_role),
        TEST(who_cannot_be_answered_just_now_is_told_when_to_ask_again),
        TEST(an_upload_that_is_refused_says_why),
        TEST(an_upload_that_is_not_taken_is_named_as_it_was_sent),
        TEST(an_upload_that_does_not_begin_is_named_too),
        TEST(an_upload_whose_sender_goes_away_is_cancelled),
        TEST(nothing_leaves_before_it_is_written_down_who_looks),
        TEST(a_list_is_asked_for_again_once_it_is_written_down),
        TEST(what_cannot_be_written_down_is_not_shown),
        TEST(who_went_away_meanwhile_is_let_go_of),
        TEST(a_refusal_is_written_down_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
