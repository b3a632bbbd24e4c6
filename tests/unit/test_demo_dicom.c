/* links: demo_images */
#include "clients/native/demo/demo_identity.h"
#include "clients/native/demo/dicom_dataset.h"
#include "clients/native/demo/dicom_tags.h"
#include "clients/native/demo/uid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct demo_patient patient = {"DEMO-9999", "DEMO^Test", "19700101", "O"};
static const struct demo_study study = {&patient, "test/study", "20261101", "101500", "T1", "Test"};
static const struct demo_series series = {&study,   "ct",   1,   "CT", "1.2.840.10008.5.1.4.1.1.2",
                                          "Series", "HEAD", true};

// Writes the data set to memory; the caller frees.
static uint8_t *written(struct dicom_dataset *dataset, size_t *ret_length) {
    char *bytes = NULL;
    FILE *file = open_memstream(&bytes, ret_length);
    assert_non_null(file);
    assert_true(dicom_write(dataset, file));
    assert_int_equal(fclose(file), 0);
    return (uint8_t *)bytes;
}

static void fill(struct dicom_dataset *dataset, const uint8_t *pixels, size_t length) {
    const double position_mm[] = {-122.0224609375, 0.5, 1.5};
    dicom_init(dataset);
    dicom_put_decimals(dataset, TAG_IMAGE_POSITION_PATIENT, position_mm, 3);
    dicom_put_number(dataset, TAG_ROWS, 258);
    struct dicom_element element = {
        .tag = TAG_PIXEL_DATA, .vr = "OW", .value = pixels, .length = length};
    dicom_put_element(dataset, &element);
    demo_identify(dataset, &series, 7);
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    static struct dicom_dataset dataset, read;
    const uint8_t pixels[] = {1, 2, 3, 4};
    char text[65];
    double number;
    size_t length;
    fill(&dataset, pixels, sizeof(pixels));
    uint8_t *bytes = written(&dataset, &length);
    assert_true(dicom_read(&read, bytes, length));
    assert_true(dicom_text(&read, TAG_PATIENT_NAME, text, sizeof(text)));
    assert_string_equal(text, "DEMO^Test");
    assert_true(dicom_number(&read, TAG_IMAGE_POSITION_PATIENT, 0, &number));
    assert_true(number > -122.0225 && number < -122.0224);
    assert_true(dicom_number(&read, TAG_ROWS, 0, &number));
    assert_int_equal((int)number, 258);
    const struct dicom_element *element = dicom_find(&read, TAG_PIXEL_DATA);
    assert_non_null(element);
    assert_int_equal(element->length, sizeof(pixels));
    assert_memory_equal(element->value, pixels, sizeof(pixels));
    free(bytes);
}

static void a_file_is_the_same_on_every_run(void **state) {
    (void)state;
    static struct dicom_dataset dataset;
    const uint8_t pixels[] = {9, 9};
    size_t first_length, second_length;
    fill(&dataset, pixels, sizeof(pixels));
    uint8_t *first = written(&dataset, &first_length);
    fill(&dataset, pixels, sizeof(pixels));
    uint8_t *second = written(&dataset, &second_length);
    assert_int_equal(first_length, second_length);
    assert_memory_equal(first, second, first_length);
    free(first);
    free(second);
}

static void a_file_cut_anywhere_is_refused_or_read_within_its_bytes(void **state) {
    (void)state;
    static struct dicom_dataset dataset, read;
    const uint8_t pixels[] = {1, 2, 3, 4};
    size_t length;
    fill(&dataset, pixels, sizeof(pixels));
    uint8_t *bytes = written(&dataset, &length);
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *shorter = malloc(cut + 1); // of its own, so that a read beyond it is caught
        assert_non_null(shorter);
        memcpy(shorter, bytes, cut);
        if (dicom_read(&read, shorter, cut))
            assert_null(dicom_find(&read, TAG_PIXEL_DATA)); // cut between two elements
        free(shorter);
    }
    free(bytes);
}

static void sequences_nested_beyond_the_bound_are_refused(void **state) {
    (void)state;
    static struct dicom_dataset dataset, read;
    const uint8_t begin[] = {0x08, 0,    0x40, 0x11, 'S', 'Q',  0,    0,    0xff, 0xff,
                             0xff, 0xff, 0xfe, 0xff, 0,   0xe0, 0xff, 0xff, 0xff, 0xff};
    const uint8_t pixels[] = {1, 2};
    size_t length;
    fill(&dataset, pixels, sizeof(pixels));
    uint8_t *bytes = written(&dataset, &length);
    size_t nested = length + 1000 * sizeof(begin);
    bytes = realloc(bytes, nested);
    assert_non_null(bytes);
    // In place of the pixel data, which is the last element.
    size_t place = length - sizeof(pixels) - 12;
    for (size_t i = 0; i < 1000; i++, place += sizeof(begin))
        memcpy(bytes + place, begin, sizeof(begin));
    assert_false(dicom_read(&read, bytes, place));
    free(bytes);
}

static void uids_are_made_of_their_names(void **state) {
    (void)state;
    char one[UID_TEXT_MAX + 1], again[UID_TEXT_MAX + 1], other[UID_TEXT_MAX + 1];
    uint8_t uuid[UUID_LENGTH];
    demo_uid(one, "cranium/2026-11-16");
    demo_uid(again, "cranium/2026-11-16");
    demo_uid(other, "cranium/2026-05-04");
    demo_uuid(uuid, "cranium/2026-11-16");
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    // Stored images keep their identity only as long as this does not change.
    assert_string_equal(one, "2.25.16168840820598813339309001316547547110");
    assert_int_equal(uuid[6] >> 4, 5);
    assert_int_equal(uuid[8] >> 6, 2);
}

static void an_image_without_a_frame_of_reference_names_none(void **state) {
    (void)state;
    static struct dicom_dataset dataset;
    struct demo_series flat = series;
    flat.in_frame_of_reference = false;
    dicom_init(&dataset);
    demo_identify(&dataset, &flat, 1);
    assert_null(dicom_find(&dataset, TAG_FRAME_OF_REFERENCE_UID));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_file_is_the_same_on_every_run),
        cmocka_unit_test(a_file_cut_anywhere_is_refused_or_read_within_its_bytes),
        cmocka_unit_test(sequences_nested_beyond_the_bound_are_refused),
        cmocka_unit_test(uids_are_made_of_their_names),
        cmocka_unit_test(an_image_without_a_frame_of_reference_names_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
