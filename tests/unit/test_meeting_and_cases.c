/* links: actors actor_test_support */
/* A meeting with a template together with its cases: what each tells the other, to the end. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

/* `count` cases that are there and bring nothing yet. */
static uint32_t a_meeting(uint32_t count) {
    uint32_t chair = meeting_begin(&world, 0);
    world.fake.held_kinds = 0;
    for (uint32_t i = 0; i < count; i++) {
        world_make_case(&world, A_CASE + i);
        struct add_item add = {.patient_case = uuid_of(A_CASE + i)};
        assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &add), REFUSAL_NONE);
    }
    return chair;
}

static uint32_t come(uint32_t patient_case, uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(patient_case),
                        world_person(person), 0);
}

static enum refusal open_unready(uint32_t chair, uint32_t item, uint32_t next) {
    struct open_item command = {.item = item, .next = next, .unready = TEXT("No time")};
    return world_say(&world, chair, BOARD_OPEN_ITEM, &command);
}

static enum refusal record(uint32_t item) {
    struct field_value recommended = {TEXT("recommendation"), TEXT("As guidelined")};
    struct record_decision command = {.decision = uuid_of(500 + item),
                                      .board = uuid_of(A_BOARD),
                                      .item = item,
                                      .fields = {1, &recommended},
                                      .side = SIDE_LEFT};
    return world_say(&world, come(A_CASE + item - 1, COORDINATOR), PATIENT_CASE_RECORD_DECISION,
                     &command);
}

static enum refusal sign(uint32_t item) {
    struct bytes shown = world_content(&world, uuid_of(A_CASE + item - 1), uuid_of(500 + item));
    struct sign_decision command = {.decision = uuid_of(500 + item),
                                    .revision = 1,
                                    .patient_id = TEXT("4711"),
                                    .side = SIDE_LEFT,
                                    .meaning = SIGNING_MEANING_APPROVED,
                                    .content = shown};
    return world_say(&world, come(A_CASE + item - 1, CHAIR), PATIENT_CASE_SIGN_DECISION, &command);
}

static enum case_status status_of(uint32_t item) {
    return world_case(&world, uuid_of(A_CASE + item - 1))->status;
}

static void a_case_tells_what_it_lacks_and_when_it_has_it(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting(1);
    assert_int_equal(meeting_item(&world, 1)->missing.count, 3);
    assert_int_equal(meeting_open(&world, chair, 0, 1), REFUSAL_NOT_READY);
    struct set_card set = {.topic = CARD_TOPIC_PATHOLOGY, .text = TEXT("Adenocarcinoma")};
    uint32_t coordinator = come(A_CASE, COORDINATOR);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SET_CARD, &set), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->missing.count, 2);
    world_stop(&world);
}

static void a_meeting_is_held_from_the_first_case_to_the_last_signature(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting(3);
    assert_int_equal(open_unready(chair, 0, 1), REFUSAL_NONE);
    assert_int_equal(status_of(1), CASE_STATUS_IN_DISCUSSION);
    assert_int_equal(open_unready(chair, 1, 2), REFUSAL_UNDECIDED);
    assert_int_equal(record(1), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->decision, DECISION_STATE_RECORDED);
    assert_int_equal(open_unready(chair, 1, 2), REFUSAL_NONE);
    struct undo_step undo = {.item = 2};
    assert_int_equal(world_say(&world, chair, BOARD_UNDO_STEP, &undo), REFUSAL_NONE);
    assert_int_equal(status_of(1), CASE_STATUS_IN_DISCUSSION);
    assert_int_equal(status_of(2), CASE_STATUS_SCHEDULED);
    assert_int_equal(open_unready(chair, 1, 2), REFUSAL_NONE);
    assert_int_equal(meeting_leave(&world, chair, 2, 0, ITEM_OUTCOME_DEFERRED, 1), REFUSAL_NONE);
    struct set_item set = {.item = 3, .standard = true};
    world_say(&world, chair, BOARD_SET_ITEM, &set);
    uint32_t items[] = {3};
    struct confirm_standard confirm = {.items = {1, items}, .words = TEXT("By the guideline")};
    assert_int_equal(world_say(&world, chair, BOARD_CONFIRM_STANDARD, &confirm), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 3)->decision, DECISION_STATE_SIGNED);
    struct end_meeting end = {.item = 0};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->state, MEETING_STATE_RUNNING);
    assert_int_equal(meeting_board(&world)->unsigned_items.count, 1);
    assert_int_equal(sign(1), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->unsigned_items.count, 0);
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->state, MEETING_STATE_ENDED);
    assert_int_equal(record(1), REFUSAL_BAD_STATE);
    assert_int_equal(world.fake.pending_count, 1); /* the cut-off, which comes to nothing */
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_tells_what_it_lacks_and_when_it_has_it),
        cmocka_unit_test(a_meeting_is_held_from_the_first_case_to_the_last_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
