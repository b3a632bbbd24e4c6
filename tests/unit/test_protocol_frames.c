/* links: frames protocol */
/* The corpus in tests/support/frames, printed from the schemas, holds this codec and the browser's
 * to the same bytes; msgpack-c's own unpacker is the oracle for what is written. */
#include "protocol/generated/board.h"
#include "protocol/generated/ingest.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/series.h"
#include "protocol/generated/session.h"
#include "protocol/generated/user.h"
#include "tests/support/frames/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KIND(name)                                                                                 \
    {                                                                                              \
#name, "tests/support/frames", name##_decode, name##_decode_down, name##_encode,           \
            name##_rules                                                                           \
    }

static const struct frame_kind kinds[] = {
    KIND(session), KIND(board), KIND(patient_case), KIND(user), KIND(series), KIND(ingest),
};

static void for_each_kind(void (*check)(const struct frame_kind *)) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        check(&kinds[i]);
    }
}

static void every_frame_is_read_written_or_refused_as_the_corpus_says(void **state) {
    (void)state;
    for_each_kind(frames_are_read_written_or_refused);
}

static void a_frame_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    for_each_kind(frames_are_refused_when_cut);
}

static void msgpack_c_reads_the_same_and_packs_it_no_shorter(void **state) {
    (void)state;
    for_each_kind(frames_agree_with_msgpack_c);
}

static void no_frame_that_is_read_is_over_the_size_of_its_rule(void **state) {
    (void)state;
    for_each_kind(frames_keep_their_size);
}

static void a_frame_that_its_arena_cannot_hold_is_refused(void **state) {
    (void)state;
    for_each_kind(frames_are_refused_for_want_of_memory);
}

static void what_is_read_from_mutated_bytes_survives_being_written(void **state) {
    (void)state;
    for_each_kind(frames_survive_mutation);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_read_written_or_refused_as_the_corpus_says),
        cmocka_unit_test(a_frame_cut_at_any_byte_is_refused),
        cmocka_unit_test(msgpack_c_reads_the_same_and_packs_it_no_shorter),
        cmocka_unit_test(no_frame_that_is_read_is_over_the_size_of_its_rule),
        cmocka_unit_test(a_frame_that_its_arena_cannot_hold_is_refused),
        cmocka_unit_test(what_is_read_from_mutated_bytes_survives_being_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
