/* links: evidence_format */
/* Everything that is written is read back by the walker that reads foreign files. */
#define _GNU_SOURCE /* memmem */
#include "server/evidence/dataset_writer.h"

#include "server/evidence/evidence_names.h"
#include "server/imaging/element_walker.h"
#include "server/imaging/part10.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 4096 };

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static struct dataset_writer begun(enum dataset_lengths lengths) {
    struct dataset_writer writer;
    dataset_writer_init(&writer, LIMIT, lengths, DATASET_UTF8);
    dataset_writer_file(&writer, "1.2.840.10008.5.1.4.1.1.88.34", "2.25.1");
    return writer;
}

/* A copy of exactly this size, so that the address sanitizer sees one byte too many. */
static uint8_t *ended(struct dataset_writer *writer, size_t *ret_size) {
    size_t size = 0;
    uint8_t *bytes = dataset_writer_take(writer, &size);
    dataset_writer_finish(writer);
    assert_non_null(bytes);
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    free(bytes);
    *ret_size = size;
    return copy;
}

static struct element_walker walker_of(const uint8_t *bytes, size_t size) {
    struct part10 part10;
    struct file_refusal refusal;
    struct element_walker walker;
    assert_int_equal(part10_open(bytes, size, &part10, &refusal), FILE_REFUSAL_NONE);
    element_walker_init(&walker, bytes, size, part10.dataset_offset, DICOM_EXPLICIT_LE);
    return walker;
}

/* Walks to its end; the number of elements with this tag, the last in `ret`. */
static unsigned find(const uint8_t *bytes, size_t size, uint32_t tag, struct dicom_element *ret) {
    struct element_walker walker = walker_of(bytes, size);
    struct dicom_element element;
    unsigned count = 0;
    enum walk_event event;
    while ((event = element_walker_next(&walker, &element)) != WALK_END) {
        assert_int_not_equal(event, WALK_FAILED);
        if (event == WALK_ELEMENT && element.tag == tag) {
            *ret = element;
            count++;
        }
    }
    return count;
}

static void assert_value(const uint8_t *bytes, size_t size, uint32_t tag, const char *expected) {
    struct dicom_element element;
    assert_int_equal(find(bytes, size, tag, &element), 1);
    assert_int_equal(element.length, strlen(expected));
    assert_memory_equal(element.value, expected, element.length);
}

static void text_is_padded_to_even_lengths_as_its_vr_wants(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    dataset_writer_string(&writer, 0x00080018, "UI", "1.2.3");
    dataset_writer_string(&writer, 0x00080060, "CS", "SR");
    dataset_writer_string(&writer, 0x0008103E, "LO", "odd");
    dataset_writer_integer(&writer, 0x00200013, -7);
    size_t size;
    uint8_t *bytes = ended(&writer, &size);
    struct dicom_element element;
    assert_int_equal(find(bytes, size, 0x00080018, &element), 1);
    assert_int_equal(element.length, 6);
    assert_int_equal(element.value[5], 0);
    assert_value(bytes, size, 0x00080060, "SR");
    assert_value(bytes, size, 0x0008103E, "odd ");
    assert_value(bytes, size, 0x00200013, "-7");
    free(bytes);
}

static void write_nested(struct dataset_writer *writer) {
    dataset_writer_sequence_begin(writer, 0x0040A730);
    for (int i = 0; i < 2; i++) {
        dataset_writer_item_begin(writer);
        dataset_writer_string(writer, 0x0040A040, "CS", "TEXT");
        dataset_writer_empty_sequence(writer, 0x0040A043);
        dataset_writer_sequence_begin(writer, 0x0040A730);
        dataset_writer_item_begin(writer);
        dataset_writer_string(writer, 0x0040A160, "UT", "words");
        dataset_writer_item_end(writer);
        dataset_writer_sequence_end(writer);
        dataset_writer_item_end(writer);
    }
    dataset_writer_sequence_end(writer);
    dataset_writer_string(writer, 0x00700023, "CS", "POINT");
}

static void sequences_are_read_back_with_lengths_and_with_delimiters(void **state) {
    (void)state;
    for (int lengths = DATASET_LENGTHS_DEFINED; lengths <= DATASET_LENGTHS_UNDEFINED; lengths++) {
        struct dataset_writer writer = begun((enum dataset_lengths)lengths);
        write_nested(&writer);
        size_t size;
        uint8_t *bytes = ended(&writer, &size);
        struct dicom_element element;
        assert_int_equal(find(bytes, size, 0x0040A160, &element), 2);
        assert_int_equal(element.depth, 2);
        assert_int_equal(find(bytes, size, 0x00700023, &element), 1);
        assert_int_equal(element.depth, 0);
        free(bytes);
    }
}

static void words_that_are_too_long_are_cut_between_characters(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    char long_text[201] = "";
    for (int i = 0; i < 100; i++) {
        snprintf(long_text + 2 * i, sizeof long_text - 2 * (size_t)i, "\xc3\xbc");
    }
    dataset_writer_string(&writer, 0x00080050, "SH", long_text);
    dataset_writer_string(&writer, 0x00081030, "LO", long_text);
    char name[420];
    snprintf(name, sizeof name, "%s=%s", long_text, "Gr\xc3\xbcn");
    dataset_writer_string(&writer, 0x00100010, "PN", name);
    size_t size;
    uint8_t *bytes = ended(&writer, &size);
    char expected[201];
    snprintf(expected, sizeof expected, "%.32s", long_text);
    assert_value(bytes, size, 0x00080050, expected);
    snprintf(expected, sizeof expected, "%.128s", long_text);
    assert_value(bytes, size, 0x00081030, expected);
    snprintf(expected, sizeof expected, "%.128s=Gr\xc3\xbcn", long_text);
    assert_value(bytes, size, 0x00100010, expected);
    free(bytes);
}

static void what_would_divide_values_or_control_a_printer_becomes_a_space(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    dataset_writer_string(&writer, 0x00081030, "LO", "a\\b\x1b$B\n\xc2\x85z");
    dataset_writer_string(&writer, 0x0040A160, "UT", "a\\b\nc\x07");
    size_t size;
    uint8_t *bytes = ended(&writer, &size);
    assert_value(bytes, size, 0x00081030, "a b $B  z ");
    assert_value(bytes, size, 0x0040A160, "a\\b\nc ");
    free(bytes);
}

static void a_code_uid_date_or_number_that_breaks_its_vr_fails_the_whole(void **state) {
    (void)state;
    static const char *const wrong[][2] = {{"UI", "1.2.a"},
                                           {"CS", "lower"},
                                           {"DA", "2026-01-01"},
                                           {"CS", "LONGER THAN SIXTEEN"},
                                           {"AS", "090y"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
        dataset_writer_string(&writer, 0x00090010, wrong[i][0], wrong[i][1]);
        size_t size;
        assert_null(dataset_writer_take(&writer, &size));
        dataset_writer_finish(&writer);
    }
    const double numbers[] = {NAN, INFINITY};
    for (size_t i = 0; i < 2; i++) {
        struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
        dataset_writer_floats(&writer, 0x00700022, &numbers[i], 1);
        size_t size;
        assert_null(dataset_writer_take(&writer, &size));
        dataset_writer_finish(&writer);
    }
}

static void latin_letters_are_a_byte_each_and_others_are_said_to_be_beyond(void **state) {
    (void)state;
    static const char *const words[] = {"Gr\xc3\xb6\xc3\x9f"
                                        "e",
                                        "\xe2\x82\xac", "\xc4\x80"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct dataset_writer writer;
        dataset_writer_init(&writer, LIMIT, DATASET_LENGTHS_DEFINED, DATASET_LATIN);
        dataset_writer_file(&writer, "1.2", "2.25.1");
        dataset_writer_string(&writer, 0x00081030, "LO", words[i]);
        assert_int_equal(writer.beyond, i > 0);
        size_t size = 0;
        uint8_t *bytes = dataset_writer_take(&writer, &size);
        dataset_writer_finish(&writer);
        if (i == 0) {
            assert_value(bytes, size, 0x00081030,
                         "Gr\xf6\xdf"
                         "e ");
        }
        assert_int_equal(bytes == NULL, i > 0);
        free(bytes);
    }
}

static void a_number_keeps_what_sixteen_characters_can_say_of_it(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    const double values[] = {-0.1234567890123456, 1e-300, 42};
    dataset_writer_decimals(&writer, 0x00280030, values, 3);
    size_t size;
    uint8_t *bytes = ended(&writer, &size);
    struct dicom_element element;
    assert_int_equal(find(bytes, size, 0x00280030, &element), 1);
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)element.length, (const char *)element.value);
    assert_string_equal(text, "-0.1234567890123\\1e-300\\42");
    free(bytes);
}

static void what_does_not_fit_the_limit_is_not_written_at_all(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    static char words[LIMIT + 1];
    memset(words, 'w', LIMIT);
    write_nested(&writer);
    dataset_writer_bytes(&writer, 0x7FE00010, "OB", words, LIMIT);
    size_t size;
    assert_null(dataset_writer_take(&writer, &size));
    dataset_writer_finish(&writer);
}

static void the_length_of_the_meta_information_is_true(void **state) {
    (void)state;
    struct dataset_writer writer = begun(DATASET_LENGTHS_DEFINED);
    dataset_writer_string(&writer, 0x00080005, "CS", "ISO_IR 192");
    size_t size;
    uint8_t *bytes = ended(&writer, &size);
    uint32_t length = dicom_u32(bytes + 132 + 8, false);
    struct element_walker walker = walker_of(bytes, size);
    assert_int_equal(walker.position, 132 + 12 + length);
    free(bytes);
}

static void names_follow_from_what_they_name(void **state) {
    (void)state;
    char one[EVIDENCE_UID_SIZE], same[EVIDENCE_UID_SIZE], other[EVIDENCE_UID_SIZE];
    evidence_uid("views", &(struct name_part){"ab", 2}, 1, one);
    evidence_uid("views", &(struct name_part){"ab", 2}, 1, same);
    evidence_uid("views", (struct name_part[]){{"a", 1}, {"b", 1}}, 2, other);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_true(strncmp(one, "2.25.", 5) == 0 && strlen(one) <= 44);
    evidence_uid_of_uuid((struct uuid){{0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65,
                                        0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6}},
                         one);
    /* The example of PS3.5 B.2. */
    assert_string_equal(one, "2.25.329800735698586629295641978511506172918");
    evidence_uid_of_uuid((struct uuid){{0}}, one);
    assert_string_equal(one, "2.25.0");
}

static void text_cut_counts_characters(void **state) {
    (void)state;
    assert_int_equal(dataset_text_cut(text_of("a\xc3\xbc\xe2\x82\xac"
                                              "b"),
                                      3),
                     6);
    assert_int_equal(dataset_text_cut(text_of("ab"), 9), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_padded_to_even_lengths_as_its_vr_wants),
        cmocka_unit_test(sequences_are_read_back_with_lengths_and_with_delimiters),
        cmocka_unit_test(words_that_are_too_long_are_cut_between_characters),
        cmocka_unit_test(what_would_divide_values_or_control_a_printer_becomes_a_space),
        cmocka_unit_test(a_code_uid_date_or_number_that_breaks_its_vr_fails_the_whole),
        cmocka_unit_test(latin_letters_are_a_byte_each_and_others_are_said_to_be_beyond),
        cmocka_unit_test(a_number_keeps_what_sixteen_characters_can_say_of_it),
        cmocka_unit_test(what_does_not_fit_the_limit_is_not_written_at_all),
        cmocka_unit_test(the_length_of_the_meta_information_is_true),
        cmocka_unit_test(names_follow_from_what_they_name),
        cmocka_unit_test(text_cut_counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
