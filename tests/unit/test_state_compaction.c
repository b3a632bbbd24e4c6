/* links: actors actor_test_support; timeout: 60 */
/* What is replaced stays behind in an actor's arena; one that nobody ever leaves must get rid of it
 * too, and nobody may notice. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SAVES = 1500, STATE_MAX = 3 * 1024 * 1024 };

static struct world world;

static const char words[] = "1.2.826.0.1.3680043.8.498.12345678901234567890123456789012345678";

static struct save_view a_large_view(struct viewport viewports[9]) {
    struct text uid = {sizeof words - 1, words};
    for (int i = 0; i < 9; i++) {
        viewports[i] = (struct viewport){.display_set = uid,
                                         .has_image = true,
                                         .image = {uid, 1},
                                         .has_plane = true,
                                         .plane = {.frame_of_reference_uid = uid},
                                         .overlays = true,
                                         .aspect = 1};
    }
    return (struct save_view){
        .view = uuid_of(77),
        .title = TEXT("what we all look at"),
        .layout = {.rows = 3, .columns = 3, .viewports = {9, viewports}},
    };
}

static uint32_t a_case_with_two_people(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(CHAIR), 0);
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                        world_person(COORDINATOR), 0);
}

static void a_case_that_is_never_left_does_not_grow_without_end(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case_with_two_people();
    struct viewport viewports[9];
    size_t most = 0;
    for (uint32_t i = 0; i < SAVES; i++) {
        struct save_view command = a_large_view(viewports);
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &command),
                         REFUSAL_NONE);
        viewports[0].aspect = (float)i;
        size_t now = world_case(&world, uuid_of(A_CASE))->actor.state->allocated;
        most = now > most ? now : most;
    }
    assert_true(most < STATE_MAX);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->views.count, 1);
    world_stop(&world);
}

static void a_state_made_anew_keeps_what_is_on_the_move(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case_with_two_people();
    struct set_hand hand = {.raised = true};
    world_say(&world, coordinator, STAGE_SET_HAND, &hand);
    struct request_floor floor = {.item = 0};
    world_say(&world, coordinator, STAGE_REQUEST_FLOOR, &floor);
    struct viewport shown = {.display_set = TEXT("axial"), .shown = 123, .aspect = 1};
    struct set_layout set = {.layout = {.rows = 1, .columns = 1, .viewports = {1, &shown}}};
    world_say(&world, coordinator, STAGE_SET_LAYOUT, &set);
    uint32_t version = world_case(&world, uuid_of(A_CASE))->stage.version;
    struct viewport viewports[9];
    size_t before = 0;
    bool made_anew = false;
    for (uint32_t i = 0; i < SAVES && !made_anew; i++) {
        struct save_view command = a_large_view(viewports);
        world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &command);
        size_t now = world_case(&world, uuid_of(A_CASE))->actor.state->allocated;
        made_anew = now < before;
        before = now;
    }
    assert_true(made_anew);
    const struct stage *stage = &world_case(&world, uuid_of(A_CASE))->stage;
    assert_int_equal(stage->participant_count, 2);
    assert_true(stage->participants[1].shown.hand_at != 0);
    assert_int_equal(stage->version, version);
    assert_int_equal(stage->slots[0].viewport.shown, 123);
    assert_true(stage_holds_floor(stage, world_person(COORDINATOR)));
    assert_int_equal(fake_host_count(&world.fake, NOTE_REBUILT), 0);
    world_stop(&world);
}

static void a_long_record_is_read_back_into_a_bounded_state(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case_with_two_people();
    struct viewport viewports[9];
    for (uint32_t i = 0; i < SAVES; i++) {
        struct save_view command = a_large_view(viewports);
        viewports[0].aspect = (float)i;
        world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &command);
    }
    fake_host_stream(&world.fake, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE))->has_snapshot = false;
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    runtime_activate(world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE));
    fake_host_run(&world.fake);
    assert_true(world_case(&world, uuid_of(A_CASE))->actor.state->allocated < STATE_MAX);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_is_never_left_does_not_grow_without_end),
        cmocka_unit_test(a_state_made_anew_keeps_what_is_on_the_move),
        cmocka_unit_test(a_long_record_is_read_back_into_a_bounded_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
