/* links: actors actor_test_support */
/* How images of a modality are hung when a case opens: what a board remembers, and its series. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static struct hanging_pane panes[9] = {
    {.series = HANGING_SERIES_CURRENT, .preset = 2, .linked = true},
    {.series = HANGING_SERIES_PRIOR, .linked = true},
};

static struct hanging hanging(const char *modality, uint8_t rows, uint8_t columns) {
    return (struct hanging){.modality = {(uint32_t)strlen(modality), modality},
                            .rows = rows,
                            .columns = columns,
                            .panes = {(uint32_t)rows * columns, panes}};
}

static enum refusal remember(uint32_t slot, uint32_t item, struct hanging hanging) {
    struct remember_hanging command = {.item = item, .hanging = hanging};
    return world_say(&world, slot, BOARD_REMEMBER_HANGING, &command);
}

static const struct hanging *of_board(uint32_t board, const char *modality) {
    struct text name = {(uint32_t)strlen(modality), modality};
    return hanging_of(&world_board(&world, uuid_of(board))->hangings, name);
}

static void who_presents_arranges_and_the_board_remembers(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    uint32_t member = meeting_come(&world, MEMBER);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(remember(member, 1, hanging("CT", 1, 2)), REFUSAL_NONE);
    const struct hanging *kept = of_board(A_BOARD, "CT");
    assert_int_equal(kept->columns, 2);
    assert_int_equal(kept->panes.items[0].preset, 2);
    assert_true(kept->at > 0);
    assert_true(world_saw(&world, chair, BOARD_HANGING_REMEMBERED));
    assert_null(of_board(A_BOARD, "MR"));
    world_stop(&world);
}

static void of_one_modality_the_newest_hanging_stays_and_the_same_again_is_no_event(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 2);
    meeting_open(&world, chair, 0, 1);
    remember(chair, 1, hanging("CT", 1, 2));
    remember(chair, 1, hanging("MR", 2, 2));
    remember(chair, 1, hanging("CT", 1, 1));
    assert_int_equal(meeting_board(&world)->hangings.count, 2);
    assert_int_equal(of_board(A_BOARD, "CT")->columns, 1);
    world_forget(&world);
    assert_int_equal(remember(chair, 1, hanging("CT", 1, 1)), REFUSAL_NONE);
    assert_false(world_saw(&world, chair, BOARD_HANGING_REMEMBERED));
    world_stop(&world);
}

static void a_modality_opens_as_it_comes_again_once_somebody_says_so(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    meeting_open(&world, chair, 0, 1);
    remember(chair, 1, hanging("CT", 1, 2));
    assert_int_equal(remember(chair, 1, hanging("CT", 0, 0)), REFUSAL_NONE);
    assert_int_equal(of_board(A_BOARD, "CT")->rows, 0);
    assert_int_equal(remember(chair, 1, hanging("MR", 0, 0)), REFUSAL_NONE);
    assert_null(of_board(A_BOARD, "MR"));
    world_stop(&world);
}

static void nobody_but_the_presenter_and_the_chair_arranges_for_all(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    uint32_t second = meeting_come(&world, SECOND_MEMBER);
    uint32_t observer = meeting_come(&world, OBSERVER);
    meeting_come(&world, MEMBER);
    meeting_open(&world, chair, 0, 1);
    assert_int_equal(remember(second, 1, hanging("CT", 1, 2)), REFUSAL_CONFLICT);
    assert_int_equal(remember(observer, 1, hanging("CT", 1, 2)), REFUSAL_NOT_PERMITTED);
    assert_int_equal(remember(chair, 2, hanging("CT", 1, 2)), REFUSAL_WRONG_ITEM);
    assert_null(of_board(A_BOARD, "CT"));
    world_stop(&world);
}

static void a_hanging_that_hangs_nothing_is_refused(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    meeting_open(&world, chair, 0, 1);
    struct hanging wrong[] = {hanging("", 1, 1), hanging("ct", 1, 1), hanging("CT", 0, 2),
                              hanging("CT", 1, 2), hanging("CT", 3, 3)};
    wrong[3].panes.count = 1;
    wrong[4].rows = 4;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(remember(chair, 1, wrong[i]), REFUSAL_MALFORMED);
    }
    struct hanging_pane window = {.preset = 6};
    struct hanging none = {.modality = TEXT("CT"), .rows = 1, .columns = 1, .panes = {1, &window}};
    assert_int_equal(remember(chair, 1, none), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void a_board_remembers_so_many_modalities_and_no_more(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    meeting_open(&world, chair, 0, 1);
    char name[] = "A";
    for (uint32_t i = 0; i < HANGINGS_MAX; i++, name[0]++) {
        assert_int_equal(remember(chair, 1, hanging(name, 1, 1)), REFUSAL_NONE);
    }
    assert_int_equal(remember(chair, 1, hanging("Z", 1, 1)), REFUSAL_TOO_MANY);
    assert_int_equal(remember(chair, 1, hanging("A", 2, 1)), REFUSAL_NONE);
    world_stop(&world);
}

static void the_series_hands_it_to_its_other_meetings_and_to_those_planned_later(void **unused) {
    (void)unused;
    enum { LATER_BOARD = 14 };
    uint32_t chair = meeting_begin(&world, 1);
    uint32_t coordinator =
        world_attach(&world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES), world_person(COORDINATOR), 0);
    meeting_plan(&world, coordinator, NEXT_BOARD);
    meeting_open(&world, chair, 0, 1);
    remember(chair, 1, hanging("CT", 1, 2));
    assert_int_equal(of_board(NEXT_BOARD, "CT")->columns, 2);
    meeting_plan(&world, coordinator, LATER_BOARD);
    assert_int_equal(of_board(LATER_BOARD, "CT")->columns, 2);
    remember(chair, 1, hanging("CT", 0, 0));
    assert_int_equal(of_board(NEXT_BOARD, "CT")->rows, 0);
    assert_int_equal(of_board(LATER_BOARD, "CT")->rows, 0);
    world_stop(&world);
}

static void an_older_word_of_the_series_does_not_undo_a_newer_one(void **unused) {
    (void)unused;
    uint32_t chair = meeting_begin(&world, 1);
    meeting_open(&world, chair, 0, 1);
    remember(chair, 1, hanging("CT", 1, 2));
    struct take_hanging late = {.command_id = uuid_of(771), .hanging = hanging("CT", 2, 2)};
    late.hanging.at = of_board(A_BOARD, "CT")->at - 1;
    world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                 take_hanging_encode(&world.reading, &late));
    assert_int_equal(of_board(A_BOARD, "CT")->rows, 1);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_presents_arranges_and_the_board_remembers),
        cmocka_unit_test(of_one_modality_the_newest_hanging_stays_and_the_same_again_is_no_event),
        cmocka_unit_test(a_modality_opens_as_it_comes_again_once_somebody_says_so),
        cmocka_unit_test(nobody_but_the_presenter_and_the_chair_arranges_for_all),
        cmocka_unit_test(a_hanging_that_hangs_nothing_is_refused),
        cmocka_unit_test(a_board_remembers_so_many_modalities_and_no_more),
        cmocka_unit_test(the_series_hands_it_to_its_other_meetings_and_to_those_planned_later),
        cmocka_unit_test(an_older_word_of_the_series_does_not_undo_a_newer_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
