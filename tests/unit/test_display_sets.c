/* links: imaging_format */
#include "server/imaging/display_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERIES "1.2.3"
#define BIT(field) (UINT64_C(1) << (field))

/* Slice `number` of an axial pile, 2 mm apart. */
static struct display_slice axial(int number) {
    struct display_slice slice = {
        .frame_of_reference_uid = "1.9",
        .present = BIT(INSTANCE_POSITION) | BIT(INSTANCE_ORIENTATION) | BIT(INSTANCE_PIXEL_SPACING),
        .frame_count = 1,
        .rows = 512,
        .columns = 512,
        .bits_allocated = 16,
        .samples_per_pixel = 1,
        .instance_number = number,
        .position_lps = {0, 0, 2.0 * number},
        .orientation_lps = {1, 0, 0, 0, 1, 0},
        .pixel_spacing = {0.7, 0.7},
    };
    snprintf(slice.sop_instance_uid, sizeof slice.sop_instance_uid, "1.5.%d", number);
    return slice;
}

static struct display_sets split(const struct display_slice *slices, size_t count) {
    struct display_sets sets;
    assert_true(display_sets_split(SERIES, slices, count, &sets));
    return sets;
}

static void fill(struct display_slice *slices, int count) {
    for (int i = 0; i < count; i++) {
        slices[i] = axial(i + 1);
    }
}

/* What the only set of these slices says of itself. */
static enum volume_reason reason_of(const struct display_slice *slices, size_t count) {
    struct display_sets sets = split(slices, count);
    assert_int_equal(sets.count, 1);
    enum volume_reason reason = sets.sets[0].reason;
    assert_int_equal(sets.sets[0].kind == DISPLAY_VOLUME, reason == VOLUME_IS_VOLUME);
    display_sets_finish(&sets);
    return reason;
}

static void an_even_pile_is_a_volume_sorted_along_its_normal(void **state) {
    (void)state;
    struct display_slice slices[] = {axial(3), axial(1), axial(4), axial(2)};
    struct display_sets sets = split(slices, 4);
    assert_int_equal(sets.count, 1);
    assert_int_equal(sets.sets[0].kind, DISPLAY_VOLUME);
    assert_true(sets.sets[0].spacing_mm > 1.999 && sets.sets[0].spacing_mm < 2.001);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(slices[sets.order[i]].instance_number, i + 1);
    }
    display_sets_finish(&sets);
}

static void the_order_of_arrival_changes_nothing(void **state) {
    (void)state;
    struct display_slice forward[] = {axial(1), axial(2), axial(3), axial(4)};
    struct display_slice backward[] = {axial(4), axial(3), axial(2), axial(1)};
    forward[1].acquisition_number = backward[2].acquisition_number = 2;
    struct display_sets first = split(forward, 4);
    struct display_sets second = split(backward, 4);
    assert_int_equal(first.count, 2);
    assert_int_equal(second.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(first.sets[i].id, second.sets[i].id);
    }
    display_sets_finish(&first);
    display_sets_finish(&second);
}

static void an_id_stays_when_slices_are_added(void **state) {
    (void)state;
    struct display_slice slices[9];
    fill(slices, 9);
    struct display_sets few = split(slices + 2, 3);
    struct display_sets all = split(slices, 9);
    assert_string_equal(few.sets[0].id, all.sets[0].id);
    display_sets_finish(&few);
    display_sets_finish(&all);
}

static void orientation_size_acquisition_phase_and_flavor_split(void **state) {
    (void)state;
    struct display_slice slices[8];
    fill(slices, 8);
    memcpy(slices[1].orientation_lps, (double[]){0, 1, 0, 0, 0, -1}, 6 * sizeof(double));
    slices[2].rows = 256;
    slices[3].acquisition_number = 2;
    slices[4].temporal_position = 2;
    memcpy(slices[5].image_flavor, "LOCALIZER", sizeof "LOCALIZER");
    slices[6].echo_number = 2;
    struct display_sets sets = split(slices, 8);
    assert_int_equal(sets.count, 7);
    for (size_t i = 0; i < sets.count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(sets.sets[i].id, sets.sets[j].id);
        }
    }
    display_sets_finish(&sets);
}

static void a_scanner_that_numbers_every_slice_as_an_acquisition_does_not_split(void **state) {
    (void)state;
    struct display_slice slices[6];
    fill(slices, 6);
    for (int i = 0; i < 6; i++) {
        slices[i].acquisition_number = i + 1;
    }
    assert_int_equal(reason_of(slices, 6), VOLUME_IS_VOLUME);
}

static void rounding_noise_in_the_orientation_does_not_split(void **state) {
    (void)state;
    struct display_slice slices[6];
    fill(slices, 6);
    for (int i = 0; i < 6; i++) {
        // Around the border at which the id rounds.
        slices[i].orientation_lps[1] = 0.005 + (i % 2 ? 1e-6 : -1e-6);
    }
    assert_int_equal(reason_of(slices, 6), VOLUME_IS_VOLUME);
}

static void films_and_documents_stand_alone(void **state) {
    (void)state;
    struct display_slice slices[4];
    fill(slices, 4);
    slices[1].frame_count = 40;
    slices[1].frames_volume = VOLUME_NO_FRAME_OF_REFERENCE;
    slices[2].frame_count = 0;
    slices[2].present |= BIT(INSTANCE_DOCUMENT_SIZE);
    slices[3].frame_count = 0;
    struct display_sets sets = split(slices, 4);
    assert_int_equal(sets.count, 4);
    assert_int_equal(sets.sets[0].kind, DISPLAY_STACK);
    assert_int_equal(sets.sets[1].kind, DISPLAY_STACK);
    assert_int_equal(sets.sets[1].reason, VOLUME_NO_FRAME_OF_REFERENCE);
    assert_int_equal(sets.sets[2].kind, DISPLAY_DOCUMENT);
    assert_int_equal(sets.sets[3].kind, DISPLAY_NOTHING);
    display_sets_finish(&sets);
}

/* Resolution `number` of a slide, with so many tiles. */
static struct display_slice resolution(int number, uint32_t tiles, const char *flavor) {
    struct display_slice slice = {
        .frame_of_reference_uid = "1.9",
        .slide = true,
        .frame_count = tiles,
        .rows = 256,
        .columns = 256,
        .samples_per_pixel = 3,
        .instance_number = number,
    };
    snprintf(slice.sop_instance_uid, sizeof slice.sop_instance_uid, "1.6.%d", number);
    snprintf(slice.image_flavor, sizeof slice.image_flavor, "%s", flavor);
    return slice;
}

static void all_resolutions_of_a_slide_are_one_and_its_label_stands_apart(void **state) {
    (void)state;
    struct display_slice slices[] = {
        resolution(1, 400, "VOLUME"),  resolution(2, 25, "VOLUME"), resolution(3, 1, "VOLUME"),
        resolution(4, 1, "THUMBNAIL"), resolution(5, 1, "LABEL"),   resolution(6, 1, "OVERVIEW"),
    };
    slices[3].rows = 190; // a thumbnail is as large as it likes
    struct display_sets sets = split(slices, 6);
    assert_int_equal(sets.count, 3);
    assert_int_equal(sets.sets[0].kind, DISPLAY_SLIDE);
    assert_int_equal(sets.sets[0].count, 4);
    assert_int_equal(sets.sets[1].kind, DISPLAY_LABEL);
    assert_int_equal(sets.sets[2].kind, DISPLAY_LABEL);
    display_sets_finish(&sets);
}

static void slides_of_two_frames_of_reference_in_a_series_are_two(void **state) {
    (void)state;
    struct display_slice slices[] = {resolution(1, 400, "VOLUME"), resolution(2, 25, "VOLUME")};
    slices[1].frame_of_reference_uid[2] = '8';
    struct display_sets sets = split(slices, 2);
    assert_int_equal(sets.count, 2);
    display_sets_finish(&sets);
}

static void slides_on_two_glasses_in_one_frame_of_reference_are_two(void **state) {
    (void)state;
    struct display_slice slices[] = {
        resolution(1, 400, "VOLUME"),
        resolution(2, 25, "VOLUME"),
        resolution(3, 400, "VOLUME"),
        resolution(4, 25, "VOLUME"),
    };
    slices[0].container = slices[2].container = 7;
    slices[1].container = slices[3].container = 8;
    struct display_sets sets = split(slices, 4);
    assert_int_equal(sets.count, 2);
    assert_int_equal(sets.sets[0].kind, DISPLAY_SLIDE);
    assert_int_equal(sets.sets[0].count, 2);
    assert_int_equal(sets.order[0], 0);
    assert_int_equal(sets.order[1], 2);
    assert_string_not_equal(sets.sets[0].id, sets.sets[1].id);
    /* A glass keeps its name, whatever else comes. */
    struct display_sets alone = split(&slices[2], 1);
    assert_string_equal(alone.sets[0].id, sets.sets[0].id);
    display_sets_finish(&alone);
    display_sets_finish(&sets);
}

static void a_slide_without_image_type_or_frame_of_reference_is_one_all_the_same(void **state) {
    (void)state;
    struct display_slice slices[] = {resolution(1, 400, ""), resolution(2, 1, "")};
    slices[0].frame_of_reference_uid[0] = slices[1].frame_of_reference_uid[0] = 0;
    struct display_sets sets = split(slices, 2);
    assert_int_equal(sets.count, 1);
    assert_int_equal(sets.sets[0].kind, DISPLAY_SLIDE);
    display_sets_finish(&sets);
}

static void a_missing_slice_makes_the_spacing_uneven(void **state) {
    (void)state;
    struct display_slice slices[] = {axial(1), axial(2), axial(4), axial(5)};
    assert_int_equal(reason_of(slices, 4), VOLUME_UNEVEN_SPACING);
}

static void two_images_at_one_place_are_no_volume(void **state) {
    (void)state;
    struct display_slice slices[4];
    fill(slices, 4);
    slices[2].position_lps[2] = slices[1].position_lps[2];
    assert_int_equal(reason_of(slices, 4), VOLUME_REPEATED_POSITION);
}

static void a_tilted_gantry_is_no_volume(void **state) {
    (void)state;
    struct display_slice slices[5];
    fill(slices, 5);
    for (int i = 0; i < 5; i++) {
        slices[i].position_lps[1] = 0.5 * i;
    }
    assert_int_equal(reason_of(slices, 5), VOLUME_SHEARED);
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    struct display_slice slices[3];
    fill(slices, 3);
    assert_int_equal(reason_of(slices, 2), VOLUME_TOO_FEW_SLICES);
    slices[1].present &= ~BIT(INSTANCE_PIXEL_SPACING);
    assert_int_equal(reason_of(slices, 3), VOLUME_NO_PIXEL_SPACING);
    slices[1].present &= ~BIT(INSTANCE_POSITION);
    assert_int_equal(reason_of(slices, 3), VOLUME_NO_POSITION);
    for (int i = 0; i < 3; i++) {
        slices[i].frame_of_reference_uid[0] = 0;
    }
    assert_int_equal(reason_of(slices, 3), VOLUME_NO_FRAME_OF_REFERENCE);
}

static void slices_of_different_pixels_are_no_volume(void **state) {
    (void)state;
    struct display_slice slices[3];
    fill(slices, 3);
    slices[2].pixel_spacing[0] = 0.8;
    assert_int_equal(reason_of(slices, 3), VOLUME_MIXED_PIXELS);
}

static void an_orientation_that_is_none_makes_no_volume(void **state) {
    (void)state;
    struct display_slice slices[3];
    fill(slices, 3);
    for (int i = 0; i < 3; i++) {
        memcpy(slices[i].orientation_lps, (double[]){1, 0, 0, 1, 0, 0}, 6 * sizeof(double));
    }
    assert_int_equal(reason_of(slices, 3), VOLUME_NO_POSITION);
}

static void more_piles_than_are_shown_are_counted(void **state) {
    (void)state;
    enum { PILES = DISPLAY_SETS_MAX + 10 };
    struct display_slice *slices = calloc(PILES, sizeof *slices);
    for (int i = 0; i < PILES; i++) {
        slices[i] = axial(i + 1);
        slices[i].temporal_position = i;
    }
    struct display_sets sets = split(slices, PILES);
    assert_int_equal(sets.count, DISPLAY_SETS_MAX);
    assert_int_equal(sets.left_out, 10);
    display_sets_finish(&sets);
    free(slices);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_even_pile_is_a_volume_sorted_along_its_normal),
        cmocka_unit_test(the_order_of_arrival_changes_nothing),
        cmocka_unit_test(an_id_stays_when_slices_are_added),
        cmocka_unit_test(orientation_size_acquisition_phase_and_flavor_split),
        cmocka_unit_test(a_scanner_that_numbers_every_slice_as_an_acquisition_does_not_split),
        cmocka_unit_test(rounding_noise_in_the_orientation_does_not_split),
        cmocka_unit_test(films_and_documents_stand_alone),
        cmocka_unit_test(all_resolutions_of_a_slide_are_one_and_its_label_stands_apart),
        cmocka_unit_test(slides_of_two_frames_of_reference_in_a_series_are_two),
        cmocka_unit_test(slides_on_two_glasses_in_one_frame_of_reference_are_two),
        cmocka_unit_test(a_slide_without_image_type_or_frame_of_reference_is_one_all_the_same),
        cmocka_unit_test(a_missing_slice_makes_the_spacing_uneven),
        cmocka_unit_test(two_images_at_one_place_are_no_volume),
        cmocka_unit_test(a_tilted_gantry_is_no_volume),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(slices_of_different_pixels_are_no_volume),
        cmocka_unit_test(an_orientation_that_is_none_makes_no_volume),
        cmocka_unit_test(more_piles_than_are_shown_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
