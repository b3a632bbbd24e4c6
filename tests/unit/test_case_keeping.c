/* links: actors actor_test_support */
/* Holds and erasure: what wins, who may, and what is left of a case and of its slots in boards. */
#include "tests/unit/support_meeting.h"

#include "protocol/generated/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct world world;

static void a_case(void) {
    world_start(&world);
    world_meeting(&world, 1);
}

static uint32_t officer(void) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                        world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
}

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static enum refusal hold(uint32_t slot) {
    struct place_hold command = {.reason = TEXT("a lawsuit")};
    return world_say(&world, slot, PATIENT_CASE_PLACE_HOLD, &command);
}

static enum refusal lift(uint32_t slot) {
    struct lift_hold command = {.reason = TEXT("it is over")};
    return world_say(&world, slot, PATIENT_CASE_LIFT_HOLD, &command);
}

static enum refusal erase(uint32_t slot) {
    world.factor_board = (struct uuid){{0}}; /* proved outside of any meeting */
    struct order_erasure command = {.reason = TEXT("as the patient asked")};
    return world_say(&world, slot, PATIENT_CASE_ORDER_ERASURE, &command);
}

static struct grant granted(uint32_t person) {
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE));
    return activation_grant(activation, world_person(person));
}

static void a_hold_wins_over_an_erasure_until_it_is_lifted(void **unused) {
    (void)unused;
    a_case();
    uint32_t slot = officer();
    assert_int_equal(hold(slot), REFUSAL_NONE);
    assert_int_equal(hold(slot), REFUSAL_CONFLICT);
    assert_int_equal(erase(slot), REFUSAL_ON_HOLD);
    assert_false(world_case(&world, uuid_of(A_CASE))->erased);
    assert_int_equal(lift(slot), REFUSAL_NONE);
    assert_int_equal(lift(slot), REFUSAL_BAD_STATE);
    assert_int_equal(erase(slot), REFUSAL_NONE);
    assert_true(world_case(&world, uuid_of(A_CASE))->erased);
    world_stop(&world);
}

static void a_case_is_erased_by_who_has_just_proved_who_they_are(void **unused) {
    (void)unused;
    a_case();
    uint32_t slot = officer();
    struct order_erasure command = {.reason = TEXT("as the patient asked")};
    assert_int_equal(world_say(&world, slot, PATIENT_CASE_ORDER_ERASURE, &command),
                     REFUSAL_UNPROVED); /* it was for a meeting */
    world.factor = PROOF_NONE;
    assert_int_equal(erase(slot), REFUSAL_UNPROVED);
    assert_false(world_case(&world, uuid_of(A_CASE))->erased);
    world.factor = PROOF_PASSWORD;
    assert_int_equal(erase(slot), REFUSAL_NONE);
    world_stop(&world);
}

static void who_treats_the_patient_neither_holds_nor_erases(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(hold(come(COORDINATOR)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(erase(come(COORDINATOR)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(erase(come(MEMBER)), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void nothing_is_left_of_an_erased_case_but_that_it_was_erased(void **unused) {
    (void)unused;
    a_case();
    uint32_t slot = officer();
    uint32_t member = come(MEMBER);
    assert_true(granted(MEMBER).audiences != 0);
    assert_int_equal(erase(slot), REFUSAL_NONE);
    const struct patient_case *the_case = world_case(&world, uuid_of(A_CASE));
    assert_int_equal(the_case->subject.name.length, 0);
    assert_int_equal(the_case->title.length, 0);
    assert_int_equal(the_case->members.count + the_case->messages.count, 0);
    assert_int_equal(granted(MEMBER).audiences, 0);
    assert_int_equal(granted(COORDINATOR).audiences, 0);
    assert_int_equal(granted(ADMINISTRATOR).audiences, 0);
    struct post_message words = {.text = TEXT("late")};
    assert_int_not_equal(world_say(&world, member, PATIENT_CASE_POST_MESSAGE, &words),
                         REFUSAL_NONE);
    assert_false(world_saw(&world, member, PATIENT_CASE_ERASURE_ORDERED));
    world_stop(&world); /* which replays it, and restores what was saved of it */
}

static void worklists_forget_it(void **unused) {
    (void)unused;
    a_case();
    assert_non_null(meeting_entry(&world, COORDINATOR, A_CASE));
    assert_int_equal(erase(officer()), REFUSAL_NONE);
    assert_null(meeting_entry(&world, COORDINATOR, A_CASE));
    world_stop(&world);
}

static void a_board_keeps_its_slot_and_says_that_it_is_gone(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(erase(officer()), REFUSAL_NONE);
    const struct board *board = world_board(&world, uuid_of(A_BOARD));
    assert_int_equal(board->items.count, 1);
    assert_true(board->items.items[0].gone);
    assert_int_equal(board->open_item, 0);
    uint32_t chair =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(CHAIR), 0);
    struct open_item open = {.item = 0, .next = board->items.items[0].item};
    assert_int_equal(world_say(&world, chair, BOARD_OPEN_ITEM, &open), REFUSAL_ERASED);
    world_stop(&world);
}

static void it_cannot_be_made_again_nor_put_on_another_agenda(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(erase(officer()), REFUSAL_NONE);
    struct list_on_board listing = {
        .command_id = uuid_of(77), .board = uuid_of(A_BOARD), .item = 9};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&world.reading, &listing));
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->boards.count, 0);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_wins_over_an_erasure_until_it_is_lifted),
        cmocka_unit_test(a_case_is_erased_by_who_has_just_proved_who_they_are),
        cmocka_unit_test(who_treats_the_patient_neither_holds_nor_erases),
        cmocka_unit_test(nothing_is_left_of_an_erased_case_but_that_it_was_erased),
        cmocka_unit_test(worklists_forget_it),
        cmocka_unit_test(a_board_keeps_its_slot_and_says_that_it_is_gone),
        cmocka_unit_test(it_cannot_be_made_again_nor_put_on_another_agenda),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
