/* links: actors actor_test_support */
/* A board's roster, agenda and meeting, together with the cases and users it tells. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static uint32_t meeting_of(uint32_t cases) {
    world_start(&world);
    return world_meeting(&world, cases);
}

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(person),
                        person == ADMINISTRATOR ? RIGHT_ADMINISTRATOR : 0);
}

static struct board *board(void) {
    return world_board(&world, uuid_of(A_BOARD));
}

static enum refusal open_item(uint32_t slot, uint32_t item, uint32_t next) {
    struct open_item command = {.item = item, .next = next};
    return world_say(&world, slot, BOARD_OPEN_ITEM, &command);
}

static enum refusal refusal_item(uint32_t slot, uint32_t *ret_item) {
    const struct fake_note *answer = fake_host_answer(&world.fake, slot);
    *ret_item = answer->refused.item;
    return answer->refusal;
}

static void an_administrator_makes_a_board_and_then_sees_only_its_workflow(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    world_make_board(&world, A_BOARD);
    uint32_t slot = come(ADMINISTRATOR);
    assert_int_equal(world.sessions[slot].grant.audiences, AUDIENCE_WORKFLOW);
    assert_int_equal(world.sessions[slot].participant, 0);
    world_stop(&world);
}

static void nobody_else_may_even_know_of_a_board(void **unused) {
    (void)unused;
    meeting_of(0);
    assert_false(world.sessions[come(STRANGER)].attached);
    uint32_t nowhere =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(99), world_person(CHAIR), 0);
    assert_false(world.sessions[nowhere].attached);
    world_stop(&world);
}

static void a_board_is_made_once_and_has_a_chair(void **unused) {
    (void)unused;
    world_start(&world);
    struct member members[] = {{.user = world_person(MEMBER),
                                .role = ROLE_MEMBER,
                                .name = TEXT("M"),
                                .discipline = TEXT("")},
                               {.user = world_person(CHAIR),
                                .role = ROLE_CHAIR,
                                .name = TEXT("C"),
                                .discipline = TEXT("")}};
    struct create_board command = {.title = TEXT("T"), .members = {1, members}};
    uint32_t slot = come(ADMINISTRATOR);
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_MALFORMED);
    command.members.count = 2;
    members[0].user = world_person(CHAIR);
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_MALFORMED);
    members[0].user = world_person(MEMBER);
    command.title = TEXT("");
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_MALFORMED);
    command.title = TEXT("T");
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_NONE);
    assert_int_equal(world_say(&world, slot, BOARD_CREATE_BOARD, &command), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void adding_an_item_lists_the_case_and_schedules_it(void **unused) {
    (void)unused;
    meeting_of(1);
    const struct patient_case *the_case = world_case(&world, uuid_of(A_CASE));
    assert_int_equal(the_case->boards.count, 1);
    assert_int_equal(the_case->status, CASE_STATUS_SCHEDULED);
    assert_int_equal(world_user(&world, world_person(REFERRER))->entries.items[0].status,
                     CASE_STATUS_SCHEDULED);
    world_stop(&world);
}

static void a_case_that_does_not_exist_is_taken_off_the_agenda_again(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(0);
    struct add_item command = {.patient_case = uuid_of(77)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &command), REFUSAL_NONE);
    assert_int_equal(board()->items.count, 0);
    assert_true(world_saw(&world, chair, BOARD_ITEM_REMOVED));
    assert_int_equal(world.fake.pending_count, 0);
    world_stop(&world);
}

static void nobody_gains_access_by_listing_a_case_on_a_board_of_their_own(void **unused) {
    (void)unused;
    meeting_of(0);
    world_make_case(&world, A_CASE);
    struct member members[] = {{.user = world_person(STRANGER),
                                .role = ROLE_CHAIR,
                                .name = TEXT("S"),
                                .discipline = TEXT("")},
                               {.user = world_person(COORDINATOR),
                                .role = ROLE_COORDINATOR,
                                .name = TEXT("C"),
                                .discipline = TEXT("")}};
    struct create_board create = {.title = TEXT("Mine"), .members = {2, members}};
    uint32_t root = world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(11),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    world_say(&world, root, BOARD_CREATE_BOARD, &create);
    uint32_t stranger =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(11), world_person(STRANGER), 0);
    struct add_item add = {.patient_case = uuid_of(A_CASE)};
    world_say(&world, stranger, BOARD_ADD_ITEM, &add);
    assert_int_equal(world_board(&world, uuid_of(11))->items.count, 0);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->boards.count, 0);
    world_stop(&world);
}

static void agenda_commands_refuse_what_does_not_fit(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(2);
    struct add_item again = {.patient_case = uuid_of(A_CASE)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &again), REFUSAL_CONFLICT);
    struct add_item nothing = {.planned_seconds = 1};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &nothing), REFUSAL_MALFORMED);
    struct add_item for_ever = {.patient_case = uuid_of(50), .planned_seconds = 1000000};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &for_ever), REFUSAL_MALFORMED);
    struct add_item by_observer = {.patient_case = uuid_of(50),
                                   .presenter = world_person(OBSERVER)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &by_observer), REFUSAL_NOT_FOUND);
    struct move_item nowhere = {.item = 1, .position = 2};
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_ITEM, &nowhere), REFUSAL_MALFORMED);
    struct move_item unknown = {.item = 9};
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_ITEM, &unknown), REFUSAL_NOT_FOUND);
    struct remove_item none = {.item = 9};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &none), REFUSAL_NOT_FOUND);
    open_item(chair, 0, 1);
    struct remove_item open = {.item = 1};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &open), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void items_keep_their_numbers_when_they_move(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(3);
    struct move_item command = {.item = 3, .position = 0};
    assert_int_equal(world_say(&world, chair, BOARD_MOVE_ITEM, &command), REFUSAL_NONE);
    assert_int_equal(board()->items.items[0].item, 3);
    assert_int_equal(board()->items.items[2].item, 2);
    command = (struct move_item){.item = 3, .position = 2};
    world_say(&world, chair, BOARD_MOVE_ITEM, &command);
    assert_int_equal(board()->items.items[2].item, 3);
    world_stop(&world);
}

static void a_removed_item_frees_its_case_and_its_number_is_not_used_again(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    struct remove_item command = {.item = 1};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_ITEM, &command), REFUSAL_NONE);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->boards.count, 0);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->status, CASE_STATUS_OPENED);
    struct add_item again = {.patient_case = uuid_of(A_CASE)};
    world_say(&world, chair, BOARD_ADD_ITEM, &again);
    assert_int_equal(board()->items.items[0].item, 2);
    world_stop(&world);
}

static void moving_on_closes_opens_and_passes_the_floor_in_that_order(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(2);
    come(MEMBER);
    open_item(chair, 0, 1);
    world_forget(&world);
    assert_int_equal(open_item(chair, 1, 2), REFUSAL_NONE);
    assert_int_equal(world.sessions[chair].seen[0], BOARD_ITEM_CLOSED);
    assert_int_equal(world.sessions[chair].seen[1], BOARD_ITEM_OPENED);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->status, CASE_STATUS_DISCUSSED);
    assert_int_equal(world_case(&world, uuid_of(A_CASE + 1))->status, CASE_STATUS_IN_DISCUSSION);
    assert_true(uuid_equal(board()->stage.holder, world_person(MEMBER)));
    world_stop(&world);
}

static void the_floor_is_free_when_the_presenter_is_not_there(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    struct request_floor request = {.item = 0};
    world_say(&world, chair, STAGE_REQUEST_FLOOR, &request);
    open_item(chair, 0, 1);
    assert_true(uuid_is_zero(board()->stage.holder));
    world_stop(&world);
}

static void a_second_press_of_next_does_not_skip_a_case(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(3);
    uint32_t coordinator = come(COORDINATOR);
    open_item(chair, 0, 1);
    assert_int_equal(open_item(chair, 1, 2), REFUSAL_NONE);
    assert_int_equal(open_item(coordinator, 1, 2), REFUSAL_WRONG_ITEM);
    uint32_t item;
    refusal_item(coordinator, &item);
    assert_int_equal(item, 2);
    world_stop(&world);
}

static void used_time_adds_up_over_two_openings(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    for (int i = 0; i < 2; i++) {
        open_item(chair, 0, 1);
        fake_host_pass(&world.fake, 60 * INT64_C(1000000));
        open_item(chair, 1, 0);
    }
    assert_in_range(board()->items.items[0].used_ms, 119990, 120001);
    assert_int_equal(board()->open_item, 0);
    world_stop(&world);
}

static void opening_the_first_item_starts_the_meeting_and_tells_every_worklist(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    open_item(chair, 0, 1);
    assert_int_equal(board()->state, MEETING_STATE_RUNNING);
    const struct user *observer = world_user(&world, world_person(OBSERVER));
    assert_int_equal(observer->entries.items[0].status, MEETING_STATE_RUNNING);
    struct start_meeting again = {0};
    assert_int_equal(world_say(&world, chair, BOARD_START_MEETING, &again), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void an_ended_meeting_is_only_read(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(2);
    struct end_meeting too_early = {.item = 0};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &too_early), REFUSAL_BAD_STATE);
    open_item(chair, 0, 1);
    struct end_meeting stale = {.item = 2};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &stale), REFUSAL_WRONG_ITEM);
    struct end_meeting end = {.item = 1};
    assert_int_equal(world_say(&world, chair, BOARD_END_MEETING, &end), REFUSAL_NONE);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->status, CASE_STATUS_DISCUSSED);
    assert_int_equal(open_item(chair, 0, 2), REFUSAL_BAD_STATE);
    struct add_item add = {.patient_case = uuid_of(60)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &add), REFUSAL_BAD_STATE);
    struct request_floor floor = {.item = 0};
    assert_int_equal(world_say(&world, chair, STAGE_REQUEST_FLOOR, &floor), REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_removed_member_sees_neither_that_event_nor_any_later_one(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    uint32_t member = come(MEMBER);
    world_forget(&world);
    struct remove_member command = {.user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_MEMBER, &command), REFUSAL_NONE);
    open_item(chair, 0, 1);
    assert_int_equal(world.sessions[member].seen_count, 0);
    assert_null(case_member_in(&world_case(&world, uuid_of(A_CASE))->boards.items[0].members,
                               world_person(MEMBER)));
    assert_int_equal(world_user(&world, world_person(MEMBER))->entries.count, 0);
    struct request_floor floor = {.item = 1};
    assert_int_equal(world_say(&world, member, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void an_added_member_sees_the_listed_cases(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(1);
    struct add_member command = {.member = {.user = world_person(STRANGER),
                                            .role = ROLE_MEMBER,
                                            .name = TEXT("New"),
                                            .discipline = TEXT("Oncology")}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &command), REFUSAL_NONE);
    struct grant grant =
        case_grant(&world_case(&world, uuid_of(A_CASE))->actor, world_person(STRANGER), 0, 0);
    assert_int_equal(grant.audiences, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY);
    assert_int_equal(world_user(&world, world_person(STRANGER))->entries.count, 1);
    world_stop(&world);
}

static void a_board_keeps_its_last_chair(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(0);
    struct remove_member remove = {.user = world_person(CHAIR)};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_MEMBER, &remove), REFUSAL_BAD_STATE);
    struct add_member demote = {.member = {.user = world_person(CHAIR),
                                           .role = ROLE_MEMBER,
                                           .name = TEXT("C"),
                                           .discipline = TEXT("")}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &demote), REFUSAL_BAD_STATE);
    struct add_member nobody = {.member = {.role = ROLE_MEMBER, .name = TEXT("X")}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &nobody), REFUSAL_MALFORMED);
    struct remove_member unknown = {.user = world_person(STRANGER)};
    assert_int_equal(world_say(&world, chair, BOARD_REMOVE_MEMBER, &unknown), REFUSAL_NOT_FOUND);
    world_stop(&world);
}

static void a_member_may_not_move_the_meeting(void **unused) {
    (void)unused;
    meeting_of(1);
    uint32_t member = come(MEMBER);
    assert_int_equal(open_item(member, 0, 1), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void attendance_is_noted_once_for_two_windows(void **unused) {
    (void)unused;
    meeting_of(0);
    world.fake.appends_wait = true;
    come(MEMBER);
    come(MEMBER);
    world.fake.appends_wait = false;
    while (world.fake.waiting_append != NULL) {
        fake_host_commit(&world.fake);
        fake_host_run(&world.fake);
    }
    assert_int_equal(board()->attended.count, 2); /* the chair and the member */
    world_stop(&world);
}

static void only_the_clinical_audience_gets_the_stage(void **unused) {
    (void)unused;
    meeting_of(1);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    for (int clinical = 0; clinical < 2; clinical++) {
        uint8_t audiences = clinical ? AUDIENCE_CLINICAL : AUDIENCE_WORKFLOW;
        struct encoded shown = board_show(&board()->actor, audiences, &arena);
        struct reader reader = reader_of(shown.fields);
        struct board_snapshot snapshot;
        assert_true(board_snapshot_read(&reader, &arena, &snapshot));
        assert_int_equal(snapshot.has_stage, clinical);
    }
    arena_finish(&arena);
    world_stop(&world);
}

static void a_crash_between_commit_and_delivery_loses_no_message(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(0);
    world_make_case(&world, A_CASE);
    world.fake.appends_wait = true;
    struct add_item command = {.patient_case = uuid_of(A_CASE)};
    world_whisper(&world, chair, BOARD_ADD_ITEM, &command);
    fake_host_run(&world.fake);
    fake_host_record(&world.fake);
    fake_host_crash(&world.fake, actor_kinds, ACTOR_KIND_COUNT);
    world.fake.appends_wait = false;
    fake_host_run(&world.fake);
    assert_int_equal(world_case(&world, uuid_of(A_CASE))->status, CASE_STATUS_SCHEDULED);
    assert_int_equal(world.fake.pending_count, 0);
    world_stop(&world);
}

/* The first byte of an event's fields says how many there are: the newer ones are not written where
 * they say nothing, so a record from before they came is read as one of today. */
static void a_board_without_a_template_is_recorded_as_boards_always_were(void **unused) {
    (void)unused;
    uint32_t chair = meeting_of(2);
    open_item(chair, 0, 1);
    fake_host_pass(&world.fake, 1000000);
    open_item(chair, 1, 2);
    const struct fake_stream *stream =
        fake_host_stream(&world.fake, CHANNEL_KIND_BOARD, uuid_of(A_BOARD));
    uint32_t seen = 0;
    for (uint32_t i = 0; i < stream->count; i++) {
        uint8_t fields = stream->events[i].fields.bytes[0] & 0x0f;
        if (stream->events[i].header.tag == BOARD_BOARD_CREATED) {
            assert_int_equal(fields, 3);
            seen++;
        } else if (stream->events[i].header.tag == BOARD_ITEM_CLOSED) {
            assert_int_equal(fields, 2);
            seen++;
        }
    }
    assert_int_equal(seen, 2);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_administrator_makes_a_board_and_then_sees_only_its_workflow),
        cmocka_unit_test(nobody_else_may_even_know_of_a_board),
        cmocka_unit_test(a_board_is_made_once_and_has_a_chair),
        cmocka_unit_test(adding_an_item_lists_the_case_and_schedules_it),
        cmocka_unit_test(a_case_that_does_not_exist_is_taken_off_the_agenda_again),
        cmocka_unit_test(nobody_gains_access_by_listing_a_case_on_a_board_of_their_own),
        cmocka_unit_test(agenda_commands_refuse_what_does_not_fit),
        cmocka_unit_test(items_keep_their_numbers_when_they_move),
        cmocka_unit_test(a_removed_item_frees_its_case_and_its_number_is_not_used_again),
        cmocka_unit_test(moving_on_closes_opens_and_passes_the_floor_in_that_order),
        cmocka_unit_test(the_floor_is_free_when_the_presenter_is_not_there),
        cmocka_unit_test(a_second_press_of_next_does_not_skip_a_case),
        cmocka_unit_test(used_time_adds_up_over_two_openings),
        cmocka_unit_test(opening_the_first_item_starts_the_meeting_and_tells_every_worklist),
        cmocka_unit_test(an_ended_meeting_is_only_read),
        cmocka_unit_test(a_removed_member_sees_neither_that_event_nor_any_later_one),
        cmocka_unit_test(an_added_member_sees_the_listed_cases),
        cmocka_unit_test(a_board_keeps_its_last_chair),
        cmocka_unit_test(a_member_may_not_move_the_meeting),
        cmocka_unit_test(attendance_is_noted_once_for_two_windows),
        cmocka_unit_test(only_the_clinical_audience_gets_the_stage),
        cmocka_unit_test(a_board_without_a_template_is_recorded_as_boards_always_were),
        cmocka_unit_test(a_crash_between_commit_and_delivery_loses_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
