/* links: actors actor_test_support */
/* What was given until a day: at that moment the actor itself says that it is over, and worklists
 * follow; after a restart, too, and not when the end was another one by then. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PATIENT = 940, SPECIALIST = 941 };

static struct world world;
static const int64_t minute_us = INT64_C(60) * 1000000;
/* sha256sum says so of "I agree." */
static const uint8_t agreed[32] = {0x82, 0x6f, 0xf0, 0xda, 0xb6, 0x49, 0xa9, 0x7f, 0xfd, 0xd7, 0x77,
                                   0x9a, 0x33, 0x2a, 0xcc, 0xaf, 0xb3, 0x5c, 0xc1, 0x61, 0x01, 0x22,
                                   0x53, 0xa1, 0x93, 0x83, 0xdb, 0x19, 0x28, 0x9d, 0x6e, 0x02};

static void somebody(uint32_t number) {
    char login[8];
    snprintf(login, sizeof login, "p%u", number);
    struct text text = {(uint32_t)strlen(login), login};
    struct register_user command = {.command_id = uuid_of(world.next_id++),
                                    .login = text,
                                    .name = text,
                                    .verifier = TEXT("$argon2id$test")};
    world_system(&world, CHANNEL_KIND_USER, world_person(number),
                 register_user_encode(&world.reading, &command));
}

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static enum refusal let_in(uint32_t person, uint8_t role, int64_t until) {
    struct grant_access command = {
        .member = {
            .user = world_person(person), .role = role, .name = TEXT("Somebody"), .until = until}};
    return world_say(&world, come(COORDINATOR), PATIENT_CASE_GRANT_ACCESS, &command);
}

static void a_case(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    somebody(PATIENT);
    somebody(SPECIALIST);
    assert_int_equal(let_in(PATIENT, ROLE_PATIENT, 0), REFUSAL_NONE);
}

static const struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

static bool is_member(uint32_t person) {
    return case_member_in(&the_case()->members, world_person(person)) != NULL;
}

static bool lists_the_case(uint32_t person) {
    return meeting_entry(&world, person, A_CASE) != NULL;
}

static int64_t in(int64_t minutes) {
    return world.fake.now + minutes * minute_us;
}

static void pass(int64_t minutes) {
    fake_host_pass(&world.fake, minutes * minute_us);
}

static uint32_t events_of(uint8_t kind, struct uuid id, uint8_t tag) {
    const struct fake_stream *stream = fake_host_stream(&world.fake, kind, id);
    uint32_t count = 0;
    for (uint32_t i = 0; i < stream->count; i++) {
        count += stream->events[i].header.tag == tag;
    }
    return count;
}

/* A member */

static void a_members_time_ends_in_the_record_and_on_worklists(void **unused) {
    (void)unused;
    a_case();
    uint32_t coordinator = come(COORDINATOR);
    assert_int_equal(let_in(SPECIALIST, ROLE_SPECIALIST, in(5)), REFUSAL_NONE);
    uint32_t specialist = come(SPECIALIST);
    pass(4);
    assert_true(is_member(SPECIALIST) && lists_the_case(SPECIALIST));
    pass(1);
    assert_false(is_member(SPECIALIST) || lists_the_case(SPECIALIST));
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_ACCESS_ENDED));
    assert_false(world_saw(&world, specialist, PATIENT_CASE_ACCESS_ENDED));
    assert_int_equal(world.fake.pending_count, 0);
    world_stop(&world);
}

static void an_end_that_was_moved_counts_and_the_one_before_does_not(void **unused) {
    (void)unused;
    a_case();
    let_in(SPECIALIST, ROLE_SPECIALIST, in(5));
    let_in(SPECIALIST, ROLE_SPECIALIST, in(9));
    pass(6);
    assert_true(is_member(SPECIALIST) && lists_the_case(SPECIALIST));
    pass(3);
    assert_false(is_member(SPECIALIST) || lists_the_case(SPECIALIST));
    let_in(SPECIALIST, ROLE_SPECIALIST, in(5));
    let_in(SPECIALIST, ROLE_SPECIALIST, 0);
    pass(6);
    assert_true(is_member(SPECIALIST));
    assert_int_equal(
        events_of(CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), PATIENT_CASE_ACCESS_ENDED), 1);
    world_stop(&world);
}

static void an_end_that_passed_while_the_server_was_down_comes_when_it_is_back(void **unused) {
    (void)unused;
    a_case();
    let_in(SPECIALIST, ROLE_SPECIALIST, in(5));
    world.session_count = 0; /* their sockets end with the process */
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    world.fake.now += 10 * minute_us;
    fake_host_run(&world.fake);
    assert_false(is_member(SPECIALIST) || lists_the_case(SPECIALIST));
    world_stop(&world);
}

static void a_case_always_has_a_coordinator_whose_time_does_not_end(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(let_in(COORDINATOR, ROLE_COORDINATOR, in(5)), REFUSAL_BAD_STATE);
    assert_int_equal(let_in(SPECIALIST, ROLE_COORDINATOR, in(5)), REFUSAL_NONE);
    assert_int_equal(let_in(COORDINATOR, ROLE_MEMBER, 0), REFUSAL_BAD_STATE);
    struct revoke_access command = {.user = world_person(COORDINATOR)};
    assert_int_equal(world_say(&world, come(COORDINATOR), PATIENT_CASE_REVOKE_ACCESS, &command),
                     REFUSAL_BAD_STATE);
    world_stop(&world);
}

/* A consent */

static struct give_consent consent(uint32_t id, int64_t until) {
    return (struct give_consent){.consent = {.id = uuid_of(id),
                                             .clinical = true,
                                             .identity = true,
                                             .until = until,
                                             .how = TEXT("here"),
                                             .wording = {.version = TEXT("3"),
                                                         .language = TEXT("en"),
                                                         .text = TEXT("I agree."),
                                                         .hash = {sizeof agreed, agreed}}}};
}

static void a_consent_that_ends_takes_the_patient_off_worklists(void **unused) {
    (void)unused;
    a_case();
    let_in(SPECIALIST, ROLE_SPECIALIST, 0);
    struct give_consent command = consent(70, in(5));
    uint32_t patient = come(PATIENT);
    assert_int_equal(world_say(&world, patient, PATIENT_CASE_GIVE_CONSENT, &command), REFUSAL_NONE);
    assert_true(lists_the_case(SPECIALIST));
    uint32_t specialist = come(SPECIALIST);
    assert_int_equal(world.sessions[specialist].grant.valid_until, command.consent.until);
    pass(5);
    assert_false(lists_the_case(SPECIALIST));
    assert_true(lists_the_case(COORDINATOR)); /* treats: by law */
    assert_true(world_saw(&world, patient, PATIENT_CASE_CONSENT_ENDED));
    assert_false(world_saw(&world, specialist, PATIENT_CASE_CONSENT_ENDED));
    world_stop(&world);
}

static void a_consent_that_was_withdrawn_does_not_end_again(void **unused) {
    (void)unused;
    a_case();
    struct give_consent command = consent(70, in(5));
    uint32_t patient = come(PATIENT);
    world_say(&world, patient, PATIENT_CASE_GIVE_CONSENT, &command);
    struct withdraw_consent no_more = {.consent = uuid_of(70)};
    world_say(&world, patient, PATIENT_CASE_WITHDRAW_CONSENT, &no_more);
    pass(6);
    assert_int_equal(
        events_of(CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), PATIENT_CASE_CONSENT_ENDED), 0);
    assert_int_equal(world.fake.pending_count, 0);
    world_stop(&world);
}

/* A membership of an organisation */

static void joins(uint32_t person, uint16_t roles, int64_t until) {
    struct set_membership command = {
        .membership = {.organisation = uuid_of(50), .roles = roles, .until = until}};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_USER, world_person(person),
                                 world_person(ADMINISTRATOR), USER_SET_MEMBERSHIP, &command),
                     REFUSAL_NONE);
}

static bool belongs(uint32_t person) {
    return user_membership(world_user(&world, world_person(person)), uuid_of(50)) != NULL;
}

static void a_membership_ends_and_the_person_is_told(void **unused) {
    (void)unused;
    a_case();
    uint32_t self = world_attach(&world, CHANNEL_KIND_USER, world_person(SPECIALIST),
                                 world_person(SPECIALIST), 0);
    joins(SPECIALIST, 1u << ROLE_SPECIALIST, in(5));
    pass(4);
    assert_true(belongs(SPECIALIST));
    pass(1);
    assert_false(belongs(SPECIALIST));
    assert_true(world_saw(&world, self, USER_MEMBERSHIP_ENDED));
    world_stop(&world);
}

static void a_membership_that_was_renewed_goes_on(void **unused) {
    (void)unused;
    a_case();
    joins(SPECIALIST, 1u << ROLE_SPECIALIST, in(5));
    joins(SPECIALIST, 1u << ROLE_REFERRER, in(9));
    pass(6);
    assert_true(belongs(SPECIALIST));
    joins(SPECIALIST, 0, 0);
    pass(6);
    assert_int_equal(events_of(CHANNEL_KIND_USER, world_person(SPECIALIST), USER_MEMBERSHIP_ENDED),
                     0);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_members_time_ends_in_the_record_and_on_worklists),
        cmocka_unit_test(an_end_that_was_moved_counts_and_the_one_before_does_not),
        cmocka_unit_test(an_end_that_passed_while_the_server_was_down_comes_when_it_is_back),
        cmocka_unit_test(a_case_always_has_a_coordinator_whose_time_does_not_end),
        cmocka_unit_test(a_consent_that_ends_takes_the_patient_off_worklists),
        cmocka_unit_test(a_consent_that_was_withdrawn_does_not_end_again),
        cmocka_unit_test(a_membership_ends_and_the_person_is_told),
        cmocka_unit_test(a_membership_that_was_renewed_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
