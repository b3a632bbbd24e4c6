/* links: imaging server consilium-ingest libuv libpq zlib; timeout: 120 */
/* Frames in memory: read once for all who ask, and gone with their case. Real files, database and
 * child. */
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/imaging_site.h"

/* The whole of the first slice's frame; what it came to. */
static enum imaging_read_result look_at_slice(struct site *site) {
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 0, 512);
    imaging_download_close(site->download);
    return site->result;
}

static struct imaging_counts count(const struct site *site) {
    struct imaging_counts counts;
    imaging_count(site->service, &counts);
    return counts;
}

/* What goes is wiped on a thread. */
static void until_memory_is_empty(struct site *site) {
    while (count(site).cache_bytes > 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
}

static void a_frame_that_was_looked_at_comes_from_memory(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    assert_int_equal(look_at_slice(site), IMAGING_READ_OK);
    change_files(site);
    assert_int_equal(look_at_slice(site), IMAGING_READ_OK);
    for (size_t i = 0; i < 512; i++) {
        assert_int_equal((uint8_t)site->text[i], (uint8_t)(i + 1));
    }
    // A part of it too.
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 500, 10);
    assert_int_equal((uint8_t)site->text[0], (uint8_t)(500 + 1));
    imaging_download_close(site->download);
    assert_int_equal(count(site).cache_hits, 2);
    assert_int_equal(count(site).cache_misses, 1);
    close_service(site);
}

static void who_wants_a_part_has_nothing_read_into_memory(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    read_download(site, 0, 511);
    imaging_download_close(site->download);
    assert_int_equal(count(site).cache_bytes, 0);
    close_service(site);
}

struct look {
    struct imaging_download *download;
    bool opened, done;
    enum imaging_read_result result;
    uint8_t last;
};

static void on_look_opened(void *data, enum imaging_read_result result,
                           const struct download_facts *facts) {
    (void)facts;
    assert_int_equal(result, IMAGING_READ_OK);
    ((struct look *)data)->opened = true;
}

static void on_look_read(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct look *look = data;
    look->result = result;
    look->last = bytes.length == 512 ? bytes.bytes[511] : 0;
    look->done = true;
}

static void two_who_look_at_once_have_the_file_read_once(void **state) {
    struct site *site = new_case(state);
    struct look looks[2] = {{0}};
    upload_slice(site, 1);
    for (int i = 0; i < 2; i++) {
        struct download_wanted wanted = {.patient_case = site->patient_case,
                                         .user = user,
                                         .sop_instance_uid = TEXT("1.2.3.4.1"),
                                         .frame = 1};
        assert_true(imaging_download_open(site->service, &wanted, on_look_opened, on_cut, &looks[i],
                                          &looks[i].download));
        wait_for(site, &looks[i].opened);
    }
    imaging_download_read(looks[0].download, 0, 512, on_look_read);
    imaging_download_read(looks[1].download, 0, 512, on_look_read);
    assert_false(looks[1].done);
    imaging_download_close(looks[0].download); // whose read goes on for the other
    wait_for(site, &looks[1].done);
    assert_false(looks[0].done);
    assert_int_equal(looks[1].result, IMAGING_READ_OK);
    assert_int_equal(looks[1].last, (uint8_t)(511 + 1));
    assert_int_equal(count(site).cache_misses, 1);
    assert_int_equal(count(site).cache_hits, 1);
    imaging_download_close(looks[1].download);
    close_service(site);
}

static void two_who_look_at_a_changed_file_are_both_told(void **state) {
    struct site *site = new_case(state);
    struct look looks[2] = {{0}};
    upload_slice(site, 1);
    change_files(site);
    for (int i = 0; i < 2; i++) {
        struct download_wanted wanted = {.patient_case = site->patient_case,
                                         .user = user,
                                         .sop_instance_uid = TEXT("1.2.3.4.1"),
                                         .frame = 1};
        assert_true(imaging_download_open(site->service, &wanted, on_look_opened, on_cut, &looks[i],
                                          &looks[i].download));
        wait_for(site, &looks[i].opened);
    }
    for (int i = 0; i < 2; i++) {
        imaging_download_read(looks[i].download, 0, 512, on_look_read);
    }
    for (int i = 0; i < 2; i++) {
        wait_for(site, &looks[i].done);
        assert_int_equal(looks[i].result, IMAGING_READ_DAMAGED);
        imaging_download_close(looks[i].download);
    }
    until_memory_is_empty(site);
    close_service(site);
}

static void on_erased(void *data, bool erased) {
    struct site *site = data;
    assert_true(erased);
    site->done = true;
}

static void erase(struct site *site) {
    site->done = false;
    imaging_erase_case(site->service, site->patient_case, on_erased, site);
    wait_for(site, &site->done);
}

/* Its rows and key still stand here, as they do until the eraser's next step. */
static void nothing_of_an_erased_case_comes_from_memory(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    assert_int_equal(look_at_slice(site), IMAGING_READ_OK);
    assert_int_equal(look_at_slice(site), IMAGING_READ_OK);
    assert_int_equal(count(site).cache_hits, 1);
    erase(site);
    until_memory_is_empty(site);
    assert_int_equal(look_at_slice(site), IMAGING_READ_DAMAGED); // its file is gone
    assert_int_equal(site->text_size, 0);
    assert_int_equal(count(site).cache_hits, 1);
    close_service(site);
}

static void what_is_being_read_when_its_case_is_erased_does_not_stay_in_memory(void **state) {
    struct site *site = new_case(state);
    upload_slice(site, 1);
    assert_int_equal(open_download(site, TEXT("1.2.3.4.1"), 1), IMAGING_READ_OK);
    imaging_download_read(site->download, 0, 512, on_text);
    site->done = false;
    imaging_erase_case(site->service, site->patient_case, on_erased, site);
    assert_true(site->cut);
    imaging_download_close(site->download);
    wait_for(site, &site->done);
    while (count(site).downloads_now > 0) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
    until_memory_is_empty(site);
    assert_int_equal(look_at_slice(site), IMAGING_READ_DAMAGED);
    close_service(site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_that_was_looked_at_comes_from_memory),
        cmocka_unit_test(who_wants_a_part_has_nothing_read_into_memory),
        cmocka_unit_test(two_who_look_at_once_have_the_file_read_once),
        cmocka_unit_test(two_who_look_at_a_changed_file_are_both_told),
        cmocka_unit_test(nothing_of_an_erased_case_comes_from_memory),
        cmocka_unit_test(what_is_being_read_when_its_case_is_erased_does_not_stay_in_memory),
    };
    return cmocka_run_group_tests(tests, set_up_site, tear_down_site);
}
