/* links: protocol */
#include "protocol/frame.h"
#include "protocol/generated/stage.h"
#include "protocol/writer.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect_bytes(const struct writer *writer, const char *bytes, uint32_t length) {
    struct bytes written = writer_bytes(writer);
    assert_non_null(written.bytes);
    assert_int_equal(written.length, length);
    assert_memory_equal(written.bytes, bytes, length);
}

static void integers_take_the_fewest_bytes(void **state) {
    (void)state;
    uint8_t buffer[64];
    struct writer writer;
    writer_init_fixed(&writer, buffer, sizeof buffer);
    writer_u64(&writer, 127);
    writer_u64(&writer, 128);
    writer_u32(&writer, 256);
    writer_i64(&writer, 200);
    writer_i64(&writer, -32);
    writer_i32(&writer, -33);
    writer_i64(&writer, -129);
    expect_bytes(&writer, "\x7f\xcc\x80\xcd\x01\x00\xcc\xc8\xe0\xd0\xdf\xd1\xff\x7f", 14);
}

static void a_pointer_update_is_within_24_bytes(void **state) {
    (void)state;
    uint8_t buffer[FRAME_HEAD_SIZE_MAX + 64];
    struct writer writer;
    const struct frame frame = {
        .form = FRAME_EPHEMERAL, .channel = UINT16_MAX, .tag = STAGE_MOVE_POINTER};
    const struct move_pointer move = {.handle = UINT16_MAX, .x = 1.5f, .y = -2.5f, .z = 300.25f};
    writer_init_fixed(&writer, buffer, sizeof buffer);
    frame_write_head(&writer, &frame);
    move_pointer_write(&writer, &move);
    assert_in_range(writer_bytes(&writer).length, 1, 24);
}

static void the_longest_envelope_is_as_long_as_its_name_says(void **state) {
    (void)state;
    uint8_t buffer[FRAME_HEAD_SIZE_MAX + 1];
    struct writer writer;
    struct frame frame = {.form = FRAME_EVENT,
                          .channel = UINT16_MAX,
                          .tag = TAG_COUNT - 1,
                          .version = (uint64_t)WHOLE_NUMBER_LIMIT - 1,
                          .previous = (uint64_t)WHOLE_NUMBER_LIMIT - 1,
                          .at = -WHOLE_NUMBER_LIMIT + 1};
    memset(&frame.by, 0xff, sizeof frame.by);
    writer_init_fixed(&writer, buffer, sizeof buffer);
    frame_write_head(&writer, &frame);
    assert_in_range(writer_bytes(&writer).length, FRAME_HEAD_SIZE_MAX - 1, FRAME_HEAD_SIZE_MAX);
}

static void a_buffer_of_the_caller_is_never_overrun(void **state) {
    (void)state;
    uint8_t buffer[4] = {0, 0, 0, 0xee};
    struct writer writer;
    writer_init_fixed(&writer, buffer, 3);
    writer_u8(&writer, 1);
    writer_u32(&writer, 1000000);
    assert_true(writer.failed);
    assert_null(writer_bytes(&writer).bytes);
    assert_int_equal(buffer[3], 0xee);
}

static void a_failed_writer_stays_failed_until_it_is_reset(void **state) {
    (void)state;
    uint8_t buffer[2];
    struct writer writer;
    writer_init_fixed(&writer, buffer, sizeof buffer);
    writer_text(&writer, 31, TEXT("too long"));
    writer_nil(&writer);
    assert_null(writer_bytes(&writer).bytes);
    writer_reset(&writer);
    writer_nil(&writer);
    expect_bytes(&writer, "\xc0", 1);
}

static void a_buffer_on_the_heap_grows_up_to_its_bound(void **state) {
    (void)state;
    struct writer writer;
    writer_init(&writer, 1000);
    for (int i = 0; i < 1000; i++) {
        writer_u8(&writer, 1);
    }
    assert_int_equal(writer_bytes(&writer).length, 1000);
    writer_u8(&writer, 1);
    assert_null(writer_bytes(&writer).bytes);
    writer_finish(&writer);
}

static void a_buffer_in_an_arena_grows_in_place(void **state) {
    (void)state;
    struct arena arena;
    struct writer writer;
    arena_init(&arena, 1 << 20);
    writer_init_arena(&writer, &arena, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        writer_u8(&writer, 1);
    }
    assert_int_equal(writer_bytes(&writer).length, 1000);
    assert_int_equal(arena.allocated, 1024);
    arena_finish(&arena);
}

static void what_the_other_side_would_refuse_is_not_written(void **state) {
    (void)state;
    uint8_t buffer[256];
    struct writer writer;
    writer_init_fixed(&writer, buffer, sizeof buffer);
#define REFUSED(call)                                                                              \
    writer_reset(&writer);                                                                         \
    call;                                                                                          \
    assert_true(writer.failed)
    REFUSED(writer_text(&writer, 3, TEXT("four")));
    REFUSED(writer_bytes_value(&writer, 1, (struct bytes){2, (const uint8_t *)"ab"}));
    REFUSED(writer_list(&writer, 3, 4));
    REFUSED(writer_map(&writer, 3, 4));
    REFUSED(writer_enum(&writer, 3, 3));
    REFUSED(writer_f32(&writer, INFINITY));
    REFUSED(writer_f64(&writer, NAN));
    REFUSED(writer_time(&writer, WHOLE_NUMBER_LIMIT));
    REFUSED(writer_version(&writer, (uint64_t)WHOLE_NUMBER_LIMIT));
#undef REFUSED
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_take_the_fewest_bytes),
        cmocka_unit_test(a_pointer_update_is_within_24_bytes),
        cmocka_unit_test(the_longest_envelope_is_as_long_as_its_name_says),
        cmocka_unit_test(a_buffer_of_the_caller_is_never_overrun),
        cmocka_unit_test(a_failed_writer_stays_failed_until_it_is_reset),
        cmocka_unit_test(a_buffer_on_the_heap_grows_up_to_its_bound),
        cmocka_unit_test(a_buffer_in_an_arena_grows_in_place),
        cmocka_unit_test(what_the_other_side_would_refuse_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
