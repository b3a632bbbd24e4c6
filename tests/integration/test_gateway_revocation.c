/* links: gateway_scene; timeout: 60; alone */
/* A right that ends while something long is under way, and no channel is there to tell of it. */
#include "tests/support/gateway_scene/gateway_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { EFFECTIVE_MS = 1000 };

static void a_download_ends_within_a_second_of_its_revocation(bool tls) {
    struct raw_client client;
    char head[1024];
    struct scene *scene = scene_start(&(struct scene_options){.tls = tls});
    assert_true(raw_open(&client, scene_port(scene), tls));
    assert_true(raw_say(&client, "GET /api/granted HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    scene_revoke(scene);
    assert_true(scene_await_abandoned(scene, EFFECTIVE_MS));
    raw_close(&client);
    assert_true(scene_stop(scene));
}

static void a_download_in_clear_ends_within_a_second_of_its_revocation(void **state) {
    (void)state;
    a_download_ends_within_a_second_of_its_revocation(false);
}

static void a_download_over_tls_ends_within_a_second_of_its_revocation(void **state) {
    (void)state;
    a_download_ends_within_a_second_of_its_revocation(true);
}

static void a_download_whose_right_holds_goes_on(void **state) {
    (void)state;
    static uint8_t bytes[ZEROS_BYTES];
    struct raw_client client;
    char head[1024];
    struct scene *scene = scene_start(&(struct scene_options){0});
    assert_true(raw_open(&client, scene_port(scene), false));
    assert_true(raw_say(&client, "GET /api/granted HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(raw_read_head(&client, head, sizeof(head)));
    assert_false(scene_await_abandoned(scene, 2 * EFFECTIVE_MS)); /* nobody reads meanwhile */
    assert_true(raw_read(&client, bytes, sizeof(bytes)));
    raw_close(&client);
    assert_true(scene_stop(scene));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_in_clear_ends_within_a_second_of_its_revocation),
        cmocka_unit_test(a_download_over_tls_ends_within_a_second_of_its_revocation),
        cmocka_unit_test(a_download_whose_right_holds_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
