/* links: actors actor_test_support */
/* How a meeting with a template goes from case to case: what may be left and how, what may be
 * opened, and taking a step back. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

#define SECOND INT64_C(1000000)

static enum refusal undo(uint32_t slot, uint32_t item) {
    struct undo_step command = {.item = item};
    return world_say(&world, slot, BOARD_UNDO_STEP, &command);
}

static uint32_t place_of(uint32_t item) {
    uint32_t index = UINT32_MAX;
    board_item(meeting_board(&world), item, &index);
    return index;
}

static void two_chairs_who_press_next_at_once_make_one_step(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 4);
    uint32_t coordinator = meeting_come(&world, COORDINATOR);
    meeting_open(&world, chair, 0, 1);
    world_forget(&world);
    struct open_item next = {.item = 1, .next = 2, .outcome = ITEM_OUTCOME_DECIDED};
    world_whisper(&world, chair, BOARD_OPEN_ITEM, &next);
    world_whisper(&world, coordinator, BOARD_OPEN_ITEM, &next);
    fake_host_run(&world.fake);
    assert_int_equal(fake_host_answer(&world.fake, chair)->refusal, REFUSAL_NONE);
    assert_int_equal(fake_host_answer(&world.fake, coordinator)->refusal, REFUSAL_WRONG_ITEM);
    assert_int_equal(meeting_named(&world, coordinator), 2);
    assert_int_equal(meeting_board(&world)->open_item, 2);
    assert_int_equal(meeting_item(&world, 3)->state, ITEM_STATE_WAITING);
    world_stop(&world);
}

static void
a_command_composed_for_another_item_is_refused_with_the_one_it_belongs_to(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 2);
    assert_int_equal(meeting_leave(&world, chair, 1, 3, ITEM_OUTCOME_DECIDED, 0),
                     REFUSAL_WRONG_ITEM);
    assert_int_equal(meeting_named(&world, chair), 2);
    assert_int_equal(undo(chair, 1), REFUSAL_WRONG_ITEM);
    struct end_meeting end = {.item = 1, .outcome = ITEM_OUTCOME_DECIDED};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_WRONG_ITEM);
    assert_int_equal(meeting_item(&world, 2)->state, ITEM_STATE_OPEN);
    world_stop(&world);
}

static void an_item_that_lacks_something_opens_only_with_words(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_report(&world, 2, 1u << CARD_TOPIC_PATHOLOGY, DECISION_STATE_NONE);
    meeting_look_away(&world);
    assert_int_equal(meeting_open(&world, chair, 0, 2), REFUSAL_NOT_READY);
    assert_int_equal(meeting_named(&world, chair), 2);
    assert_int_equal(meeting_board(&world)->state, MEETING_STATE_PLANNED);
    struct open_item command = {.next = 2, .unready = TEXT("Family is waiting outside")};
    assert_int_equal(world_say(&world, chair, BOARD_OPEN_ITEM, &command), REFUSAL_NONE);
    assert_true(meeting_item(&world, 2)->unready);
    assert_true(world_saw(&world, chair, BOARD_UNREADY_OPENED));
    const struct board_status *said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_BOARD_STATUS);
    assert_true(text_equal(said->unready, command.unready));
    assert_int_equal(said->status, CASE_STATUS_IN_DISCUSSION);
    world_stop(&world);
}

static void words_about_an_item_that_lacks_nothing_are_not_kept(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    struct open_item command = {.next = 1, .unready = TEXT("No reason")};
    assert_int_equal(world_say(&world, chair, BOARD_OPEN_ITEM, &command), REFUSAL_NONE);
    assert_false(meeting_item(&world, 1)->unready);
    const struct board_status *said = meeting_said(&world, A_CASE, PATIENT_CASE_BOARD_STATUS);
    assert_int_equal(said->unready.length, 0);
    world_stop(&world);
}

static void nobody_leaves_an_item_that_has_neither_a_decision_nor_a_reason(void **unused) {
    (void)unused;
    static const struct {
        enum item_outcome outcome;
        uint8_t reason;
    } ways[] = {
        {ITEM_OUTCOME_NONE, 0},          {ITEM_OUTCOME_DEFERRED, 0},
        {ITEM_OUTCOME_DEFERRED, 3},      {ITEM_OUTCOME_NOT_DISCUSSED, 0},
        {ITEM_OUTCOME_NOT_DISCUSSED, 9}, {ITEM_OUTCOME_STANDARD, 0},
    };
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        enum refusal refusal = meeting_leave(&world, chair, 1, 2, ways[i].outcome, ways[i].reason);
        assert_int_equal(refusal, REFUSAL_UNDECIDED);
        assert_int_equal(meeting_named(&world, chair), 1);
    }
    assert_int_equal(meeting_leave(&world, chair, 1, 0, ITEM_OUTCOME_NONE, 0), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_board(&world)->open_item, 1);
    world_stop(&world);
}

/* Opens item 1, leaves it so, and gives what its case was told of the end. */
static const struct board_status *leave_first(uint32_t chair, enum item_outcome outcome,
                                              uint8_t reason) {
    meeting_open(&world, chair, 0, 1);
    fake_host_pass(&world.fake, 60 * SECOND);
    meeting_look_away(&world);
    assert_int_equal(meeting_leave(&world, chair, 1, 2, outcome, reason), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->outcome, outcome);
    assert_int_equal(meeting_item(&world, 1)->reason, reason);
    assert_in_range(meeting_item(&world, 1)->used_ms, 59990, 60010);
    return meeting_said(&world, A_CASE, PATIENT_CASE_BOARD_STATUS);
}

static void an_item_is_left_as_decided_before_its_case_has_said_so(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    const struct board_status *said = leave_first(chair, ITEM_OUTCOME_DECIDED, 0);
    assert_int_equal(said->status, CASE_STATUS_DISCUSSED);
    assert_int_equal(said->outcome, ITEM_OUTCOME_DECIDED);
    world_stop(&world);
}

static void a_decision_that_the_case_told_of_is_the_outcome_without_being_said(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    assert_int_equal(meeting_open(&world, chair, 1, 2), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->outcome, ITEM_OUTCOME_DECIDED);
    world_stop(&world);
}

static void a_deferred_item_tells_its_case_the_reason_in_the_boards_words(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    const struct board_status *said = leave_first(chair, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(said->outcome, ITEM_OUTCOME_DEFERRED);
    assert_true(text_equal(said->reason, TEXT("Pathology late")));
    world_stop(&world);
}

static void an_item_is_left_as_not_discussed_with_a_reason(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    const struct board_status *said = leave_first(chair, ITEM_OUTCOME_NOT_DISCUSSED, 2);
    assert_int_equal(said->outcome, ITEM_OUTCOME_NOT_DISCUSSED);
    assert_true(text_equal(said->reason, TEXT("Patient absent")));
    world_stop(&world);
}

static void an_item_for_later_waits_again_as_the_last(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    const struct board_status *said = leave_first(chair, ITEM_OUTCOME_LATER, 0);
    assert_int_equal(said->outcome, ITEM_OUTCOME_LATER);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    assert_int_equal(place_of(1), 2);
    meeting_leave(&world, chair, 2, 1, ITEM_OUTCOME_DECIDED, 0);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_OPEN);
    world_stop(&world);
}

static void a_step_is_taken_back_within_five_seconds(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    uint32_t presenter = meeting_come(&world, MEMBER);
    meeting_open(&world, chair, 0, 1);
    fake_host_pass(&world.fake, 60 * SECOND);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DEFERRED, 1);
    fake_host_pass(&world.fake, 4 * SECOND);
    meeting_look_away(&world);
    assert_int_equal(undo(chair, 2), REFUSAL_NONE);
    const struct board *board = meeting_board(&world);
    assert_int_equal(board->open_item, 1);
    assert_int_equal(board->stage.item, 1);
    assert_true(uuid_equal(board->stage.patient_case, uuid_of(A_CASE)));
    assert_true(uuid_equal(board->stage.holder, world_person(MEMBER)));
    assert_true(world_saw(&world, presenter, BOARD_STEP_UNDONE));
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_OPEN);
    assert_int_equal(meeting_item(&world, 1)->outcome, ITEM_OUTCOME_NONE);
    assert_int_equal(meeting_item(&world, 2)->state, ITEM_STATE_WAITING);
    const struct board_status *said = meeting_said(&world, A_CASE, PATIENT_CASE_BOARD_STATUS);
    assert_int_equal(said->status, CASE_STATUS_IN_DISCUSSION);
    said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_BOARD_STATUS);
    assert_int_equal(said->status, CASE_STATUS_SCHEDULED);
    fake_host_pass(&world.fake, 30 * SECOND);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DECIDED, 0);
    assert_in_range(meeting_item(&world, 1)->used_ms, 89990, 90010);
    world_stop(&world);
}

static void a_step_is_not_taken_back_after_five_seconds(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    fake_host_pass(&world.fake, 5 * SECOND + 1000);
    assert_int_equal(undo(chair, 1), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_board(&world)->open_item, 1);
    world_stop(&world);
}

static void one_step_is_taken_back_once(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(undo(chair, 1), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->open_item, 0);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    assert_int_equal(meeting_item(&world, 1)->opened_at, 0);
    assert_int_equal(undo(chair, 0), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_step_is_not_taken_back_once_something_was_decided(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    meeting_report(&world, 1, 1u << CARD_TOPIC_QUESTION, DECISION_STATE_NONE);
    assert_int_equal(undo(chair, 1), REFUSAL_NONE); /* what it lacks is no decision */
    struct open_item again = {.next = 1, .unready = TEXT("Why")};
    world_say(&world, chair, BOARD_OPEN_ITEM, &again);
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    assert_int_equal(undo(chair, 1), REFUSAL_BAD_STATE);
    meeting_open(&world, chair, 1, 2);
    meeting_report(&world, 1, 0, DECISION_STATE_SIGNED); /* of the one that was closed */
    assert_int_equal(undo(chair, 2), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->open_item, 1);
    world_stop(&world);
}

static void an_item_for_later_goes_back_to_its_place_when_that_is_undone(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 4);
    meeting_open(&world, chair, 0, 2);
    meeting_leave(&world, chair, 2, 4, ITEM_OUTCOME_LATER, 0);
    assert_int_equal(place_of(2), 3);
    assert_int_equal(undo(chair, 4), REFUSAL_NONE);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(place_of(i + 1), i);
    }
    world_stop(&world);
}

static void reopening_a_deferred_item_by_mistake_leaves_it_deferred(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 0, ITEM_OUTCOME_DEFERRED, 2);
    meeting_open(&world, chair, 0, 1);
    meeting_look_away(&world);
    assert_int_equal(undo(chair, 1), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_DISCUSSED);
    assert_int_equal(meeting_item(&world, 1)->outcome, ITEM_OUTCOME_DEFERRED);
    const struct board_status *said = meeting_said(&world, A_CASE, PATIENT_CASE_BOARD_STATUS);
    assert_int_equal(said->outcome, ITEM_OUTCOME_DEFERRED);
    assert_true(text_equal(said->reason, TEXT("Patient absent")));
    world_stop(&world);
}

static void a_step_from_an_item_that_was_taken_off_meanwhile_stands(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_LATER, 0);
    struct remove_item remove = {.item = 1};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &remove), REFUSAL_NONE);
    assert_int_equal(undo(chair, 2), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void what_was_discussed_or_decided_is_not_taken_off(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 3, ITEM_OUTCOME_DEFERRED, 1);
    meeting_report(&world, 2, 0, DECISION_STATE_RECORDED);
    for (uint32_t item = 1; item <= 2; item++) {
        struct remove_item remove = {.item = item};
        assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &remove), REFUSAL_BAD_STATE);
        assert_int_equal(meeting_named(&world, chair), item);
    }
    world_stop(&world);
}

static void the_step_that_can_be_taken_back_is_kept_over_a_crash(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    chair = meeting_come(&world, CHAIR);
    assert_int_equal(undo(chair, 1), REFUSAL_NONE);
    world_stop(&world);
}

static void a_board_without_a_template_keeps_no_outcomes_and_still_undoes(void **unused) {
    (void)unused;
    world_start(&world);
    uint32_t chair = world_meeting(&world, 2);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_LATER, 0), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_DISCUSSED);
    assert_int_equal(meeting_item(&world, 1)->outcome, ITEM_OUTCOME_NONE);
    assert_int_equal(undo(chair, 2), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->open_item, 1);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_chairs_who_press_next_at_once_make_one_step),
        cmocka_unit_test(a_command_composed_for_another_item_is_refused_with_the_one_it_belongs_to),
        cmocka_unit_test(an_item_that_lacks_something_opens_only_with_words),
        cmocka_unit_test(words_about_an_item_that_lacks_nothing_are_not_kept),
        cmocka_unit_test(nobody_leaves_an_item_that_has_neither_a_decision_nor_a_reason),
        cmocka_unit_test(an_item_is_left_as_decided_before_its_case_has_said_so),
        cmocka_unit_test(a_decision_that_the_case_told_of_is_the_outcome_without_being_said),
        cmocka_unit_test(a_deferred_item_tells_its_case_the_reason_in_the_boards_words),
        cmocka_unit_test(an_item_is_left_as_not_discussed_with_a_reason),
        cmocka_unit_test(an_item_for_later_waits_again_as_the_last),
        cmocka_unit_test(a_step_is_taken_back_within_five_seconds),
        cmocka_unit_test(a_step_is_not_taken_back_after_five_seconds),
        cmocka_unit_test(one_step_is_taken_back_once),
        cmocka_unit_test(a_step_is_not_taken_back_once_something_was_decided),
        cmocka_unit_test(an_item_for_later_goes_back_to_its_place_when_that_is_undone),
        cmocka_unit_test(reopening_a_deferred_item_by_mistake_leaves_it_deferred),
        cmocka_unit_test(a_step_from_an_item_that_was_taken_off_meanwhile_stands),
        cmocka_unit_test(what_was_discussed_or_decided_is_not_taken_off),
        cmocka_unit_test(the_step_that_can_be_taken_back_is_kept_over_a_crash),
        cmocka_unit_test(a_board_without_a_template_keeps_no_outcomes_and_still_undoes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
