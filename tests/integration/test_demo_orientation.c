/* links: demo_images consilium-demo-images m; timeout: 120 */
#include "clients/native/demo/demo_images.h"
#include "clients/native/demo/dicom_dataset.h"
#include "clients/native/demo/dicom_tags.h"
#include "clients/native/demo/volume.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

// The demonstration's head CT, judged by its anatomy as a reader of the DICOM files sees it: the
// volume below is put together from the files' own positions and rescale, not from our memory.

enum { SLICES = 108, EDGE = 256, SOFT_TISSUE = -200, BONE = 250, FILE_BYTES_MAX = 1 << 20 };
enum { OFF_MIDLINE = 90 }; // a column where the headrest is within the field of view

struct fixture {
    char folder[64];
    struct volume *volume; // by position: slice 0 is the lowest z
};

static double required_number(const struct dicom_dataset *dataset, uint32_t tag, size_t nth) {
    double number;
    assert_true(dicom_number(dataset, tag, nth, &number));
    return number;
}

static void load_slice(struct fixture *fixture, const char *path) {
    static struct dicom_dataset dataset;
    static uint8_t bytes[FILE_BYTES_MAX];
    static const double axial[6] = {1, 0, 0, 0, 1, 0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_true(dicom_read(&dataset, bytes, length));
    for (size_t i = 0; i < 6; i++)
        assert_true(required_number(&dataset, TAG_IMAGE_ORIENTATION_PATIENT, i) == axial[i]);
    double z_mm = required_number(&dataset, TAG_IMAGE_POSITION_PATIENT, 2);
    size_t slice = (size_t)lround(z_mm / 1.5);
    double intercept = required_number(&dataset, TAG_RESCALE_INTERCEPT, 0);
    const struct dicom_element *pixels = dicom_find(&dataset, TAG_PIXEL_DATA);
    assert_non_null(pixels);
    assert_int_equal(pixels->length, 2 * EDGE * EDGE);
    int16_t *values = volume_row(fixture->volume, slice, 0);
    for (size_t i = 0; i < EDGE * EDGE; i++)
        values[i] = (int16_t)(pixels->value[2 * i] + 256 * pixels->value[2 * i + 1] + intercept);
}

static int write_and_load(void **state) {
    static struct fixture fixture;
    char command[256], path[160];
    if (access(CRANIUM_DEFAULT_FILE, R_OK) != 0) {
        fprintf(stderr, "SKIPPED: Debian's invesalius-examples is not installed\n");
        return 0;
    }
    snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/consilium_demo_XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(command, sizeof(command), "%s %s 2>/dev/null", CONSILIUM_DEMO_IMAGES_PATH,
             fixture.folder);
    assert_int_equal(system(command), 0);
    fixture.volume = volume_create(EDGE, EDGE, SLICES);
    assert_non_null(fixture.volume);
    for (unsigned instance = 1; instance <= SLICES; instance++) {
        snprintf(path, sizeof(path), "%s/cranium/2026-11-16/ct/%04u.dcm", fixture.folder, instance);
        load_slice(&fixture, path);
    }
    *state = &fixture;
    return 0;
}

static int remove_all(void **state) {
    struct fixture *fixture = *state;
    char command[128];
    if (fixture == NULL)
        return 0;
    volume_destroy(fixture->volume);
    snprintf(command, sizeof(command), "rm -rf %s", fixture->folder);
    return system(command);
}

static const struct volume *loaded(void **state) {
    if (*state == NULL)
        skip();
    return ((struct fixture *)*state)->volume;
}

// Voxels of a row of a slice that are denser than `hounsfield`.
static size_t denser(const struct volume *volume, size_t slice, size_t row, int hounsfield) {
    const int16_t *values = volume_row(volume, slice, row);
    size_t count = 0;
    for (size_t column = 0; column < EDGE; column++)
        count += values[column] > hounsfield;
    return count;
}

static void the_nose_is_at_the_smallest_y(void **state) {
    const struct volume *volume = loaded(state);
    // The foremost tissue of all slices is a tip: narrow, near the middle, wider behind.
    size_t tip_slice = 0, tip_row = EDGE;
    for (size_t slice = 0; slice < SLICES; slice++) {
        for (size_t row = 0; row < tip_row; row++) {
            if (denser(volume, slice, row, SOFT_TISSUE) >= 3) {
                tip_row = row;
                tip_slice = slice;
            }
        }
    }
    assert_in_range(tip_slice, 15, 50); // of 108 from the jaw to the vertex
    size_t width_at_tip = denser(volume, tip_slice, tip_row + 3, SOFT_TISSUE);
    size_t width_behind = denser(volume, tip_slice, tip_row + 50, SOFT_TISSUE);
    assert_in_range(width_at_tip, 3, 30);
    assert_true(width_behind > 3 * width_at_tip);
    size_t sum = 0, count = 0;
    for (size_t column = 0; column < EDGE; column++) {
        if (volume_row(volume, tip_slice, tip_row + 3)[column] > SOFT_TISSUE) {
            sum += column;
            count++;
        }
    }
    assert_in_range(sum / count, EDGE / 2 - 20, EDGE / 2 + 20);
}

static void the_headrest_is_at_the_largest_y(void **state) {
    const struct volume *volume = loaded(state);
    size_t seen_behind = 0, seen_before = 0;
    for (size_t slice = 62; slice < 82; slice++) {
        // Coming from behind beside the midline: the thin shell of the headrest, then a gap of air,
        // then the head. Coming from the front there is no shell before the head.
        size_t row = EDGE - 1, thickness = 0, gap = 0;
        while (row > 0 && volume_row(volume, slice, row)[OFF_MIDLINE] <= SOFT_TISSUE - 500)
            row--;
        for (; row > 0 && volume_row(volume, slice, row)[OFF_MIDLINE] > SOFT_TISSUE - 500; row--)
            thickness++;
        for (; row > 0 && volume_row(volume, slice, row)[OFF_MIDLINE] <= SOFT_TISSUE - 500; row--)
            gap++;
        seen_behind += thickness < 12 && gap > 2 && row > EDGE / 2;
        row = 0;
        while (volume_row(volume, slice, row)[OFF_MIDLINE] <= SOFT_TISSUE - 500 && row < EDGE / 2)
            row++;
        for (thickness = 0;
             row < EDGE && volume_row(volume, slice, row)[OFF_MIDLINE] > SOFT_TISSUE - 500; row++)
            thickness++;
        seen_before += thickness < 12;
    }
    assert_true(seen_behind >= 15);
    assert_int_equal(seen_before, 0);
}

static size_t tissue_of_slice(const struct volume *volume, size_t slice) {
    size_t count = 0;
    for (size_t row = 0; row < EDGE; row++)
        count += denser(volume, slice, row, SOFT_TISSUE);
    return count;
}

static void the_vertex_is_at_the_largest_z(void **state) {
    const struct volume *volume = loaded(state);
    // The head closes towards the vertex; at the other end it is cut through the jaw and neck.
    size_t middle = tissue_of_slice(volume, SLICES / 2);
    assert_true(tissue_of_slice(volume, SLICES - 1) < middle / 4);
    assert_true(tissue_of_slice(volume, 0) > middle / 2);
    assert_true(tissue_of_slice(volume, SLICES - 10) < tissue_of_slice(volume, SLICES - 25));
}

// Rays from the middle of the skull to the front that meet no bone, on one side of the midline:
// `side` is -1 for smaller x, the patient's right, and +1 for the left.
static size_t rays_without_bone(const struct volume *volume, size_t slice, int side) {
    double x = 0, y = 0, count = 0;
    for (size_t row = 0; row < EDGE; row++) {
        for (size_t column = 0; column < EDGE; column++) {
            if (volume_row(volume, slice, row)[column] > BONE) {
                x += (double)column;
                y += (double)row;
                count++;
            }
        }
    }
    if (count < 500)
        return 0;
    size_t free_rays = 0;
    for (int degrees = 10; degrees < 70; degrees++) {
        double angle = degrees * 3.14159265358979323846 / 180;
        bool met = false;
        for (double distance = 0; distance < 120 && !met; distance += 0.5) {
            double column = x / count + side * distance * sin(angle);
            double row = y / count - distance * cos(angle);
            if (column < 0 || row < 0 || column >= EDGE || row >= EDGE)
                break;
            met = volume_row(volume, slice, (size_t)row)[(size_t)column] > BONE;
        }
        free_rays += !met;
    }
    return free_rays;
}

static void the_frontal_defect_is_at_the_patients_right(void **state) {
    const struct volume *volume = loaded(state);
    size_t right = 0, left = 0;
    for (size_t slice = 66; slice < 96; slice++) {
        right += rays_without_bone(volume, slice, -1);
        left += rays_without_bone(volume, slice, 1);
    }
    assert_true(right >= 30);
    assert_int_equal(left, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nose_is_at_the_smallest_y),
        cmocka_unit_test(the_headrest_is_at_the_largest_y),
        cmocka_unit_test(the_vertex_is_at_the_largest_z),
        cmocka_unit_test(the_frontal_defect_is_at_the_patients_right),
    };
    return cmocka_run_group_tests(tests, write_and_load, remove_all);
}
