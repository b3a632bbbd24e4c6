/* links: imaging server */
/* The list of what is held, as it is written: nothing in it may stand in the way of a decision. */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_state.h"

static bool open_made(struct instance *ret_identity, struct uuid patient_case,
                      const struct case_keys *keys, const char *sop_instance_uid,
                      struct bytes sealed);
#define record_open_identity open_made
#include "server/imaging/imaging_held_list.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct imaging_held_list list;
static uint8_t sealed[INSTANCE_ENCODED_MAX + SEALED_VALUE_OVERHEAD];
static size_t sealed_size;

/* Sealed values of this test are their bytes after an overhead; one that begins with 1 is damaged.
 */
static bool open_made(struct instance *ret_identity, struct uuid patient_case,
                      const struct case_keys *keys, const char *sop_instance_uid,
                      struct bytes from) {
    (void)patient_case;
    (void)keys;
    (void)sop_instance_uid;
    return instance_decode(ret_identity, from.bytes + SEALED_VALUE_OVERHEAD,
                           from.length - SEALED_VALUE_OVERHEAD) &&
           from.bytes[0] == 0;
}

/* Words as long as they may be, of characters that take the most space. */
static void seal_made(void) {
    static struct instance instance;
    memset(&instance, 0, sizeof instance);
    instance.present = UINT64_MAX;
    memset(instance.patient_name, 1, INSTANCE_NAME_MAX);
    memset(instance.patient_id, 1, INSTANCE_LONG_STRING_MAX);
    memset(instance.study_description, 1, INSTANCE_LONG_STRING_MAX);
    memset(instance.series_description, 1, INSTANCE_LONG_STRING_MAX);
    snprintf(instance.study_uid, sizeof instance.study_uid, "9");
    memset(sealed, 0, SEALED_VALUE_OVERHEAD);
    sealed_size =
        SEALED_VALUE_OVERHEAD + instance_encode(&instance, sealed + SEALED_VALUE_OVERHEAD);
}

static void put(struct kept_rows *rows, size_t *used, int at, const void *bytes, size_t size) {
    memcpy(rows->bytes + *used, bytes, size);
    rows->cells[at].offset = *used;
    rows->cells[at].length = size;
    *used += size;
}

/* Rows of `count` studies of two series each. */
static void make_rows(int count) {
    static const uint8_t id[32] = {7};
    struct kept_rows *rows = &list.rows;
    size_t used = 0;
    rows->row_count = 2 * count;
    rows->column_count = COLUMNS;
    rows->cells = calloc((size_t)(2 * count * COLUMNS), sizeof *rows->cells);
    rows->bytes = malloc((size_t)(2 * count) * (sealed_size + 512));
    for (int row = 0; row < 2 * count; row++) {
        char study[32];
        int size = snprintf(study, sizeof study, "1.2.%d", row / 2);
        for (int column = 0; column < COLUMNS; column++) {
            struct binary_integer value = binary_integer(column == HELD_FOR ? 1
                                                         : column == SEEN   ? 1790000000000001
                                                                            : 3);
            bool is_uid = column == STUDY || column == SERIES || column == INSTANCE;
            const void *bytes = is_uid               ? (const void *)study
                                : column == IDENTITY ? sealed
                                : column == PATIENT  ? id
                                                     : value.bytes;
            size_t length = is_uid               ? (size_t)size
                            : column == IDENTITY ? sealed_size
                            : column == PATIENT  ? sizeof id
                                                 : sizeof value.bytes;
            put(rows, &used, row * COLUMNS + column, bytes, column < SHOWN_SIZE ? length : 0);
        }
    }
}

static const char *write_list(void) {
    bounded_output_init(&list.json, HELD_LIST_MAX);
    run_write(&list.work);
    assert_true(list.opened);
    bounded_output_byte(&list.json, 0);
    return (const char *)list.json.bytes;
}

static int start(void **state) {
    (void)state;
    memset(&list, 0, sizeof list);
    seal_made();
    return 0;
}

static int stop(void **state) {
    (void)state;
    bounded_output_finish(&list.json);
    kept_rows_free(&list.rows);
    free(list.instance);
    return 0;
}

static void a_list_that_is_too_long_ends_before_its_bound_and_says_so(void **state) {
    (void)state;
    make_rows(SERIES_MAX / 2 - 1);
    const char *json = write_list();
    size_t length = strlen(json);
    assert_in_range(length, HELD_LIST_MAX - 2 * ROW_MAX, HELD_LIST_MAX);
    assert_string_equal(json + length - strlen("}]}],\"more\":true}"), "}]}],\"more\":true}");
}

static void what_is_damaged_says_nothing_and_is_listed(void **state) {
    (void)state;
    sealed[0] = 1;
    make_rows(2);
    const char *json = write_list();
    assert_non_null(strstr(json, "\"study\":\"1.2.1\",\"patient\":\"0700"));
    assert_non_null(strstr(json, "\"says\":{\"name\":\"\",\"birthDate\":\"\""));
    assert_non_null(strstr(json, "\"images\":3,\"seen\":1790000000000001,"));
    assert_non_null(strstr(json, "}]}],\"more\":false}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_that_is_too_long_ends_before_its_bound_and_says_so,
                                        start, stop),
        cmocka_unit_test_setup_teardown(what_is_damaged_says_nothing_and_is_listed, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
