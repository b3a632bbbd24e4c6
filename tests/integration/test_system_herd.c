/* links: server_process consilium; timeout: 180; alone */
/*
 * Two thousand people over TLS lose their connections in one moment and all come back. Each has its
 * channel again within the bar, with what was missed and without a snapshot.
 */
#include "tests/support/bots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum { PEOPLE = 4, CASES = 50, HERD = 2000, ARRIVE_MS = 60000, DESCRIPTORS = 8192 };

#ifdef __SANITIZE_ADDRESS__
/* The bar is for the program as it is run; a sanitised one is several times slower. */
enum { BACK_MS = 45000 };
#else
enum { BACK_MS = 15000 };
#endif

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index % PEOPLE;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return staff_case_id(index % CASES);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void two_thousand_who_are_cut_at_once_are_all_back_in_time(void **state) {
    struct bots bots;
    struct staff staff;
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH, .tls = true};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES));
    struct bots_plan plan = {.staff = &staff,
                             .count = HERD,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of};
    assert_true(bots_init(&bots, &plan) && bots_all_open(&bots, ARRIVE_MS));
    int64_t begin = now_ms();
    for (unsigned i = 0; i < HERD; i++)
        client_break(bots.list[i].client);
    assert_int_equal(bots.open, 0);
    bool all_back = bots_all_open(&bots, BACK_MS);
    print_message("%u of %d back after %lld ms (bar %d)\n", bots.open, HERD,
                  (long long)(now_ms() - begin), BACK_MS);
    print_message("accepted %.0f, of them with TLS %.0f, tickets %.0f, WebSockets %.0f\n",
                  server_process_metric(server, "consilium_accepted_total"),
                  server_process_metric(server, "consilium_accepted_tls_total"),
                  server_process_metric(server, "consilium_tickets_total"),
                  server_process_metric(server, "consilium_websocket_opened_total"));
    assert_true(all_back);
    for (unsigned i = 0; i < HERD; i++)
        assert_int_equal(bots.list[i].snapshots, 1);
    bots_finish(&bots);
    staff_finish(&staff);
    server_process_end(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_thousand_who_are_cut_at_once_are_all_back_in_time),
    };
    struct rlimit descriptors = {.rlim_cur = DESCRIPTORS, .rlim_max = DESCRIPTORS};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
