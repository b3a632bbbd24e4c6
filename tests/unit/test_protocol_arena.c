/* links: protocol */
#include "protocol/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void pieces_are_aligned_and_apart(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    uint8_t *before = NULL;
    for (size_t size = 1; size < 3000; size = size * 3 / 2 + 1) {
        uint8_t *piece = arena_alloc(&arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % ARENA_ALIGNMENT, 0);
        memset(piece, 0xaa, size);
        assert_true(before == NULL || *before == 0xaa);
        before = piece;
    }
    arena_finish(&arena);
}

static void the_budget_is_for_all_pieces_together(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 48));
    assert_null(arena_alloc(&arena, 17));
    assert_true(arena.failed);
    assert_non_null(arena_alloc(&arena, 16));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    assert_non_null(arena_alloc(&arena, 64));
    arena_finish(&arena);
}

static void a_size_beyond_all_reason_is_refused(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX - 1);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 3));
    assert_non_null(arena_alloc(&arena, 16));
    arena_finish(&arena);
}

static void an_arena_that_is_reset_uses_its_first_chunk_again(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    void *first = arena_alloc(&arena, 100);
    assert_non_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    arena_finish(&arena);
}

static void the_newest_piece_is_extended_in_place_and_others_move(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *first = arena_copy(&arena, "first", 5);
    assert_ptr_equal(arena_extend(&arena, first, 5, 100), first);
    assert_non_null(arena_alloc(&arena, 1));
    char *moved = arena_extend(&arena, first, 100, 200);
    assert_ptr_not_equal(moved, first);
    assert_memory_equal(moved, "first", 5);
    assert_null(arena_extend(&arena, moved, 200, SIZE_MAX));
    arena_finish(&arena);
}

static void a_copy_that_does_not_fit_is_empty_and_marks_the_arena(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 8);
    struct text text = arena_text(&arena, TEXT("seventeen letters"));
    assert_int_equal(text.length, 0);
    assert_true(arena.failed);
    arena_finish(&arena);
}

static void an_empty_copy_takes_no_memory(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_int_equal(arena_text(&arena, TEXT("")).length, 0);
    assert_false(arena.failed);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(the_budget_is_for_all_pieces_together),
        cmocka_unit_test(a_size_beyond_all_reason_is_refused),
        cmocka_unit_test(an_arena_that_is_reset_uses_its_first_chunk_again),
        cmocka_unit_test(the_newest_piece_is_extended_in_place_and_others_move),
        cmocka_unit_test(a_copy_that_does_not_fit_is_empty_and_marks_the_arena),
        cmocka_unit_test(an_empty_copy_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
