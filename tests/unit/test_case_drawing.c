/* links: actors actor_test_support */
/* Drawings whose values must be what was drawn, and series that somebody laid onto each other. */
#include "tests/unit/support_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

/* A case with a current study and a prior; gives the coordinator's session. */
static uint32_t a_case(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct display_set sets[] = {{.display_set = TEXT("current"), .instances = 108},
                                 {.display_set = TEXT("prior"), .instances = 108}};
    struct add_images command = {.command_id = uuid_of(world.next_id++), .display_sets = {2, sets}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 add_images_encode(&arena, &command));
    arena_finish(&arena);
    return come(COORDINATOR);
}

static struct annotation drawing(uint32_t id, enum annotation_tool tool, uint32_t count,
                                 struct point *points, double value, struct text unit) {
    return (struct annotation){.annotation = uuid_of(id),
                               .tool = tool,
                               .display_set = TEXT("current"),
                               .image = {TEXT("1.2.3"), 1},
                               .frame_of_reference_uid = TEXT("1.2.9"),
                               .points = {count, points},
                               .value = value,
                               .unit = unit,
                               .calibration = CALIBRATION_PATIENT};
}

static enum refusal annotate(uint32_t slot, struct annotation annotation) {
    struct add_annotation command = {.annotation = annotation};
    return world_say(&world, slot, PATIENT_CASE_ADD_ANNOTATION, &command);
}

static void an_angle_is_the_one_between_its_arms(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct point arms[] = {{10, 0, 0}, {0, 0, 0}, {10, 10, 0}};
    struct annotation angle = drawing(1, ANNOTATION_TOOL_ANGLE, 3, arms, 45, TEXT("deg"));
    assert_int_equal(annotate(coordinator, angle), REFUSAL_NONE);
    angle = drawing(2, ANNOTATION_TOOL_ANGLE, 3, arms, 46, TEXT("deg"));
    assert_int_equal(annotate(coordinator, angle), REFUSAL_NOT_DRAWABLE);
    angle = drawing(2, ANNOTATION_TOOL_ANGLE, 2, arms, 45, TEXT("deg"));
    assert_int_equal(annotate(coordinator, angle), REFUSAL_NOT_DRAWABLE);
    angle = drawing(2, ANNOTATION_TOOL_ANGLE, 3, arms, 45, TEXT("mm"));
    assert_int_equal(annotate(coordinator, angle), REFUSAL_NOT_DRAWABLE);
    world_stop(&world);
}

static void two_axes_are_at_right_angles_and_the_first_is_the_longer(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct point axes[] = {{0, 0, 5}, {40, 0, 5}, {20, -10, 5}, {20, 15, 5}};
    struct annotation both = drawing(1, ANNOTATION_TOOL_BIDIRECTIONAL, 4, axes, 40, TEXT("mm"));
    both.second = 25;
    assert_int_equal(annotate(coordinator, both), REFUSAL_NONE);
    both.annotation = uuid_of(2);
    both.second = 26;
    assert_int_equal(annotate(coordinator, both), REFUSAL_NOT_DRAWABLE);
    struct point swapped[] = {axes[2], axes[3], axes[0], axes[1]};
    both = drawing(2, ANNOTATION_TOOL_BIDIRECTIONAL, 4, swapped, 25, TEXT("mm"));
    both.second = 40;
    assert_int_equal(annotate(coordinator, both), REFUSAL_NOT_DRAWABLE);
    struct point askew[] = {axes[0], axes[1], {20, 0, 5}, {30, 20, 5}};
    both = drawing(2, ANNOTATION_TOOL_BIDIRECTIONAL, 4, askew, 40, TEXT("mm"));
    both.second = hypot(10, 20);
    assert_int_equal(annotate(coordinator, both), REFUSAL_NOT_DRAWABLE);
    world_stop(&world);
}

static struct annotation an_ellipse(uint32_t id) {
    static struct point ends[] = {{0, 10, 0}, {40, 10, 0}, {20, 0, 0}, {20, 20, 0}};
    struct annotation ellipse =
        drawing(id, ANNOTATION_TOOL_ELLIPSE, 4, ends, 200 * acos(-1), TEXT("mm2"));
    ellipse.has_statistics = true;
    ellipse.statistics = (struct statistics){
        .count = 600, .mean = 40, .deviation = 5, .minimum = 20, .maximum = 60, .unit = TEXT("HU")};
    return ellipse;
}

static void an_ellipse_has_its_area_and_statistics_that_can_be(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    assert_int_equal(annotate(coordinator, an_ellipse(1)), REFUSAL_NONE);
    struct annotation wrong = an_ellipse(2);
    wrong.value = 700;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = an_ellipse(2);
    wrong.statistics.mean = 61;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = an_ellipse(2);
    wrong.statistics.deviation = -1;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = an_ellipse(2);
    wrong.statistics.count = 0;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = an_ellipse(2);
    wrong.statistics.unit = TEXT("Bq");
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    struct annotation without = an_ellipse(2);
    without.has_statistics = false;
    assert_int_equal(annotate(coordinator, without), REFUSAL_NONE);
    world_stop(&world);
}

static void a_probe_is_one_point_with_a_value(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct point at[] = {{1, 2, 3}, {4, 5, 6}};
    struct annotation probe = drawing(1, ANNOTATION_TOOL_PROBE, 1, at, -850, TEXT("HU"));
    assert_int_equal(annotate(coordinator, probe), REFUSAL_NONE);
    probe = drawing(2, ANNOTATION_TOOL_PROBE, 1, at, 12, TEXT(""));
    assert_int_equal(annotate(coordinator, probe), REFUSAL_NONE);
    probe = drawing(3, ANNOTATION_TOOL_PROBE, 2, at, 12, TEXT(""));
    assert_int_equal(annotate(coordinator, probe), REFUSAL_NOT_DRAWABLE);
    probe = drawing(3, ANNOTATION_TOOL_PROBE, 1, at, 1e300, TEXT(""));
    assert_int_equal(annotate(coordinator, probe), REFUSAL_NOT_DRAWABLE);
    probe = drawing(3, ANNOTATION_TOOL_PROBE, 1, at, 1, TEXT(""));
    probe.second = 1;
    assert_int_equal(annotate(coordinator, probe), REFUSAL_NOT_DRAWABLE);
    world_stop(&world);
}

static void only_its_author_labels_a_drawing(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t chair = come(CHAIR);
    annotate(coordinator, an_ellipse(1));
    struct label_annotation label = {.annotation = uuid_of(1), .label = TEXT("segment VII")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_LABEL_ANNOTATION, &label),
                     REFUSAL_NOT_YOURS);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_LABEL_ANNOTATION, &label),
                     REFUSAL_NONE);
    assert_true(text_equal(the_case()->annotations.items[0].annotation.label, label.label));
    label.annotation = uuid_of(2);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_LABEL_ANNOTATION, &label),
                     REFUSAL_NOT_FOUND);
    world_stop(&world);
}

static struct link_series a_link(uint32_t id) {
    return (struct link_series){.link = {.link = uuid_of(id),
                                         .first_set = TEXT("current"),
                                         .second_set = TEXT("prior"),
                                         .first = TEXT("1.2.9"),
                                         .second = TEXT("1.2.10"),
                                         .offset = {4, -6, 3},
                                         .x_axis = {0, 1, 0},
                                         .y_axis = {-1, 0, 0},
                                         .pairs = 3}};
}

static enum refusal link_as(uint32_t slot, struct link_series link) {
    return world_say(&world, slot, PATIENT_CASE_LINK_SERIES, &link);
}

static void a_newer_link_between_two_spaces_takes_the_place_of_the_older(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t chair = come(CHAIR);
    assert_int_equal(link_as(coordinator, a_link(1)), REFUSAL_NONE);
    assert_int_equal(link_as(coordinator, a_link(1)), REFUSAL_CONFLICT);
    struct link_series back = a_link(2);
    back.link.first = TEXT("1.2.10");
    back.link.second = TEXT("1.2.9");
    assert_int_equal(link_as(chair, back), REFUSAL_NONE);
    assert_int_equal(the_case()->links.count, 1);
    assert_true(uuid_equal(the_case()->links.items[0].by, world_person(CHAIR)));
    struct unlink_series old = {.link = uuid_of(1)};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_UNLINK_SERIES, &old),
                     REFUSAL_NOT_FOUND);
    struct unlink_series now = {.link = uuid_of(2)};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_UNLINK_SERIES, &now),
                     REFUSAL_NONE);
    assert_int_equal(the_case()->links.count, 0);
    world_stop(&world);
}

static void a_link_moves_and_turns_and_does_nothing_else(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct link_series wrong = a_link(1);
    wrong.link.x_axis.y = 2;
    assert_int_equal(link_as(coordinator, wrong), REFUSAL_MALFORMED);
    wrong = a_link(1);
    wrong.link.y_axis = wrong.link.x_axis;
    assert_int_equal(link_as(coordinator, wrong), REFUSAL_MALFORMED);
    wrong = a_link(1);
    wrong.link.offset.z = 1e6;
    assert_int_equal(link_as(coordinator, wrong), REFUSAL_MALFORMED);
    wrong = a_link(1);
    wrong.link.second = wrong.link.first;
    assert_int_equal(link_as(coordinator, wrong), REFUSAL_MALFORMED);
    wrong = a_link(1);
    wrong.link.second_set = TEXT("of another patient");
    assert_int_equal(link_as(coordinator, wrong), REFUSAL_NOT_FOUND);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_angle_is_the_one_between_its_arms),
        cmocka_unit_test(two_axes_are_at_right_angles_and_the_first_is_the_longer),
        cmocka_unit_test(an_ellipse_has_its_area_and_statistics_that_can_be),
        cmocka_unit_test(a_probe_is_one_point_with_a_value),
        cmocka_unit_test(only_its_author_labels_a_drawing),
        cmocka_unit_test(a_newer_link_between_two_spaces_takes_the_place_of_the_older),
        cmocka_unit_test(a_link_moves_and_turns_and_does_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
