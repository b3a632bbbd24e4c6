/* links: actors actor_test_support */
/* A case whose use is restricted: who loses it and who keeps it, what is refused and how. */
#include "tests/unit/support_meeting.h"

#include "protocol/generated/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENT = 920, SPECIALIST = 921, NAVIGATOR = 922, ON_DUTY = 923 };

static struct world world;

static uint32_t come_with(uint32_t person, uint16_t rights) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        rights);
}

static uint32_t come(uint32_t person) {
    return come_with(person, 0);
}

static struct grant granted(uint32_t person) {
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE));
    return activation_grant(activation, world_person(person));
}

static void let_in(uint32_t person, uint8_t role) {
    char login[8];
    snprintf(login, sizeof login, "p%u", person);
    struct text text = {(uint32_t)strlen(login), login};
    struct register_user account = {.command_id = uuid_of(world.next_id++),
                                    .login = text,
                                    .name = text,
                                    .verifier = TEXT("$argon2id$test")};
    world_system(&world, CHANNEL_KIND_USER, world_person(person),
                 register_user_encode(&world.reading, &account));
    struct grant_access command = {
        .member = {.user = world_person(person), .role = role, .name = TEXT("Somebody")}};
    assert_int_equal(world_say(&world, come(COORDINATOR), PATIENT_CASE_GRANT_ACCESS, &command),
                     REFUSAL_NONE);
}

static void a_case(void) {
    world_start(&world);
    world_meeting(&world, 1);
    let_in(PATIENT, ROLE_PATIENT);
    let_in(SPECIALIST, ROLE_SPECIALIST);
    let_in(NAVIGATOR, ROLE_NURSE_NAVIGATOR);
}

static enum refusal restrict_use(uint32_t slot) {
    struct restrict_use command = {.reason = TEXT("contested")};
    return world_say(&world, slot, PATIENT_CASE_RESTRICT_USE, &command);
}

static enum refusal lift(uint32_t slot) {
    struct lift_restriction command = {.reason = TEXT("settled")};
    return world_say(&world, slot, PATIENT_CASE_LIFT_RESTRICTION, &command);
}

static enum refusal post(uint32_t slot) {
    struct post_message words = {.text = TEXT("late")};
    return world_say(&world, slot, PATIENT_CASE_POST_MESSAGE, &words);
}

static void only_who_keeps_a_restricted_case_sees_what_is_in_it(void **unused) {
    (void)unused;
    a_case();
    uint32_t coordinator = come(COORDINATOR), member = come(MEMBER), patient = come(PATIENT);
    assert_int_equal(restrict_use(coordinator), REFUSAL_NONE);
    static const uint32_t without[] = {MEMBER, CHAIR, SPECIALIST, NAVIGATOR, REFERRER, OBSERVER};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        assert_int_equal(granted(without[i]).audiences, 0);
    }
    assert_true((granted(COORDINATOR).audiences & AUDIENCE_CLINICAL) != 0);
    assert_int_equal(granted(PATIENT).audiences, AUDIENCE_PATIENT | AUDIENCE_STATUS);
    assert_true(world_saw(&world, patient, PATIENT_CASE_USE_RESTRICTED));
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_USE_RESTRICTED));
    assert_false(world_saw(&world, member, PATIENT_CASE_USE_RESTRICTED));
    world_stop(&world); /* which replays it, and restores what was saved of it */
}

static void who_would_see_it_is_told_that_it_is_restricted_and_a_stranger_is_not(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(restrict_use(come(COORDINATOR)), REFUSAL_NONE);
    assert_int_equal(granted(MEMBER).denial, REFUSAL_RESTRICTED);
    assert_int_equal(granted(NAVIGATOR).denial, REFUSAL_RESTRICTED);
    assert_int_equal(granted(STRANGER).denial, 0);
    assert_int_equal(granted(PATIENT).denial, 0);
    world_stop(&world);
}

static void nothing_clinical_is_written_and_the_refusal_says_why(void **unused) {
    (void)unused;
    a_case();
    uint32_t coordinator = come(COORDINATOR), member = come(MEMBER);
    assert_int_equal(restrict_use(coordinator), REFUSAL_NONE);
    assert_int_equal(post(coordinator), REFUSAL_RESTRICTED);
    assert_int_equal(post(member), REFUSAL_RESTRICTED);
    struct set_card card = {.topic = CARD_TOPIC_QUESTION, .text = TEXT("?")};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SET_CARD, &card),
                     REFUSAL_RESTRICTED);
    assert_int_equal(post(come(STRANGER)), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void lifted_it_is_as_it_was(void **unused) {
    (void)unused;
    a_case();
    uint32_t coordinator = come(COORDINATOR);
    assert_int_equal(lift(coordinator), REFUSAL_BAD_STATE);
    assert_int_equal(restrict_use(coordinator), REFUSAL_NONE);
    assert_int_equal(restrict_use(coordinator), REFUSAL_CONFLICT);
    assert_null(meeting_entry(&world, SPECIALIST, A_CASE));
    assert_null(meeting_entry(&world, REFERRER, A_CASE));
    assert_non_null(meeting_entry(&world, COORDINATOR, A_CASE));
    assert_non_null(meeting_entry(&world, PATIENT, A_CASE));
    assert_int_equal(lift(coordinator), REFUSAL_NONE);
    assert_true((granted(MEMBER).audiences & AUDIENCE_IDENTITY) != 0);
    assert_non_null(meeting_entry(&world, SPECIALIST, A_CASE));
    assert_non_null(meeting_entry(&world, REFERRER, A_CASE));
    assert_int_equal(post(come(MEMBER)), REFUSAL_NONE);
    world_stop(&world);
}

static void holds_and_erasure_go_on(void **unused) {
    (void)unused;
    a_case();
    uint32_t officer = come_with(PATIENT + 100, 1u << ROLE_PRIVACY_OFFICER);
    assert_int_equal(restrict_use(officer), REFUSAL_NONE);
    struct place_hold hold = {.reason = TEXT("a lawsuit")};
    struct lift_hold release = {.reason = TEXT("over")};
    struct order_erasure erase = {.reason = TEXT("as asked")};
    world.factor_board = (struct uuid){{0}}; /* proved outside of any meeting */
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_PLACE_HOLD, &hold), REFUSAL_NONE);
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_ORDER_ERASURE, &erase),
                     REFUSAL_ON_HOLD);
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_LIFT_HOLD, &release), REFUSAL_NONE);
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_ORDER_ERASURE, &erase), REFUSAL_NONE);
    assert_int_equal(granted(COORDINATOR).audiences, 0);
    world_stop(&world);
}

static void who_treats_or_presents_it_neither_restricts_nor_lifts(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(restrict_use(come(MEMBER)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(restrict_use(come(NAVIGATOR)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(restrict_use(come(CHAIR)),
                     REFUSAL_NOT_PERMITTED); /* the board's coordinator */
    assert_int_equal(restrict_use(come(PATIENT)), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void a_restricted_case_comes_to_no_further_board(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(restrict_use(come(COORDINATOR)), REFUSAL_NONE);
    struct list_on_board listing = {.command_id = uuid_of(world.next_id++),
                                    .board = uuid_of(A_BOARD + 50),
                                    .item = 1,
                                    .by = world_person(COORDINATOR)};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&world.reading, &listing));
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->boards.count, 1);
    world_stop(&world);
}

static void the_glass_of_a_restricted_case_can_be_broken(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(restrict_use(come(COORDINATOR)), REFUSAL_NONE);
    uint32_t on_duty = come_with(ON_DUTY, 1u << ROLE_SPECIALIST);
    struct break_glass command = {.name = TEXT("On Duty"), .reason = TEXT("unconscious")};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 world_person(ON_DUTY), PATIENT_CASE_BREAK_GLASS, &command),
                     REFUSAL_NONE);
    struct grant grant = granted(ON_DUTY);
    assert_int_equal(grant.audiences, AUDIENCE_CLINICAL | AUDIENCE_IDENTITY);
    assert_true((grant.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0);
    world_detach(&world, on_duty);
    world_stop(&world);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_keeps_a_restricted_case_sees_what_is_in_it),
        cmocka_unit_test(who_would_see_it_is_told_that_it_is_restricted_and_a_stranger_is_not),
        cmocka_unit_test(nothing_clinical_is_written_and_the_refusal_says_why),
        cmocka_unit_test(lifted_it_is_as_it_was),
        cmocka_unit_test(holds_and_erasure_go_on),
        cmocka_unit_test(who_treats_or_presents_it_neither_restricts_nor_lifts),
        cmocka_unit_test(a_restricted_case_comes_to_no_further_board),
        cmocka_unit_test(the_glass_of_a_restricted_case_can_be_broken),
    };
    return cmocka_run_group_tests_name("case_restriction", tests, NULL, NULL);
}
