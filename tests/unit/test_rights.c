/* links: actors actor_test_support */
/* What an account gives by itself: an administrator's right and a coordinator's, over all kinds. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

/* STRANGER is who has a coordinator's right here. */
static struct uuid preparer(void) {
    return world_person(STRANGER);
}

static uint32_t comes(uint8_t kind, uint32_t id) {
    return world_attach(&world, kind, uuid_of(id), preparer(), RIGHT_COORDINATOR);
}

static void starts(void) {
    world_start(&world);
    world_people(&world);
}

static void a_coordinator_makes_a_case_and_coordinates_it(void **unused) {
    (void)unused;
    starts();
    struct case_member members[] = {
        {.user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("C")},
        {.user = preparer(), .role = ROLE_MEMBER, .name = TEXT("P")}};
    struct create_case command = {
        .subject = {.name = TEXT("A^B")}, .title = TEXT("T"), .members = {2, members}};
    uint32_t slot = comes(CHANNEL_KIND_PATIENT_CASE, A_CASE);
    assert_int_equal(world_say(&world, slot, PATIENT_CASE_CREATE_CASE, &command),
                     REFUSAL_MALFORMED);
    members[1].role = ROLE_COORDINATOR;
    assert_int_equal(world_say(&world, slot, PATIENT_CASE_CREATE_CASE, &command), REFUSAL_NONE);
    const struct actor *actor = &world_case(&world, uuid_of(A_CASE))->actor;
    struct grant grant = case_grant(actor, preparer(), RIGHT_COORDINATOR, 0);
    assert_int_equal(grant.roles, 1u << ROLE_COORDINATOR);
    assert_int_equal(grant.audiences, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY);
    world_stop(&world);
}

static void a_coordinator_makes_a_series_and_a_meeting_of_it(void **unused) {
    (void)unused;
    starts();
    struct series_member members[] = {
        {.user = world_person(CHAIR), .role = ROLE_CHAIR, .name = TEXT("C")},
        {.user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("D")}};
    struct create_series command = {
        .title = TEXT("Thorax"), .members = {2, members}, .template = meeting_template()};
    uint32_t slot = comes(CHANNEL_KIND_SERIES, A_SERIES);
    assert_int_equal(world_say(&world, slot, SERIES_CREATE_SERIES, &command), REFUSAL_MALFORMED);
    members[1].user = preparer();
    assert_int_equal(world_say(&world, slot, SERIES_CREATE_SERIES, &command), REFUSAL_NONE);
    meeting_plan(&world, slot, A_BOARD);
    assert_int_equal(board_member(world_board(&world, uuid_of(A_BOARD)), preparer())->role,
                     ROLE_COORDINATOR);
    world_stop(&world);
}

static void a_coordinator_makes_a_single_meeting_and_coordinates_it(void **unused) {
    (void)unused;
    starts();
    struct member members[] = {{.user = world_person(CHAIR), .role = ROLE_CHAIR, .name = TEXT("C")},
                               {.user = preparer(), .role = ROLE_OBSERVER, .name = TEXT("P")}};
    struct create_board command = {.title = TEXT("T"), .members = {2, members}};
    uint32_t slot = comes(CHANNEL_KIND_BOARD, A_BOARD);
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_MALFORMED);
    members[1].role = ROLE_COORDINATOR;
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_NONE);
    world_stop(&world);
}

static void what_others_made_a_coordinator_does_not_even_know_of(void **unused) {
    (void)unused;
    starts();
    uint32_t early = comes(CHANNEL_KIND_PATIENT_CASE, A_CASE);
    world_make_case(&world, A_CASE);
    world_make_board(&world, A_BOARD);
    struct series_member members[] = {
        {.user = world_person(CHAIR), .role = ROLE_CHAIR, .name = TEXT("C")},
        {.user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("D")}};
    struct create_series series = {
        .title = TEXT("Thorax"), .members = {2, members}, .template = meeting_template()};
    uint32_t root = world_attach(&world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    assert_int_equal(world_say(&world, root, SERIES_CREATE_SERIES, &series), REFUSAL_NONE);

    assert_false(world.sessions[comes(CHANNEL_KIND_PATIENT_CASE, A_CASE)].attached);
    assert_false(world.sessions[comes(CHANNEL_KIND_BOARD, A_BOARD)].attached);
    assert_false(world.sessions[comes(CHANNEL_KIND_SERIES, A_SERIES)].attached);

    /* Nor does it help to have come before it was made. */
    assert_int_equal(world.sessions[early].grant.audiences, 0);
    assert_int_equal(world.sessions[early].seen_count, 0);
    struct grant_access access = {
        .member = {.user = preparer(), .role = ROLE_COORDINATOR, .name = TEXT("P")}};
    world.sessions[early].grant.roles = 1u << ROLE_COORDINATOR; /* what it had, and had sent with */
    assert_int_equal(world_say(&world, early, PATIENT_CASE_GRANT_ACCESS, &access),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void an_observer_gains_nothing_by_a_coordinators_right(void **unused) {
    (void)unused;
    starts();
    world_make_board(&world, A_BOARD);
    uint32_t slot = world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                                 world_person(OBSERVER), RIGHT_COORDINATOR);
    assert_int_equal(world.sessions[slot].grant.roles, 1u << ROLE_OBSERVER);
    struct add_member add = {
        .member = {.user = preparer(), .role = ROLE_MEMBER, .name = TEXT("P")}};
    assert_int_equal(world_say(&world, slot, BOARD_ADD_MEMBER, &add), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void people_and_templates_of_others_stay_with_the_administrator(void **unused) {
    (void)unused;
    starts();
    meeting_series(&world);
    assert_false(world.sessions[comes(CHANNEL_KIND_USER, 70)].attached);
    uint32_t member = world_attach(&world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES),
                                   world_person(MEMBER), RIGHT_COORDINATOR);
    struct edit_template edit = {.template = meeting_template()};
    edit.template.version = 1;
    assert_int_equal(world_say(&world, member, SERIES_EDIT_TEMPLATE, &edit), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void the_rights_of_a_person_are_recorded_and_shown(void **unused) {
    (void)unused;
    starts();
    struct register_user command = {.command_id = uuid_of(71),
                                    .login = TEXT("prepares"),
                                    .name = TEXT("P"),
                                    .verifier = TEXT("v"),
                                    .coordinator = true};
    world_system(&world, CHANNEL_KIND_USER, uuid_of(70),
                 register_user_encode(&world.reading, &command));
    assert_int_equal(world_user(&world, uuid_of(70))->memberships.items[0].roles,
                     RIGHT_COORDINATOR);
    assert_int_equal(world_user(&world, world_person(ADMINISTRATOR))->memberships.items[0].roles,
                     RIGHT_ADMINISTRATOR);
    world_stop(&world);
}

/* A child organisation's administrator would make one of the root. */
static void nobody_makes_a_person_over_a_session_not_even_an_administrator(void **unused) {
    (void)unused;
    starts();
    uint32_t slot =
        world_attach(&world, CHANNEL_KIND_USER, uuid_of(70), world_person(1), RIGHT_ADMINISTRATOR);
    assert_false(world.sessions[slot].attached);
    assert_false(user_rules[USER_REGISTER_USER].actions != 0);
    assert_true(user_rules[USER_REGISTER_USER].by_system);
    world_stop(&world);
}

/* As they were written before there was a coordinator's right. */
static void older_records_of_people_still_read(void **unused) {
    (void)unused;
    static const uint8_t registered[] = "\x93\xa4root\xa4Root\xc3";
    static const uint8_t saved[] = "\x92\xa1v\x93\xa4Root\xa4root\xc3";
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct reader reader = reader_of((struct bytes){sizeof registered - 1, registered});
    struct user_registered event;
    assert_true(user_registered_read(&reader, &arena, &event));
    assert_true(event.administrator && !event.coordinator);
    reader = reader_of((struct bytes){sizeof saved - 1, saved});
    struct user_record record;
    assert_true(user_record_read(&reader, &arena, &record));
    assert_true(record.shown.administrator && !record.shown.coordinator);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coordinator_makes_a_case_and_coordinates_it),
        cmocka_unit_test(a_coordinator_makes_a_series_and_a_meeting_of_it),
        cmocka_unit_test(a_coordinator_makes_a_single_meeting_and_coordinates_it),
        cmocka_unit_test(what_others_made_a_coordinator_does_not_even_know_of),
        cmocka_unit_test(an_observer_gains_nothing_by_a_coordinators_right),
        cmocka_unit_test(people_and_templates_of_others_stay_with_the_administrator),
        cmocka_unit_test(the_rights_of_a_person_are_recorded_and_shown),
        cmocka_unit_test(nobody_makes_a_person_over_a_session_not_even_an_administrator),
        cmocka_unit_test(older_records_of_people_still_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
