/* links: server_core */
#include "server/store/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t kek[KEY_BYTES] = {1, 2, 3};
static const struct uuid tenant = {{1}};
static const struct uuid other_tenant = {{2}};
static const struct uuid stream = {{3}};
static const struct uuid other_stream = {{4}};

static void a_wrapped_key_opens_to_the_same_subkeys_in_another_life(void **state) {
    (void)state;
    uint8_t wrapped_tenant[WRAPPED_KEY_BYTES];
    uint8_t wrapped_stream[WRAPPED_KEY_BYTES];
    uint8_t before[KEY_BYTES];
    uint8_t after[KEY_BYTES];
    uint32_t generation = 0;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped_tenant));
    assert_true(keys_new_stream(keys, tenant, stream, &generation, wrapped_stream));
    assert_int_equal(generation, 1);
    assert_true(keys_derive(keys, tenant, stream, KEY_EVENT, before));
    keys_close(keys);

    keys = keys_for_test(kek);
    assert_true(keys_add_tenant(keys, tenant, 1, wrapped_tenant));
    assert_true(keys_add_stream(keys, tenant, stream, 1, wrapped_stream));
    assert_true(keys_derive(keys, tenant, stream, KEY_EVENT, after));
    assert_memory_equal(before, after, KEY_BYTES);
    keys_close(keys);
}

static void a_wrapped_key_is_bound_to_whose_it_is(void **state) {
    (void)state;
    uint8_t wrapped_tenant[WRAPPED_KEY_BYTES];
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped_tenant));
    assert_true(keys_new_stream(keys, tenant, stream, &generation, wrapped));
    assert_false(keys_add_stream(keys, tenant, other_stream, 1, wrapped));
    assert_false(keys_add_tenant(keys, other_tenant, 1, wrapped_tenant));
    assert_false(keys_add_tenant(keys, tenant, 2, wrapped_tenant));
    wrapped[20] ^= 1;
    assert_false(keys_add_stream(keys, tenant, stream, 1, wrapped));
    keys_close(keys);
}

static void another_key_encryption_key_opens_nothing(void **state) {
    (void)state;
    static const uint8_t stranger[KEY_BYTES] = {9};
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped));
    keys_close(keys);
    keys = keys_for_test(stranger);
    assert_false(keys_add_tenant(keys, tenant, 1, wrapped));
    keys_close(keys);
}

static void every_purpose_and_stream_has_a_subkey_of_its_own(void **state) {
    (void)state;
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    uint8_t subkeys[10][KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped));
    assert_true(keys_new_stream(keys, tenant, stream, &generation, wrapped));
    assert_true(keys_new_stream(keys, tenant, other_stream, &generation, wrapped));
    for (int purpose = KEY_EVENT; purpose <= KEY_RECORDING; purpose++) {
        assert_true(keys_derive(keys, tenant, stream, (enum key_purpose)purpose, subkeys[purpose]));
        assert_true(keys_derive(keys, tenant, other_stream, (enum key_purpose)purpose,
                                subkeys[5 + purpose]));
    }
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(subkeys[i], subkeys[j], KEY_BYTES);
    assert_false(keys_derive(keys, other_tenant, stream, KEY_EVENT, subkeys[0]));
    keys_close(keys);
}

static void a_forgotten_stream_is_not_known_and_the_others_are(void **state) {
    (void)state;
    enum { STREAMS = 1000 };
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    uint8_t key[KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped));
    for (int i = 0; i < STREAMS; i++) {
        struct uuid id = {{5, (uint8_t)(i >> 8), (uint8_t)i}};
        assert_true(keys_new_stream(keys, tenant, id, &generation, wrapped));
    }
    for (int i = 0; i < STREAMS; i += 2)
        keys_forget_stream(keys, (struct uuid){{5, (uint8_t)(i >> 8), (uint8_t)i}});
    for (int i = 0; i < STREAMS; i++) {
        struct uuid id = {{5, (uint8_t)(i >> 8), (uint8_t)i}};
        assert_int_equal(keys_has_stream(keys, id), i % 2);
        assert_int_equal(keys_derive(keys, tenant, id, KEY_EVENT, key), i % 2);
    }
    keys_close(keys);
}

static void the_tenants_own_key_survives_a_new_generation(void **state) {
    (void)state;
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    uint8_t before[KEY_BYTES];
    uint8_t after[KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped));
    assert_true(keys_new_stream(keys, tenant, tenant, &generation, wrapped));
    assert_true(keys_derive(keys, tenant, (struct uuid){{0}}, KEY_LIST, before));
    assert_true(keys_new_tenant(keys, tenant, 2, wrapped));
    assert_true(keys_derive(keys, tenant, (struct uuid){{0}}, KEY_LIST, after));
    assert_memory_equal(before, after, KEY_BYTES);
    assert_true(keys_new_stream(keys, tenant, stream, &generation, wrapped));
    assert_int_equal(generation, 2);
    keys_close(keys);
}

static void a_key_file_that_others_may_read_is_refused(void **state) {
    (void)state;
    char path[64];
    char folder[] = "/tmp/consilium-keys-XXXXXX";
    const char *message = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/kek", folder);
    assert_null(keys_open(path, false, &message));
    assert_non_null(message);
    struct keys *keys = keys_open(path, true, &message);
    assert_non_null(keys);
    keys_close(keys);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    keys = keys_open(path, true, &message);
    assert_non_null(keys);
    keys_close(keys);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(keys_open(path, true, &message));
    assert_non_null(strstr(message, "0600"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_null(keys_open(path, true, &message));
    unlink(path);
    rmdir(folder);
}

static void an_older_generation_that_is_forgotten_opens_nothing_more(void **state) {
    (void)state;
    uint8_t first[WRAPPED_KEY_BYTES], second[WRAPPED_KEY_BYTES];
    uint8_t by_first[WRAPPED_KEY_BYTES], by_second[WRAPPED_KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, first));
    assert_true(keys_new_stream(keys, tenant, stream, &generation, by_first));
    assert_true(keys_new_tenant(keys, tenant, 2, second));
    assert_true(keys_new_stream(keys, tenant, other_stream, &generation, by_second));
    assert_int_equal(generation, 2);
    keys_forget_below(keys, tenant, 2);
    keys_forget_stream(keys, stream);
    keys_forget_stream(keys, other_stream);
    assert_false(keys_add_stream(keys, tenant, stream, 1, by_first));
    assert_true(keys_add_stream(keys, tenant, other_stream, 2, by_second));
    assert_int_equal(keys_newest(keys, tenant), 2);
    keys_close(keys);
}

/* What a stream says of others has keys of its own, named by ids that topic.h gives. */
static void a_topics_key_lives_as_long_as_its_streams(void **state) {
    (void)state;
    static const struct uuid topics[] = {{{5, 1}}, {{5, 2}}, {{5, 3}}};
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    uint32_t generation;
    struct keys *keys = keys_for_test(kek);
    assert_true(keys_new_tenant(keys, tenant, 1, wrapped));
    assert_false(keys_new_topic(keys, tenant, stream, topics[0], &generation, wrapped));
    assert_true(keys_new_stream(keys, tenant, stream, &generation, wrapped));
    for (int i = 0; i < 3; i++)
        assert_true(keys_new_topic(keys, tenant, stream, topics[i], &generation, wrapped));
    keys_forget_topic(keys, stream, topics[1]);
    keys_forget_topic(keys, stream, topics[1]); /* of one that is not there: nothing */
    assert_true(keys_has_stream(keys, topics[0]) && keys_has_stream(keys, topics[2]));
    assert_false(keys_has_stream(keys, topics[1]));
    assert_true(keys_add_topic(keys, tenant, stream, topics[2], generation, wrapped));
    keys_forget_stream(keys, stream);
    for (int i = 0; i < 3; i++)
        assert_false(keys_has_stream(keys, topics[i]));
    assert_false(keys_add_topic(keys, tenant, stream, topics[2], generation, wrapped));
    keys_close(keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrapped_key_opens_to_the_same_subkeys_in_another_life),
        cmocka_unit_test(a_wrapped_key_is_bound_to_whose_it_is),
        cmocka_unit_test(another_key_encryption_key_opens_nothing),
        cmocka_unit_test(every_purpose_and_stream_has_a_subkey_of_its_own),
        cmocka_unit_test(a_forgotten_stream_is_not_known_and_the_others_are),
        cmocka_unit_test(the_tenants_own_key_survives_a_new_generation),
        cmocka_unit_test(an_older_generation_that_is_forgotten_opens_nothing_more),
        cmocka_unit_test(a_topics_key_lives_as_long_as_its_streams),
        cmocka_unit_test(a_key_file_that_others_may_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
