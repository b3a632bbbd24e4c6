/* links: actors actor_test_support */
/* Whatever part of an actor the process dies in, the next one finds out which stream it was. */
#include "tests/unit/support_counter.h"
#include "tests/unit/support_runtime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fake_host fake;
static struct crash_marker marker;
static struct crash_marker in_apply, in_attach, in_restore;
static struct actor_kind watched;
static const struct actor_kind *const kinds[] = {&watched};

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    in_apply = marker;
    return counter_kind.apply(actor, header, fields, arena);
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    in_attach = marker;
    return counter_kind.attach(actor, turn, who);
}

static bool restore(struct actor *actor, struct encoded saved) {
    in_restore = marker;
    return counter_kind.restore(actor, saved);
}

static void scene(void) {
    watched = counter_kind;
    watched.apply = apply;
    watched.attach = attach;
    watched.restore = restore;
    in_apply = in_attach = in_restore = marker = (struct crash_marker){0};
    fake_host_start(&fake, kinds, 1);
    runtime_mark_crashes_in(fake.runtime, &marker);
}

static void starts_again(void) {
    fake_host_crash(&fake, kinds, 1);
    runtime_mark_crashes_in(fake.runtime, &marker);
    in_apply = (struct crash_marker){0};
    runtime_activate(fake.runtime, COUNTER_KIND, uuid_of(1));
    fake_host_run(&fake);
}

static void add(uint32_t command_id) {
    struct arena *arena = runtime_arena(fake.runtime);
    struct counter_message message = {.command_id = uuid_of(command_id), .number = 1};
    struct incoming incoming = {
        .tag = COUNTER_ADD,
        .message = arena_copy(arena, &message, sizeof message),
        .arena = arena,
        .sender = {.session = {1, 5, 1},
                   .user = uuid_of(7),
                   .roles = 1u << ROLE_MEMBER,
                   .actions = COUNTER_MAY_COUNT},
    };
    runtime_push(fake.runtime, runtime_activate(fake.runtime, COUNTER_KIND, uuid_of(1)), &incoming);
    fake_host_run(&fake);
}

static void an_event_that_is_replayed_names_the_command_it_came_of(void **unused) {
    (void)unused;
    scene();
    add(100);
    add(101);
    starts_again();
    assert_int_equal(in_apply.active, 1);
    assert_true(uuid_equal(in_apply.stream, uuid_of(1)));
    assert_true(uuid_equal(in_apply.command_id, uuid_of(101)));
    assert_int_equal(marker.active, 0);
    fake_host_stop(&fake);
}

static void on_attached(struct attach_request *request, enum load_result result,
                        uint16_t participant) {
    (void)request;
    (void)result;
    (void)participant;
}

static void who_comes_is_marked_too(void **unused) {
    (void)unused;
    scene();
    struct attach_request request = {
        .activation = runtime_activate(fake.runtime, COUNTER_KIND, uuid_of(1)),
        .who = {.session = {1, 1, 1}, .user = uuid_of(7)},
        .on_attached = on_attached,
    };
    runtime_attach(fake.runtime, &request);
    fake_host_run(&fake);
    assert_int_equal(in_attach.active, 1);
    assert_true(uuid_equal(in_attach.stream, uuid_of(1)));
    assert_int_equal(marker.active, 0);
    fake_host_stop(&fake);
}

static void a_snapshot_that_is_read_is_marked_too(void **unused) {
    (void)unused;
    scene();
    add(100);
    fake_host_pass(&fake, 2 * RUNTIME_IDLE_US);
    starts_again();
    assert_int_equal(in_restore.active, 1);
    assert_true(uuid_equal(in_restore.stream, uuid_of(1)));
    assert_int_equal(marker.active, 0);
    fake_host_stop(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_is_replayed_names_the_command_it_came_of),
        cmocka_unit_test(who_comes_is_marked_too),
        cmocka_unit_test(a_snapshot_that_is_read_is_marked_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
