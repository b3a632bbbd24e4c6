/* links: server_core */
#include "server/store/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t key[SEAL_KEY_BYTES] = {5};
static const uint8_t nonce[SEAL_NONCE_BYTES] = {6};
static const uint8_t words[] = "what was said";

static struct event_row sample(void) {
    return (struct event_row){.tenant = {{1}},
                              .stream = {{2}},
                              .version = 7,
                              .part = 1,
                              .command_id = {{3}},
                              .type = 72,
                              .at = 1234567,
                              .user = {{4}},
                              .key_id = 1};
}

static void a_closed_row_opens_to_what_was_closed(void **state) {
    (void)state;
    struct seal *seal = seal_create();
    struct event_row row = sample();
    struct seal_header header = seal_event_header(&row, 1);
    uint8_t sealed[sizeof words + SEAL_BYTES];
    uint8_t opened[sizeof words];
    seal_close(seal, key, nonce, &header, (struct bytes){sizeof words, words}, sealed);
    assert_true(seal_open(seal, key, &header, (struct bytes){sizeof sealed, sealed}, opened));
    assert_memory_equal(opened, words, sizeof words);
    seal_destroy(seal);
}

static void an_empty_row_is_closed_and_opened_too(void **state) {
    (void)state;
    struct seal *seal = seal_create();
    struct event_row row = sample();
    struct seal_header header = seal_event_header(&row, 1);
    uint8_t sealed[SEAL_BYTES];
    uint8_t opened[1];
    seal_close(seal, key, nonce, &header, (struct bytes){0, NULL}, sealed);
    assert_true(seal_open(seal, key, &header, (struct bytes){sizeof sealed, sealed}, opened));
    assert_false(seal_open(seal, key, &header, (struct bytes){SEAL_BYTES - 1, sealed}, opened));
    seal_destroy(seal);
}

static void a_row_with_any_column_changed_does_not_open(void **state) {
    (void)state;
    struct seal *seal = seal_create();
    struct event_row row = sample();
    struct seal_header header = seal_event_header(&row, 1);
    uint8_t sealed[sizeof words + SEAL_BYTES];
    uint8_t opened[sizeof words];
    struct bytes bytes = {sizeof sealed, sealed};
    seal_close(seal, key, nonce, &header, (struct bytes){sizeof words, words}, sealed);

    struct event_row changed[9];
    for (int i = 0; i < 9; i++)
        changed[i] = row;
    changed[0].tenant.bytes[0]++;
    changed[1].stream.bytes[0]++;
    changed[2].version++;
    changed[3].part++;
    changed[4].command_id.bytes[0]++;
    changed[5].type++;
    changed[6].at++;
    changed[7].user.bytes[0]++;
    changed[8].key_id++;
    for (int i = 0; i < 9; i++) {
        struct seal_header other = seal_event_header(&changed[i], 1);
        assert_false(seal_open(seal, key, &other, bytes, opened));
    }
    struct seal_header other_kind = seal_event_header(&row, 2);
    assert_false(seal_open(seal, key, &other_kind, bytes, opened));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_false(seal_open(seal, key, &header, bytes, opened));
        sealed[i] ^= 1;
    }
    assert_true(seal_open(seal, key, &header, bytes, opened));
    seal_destroy(seal);
}

static void the_chain_depends_on_everything_before(void **state) {
    (void)state;
    struct seal *seal = seal_create();
    struct event_row row = sample();
    struct seal_header header = seal_event_header(&row, 1);
    uint8_t start[DATABASE_HASH_BYTES] = {0};
    uint8_t other_start[DATABASE_HASH_BYTES] = {1};
    uint8_t a[DATABASE_HASH_BYTES];
    uint8_t b[DATABASE_HASH_BYTES];
    struct bytes payload = {sizeof words, words};
    seal_chain(seal, start, &header, payload, a);
    seal_chain(seal, other_start, &header, payload, b);
    assert_memory_not_equal(a, b, sizeof a);
    seal_chain(seal, start, &header, (struct bytes){sizeof words - 1, words}, b);
    assert_memory_not_equal(a, b, sizeof a);
    seal_chain(seal, start, &header, payload, b);
    assert_memory_equal(a, b, sizeof a);
    seal_destroy(seal);
}

static void the_same_key_in_two_lists_hashes_to_two_places(void **state) {
    (void)state;
    uint8_t a[DATABASE_HASH_BYTES];
    uint8_t b[DATABASE_HASH_BYTES];
    seal_list_key(key, "login", (struct bytes){3, (const uint8_t *)"abc"}, a);
    seal_list_key(key, "logina", (struct bytes){2, (const uint8_t *)"bc"}, b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_row_opens_to_what_was_closed),
        cmocka_unit_test(an_empty_row_is_closed_and_opened_too),
        cmocka_unit_test(a_row_with_any_column_changed_does_not_open),
        cmocka_unit_test(the_chain_depends_on_everything_before),
        cmocka_unit_test(the_same_key_in_two_lists_hashes_to_two_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
