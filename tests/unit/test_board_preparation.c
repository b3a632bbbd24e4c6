/* links: actors actor_test_support */
/* What goes before a meeting: the cut-off, what is expected of whom, what cases are told of the
 * people who will see them, and who sits there without a device. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

#define HOUR (3600 * INT64_C(1000000))
enum { A_WEEK = 7 * 24, CUT_OFF = A_WEEK - 48 };

static enum refusal cut_off(uint32_t slot, int64_t at) {
    struct set_cut_off command = {.at = at};
    return world_say(&world, slot, BOARD_SET_CUT_OFF, &command);
}

static enum refusal set_item(uint32_t slot, uint32_t item, uint32_t seconds, uint32_t presenter) {
    struct set_item command = {
        .item = item, .planned_seconds = seconds, .presenter = world_person(presenter)};
    return world_say(&world, slot, BOARD_SET_ITEM, &command);
}

static enum refusal tick_in(uint32_t slot, uint32_t person, struct text name) {
    struct tick_in command = {.person = {.person = uuid_of(person),
                                         .name = name,
                                         .discipline = TEXT("Oncology"),
                                         .no_vote = true}};
    return world_say(&world, slot, BOARD_TICK_IN, &command);
}

static void assert_expected(uint32_t person, uint16_t prepare, uint16_t owes) {
    const struct worklist_entry *entry = meeting_entry(&world, person, A_BOARD);
    assert_int_equal(entry->prepare, prepare);
    assert_int_equal(entry->owes, owes);
}

static void the_agenda_is_published_at_the_cut_off(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_report(&world, 1, 1u << CARD_TOPIC_PATHOLOGY, DECISION_STATE_NONE);
    fake_host_pass(&world.fake, CUT_OFF * HOUR - HOUR);
    assert_false(meeting_board(&world)->published);
    assert_expected(MEMBER, 0, 0);
    fake_host_pass(&world.fake, HOUR);
    assert_true(meeting_board(&world)->published);
    assert_true(world_saw(&world, chair, BOARD_CUT_OFF_PASSED));
    assert_expected(MEMBER, 2, 0);
    assert_expected(SECOND_MEMBER, 0, 1);
    assert_expected(OBSERVER, 0, 0); /* of that discipline, but takes no part */
    world_stop(&world);
}

static void a_cut_off_that_was_moved_passes_at_its_new_time_only(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    assert_int_equal(cut_off(chair, world.fake.now + A_WEEK * HOUR), REFUSAL_NONE);
    fake_host_pass(&world.fake, CUT_OFF * HOUR + HOUR);
    assert_false(meeting_board(&world)->published);
    fake_host_pass(&world.fake, 48 * HOUR);
    assert_true(meeting_board(&world)->published);
    assert_int_equal(cut_off(chair, world.fake.now + HOUR), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_cut_off_that_was_moved_to_and_fro_passes_once(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    int64_t at = meeting_board(&world)->cut_off_at;
    cut_off(chair, at + HOUR);
    cut_off(chair, at);
    fake_host_pass(&world.fake, A_WEEK * HOUR);
    uint32_t passed = 0;
    for (uint32_t i = 0; i < world.sessions[chair].seen_count; i++) {
        passed += world.sessions[chair].seen[i] == BOARD_CUT_OFF_PASSED;
    }
    assert_int_equal(passed, 1);
    world_stop(&world);
}

static void a_meeting_without_a_cut_off_is_never_published(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    assert_int_equal(cut_off(chair, 0), REFUSAL_NONE);
    fake_host_pass(&world.fake, A_WEEK * HOUR);
    assert_false(meeting_board(&world)->published);
    world_stop(&world);
}

static void a_check_that_nobody_here_owes_comes_to_the_coordinators(void **unused) {
    (void)unused;
    meeting_begin(&world, 3);
    meeting_report(&world, 1, 1u << CARD_TOPIC_QUESTION, DECISION_STATE_NONE);
    meeting_report(&world, 2, 1u << CARD_TOPIC_GUIDELINE | 1u << CARD_TOPIC_PATHOLOGY,
                   DECISION_STATE_NONE);
    fake_host_pass(&world.fake, CUT_OFF * HOUR);
    assert_expected(COORDINATOR, 0, 2);
    assert_expected(SECOND_MEMBER, 0, 1);
    assert_expected(CHAIR, 0, 0);
    world_stop(&world);
}

static void what_is_expected_follows_every_change_after_publication(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    fake_host_pass(&world.fake, CUT_OFF * HOUR);
    assert_expected(MEMBER, 2, 0);
    struct add_item add = {.patient_case = uuid_of(A_CASE + 2),
                           .presenter = world_person(SECOND_MEMBER)};
    world_say(&world, chair, BOARD_ADD_ITEM, &add);
    assert_expected(SECOND_MEMBER, 1, 0);
    set_item(chair, 1, 60, SECOND_MEMBER);
    assert_expected(SECOND_MEMBER, 2, 0);
    assert_expected(MEMBER, 1, 0);
    meeting_report(&world, 1, 1u << CARD_TOPIC_PATHOLOGY, DECISION_STATE_NONE);
    assert_expected(SECOND_MEMBER, 2, 1);
    meeting_report(&world, 1, 0, DECISION_STATE_NONE);
    assert_expected(SECOND_MEMBER, 2, 0);
    struct add_member oncologist = {.member = {.user = world_person(STRANGER),
                                               .role = ROLE_MEMBER,
                                               .name = TEXT("Oncologist"),
                                               .discipline = TEXT("Oncology")}};
    meeting_report(&world, 2, 1u << CARD_TOPIC_GUIDELINE, DECISION_STATE_NONE);
    assert_expected(COORDINATOR, 0, 1);
    world_say(&world, chair, BOARD_ADD_MEMBER, &oncologist);
    assert_expected(COORDINATOR, 0, 0);
    assert_expected(STRANGER, 0, 1);
    meeting_open(&world, chair, 0, 1);
    meeting_leave(&world, chair, 1, 0, ITEM_OUTCOME_DECIDED, 0);
    assert_expected(SECOND_MEMBER, 1, 0);
    world_stop(&world);
}

static void only_whoever_is_concerned_is_told_of_a_change(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    fake_host_pass(&world.fake, CUT_OFF * HOUR);
    meeting_look_away(&world);
    world.fake.held_kinds |= 1u << CHANNEL_KIND_USER;
    meeting_report(&world, 2, 1u << CARD_TOPIC_PATHOLOGY, DECISION_STATE_NONE);
    assert_int_equal(world.fake.pending_count, 1);
    assert_true(uuid_equal(world.fake.pending[0].target, world_person(SECOND_MEMBER)));
    set_item(chair, 1, 90, SECOND_MEMBER); /* instead of MEMBER */
    assert_int_equal(world.fake.pending_count, 3);
    world_stop(&world);
}

static void a_report_of_another_case_or_of_an_ended_meeting_is_not_noted(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct report_readiness other = {.command_id = uuid_of(3),
                                     .patient_case = uuid_of(99),
                                     .item = 1,
                                     .decision = DECISION_STATE_SIGNED};
    world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                 report_readiness_encode(&arena, &other));
    arena_finish(&arena);
    assert_int_equal(meeting_item(&world, 1)->decision, DECISION_STATE_NONE);
    meeting_open(&world, chair, 0, 1);
    struct end_meeting end = {.item = 1, .outcome = ITEM_OUTCOME_DEFERRED, .reason = 1};
    world_say(&world, chair, BOARD_END_MEETING, &end);
    meeting_seal(&world, 1, DECISION_STATE_NONE);
    meeting_report(&world, 1, 0, DECISION_STATE_RECORDED);
    assert_int_equal(meeting_item(&world, 1)->decision, DECISION_STATE_NONE);
    world_stop(&world);
}

static void an_items_plan_is_changed_within_the_same_bounds(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    assert_int_equal(set_item(chair, 1, 300, SECOND_MEMBER), REFUSAL_NONE);
    assert_int_equal(meeting_item(&world, 1)->planned_seconds, 300);
    assert_true(uuid_equal(meeting_item(&world, 1)->presenter, world_person(SECOND_MEMBER)));
    assert_int_equal(set_item(chair, 7, 300, MEMBER), REFUSAL_NOT_FOUND);
    assert_int_equal(set_item(chair, 1, 1000000, MEMBER), REFUSAL_MALFORMED);
    assert_int_equal(set_item(chair, 1, 300, OBSERVER), REFUSAL_NOT_FOUND);
    world_stop(&world);
}

static const struct case_member *listed(const struct list_on_board *said, uint32_t person) {
    return case_member_in(&said->members, world_person(person));
}

static void a_case_is_told_what_the_board_asks_and_who_votes_and_signs(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 0);
    struct add_item add = {.patient_case = uuid_of(A_CASE)};
    world_say(&world, chair, BOARD_ADD_ITEM, &add);
    const struct list_on_board *said = meeting_said(&world, A_CASE, PATIENT_CASE_LIST_ON_BOARD);
    struct template template = meeting_template();
    assert_true(said->has_template && template_equal(&said->template, &template));
    assert_true(listed(said, CHAIR)->votes && listed(said, CHAIR)->signs);
    assert_int_equal(listed(said, CHAIR)->role, ROLE_COORDINATOR);
    assert_true(listed(said, MEMBER)->votes && !listed(said, MEMBER)->signs);
    assert_true(text_equal(listed(said, MEMBER)->discipline, TEXT("Radiology")));
    assert_false(listed(said, COORDINATOR)->votes);   /* without a discipline */
    assert_false(listed(said, SECOND_MEMBER)->votes); /* takes part without one */
    assert_false(listed(said, OBSERVER)->votes);
    world_stop(&world);
}

static void people_without_a_device_are_ticked_in_and_kept(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 0);
    assert_int_equal(tick_in(chair, 70, TEXT("Dr Room")), REFUSAL_NONE);
    assert_int_equal(tick_in(chair, 71, TEXT("Dr Late")), REFUSAL_NONE);
    assert_int_equal(tick_in(chair, 70, TEXT("Dr Roomer")), REFUSAL_NONE);
    struct tick_out out = {.person = uuid_of(71)};
    assert_int_equal(world_say(&world, chair, BOARD_TICK_OUT, &out), REFUSAL_NONE);
    assert_int_equal(world_say(&world, chair, BOARD_TICK_OUT, &out), REFUSAL_NOT_FOUND);
    struct tick_in nobody = {.person = {.name = TEXT("Nobody")}};
    assert_int_equal(world_say(&world, chair, BOARD_TICK_IN, &nobody), REFUSAL_MALFORMED);
    assert_int_equal(tick_in(chair, 72, TEXT("")), REFUSAL_MALFORMED);
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    meeting_come(&world, CHAIR);
    assert_int_equal(meeting_board(&world)->in_the_room.count, 1);
    const struct in_the_room *person = board_person_there(meeting_board(&world), uuid_of(70));
    assert_true(text_equal(person->name, TEXT("Dr Roomer")));
    assert_true(text_equal(person->discipline, TEXT("Oncology")));
    assert_true(person->no_vote);
    world_stop(&world);
}

static void no_more_people_are_ticked_in_than_fit(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 0);
    for (uint32_t i = 0; i < BOARD_IN_THE_ROOM_MAX; i++) {
        assert_int_equal(tick_in(chair, 1000 + i, TEXT("Somebody")), REFUSAL_NONE);
    }
    assert_int_equal(tick_in(chair, 999, TEXT("One more")), REFUSAL_TOO_MANY);
    assert_int_equal(tick_in(chair, 1000, TEXT("Renamed")), REFUSAL_NONE);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_agenda_is_published_at_the_cut_off),
        cmocka_unit_test(a_cut_off_that_was_moved_passes_at_its_new_time_only),
        cmocka_unit_test(a_cut_off_that_was_moved_to_and_fro_passes_once),
        cmocka_unit_test(a_meeting_without_a_cut_off_is_never_published),
        cmocka_unit_test(a_check_that_nobody_here_owes_comes_to_the_coordinators),
        cmocka_unit_test(what_is_expected_follows_every_change_after_publication),
        cmocka_unit_test(only_whoever_is_concerned_is_told_of_a_change),
        cmocka_unit_test(a_report_of_another_case_or_of_an_ended_meeting_is_not_noted),
        cmocka_unit_test(an_items_plan_is_changed_within_the_same_bounds),
        cmocka_unit_test(a_case_is_told_what_the_board_asks_and_who_votes_and_signs),
        cmocka_unit_test(people_without_a_device_are_ticked_in_and_kept),
        cmocka_unit_test(no_more_people_are_ticked_in_than_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
