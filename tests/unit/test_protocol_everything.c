/* links: everything frames protocol */
/* The codec of a schema that uses all of the schema language, which the program's own do not. */
#include "tests/support/everything/generated/everything.h"
#include "tests/support/frames/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct frame_kind everything = {
    "everything",      "tests/support/everything/generated",
    everything_decode, everything_decode_down,
    everything_encode, everything_rules,
};

static void every_frame_is_read_written_or_refused_as_the_corpus_says(void **state) {
    (void)state;
    frames_are_read_written_or_refused(&everything);
}

static void a_frame_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    frames_are_refused_when_cut(&everything);
}

static void msgpack_c_reads_the_same_and_packs_it_no_shorter(void **state) {
    (void)state;
    frames_agree_with_msgpack_c(&everything);
}

static void no_frame_that_is_read_is_over_the_size_of_its_rule(void **state) {
    (void)state;
    frames_keep_their_size(&everything);
}

static void a_frame_that_its_arena_cannot_hold_is_refused(void **state) {
    (void)state;
    frames_are_refused_for_want_of_memory(&everything);
}

static void what_is_read_from_mutated_bytes_survives_being_written(void **state) {
    (void)state;
    frames_survive_mutation(&everything);
}

static void a_copy_of_everything_is_equal_until_one_of_them_changes(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct text_u32_map_entry counts[2] = {{TEXT("ct"), 2}, {TEXT("mr"), 1}};
    struct text words[1] = {TEXT("axial")};
    struct do_everything from = do_everything_default;
    from.maps.counts = (struct text_u32_map){2, counts};
    from.lists.texts = (struct text_list){1, words};
    from.options.has_words = true;
    from.options.words = TEXT("left");
    struct do_everything copy;
    do_everything_copy(&arena, &copy, &from);
    assert_true(do_everything_equal(&copy, &from));
    counts[1].value = 5;
    assert_false(do_everything_equal(&copy, &from));
    counts[1].value = 1;
    words[0] = TEXT("coronal");
    assert_false(do_everything_equal(&copy, &from));
    words[0] = TEXT("axial");
    from.options.words = TEXT("right");
    assert_false(do_everything_equal(&copy, &from));
    arena_finish(&arena);
}

static void defaults_are_what_the_schema_declares(void **state) {
    (void)state;
    assert_int_equal(inner_default.number, -5);
    assert_true(inner_default.share == 0.25);
    assert_true(text_equal(inner_default.words, TEXT("none")));
    assert_int_equal(inner_default.colour, COLOUR_BLUE);
    assert_true(do_everything_default.scalars.flag);
    assert_true(do_everything_default.scalars.single == 0.5f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_read_written_or_refused_as_the_corpus_says),
        cmocka_unit_test(a_frame_cut_at_any_byte_is_refused),
        cmocka_unit_test(msgpack_c_reads_the_same_and_packs_it_no_shorter),
        cmocka_unit_test(no_frame_that_is_read_is_over_the_size_of_its_rule),
        cmocka_unit_test(a_frame_that_its_arena_cannot_hold_is_refused),
        cmocka_unit_test(what_is_read_from_mutated_bytes_survives_being_written),
        cmocka_unit_test(a_copy_of_everything_is_equal_until_one_of_them_changes),
        cmocka_unit_test(defaults_are_what_the_schema_declares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
