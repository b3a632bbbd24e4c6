/* links: test_postgres; timeout: 240 */
/* New keys while the record is written and read, and a process that ends at each step of it. */
#include "server/store/generation_secret.h"
#include "server/store/key_export.h"
#include "server/store/rotation.h"
#include "tests/support/postgres/test_postgres.h"
#include "tests/support/postgres/test_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { STREAMS = 12, STEPS_MAX = 40, FIRST_SEEN = 200, TRIES_OF_AN_ACTOR = 3 };

static struct test_postgres postgres;
static char folder[] = "/tmp/consilium-keys-XXXXXX";

static int start(void **state) {
    (void)state;
    return mkdtemp(folder) != NULL && test_postgres_start(&postgres, 0) ? 0 : -1;
}

static int end(void **state) {
    char command[128];
    (void)state;
    test_postgres_end(&postgres);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* A node with its rotation. */
struct scene {
    struct test_store test;
    struct rotation *rotation;
    bool done, closed;
};

static void on_done(void *data) {
    ((struct scene *)data)->done = true;
}

static void on_closed(void *data) {
    ((struct scene *)data)->closed = true;
}

static void open_scene(struct scene *scene) {
    *scene = (struct scene){0};
    test_store_open_with(&scene->test, postgres.url, 1, folder);
    test_store_until_owner(&scene->test);
    scene->rotation = rotation_create(&(struct rotation_config){.loop = &scene->test.loop,
                                                                .postgres = scene->test.postgres,
                                                                .keys = scene->test.keys,
                                                                .tenant = test_uuid(0x99, 1)});
}

/* As a process ends: nothing is waited for but the answer that is on its way. */
static void end_scene(struct scene *scene) {
    rotation_close(scene->rotation, on_closed, scene);
    while (!scene->closed)
        test_store_turn(&scene->test);
    test_store_close(&scene->test);
}

static void rotate(struct scene *scene, bool kek) {
    scene->done = false;
    assert_true(rotation_start(scene->rotation, kek, on_done, scene));
    while (!scene->done)
        test_store_turn(&scene->test);
}

static struct stream_head new_head(uint64_t number) {
    return (struct stream_head){.stream = test_uuid(0x10, number), .kind = 2};
}

static void write_streams(struct scene *scene, uint64_t first) {
    for (uint64_t i = 0; i < STREAMS; i++) {
        struct stream_head head = new_head(first + i);
        assert_int_equal(test_load(&scene->test, &head, NULL), STORE_ABSENT);
        assert_int_equal(test_append(&scene->test, &head, 2), STORE_OK);
    }
}

static void assert_all_read(struct scene *scene, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct stream_head head = new_head(first + i);
        uint32_t events = 0;
        store_unload(scene->test.store, head.stream);
        assert_int_equal(test_load(&scene->test, &head, &events), STORE_OK);
        assert_int_equal(events, 2);
    }
}

static bool secret_is_there(uint32_t generation) {
    uint8_t secret[KEY_BYTES];
    return generation_secret_read(folder, generation, secret) == SECRET_READ;
}

static long generations(void) {
    return test_postgres_number(&postgres, "SELECT count(*) FROM tenant_key");
}

static void a_rotation_wraps_all_streams_anew_and_destroys_the_older_generation(void **state) {
    (void)state;
    struct scene scene;
    open_scene(&scene);
    write_streams(&scene, 1);
    assert_true(secret_is_there(1));
    char *before = test_postgres_ask(&postgres, "SELECT string_agg(encode(payload || hash, 'hex'),"
                                                " '' ORDER BY stream_id, version) FROM event");
    rotate(&scene, false);
    assert_int_equal(generations(), 1);
    assert_int_equal(test_postgres_number(&postgres, "SELECT max(generation) FROM tenant_key"), 2);
    assert_int_equal(
        test_postgres_number(&postgres, "SELECT count(*) FROM stream_key WHERE generation < 2"), 0);
    assert_false(secret_is_there(1));
    assert_true(secret_is_there(2));
    assert_all_read(&scene, 1, STREAMS);
    write_streams(&scene, 1 + STREAMS);
    /* Nothing but keys was touched. */
    char *after =
        test_postgres_ask(&postgres, "SELECT string_agg(encode(payload || hash, 'hex'), '' ORDER BY"
                                     " stream_id, version) FROM event WHERE stream_id IN (SELECT"
                                     " stream_id FROM event ORDER BY stream_id LIMIT 24)");
    assert_string_equal(before, after);
    free(before);
    free(after);
    end_scene(&scene);

    open_scene(&scene);
    assert_all_read(&scene, 1, 2 * STREAMS);
    end_scene(&scene);
}

/* One whose key is of a generation that is destroyed as it comes is refused by the database; an
 * actor tries again, and so does this. */
static bool is_begun(struct scene *scene, uint64_t number) {
    enum store_result result = STORE_UNAVAILABLE;
    for (unsigned tries = 0; tries < TRIES_OF_AN_ACTOR && result != STORE_OK; tries++) {
        struct stream_head head = new_head(number);
        assert_int_equal(test_load(&scene->test, &head, NULL), STORE_ABSENT);
        result = test_append(&scene->test, &head, 2);
    }
    return result == STORE_OK;
}

static void what_is_written_meanwhile_is_read_afterwards(void **state) {
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_true(rotation_start(scene.rotation, false, on_done, &scene));
    uint64_t number = FIRST_SEEN;
    while (!scene.done) {
        assert_true(is_begun(&scene, number));
        number++;
    }
    assert_true(number > FIRST_SEEN);
    assert_all_read(&scene, FIRST_SEEN, number - FIRST_SEEN);
    end_scene(&scene);
}

/* The k-th answer of the database is the last this life hears. */
static void a_process_that_ends_at_any_step_leaves_a_record_that_the_next_one_reads(void **state) {
    (void)state;
    bool finished = false;
    unsigned cut = 0;
    for (uint64_t steps = 0; !finished && steps < STEPS_MAX; steps++) {
        struct scene scene;
        open_scene(&scene);
        assert_true(rotation_start(scene.rotation, true, on_done, &scene));
        while (!scene.done && rotation_view(scene.rotation).steps < steps)
            test_store_turn(&scene.test);
        finished = scene.done;
        cut += !finished;
        end_scene(&scene);

        open_scene(&scene);
        assert_all_read(&scene, 1, 2 * STREAMS);
        rotation_resume(scene.rotation);
        while (rotation_view(scene.rotation).step != ROTATION_RESTING)
            test_store_turn(&scene.test);
        assert_all_read(&scene, 1, 2 * STREAMS);
        assert_int_equal(generations(), 1);
        end_scene(&scene);
    }
    assert_true(finished && cut > 5);
}

static void a_key_file_is_exchanged_and_the_old_one_opens_nothing(void **state) {
    (void)state;
    struct scene scene;
    char path[64], aside[64], command[192];
    const char *words = "";
    snprintf(path, sizeof path, "%s/key-encryption-key", folder);
    snprintf(aside, sizeof aside, "%s/aside", folder);
    snprintf(command, sizeof command, "cp -p %s %s", path, aside);
    assert_int_equal(system(command), 0);
    open_scene(&scene);
    rotate(&scene, true);
    assert_all_read(&scene, 1, STREAMS);
    end_scene(&scene);
    open_scene(&scene);
    assert_all_read(&scene, 1, STREAMS);
    end_scene(&scene);
    snprintf(command, sizeof command, "cmp -s %s %s", path, aside);
    assert_int_not_equal(system(command), 0);

    struct keys *old = keys_open(aside, false, &words);
    assert_non_null(old);
    assert_true(keys_use_folder(old, folder));
    char *hex = test_postgres_ask(&postgres, "SELECT encode(wrapped, 'hex') FROM tenant_key");
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    for (size_t i = 0; i < sizeof wrapped; i++) {
        unsigned value;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        wrapped[i] = (uint8_t)value;
    }
    free(hex);
    uint32_t generation =
        (uint32_t)test_postgres_number(&postgres, "SELECT generation FROM tenant_key");
    assert_false(keys_add_tenant(old, test_uuid(0x99, 1), generation, wrapped));
    keys_close(old);
}

static bool count_tenant(void *data, const struct tenant_key_row *row) {
    (void)data;
    return row->generation > 0;
}

static bool count_stream(void *data, const struct stream_key_row *row) {
    (void)row;
    ++*(long *)data;
    return true;
}

static void the_export_beside_the_keys_has_every_stream(void **state) {
    (void)state;
    struct scene scene;
    long streams = 0;
    open_scene(&scene);
    rotate(&scene, false);
    end_scene(&scene);
    assert_true(key_export_read(
        folder,
        &(struct key_import){.tenant = count_tenant, .stream = count_stream, .data = &streams}));
    assert_int_equal(streams, test_postgres_number(&postgres, "SELECT count(*) FROM stream_key"));
}

static bool is_done_within(struct scene *scene, unsigned turns) {
    while (!scene->done && turns-- > 0)
        test_store_turn(&scene->test);
    return scene->done;
}

/* Nobody is told that a key is gone while its file is there. */
static void a_secret_that_cannot_be_removed_keeps_a_rotation_from_being_done(void **state) {
    (void)state;
    struct scene scene;
    char path[96], inside[128];
    open_scene(&scene);
    long newest = test_postgres_number(&postgres, "SELECT max(generation) FROM tenant_key");
    snprintf(path, sizeof path, "%s/generation-%ld", folder, newest);
    snprintf(inside, sizeof inside, "%s/in-the-way", path);
    scene.done = false;
    assert_true(rotation_start(scene.rotation, false, on_done, &scene));
    while (test_postgres_number(&postgres, "SELECT max(generation) FROM tenant_key") == newest)
        test_store_turn(&scene.test);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    while (generations() != 1)
        test_store_turn(&scene.test);
    assert_false(is_done_within(&scene, 500));
    assert_int_equal(rmdir(inside), 0);
    assert_int_equal(rmdir(path), 0);
    while (!scene.done)
        test_store_turn(&scene.test);
    end_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_wraps_all_streams_anew_and_destroys_the_older_generation),
        cmocka_unit_test(what_is_written_meanwhile_is_read_afterwards),
        cmocka_unit_test(a_process_that_ends_at_any_step_leaves_a_record_that_the_next_one_reads),
        cmocka_unit_test(a_key_file_is_exchanged_and_the_old_one_opens_nothing),
        cmocka_unit_test(the_export_beside_the_keys_has_every_stream),
        cmocka_unit_test(a_secret_that_cannot_be_removed_keeps_a_rotation_from_being_done),
    };
    return cmocka_run_group_tests(tests, start, end);
}
