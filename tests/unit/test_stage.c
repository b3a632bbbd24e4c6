/* links: actors actor_test_support; timeout: 120 */
/* The stage, on a board: the floor and its races, who may drive and point, and that all end at the
 * same view. */
#include "tests/unit/support_viewer.h"
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECONDS(n) ((n)*INT64_C(1000000))

static struct world world;
static uint32_t chair, member, second, observer;

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(person), 0);
}

static struct stage *stage(void) {
    return &world_board(&world, uuid_of(A_BOARD))->stage;
}

/* Item 1 is open, everybody is there, and nobody has the floor. */
static void scene(void) {
    world_start(&world);
    chair = world_meeting(&world, 2);
    struct open_item open = {.item = 0, .next = 1};
    world_say(&world, chair, BOARD_OPEN_ITEM, &open);
    member = come(MEMBER);
    second = come(SECOND_MEMBER);
    observer = come(OBSERVER);
}

static enum refusal request(uint32_t slot) {
    struct request_floor command = {.item = 1};
    return world_say(&world, slot, STAGE_REQUEST_FLOOR, &command);
}

static struct viewport viewports[9];

static struct layout layout_of(uint32_t item, uint8_t rows, uint8_t columns) {
    for (int i = 0; i < 9; i++) {
        viewports[i] = viewport_default;
        viewports[i].display_set = TEXT("axial");
    }
    return (struct layout){.item = item,
                           .rows = rows,
                           .columns = columns,
                           .viewports = {(uint32_t)rows * columns, viewports}};
}

static void set_layout(uint32_t slot, uint32_t item) {
    struct set_layout signal = {.layout = layout_of(item, 1, 2)};
    world_say(&world, slot, STAGE_SET_LAYOUT, &signal);
}

static enum refusal settle(uint32_t slot, uint32_t item) {
    struct settle_stage command = {.layout = layout_of(item, 1, 2)};
    return world_say(&world, slot, STAGE_SETTLE_STAGE, &command);
}

static struct bind_handle target(const char *uid) {
    return (struct bind_handle){.target = {.space = POINTER_SPACE_INSTANCE,
                                           .patient_case = uuid_of(A_CASE),
                                           .uid = {(uint32_t)strlen(uid), uid}}};
}

static uint16_t bind(uint32_t slot, const char *uid) {
    struct bind_handle command = target(uid);
    uint32_t before = stage()->binding_count;
    if (world_say(&world, slot, STAGE_BIND_HANDLE, &command) != REFUSAL_NONE) {
        return 0;
    }
    for (uint32_t i = 0; i < stage()->binding_count; i++) {
        if (pointer_target_equal(&stage()->bindings[i].binding.target, &command.target)) {
            return stage()->bindings[i].binding.handle;
        }
    }
    assert_int_equal(before, 0);
    return 0;
}

static void point(uint32_t slot, uint16_t handle, float x) {
    struct move_pointer signal = {.handle = handle, .x = x};
    world_say(&world, slot, STAGE_MOVE_POINTER, &signal);
}

static void show_pointer(uint32_t slot, bool on) {
    struct set_pointing signal = {.pointing = on};
    world_say(&world, slot, STAGE_SET_POINTING, &signal);
}

static const struct stage_participant *on_stage(uint32_t slot) {
    for (uint32_t i = 0; i < stage()->participant_count; i++) {
        if (stage()->participants[i].shown.participant == world.sessions[slot].participant) {
            return &stage()->participants[i];
        }
    }
    return NULL;
}

static void commands_for_another_item_are_refused_with_the_open_one(void **unused) {
    (void)unused;
    scene();
    request(member);
    struct request_floor floor = {.item = 2};
    assert_int_equal(world_say(&world, second, STAGE_REQUEST_FLOOR, &floor), REFUSAL_WRONG_ITEM);
    assert_int_equal(fake_host_answer(&world.fake, second)->refused.item, 1);
    assert_int_equal(settle(member, 2), REFUSAL_WRONG_ITEM);
    struct quiet_pointers quiet = {.item = 2, .quiet = true};
    assert_int_equal(world_say(&world, chair, STAGE_QUIET_POINTERS, &quiet), REFUSAL_WRONG_ITEM);
    struct grant_floor grant = {.item = 2, .user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, chair, STAGE_GRANT_FLOOR, &grant), REFUSAL_WRONG_ITEM);
    struct release_floor release = {.item = 2, .user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, member, STAGE_RELEASE_FLOOR, &release), REFUSAL_WRONG_ITEM);
    world_stop(&world);
}

static void only_the_holder_moves_the_stage(void **unused) {
    (void)unused;
    scene();
    request(member);
    set_layout(second, 1);
    assert_int_equal(stage()->shape.viewports.count, 0);
    set_layout(member, 2);
    assert_int_equal(stage()->shape.viewports.count, 0);
    set_layout(member, 1);
    assert_int_equal(stage()->shape.viewports.count, 2);
    uint32_t version = stage()->version;
    struct set_viewport beyond = {.item = 1, .index = 2, .viewport = viewport_default};
    world_say(&world, member, STAGE_SET_VIEWPORT, &beyond);
    struct set_viewport other_item = {.item = 2, .index = 0, .viewport = viewport_default};
    world_say(&world, member, STAGE_SET_VIEWPORT, &other_item);
    assert_int_equal(stage()->version, version);
    assert_int_equal(settle(second, 1), REFUSAL_CONFLICT);
    assert_int_equal(settle(member, 1), REFUSAL_NONE);
    struct settle_stage shapeless = {.layout = layout_of(1, 1, 1)};
    shapeless.layout.active = 1;
    assert_int_equal(world_say(&world, member, STAGE_SETTLE_STAGE, &shapeless), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void settling_a_free_stage_is_refused(void **unused) {
    (void)unused;
    scene();
    assert_int_equal(settle(member, 1), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_movement_made_while_the_stage_settles_is_not_undone(void **unused) {
    (void)unused;
    scene();
    request(member);
    set_layout(member, 1);
    world.fake.appends_wait = true;
    struct settle_stage command = {.layout = layout_of(1, 1, 2)};
    world_whisper(&world, member, STAGE_SETTLE_STAGE, &command);
    fake_host_run(&world.fake);
    struct set_viewport move = {.item = 1, .index = 0, .viewport = viewport_default};
    move.viewport.rotation = 90;
    world_whisper(&world, member, STAGE_SET_VIEWPORT, &move);
    fake_host_run(&world.fake);
    world.fake.appends_wait = false;
    fake_host_commit(&world.fake);
    assert_true(stage()->slots[0].viewport.rotation > 89);
    world_stop(&world);
}

static void a_handle_never_means_anything_else(void **unused) {
    (void)unused;
    scene();
    uint16_t one = bind(member, "1.2.1");
    assert_int_equal(bind(second, "1.2.1"), one);
    assert_int_not_equal(bind(second, "1.2.2"), one);
    request(member);
    struct open_item next = {.item = 1, .next = 2};
    world_say(&world, chair, BOARD_OPEN_ITEM, &next);
    point(member, one, 1);
    assert_int_equal(on_stage(member)->pointer.handle, 0);
    struct bind_handle of_old_case = target("1.2.1");
    assert_int_equal(world_say(&world, member, STAGE_BIND_HANDLE, &of_old_case), REFUSAL_NOT_FOUND);
    of_old_case.target.patient_case = uuid_of(A_CASE + 1);
    assert_int_equal(world_say(&world, member, STAGE_BIND_HANDLE, &of_old_case), REFUSAL_NONE);
    assert_int_not_equal(stage()->bindings[0].binding.handle, one);
    world_stop(&world);
}

static void bindings_end_at_their_bound_instead_of_being_reused(void **unused) {
    (void)unused;
    scene();
    char uid[16];
    for (uint32_t i = 0; i < STAGE_BINDINGS_MAX; i++) {
        memcpy(uid, "1.2.000", 8);
        uid[4] = (char)('0' + i / 100);
        uid[5] = (char)('0' + i / 10 % 10);
        uid[6] = (char)('0' + i % 10);
        assert_int_not_equal(bind(member, uid), 0);
    }
    struct bind_handle more = target("9.9");
    assert_int_equal(world_say(&world, member, STAGE_BIND_HANDLE, &more), REFUSAL_TOO_MANY);
    more = target("1.2.000");
    assert_int_equal(world_say(&world, member, STAGE_BIND_HANDLE, &more), REFUSAL_NONE);
    world_stop(&world);
}

static void pointers_show_for_the_holder_and_for_those_who_point(void **unused) {
    (void)unused;
    scene();
    request(member);
    uint16_t handle = bind(member, "1.2.1");
    point(member, handle, 1);
    point(second, handle, 2);
    assert_int_equal(on_stage(member)->pointer.handle, handle);
    assert_int_equal(on_stage(second)->pointer.handle, 0);
    show_pointer(second, true);
    point(second, handle, 2);
    assert_int_equal(on_stage(second)->pointer.handle, handle);
    show_pointer(second, false);
    assert_int_equal(on_stage(second)->pointer.handle, 0);
    point(member, (uint16_t)(handle + 1), 3);
    assert_true(on_stage(member)->pointer.x < 2);
    world_stop(&world);
}

static void an_observer_has_no_pointer_and_no_floor(void **unused) {
    (void)unused;
    scene();
    uint16_t handle = bind(member, "1.2.1");
    show_pointer(observer, true);
    point(observer, handle, 1);
    assert_int_equal(on_stage(observer)->pointer.handle, 0);
    assert_int_equal(request(observer), REFUSAL_NOT_PERMITTED);
    struct set_hand hand = {.raised = true};
    world_say(&world, observer, STAGE_SET_HAND, &hand);
    assert_true(on_stage(observer)->shown.hand_at > 0);
    world_stop(&world);
}

static void quiet_pointers_leaves_only_the_holders(void **unused) {
    (void)unused;
    scene();
    request(member);
    uint16_t handle = bind(member, "1.2.1");
    show_pointer(second, true);
    point(member, handle, 1);
    point(second, handle, 1);
    struct quiet_pointers quiet = {.item = 1, .quiet = true};
    assert_int_equal(world_say(&world, member, STAGE_QUIET_POINTERS, &quiet),
                     REFUSAL_NOT_PERMITTED);
    assert_int_equal(world_say(&world, chair, STAGE_QUIET_POINTERS, &quiet), REFUSAL_NONE);
    assert_int_equal(on_stage(member)->pointer.handle, handle);
    assert_int_equal(on_stage(second)->pointer.handle, 0);
    point(second, handle, 2);
    assert_int_equal(on_stage(second)->pointer.handle, 0);
    world_stop(&world);
}

static void a_draft_ends_with_its_author(void **unused) {
    (void)unused;
    scene();
    struct point points[2] = {{1, 2, 3}, {4, 5, 6}};
    struct draft_annotation draft = {
        .has_annotation = true,
        .annotation = {.annotation = uuid_of(5), .image = {TEXT("1.2"), 1}, .points = {2, points}}};
    world_say(&world, second, STAGE_DRAFT_ANNOTATION, &draft);
    assert_true(stage()->drafts[0].draft.has_annotation);
    world_detach(&world, second);
    assert_false(stage()->drafts[0].draft.has_annotation);
    world_stop(&world);
}

static void who_comes_and_goes_does_not_take_the_stage_from_others(void **unused) {
    (void)unused;
    scene();
    for (uint32_t i = 0; i < STAGE_PARTICIPANTS_MAX + 20; i++) {
        world_detach(&world, come(MEMBER));
        world.fake.now += SECONDS(1);
    }
    uint32_t late = come(MEMBER);
    assert_int_not_equal(world.sessions[late].participant, 0);
    for (uint32_t i = 1; i < late; i++) {
        assert_int_not_equal(world.sessions[i].participant, world.sessions[late].participant);
    }
    world_stop(&world);
}

static void participant_numbers_rest_10_minutes(void **unused) {
    (void)unused;
    scene();
    uint16_t number = world.sessions[second].participant;
    world_detach(&world, second);
    for (uint32_t i = stage()->participant_count; i < STAGE_PARTICIPANTS_MAX; i++) {
        uint32_t slot = come(MEMBER);
        assert_int_not_equal(world.sessions[slot].participant, 0);
        assert_int_not_equal(world.sessions[slot].participant, number);
    }
    uint32_t full = come(SECOND_MEMBER);
    assert_true(world.sessions[full].attached);
    assert_int_equal(world.sessions[full].participant, 0);
    world.fake.now += STAGE_NUMBER_REST_US + SECONDS(1);
    assert_int_not_equal(world.sessions[come(SECOND_MEMBER)].participant, 0);
    assert_int_equal(stage()->participant_count, STAGE_PARTICIPANTS_MAX);
    world_stop(&world);
}

static void nobody_reports_having_painted_the_future(void **unused) {
    (void)unused;
    scene();
    struct report_painted report = {.stage_version = stage()->version + 1};
    world_say(&world, second, STAGE_REPORT_PAINTED, &report);
    assert_int_equal(on_stage(second)->shown.painted, 0);
    report = (struct report_painted){.stage_version = stage()->version, .lossless = true};
    world_say(&world, second, STAGE_REPORT_PAINTED, &report);
    assert_int_equal(on_stage(second)->shown.painted, stage()->version);
    world_stop(&world);
}

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

static void anybody_does_anything(uint32_t *slots, uint32_t count) {
    uint32_t slot = slots[random_below(count)];
    uint16_t handle = stage()->binding_count == 0
                          ? 0
                          : stage()->bindings[random_below(stage()->binding_count)].binding.handle;
    static const char *const uids[] = {"1.1", "1.2", "1.3"};
    struct set_viewport viewport = {.item = stage()->item, .viewport = viewport_default};
    viewport.index = (uint8_t)random_below(2);
    viewport.viewport.rotation = (float)random_below(360);
    struct draft_annotation draft = {.has_annotation = random_below(2) == 0};
    draft.annotation.value = random_below(100);
    draft.annotation.image.frame = 1;
    struct open_item open = {.item = stage()->item, .next = 3 - stage()->item};
    struct bind_handle binding = target(uids[random_below(3)]);
    switch (random_below(14)) {
    case 0:
        world_detach(&world, slot);
        for (uint32_t i = 0; i < count; i++) {
            if (slots[i] == slot) {
                slots[i] = come(CHAIR + random_below(5));
            }
        }
        break;
    case 1:
        request(slot);
        break;
    case 2:
        set_layout(slot, stage()->item);
        break;
    case 3:
        binding.target.patient_case = stage()->patient_case;
        world_say(&world, slot, STAGE_BIND_HANDLE, &binding);
        break;
    case 4:
        show_pointer(slot, random_below(2) == 0);
        break;
    case 5:
        world_say(&world, slot, STAGE_DRAFT_ANNOTATION, &draft);
        break;
    case 6:
        settle(slot, stage()->item);
        break;
    case 7:
        if (random_below(8) == 0) {
            world_say(&world, slot, BOARD_OPEN_ITEM, &open);
        }
        break;
    case 8:
    case 9:
        world_say(&world, slot, STAGE_SET_VIEWPORT, &viewport);
        break;
    default:
        point(slot, handle, (float)random_below(512));
        break;
    }
}

static void every_viewer_ends_at_the_same_stage_whatever_was_lost(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        random_state = seed;
        scene();
        uint32_t slots[4] = {chair, member, second, observer};
        struct viewer viewers[3];
        for (int i = 0; i < 3; i++) {
            viewer_start(&viewers[i], stage());
        }
        for (int step = 0; step < 120; step++) {
            anybody_does_anything(slots, 4);
            for (uint32_t i = 0; i < 3; i++) {
                /* The first gets nearly every frame, the last nearly none. */
                if (random_below(1 + 6 * i) == 0) {
                    viewer_receive(&viewers[i], stage());
                }
            }
        }
        for (int i = 0; i < 3; i++) {
            viewer_receive(&viewers[i], stage());
            const char *difference = viewer_differs(&viewers[i], stage());
            if (difference != NULL) {
                print_error("seed %lu, viewer %d: %s\n", (unsigned long)seed, i, difference);
            }
            assert_null(difference);
            viewer_stop(&viewers[i]);
        }
        world_stop(&world);
    }
}

static void hours_of_moving_take_no_more_memory(void **unused) {
    (void)unused;
    scene();
    request(member);
    set_layout(member, 1);
    settle(member, 1);
    size_t before = world_board(&world, uuid_of(A_BOARD))->actor.state->allocated;
    for (int i = 0; i < 200; i++) {
        struct set_viewport move = {.item = 1, .index = 0, .viewport = viewport_default};
        world_say(&world, member, STAGE_SET_VIEWPORT, &move);
        settle(member, 1);
    }
    assert_int_equal(world_board(&world, uuid_of(A_BOARD))->actor.state->allocated, before);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_for_another_item_are_refused_with_the_open_one),
        cmocka_unit_test(only_the_holder_moves_the_stage),
        cmocka_unit_test(settling_a_free_stage_is_refused),
        cmocka_unit_test(a_movement_made_while_the_stage_settles_is_not_undone),
        cmocka_unit_test(a_handle_never_means_anything_else),
        cmocka_unit_test(bindings_end_at_their_bound_instead_of_being_reused),
        cmocka_unit_test(pointers_show_for_the_holder_and_for_those_who_point),
        cmocka_unit_test(an_observer_has_no_pointer_and_no_floor),
        cmocka_unit_test(quiet_pointers_leaves_only_the_holders),
        cmocka_unit_test(a_draft_ends_with_its_author),
        cmocka_unit_test(who_comes_and_goes_does_not_take_the_stage_from_others),
        cmocka_unit_test(participant_numbers_rest_10_minutes),
        cmocka_unit_test(nobody_reports_having_painted_the_future),
        cmocka_unit_test(every_viewer_ends_at_the_same_stage_whatever_was_lost),
        cmocka_unit_test(hours_of_moving_take_no_more_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
