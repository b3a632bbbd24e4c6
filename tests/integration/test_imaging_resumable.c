/* links: imaging server consilium-ingest libuv libpq zlib; timeout: 120 */
/* Uploads that go on, and what is told of files on their way, inside of the service: what a client
 * cannot bring about at will. */
#include "protocol/generated/stage.h"
#include "server/imaging/imaging_resumable.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/imaging_site.h"

static void on_made(void *data, enum resumable_result result, const struct uuid *upload) {
    struct site *site = data;
    site->made = result == RESUMABLE_OK ? *upload : (struct uuid){{0}};
    site->resumable = result;
    site->done = true;
}

static enum resumable_result make_upload(struct site *site, uint64_t size) {
    struct resumable_wanted wanted = {
        .patient_case = site->patient_case, .by = user, .size = size, .name = TEXT("a file")};
    do { // until what there was is read
        site->done = false;
        imaging_resumable_create(site->service, &wanted, on_made, site);
        wait_for(site, &site->done);
        uv_run(&site->loop, UV_RUN_NOWAIT);
    } while (site->resumable == RESUMABLE_UNAVAILABLE);
    return site->resumable;
}

static struct site *new_archive(void **state) {
    struct site *site = new_case(state);
    imaging_service_announce_missed(site->service);
    return site;
}

struct visit {
    struct resumable_turn turn;
    struct site *site;
    bool granted, cut;
};

static void on_granted(struct resumable_turn *turn) {
    ((struct visit *)turn)->granted = true;
}

static void on_turn_cut(struct resumable_turn *turn) {
    ((struct visit *)turn)->cut = true;
}

static void take_turn(struct site *site, struct visit *visit) {
    *visit = (struct visit){.turn = {.granted = on_granted, .cut = on_turn_cut}, .site = site};
    assert_int_equal(imaging_resumable_take_turn(site->service, site->patient_case, user,
                                                 site->made, &visit->turn),
                     RESUMABLE_OK);
}

static void on_space(void *data) {
    (void)data;
}

static void on_sat(void *data, enum resumable_result result) {
    struct site *site = data;
    site->resumable = result;
    site->done = true;
}

/* All of it in one sitting, until it has been read. */
static void send_whole(struct site *site, const void *bytes, size_t size,
                       const struct sending *sending) {
    struct visit visit;
    assert_int_equal(make_upload(site, size), RESUMABLE_OK);
    take_turn(site, &visit);
    wait_for(site, &visit.granted);
    struct resumable_sitting sitting = {.space = on_space, .done = on_sat, .data = site};
    if (sending) {
        sitting.sending = *sending;
    }
    site->done = false;
    imaging_resumable_sit(&visit.turn, &sitting);
    imaging_resumable_bytes(&visit.turn, (struct bytes){(uint32_t)size, bytes});
    imaging_resumable_end_sitting(&visit.turn);
    wait_for(site, &site->done);
    assert_int_equal(site->resumable, RESUMABLE_OK);
    imaging_resumable_end_turn(&visit.turn);
}

static void a_hospital_that_sends_folders_is_not_refused_for_what_is_through(void **state) {
    struct site *site = *state;
    site->resumables_max = 3;
    new_archive(state);
    struct dicom_writer writer;
    struct uuid first = {{0}};
    for (unsigned number = 1; number <= 7; number++) {
        dicom_writer_begin(&writer);
        dicom_writer_slice(&writer, number);
        send_whole(site, writer.bytes, writer.size, NULL);
        first = number == 1 ? site->made : first;
    }
    // Three that are not finished are as many as there may be, and outlive a restart, whatever was.
    for (int i = 0; i < 3; i++) {
        assert_int_equal(make_upload(site, 10), RESUMABLE_OK);
    }
    assert_int_equal(make_upload(site, 10), RESUMABLE_TOO_MANY);
    assert_int_equal(imaging_resumable_expiry(site->service, first), 0);
    close_service(site);
    open_service(site);
    imaging_service_announce_missed(site->service);
    assert_int_equal(make_upload(site, 10), RESUMABLE_TOO_MANY);
    close_service(site);
    site->resumables_max = 0;
}

static void who_waits_for_a_turn_while_the_service_ends_is_told_so(void **state) {
    struct site *site = new_archive(state);
    struct visit first, second;
    assert_int_equal(make_upload(site, 1000), RESUMABLE_OK);
    take_turn(site, &first);
    wait_for(site, &first.granted);
    take_turn(site, &second);
    assert_true(first.cut);
    assert_false(second.granted);
    close_service(site);
    assert_true(second.cut);
    assert_int_equal(second.turn.why, RESUMABLE_UNAVAILABLE);
    // Their connections are noticed to be gone after the service is.
    imaging_resumable_end_turn(&second.turn);
    imaging_resumable_end_turn(&first.turn);
}

/* Until it is told so. */
static void wait_until_told(struct site *site, enum arrival_state wanted) {
    while (site->arrivals_told == 0 || site->arrival.state != wanted) {
        uv_run(&site->loop, UV_RUN_ONCE);
    }
}

static void files_that_go_together_are_told_of_as_one_until_all_are_there(void **state) {
    struct site *site = new_archive(state);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 1);
    struct sending sending = {.id = {{7}}, .files = 3, .bytes = 3 * writer.size};
    send_whole(site, writer.bytes, writer.size, &sending);
    wait_until_told(site, ARRIVAL_STATE_RECEIVING);
    assert_true(uuid_equal(site->arrival.arrival, sending.id));
    assert_true(uuid_equal(site->arrival.by, user));
    assert_int_equal(site->arrival.files, 3);
    assert_int_equal(site->arrival.done, 1);
    assert_int_equal(site->arrival.images, 1);
    assert_true(site->arrival.has_percent);
    assert_int_equal(site->arrival.percent, 33);
    send_whole(site, "no image", 8, &sending);
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 2);
    send_whole(site, writer.bytes, writer.size, &sending);
    wait_until_told(site, ARRIVAL_STATE_ARRIVED);
    assert_int_equal(site->arrival.images, 2);
    assert_int_equal(site->arrival.kept, 1);
    assert_int_equal(site->arrival.done, 3);
    close_service(site);
}

static void what_came_before_a_restart_is_counted_by_what_its_sender_says(void **state) {
    struct site *site = new_archive(state);
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 1);
    struct sending sending = {.id = {{8}},
                              .files = 512,
                              .bytes = 100 * writer.size,
                              .done = 214,
                              .images = 210,
                              .kept = 4,
                              .bytes_done = 60 * writer.size};
    send_whole(site, writer.bytes, writer.size, &sending);
    wait_until_told(site, ARRIVAL_STATE_RECEIVING);
    assert_int_equal(site->arrival.done, 215);
    assert_int_equal(site->arrival.images, 211);
    assert_int_equal(site->arrival.percent, 61);
    // Its sender stops: what came is said, and then nothing more.
    imaging_sending_ended(site->service, site->patient_case, user, sending.id);
    wait_until_told(site, ARRIVAL_STATE_ARRIVED);
    close_service(site);
}

static void what_is_abandoned_goes(void **state) {
    struct site *site = new_archive(state);
    struct visit visit;
    assert_int_equal(make_upload(site, 1000), RESUMABLE_OK);
    take_turn(site, &visit);
    wait_for(site, &visit.granted);
    struct resumable_sitting sitting = {.space = on_space, .done = on_sat, .data = site};
    imaging_resumable_sit(&visit.turn, &sitting);
    imaging_resumable_bytes(&visit.turn, (struct bytes){4, (const uint8_t *)"abcd"});
    wait_until_told(site, ARRIVAL_STATE_RECEIVING);
    assert_int_equal(site->arrival.files, 0);
    assert_int_equal(site->arrival.percent, 0);
    imaging_resumable_end_turn(&visit.turn);
    wait_until_told(site, ARRIVAL_STATE_WAITING);
    // Nobody waits longer than the patience of the service; its test has less.
    wait_until_told(site, ARRIVAL_STATE_GONE);
    close_service(site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hospital_that_sends_folders_is_not_refused_for_what_is_through),
        cmocka_unit_test(who_waits_for_a_turn_while_the_service_ends_is_told_so),
        cmocka_unit_test(files_that_go_together_are_told_of_as_one_until_all_are_there),
        cmocka_unit_test(what_came_before_a_restart_is_counted_by_what_its_sender_says),
        cmocka_unit_test(what_is_abandoned_goes),
    };
    return cmocka_run_group_tests(tests, set_up_site, tear_down_site);
}
