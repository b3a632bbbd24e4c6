/* links: imaging server codecs consilium-ingest libuv libpq zlib; timeout: 120 */
/* Lossless copies are made of what was uploaded, come out again, and go with their case. */
#include "server/codecs/htj2k.h"
#include "server/codecs/jpeg_baseline.h"
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_state.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/copied_slices.h"

static enum imaging_read_result open_copy(struct site *site, const char *uid, uint32_t frame) {
    struct text text = {(uint32_t)strlen(uid), uid};
    struct download_wanted wanted = {.patient_case = site->patient_case,
                                     .user = user,
                                     .sop_instance_uid = text,
                                     .frame = frame,
                                     .masked = site->masked,
                                     .copy = true};
    site->done = false;
    assert_true(
        imaging_download_open(site->service, &wanted, on_opened, on_cut, site, &site->download));
    wait_for(site, &site->done);
    return site->result;
}

/* The copy of this frame is the frame, and each of its prefixes is exact. */
static void check_copy(struct site *site, const char *uid, unsigned number, uint32_t frame) {
    struct pixels whole, part;
    assert_int_equal(open_copy(site, uid, frame), IMAGING_READ_OK);
    assert_string_equal(site->facts.transfer_syntax, COPY_TRANSFER_SYNTAX);
    assert_non_null(site->facts.prefixes);
    read_download(site, 0, (size_t)site->facts.size);
    assert_int_equal(site->result, IMAGING_READ_OK);
    const uint8_t *coded = (const uint8_t *)site->text;
    assert_int_equal(htj2k_decode(coded, site->text_size, &form, 0, &whole), CODEC_OK);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        assert_int_equal(((uint16_t *)whole.bytes)[i], value_at(number, frame - 1, i));
    }
    pixels_free(&whole);
    for (unsigned level = 1; level <= 5; level++) {
        uint32_t prefix = site->facts.prefixes[level - 1];
        assert_int_equal(htj2k_decode(coded, site->text_size, &form, level, &whole), CODEC_OK);
        assert_int_equal(htj2k_decode(coded, prefix, &form, level, &part), CODEC_OK);
        assert_memory_equal(whole.bytes, part.bytes, pixels_size(&whole.form));
        pixels_free(&whole);
        pixels_free(&part);
    }
    imaging_download_close(site->download);
}

static void a_copy_is_made_of_every_frame_and_is_the_same_image(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, NULL);
    upload_one(site, 2, 1, NULL);
    upload_one(site, 3, 4, NULL);
    wait_for_copies(site, 3);
    check_copy(site, "1.2.3.4.1", 1, 1);
    check_copy(site, "1.2.3.4.2", 2, 1);
    for (uint32_t frame = 1; frame <= 4; frame++) {
        check_copy(site, "1.2.3.4.3", 3, frame);
    }
    close_service(site);
}

static void who_does_not_ask_for_the_copy_gets_the_original_and_each_has_its_etag(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, NULL);
    assert_int_equal(open_copy(site, "1.2.3.4.1", 1), IMAGING_READ_OK);
    assert_string_equal(site->facts.transfer_syntax, "1.2.840.10008.1.2.1"); // none yet
    assert_null(site->facts.prefixes);
    imaging_download_close(site->download);
    wait_for_copies(site, 1);
    char etag[80];
    for (int turn = 0; turn < 2; turn++) { // the second from the cache of frames
        assert_int_equal(open_copy(site, "1.2.3.4.1", 1), IMAGING_READ_OK);
        read_download(site, 0, (size_t)site->facts.size);
        assert_memory_equal(site->text, "\xFF\x4F\xFF\x51", 4);
        memcpy(etag, site->facts.etag, sizeof etag);
        imaging_download_close(site->download);
        assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
        assert_int_equal(site->facts.size, SIDE * SIDE * 2);
        read_download(site, 0, SIDE * SIDE * 2);
        assert_memory_not_equal(site->text, "\xFF\x4F\xFF\x51", 4);
        assert_string_not_equal(etag, site->facts.etag);
        imaging_download_close(site->download);
    }
    close_service(site);
}

static void on_preview(void *data, enum imaging_read_result result, struct bytes bytes) {
    keep_text(data, result, bytes);
}

static enum imaging_read_result preview(struct site *site, unsigned level) {
    list(site);
    const char *rows = strstr(site->text, "\"rows\":48");
    const char *id = NULL;
    for (const char *at = site->text; rows && (at = strstr(at, "\"displaySet\":\"")) && at < rows;
         at++) {
        id = at; // the last before it
    }
    if (!id) { // nothing is as large as the pictures of this file: whichever comes first
        id = strstr(site->text, "\"displaySet\":\"");
    }
    assert_non_null(id);
    char copy[DISPLAY_SET_ID_SIZE + 1] = "";
    memcpy(copy, id + 14, DISPLAY_SET_ID_SIZE);
    struct preview_wanted wanted = {
        site->patient_case, {DISPLAY_SET_ID_SIZE, copy}, level, site->masked};
    struct imaging_preview *request;
    site->done = false;
    assert_true(imaging_preview_read(site->service, &wanted, on_preview, site, &request));
    wait_for(site, &site->done);
    return site->result;
}

static uint32_t number_at(const struct site *site, size_t at, size_t size) {
    uint32_t number = 0;
    assert_true(at + size <= site->text_size);
    memcpy(&number, site->text + at, size);
    return number;
}

static void a_bundle_brings_the_beginnings_of_a_display_set_in_its_order(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 90), UPLOAD_STORED); // of another size: a set of its own
    for (unsigned number = 5; number >= 1; number--) {
        upload_one(site, number, 1, NULL);
    }
    wait_for_copies(site, 6);
    for (unsigned level = 1; level <= 5; level++) {
        assert_int_equal(preview(site, level), IMAGING_READ_OK);
        assert_memory_equal(site->text, "CPRV", 4);
        assert_int_equal(number_at(site, 4, 2), 1);
        assert_int_equal(number_at(site, 6, 2), level);
        uint32_t count = number_at(site, 8, 4);
        assert_int_equal(count, 5);
        size_t at = 12, bytes_at;
        uint32_t lengths[5];
        for (unsigned i = 0; i < 5; i++) {
            char uid[32];
            snprintf(uid, sizeof uid, "1.2.3.4.%u", i + 1);
            assert_int_equal(number_at(site, at, 1), strlen(uid));
            assert_memory_equal(site->text + at + 1, uid, strlen(uid));
            at += 1 + strlen(uid);
            assert_int_equal(number_at(site, at, 4), 1);
            lengths[i] = number_at(site, at + 4, 4);
            at += 8;
        }
        bytes_at = at;
        for (unsigned i = 0; i < 5; i++) {
            struct pixels part;
            assert_int_equal(htj2k_decode((const uint8_t *)site->text + bytes_at, lengths[i], &form,
                                          level, &part),
                             CODEC_OK);
            pixels_free(&part);
            bytes_at += lengths[i];
        }
        assert_int_equal(bytes_at, site->text_size);
    }
    close_service(site);
}

static void there_is_no_bundle_before_there_is_a_copy(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, NULL);
    assert_int_equal(preview(site, 3), IMAGING_READ_ABSENT);
    wait_for_copies(site, 1);
    assert_int_equal(preview(site, 3), IMAGING_READ_OK);
    upload_one(site, 2, 1, NULL);
    assert_int_equal(preview(site, 3), IMAGING_READ_OK);
    assert_int_equal(number_at(site, 8, 4), 2);
    wait_for_copies(site, 2);
    close_service(site);
}

static void who_is_not_told_who_it_is_gets_no_beginning_of_burned_in_words(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, "YES");
    wait_for_copies(site, 1);
    assert_int_equal(preview(site, 2), IMAGING_READ_OK);
    site->masked = true;
    assert_int_equal(preview(site, 2), IMAGING_READ_MASKED);
    assert_int_equal(open_copy(site, "1.2.3.4.1", 1), IMAGING_READ_MASKED);
    imaging_download_close(site->download);
    site->masked = false;
    close_service(site);
}

static long count_of(const struct site *site, const char *sql) {
    PGconn *connection = PQconnectdb(site->url);
    PGresult *found = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(found), PGRES_TUPLES_OK);
    long count = strtol(PQgetvalue(found, 0, 0), NULL, 10);
    PQclear(found);
    PQfinish(connection);
    return count;
}

static void what_was_not_copied_before_a_restart_is_copied_after_it(void **state) {
    struct site *site = new_case(state);
    enum { MANY = 12 };
    for (unsigned number = 1; number <= MANY; number++) {
        upload_one(site, number, 1, NULL);
    }
    wait_for_copies(site, 2);
    close_service(site);
    long left = count_of(site, "SELECT count(*) FROM image_instance WHERE copy_wanted");
    assert_true(left > 0);
    open_service(site);
    imaging_service_announce_missed(site->service);
    wait_for_copies(site, (uint64_t)left);
    assert_int_equal(count_of(site, "SELECT count(*) FROM image_instance WHERE copy_wanted"), 0);
    for (unsigned number = 1; number <= MANY; number++) {
        char uid[32];
        snprintf(uid, sizeof uid, "1.2.3.4.%u", number);
        check_copy(site, uid, number, 1);
    }
    close_service(site);
}

static void what_cannot_be_copied_is_not_tried_for_ever_and_stays_readable(void **state) {
    struct site *site = new_case(state);
    assert_int_equal(upload_slice(site, 1), UPLOAD_STORED); // smaller than the codec writes
    wait_for_copies(site, 1);
    struct imaging_counts counts;
    imaging_count(site->service, &counts);
    assert_int_equal(counts.copies_refused, 1);
    assert_int_equal(open_copy(site, "1.2.3.4.1", 1), IMAGING_READ_OK);
    assert_string_equal(site->facts.transfer_syntax, "1.2.840.10008.1.2.1");
    imaging_download_close(site->download);
    assert_int_equal(count_of(site, "SELECT count(*) FROM image_instance WHERE copy_wanted"), 0);
    close_service(site);
}

static void shell(const char *format, const char *folder) {
    char command[400];
    snprintf(command, sizeof command, format, folder, folder, folder);
    assert_int_equal(system(command), 0);
}

/* Changes every file that came since `remember_files`. */
static void remember_files(const struct site *site) {
    shell("find %s -type f | sort > %s.before", site->blobs);
}
static void damage_new_files(const struct site *site) {
    shell("for file in $(find %s -type f | sort | comm -13 %s.before -); do"
          " printf damage | dd of=$file bs=1 seek=180 conv=notrunc 2>%s.log; done",
          site->blobs);
}

static void a_copy_that_is_damaged_is_none_and_is_made_again(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, NULL);
    remember_files(site);
    wait_for_copies(site, 1);
    damage_new_files(site);
    assert_int_equal(open_copy(site, "1.2.3.4.1", 1), IMAGING_READ_OK);
    read_download(site, 0, (size_t)site->facts.size);
    assert_int_equal(site->result, IMAGING_READ_DAMAGED);
    imaging_download_close(site->download);
    wait_for_copies(site, 2);
    check_copy(site, "1.2.3.4.1", 1, 1);
    assert_int_equal(count_of(site, "SELECT count(*) FROM image_instance WHERE copy_wanted"), 0);
    close_service(site);
}

static void a_bundle_leaves_out_what_does_not_verify(void **state) {
    struct site *site = new_case(state);
    upload_one(site, 1, 1, NULL);
    wait_for_copies(site, 1);
    upload_one(site, 2, 1, NULL);
    remember_files(site);
    wait_for_copies(site, 2);
    damage_new_files(site);
    assert_int_equal(preview(site, 3), IMAGING_READ_OK);
    assert_int_equal(number_at(site, 8, 4), 2);
    const size_t uid = strlen("1.2.3.4.1");
    assert_int_not_equal(number_at(site, 12 + 1 + uid + 4, 4), 0);
    assert_int_equal(number_at(site, 12 + 9 + uid + 1 + uid + 4, 4), 0);
    wait_for_copies(site, 3);
    assert_int_equal(preview(site, 3), IMAGING_READ_OK);
    assert_int_not_equal(number_at(site, 12 + 9 + uid + 1 + uid + 4, 4), 0);
    close_service(site);
}

static void on_erased(void *data, bool erased) {
    struct site *site = data;
    site->cut = erased;
    site->done = true;
}

static int files_of(const struct site *site) {
    char command[160];
    snprintf(command, sizeof command, "test $(find %s -type f | wc -l) -eq 0", site->blobs);
    return system(command);
}

static void an_erased_case_leaves_no_copy_also_of_those_being_made(void **state) {
    struct site *site = new_case(state);
    char command[160];
    snprintf(command, sizeof command, "find %s -type f -delete", site->blobs);
    assert_int_equal(system(command), 0); // of the cases before
    for (unsigned number = 1; number <= 8; number++) {
        upload_one(site, number, 1, NULL);
    }
    wait_for_copies(site, 2);
    assert_int_not_equal(files_of(site), 0);
    site->done = false;
    imaging_erase_case(site->service, site->patient_case, on_erased, site);
    wait_for(site, &site->done);
    assert_true(site->cut);
    assert_int_equal(files_of(site), 0);
    close_service(site);
    assert_int_equal(files_of(site), 0);
    count_of(site, "WITH gone AS (DELETE FROM image_instance RETURNING 1)"
                   " SELECT count(*) FROM gone");
    assert_int_equal(count_of(site, "SELECT count(*) FROM image_copy"), 0);
}

static void a_codec_that_is_killed_delays_no_upload_and_the_copy_is_made(void **state) {
    struct site *site = new_case(state);
    for (unsigned number = 1; number <= 6; number++) {
        upload_one(site, number, 1, NULL);
    }
    wait_for_copies(site, 1);
    int child = imaging_copies_child(site->service->copies);
    if (child > 0) {
        kill(child, SIGKILL);
    }
    upload_one(site, 7, 1, NULL);
    wait_for_copies(site, 7);
    struct imaging_counts counts;
    imaging_count(site->service, &counts);
    assert_int_equal(counts.copies_made, 7);
    assert_int_equal(counts.ingest_restarts, 0);
    close_service(site);
}

static void on_picture(void *data, enum imaging_read_result result,
                       const struct rendered *rendered) {
    struct site *site = data;
    struct bytes none = {0, NULL};
    keep_text(site, result, rendered ? rendered->bytes : none);
    site->result = result;
    site->done = true;
}

static enum imaging_read_result picture(struct site *site, const char *uid, uint32_t frame,
                                        double center, double width) {
    struct render_wanted wanted = {.patient_case = site->patient_case,
                                   .sop_instance_uid = {(uint32_t)strlen(uid), uid},
                                   .frame = frame,
                                   .rows_max = SIDE / 2,
                                   .window_center = center,
                                   .window_width = width,
                                   .masked = site->masked};
    struct imaging_render *render;
    site->done = false;
    assert_true(imaging_render(site->service, &wanted, on_picture, site, &render));
    wait_for(site, &site->done);
    return site->result;
}

static enum imaging_read_result thumbnail(struct site *site, const char *uid) {
    struct thumbnail_wanted wanted = {.patient_case = site->patient_case,
                                      .sop_instance_uid = {(uint32_t)strlen(uid), uid},
                                      .masked = site->masked};
    struct imaging_thumbnail *request;
    site->done = false;
    assert_true(imaging_thumbnail_read(site->service, &wanted, on_picture, site, &request));
    wait_for(site, &site->done);
    return site->result;
}

/* The JPEG that came, as grey pixels. */
static void read_picture(const struct site *site, uint32_t rows, uint32_t columns,
                         struct pixels *ret_pixels) {
    struct pixel_form grey = {rows, columns, 1, 8, 8, false, COLOUR_MONOCHROME2};
    assert_true(pixels_allocate(ret_pixels, &grey));
    assert_int_equal(jpeg_baseline_decode((const uint8_t *)site->text, site->text_size, ret_pixels),
                     CODEC_OK);
}

static void a_picture_is_what_its_window_shows_and_fits(void **state) {
    struct site *site = new_case(state);
    struct pixels shown;
    upload_one(site, 1, 1, NULL);
    // Everything lies above this window, or below it.
    assert_int_equal(picture(site, "1.2.3.4.1", 1, -5000, 100), IMAGING_READ_OK);
    read_picture(site, SIDE / 2, SIDE / 2, &shown);
    assert_int_equal(shown.bytes[0], 255);
    pixels_free(&shown);
    assert_int_equal(picture(site, "1.2.3.4.1", 1, 9000, 100), IMAGING_READ_OK);
    read_picture(site, SIDE / 2, SIDE / 2, &shown);
    assert_int_equal(shown.bytes[0], 0);
    pixels_free(&shown);
    // The window of what is there.
    assert_int_equal(picture(site, "1.2.3.4.1", 0, 0, 0), IMAGING_READ_OK);
    read_picture(site, SIDE / 2, SIDE / 2, &shown);
    uint8_t least = 255, most = 0;
    for (size_t i = 0; i < (size_t)SIDE * SIDE / 4; i++) {
        least = shown.bytes[i] < least ? shown.bytes[i] : least;
        most = shown.bytes[i] > most ? shown.bytes[i] : most;
    }
    assert_true(least < 60 && most > 195);
    pixels_free(&shown);
    assert_int_equal(picture(site, "1.2.3.4.1", 2, 0, 0), IMAGING_READ_ABSENT);
    assert_int_equal(picture(site, "1.2.3.4.99", 1, 0, 0), IMAGING_READ_ABSENT);
    close_service(site);
}

static void a_thumbnail_is_made_once_kept_sealed_and_hides_burned_in_words(void **state) {
    struct site *site = new_case(state);
    struct pixels shown;
    upload_one(site, 1, 4, NULL);
    upload_one(site, 2, 1, "YES");
    count_of(site, "WITH gone AS (DELETE FROM image_thumbnail RETURNING 1)"
                   " SELECT count(*) FROM gone");
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(thumbnail(site, "1.2.3.4.1"), IMAGING_READ_OK);
        read_picture(site, SIDE, SIDE, &shown);
        pixels_free(&shown);
        while (count_of(site, "SELECT count(*) FROM image_thumbnail") == 0) {
            uv_run(&site->loop, UV_RUN_ONCE);
        }
    }
    assert_int_equal(count_of(site, "SELECT count(*) FROM image_thumbnail"
                                    " WHERE position('JFIF'::bytea in picture) > 0"),
                     0);
    site->masked = true;
    assert_int_equal(thumbnail(site, "1.2.3.4.2"), IMAGING_READ_MASKED);
    site->masked = false;
    assert_int_equal(thumbnail(site, "1.2.3.4.2"), IMAGING_READ_OK);
    site->masked = true;
    assert_int_equal(thumbnail(site, "1.2.3.4.2"), IMAGING_READ_MASKED); // also when it is kept
    assert_int_equal(picture(site, "1.2.3.4.2", 1, 0, 0), IMAGING_READ_MASKED);
    site->masked = false;
    close_service(site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_made_of_every_frame_and_is_the_same_image),
        cmocka_unit_test(who_does_not_ask_for_the_copy_gets_the_original_and_each_has_its_etag),
        cmocka_unit_test(a_bundle_brings_the_beginnings_of_a_display_set_in_its_order),
        cmocka_unit_test(there_is_no_bundle_before_there_is_a_copy),
        cmocka_unit_test(who_is_not_told_who_it_is_gets_no_beginning_of_burned_in_words),
        cmocka_unit_test(what_was_not_copied_before_a_restart_is_copied_after_it),
        cmocka_unit_test(what_cannot_be_copied_is_not_tried_for_ever_and_stays_readable),
        cmocka_unit_test(a_copy_that_is_damaged_is_none_and_is_made_again),
        cmocka_unit_test(a_bundle_leaves_out_what_does_not_verify),
        cmocka_unit_test(an_erased_case_leaves_no_copy_also_of_those_being_made),
        cmocka_unit_test(a_picture_is_what_its_window_shows_and_fits),
        cmocka_unit_test(a_thumbnail_is_made_once_kept_sealed_and_hides_burned_in_words),
        cmocka_unit_test(a_codec_that_is_killed_delays_no_upload_and_the_copy_is_made),
    };
    return cmocka_run_group_tests(tests, set_up_site, tear_down_site);
}
