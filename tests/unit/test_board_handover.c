/* links: actors actor_test_support */
/* An item that goes from one meeting to another: never on none, and what was deferred says so. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

/* Two meetings of one series; `count` items on the first. */
static uint32_t two_meetings(uint32_t count) {
    uint32_t chair = meeting_begin(&world, count);
    uint32_t coordinator =
        world_attach(&world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES), world_person(COORDINATOR), 0);
    meeting_plan(&world, coordinator, NEXT_BOARD);
    meeting_look_away(&world);
    return chair;
}

static struct board *next_board(void) {
    return world_board(&world, uuid_of(NEXT_BOARD));
}

static enum refusal give(uint32_t slot, uint32_t item, uint32_t board) {
    struct move_to_meeting command = {.item = item, .board = uuid_of(board)};
    return world_say(&world, slot, BOARD_MOVE_TO_MEETING, &command);
}

static void answer(uint32_t item, bool taken) {
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct item_taken message = {.command_id = uuid_of(world.next_id++),
                                 .board = uuid_of(NEXT_BOARD),
                                 .item = item,
                                 .taken = taken};
    world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), item_taken_encode(&arena, &message));
    arena_finish(&arena);
}

static void an_item_given_to_another_meeting_arrives_with_its_presenter(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->items.count, 1);
    assert_int_equal(next_board()->items.count, 1);
    const struct agenda_item *arrived = &next_board()->items.items[0];
    assert_true(uuid_equal(arrived->patient_case, uuid_of(A_CASE)));
    assert_true(uuid_equal(arrived->presenter, world_person(MEMBER)));
    assert_int_equal(arrived->planned_seconds, 180);
    const struct list_on_board *listed = meeting_said(&world, A_CASE, PATIENT_CASE_LIST_ON_BOARD);
    assert_true(uuid_equal(listed->by, world_person(CHAIR)));
    assert_true(uuid_equal(listed->board, uuid_of(NEXT_BOARD)));
    const struct unlist_from_board *left =
        meeting_said(&world, A_CASE, PATIENT_CASE_UNLIST_FROM_BOARD);
    assert_true(uuid_equal(left->board, uuid_of(A_BOARD)));
    world_stop(&world);
}

static void a_presenter_who_does_not_belong_there_is_left_out(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(1);
    uint32_t there =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(NEXT_BOARD), world_person(CHAIR), 0);
    struct remove_member remove = {.user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, there, BOARD_REMOVE_MEMBER, &remove), REFUSAL_NONE);
    give(chair, 1, NEXT_BOARD);
    assert_true(uuid_is_zero(next_board()->items.items[0].presenter));
    world_stop(&world);
}

static void an_item_is_declined_by_a_meeting_that_its_giver_does_not_lead(void **unused) {
    (void)unused;
    two_meetings(1);
    uint32_t there =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(NEXT_BOARD), world_person(CHAIR), 0);
    struct add_member demoted = {.member = {.user = world_person(COORDINATOR),
                                            .role = ROLE_MEMBER,
                                            .name = TEXT("Coordinator")}};
    assert_int_equal(world_say(&world, there, BOARD_ADD_MEMBER, &demoted), REFUSAL_NONE);
    uint32_t coordinator = meeting_come(&world, COORDINATOR);
    assert_int_equal(give(coordinator, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(next_board()->items.count, 0);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    assert_true(world_saw(&world, coordinator, BOARD_ITEM_STAYED));
    world_stop(&world);
}

static void an_item_is_declined_where_it_cannot_be_taken(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    assert_int_equal(give(chair, 1, 99), REFUSAL_NONE); /* no such meeting */
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    uint32_t there =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(NEXT_BOARD), world_person(CHAIR), 0);
    struct start_meeting start = {0};
    struct end_meeting end = {0};
    world_say(&world, there, BOARD_START_MEETING, &start);
    world_say(&world, there, BOARD_END_MEETING, &end);
    assert_int_equal(next_board()->state, MEETING_STATE_ENDED);
    assert_int_equal(give(chair, 2, NEXT_BOARD), REFUSAL_NONE); /* is over */
    assert_int_equal(meeting_item(&world, 2)->state, ITEM_STATE_WAITING);
    world_stop(&world);
}

/* Asked twice, the taker has it at the second question: a refusal could overtake the first answer.
 */
static void an_item_that_waits_there_already_just_leaves_here(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    uint32_t there =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(NEXT_BOARD), world_person(CHAIR), 0);
    struct add_item add = {.patient_case = uuid_of(A_CASE)};
    world_say(&world, there, BOARD_ADD_ITEM, &add);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_null(meeting_item(&world, 1));
    assert_int_equal(next_board()->items.count, 1);
    world_stop(&world);
}

static void only_an_item_that_waits_or_was_deferred_is_given_away(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(3);
    assert_int_equal(give(chair, 9, NEXT_BOARD), REFUSAL_NOT_FOUND);
    assert_int_equal(give(chair, 1, A_BOARD), REFUSAL_MALFORMED);
    struct move_to_meeting nowhere = {.item = 1};
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_TO_MEETING, &nowhere), REFUSAL_MALFORMED);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_BAD_STATE);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DECIDED, 0);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_deferred_item_that_is_given_away_stays_in_the_minutes(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DEFERRED, 1);
    meeting_look_away(&world);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(next_board()->items.count, 1);
    const struct agenda_item *item = meeting_item(&world, 1);
    assert_int_equal(item->state, ITEM_STATE_DISCUSSED);
    assert_int_equal(item->outcome, ITEM_OUTCOME_DEFERRED);
    assert_true(uuid_equal(item->to_board, uuid_of(NEXT_BOARD)));
    assert_int_equal(meeting_told(&world, PATIENT_CASE_UNLIST_FROM_BOARD), 0);
    world_stop(&world);
}

static void what_another_meeting_has_taken_is_not_opened_here_again(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(next_board()->items.count, 1);
    struct undo_step undo = {.item = 2};
    assert_int_equal(world_say(&world, chair, BOARD_UNDO_STEP, &undo), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_leave(&world, chair, 2, 1, ITEM_OUTCOME_DEFERRED, 1),
                     REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 1);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_CONFLICT);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_DISCUSSED);
    world_stop(&world);
}

static void what_another_meeting_has_declined_is_opened_again(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DEFERRED, 1);
    assert_int_equal(give(chair, 1, 99), REFUSAL_NONE); /* no such meeting */
    assert_int_equal(give(chair, 1, 98), REFUSAL_NONE);
    assert_int_equal(meeting_leave(&world, chair, 2, 1, ITEM_OUTCOME_DEFERRED, 1), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->open_item, 1);
    world_stop(&world);
}

/* The other meeting is out of reach: what it is asked waits in the record. */
static uint32_t an_item_on_its_way(void) {
    uint32_t chair = two_meetings(2);
    world.fake.held_kinds |= 1u << CHANNEL_KIND_BOARD;
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_MOVING);
    return chair;
}

static void an_item_on_its_way_is_neither_opened_nor_given_to_a_third(void **unused) {
    (void)unused;
    uint32_t chair = an_item_on_its_way();
    assert_int_equal(meeting_open(&world, chair, 0, 1), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 1);
    assert_int_equal(give(chair, 1, 99), REFUSAL_CONFLICT);
    meeting_open(&world, chair, 0, 2);
    struct end_meeting end = {.item = 2, .outcome = ITEM_OUTCOME_DEFERRED, .reason = 1};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_UNDECIDED);
    assert_int_equal(meeting_named(&world, chair), 1);
    world_stop(&world);
}

static void an_item_whose_answer_was_lost_is_asked_for_again(void **unused) {
    (void)unused;
    uint32_t chair = an_item_on_its_way();
    fake_host_forget_held(&world.fake);
    world.fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    assert_int_equal(next_board()->items.count, 1);
    assert_int_equal(meeting_board(&world)->items.count, 1);
    world_stop(&world);
}

static void an_item_that_was_taken_goes_though_a_refusal_came_first(void **unused) {
    (void)unused;
    an_item_on_its_way();
    answer(1, false);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_WAITING);
    answer(1, true);
    assert_null(meeting_item(&world, 1));
    answer(1, true);
    assert_int_equal(meeting_board(&world)->items.count, 1);
    world_stop(&world);
}

static void
a_deferred_item_that_was_taken_is_known_to_be_though_a_refusal_came_first(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 2, ITEM_OUTCOME_DEFERRED, 1);
    world.fake.held_kinds |= 1u << CHANNEL_KIND_BOARD;
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    answer(1, false);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_DISCUSSED);
    answer(1, true);
    assert_int_equal(meeting_item(&world, 1)->state, ITEM_STATE_DISCUSSED);
    assert_int_equal(meeting_leave(&world, chair, 2, 1, ITEM_OUTCOME_DEFERRED, 1),
                     REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_decided_item_is_not_given_away(void **unused) {
    (void)unused;
    uint32_t chair = two_meetings(2);
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_BAD_STATE);
    assert_int_equal(meeting_named(&world, chair), 1);
    world_stop(&world);
}

static void an_item_that_is_decided_on_its_way_stays_here_too(void **unused) {
    (void)unused;
    uint32_t chair = an_item_on_its_way();
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    answer(1, true);
    const struct agenda_item *item = meeting_item(&world, 1);
    assert_int_equal(item->state, ITEM_STATE_DISCUSSED);
    assert_int_equal(item->outcome, ITEM_OUTCOME_DECIDED);
    assert_true(uuid_equal(item->to_board, uuid_of(NEXT_BOARD)));
    assert_int_equal(meeting_open(&world, chair, 0, 1), REFUSAL_BAD_STATE); /* but there */
    world_stop(&world);
}

static void an_answer_of_a_meeting_that_was_not_asked_does_nothing(void **unused) {
    (void)unused;
    two_meetings(2);
    answer(2, true);
    assert_int_equal(meeting_board(&world)->items.count, 2);
    world_stop(&world);
}

static void a_case_is_listed_on_the_new_board_before_it_leaves_the_old_one(void **unused) {
    (void)unused;
    world_start(&world);
    uint32_t chair = world_meeting(&world, 1);
    world_make_board(&world, NEXT_BOARD);
    assert_int_equal(give(chair, 1, NEXT_BOARD), REFUSAL_NONE);
    const struct patient_case *the_case = world_case(&world, uuid_of(A_CASE));
    assert_int_equal(the_case->boards.count, 1);
    assert_true(uuid_equal(the_case->boards.items[0].board, uuid_of(NEXT_BOARD)));
    assert_int_equal(the_case->status, CASE_STATUS_SCHEDULED);
    assert_int_equal(world.fake.pending_count, 0);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_given_to_another_meeting_arrives_with_its_presenter),
        cmocka_unit_test(a_presenter_who_does_not_belong_there_is_left_out),
        cmocka_unit_test(an_item_is_declined_by_a_meeting_that_its_giver_does_not_lead),
        cmocka_unit_test(an_item_is_declined_where_it_cannot_be_taken),
        cmocka_unit_test(an_item_that_waits_there_already_just_leaves_here),
        cmocka_unit_test(only_an_item_that_waits_or_was_deferred_is_given_away),
        cmocka_unit_test(a_deferred_item_that_is_given_away_stays_in_the_minutes),
        cmocka_unit_test(what_another_meeting_has_taken_is_not_opened_here_again),
        cmocka_unit_test(what_another_meeting_has_declined_is_opened_again),
        cmocka_unit_test(an_item_on_its_way_is_neither_opened_nor_given_to_a_third),
        cmocka_unit_test(an_item_whose_answer_was_lost_is_asked_for_again),
        cmocka_unit_test(an_item_that_was_taken_goes_though_a_refusal_came_first),
        cmocka_unit_test(a_deferred_item_that_was_taken_is_known_to_be_though_a_refusal_came_first),
        cmocka_unit_test(a_decided_item_is_not_given_away),
        cmocka_unit_test(an_item_that_is_decided_on_its_way_stays_here_too),
        cmocka_unit_test(an_answer_of_a_meeting_that_was_not_asked_does_nothing),
        cmocka_unit_test(a_case_is_listed_on_the_new_board_before_it_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
