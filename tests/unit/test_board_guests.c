/* links: actors actor_test_support */
/* Guests of named items: everything while theirs is open, numbers between, and no other case ever.
 */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static enum refusal invite(uint32_t slot, uint32_t person, uint32_t count, uint32_t *items) {
    struct add_member command = {.member = {.user = world_person(person),
                                            .role = ROLE_GUEST,
                                            .name = TEXT("Guest"),
                                            .discipline = TEXT("Practice"),
                                            .items = {count, items}}};
    return world_say(&world, slot, BOARD_ADD_MEMBER, &command);
}

/* STRANGER is a guest of item 2. */
static uint32_t a_meeting_with_a_guest(uint32_t count) {
    uint32_t chair = meeting_begin(&world, count);
    uint32_t items[] = {2};
    assert_int_equal(invite(chair, STRANGER, 1, items), REFUSAL_NONE);
    return chair;
}

static const void *shown(uint8_t audiences, uint8_t tag) {
    arena_reset(&world.reading);
    struct encoded frame = board_show(&meeting_board(&world)->actor, audiences, &world.reading);
    assert_int_equal(frame.tag, tag);
    struct reader reader = reader_of(frame.fields);
    const void *snapshot = board_decode_down(tag, &reader, &world.reading);
    assert_non_null(snapshot);
    return snapshot;
}

static void a_guest_sees_only_numbers_between_their_items(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    uint32_t guest = meeting_come(&world, STRANGER);
    assert_int_equal(world.sessions[guest].grant.audiences, AUDIENCE_STATUS);
    world_forget(&world);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(world.sessions[guest].seen_count, 1);
    assert_int_equal(world.sessions[guest].seen[0], BOARD_GUESTS_TOLD);
    const struct guest_snapshot *snapshot = shown(AUDIENCE_STATUS, BOARD_GUEST_SNAPSHOT);
    assert_int_equal(snapshot->state, MEETING_STATE_RUNNING);
    assert_int_equal(snapshot->open, 1);
    assert_int_equal(snapshot->order.count, 2);
    assert_int_equal(snapshot->order.items[0], 2);
    struct request_floor floor = {.item = 1};
    assert_int_equal(world_say(&world, guest, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void a_guest_takes_part_while_their_item_is_open(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    uint32_t guest = meeting_come(&world, STRANGER);
    meeting_open(&world, chair, 0, 2);
    assert_int_equal(world.sessions[guest].grant.audiences, AUDIENCE_STATUS | AUDIENCE_CLINICAL);
    assert_true(world_saw(&world, guest, BOARD_ITEM_OPENED));
    struct request_floor floor = {.item = 2};
    assert_int_equal(world_say(&world, guest, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NONE);
    assert_true(uuid_equal(meeting_board(&world)->stage.holder, world_person(STRANGER)));
    world_forget(&world);
    meeting_leave(&world, chair, 2, 3, ITEM_OUTCOME_DECIDED, 0);
    assert_int_equal(world.sessions[guest].grant.audiences, AUDIENCE_STATUS);
    assert_false(world_saw(&world, guest, BOARD_ITEM_OPENED));
    assert_true(uuid_is_zero(meeting_board(&world)->stage.holder));
    world_stop(&world);
}

/* Nobody was a guest meanwhile, so nothing was said to guests; and who comes back to a channel
 * hears only what was. */
static void a_guest_who_was_away_from_the_roster_is_told_how_it_stands(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    struct remove_member away = {.user = world_person(STRANGER)};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_MEMBER, &away), REFUSAL_NONE);
    meeting_open(&world, chair, 0, 3);
    const struct fake_stream *stream =
        fake_host_stream(&world.fake, CHANNEL_KIND_BOARD, uuid_of(A_BOARD));
    uint32_t items[] = {2}, before = stream->count;
    assert_int_equal(invite(chair, STRANGER, 1, items), REFUSAL_NONE);
    assert_int_equal(stream->count, before + 2);
    struct reader reader = reader_of(stream->events[before + 1].fields);
    arena_reset(&world.reading);
    assert_int_equal(stream->events[before + 1].header.tag, BOARD_GUESTS_TOLD);
    const struct guests_told *told = board_decode_down(BOARD_GUESTS_TOLD, &reader, &world.reading);
    assert_int_equal(told->open, 3);
    assert_int_equal(told->order.count, 2);
    world_stop(&world);
}

static void a_guest_presents_their_own_item_only(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(2);
    meeting_come(&world, STRANGER);
    struct set_item command = {.item = 1, .presenter = world_person(STRANGER)};
    assert_int_equal(world_say(&world, chair, BOARD_SET_ITEM, &command), REFUSAL_NOT_FOUND);
    command.item = 2;
    assert_int_equal(world_say(&world, chair, BOARD_SET_ITEM, &command), REFUSAL_NONE);
    meeting_open(&world, chair, 0, 2);
    assert_true(uuid_equal(meeting_board(&world)->stage.holder, world_person(STRANGER)));
    world_stop(&world);
}

static void a_guest_is_told_of_every_change_of_the_order(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    uint32_t guest = meeting_come(&world, STRANGER);
    struct move_item move = {.item = 2, .position = 0};
    struct add_item add = {.patient_case = uuid_of(A_CASE + 5)};
    struct remove_item remove = {.item = 1};
    struct set_item set = {.item = 3, .planned_seconds = 5};
    world_forget(&world);
    world_say(&world, chair, BOARD_MOVE_ITEM, &move);
    world_say(&world, chair, BOARD_ADD_ITEM, &add);
    world_say(&world, chair, BOARD_REMOVE_ITEM, &remove);
    assert_int_equal(world.sessions[guest].seen_count, 3);
    world_say(&world, chair, BOARD_SET_ITEM, &set); /* nothing that they know of */
    assert_int_equal(world.sessions[guest].seen_count, 3);
    meeting_open(&world, chair, 0, 3);
    assert_int_equal(world.sessions[guest].seen_count, 4);
    struct undo_step undo = {.item = 3};
    world_say(&world, chair, BOARD_UNDO_STEP, &undo);
    assert_int_equal(world.sessions[guest].seen_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(world.sessions[guest].seen[i], BOARD_GUESTS_TOLD);
    }
    world_stop(&world);
}

static void a_guests_snapshot_names_no_other_case(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    meeting_report(&world, 1, 1u << CARD_TOPIC_PATHOLOGY, DECISION_STATE_NONE);
    meeting_open(&world, chair, 0, 2);
    const struct board_snapshot *snapshot =
        shown(AUDIENCE_STATUS | AUDIENCE_CLINICAL, BOARD_BOARD_SNAPSHOT);
    assert_int_equal(snapshot->items.count, 3);
    assert_true(uuid_is_zero(snapshot->items.items[0].patient_case));
    assert_int_equal(snapshot->items.items[0].missing.count, 0);
    assert_true(uuid_equal(snapshot->items.items[1].patient_case, uuid_of(A_CASE + 1)));
    assert_true(snapshot->has_stage);
    world_stop(&world);
}

static void a_case_lists_a_guest_for_their_items_only(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    uint32_t items[] = {2};
    invite(chair, STRANGER, 1, items);
    for (uint32_t i = 0; i < 3; i++) {
        const struct list_on_board *said =
            meeting_said(&world, A_CASE + i, PATIENT_CASE_LIST_ON_BOARD);
        const struct case_member *guest = case_member_in(&said->members, world_person(STRANGER));
        assert_int_equal(guest != NULL, i == 1);
        if (guest != NULL) {
            assert_int_equal(guest->role, ROLE_MEMBER);
            assert_false(guest->votes || guest->signs);
        }
    }
    meeting_look_away(&world);
    uint32_t others[] = {3};
    assert_int_equal(invite(chair, STRANGER, 1, others), REFUSAL_NONE);
    const struct list_on_board *said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_LIST_ON_BOARD);
    assert_null(case_member_in(&said->members, world_person(STRANGER)));
    world_stop(&world);
}

static void a_guests_worklist_says_which_items_are_theirs(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(3);
    const struct worklist_entry *entry = meeting_entry(&world, STRANGER, A_BOARD);
    assert_non_null(entry);
    assert_int_equal(entry->items.count, 1);
    assert_int_equal(entry->items.items[0], 2);
    uint32_t items[] = {3, 1};
    assert_int_equal(invite(chair, STRANGER, 2, items), REFUSAL_NONE);
    entry = meeting_entry(&world, STRANGER, A_BOARD);
    assert_int_equal(entry->items.count, 2);
    assert_int_equal(entry->items.items[0], 3);
    world_stop(&world);
}

static void nobody_is_a_guest_of_an_item_that_is_not_there(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    uint32_t items[] = {1, 9}, zero[] = {0};
    assert_int_equal(invite(chair, STRANGER, 2, items), REFUSAL_NOT_FOUND);
    assert_int_equal(meeting_named(&world, chair), 9);
    assert_int_equal(invite(chair, STRANGER, 1, zero), REFUSAL_MALFORMED);
    struct add_member member = {.member = {.user = world_person(STRANGER),
                                           .role = ROLE_MEMBER,
                                           .name = TEXT("M"),
                                           .items = {1, items}}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &member), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void a_guest_whose_item_was_taken_off_can_still_be_changed(void **unused) {
    (void)unused;
    uint32_t chair = a_meeting_with_a_guest(2);
    struct remove_item remove = {.item = 2};
    world_say(&world, chair, BOARD_REMOVE_ITEM, &remove);
    uint32_t items[] = {2};
    struct add_member renamed = {.member = {.user = world_person(STRANGER),
                                            .role = ROLE_GUEST,
                                            .name = TEXT("Renamed"),
                                            .items = {1, items}}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &renamed), REFUSAL_NONE);
    world_stop(&world);
}

static void a_screen_in_the_hall_looks_and_is_counted_as_nobody(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    struct add_member command = {
        .member = {.user = world_person(STRANGER), .role = ROLE_DISPLAY, .name = TEXT("Display")}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &command), REFUSAL_NONE);
    uint32_t screen = meeting_come(&world, STRANGER);
    assert_int_equal(world.sessions[screen].grant.audiences, AUDIENCE_CLINICAL);
    assert_false(board_has_attended(meeting_board(&world), world_person(STRANGER)));
    meeting_open(&world, chair, 0, 1);
    assert_true(world_saw(&world, screen, BOARD_ITEM_OPENED));
    struct request_floor floor = {.item = 1};
    assert_int_equal(world_say(&world, screen, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NOT_PERMITTED);
    const struct list_on_board *told = meeting_said(&world, A_CASE, PATIENT_CASE_LIST_ON_BOARD);
    assert_int_equal(told->members.items[told->members.count - 1].role, ROLE_OBSERVER);
    world_stop(&world);
}

/* Guests by a link */

static const struct uuid a_link = {{77}};

static struct admit_guest an_admission(uint32_t count, uint32_t *items) {
    return (struct admit_guest){.member = {.user = world_person(STRANGER),
                                           .role = ROLE_GUEST,
                                           .name = TEXT("Guest"),
                                           .items = {count, items},
                                           .until = world.fake.now + INT64_C(3600) * 1000000,
                                           .link = a_link}};
}

static enum refusal admit(const struct admit_guest *command) {
    return world_serve(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(CHAIR),
                       BOARD_ADMIT_GUEST, command);
}

static enum refusal dismiss(struct uuid link) {
    struct dismiss_guest command = {.link = link};
    return world_serve(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(CHAIR),
                       BOARD_DISMISS_GUEST, &command);
}

static void who_comes_by_a_link_is_a_guest_of_the_items_that_there_are(void **unused) {
    (void)unused;
    meeting_begin(&world, 3);
    uint32_t items[] = {2, 9}, nowhere[] = {9};
    struct admit_guest command = an_admission(2, items), lost = an_admission(1, nowhere);
    assert_int_equal(admit(&lost), REFUSAL_NOT_FOUND);
    assert_int_equal(admit(&command), REFUSAL_NONE);
    const struct member *member = board_member(meeting_board(&world), world_person(STRANGER));
    assert_int_equal(member->items.count, 1);
    assert_true(uuid_equal(member->link, a_link));
    const struct list_on_board *said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_LIST_ON_BOARD);
    const struct case_member *guest = case_member_in(&said->members, world_person(STRANGER));
    assert_non_null(guest);
    assert_int_equal(guest->until, command.member.until);
    /* By another link they are one already, and who is no guest becomes none. */
    struct admit_guest other = command;
    other.member.link = (struct uuid){{78}};
    assert_int_equal(admit(&other), REFUSAL_CONFLICT);
    other.member.user = world_person(MEMBER);
    assert_int_equal(admit(&other), REFUSAL_CONFLICT);
    other.member.role = ROLE_MEMBER;
    assert_int_equal(admit(&other), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void a_guest_whose_time_is_over_may_do_and_see_nothing(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    uint32_t items[] = {2};
    struct admit_guest command = an_admission(1, items);
    assert_int_equal(admit(&command), REFUSAL_NONE);
    uint32_t guest = meeting_come(&world, STRANGER);
    meeting_open(&world, chair, 0, 2);
    assert_int_equal(world.sessions[guest].grant.valid_until, command.member.until);
    struct request_floor floor = {.item = 2};
    assert_int_equal(world_say(&world, guest, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NONE);
    world.fake.now = command.member.until;
    assert_int_equal(world_say(&world, guest, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NOT_PERMITTED);
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_BOARD, uuid_of(A_BOARD));
    assert_int_equal(activation_grant(activation, world_person(STRANGER)).audiences, 0);
    /* And a new link makes a guest of them again. */
    struct admit_guest again = an_admission(1, items);
    again.member.link = (struct uuid){{78}};
    assert_int_equal(admit(&again), REFUSAL_NONE);
    assert_int_equal(activation_grant(activation, world_person(STRANGER)).audiences,
                     AUDIENCE_STATUS | AUDIENCE_CLINICAL);
    world_stop(&world);
}

static void a_guest_whose_link_is_called_back_is_none_any_more(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    uint32_t items[] = {2};
    struct admit_guest command = an_admission(1, items);
    assert_int_equal(admit(&command), REFUSAL_NONE);
    uint32_t guest = meeting_come(&world, STRANGER);
    meeting_open(&world, chair, 0, 2);
    struct request_floor floor = {.item = 2};
    world_say(&world, guest, STAGE_REQUEST_FLOOR, &floor);
    meeting_look_away(&world);
    assert_int_equal(dismiss(a_link), REFUSAL_NONE);
    assert_null(board_member(meeting_board(&world), world_person(STRANGER)));
    assert_int_equal(world.sessions[guest].grant.audiences, 0);
    assert_true(uuid_is_zero(meeting_board(&world)->stage.holder));
    const struct list_on_board *said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_LIST_ON_BOARD);
    assert_null(case_member_in(&said->members, world_person(STRANGER)));
    assert_null(meeting_entry(&world, STRANGER, A_BOARD));
    world_stop(&world);
}

/* The link was taken, called back, and only then does its guest come to the board. */
static void a_guest_who_comes_after_the_link_came_back_is_too_late(void **unused) {
    (void)unused;
    meeting_begin(&world, 3);
    uint32_t items[] = {2};
    struct admit_guest command = an_admission(1, items);
    for (uint8_t i = 0; i < BOARD_CALLED_BACK_MAX; i++) {
        assert_int_equal(dismiss((struct uuid){{100 + i}}), REFUSAL_NONE);
    }
    assert_int_equal(dismiss(a_link), REFUSAL_NONE);
    assert_int_equal(dismiss(a_link), REFUSAL_NONE);
    assert_int_equal(meeting_board(&world)->called_back.count, BOARD_CALLED_BACK_MAX);
    assert_int_equal(admit(&command), REFUSAL_NOT_FOUND);
    assert_null(board_member(meeting_board(&world), world_person(STRANGER)));
    world_stop(&world);
}

static void what_the_roster_says_of_a_guest_leaves_their_link_and_end(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 3);
    uint32_t items[] = {2}, others[] = {3};
    struct admit_guest command = an_admission(1, items);
    assert_int_equal(admit(&command), REFUSAL_NONE);
    assert_int_equal(invite(chair, STRANGER, 1, others), REFUSAL_NONE);
    const struct member *member = board_member(meeting_board(&world), world_person(STRANGER));
    assert_int_equal(member->items.items[0], 3);
    assert_int_equal(member->until, command.member.until);
    assert_true(uuid_equal(member->link, a_link));
    struct add_member whole = {.member = {.user = world_person(STRANGER),
                                          .role = ROLE_MEMBER,
                                          .name = TEXT("Colleague"),
                                          .until = command.member.until,
                                          .link = a_link}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &whole), REFUSAL_NONE);
    member = board_member(meeting_board(&world), world_person(STRANGER));
    assert_int_equal(member->until, 0);
    assert_true(uuid_is_zero(member->link));
    world_stop(&world);
}

static void who_came_by_a_link_loses_the_cases_when_the_meeting_ends(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    uint32_t items[] = {2};
    struct admit_guest command = an_admission(1, items);
    assert_int_equal(admit(&command), REFUSAL_NONE);
    assert_int_equal(invite(chair, REFERRER, 1, items), REFUSAL_NONE);
    struct start_meeting start = {0};
    assert_int_equal(world_say(&world, chair, BOARD_START_MEETING, &start), REFUSAL_NONE);
    meeting_look_away(&world);
    uint32_t rest[] = {1, 2};
    struct end_meeting end = {.rest = {2, rest}, .rest_reason = 1};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_NONE);
    meeting_seal(&world, 1, DECISION_STATE_NONE);
    meeting_seal(&world, 2, DECISION_STATE_NONE);
    assert_int_equal(meeting_board(&world)->state, MEETING_STATE_ENDED);
    assert_null(meeting_said(&world, A_CASE, PATIENT_CASE_LIST_ON_BOARD));
    const struct list_on_board *said = meeting_said(&world, A_CASE + 1, PATIENT_CASE_LIST_ON_BOARD);
    assert_non_null(said);
    assert_null(case_member_in(&said->members, world_person(STRANGER)));
    assert_non_null(case_member_in(&said->members, world_person(REFERRER)));
    assert_int_equal(admit(&command), REFUSAL_BAD_STATE);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_screen_in_the_hall_looks_and_is_counted_as_nobody),
        cmocka_unit_test(a_guest_sees_only_numbers_between_their_items),
        cmocka_unit_test(a_guest_takes_part_while_their_item_is_open),
        cmocka_unit_test(a_guest_who_was_away_from_the_roster_is_told_how_it_stands),
        cmocka_unit_test(a_guest_presents_their_own_item_only),
        cmocka_unit_test(a_guest_is_told_of_every_change_of_the_order),
        cmocka_unit_test(a_guests_snapshot_names_no_other_case),
        cmocka_unit_test(a_case_lists_a_guest_for_their_items_only),
        cmocka_unit_test(a_guests_worklist_says_which_items_are_theirs),
        cmocka_unit_test(nobody_is_a_guest_of_an_item_that_is_not_there),
        cmocka_unit_test(a_guest_whose_item_was_taken_off_can_still_be_changed),
        cmocka_unit_test(who_comes_by_a_link_is_a_guest_of_the_items_that_there_are),
        cmocka_unit_test(a_guest_whose_time_is_over_may_do_and_see_nothing),
        cmocka_unit_test(a_guest_whose_link_is_called_back_is_none_any_more),
        cmocka_unit_test(a_guest_who_comes_after_the_link_came_back_is_too_late),
        cmocka_unit_test(what_the_roster_says_of_a_guest_leaves_their_link_and_end),
        cmocka_unit_test(who_came_by_a_link_loses_the_cases_when_the_meeting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
