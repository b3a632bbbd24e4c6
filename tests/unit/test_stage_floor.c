/* links: actors actor_test_support */
/* The floor of a stage: who gets it, who loses it, and its races. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

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

static bool holds(uint32_t person) {
    return uuid_equal(stage()->holder, world_person(person));
}

static const struct stage_participant *on_stage(uint32_t slot) {
    for (uint32_t i = 0; i < stage()->participant_count; i++) {
        if (stage()->participants[i].shown.participant == world.sessions[slot].participant) {
            return &stage()->participants[i];
        }
    }
    return NULL;
}

static void of_two_racing_requests_exactly_one_wins_and_the_other_waits(void **unused) {
    (void)unused;
    scene();
    struct request_floor command = {.item = 1};
    world_whisper(&world, second, STAGE_REQUEST_FLOOR, &command);
    world_whisper(&world, member, STAGE_REQUEST_FLOOR, &command);
    fake_host_run(&world.fake);
    assert_true(holds(SECOND_MEMBER));
    assert_int_equal(stage()->waiting_count, 1);
    assert_true(uuid_equal(stage()->waiting[0], world_person(MEMBER)));
    world_stop(&world);
}

static void the_chair_takes_the_floor_at_once(void **unused) {
    (void)unused;
    scene();
    request(member);
    assert_int_equal(request(chair), REFUSAL_NONE);
    assert_true(holds(CHAIR));
    world_stop(&world);
}

static void asking_twice_changes_nothing(void **unused) {
    (void)unused;
    scene();
    request(member);
    request(second);
    world_forget(&world);
    request(member);
    request(second);
    assert_int_equal(fake_host_count(&world.fake, NOTE_PUBLISH), 0);
    assert_int_equal(stage()->waiting_count, 1);
    world_stop(&world);
}

static void who_gives_the_floor_back_passes_it_to_the_next_in_line_who_is_there(void **unused) {
    (void)unused;
    scene();
    uint32_t coordinator = come(COORDINATOR);
    request(member);
    request(second);
    request(coordinator);
    world_detach(&world, second);
    struct release_floor release = {.item = 1, .user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, member, STAGE_RELEASE_FLOOR, &release), REFUSAL_NONE);
    assert_true(holds(COORDINATOR));
    assert_int_equal(stage()->waiting_count, 0);
    world_stop(&world);
}

static void releasing_a_floor_one_does_not_hold_is_refused(void **unused) {
    (void)unused;
    scene();
    struct release_floor release = {.item = 1, .user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, member, STAGE_RELEASE_FLOOR, &release), REFUSAL_BAD_STATE);
    request(second);
    assert_int_equal(world_say(&world, member, STAGE_RELEASE_FLOOR, &release), REFUSAL_CONFLICT);
    release.user = world_person(SECOND_MEMBER);
    assert_int_equal(world_say(&world, member, STAGE_RELEASE_FLOOR, &release),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void holder_and_chair_hand_the_floor_to_people_who_are_there(void **unused) {
    (void)unused;
    scene();
    struct grant_floor grant = {.item = 1, .user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, second, STAGE_GRANT_FLOOR, &grant), REFUSAL_NOT_PERMITTED);
    assert_int_equal(world_say(&world, chair, STAGE_GRANT_FLOOR, &grant), REFUSAL_NONE);
    grant.user = world_person(SECOND_MEMBER);
    assert_int_equal(world_say(&world, member, STAGE_GRANT_FLOOR, &grant), REFUSAL_NONE);
    assert_true(holds(SECOND_MEMBER));
    grant.user = world_person(OBSERVER);
    assert_int_equal(world_say(&world, second, STAGE_GRANT_FLOOR, &grant), REFUSAL_NOT_FOUND);
    grant.user = world_person(COORDINATOR);
    assert_int_equal(world_say(&world, second, STAGE_GRANT_FLOOR, &grant), REFUSAL_NOT_FOUND);
    world_stop(&world);
}

static void the_floor_is_released_30_s_after_its_holder_dropped(void **unused) {
    (void)unused;
    scene();
    request(member);
    world_detach(&world, member);
    fake_host_pass(&world.fake, SECONDS(29));
    assert_true(holds(MEMBER));
    fake_host_pass(&world.fake, SECONDS(2));
    assert_true(uuid_is_zero(stage()->holder));
    world_stop(&world);
}

static void who_comes_back_in_time_keeps_the_floor(void **unused) {
    (void)unused;
    scene();
    request(member);
    world_detach(&world, member);
    fake_host_pass(&world.fake, SECONDS(20));
    member = come(MEMBER);
    fake_host_pass(&world.fake, SECONDS(5));
    world_detach(&world, member);
    fake_host_pass(&world.fake, SECONDS(20)); /* the first timer has fired meanwhile */
    assert_true(holds(MEMBER));
    fake_host_pass(&world.fake, SECONDS(11));
    assert_false(holds(MEMBER));
    world_stop(&world);
}

static void a_second_window_keeps_the_floor_when_the_first_closes(void **unused) {
    (void)unused;
    scene();
    request(member);
    uint32_t window = come(MEMBER);
    assert_int_equal(on_stage(window)->shown.color, on_stage(member)->shown.color);
    assert_int_not_equal(world.sessions[window].participant, world.sessions[member].participant);
    world_detach(&world, member);
    fake_host_pass(&world.fake, SECONDS(60));
    assert_true(holds(MEMBER));
    world_stop(&world);
}

static void a_holder_who_never_came_back_after_a_restart_loses_the_floor(void **unused) {
    (void)unused;
    scene();
    request(member);
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    memset(world.sessions, 0, sizeof world.sessions);
    come(CHAIR);
    fake_host_pass(&world.fake, SECONDS(29));
    assert_true(holds(MEMBER));
    fake_host_pass(&world.fake, SECONDS(2));
    assert_false(holds(MEMBER));
    world_stop(&world);
}

static void who_drops_while_the_floor_is_being_given_does_not_keep_it(void **unused) {
    (void)unused;
    scene();
    world.fake.appends_wait = true;
    struct request_floor command = {.item = 1};
    world_whisper(&world, member, STAGE_REQUEST_FLOOR, &command);
    fake_host_run(&world.fake);
    world_detach(&world, member);
    world.fake.appends_wait = false;
    fake_host_commit(&world.fake);
    fake_host_pass(&world.fake, SECONDS(31));
    assert_true(uuid_is_zero(stage()->holder));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_racing_requests_exactly_one_wins_and_the_other_waits),
        cmocka_unit_test(the_chair_takes_the_floor_at_once),
        cmocka_unit_test(asking_twice_changes_nothing),
        cmocka_unit_test(who_gives_the_floor_back_passes_it_to_the_next_in_line_who_is_there),
        cmocka_unit_test(releasing_a_floor_one_does_not_hold_is_refused),
        cmocka_unit_test(holder_and_chair_hand_the_floor_to_people_who_are_there),
        cmocka_unit_test(the_floor_is_released_30_s_after_its_holder_dropped),
        cmocka_unit_test(who_comes_back_in_time_keeps_the_floor),
        cmocka_unit_test(a_second_window_keeps_the_floor_when_the_first_closes),
        cmocka_unit_test(a_holder_who_never_came_back_after_a_restart_loses_the_floor),
        cmocka_unit_test(who_drops_while_the_floor_is_being_given_does_not_keep_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
