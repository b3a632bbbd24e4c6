/* links: actors actor_test_support */
/* How a meeting with a template ends: with its cases' word that everything is signed, and with
 * nothing left undecided. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static enum refusal end(uint32_t slot, uint32_t item, enum item_outcome outcome, uint8_t reason) {
    struct end_meeting command = {.item = item, .outcome = outcome, .reason = reason};
    return world_say(&world, slot, BOARD_END_MEETING, &command);
}

static enum meeting_state state(void) {
    return meeting_board(&world)->state;
}

/* Goes through `count` items, all decided but the last, which is open then. */
static uint32_t a_meeting_at_its_last_item(uint32_t count) {
    uint32_t chair = meeting_begin(&world, count);
    meeting_open(&world, chair, 0, 1);
    for (uint32_t i = 1; i < count; i++) {
        assert_int_equal(meeting_leave(&world, chair, i, i + 1, ITEM_OUTCOME_DECIDED, 0),
                         REFUSAL_NONE);
    }
    meeting_look_away(&world);
    return chair;
}

static enum refusal confirm(uint32_t slot, uint32_t count, uint32_t *items) {
    struct confirm_standard command = {.items = {count, items}, .words = TEXT("By the guideline")};
    return world_say(&world, slot, BOARD_CONFIRM_STANDARD, &command);
}

static void mark_standard(uint32_t slot, uint32_t item) {
    struct set_item command = {.item = item, .planned_seconds = 60, .standard = true};
    assert_int_equal(world_say(&world, slot, BOARD_SET_ITEM, &command), REFUSAL_NONE);
}

static void a_meeting_does_not_end_while_an_item_waits_without_an_outcome(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(end(chair, 1, ITEM_OUTCOME_NONE, 0), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 1);
    assert_int_equal(end(chair, 1, ITEM_OUTCOME_DECIDED, 0), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 2);
    meeting_leave(&world, chair, 1, 3, ITEM_OUTCOME_LATER, 0);
    meeting_leave(&world, chair, 3, 2, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(end(chair, 2, ITEM_OUTCOME_DEFERRED, 1), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 1); /* it was to come back */
    meeting_leave(&world, chair, 2, 1, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(end(chair, 1, ITEM_OUTCOME_LATER, 0), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 1);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    world_stop(&world);
}

static void a_case_that_was_put_off_is_asked_too_as_it_may_have_decided_since(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    meeting_open(&world, chair, 0, 1);
    meeting_look_away(&world);
    assert_int_equal(end(chair, 1, ITEM_OUTCOME_NOT_DISCUSSED, 1), REFUSAL_NONE);
    assert_int_equal(meeting_told(&world, PATIENT_CASE_SEAL_FOR_BOARD), 1);
    meeting_seal(&world, 1, DECISION_STATE_NONE);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    assert_int_equal(meeting_entry(&world, OBSERVER, A_BOARD)->status, MEETING_STATE_ENDED);
    struct remove_item remove = {.item = 1}; /* the minutes stand */
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &remove), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_meeting_ends_by_itself_when_the_last_case_has_answered(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(3);
    assert_int_equal(end(chair, 3, ITEM_OUTCOME_DEFERRED, 1), REFUSAL_NONE);
    assert_int_equal(state(), MEETING_STATE_CLOSING);
    assert_int_equal(meeting_entry(&world, OBSERVER, A_BOARD)->status, MEETING_STATE_CLOSING);
    assert_int_equal(meeting_told(&world, PATIENT_CASE_SEAL_FOR_BOARD), 3);
    meeting_seal(&world, 3, DECISION_STATE_NONE);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED); /* said twice */
    assert_int_equal(state(), MEETING_STATE_CLOSING);
    assert_int_equal(meeting_board(&world)->closing.count, 1);
    meeting_seal(&world, 1, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    assert_false(meeting_board(&world)->stage.open);
    assert_int_equal(meeting_entry(&world, OBSERVER, A_BOARD)->status, MEETING_STATE_ENDED);
    world_stop(&world);
}

static void a_meeting_with_an_unsigned_decision_goes_on_and_says_which(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(4);
    meeting_report(&world, 4, 0, DECISION_STATE_SIGNED);
    end(chair, 4, ITEM_OUTCOME_NONE, 0);
    meeting_seal(&world, 1, DECISION_STATE_RECORDED);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED);
    meeting_seal(&world, 3, DECISION_STATE_NONE); /* decided, it was said */
    assert_int_equal(state(), MEETING_STATE_CLOSING);
    meeting_seal(&world, 4, DECISION_STATE_SIGNED);
    const struct board *board = meeting_board(&world);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    assert_true(world_saw(&world, chair, BOARD_CLOSING_CALLED_OFF));
    assert_int_equal(board->unsigned_items.count, 2);
    assert_true(board_lists(&board->unsigned_items, 1) && board_lists(&board->unsigned_items, 3));
    assert_non_null(meeting_said(&world, A_CASE + 1, PATIENT_CASE_UNSEAL_FOR_BOARD));
    assert_int_equal(meeting_told(&world, PATIENT_CASE_UNSEAL_FOR_BOARD), 4);

    meeting_report(&world, 1, 0, DECISION_STATE_SIGNED);
    assert_int_equal(board->unsigned_items.count, 1);
    meeting_report(&world, 3, 0, DECISION_STATE_SIGNED);
    assert_int_equal(end(chair, 0, ITEM_OUTCOME_NONE, 0), REFUSAL_NONE);
    for (uint32_t item = 1; item <= 4; item++) {
        meeting_seal(&world, item, DECISION_STATE_SIGNED);
    }
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void a_deferred_item_with_an_unsigned_decision_keeps_the_meeting_open_too(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(1);
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    assert_int_equal(end(chair, 1, ITEM_OUTCOME_DEFERRED, 1), REFUSAL_NONE);
    meeting_seal(&world, 1, DECISION_STATE_RECORDED);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    assert_int_equal(meeting_board(&world)->unsigned_items.count, 1);
    world_stop(&world);
}

static void nothing_changes_the_agenda_while_the_cases_are_asked(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(2);
    end(chair, 2, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(state(), MEETING_STATE_CLOSING);
    struct add_item add = {.patient_case = uuid_of(A_CASE + 9)};
    struct move_item move = {.item = 1, .position = 1};
    struct remove_item remove = {.item = 1};
    struct set_item set = {.item = 1, .planned_seconds = 1};
    struct undo_step undo = {.item = 0};
    struct move_to_meeting give = {.item = 2, .board = uuid_of(NEXT_BOARD)};
    struct set_cut_off cut_off = {.at = world.fake.now};
    uint32_t standard[] = {1};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &add), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_ITEM, &move), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &remove), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_SET_ITEM, &set), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_UNDO_STEP, &undo), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_TO_MEETING, &give), REFUSAL_BAD_STATE);
    assert_int_equal(world_say(&world, chair, BOARD_SET_CUT_OFF, &cut_off), REFUSAL_BAD_STATE);
    assert_int_equal(confirm(chair, 1, standard), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_open(&world, chair, 0, 1), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void ending_again_asks_the_cases_that_have_not_answered(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(3);
    end(chair, 3, ITEM_OUTCOME_DECIDED, 0);
    meeting_seal(&world, 1, DECISION_STATE_RECORDED);
    meeting_look_away(&world);
    assert_int_equal(end(chair, 0, ITEM_OUTCOME_NONE, 0), REFUSAL_NONE);
    assert_int_equal(meeting_told(&world, PATIENT_CASE_SEAL_FOR_BOARD), 2);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED);
    meeting_seal(&world, 3, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_RUNNING); /* the first answer is not forgotten */
    assert_int_equal(meeting_board(&world)->unsigned_items.items[0], 1);
    world_stop(&world);
}

/* Asked twice, it answers twice; the second may arrive when it decides again. */
static void an_answer_to_a_closing_that_was_called_off_is_not_taken_for_the_next(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(1);
    end(chair, 1, ITEM_OUTCOME_DECIDED, 0);
    meeting_seal_for(&world, 1, 1, DECISION_STATE_RECORDED);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    assert_int_equal(end(chair, 0, ITEM_OUTCOME_NONE, 0), REFUSAL_NONE);
    meeting_seal_for(&world, 1, 1, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_CLOSING);
    meeting_seal_for(&world, 2, 1, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void a_case_that_is_gone_does_not_hold_up_the_end(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(2);
    end(chair, 2, ITEM_OUTCOME_DECIDED, 0);
    meeting_seal(&world, 1, DECISION_STATE_SIGNED);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct item_refused refused = {.command_id = uuid_of(5), .item = 2};
    world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                 item_refused_encode(&arena, &refused));
    arena_finish(&arena);
    assert_int_equal(meeting_board(&world)->items.count, 1);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void an_end_that_was_called_off_is_no_step_to_take_back(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(1);
    end(chair, 1, ITEM_OUTCOME_DECIDED, 0);
    meeting_seal(&world, 1, DECISION_STATE_RECORDED);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    struct undo_step undo = {.item = 0};
    assert_int_equal(world_say(&world, chair, BOARD_UNDO_STEP, &undo), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_closing_is_resumed_after_a_crash(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_at_its_last_item(2);
    end(chair, 2, ITEM_OUTCOME_DECIDED, 0);
    meeting_seal(&world, 1, DECISION_STATE_SIGNED);
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    meeting_come(&world, CHAIR);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void the_standard_list_is_confirmed_in_one_go_and_recorded_in_each_case(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    mark_standard(chair, 1);
    mark_standard(chair, 3);
    meeting_look_away(&world);
    uint32_t items[] = {3, 1};
    assert_int_equal(confirm(chair, 2, items), REFUSAL_NONE);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(meeting_item(&world, items[i])->state, ITEM_STATE_DISCUSSED);
        assert_int_equal(meeting_item(&world, items[i])->outcome, ITEM_OUTCOME_STANDARD);
    }
    assert_int_equal(meeting_told(&world, PATIENT_CASE_CONFIRM_STANDARD_CARE), 2);
    const struct confirm_standard_care *said =
        meeting_said(&world, A_CASE + 2, PATIENT_CASE_CONFIRM_STANDARD_CARE);
    assert_int_equal(said->item, 3);
    assert_true(uuid_equal(said->by, world_person(CHAIR)));
    assert_true(text_equal(said->name, TEXT("Dr Chair")));
    assert_true(text_equal(said->words, TEXT("By the guideline")));
    assert_int_equal(said->factor, SIGNING_FACTOR_PASSKEY);
    meeting_open(&world, chair, 0, 2);
    end(chair, 2, ITEM_OUTCOME_DEFERRED, 1);
    meeting_seal(&world, 2, DECISION_STATE_NONE);
    meeting_seal(&world, 1, DECISION_STATE_SIGNED);
    meeting_seal(&world, 3, DECISION_STATE_SIGNED);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void standard_of_care_is_confirmed_by_who_proves_it_and_read_the_words(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    mark_standard(chair, 1);
    uint32_t items[] = {1};
    world.factor = PROOF_NONE;
    assert_int_equal(confirm(chair, 1, items), REFUSAL_UNPROVED);
    world.factor = PROOF_CODE;
    world.factor_board = uuid_of(A_BOARD + 1);
    assert_int_equal(confirm(chair, 1, items), REFUSAL_UNPROVED);
    world.factor_board = uuid_of(A_BOARD);
    struct confirm_standard command = {.items = {1, items}, .words = TEXT("By another guideline")};
    assert_int_equal(world_say(&world, chair, BOARD_CONFIRM_STANDARD, &command), REFUSAL_CHANGED);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    assert_int_equal(confirm(chair, 1, items), REFUSAL_NONE);
    world_stop(&world);
}

static void only_marked_items_that_wait_are_confirmed_as_standard(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    mark_standard(chair, 1);
    mark_standard(chair, 3);
    uint32_t unmarked[] = {1, 2}, unknown[] = {9}, twice[] = {1, 1}, open[] = {3, 1},
             decided[] = {3};
    assert_int_equal(confirm(chair, 2, unmarked), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 2);
    assert_int_equal(confirm(chair, 1, unknown), REFUSAL_NOT_FOUND);
    assert_int_equal(confirm(chair, 2, twice), REFUSAL_MALFORMED);
    assert_int_equal(confirm(chair, 0, twice), REFUSAL_MALFORMED);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(confirm(chair, 2, open), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 1);
    meeting_report(&world, 3, 0, DECISION_STATE_RECORDED);
    assert_int_equal(confirm(chair, 1, decided), REFUSAL_BAD_STATE);
    uint32_t coordinator = meeting_come(&world, COORDINATOR);
    assert_int_equal(confirm(coordinator, 1, decided), REFUSAL_NOT_PERMITTED);
    assert_int_equal(meeting_item(&world, 3)->outcome, ITEM_OUTCOME_NONE);
    world_stop(&world);
}

static void a_board_that_has_no_words_for_it_confirms_no_standard_of_care(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    world.fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    uint32_t coordinator = meeting_series(&world);
    struct template_field fields[] = {meeting_template().fields.items[0]};
    struct edit_template edit = {.template = meeting_template()};
    edit.template.fields = (struct template_field_list){1, fields};
    edit.template.standard_words = TEXT("");
    assert_true(text_equal(template_standard_words(&edit.template), TEXT("As guidelined")));
    fields[0].kind = FIELD_KIND_TEXT;
    fields[0].choices.count = 0;
    assert_int_equal(world_say(&world, coordinator, SERIES_EDIT_TEMPLATE, &edit), REFUSAL_NONE);
    meeting_plan(&world, coordinator, A_BOARD);
    uint32_t chair = meeting_come(&world, CHAIR);
    struct add_item add = {.patient_case = uuid_of(A_CASE)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &add), REFUSAL_NONE);
    mark_standard(chair, 1);
    uint32_t items[] = {1};
    assert_int_equal(confirm(chair, 1, items), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    assert_int_equal(meeting_told(&world, PATIENT_CASE_CONFIRM_STANDARD_CARE), 0);
    world_stop(&world);
}

/* What still waits */

static enum refusal end_with(uint32_t slot, uint32_t count, uint32_t *rest, uint8_t reason) {
    struct end_meeting command = {.item = meeting_board(&world)->open_item,
                                  .outcome = ITEM_OUTCOME_DECIDED,
                                  .rest = {count, rest},
                                  .rest_reason = reason};
    return world_say(&world, slot, BOARD_END_MEETING, &command);
}

static void what_waits_is_put_off_with_one_reason_and_its_cases_are_told(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 4);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_LATER, 0);
    meeting_look_away(&world);
    uint32_t rest[] = {4, 1, 3};
    assert_int_equal(end_with(chair, 3, rest, 2), REFUSAL_NONE);
    assert_true(world_saw(&world, chair, BOARD_REST_PUT_OFF));
    assert_int_equal(meeting_item(&world, 2)->outcome, ITEM_OUTCOME_DECIDED);
    assert_int_equal(meeting_item(&world, 3)->outcome, ITEM_OUTCOME_NOT_DISCUSSED);
    assert_int_equal(meeting_item(&world, 4)->outcome, ITEM_OUTCOME_NOT_DISCUSSED);
    assert_int_equal(meeting_item(&world, 1)->outcome, ITEM_OUTCOME_DEFERRED); /* had been open */
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(meeting_item(&world, rest[i])->state, ITEM_STATE_DISCUSSED);
        assert_int_equal(meeting_item(&world, rest[i])->reason, 2);
    }
    assert_int_equal(meeting_told(&world, PATIENT_CASE_BOARD_STATUS), 4);
    const struct board_status *said = meeting_said(&world, A_CASE + 2, PATIENT_CASE_BOARD_STATUS);
    assert_int_equal(said->outcome, ITEM_OUTCOME_NOT_DISCUSSED);
    assert_true(text_equal(said->reason, template_reason(&meeting_board(&world)->template, 2)));
    assert_int_equal(meeting_told(&world, PATIENT_CASE_SEAL_FOR_BOARD), 4);
    for (uint32_t item = 1; item <= 4; item++) {
        meeting_seal(&world, item, item == 2 ? DECISION_STATE_SIGNED : DECISION_STATE_NONE);
    }
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

static void a_meeting_does_not_end_over_what_nobody_named(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    uint32_t rest[] = {2, 3};
    struct add_item add = {.patient_case = uuid_of(A_CASE + 8)}; /* while the chair reads */
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &add), REFUSAL_NONE);
    assert_int_equal(end_with(chair, 2, rest, 1), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 4);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    assert_int_equal(meeting_item(&world, 2)->state, ITEM_STATE_WAITING);
    struct remove_item remove = {.item = 4};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &remove), REFUSAL_NONE);
    assert_int_equal(end_with(chair, 2, rest, 1), REFUSAL_NONE);
    world_stop(&world);
}

static void only_what_waits_without_a_decision_is_put_off(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    uint32_t open[] = {2, 3, 1}, unknown[] = {2, 3, 9}, twice[] = {2, 3, 3}, rest[] = {2, 3};
    assert_int_equal(end_with(chair, 3, open, 1), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 1);
    assert_int_equal(end_with(chair, 3, unknown, 1), REFUSAL_NOT_FOUND);
    assert_int_equal(end_with(chair, 3, twice, 1), REFUSAL_MALFORMED);
    assert_int_equal(end_with(chair, 2, rest, 0), REFUSAL_UNDECIDED); /* without a reason */
    assert_int_equal(end_with(chair, 2, rest, 9), REFUSAL_UNDECIDED);
    meeting_report(&world, 3, 0, DECISION_STATE_RECORDED); /* it was discussed somewhere */
    assert_int_equal(end_with(chair, 2, rest, 1), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 3);
    assert_int_equal(end_with(chair, 1, rest, 1), REFUSAL_UNDECIDED); /* nor is it passed over */
    assert_int_equal(meeting_named(&world, chair), 3);
    world_stop(&world);
}

static void an_item_that_is_on_its_way_is_not_put_off(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    world.fake.held_kinds |= 1u << CHANNEL_KIND_BOARD; /* the other meeting does not answer yet */
    struct move_to_meeting give = {.item = 3, .board = uuid_of(NEXT_BOARD)};
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_TO_MEETING, &give), REFUSAL_NONE);
    uint32_t rest[] = {2, 3};
    assert_int_equal(end_with(chair, 2, rest, 1), REFUSAL_BAD_STATE);
    assert_int_equal(end_with(chair, 1, rest, 1), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 3);
    world_stop(&world);
}

static void what_was_put_off_stays_so_when_the_end_is_called_off_and_may_be_opened(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    meeting_open(&world, chair, 0, 1);
    uint32_t rest[] = {2, 3};
    assert_int_equal(end_with(chair, 2, rest, 1), REFUSAL_NONE);
    meeting_seal(&world, 1, DECISION_STATE_RECORDED);
    meeting_seal(&world, 2, DECISION_STATE_NONE);
    meeting_seal(&world, 3, DECISION_STATE_NONE);
    assert_int_equal(state(), MEETING_STATE_RUNNING);
    assert_int_equal(meeting_item(&world, 3)->outcome, ITEM_OUTCOME_NOT_DISCUSSED);
    assert_int_equal(meeting_open(&world, chair, 0, 2), REFUSAL_NONE);
    meeting_report(&world, 2, 0, DECISION_STATE_SIGNED);
    meeting_report(&world, 1, 0, DECISION_STATE_SIGNED);
    assert_int_equal(end(chair, 2, ITEM_OUTCOME_NONE, 0), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 2)->outcome, ITEM_OUTCOME_DECIDED);
    meeting_seal(&world, 1, DECISION_STATE_SIGNED);
    meeting_seal(&world, 2, DECISION_STATE_SIGNED);
    meeting_seal(&world, 3, DECISION_STATE_NONE);
    assert_int_equal(state(), MEETING_STATE_ENDED);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_meeting_does_not_end_while_an_item_waits_without_an_outcome),
        cmocka_unit_test(a_case_that_was_put_off_is_asked_too_as_it_may_have_decided_since),
        cmocka_unit_test(a_meeting_ends_by_itself_when_the_last_case_has_answered),
        cmocka_unit_test(a_meeting_with_an_unsigned_decision_goes_on_and_says_which),
        cmocka_unit_test(a_deferred_item_with_an_unsigned_decision_keeps_the_meeting_open_too),
        cmocka_unit_test(nothing_changes_the_agenda_while_the_cases_are_asked),
        cmocka_unit_test(ending_again_asks_the_cases_that_have_not_answered),
        cmocka_unit_test(an_answer_to_a_closing_that_was_called_off_is_not_taken_for_the_next),
        cmocka_unit_test(a_case_that_is_gone_does_not_hold_up_the_end),
        cmocka_unit_test(an_end_that_was_called_off_is_no_step_to_take_back),
        cmocka_unit_test(a_closing_is_resumed_after_a_crash),
        cmocka_unit_test(the_standard_list_is_confirmed_in_one_go_and_recorded_in_each_case),
        cmocka_unit_test(standard_of_care_is_confirmed_by_who_proves_it_and_read_the_words),
        cmocka_unit_test(only_marked_items_that_wait_are_confirmed_as_standard),
        cmocka_unit_test(a_board_that_has_no_words_for_it_confirms_no_standard_of_care),
        cmocka_unit_test(what_waits_is_put_off_with_one_reason_and_its_cases_are_told),
        cmocka_unit_test(a_meeting_does_not_end_over_what_nobody_named),
        cmocka_unit_test(only_what_waits_without_a_decision_is_put_off),
        cmocka_unit_test(an_item_that_is_on_its_way_is_not_put_off),
        cmocka_unit_test(what_was_put_off_stays_so_when_the_end_is_called_off_and_may_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
