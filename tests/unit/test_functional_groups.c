/* links: imaging_format */
#include "server/imaging/functional_groups.h"
#include "server/imaging/instance_reader.h"
#include "server/imaging/volume_geometry.h"
#include "tests/support/dicom_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FRAMES = 4 };

static struct character_sets *sets;

static int make_sets(void **state) {
    (void)state;
    sets = character_sets_create();
    return sets ? 0 : -1;
}

static int drop_sets(void **state) {
    (void)state;
    character_sets_destroy(sets);
    return 0;
}

/* An enhanced CT; each frame at `z`, with the spacing of its own when one is given. */
static struct instance read_frame(const char *const z[FRAMES], const char *const spacing[FRAMES],
                                  const char *last_orientation, uint32_t frame) {
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.3.2");
    dicom_writer_text(&writer, 0x00200052, "UI", "1.2.3.4.9");
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_text(&writer, 0x00280008, "IS", "4");
    dicom_writer_u16(&writer, 0x00280010, 2);
    dicom_writer_u16(&writer, 0x00280011, 2);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 16);
    dicom_writer_u16(&writer, 0x00280102, 15);
    dicom_writer_u16(&writer, 0x00280103, 0);
    dicom_writer_sequence_begin(&writer, 0x52009230);
    for (int i = 0; i < FRAMES; i++) {
        char position[32];
        snprintf(position, sizeof position, "0\\0\\%s", z[i]);
        dicom_writer_item_begin(&writer);
        dicom_writer_macro(&writer, 0x00209113, 0x00200032, position);
        dicom_writer_macro(&writer, 0x00209116, 0x00200037,
                           i == FRAMES - 1 ? last_orientation : "1\\0\\0\\0\\1\\0");
        dicom_writer_macro(&writer, 0x00289110, 0x00280030, spacing[i]);
        dicom_writer_item_end(&writer);
    }
    dicom_writer_sequence_end(&writer);
    uint8_t pixels[2 * 2 * 2 * FRAMES] = {0};
    dicom_writer_element(&writer, 0x7FE00010, "OW", pixels, sizeof pixels);
    struct instance_reading reading;
    struct file_refusal refusal;
    if (instance_read(writer.bytes, writer.size, sets, &reading, &refusal) != FILE_REFUSAL_NONE) {
        fail_msg("%s", refusal.reason);
    }
    struct instance instance = reading.instance;
    if (frame > 0) {
        struct text json = {(uint32_t)reading.metadata.size, (const char *)reading.metadata.bytes};
        struct frame_groups groups;
        frame_groups_begin(&groups, json, &reading.instance);
        frame_groups_of(&groups, frame > 1 ? frame - 1 : frame, &instance);
        frame_groups_of(&groups, frame, &instance);
    }
    instance_reading_finish(&reading);
    return instance;
}

static struct instance read_enhanced(const char *const z[FRAMES], const char *const spacing[FRAMES],
                                     const char *last_orientation) {
    return read_frame(z, spacing, last_orientation, 0);
}

static const char *const alike[FRAMES] = {"0.5\\0.5", "0.5\\0.5", "0.5\\0.5", "0.5\\0.5"};
static const char upright[] = "1\\0\\0\\0\\1\\0";

static void frames_in_even_steps_are_a_volume_whatever_their_order(void **state) {
    (void)state;
    const char *const z[FRAMES] = {"6", "0", "2", "4"};
    struct instance instance = read_enhanced(z, alike, upright);
    assert_int_equal(instance.frames_volume, VOLUME_IS_VOLUME);
    assert_true(instance.frames_spacing[0] == 2);
}

static void frames_of_different_pixel_size_are_no_volume(void **state) {
    (void)state;
    const char *const z[FRAMES] = {"0", "2", "4", "6"};
    const char *const spacing[FRAMES] = {"0.5\\0.5", "0.5\\0.5", "0.5\\0.5", "0.7\\0.7"};
    assert_int_equal(read_enhanced(z, spacing, upright).frames_volume, VOLUME_MIXED_PIXELS);
}

static void frames_of_different_orientation_are_no_volume(void **state) {
    (void)state;
    const char *const z[FRAMES] = {"0", "2", "4", "6"};
    struct instance instance = read_enhanced(z, alike, "0\\1\\0\\0\\0\\-1");
    assert_int_equal(instance.frames_volume, VOLUME_MIXED_ORIENTATION);
}

static void a_missing_frame_is_no_volume(void **state) {
    (void)state;
    const char *const z[FRAMES] = {"0", "2", "6", "8"};
    assert_int_not_equal(read_enhanced(z, alike, upright).frames_volume, VOLUME_IS_VOLUME);
}

static void each_frame_lies_where_its_own_groups_say(void **state) {
    (void)state;
    const char *const z[FRAMES] = {"0", "2", "4.5", "9"};
    const char *const spacing[FRAMES] = {"0.5\\0.5", "0.5\\0.5", "0.25\\0.75", "0.7\\0.7"};
    for (uint32_t frame = 1; frame <= FRAMES; frame++) {
        struct instance instance = read_frame(z, spacing, "0\\1\\0\\0\\0\\-1", frame);
        assert_true(instance.position_lps[2] == strtod(z[frame - 1], NULL));
        assert_true(instance.pixel_spacing[0] == strtod(spacing[frame - 1], NULL));
        assert_true(instance.orientation_lps[0] == (frame < FRAMES));
        assert_true(instance_has(&instance, INSTANCE_POSITION));
        assert_false(instance_has(&instance, INSTANCE_WINDOW_WIDTH)); // nobody says one
        assert_string_equal(instance.frame_of_reference_uid, "1.2.3.4.9");
    }
    for (uint32_t beyond = FRAMES + 1; beyond <= FRAMES + 2; beyond++) {
        struct instance none = read_frame(z, spacing, upright, beyond);
        assert_false(instance_has(&none, INSTANCE_POSITION));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_in_even_steps_are_a_volume_whatever_their_order),
        cmocka_unit_test(frames_of_different_pixel_size_are_no_volume),
        cmocka_unit_test(frames_of_different_orientation_are_no_volume),
        cmocka_unit_test(each_frame_lies_where_its_own_groups_say),
        cmocka_unit_test(a_missing_frame_is_no_volume),
    };
    return cmocka_run_group_tests(tests, make_sets, drop_sets);
}
