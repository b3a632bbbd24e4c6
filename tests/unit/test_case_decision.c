/* links: actors actor_test_support */
/* What a board decides about a case: recorded, voted on, signed. */
#include "tests/unit/support_decision.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_decision_is_recorded_at_once_and_signed_later(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t member = come(MEMBER);
    assert_int_equal(record(member, a_decision(0)), REFUSAL_NONE);
    assert_int_equal(case_decision_state(the_case(), uuid_of(THE_BOARD), ITEM),
                     DECISION_STATE_RECORDED);
    assert_int_equal(sign(chair, 1), REFUSAL_NONE);
    const struct decision *decision = case_decision(the_case(), uuid_of(DECISION));
    assert_true(text_equal(decision->signed_name, TEXT("Chair")));
    assert_true(uuid_equal(decision->signed_by, world_person(CHAIR)));
    assert_int_equal(decision->template_version, 3);
    end();
}

static void a_decision_composed_for_another_item_is_refused_and_told_which(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    struct record_decision command = a_decision(0);
    command.item = ITEM + 1;
    assert_int_equal(record(chair, command), REFUSAL_WRONG_ITEM);
    assert_int_equal(fake_host_answer(&world.fake, chair)->refused.item, ITEM);
    command.board = uuid_of(77);
    assert_int_equal(record(chair, command), REFUSAL_NOT_FOUND);
    assert_int_equal(the_case()->decisions.count, 0);
    end();
}

static void of_two_who_record_at_once_the_second_is_told_of_the_first(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t member = come(MEMBER);
    record(member, a_decision(0));
    struct record_decision other = a_decision(0);
    other.decision = uuid_of(DECISION + 1);
    other.tasks.items[0].task = uuid_of(TASK + 1);
    assert_int_equal(record(chair, other), REFUSAL_CONFLICT);
    assert_true(
        uuid_equal(fake_host_answer(&world.fake, chair)->refused.subject, world_person(MEMBER)));
    end();
}

static void a_signer_whose_text_changed_underneath_signs_nothing(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t member = come(MEMBER);
    record(member, a_decision(0));
    assert_int_equal(record(member, a_decision(0)), REFUSAL_CHANGED);
    assert_int_equal(record(member, a_decision(1)), REFUSAL_NONE);
    assert_int_equal(sign(chair, 1), REFUSAL_CHANGED);
    assert_int_equal(case_decision(the_case(), uuid_of(DECISION))->signed_at, 0);
    assert_int_equal(sign(chair, 2), REFUSAL_NONE);
    end();
}

static void only_the_boards_chair_signs(void **unused) {
    (void)unused;
    begin();
    uint32_t member = come(MEMBER);
    uint32_t coordinator = come(COORDINATOR);
    record(member, a_decision(0));
    assert_int_equal(sign(member, 1), REFUSAL_NOT_PERMITTED);
    assert_int_equal(sign(coordinator, 1), REFUSAL_NOT_PERMITTED);
    end();
}

static void another_patient_or_another_side_read_back_signs_nothing(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    struct sign_decision command = {.decision = uuid_of(DECISION),
                                    .revision = 1,
                                    .patient_id = TEXT("4711"),
                                    .side = SIDE_LEFT,
                                    .meaning = SIGNING_MEANING_APPROVED};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_MISREAD);
    command.side = SIDE_RIGHT;
    command.patient_id = TEXT("4712");
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_MISREAD);
    end();
}

static void an_incomplete_decision_is_recorded_but_not_signed(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    struct record_decision command = a_decision(0);
    command.fields.count = 0;
    assert_int_equal(record(chair, command), REFUSAL_NONE);
    assert_int_equal(sign(chair, 1), REFUSAL_INCOMPLETE);
    end();
}

static void only_what_the_template_asks_for_is_recorded(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    struct field_value unknown = {.key = TEXT("horoscope"), .value = TEXT("good")};
    struct field_value no_choice = {.key = TEXT("intent"), .value = TEXT("heroic")};
    struct record_decision command = a_decision(0);
    struct field_value twice[] = {command.fields.items[0], command.fields.items[0]};
    command.fields = (struct field_value_list){1, &unknown};
    assert_int_equal(record(chair, command), REFUSAL_MALFORMED);
    command.fields = (struct field_value_list){1, &no_choice};
    assert_int_equal(record(chair, command), REFUSAL_MALFORMED);
    command.fields = (struct field_value_list){2, twice};
    assert_int_equal(record(chair, command), REFUSAL_MALFORMED);
    end();
}

static void a_signed_decision_stays_as_it_is(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    sign(chair, 1);
    assert_int_equal(record(chair, a_decision(1)), REFUSAL_BAD_STATE);
    assert_int_equal(sign(chair, 1), REFUSAL_CONFLICT);
    assert_int_equal(vote(chair, VOTE_CHOICE_AGREE, ""), REFUSAL_BAD_STATE);
    end();
}

static void each_person_has_one_vote_and_may_change_it(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t member = come(MEMBER);
    record(chair, a_decision(0));
    assert_int_equal(vote(member, VOTE_CHOICE_AGREE, ""), REFUSAL_NONE);
    assert_int_equal(vote(member, VOTE_CHOICE_DISSENT, "Perfusion first"), REFUSAL_NONE);
    const struct decision *decision = case_decision(the_case(), uuid_of(DECISION));
    assert_int_equal(decision->votes.count, 1);
    assert_int_equal(decision->votes.items[0].choice, VOTE_CHOICE_DISSENT);
    end();
}

static void a_dissent_says_why(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    assert_int_equal(vote(chair, VOTE_CHOICE_DISSENT, ""), REFUSAL_MALFORMED);
    end();
}

static void who_has_no_vote_is_told_so(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    assert_int_equal(vote(come(SECOND_MEMBER), VOTE_CHOICE_AGREE, ""), REFUSAL_NO_VOTE);
    end();
}

static void the_coordinator_casts_the_vote_of_somebody_without_a_device(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t coordinator = come(COORDINATOR);
    record(chair, a_decision(0));
    struct cast_vote command = {.decision = uuid_of(DECISION),
                                .revision = 1,
                                .person = uuid_of(4000),
                                .name = TEXT("Dr Room")};
    assert_int_equal(world_say(&world, come(MEMBER), PATIENT_CASE_CAST_VOTE, &command),
                     REFUSAL_NOT_PERMITTED);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CAST_VOTE, &command),
                     REFUSAL_NONE);
    command.person = world_person(MEMBER); /* has a device of their own */
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CAST_VOTE, &command),
                     REFUSAL_NOT_PERMITTED);
    end();
}

static void a_vote_on_an_older_text_is_refused(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    vote(chair, VOTE_CHOICE_AGREE, "");
    record(chair, a_decision(1));
    assert_int_equal(vote(come(MEMBER), VOTE_CHOICE_AGREE, ""), REFUSAL_CHANGED);
    const struct decision *decision = case_decision(the_case(), uuid_of(DECISION));
    assert_int_equal(decision->votes.items[0].revision, 1); /* marked as of the older text */
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_is_recorded_at_once_and_signed_later),
        cmocka_unit_test(a_decision_composed_for_another_item_is_refused_and_told_which),
        cmocka_unit_test(of_two_who_record_at_once_the_second_is_told_of_the_first),
        cmocka_unit_test(a_signer_whose_text_changed_underneath_signs_nothing),
        cmocka_unit_test(only_the_boards_chair_signs),
        cmocka_unit_test(another_patient_or_another_side_read_back_signs_nothing),
        cmocka_unit_test(an_incomplete_decision_is_recorded_but_not_signed),
        cmocka_unit_test(only_what_the_template_asks_for_is_recorded),
        cmocka_unit_test(a_signed_decision_stays_as_it_is),
        cmocka_unit_test(each_person_has_one_vote_and_may_change_it),
        cmocka_unit_test(a_dissent_says_why),
        cmocka_unit_test(who_has_no_vote_is_told_so),
        cmocka_unit_test(the_coordinator_casts_the_vote_of_somebody_without_a_device),
        cmocka_unit_test(a_vote_on_an_older_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
