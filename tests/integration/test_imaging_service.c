/* links: imaging server consilium-ingest libuv libpq zlib; timeout: 120 */
/* Files go into a case and come out again, with a real database, real files and a real child. */
#include "server/imaging/bounded_output.h"
#include "server/imaging/metadata_part.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/imaging_site.h"

static void an_uploaded_series_becomes_a_volume(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 4; number++) {
        assert_int_equal(upload_slice(site, number), UPLOAD_STORED);
    }
    assert_int_equal(site->sets_told, 1);
    list(site);
    assert_int_equal(site->result, IMAGING_READ_OK);
    assert_non_null(strstr(site->text, "\"kind\":\"volume\""));
    assert_non_null(strstr(site->text, "\"seriesDescription\":\"Thorax\""));
    assert_non_null(strstr(site->text, "\"sliceSpacing\":[2]"));
    assert_non_null(strstr(site->text, "\"sopInstanceUid\":\"1.2.3.4.4\""));
    close_service(site);
}

static void the_same_bytes_again_are_already_there(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED);
    assert_int_equal(upload_slice(site, 1), UPLOAD_ALREADY_THERE);
    close_service(site);
}

static void other_bytes_under_the_same_uid_are_held_and_not_shown(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 1);
    writer.bytes[writer.size - 1] ^= 1;
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_HELD);
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_HELD);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 511, 1);
    assert_int_equal((uint8_t)site->text[0], (uint8_t)(511 + 1));
    imaging_download_close(site->download);
    close_service(site);
}

static void a_frame_comes_back_byte_for_byte_and_in_ranges(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 3);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.3"), 1), IMAGING_READ_OK);
    assert_int_equal(site->facts.size, 512);
    assert_string_equal(site->facts.transfer_syntax, "1.2.840.10008.1.2.1");
    read_download(site, 100, 200);
    assert_int_equal(site->text_size, 200);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal((uint8_t)site->text[i], (uint8_t)(100 + i + 3));
    }
    imaging_download_close(site->download);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.3"), 2), IMAGING_READ_ABSENT);
    imaging_download_close(site->download);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.99"), 1), IMAGING_READ_ABSENT);
    imaging_download_close(site->download);
    close_service(site);
}

static void series_metadata_is_one_array_gzipped_or_not(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 3; number++) {
        upload_slice(site, number);
    }
    metadata(site, true);
    assert_int_equal(site->result, IMAGING_READ_OK);
    struct bounded_output inflated;
    bounded_output_init(&inflated, 1 << 20);
    assert_true(metadata_series_inflate((const uint8_t *)site->text, site->text_size, &inflated));
    metadata(site, false);
    assert_int_equal(site->text_size, inflated.size);
    assert_memory_equal(site->text, inflated.bytes, inflated.size);
    assert_int_equal(site->text[0], '[');
    assert_int_equal(site->text[site->text_size - 1], ']');
    assert_non_null(strstr(site->text, "},{"));
    assert_non_null(strstr(site->text, "\"Alphabetic\":\"Example^Eva\""));
    bounded_output_finish(&inflated);
    close_service(site);
}

static void the_list_of_display_sets_says_the_same_as_gzip(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 9; number++) {
        upload_slice(site, number);
    }
    list_as(site, true);
    size_t packed = site->text_size;
    struct bounded_output text;
    bounded_output_init(&text, 1 << 20);
    assert_true(metadata_series_inflate((const uint8_t *)site->text, packed, &text));
    list(site);
    assert_int_equal(site->text_size, text.size);
    assert_memory_equal(site->text, text.bytes, text.size);
    assert_true(2 * packed < text.size);
    bounded_output_finish(&text);
    close_service(site);
}

static void who_is_not_told_who_it_is_reads_metadata_without_names_and_descriptions(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 3; number++) {
        upload_slice(site, number);
    }
    site->masked = true;
    for (int gzip = 0; gzip <= 1; gzip++) {
        struct bounded_output text;
        bounded_output_init(&text, 1 << 20);
        metadata(site, gzip == 1);
        assert_int_equal(site->result, IMAGING_READ_OK);
        if (gzip == 1) {
            assert_true(
                metadata_series_inflate((const uint8_t *)site->text, site->text_size, &text));
        } else {
            bounded_output_write(&text, site->text, site->text_size);
        }
        bounded_output_byte(&text, 0);
        const char *json = (const char *)text.bytes;
        assert_non_null(strstr(json, "\"00080018\":{\"vr\":\"UI\",\"Value\":[\"1.2.3.4.3\"]}"));
        assert_non_null(strstr(json, "},{"));
        assert_null(strstr(json, "Example"));
        assert_null(strstr(json, "E-1"));
        assert_null(strstr(json, "Thorax"));
        bounded_output_finish(&text);
    }
    list(site);
    assert_non_null(strstr(site->text, "\"kind\":\"volume\""));
    assert_non_null(strstr(site->text, "\"seriesDescription\":\"\""));
    assert_null(strstr(site->text, "Thorax"));
    site->masked = false;
    close_service(site);
}

/* A photograph of what stands on a slide's glass, which does not say that there are words in it. */
static void label_of_slide(struct dicom_writer *writer, const char *uid) {
    static const uint8_t pixels[4];
    dicom_writer_begin(writer);
    dicom_writer_text(writer, 0x00080008, "CS", "ORIGINAL\\PRIMARY\\LABEL\\NONE");
    dicom_writer_text(writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.6");
    dicom_writer_text(writer, 0x00080018, "UI", uid);
    dicom_writer_text(writer, 0x00080060, "CS", "SM");
    dicom_writer_text(writer, 0x00100010, "PN", "Example^Eva");
    dicom_writer_text(writer, 0x00100020, "LO", "E-1");
    dicom_writer_text(writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(writer, 0x0020000E, "UI", "1.2.3.77");
    dicom_writer_u16(writer, 0x00280002, 1);
    dicom_writer_text(writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(writer, 0x00280010, 2);
    dicom_writer_u16(writer, 0x00280011, 2);
    dicom_writer_u16(writer, 0x00280100, 8);
    dicom_writer_u16(writer, 0x00280101, 8);
    dicom_writer_u16(writer, 0x00280103, 0);
    dicom_writer_element(writer, 0x7FE00010, "OB", pixels, sizeof pixels);
}

static void who_is_not_told_who_it_is_gets_no_documents_words_in_pixels_or_labels(void **state) {
    struct site *site = new_case(state);
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";
    assert_int_equal(upload(site, pdf, sizeof pdf - 1), UPLOAD_STORED);
    list(site);
    const char *uid = strstr(site->text, "\"sopInstanceUid\":\"") + 18;
    char copy[65] = "";
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(uid, "\""), uid);
    struct text document = {(uint32_t)strlen(copy), copy};
    upload_slice(site, 1);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice_with_words(&writer, 2);
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_STORED);
    label_of_slide(&writer, "1.2.3.4.77");
    assert_int_equal(upload(site, writer.bytes, writer.size), UPLOAD_STORED);
    for (int masked = 0; masked <= 1; masked++) {
        enum imaging_read_result kept = masked ? IMAGING_READ_MASKED : IMAGING_READ_OK;
        site->masked = masked == 1;
        assert_int_equal(open_download(site, document, 0), kept);
        imaging_download_close(site->download);
        assert_int_equal(open_download(site, TEXT("1.2.3.4.2"), 1), kept);
        imaging_download_close(site->download);
        assert_int_equal(open_download(site, TEXT("1.2.3.4.77"), 1), kept);
        imaging_download_close(site->download);
        assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
        imaging_download_close(site->download);
    }
    site->masked = false;
    close_service(site);
}

static void a_document_comes_back_with_its_media_type(void **state) {
    struct site *site = new_case(state);
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";
    assert_int_equal(upload(site, pdf, sizeof pdf - 1), UPLOAD_STORED);
    list(site);
    assert_non_null(strstr(site->text, "\"kind\":\"document\""));
    const char *uid = strstr(site->text, "\"sopInstanceUid\":\"") + 18;
    char copy[65] = "";
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(uid, "\""), uid);
    struct text text = {(uint32_t)strlen(copy), copy};
    assert_int_equal(open_download(site, text, 0), IMAGING_READ_OK);
    assert_string_equal(site->facts.media_type, "application/pdf");
    read_download(site, 0, sizeof pdf - 1);
    assert_memory_equal(site->text, pdf, sizeof pdf - 1);
    imaging_download_close(site->download);
    close_service(site);
}

static void what_is_no_image_is_refused(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload(site, "nothing of the kind", 19), UPLOAD_REFUSED);
    assert_int_equal(site->refusal, FILE_REFUSAL_NOT_DICOM);
    close_service(site);
}

static void names_and_descriptions_lie_nowhere_in_clear(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    PGconn *connection = PQconnectdb(site->url);
    PGresult *found =
        PQexec(connection, "SELECT count(*) FROM image_instance i WHERE"
                           " position('Example'::bytea in outline || identity || metadata) > 0"
                           " OR position('Thorax'::bytea in outline || identity || metadata) > 0"
                           " OR i::text ~ 'Example|Thorax'");
    assert_string_equal(PQgetvalue(found, 0, 0), "0");
    PQclear(found);
    PQfinish(connection);
    char command[160];
    snprintf(command, sizeof command, "! grep -rqE 'Example|Thorax' %s", site->blobs);
    assert_int_equal(system(command), 0);
    close_service(site);
}

static void a_changed_file_is_damage_and_never_shown(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    change_files(site);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 0, 512);
    assert_int_equal(site->result, IMAGING_READ_DAMAGED);
    assert_int_equal(site->text_size, 0);
    imaging_download_close(site->download);
    close_service(site);
}

static void a_revocation_cuts_the_downloads_of_that_user(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    open_download(site, TEXT("1.2.3.4.1"), 1);
    imaging_revoke(site->service, site->patient_case, (struct uuid){{77}});
    assert_false(site->cut);
    imaging_revoke(site->service, site->patient_case, user);
    assert_true(site->cut);
    imaging_download_close(site->download);
    close_service(site);
}

static void a_case_is_told_of_its_images_until_it_has_taken_them(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    upload_slice(site, 2);
    while (site->told == 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    assert_int_equal(site->told_images, 2);
    close_service(site);

    // The process ended before the case's stream had them: told again.
    site->told = 0;
    open_service(site);
    imaging_service_announce_missed(site->service);
    while (site->told == 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    imaging_announced(site->service, site->patient_case, "1.2.3.2");
    close_service(site);
    PGconn *connection = PQconnectdb(site->url);
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM image_instance WHERE NOT announced"
             " AND case_id::text LIKE '02%02x%%'",
             site->patient_case.bytes[1]);
    PGresult *left = PQexec(connection, sql);
    assert_string_equal(PQgetvalue(left, 0, 0), "0");
    PQclear(left);
    PQfinish(connection);
}

static void a_key_that_is_not_in_memory_comes_from_its_row(void **state) {
    struct site *site = new_case(state);
    uint32_t generation;
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    site->patient_case = (struct uuid){{5}};
    assert_true(keys_new_stream(site->keys, tenant, site->patient_case, &generation, wrapped));
    keys_forget_stream(site->keys, site->patient_case);
    // Without its row the case cannot be written.
    assert_int_equal(upload_slice(site, 1), UPLOAD_UNAVAILABLE);
    write_case_key(site, site->patient_case, wrapped);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED);
    keys_forget_stream(site->keys, site->patient_case);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    imaging_download_close(site->download);
    close_service(site);
}

static void many_uploads_at_once_are_all_there(void **state) {
    struct site *site = new_case(state);
    enum { FILES = 40 };
    struct imaging_upload *begun[FILES];
    struct dicom_writer writer;
    for (unsigned i = 0; i < FILES; i++) {
        dicom_writer_begin(&writer);
        dicom_writer_slice(&writer, i / 2 + 1); // each twice
        begun[i] = imaging_upload_begin(site->service, site->patient_case, user, writer.size,
                                        on_uploaded, site);
        assert_non_null(begun[i]);
        assert_true(
            imaging_upload_bytes(begun[i], (struct bytes){(uint32_t)writer.size, writer.bytes}));
    }
    for (unsigned i = 0; i < FILES; i++) {
        imaging_upload_end(begun[i]);
    }
    struct imaging_counts counts = {.uploads_now = FILES};
    while (counts.uploads_now > 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
        imaging_count(site->service, &counts);
    }
    assert_int_equal(counts.stored, FILES / 2);
    assert_int_equal(counts.already_there, FILES / 2);
    close_service(site);
}

static void an_upload_that_is_cancelled_leaves_nothing(void **state) {
    struct site *site = new_case(state);
    struct imaging_upload *begun =
        imaging_upload_begin(site->service, site->patient_case, user, 1000, on_uploaded, site);
    assert_non_null(begun);
    assert_true(imaging_upload_bytes(begun, (struct bytes){4, (const uint8_t *)"abcd"}));
    imaging_upload_cancel(begun);
    struct imaging_counts counts;
    imaging_count(site->service, &counts);
    assert_int_equal(counts.uploads_now, 0);
    list(site);
    assert_string_equal(site->text, "{\"displaySets\":[]}");
    close_service(site);
}

static void closing_ends_an_upload_whose_bytes_are_still_coming(void **state) {
    struct site *site = new_case(state);
    site->done = false;
    assert_non_null(
        imaging_upload_begin(site->service, site->patient_case, user, 1000, on_uploaded, site));
    close_service(site);
    assert_true(site->done);
    assert_int_equal(site->outcome, UPLOAD_UNAVAILABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uploaded_series_becomes_a_volume),
        cmocka_unit_test(the_same_bytes_again_are_already_there),
        cmocka_unit_test(other_bytes_under_the_same_uid_are_held_and_not_shown),
        cmocka_unit_test(a_frame_comes_back_byte_for_byte_and_in_ranges),
        cmocka_unit_test(series_metadata_is_one_array_gzipped_or_not),
        cmocka_unit_test(the_list_of_display_sets_says_the_same_as_gzip),
        cmocka_unit_test(who_is_not_told_who_it_is_reads_metadata_without_names_and_descriptions),
        cmocka_unit_test(who_is_not_told_who_it_is_gets_no_documents_words_in_pixels_or_labels),
        cmocka_unit_test(a_document_comes_back_with_its_media_type),
        cmocka_unit_test(what_is_no_image_is_refused),
        cmocka_unit_test(names_and_descriptions_lie_nowhere_in_clear),
        cmocka_unit_test(a_changed_file_is_damage_and_never_shown),
        cmocka_unit_test(a_revocation_cuts_the_downloads_of_that_user),
        cmocka_unit_test(a_case_is_told_of_its_images_until_it_has_taken_them),
        cmocka_unit_test(a_key_that_is_not_in_memory_comes_from_its_row),
        cmocka_unit_test(many_uploads_at_once_are_all_there),
        cmocka_unit_test(an_upload_that_is_cancelled_leaves_nothing),
        cmocka_unit_test(closing_ends_an_upload_whose_bytes_are_still_coming),
    };
    return cmocka_run_group_tests(tests, set_up_site, tear_down_site);
}
