/* links: actors actor_test_support */
/* What comes before a decision and after it: the card, what boards say, tasks. */
#include "tests/unit/support_decision.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum refusal set_card(uint32_t slot, enum card_topic topic, const char *text,
                             uint64_t based) {
    struct set_card command = {
        .topic = topic, .text = {(uint32_t)strlen(text), text}, .based = based};
    return world_say(&world, slot, PATIENT_CASE_SET_CARD, &command);
}

static void a_line_of_the_card_has_its_author_and_its_date(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    assert_int_equal(set_card(chair, CARD_TOPIC_HISTORY, "Smoker", 0), REFUSAL_NONE);
    const struct card_entry *entry = case_card_entry(the_case(), CARD_TOPIC_HISTORY);
    assert_true(text_equal(entry->text, TEXT("Smoker")));
    assert_true(uuid_equal(entry->by, world_person(CHAIR)));
    assert_true(entry->at > 0);
    end();
}

static void an_edit_of_what_somebody_changed_meanwhile_is_refused_and_names_them(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    uint32_t member = come(MEMBER);
    set_card(chair, CARD_TOPIC_HISTORY, "Smoker", 0);
    uint64_t seen = case_card_entry(the_case(), CARD_TOPIC_HISTORY)->version;
    assert_int_equal(set_card(member, CARD_TOPIC_HISTORY, "Never smoked", 0), REFUSAL_CHANGED);
    assert_true(
        uuid_equal(fake_host_answer(&world.fake, member)->refused.subject, world_person(CHAIR)));
    assert_int_equal(set_card(member, CARD_TOPIC_HISTORY, "Stopped in 2010", seen), REFUSAL_NONE);
    end();
}

static void images_are_no_line_of_the_card(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    assert_int_equal(set_card(chair, CARD_TOPIC_IMAGES, "seen", 0), REFUSAL_MALFORMED);
    end();
}

static void what_is_missing_follows_from_the_boards_checks(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    struct case_outlook outlook = case_outlook_of(the_case());
    assert_false(outlook.has[CARD_TOPIC_PATHOLOGY] || outlook.has[CARD_TOPIC_IMAGES]);
    set_card(chair, CARD_TOPIC_PATHOLOGY, "Adenocarcinoma", 0);
    outlook = case_outlook_of(the_case());
    assert_true(outlook.has[CARD_TOPIC_PATHOLOGY]);
    uint64_t seen = case_card_entry(the_case(), CARD_TOPIC_PATHOLOGY)->version;
    set_card(chair, CARD_TOPIC_PATHOLOGY, "", seen);
    outlook = case_outlook_of(the_case());
    assert_false(outlook.has[CARD_TOPIC_PATHOLOGY]);
    end();
}

static void board_says(uint8_t status, uint8_t outcome, const char *reason, const char *unready) {
    struct board_status command = {.command_id = uuid_of(world.next_id++),
                                   .board = uuid_of(THE_BOARD),
                                   .item = ITEM,
                                   .status = status,
                                   .outcome = outcome,
                                   .reason = {(uint32_t)strlen(reason), reason},
                                   .unready = {(uint32_t)strlen(unready), unready}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 board_status_encode(&arena, &command));
}

static void a_deferred_case_says_so_and_why(void **unused) {
    (void)unused;
    begin();
    board_says(CASE_STATUS_IN_DISCUSSION, 0, "", "Pathology was phoned in");
    board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_DEFERRED, "PET missing", "");
    assert_int_equal(the_case()->status, CASE_STATUS_DEFERRED);
    const struct discussion *discussion = case_discussion(the_case(), uuid_of(THE_BOARD), ITEM);
    assert_true(text_equal(discussion->reason, TEXT("PET missing")));
    assert_true(text_equal(discussion->unready, TEXT("Pathology was phoned in")));
    list(ITEM + 1);
    assert_int_equal(the_case()->status, CASE_STATUS_SCHEDULED);
    end();
}

static void a_case_that_comes_back_later_is_scheduled(void **unused) {
    (void)unused;
    begin();
    board_says(CASE_STATUS_IN_DISCUSSION, 0, "", "");
    board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_LATER, "", "");
    assert_int_equal(the_case()->status, CASE_STATUS_SCHEDULED);
    end();
}

static void another_board_says(uint8_t status, uint8_t outcome, const char *reason) {
    struct list_on_board listing = {.command_id = uuid_of(world.next_id++),
                                    .board = uuid_of(THE_BOARD + 1),
                                    .item = 1,
                                    .by = world_person(COORDINATOR)};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&arena, &listing));
    struct board_status command = {.command_id = uuid_of(world.next_id++),
                                   .board = uuid_of(THE_BOARD + 1),
                                   .item = 1,
                                   .status = status,
                                   .outcome = outcome,
                                   .reason = {(uint32_t)strlen(reason), reason}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 board_status_encode(&arena, &command));
}

static void a_case_is_in_discussion_until_the_last_board_is_done(void **unused) {
    (void)unused;
    begin();
    another_board_says(CASE_STATUS_IN_DISCUSSION, 0, "");
    board_says(CASE_STATUS_IN_DISCUSSION, 0, "", "");
    another_board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_DECIDED, "");
    assert_int_equal(the_case()->status, CASE_STATUS_IN_DISCUSSION);
    board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_DEFERRED, "PET missing", "");
    assert_int_equal(the_case()->status, CASE_STATUS_DEFERRED);
    end();
}

static void what_another_board_decides_meanwhile_does_not_end_a_discussion(void **unused) {
    (void)unused;
    begin();
    board_says(CASE_STATUS_IN_DISCUSSION, 0, "", "");
    another_board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_DECIDED, "");
    assert_int_equal(the_case()->status, CASE_STATUS_IN_DISCUSSION);
    board_says(CASE_STATUS_SCHEDULED, 0, "", "");
    assert_int_equal(the_case()->status, CASE_STATUS_SCHEDULED);
    end();
}

static void what_two_boards_say_of_a_case_at_once_is_all_kept(void **unused) {
    (void)unused;
    begin();
    another_board_says(CASE_STATUS_IN_DISCUSSION, 0, "");
    board_says(CASE_STATUS_IN_DISCUSSION, 0, "", "Family is waiting");
    board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_DEFERRED, "PET missing", "");
    another_board_says(CASE_STATUS_DISCUSSED, ITEM_OUTCOME_NOT_DISCUSSED, "No time");
    const struct discussion *here = case_discussion(the_case(), uuid_of(THE_BOARD), ITEM);
    const struct discussion *there = case_discussion(the_case(), uuid_of(THE_BOARD + 1), 1);
    assert_non_null(here);
    assert_true(text_equal(here->unready, TEXT("Family is waiting")));
    assert_non_null(there);
    assert_true(text_equal(there->reason, TEXT("No time")));
    end();
}

static void seal_for(uint32_t closing) {
    struct seal_for_board command = {.command_id = uuid_of(world.next_id++),
                                     .board = uuid_of(THE_BOARD),
                                     .item = ITEM,
                                     .closing = closing};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 seal_for_board_encode(&arena, &command));
}

static void seal(void) {
    seal_for(1);
}

static void unseal(void) {
    struct unseal_for_board command = {
        .command_id = uuid_of(world.next_id++), .board = uuid_of(THE_BOARD), .item = ITEM};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 unseal_for_board_encode(&arena, &command));
}

static uint32_t answers_to(uint32_t closing) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < world.fake.pending_count; i++) {
        const struct fake_pending *pending = &world.fake.pending[i];
        if (pending->kind == CHANNEL_KIND_BOARD && pending->command.tag == BOARD_ITEM_SEALED) {
            struct reader reader = reader_of(pending->command.fields);
            const struct item_sealed *answer = board_decode(BOARD_ITEM_SEALED, &reader, &arena);
            count += answer->closing == closing;
        }
    }
    return count;
}

static void an_answer_names_the_closing_that_it_is_for(void **unused) {
    (void)unused;
    begin();
    world.fake.held_kinds = 1u << CHANNEL_KIND_BOARD;
    seal_for(1);
    seal_for(1);
    assert_int_equal(answers_to(1), 2);
    unseal();
    seal_for(2);
    assert_int_equal(answers_to(2), 1);
    fake_host_forget_held(&world.fake);
    end();
}

static void a_sealed_case_takes_no_more_decisions_of_that_meeting(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    seal();
    assert_true(case_board(the_case(), uuid_of(THE_BOARD))->sealed);
    assert_int_equal(record(chair, a_decision(0)), REFUSAL_BAD_STATE);
    unseal();
    assert_int_equal(record(chair, a_decision(0)), REFUSAL_NONE);
    end();
}

static void an_unsigned_decision_is_not_sealed_over(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    seal();
    assert_false(case_board(the_case(), uuid_of(THE_BOARD))->sealed);
    assert_int_equal(sign(chair, 1), REFUSAL_NONE);
    seal();
    assert_true(case_board(the_case(), uuid_of(THE_BOARD))->sealed);
    end();
}

static void standard_of_care_is_recorded_and_signed_in_one(void **unused) {
    (void)unused;
    begin();
    struct confirm_standard_care command = {.command_id = uuid_of(world.next_id++),
                                            .board = uuid_of(THE_BOARD),
                                            .item = ITEM,
                                            .by = world_person(CHAIR),
                                            .name = TEXT("Chair"),
                                            .words = TEXT("Standard of care"),
                                            .factor = SIGNING_FACTOR_CODE,
                                            .at = 1234567};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 confirm_standard_care_encode(&arena, &command));
    const struct decision *decision = &the_case()->decisions.items[0];
    assert_true(decision->standard);
    assert_true(text_equal(decision->fields.items[0].value, TEXT("Standard of care")));
    assert_true(uuid_equal(decision->signed_by, world_person(CHAIR)));
    assert_true(case_decision_is_sound(the_case(), decision, &arena));
    assert_int_equal(decision->signature.meaning, SIGNING_MEANING_STANDARD);
    assert_int_equal(decision->signature.factor, SIGNING_FACTOR_CODE);
    assert_int_equal(decision->signature.at, 1234567);
    assert_int_equal(the_case()->status, CASE_STATUS_DISCUSSED);
    end();
}

/* The board has closed the item, whatever was recorded before its word came here. */
static void standard_of_care_confirmed_over_a_decision_is_still_a_discussion(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    struct confirm_standard_care command = {.command_id = uuid_of(world.next_id++),
                                            .board = uuid_of(THE_BOARD),
                                            .item = ITEM,
                                            .by = world_person(CHAIR),
                                            .name = TEXT("Chair"),
                                            .words = TEXT("Standard of care")};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 confirm_standard_care_encode(&arena, &command));
    assert_int_equal(the_case()->decisions.count, 1);
    assert_false(the_case()->decisions.items[0].standard);
    assert_int_equal(the_case()->status, CASE_STATUS_DISCUSSED);
    const struct discussion *discussion = case_discussion(the_case(), uuid_of(THE_BOARD), ITEM);
    assert_int_equal(discussion->outcome, ITEM_OUTCOME_STANDARD);
    end();
}

static const struct worklist_entry *task_entry(uint32_t person) {
    const struct user *user = world_user(&world, world_person(person));
    for (uint32_t i = 0; i < user->entries.count; i++) {
        if (user->entries.items[i].kind == ENTRY_KIND_TASK) {
            return &user->entries.items[i];
        }
    }
    return NULL;
}

static void a_task_reaches_its_owner_with_the_signature(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    assert_null(task_entry(MEMBER));
    sign(chair, 1);
    assert_true(text_equal(task_entry(MEMBER)->title, TEXT("Book the biopsy")));
    assert_true(uuid_equal(task_entry(MEMBER)->about, uuid_of(A_CASE)));
    end();
}

static void a_task_that_is_due_comes_to_the_coordinator_until_it_is_done(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    sign(chair, 1);
    assert_null(task_entry(COORDINATOR));
    world.fake.now += 2 * HOUR * (int64_t)1000000;
    fake_host_run(&world.fake);
    assert_non_null(task_entry(COORDINATOR));
    struct close_task done = {.task = uuid_of(TASK), .state = TASK_STATE_DONE};
    assert_int_equal(world_say(&world, come(MEMBER), PATIENT_CASE_CLOSE_TASK, &done), REFUSAL_NONE);
    assert_null(task_entry(COORDINATOR));
    assert_null(task_entry(MEMBER));
    end();
}

static void a_due_task_that_is_taken_up_again_is_back_with_the_coordinator(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    sign(chair, 1);
    uint32_t member = come(MEMBER);
    struct close_task command = {.task = uuid_of(TASK), .state = TASK_STATE_DONE};
    assert_int_equal(world_say(&world, member, PATIENT_CASE_CLOSE_TASK, &command), REFUSAL_NONE);
    command.state = TASK_STATE_OPEN;
    assert_int_equal(world_say(&world, member, PATIENT_CASE_CLOSE_TASK, &command), REFUSAL_NONE);
    assert_non_null(task_entry(MEMBER));
    assert_null(task_entry(COORDINATOR)); /* it is not due yet */
    command.state = TASK_STATE_DONE;
    world_say(&world, member, PATIENT_CASE_CLOSE_TASK, &command);
    world.fake.now += 2 * HOUR * (int64_t)1000000;
    fake_host_run(&world.fake);
    command.state = TASK_STATE_OPEN;
    assert_int_equal(world_say(&world, member, PATIENT_CASE_CLOSE_TASK, &command), REFUSAL_NONE);
    assert_non_null(task_entry(COORDINATOR));
    end();
}

static void a_task_is_refused_with_a_reason_by_its_owner_or_a_coordinator(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    sign(chair, 1);
    struct close_task refused = {.task = uuid_of(TASK), .state = TASK_STATE_REFUSED};
    assert_int_equal(world_say(&world, come(SECOND_MEMBER), PATIENT_CASE_CLOSE_TASK, &refused),
                     REFUSAL_NOT_YOURS);
    uint32_t coordinator = come(COORDINATOR);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CLOSE_TASK, &refused),
                     REFUSAL_MALFORMED);
    refused.reason = TEXT("Patient declined");
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CLOSE_TASK, &refused),
                     REFUSAL_NONE);
    end();
}

static void a_task_that_its_owner_refuses_comes_back_to_the_coordinator(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    sign(chair, 1);
    struct close_task command = {
        .task = uuid_of(TASK), .state = TASK_STATE_REFUSED, .reason = TEXT("On leave")};
    assert_int_equal(world_say(&world, come(MEMBER), PATIENT_CASE_CLOSE_TASK, &command),
                     REFUSAL_NONE);
    assert_null(task_entry(MEMBER));
    assert_int_equal(task_entry(COORDINATOR)->status, TASK_STATE_REFUSED);
    uint32_t coordinator = come(COORDINATOR);
    command.state = TASK_STATE_OPEN;
    command.reason = TEXT("");
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CLOSE_TASK, &command),
                     REFUSAL_NONE);
    assert_null(task_entry(COORDINATOR)); /* it is not due yet */
    assert_non_null(task_entry(MEMBER));
    command.state = TASK_STATE_REFUSED;
    command.reason = TEXT("Not needed any more");
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_CLOSE_TASK, &command),
                     REFUSAL_NONE);
    assert_null(task_entry(COORDINATOR)); /* nobody is left to hand it to */
    assert_null(task_entry(MEMBER));
    end();
}

static void tasks_of_an_older_text_are_replaced(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    struct record_decision second = a_decision(1);
    second.tasks.items[0].task = uuid_of(TASK + 1);
    record(chair, second);
    assert_int_equal(the_case()->tasks.count, 1);
    assert_null(case_task(the_case(), uuid_of(TASK)));
    end();
}

static void what_became_of_a_recommendation_is_recorded(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    struct record_following changed = {.decision = uuid_of(DECISION),
                                       .following = FOLLOWING_CHANGED};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_RECORD_FOLLOWING, &changed),
                     REFUSAL_BAD_STATE);
    sign(chair, 1);
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_RECORD_FOLLOWING, &changed),
                     REFUSAL_MALFORMED);
    changed.why = TEXT("Progress under way");
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_RECORD_FOLLOWING, &changed),
                     REFUSAL_NONE);
    assert_int_equal(case_decision(the_case(), uuid_of(DECISION))->following, FOLLOWING_CHANGED);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_the_card_has_its_author_and_its_date),
        cmocka_unit_test(an_edit_of_what_somebody_changed_meanwhile_is_refused_and_names_them),
        cmocka_unit_test(images_are_no_line_of_the_card),
        cmocka_unit_test(what_is_missing_follows_from_the_boards_checks),
        cmocka_unit_test(a_deferred_case_says_so_and_why),
        cmocka_unit_test(a_case_that_comes_back_later_is_scheduled),
        cmocka_unit_test(a_case_is_in_discussion_until_the_last_board_is_done),
        cmocka_unit_test(what_another_board_decides_meanwhile_does_not_end_a_discussion),
        cmocka_unit_test(what_two_boards_say_of_a_case_at_once_is_all_kept),
        cmocka_unit_test(a_sealed_case_takes_no_more_decisions_of_that_meeting),
        cmocka_unit_test(an_answer_names_the_closing_that_it_is_for),
        cmocka_unit_test(an_unsigned_decision_is_not_sealed_over),
        cmocka_unit_test(standard_of_care_is_recorded_and_signed_in_one),
        cmocka_unit_test(standard_of_care_confirmed_over_a_decision_is_still_a_discussion),
        cmocka_unit_test(a_task_reaches_its_owner_with_the_signature),
        cmocka_unit_test(a_task_that_is_due_comes_to_the_coordinator_until_it_is_done),
        cmocka_unit_test(a_due_task_that_is_taken_up_again_is_back_with_the_coordinator),
        cmocka_unit_test(a_task_is_refused_with_a_reason_by_its_owner_or_a_coordinator),
        cmocka_unit_test(a_task_that_its_owner_refuses_comes_back_to_the_coordinator),
        cmocka_unit_test(tasks_of_an_older_text_are_replaced),
        cmocka_unit_test(what_became_of_a_recommendation_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
