/* links: demo_images */
#include "clients/native/demo/radiograph.h"
#include "clients/native/demo/rigid_move.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const double TOLERANCE = 1e-9;

static void between_voxels_the_value_is_linear(void **state) {
    (void)state;
    struct volume *volume = volume_create(2, 2, 2);
    assert_non_null(volume);
    volume->column_mm = 2;
    volume_row(volume, 0, 0)[0] = 0;
    volume_row(volume, 0, 0)[1] = 100;
    const double quarter_mm[3] = {0.5, 0, 0};
    assert_true(fabs(volume_sample(volume, quarter_mm) - 25) < TOLERANCE);
    volume_destroy(volume);
}

static void outside_the_volume_is_air(void **state) {
    (void)state;
    struct volume *volume = volume_create(2, 2, 2);
    assert_non_null(volume);
    const double outside_mm[][3] = {{-5, 0, 0}, {0, 9, 0}, {0, 0, -1.5}, {1e12, 0, 0}};
    for (size_t slice = 0; slice < 2; slice++) {
        for (size_t row = 0; row < 2; row++)
            volume_row(volume, slice, row)[0] = volume_row(volume, slice, row)[1] = 500;
    }
    for (size_t i = 0; i < 4; i++)
        assert_true(volume_sample(volume, outside_mm[i]) == HOUNSFIELD_AIR);
    volume_destroy(volume);
}

static void the_move_keeps_distances_and_handedness(void **state) {
    (void)state;
    struct volume *volume = volume_create(8, 8, 8);
    assert_non_null(volume);
    struct rigid_move move = rigid_move_of_prior(volume);
    const double corners[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double moved[4][3], axes[3][3];
    for (int i = 0; i < 4; i++)
        rigid_move_apply(&move, corners[i], moved[i]);
    for (int i = 0; i < 3; i++) {
        for (int axis = 0; axis < 3; axis++)
            axes[i][axis] = moved[i + 1][axis] - moved[0][axis];
    }
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double product = 0;
            for (int axis = 0; axis < 3; axis++)
                product += axes[i][axis] * axes[j][axis];
            assert_true(fabs(product - (i == j ? 1 : 0)) < TOLERANCE);
        }
    }
    double third = axes[0][0] * axes[1][1] - axes[0][1] * axes[1][0]; // z of the cross product
    assert_true(fabs(third - axes[2][2]) < TOLERANCE);
    volume_destroy(volume);
}

static void a_landmark_of_the_prior_lies_where_the_move_says(void **state) {
    (void)state;
    struct volume *current = volume_create(40, 40, 40);
    assert_non_null(current);
    struct rigid_move move = rigid_move_of_prior(current);
    const double prior_mm[3] = {15, 22, 18};
    double current_mm[3];
    rigid_move_apply(&move, prior_mm, current_mm);
    // A soft ball around the landmark of the current study, brightest in its middle.
    for (size_t slice = 0; slice < 40; slice++) {
        for (size_t row = 0; row < 40; row++) {
            for (size_t column = 0; column < 40; column++) {
                double square = pow((double)column - current_mm[0], 2) +
                                pow((double)row - current_mm[1], 2) +
                                pow((double)slice - current_mm[2], 2);
                if (square < 25)
                    volume_row(current, slice, row)[column] = (int16_t)(1000 - 40 * square);
            }
        }
    }
    struct volume *prior = rigid_move_resample(&move, current);
    assert_non_null(prior);
    int16_t brightest = HOUNSFIELD_AIR;
    double found[3] = {0, 0, 0};
    for (size_t slice = 0; slice < 40; slice++) {
        for (size_t row = 0; row < 40; row++) {
            for (size_t column = 0; column < 40; column++) {
                int16_t value = volume_row(prior, slice, row)[column];
                if (value > brightest) {
                    brightest = value;
                    found[0] = (double)column;
                    found[1] = (double)row;
                    found[2] = (double)slice;
                }
            }
        }
    }
    for (int axis = 0; axis < 3; axis++)
        assert_true(fabs(found[axis] - prior_mm[axis]) <= 1);
    volume_destroy(prior);
    volume_destroy(current);
}

static void the_radiograph_shows_the_head_up_and_the_face_left(void **state) {
    (void)state;
    struct volume *volume = volume_create(4, 10, 10);
    assert_non_null(volume);
    for (size_t column = 0; column < 4; column++)
        volume_row(volume, 9, 0)[column] = 3000; // the highest slice, the foremost row
    struct radiograph radiograph = radiograph_of(volume);
    assert_non_null(radiograph.values);
    uint16_t corner = radiograph.values[0];
    for (size_t i = 1; i < radiograph.rows * radiograph.columns; i++)
        assert_true(radiograph.values[i] <= corner);
    assert_true(corner > 0);
    assert_int_equal(radiograph.values[radiograph.columns - 1], 0);
    radiograph_finish(&radiograph);
    volume_destroy(volume);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_voxels_the_value_is_linear),
        cmocka_unit_test(outside_the_volume_is_air),
        cmocka_unit_test(the_move_keeps_distances_and_handedness),
        cmocka_unit_test(a_landmark_of_the_prior_lies_where_the_move_says),
        cmocka_unit_test(the_radiograph_shows_the_head_up_and_the_face_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
