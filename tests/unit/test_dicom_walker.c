/* links: imaging_format */
#include "server/imaging/data_dictionary.h"
#include "server/imaging/element_walker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Walks a copy of exactly this size, so that the address sanitizer sees one byte too many. */
static enum walk_error walk(const void *bytes, size_t size, enum dicom_encoding encoding,
                            size_t *ret_offset, unsigned *ret_leaves) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct element_walker walker;
    element_walker_init(&walker, copy, size, 0, encoding);
    struct dicom_element element;
    enum walk_event event;
    volatile uint8_t sum = 0;
    *ret_leaves = 0;
    while ((event = element_walker_next(&walker, &element)) < WALK_END) {
        if (event == WALK_ELEMENT || event == WALK_FRAGMENT) {
            ++*ret_leaves;
            sum ^= element.length ? element.value[element.length - 1] : 0;
        }
    }
    *ret_offset = walker.failure.offset;
    assert_int_equal(element_walker_next(&walker, &element), event);
    free(copy);
    return walker.failure.error;
}

#define WALK(literal, encoding) walk(literal, sizeof(literal) - 1, encoding, &offset, &leaves)

static void an_explicit_element_is_a_slice_of_the_buffer(void **state) {
    (void)state;
    static const uint8_t bytes[] = "\x10\x00\x10\x00PN\x04\x00"
                                   "A^B ";
    struct element_walker walker;
    element_walker_init(&walker, bytes, sizeof bytes - 1, 0, DICOM_EXPLICIT_LE);
    struct dicom_element element;
    assert_int_equal(element_walker_next(&walker, &element), WALK_ELEMENT);
    assert_int_equal(element.tag, 0x00100010);
    assert_int_equal(element.vr, DICOM_VR('P', 'N'));
    assert_ptr_equal(element.value, bytes + 8);
    assert_int_equal(element.length, 4);
    assert_int_equal(element_walker_next(&walker, &element), WALK_END);
}

static void a_big_endian_length_is_read_from_its_high_byte(void **state) {
    (void)state;
    static const uint8_t bytes[] = "\x00\x28\x00\x10US\x00\x02\x01\x02";
    struct element_walker walker;
    element_walker_init(&walker, bytes, sizeof bytes - 1, 0, DICOM_EXPLICIT_BE);
    struct dicom_element element;
    assert_int_equal(element_walker_next(&walker, &element), WALK_ELEMENT);
    assert_int_equal(element.tag, 0x00280010);
    assert_int_equal(dicom_u16(element.value, element.big_endian), 0x0102);
}

static void an_implicit_element_gets_its_vr_from_the_dictionary(void **state) {
    (void)state;
    static const uint8_t bytes[] = "\x20\x00\x32\x00\x02\x00\x00\x00"
                                   "1 ";
    struct element_walker walker;
    element_walker_init(&walker, bytes, sizeof bytes - 1, 0, DICOM_IMPLICIT_LE);
    struct dicom_element element;
    assert_int_equal(element_walker_next(&walker, &element), WALK_ELEMENT);
    assert_int_equal(element.vr, DICOM_VR('D', 'S'));
}

static void nested_sequences_of_both_length_kinds_end_where_they_should(void **state) {
    (void)state;
    // An undefined sequence holds a defined item, which holds a defined sequence of one empty item.
    static const uint8_t bytes[] = "\x08\x00\x40\x11SQ\x00\x00\xFF\xFF\xFF\xFF"
                                   "\xFE\xFF\x00\xE0\x14\x00\x00\x00"
                                   "\x08\x00\x99\x11SQ\x00\x00\x08\x00\x00\x00"
                                   "\xFE\xFF\x00\xE0\x00\x00\x00\x00"
                                   "\xFE\xFF\xDD\xE0\x00\x00\x00\x00";
    static const enum walk_event expected[] = {
        WALK_SEQUENCE_BEGIN, WALK_ITEM_BEGIN, WALK_SEQUENCE_BEGIN, WALK_ITEM_BEGIN, WALK_ITEM_END,
        WALK_SEQUENCE_END,   WALK_ITEM_END,   WALK_SEQUENCE_END,   WALK_END,
    };
    struct element_walker walker;
    element_walker_init(&walker, bytes, sizeof bytes - 1, 0, DICOM_EXPLICIT_LE);
    struct dicom_element element;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(element_walker_next(&walker, &element), expected[i]);
    }
}

static void fragments_are_given_one_by_one(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\xE0\x7F\x10\x00OB\x00\x00\xFF\xFF\xFF\xFF"
                          "\xFE\xFF\x00\xE0\x00\x00\x00\x00"
                          "\xFE\xFF\x00\xE0\x02\x00\x00\x00\xFF\xD8"
                          "\xFE\xFF\xDD\xE0\x00\x00\x00\x00",
                          DICOM_EXPLICIT_LE),
                     WALK_NO_ERROR);
    assert_int_equal(leaves, 2);
}

static void an_unknown_sequence_is_read_as_implicit_little_endian(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x09\x00\x01\x10UN\x00\x00\xFF\xFF\xFF\xFF"
                          "\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF"
                          "\x10\x00\x10\x00\x02\x00\x00\x00"
                          "AB"
                          "\xFE\xFF\x0D\xE0\x00\x00\x00\x00"
                          "\xFE\xFF\xDD\xE0\x00\x00\x00\x00",
                          DICOM_EXPLICIT_LE),
                     WALK_NO_ERROR);
    assert_int_equal(leaves, 1);
}

static void a_length_past_the_end_is_refused_at_its_element(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x10\x00\x10\x00PN\x02\x00"
                          "AB"
                          "\xE0\x7F\x10\x00OW\x00\x00\xFE\xFF\xFF\xFF",
                          DICOM_EXPLICIT_LE),
                     WALK_TRUNCATED_VALUE);
    assert_int_equal(offset, 10);
    assert_int_equal(leaves, 1);
}

static void an_element_may_not_pass_the_item_that_holds_it(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x08\x00\x40\x11SQ\x00\x00\x12\x00\x00\x00"
                          "\xFE\xFF\x00\xE0\x0A\x00\x00\x00"
                          "\x10\x00\x10\x00PN\x04\x00"
                          "AB"
                          "CD",
                          DICOM_EXPLICIT_LE),
                     WALK_TRUNCATED_VALUE);
    assert_int_equal(offset, 20);
}

static void a_header_cut_short_is_refused(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x10\x00\x10\x00PN\x00", DICOM_EXPLICIT_LE), WALK_TRUNCATED_HEADER);
    assert_int_equal(WALK("\xE0\x7F\x10\x00OW\x00\x00\x00\x00", DICOM_EXPLICIT_LE),
                     WALK_TRUNCATED_HEADER);
}

static void a_sequence_that_is_never_closed_is_refused(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x08\x00\x40\x11SQ\x00\x00\xFF\xFF\xFF\xFF", DICOM_EXPLICIT_LE),
                     WALK_UNCLOSED);
}

static void stray_delimiters_and_strangers_in_sequences_are_refused(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\xFE\xFF\x0D\xE0\x00\x00\x00\x00", DICOM_EXPLICIT_LE),
                     WALK_STRAY_DELIMITER);
    assert_int_equal(WALK("\xFE\xFF\x00\xE0\x00\x00\x00\x00", DICOM_IMPLICIT_LE),
                     WALK_STRAY_DELIMITER);
    assert_int_equal(WALK("\x08\x00\x40\x11SQ\x00\x00\x08\x00\x00\x00"
                          "\x10\x00\x10\x00PN\x00\x00",
                          DICOM_EXPLICIT_LE),
                     WALK_NO_ITEM);
}

static void undefined_length_is_refused_where_it_means_nothing(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x08\x00\x19\x01UC\x00\x00\xFF\xFF\xFF\xFF", DICOM_EXPLICIT_LE),
                     WALK_UNDEFINED_LENGTH);
    assert_int_equal(WALK("\xE0\x7F\x10\x00OB\x00\x00\xFF\xFF\xFF\xFF"
                          "\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF",
                          DICOM_EXPLICIT_LE),
                     WALK_UNDEFINED_LENGTH);
}

static void an_unknown_vr_is_refused(void **state) {
    (void)state;
    size_t offset;
    unsigned leaves;
    assert_int_equal(WALK("\x10\x00\x10\x00ZZ\x00\x00", DICOM_EXPLICIT_LE), WALK_UNKNOWN_VR);
}

static void a_tower_of_sequences_is_refused_before_it_falls(void **state) {
    (void)state;
    static const char floor[] = "\x08\x00\x40\x11\xFF\xFF\xFF\xFF"
                                "\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF";
    enum { FLOORS = 100000 };
    size_t size = FLOORS * (sizeof floor - 1);
    char *tower = malloc(size);
    assert_non_null(tower);
    for (size_t i = 0; i < FLOORS; i++) {
        memcpy(tower + i * (sizeof floor - 1), floor, sizeof floor - 1);
    }
    size_t offset;
    unsigned leaves;
    assert_int_equal(walk(tower, size, DICOM_IMPLICIT_LE, &offset, &leaves), WALK_TOO_DEEP);
    assert_int_equal(offset, WALK_DEPTH_MAX * 8);
    free(tower);
}

static void endless_elements_are_refused(void **state) {
    (void)state;
    size_t size = ((size_t)WALK_ELEMENTS_MAX + 1) * 8;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    size_t offset;
    unsigned leaves;
    assert_int_equal(walk(bytes, size, DICOM_IMPLICIT_LE, &offset, &leaves),
                     WALK_TOO_MANY_ELEMENTS);
    free(bytes);
}

static void the_dictionary_is_in_order_so_that_searching_finds_everything(void **state) {
    (void)state;
    for (size_t i = 1; i < data_dictionary_size(); i++) {
        assert_true(data_dictionary_tag_at(i - 1) < data_dictionary_tag_at(i));
        assert_int_not_equal(data_dictionary_vr(data_dictionary_tag_at(i)), DICOM_VR('U', 'N'));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_explicit_element_is_a_slice_of_the_buffer),
        cmocka_unit_test(a_big_endian_length_is_read_from_its_high_byte),
        cmocka_unit_test(an_implicit_element_gets_its_vr_from_the_dictionary),
        cmocka_unit_test(nested_sequences_of_both_length_kinds_end_where_they_should),
        cmocka_unit_test(fragments_are_given_one_by_one),
        cmocka_unit_test(an_unknown_sequence_is_read_as_implicit_little_endian),
        cmocka_unit_test(a_length_past_the_end_is_refused_at_its_element),
        cmocka_unit_test(an_element_may_not_pass_the_item_that_holds_it),
        cmocka_unit_test(a_header_cut_short_is_refused),
        cmocka_unit_test(a_sequence_that_is_never_closed_is_refused),
        cmocka_unit_test(stray_delimiters_and_strangers_in_sequences_are_refused),
        cmocka_unit_test(undefined_length_is_refused_where_it_means_nothing),
        cmocka_unit_test(an_unknown_vr_is_refused),
        cmocka_unit_test(a_tower_of_sequences_is_refused_before_it_falls),
        cmocka_unit_test(endless_elements_are_refused),
        cmocka_unit_test(the_dictionary_is_in_order_so_that_searching_finds_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
