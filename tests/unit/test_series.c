/* links: actors actor_test_support */
/* A board that meets again and again, and the meetings that are made from it. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

#define HOUR (3600 * INT64_C(1000000))

static uint32_t a_series(void) {
    world_start(&world);
    world_people(&world);
    return meeting_series(&world);
}

static struct series *series(void) {
    return world_series(&world, uuid_of(A_SERIES));
}

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES), world_person(person),
                        person == ADMINISTRATOR ? RIGHT_ADMINISTRATOR : 0);
}

static enum refusal edit(uint32_t slot, struct template template) {
    struct edit_template command = {.template = template};
    return world_say(&world, slot, SERIES_EDIT_TEMPLATE, &command);
}

static enum refusal put(uint32_t slot, uint32_t person, uint8_t role) {
    struct put_series_member command = {.member = {.user = world_person(person),
                                                   .role = role,
                                                   .name = TEXT("Somebody"),
                                                   .discipline = TEXT("Oncology")}};
    return world_say(&world, slot, SERIES_PUT_SERIES_MEMBER, &command);
}

static void a_series_has_a_chair_and_a_coordinator_and_is_on_their_worklists(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    struct series_member members[] = {
        {.user = world_person(CHAIR), .role = ROLE_CHAIR, .name = TEXT("C")},
        {.user = world_person(MEMBER), .role = ROLE_MEMBER, .name = TEXT("M")}};
    struct create_series command = {
        .title = TEXT("Thorax"), .members = {2, members}, .template = meeting_template()};
    uint32_t root = come(ADMINISTRATOR);
    assert_int_equal(world_say(&world, root, SERIES_CREATE_SERIES, &command), REFUSAL_MALFORMED);
    members[1].role = ROLE_COORDINATOR;
    command.template.version = 17;
    assert_int_equal(world_say(&world, root, SERIES_CREATE_SERIES, &command), REFUSAL_NONE);
    assert_int_equal(series()->template.version, 1);
    assert_int_equal(world_say(&world, root, SERIES_CREATE_SERIES, &command),
                     REFUSAL_NOT_PERMITTED);
    const struct worklist_entry *entry = meeting_entry(&world, CHAIR, A_SERIES);
    assert_int_equal(entry->kind, ENTRY_KIND_SERIES);
    assert_true(text_equal(entry->title, TEXT("Thorax")));
    world_stop(&world);
}

static void nobody_else_may_even_know_of_a_series(void **unused) {
    (void)unused;
    a_series();
    assert_false(world.sessions[come(STRANGER)].attached);
    assert_true(world.sessions[come(OBSERVER)].attached);
    uint32_t member = come(MEMBER);
    assert_int_equal(world.sessions[member].grant.audiences, AUDIENCE_WORKFLOW);
    assert_int_equal(edit(member, meeting_template()), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void a_template_that_cannot_be_filled_in_is_refused(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    struct template whole = meeting_template();
    struct template_field fields[3] = {whole.fields.items[0], whole.fields.items[1]};
    struct check checks[] = {whole.checks.items[0], whole.checks.items[0]};
    struct phrase empty[] = {{.text = TEXT("")}};
    struct template broken = whole;
    broken.fields = (struct template_field_list){1, &fields[1]};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED); /* no recommendation */
    fields[2] = fields[1];
    broken.fields = (struct template_field_list){3, fields};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED); /* a key twice */
    broken = whole;
    broken.checks = (struct check_list){2, checks};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED); /* a check twice */
    broken = whole;
    broken.defer_reasons = (struct phrase_list){1, empty};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED);
    broken = whole;
    broken.cut_off_hours = UINT32_MAX;
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED);
    struct phrase long_ones[16];
    struct template_field many[24];
    char keys[24][2], words[81] = {0};
    memset(words, 'w', 80);
    for (uint32_t i = 0; i < 24; i++) {
        keys[i][0] = 'k';
        keys[i][1] = (char)('a' + i);
        long_ones[i % 16].text = (struct text){80, words};
        many[i] = fields[0];
        many[i].key = i == 0 ? fields[0].key : (struct text){2, keys[i]};
        many[i].choices = (struct phrase_list){16, long_ones};
    }
    broken = whole;
    broken.fields = (struct template_field_list){24, many};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED); /* too long */
    fields[0].choices.count = 0;
    broken = whole;
    broken.fields = (struct template_field_list){2, fields};
    assert_int_equal(edit(coordinator, broken), REFUSAL_MALFORMED); /* nothing to choose */
    assert_int_equal(series()->template.version, 1);
    world_stop(&world);
}

static void a_template_edited_from_an_old_version_is_refused_with_who_changed_it(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    uint32_t chair = come(CHAIR);
    struct template first = meeting_template();
    first.planned_seconds = 240;
    assert_int_equal(edit(chair, first), REFUSAL_NONE);
    assert_int_equal(series()->template.version, 2);
    struct template second = meeting_template();
    second.votes = false;
    assert_int_equal(edit(coordinator, second), REFUSAL_CHANGED);
    const struct refused *refused = &fake_host_answer(&world.fake, coordinator)->refused;
    assert_true(refused->has_subject && uuid_equal(refused->subject, world_person(CHAIR)));
    assert_true(series()->template.votes);
    second.version = 2;
    assert_int_equal(edit(coordinator, second), REFUSAL_NONE);
    assert_int_equal(series()->template.version, 3);
    world_stop(&world);
}

static void a_template_that_is_not_changed_stays_the_version_it_is(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    assert_int_equal(edit(coordinator, meeting_template()), REFUSAL_NONE);
    assert_int_equal(series()->template.version, 1);
    world_stop(&world);
}

static void a_meeting_is_made_with_the_members_and_the_template_of_its_series(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    meeting_plan(&world, coordinator, A_BOARD);
    const struct board *board = world_board(&world, uuid_of(A_BOARD));
    assert_true(board->created && board->has_template);
    assert_true(uuid_equal(board->series, uuid_of(A_SERIES)));
    assert_true(template_equal(&board->template, &series()->template));
    assert_int_equal(board->members.count, 5);
    assert_true(board_member(board, world_person(SECOND_MEMBER))->no_vote);
    assert_int_equal(board->cut_off_at, board->starts_at - 48 * HOUR);
    assert_true(uuid_equal(series()->meetings.items[0].board, uuid_of(A_BOARD)));
    assert_int_equal(meeting_entry(&world, OBSERVER, A_BOARD)->kind, ENTRY_KIND_BOARD);
    world_stop(&world);
}

static void a_template_edited_in_the_series_does_not_touch_a_meeting_that_was_made(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    meeting_plan(&world, coordinator, A_BOARD);
    struct template edited = meeting_template();
    edited.votes = false;
    edited.defer_reasons.count = 1;
    edit(coordinator, edited);
    put(coordinator, STRANGER, ROLE_MEMBER);
    meeting_plan(&world, coordinator, NEXT_BOARD);
    const struct board *made = world_board(&world, uuid_of(A_BOARD));
    const struct board *next = world_board(&world, uuid_of(NEXT_BOARD));
    assert_int_equal(made->template.version, 1);
    assert_true(made->template.votes);
    assert_int_equal(made->template.defer_reasons.count, 2);
    assert_int_equal(made->members.count, 5);
    assert_int_equal(next->template.version, 2);
    assert_false(next->template.votes);
    assert_int_equal(next->members.count, 6);
    world_stop(&world);
}

static void a_board_that_exists_already_stays_as_it_is(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    world_make_board(&world, A_BOARD);
    meeting_plan(&world, coordinator, A_BOARD);
    assert_false(world_board(&world, uuid_of(A_BOARD))->has_template);
    assert_int_equal(world.fake.pending_count, 0);
    struct plan_meeting again = {.board = uuid_of(A_BOARD), .title = TEXT("Again")};
    assert_int_equal(world_say(&world, coordinator, SERIES_PLAN_MEETING, &again), REFUSAL_CONFLICT);
    struct plan_meeting nameless = {.board = uuid_of(NEXT_BOARD)};
    assert_int_equal(world_say(&world, coordinator, SERIES_PLAN_MEETING, &nameless),
                     REFUSAL_MALFORMED);
    world_stop(&world);
}

static void a_series_keeps_its_last_chair_and_loses_others(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    assert_int_equal(put(coordinator, CHAIR, ROLE_MEMBER), REFUSAL_BAD_STATE);
    struct drop_series_member drop = {.user = world_person(CHAIR)};
    assert_int_equal(world_say(&world, coordinator, SERIES_DROP_SERIES_MEMBER, &drop),
                     REFUSAL_BAD_STATE);
    assert_int_equal(put(coordinator, STRANGER, ROLE_GUEST), REFUSAL_MALFORMED);
    assert_int_equal(put(coordinator, STRANGER, ROLE_CHAIR), REFUSAL_NONE);
    assert_non_null(meeting_entry(&world, STRANGER, A_SERIES));
    assert_int_equal(world_say(&world, coordinator, SERIES_DROP_SERIES_MEMBER, &drop),
                     REFUSAL_NONE);
    assert_null(meeting_entry(&world, CHAIR, A_SERIES));
    assert_int_equal(world_say(&world, coordinator, SERIES_DROP_SERIES_MEMBER, &drop),
                     REFUSAL_NOT_FOUND);
    world_stop(&world);
}

static void the_oldest_meetings_are_forgotten(void **unused) {
    (void)unused;
    uint32_t coordinator = a_series();
    world.fake.held_kinds = 1u << CHANNEL_KIND_BOARD;
    for (uint32_t i = 0; i < SERIES_MEETINGS_MAX + 1; i++) {
        meeting_plan(&world, coordinator, 10000 + i);
    }
    assert_int_equal(series()->meetings.count, SERIES_MEETINGS_MAX);
    assert_true(uuid_equal(series()->meetings.items[0].board, uuid_of(10001)));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_has_a_chair_and_a_coordinator_and_is_on_their_worklists),
        cmocka_unit_test(nobody_else_may_even_know_of_a_series),
        cmocka_unit_test(a_template_that_cannot_be_filled_in_is_refused),
        cmocka_unit_test(a_template_edited_from_an_old_version_is_refused_with_who_changed_it),
        cmocka_unit_test(a_template_that_is_not_changed_stays_the_version_it_is),
        cmocka_unit_test(a_meeting_is_made_with_the_members_and_the_template_of_its_series),
        cmocka_unit_test(a_template_edited_in_the_series_does_not_touch_a_meeting_that_was_made),
        cmocka_unit_test(a_board_that_exists_already_stays_as_it_is),
        cmocka_unit_test(a_series_keeps_its_last_chair_and_loses_others),
        cmocka_unit_test(the_oldest_meetings_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
