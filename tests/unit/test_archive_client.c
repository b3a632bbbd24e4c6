/* links: server */
/*
 * A name server that never answers: libcurl asks it on a thread of its own, and who gives up must
 * not wait for that thread (CURLOPT_QUICK_EXIT), because the loop would. getaddrinfo(3) is this
 * program's own and takes longer than anybody waits here.
 */
#include "server/archives/archive_client.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { DEAD_S = 8, SHORT_MS = 1000, GIVES_UP_S = 1 };

static atomic_int asked; /* of the resolver's threads, read by the test's */
static uv_loop_t loop;
static struct archive_client *client;
static struct archive archive = {.id = "a", .url = "https://archive.invalid/dicom-web"};
static unsigned ended;
static enum archive_failure failure;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    (void)name;
    (void)service;
    (void)hints;
    atomic_fetch_add(&asked, 1);
    struct timespec dead = {.tv_sec = DEAD_S};
    nanosleep(&dead, NULL);
    *found = NULL;
    return EAI_AGAIN;
}

static bool on_begun(void *data, struct text content_type) {
    (void)data;
    (void)content_type;
    return false;
}

static enum archive_taking on_bytes(void *data, struct bytes bytes) {
    (void)data;
    (void)bytes;
    return ARCHIVE_REFUSED;
}

static void on_done(void *data, enum archive_failure why) {
    (void)data;
    ended++;
    failure = why;
}

static struct archive_request *ask(uint32_t seconds_max) {
    ended = 0;
    return archive_request_begin(client,
                                 &(struct archive_wanted){.archive = &archive,
                                                          .path = "/studies",
                                                          .accept = "application/dicom+json",
                                                          .body_max = 1000,
                                                          .seconds_max = seconds_max,
                                                          .begun = on_begun,
                                                          .bytes = on_bytes,
                                                          .done = on_done});
}

static int64_t now_ms(void) {
    return (int64_t)(uv_hrtime() / 1000000);
}

/* Turns of the loop until the resolver is asked once more. */
static void until_asked(int before) {
    int64_t begun = now_ms();
    while (atomic_load(&asked) == before && now_ms() - begun < DEAD_S * 1000) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(atomic_load(&asked), before + 1);
}

static void a_request_whose_name_is_never_found_ends_in_its_own_time(void **state) {
    (void)state;
    int before = atomic_load(&asked);
    assert_non_null(ask(GIVES_UP_S));
    until_asked(before);
    int64_t begun = now_ms(), longest = 0;
    while (ended == 0 && now_ms() - begun < DEAD_S * 1000) {
        int64_t turn = now_ms();
        uv_run(&loop, UV_RUN_ONCE);
        longest = now_ms() - turn > longest ? now_ms() - turn : longest;
    }
    assert_int_equal(ended, 1);
    assert_int_equal(failure, ARCHIVE_SLOW);
    assert_true(longest < GIVES_UP_S * 1000 + SHORT_MS); // no turn waits for the name server
}

static void who_cancels_does_not_wait_for_a_dead_name_server(void **state) {
    (void)state;
    int before = atomic_load(&asked);
    struct archive_request *request = ask(0);
    assert_non_null(request);
    until_asked(before);
    int64_t begun = now_ms();
    archive_request_cancel(request);
    assert_true(now_ms() - begun < SHORT_MS);
    assert_int_equal(ended, 0);
}

static void on_closed(void *data) {
    *(bool *)data = true;
}

static void nor_does_who_ends(void **state) {
    (void)state;
    int before = atomic_load(&asked);
    assert_non_null(ask(0));
    until_asked(before);
    int64_t begun = now_ms();
    bool closed = false;
    archive_client_close(client, on_closed, &closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_true(now_ms() - begun < SHORT_MS);
    assert_int_equal(ended, 1);
    assert_int_equal(failure, ARCHIVE_BROKEN);
}

static int begin(void **state) {
    (void)state;
    uv_loop_init(&loop);
    client = archive_client_create(&loop);
    return client != NULL ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_whose_name_is_never_found_ends_in_its_own_time),
        cmocka_unit_test(who_cancels_does_not_wait_for_a_dead_name_server),
        cmocka_unit_test(nor_does_who_ends),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
