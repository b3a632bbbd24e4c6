/* links: actors actor_test_support */
/* Who sees a case by the patient's consent, how fast that ends, and what an emergency opens. */
#include "tests/unit/support_meeting.h"

#include "protocol/generated/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENT = 920, PROXY = 921, SPECIALIST = 922, OFFICER = 923, ON_DUTY = 924 };

static const int64_t minute_us = INT64_C(60) * 1000000;
/* sha256sum says so of "I agree." */
static const uint8_t agreed[32] = {0x82, 0x6f, 0xf0, 0xda, 0xb6, 0x49, 0xa9, 0x7f, 0xfd, 0xd7, 0x77,
                                   0x9a, 0x33, 0x2a, 0xcc, 0xaf, 0xb3, 0x5c, 0xc1, 0x61, 0x01, 0x22,
                                   0x53, 0xa1, 0x93, 0x83, 0xdb, 0x19, 0x28, 0x9d, 0x6e, 0x02};
static struct world world;

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static struct grant granted(uint32_t person) {
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE));
    return activation_grant(activation, world_person(person));
}

static bool sees(uint32_t person, uint8_t audience) {
    return (granted(person).audiences & audience) != 0;
}

static void let_in(uint32_t person, uint8_t role, uint8_t proxy, int64_t until) {
    struct grant_access command = {.member = {.user = world_person(person),
                                              .role = role,
                                              .name = TEXT("Somebody"),
                                              .proxy = proxy,
                                              .until = until}};
    assert_int_equal(world_say(&world, come(COORDINATOR), PATIENT_CASE_GRANT_ACCESS, &command),
                     REFUSAL_NONE);
}

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

/* A board has the case on its agenda, and patient, proxy and specialist have access. */
static void a_case(void) {
    world_start(&world);
    world_meeting(&world, 1);
    for (uint32_t number = PATIENT; number <= ON_DUTY; number++) {
        somebody(number);
    }
    let_in(PATIENT, ROLE_PATIENT, 0, 0);
    let_in(PROXY, ROLE_PROXY, 1 | 2, 0);
    let_in(SPECIALIST, ROLE_SPECIALIST, 0, 0);
}

static struct give_consent consent(uint32_t id) {
    return (struct give_consent){.consent = {.id = uuid_of(id),
                                             .clinical = true,
                                             .identity = true,
                                             .how = TEXT("here"),
                                             .wording = {.version = TEXT("3"),
                                                         .language = TEXT("en"),
                                                         .text = TEXT("I agree."),
                                                         .hash = {sizeof agreed, agreed}}}};
}

static enum refusal give(uint32_t person, struct give_consent command) {
    return world_say(&world, come(person), PATIENT_CASE_GIVE_CONSENT, &command);
}

static enum refusal withdraw(uint32_t person, struct uuid which) {
    struct withdraw_consent command = {.consent = which};
    return world_say(&world, come(person), PATIENT_CASE_WITHDRAW_CONSENT, &command);
}

static void without_a_consent_asked_for_treatment_is_ground_enough(void **unused) {
    (void)unused;
    a_case();
    assert_true(sees(MEMBER, AUDIENCE_CLINICAL) && sees(MEMBER, AUDIENCE_IDENTITY));
    assert_true(sees(SPECIALIST, AUDIENCE_CLINICAL));
    assert_int_equal(granted(PATIENT).audiences, AUDIENCE_PATIENT | AUDIENCE_STATUS);
    world_stop(&world);
}

static void who_withdraws_all_leaves_the_case_to_the_treating_team(void **unused) {
    (void)unused;
    a_case();
    uint32_t member = come(MEMBER);
    uint32_t coordinator = come(COORDINATOR);
    assert_int_equal(withdraw(PATIENT, (struct uuid){{0}}), REFUSAL_NONE);
    assert_int_equal(granted(MEMBER).audiences, 0);
    assert_int_equal(granted(CHAIR).audiences, 0); /* the board's, not the patient's */
    assert_int_equal(granted(SPECIALIST).audiences, 0);
    assert_true(sees(COORDINATOR, AUDIENCE_CLINICAL));
    assert_false(world_saw(&world, member, PATIENT_CASE_CONSENT_WITHDRAWN));
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_CONSENT_WITHDRAWN));
    struct post_message words = {.text = TEXT("late")};
    assert_int_equal(world_say(&world, member, PATIENT_CASE_POST_MESSAGE, &words),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void worklists_forget_the_patient_with_the_consent(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(meeting_entry(&world, SPECIALIST, A_CASE)->kind, ENTRY_KIND_PATIENT_CASE);
    assert_true(text_equal(meeting_entry(&world, SPECIALIST, A_CASE)->detail, TEXT("Doe^Jane")));
    assert_int_equal(withdraw(PATIENT, (struct uuid){{0}}), REFUSAL_NONE);
    assert_null(meeting_entry(&world, SPECIALIST, A_CASE));
    struct give_consent command = consent(70);
    command.consent.identity = false;
    assert_int_equal(give(PATIENT, command), REFUSAL_NONE);
    assert_int_equal(meeting_entry(&world, SPECIALIST, A_CASE)->detail.length, 0);
    assert_true(text_equal(meeting_entry(&world, COORDINATOR, A_CASE)->detail, TEXT("Doe^Jane")));
    world_stop(&world);
}

static void a_consent_covers_the_people_and_boards_it_names(void **unused) {
    (void)unused;
    a_case();
    struct uuid specialist = world_person(SPECIALIST);
    struct give_consent one = consent(70);
    one.consent.people = (struct uuid_list){1, &specialist};
    assert_int_equal(give(PATIENT, one), REFUSAL_NONE);
    assert_true(sees(SPECIALIST, AUDIENCE_CLINICAL));
    assert_int_equal(granted(MEMBER).audiences, 0); /* from the first one on it takes one */
    struct uuid board = uuid_of(A_BOARD);
    struct give_consent other = consent(71);
    other.consent.boards = (struct uuid_list){1, &board};
    assert_int_equal(give(PROXY, other), REFUSAL_NONE);
    assert_true(sees(MEMBER, AUDIENCE_CLINICAL));
    assert_int_equal(withdraw(COORDINATOR, uuid_of(71)), REFUSAL_NONE);
    assert_int_equal(granted(MEMBER).audiences, 0);
    assert_true(sees(SPECIALIST, AUDIENCE_CLINICAL));
    world_stop(&world);
}

static void a_consent_may_leave_out_who_the_patient_is(void **unused) {
    (void)unused;
    a_case();
    struct give_consent command = consent(70);
    command.consent.identity = false;
    assert_int_equal(give(PATIENT, command), REFUSAL_NONE);
    assert_true(sees(MEMBER, AUDIENCE_CLINICAL));
    assert_false(sees(MEMBER, AUDIENCE_IDENTITY));
    assert_true(sees(COORDINATOR, AUDIENCE_IDENTITY));
    world_stop(&world);
}

static void a_consent_and_a_membership_end_by_the_clock(void **unused) {
    (void)unused;
    a_case();
    struct give_consent command = consent(70);
    command.consent.until = world.fake.now + minute_us;
    assert_int_equal(give(PATIENT, command), REFUSAL_NONE);
    assert_int_equal(granted(MEMBER).valid_until, command.consent.until);
    let_in(STRANGER, ROLE_REFERRER, 0, world.fake.now + 2 * minute_us);
    world.fake.now += minute_us;
    fake_host_run(&world.fake);
    assert_int_equal(granted(MEMBER).audiences, 0);
    assert_true(sees(STRANGER, AUDIENCE_STATUS));
    world.fake.now += minute_us;
    fake_host_run(&world.fake);
    assert_int_equal(granted(STRANGER).audiences, 0);
    world_stop(&world);
}

static void a_proxy_does_what_they_are_let(void **unused) {
    (void)unused;
    a_case();
    let_in(PROXY, ROLE_PROXY, 1, 0);
    assert_int_equal(give(PROXY, consent(70)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(give(SPECIALIST, consent(70)), REFUSAL_NOT_PERMITTED);
    let_in(PROXY, ROLE_PROXY, 1 | 2, 0);
    assert_int_equal(give(PROXY, consent(70)), REFUSAL_NONE);
    world_stop(&world);
}

static void what_was_read_is_shown_again(void **unused) {
    (void)unused;
    a_case();
    struct give_consent without = consent(70);
    without.consent.wording.text = TEXT("");
    assert_int_equal(give(PATIENT, without), REFUSAL_MALFORMED);
    without.consent.wording.text = TEXT("I agree!"); /* not what the hash is of */
    assert_int_equal(give(PATIENT, without), REFUSAL_MALFORMED);
    assert_int_equal(give(PATIENT, consent(70)), REFUSAL_NONE);
    assert_int_equal(give(PATIENT, consent(70)), REFUSAL_CONFLICT);
    struct encoded shown = case_show(&world_case(&world, uuid_of(A_CASE))->actor,
                                     AUDIENCE_PATIENT | AUDIENCE_STATUS, &world.reading);
    struct case_status_snapshot snapshot;
    struct reader reader = reader_of(shown.fields);
    assert_true(case_status_snapshot_read(&reader, &world.reading, &snapshot));
    assert_int_equal(snapshot.consents.count, 1);
    assert_true(text_equal(snapshot.consents.items[0].wording.text, TEXT("I agree.")));
    assert_true(uuid_equal(snapshot.consents.items[0].given_by, world_person(PATIENT)));
    uint32_t by_law = 0;
    for (uint32_t i = 0; i < snapshot.viewers.count; i++) {
        by_law += snapshot.viewers.items[i].by_law;
    }
    assert_int_equal(by_law, 1); /* the coordinator; everybody else is listed, too */
    assert_true(snapshot.viewers.count >= 5);
    world_stop(&world);
}

/* Emergencies */

static uint16_t rights_of_a_clinic(struct fake_host *fake, struct uuid user,
                                   const struct uuid *organisation) {
    (void)fake;
    (void)organisation;
    return uuid_equal(user, world_person(ON_DUTY)) ? 1u << ROLE_SPECIALIST : 0;
}

static uint32_t officers_of_a_clinic(struct fake_host *fake, enum role role,
                                     struct uuid organisation, struct uuid *ret, uint32_t max) {
    (void)fake;
    (void)organisation;
    assert_true(max > 0);
    ret[0] = world_person(OFFICER);
    return role == ROLE_PRIVACY_OFFICER;
}

static enum refusal break_glass(uint32_t person, struct text reason) {
    struct break_glass command = {.name = TEXT("On Duty"), .reason = reason};
    return world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                       PATIENT_CASE_BREAK_GLASS, &command);
}

static void an_emergency_opens_the_case_for_half_an_hour_and_tells_everybody(void **unused) {
    (void)unused;
    a_case();
    world.fake.rights = rights_of_a_clinic;
    world.fake.holders = officers_of_a_clinic;
    assert_int_equal(break_glass(STRANGER, TEXT("curious")), REFUSAL_NOT_FOUND);
    assert_int_equal(break_glass(ON_DUTY, TEXT("")), REFUSAL_MALFORMED);
    assert_int_equal(granted(ON_DUTY).audiences, 0);
    assert_int_equal(break_glass(ON_DUTY, TEXT("unconscious in the ward")), REFUSAL_NONE);
    struct grant grant = granted(ON_DUTY);
    assert_int_equal(grant.audiences, AUDIENCE_CLINICAL | AUDIENCE_IDENTITY);
    assert_int_equal(grant.roles, 1u << ROLE_EMERGENCY);
    assert_true((grant.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0);
    assert_in_range(grant.valid_until, world.fake.now + 29 * minute_us,
                    world.fake.now + 31 * minute_us);
    assert_int_equal(break_glass(ON_DUTY, TEXT("again")), REFUSAL_BAD_STATE);
    static const uint32_t told[] = {OFFICER, COORDINATOR, PATIENT, PROXY};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const struct worklist_entry_list *entries =
            &world_user(&world, world_person(told[i]))->entries;
        uint32_t found = 0;
        for (uint32_t j = 0; j < entries->count; j++) {
            found += entries->items[j].kind == ENTRY_KIND_EMERGENCY;
        }
        assert_int_equal(found, 1);
    }
    world.fake.now += 31 * minute_us;
    fake_host_run(&world.fake);
    assert_int_equal(granted(ON_DUTY).audiences, 0);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_consent_asked_for_treatment_is_ground_enough),
        cmocka_unit_test(who_withdraws_all_leaves_the_case_to_the_treating_team),
        cmocka_unit_test(worklists_forget_the_patient_with_the_consent),
        cmocka_unit_test(a_consent_covers_the_people_and_boards_it_names),
        cmocka_unit_test(a_consent_may_leave_out_who_the_patient_is),
        cmocka_unit_test(a_consent_and_a_membership_end_by_the_clock),
        cmocka_unit_test(a_proxy_does_what_they_are_let),
        cmocka_unit_test(what_was_read_is_shown_again),
        cmocka_unit_test(an_emergency_opens_the_case_for_half_an_hour_and_tells_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
