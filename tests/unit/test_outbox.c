/* links: server_core */
#include "server/gateway/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

/* A socket that takes `space` frames, then is full; remembers the order of what it got. */
struct fake_socket {
    struct transport transport;
    unsigned space;
    bool gone;
    uint8_t got[64];
    unsigned got_count;
};

static enum send_result fake_send(struct transport *transport, void *connection,
                                  struct shared_frame *frame) {
    struct fake_socket *socket = connection;
    (void)transport;
    if (socket->gone) {
        return SEND_CLOSED;
    }
    socket->got[socket->got_count++] = *shared_frame_payload(frame);
    return --socket->space == 0 ? SEND_BLOCKED : SEND_DONE;
}

static struct shared_frame *frame_of(uint8_t mark, uint32_t length) {
    struct shared_frame *frame = malloc(sizeof *frame + FRAME_HEADROOM + length);
    frame->references = 1;
    frame->length = length;
    *shared_frame_payload(frame) = mark;
    return frame;
}

static enum outbox_result push(struct outbox *outbox, uint8_t mark, uint32_t length, int64_t now) {
    struct shared_frame *frame = frame_of(mark, length);
    enum outbox_result result = outbox_push(outbox, frame, now);
    shared_frame_unref(frame);
    return result;
}

static void open_outbox(struct outbox *outbox, struct fake_socket *socket, unsigned space) {
    *socket = (struct fake_socket){.transport = {.send = fake_send}, .space = space};
    outbox_init(outbox, &socket->transport, socket);
}

static bool is_marked(struct shared_frame *frame, uint16_t mark) {
    return *shared_frame_payload(frame) == mark;
}

static void what_is_forgotten_while_it_waits_never_leaves(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    for (uint8_t mark = 1; mark <= 20; mark++) { /* the ring grows, and later goes around */
        push(&outbox, (uint8_t)(mark % 3), 100, 0);
    }
    push(&outbox, 2, OUTBOX_BULK_FROM + 1, 0);
    socket.space = 5;
    outbox_writable(&outbox, 1);
    outbox_forget(&outbox, is_marked, 2);
    socket.space = 50;
    assert_true(outbox_writable(&outbox, 2));
    assert_int_equal(outbox.bytes, 0);
    assert_int_equal(outbox.bulk_bytes, 0);
    assert_int_equal(socket.got_count, 6 + 9); /* of the 14 that waited, 5 were marked */
    for (unsigned i = 6; i < socket.got_count; i++) {
        assert_int_not_equal(socket.got[i], 2);
    }
    outbox_finish(&outbox);
}

static void a_frame_goes_straight_to_a_socket_that_takes_it(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 10);
    assert_int_equal(push(&outbox, 1, 100, 0), OUTBOX_SENT);
    assert_int_equal(socket.got_count, 1);
    assert_true(outbox_clear(&outbox));
    outbox_finish(&outbox);
}

static void frames_behind_a_full_socket_leave_in_their_order(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    for (uint8_t mark = 0; mark < 40; mark++) {
        push(&outbox, mark, 10, 0);
    }
    while (outbox.count > 0) {
        socket.space = 7;
        outbox_writable(&outbox, 0);
    }
    assert_int_equal(socket.got_count, 40);
    for (uint8_t mark = 0; mark < 40; mark++) {
        assert_int_equal(socket.got[mark], mark);
    }
    outbox_finish(&outbox);
}

static void more_than_the_lane_holds_is_an_overflow_and_not_memory(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 1, 0);
    unsigned taken = 0;
    while (push(&outbox, 1, 64 * 1024, 0) == OUTBOX_QUEUED) {
        taken++;
    }
    assert_int_equal(taken, SESSION_LANE_MAX / (64 * 1024));
    outbox_finish(&outbox);
}

static void one_snapshot_larger_than_the_lane_still_fits_an_empty_one(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 1, 0);
    assert_int_equal(push(&outbox, 1, SESSION_LANE_MAX + 1, 0), OUTBOX_QUEUED);
    outbox_finish(&outbox);
}

static void a_socket_without_progress_for_ten_seconds_is_stalled(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 1, 1000);
    assert_false(outbox_stalled(&outbox, 1000 + OUTBOX_STALL_US));
    assert_true(outbox_stalled(&outbox, 1001 + OUTBOX_STALL_US));
    outbox_finish(&outbox);
}

static void a_large_snapshot_has_the_time_a_slow_line_needs(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    int64_t time_us = (int64_t)FRAME_OUT_MAX * 1000000 / OUTBOX_SLOWEST;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, FRAME_OUT_MAX, 0);
    assert_false(outbox_stalled(&outbox, time_us));
    assert_true(outbox_stalled(&outbox, time_us + OUTBOX_STALL_US + 1));
    outbox_finish(&outbox);
}

static void several_snapshots_and_what_comes_after_them_fit_a_slow_line(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 3 * SESSION_LANE_MAX, 0);
    assert_int_equal(push(&outbox, 1, 100, 0), OUTBOX_QUEUED);
    assert_int_equal(push(&outbox, 2, 3 * SESSION_LANE_MAX, 0), OUTBOX_QUEUED);
    assert_int_equal(push(&outbox, 3, 3 * SESSION_LANE_MAX, 0), OUTBOX_QUEUED);
    assert_int_equal(push(&outbox, 4, 100, 0), OUTBOX_QUEUED);
    outbox_finish(&outbox);
}

static void snapshots_that_nobody_reads_end_at_a_bound(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 1, 0);
    unsigned queued = 0;
    while (queued < 1000 && push(&outbox, 1, SESSION_LANE_MAX, 0) == OUTBOX_QUEUED) {
        queued++;
    }
    assert_int_equal(queued, OUTBOX_BULK_MAX / SESSION_LANE_MAX);
    outbox_finish(&outbox);
}

static void progress_starts_the_stall_clock_anew(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 1);
    push(&outbox, 0, 1, 0);
    push(&outbox, 1, 1, 0);
    push(&outbox, 2, 1, 0);
    socket.space = 1;
    outbox_writable(&outbox, 9 * 1000 * 1000);
    assert_false(outbox_stalled(&outbox, OUTBOX_STALL_US + 1));
    outbox_finish(&outbox);
}

static void a_closed_socket_is_told_apart_from_a_full_one(void **state) {
    (void)state;
    struct outbox outbox;
    struct fake_socket socket;
    open_outbox(&outbox, &socket, 5);
    socket.gone = true;
    assert_int_equal(push(&outbox, 0, 1, 0), OUTBOX_CLOSED);
    outbox_finish(&outbox);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forgotten_while_it_waits_never_leaves),
        cmocka_unit_test(a_frame_goes_straight_to_a_socket_that_takes_it),
        cmocka_unit_test(frames_behind_a_full_socket_leave_in_their_order),
        cmocka_unit_test(more_than_the_lane_holds_is_an_overflow_and_not_memory),
        cmocka_unit_test(one_snapshot_larger_than_the_lane_still_fits_an_empty_one),
        cmocka_unit_test(a_socket_without_progress_for_ten_seconds_is_stalled),
        cmocka_unit_test(a_large_snapshot_has_the_time_a_slow_line_needs),
        cmocka_unit_test(several_snapshots_and_what_comes_after_them_fit_a_slow_line),
        cmocka_unit_test(snapshots_that_nobody_reads_end_at_a_bound),
        cmocka_unit_test(progress_starts_the_stall_clock_anew),
        cmocka_unit_test(a_closed_socket_is_told_apart_from_a_full_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
