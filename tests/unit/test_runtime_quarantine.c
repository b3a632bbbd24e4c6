/* links: actors actor_test_support */
/* An actor that is stopped: who may know of it is told so, and nobody else. */
#include "tests/unit/support_counter.h"
#include "tests/unit/support_runtime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct actor_kind *const kinds[] = {&counter_kind};
static struct fake_host fake;
static enum load_result results[3];
static struct attach_request requests[3];

static void scene(void) {
    fake_host_start(&fake, kinds, 1);
}

static struct activation *actor(uint32_t number) {
    return runtime_activate(fake.runtime, COUNTER_KIND, uuid_of(number));
}

static void push(uint32_t number, uint8_t tag, struct counter_message message) {
    struct arena *arena = runtime_arena(fake.runtime);
    struct incoming incoming = {
        .tag = tag,
        .message = arena_copy(arena, &message, sizeof message),
        .arena = arena,
        .sender = {.session = {1, 5, 1},
                   .user = uuid_of(7),
                   .roles = 1u << ROLE_MEMBER,
                   .actions = COUNTER_MAY_COUNT},
    };
    runtime_push(fake.runtime, actor(number), &incoming);
}

static void on_attached(struct attach_request *request, enum load_result result,
                        uint16_t participant) {
    (void)participant;
    results[request - requests] = result;
}

static void attach(uint32_t number, uint32_t i, uint32_t user) {
    requests[i] = (struct attach_request){
        .activation = actor(number),
        .who = {.session = {1, i + 1, 1}, .user = uuid_of(user)},
        .on_attached = on_attached,
    };
    runtime_attach(fake.runtime, &requests[i]);
}

static void attach_and_load(uint32_t number, uint32_t i, uint32_t user) {
    fake.loads_wait = true;
    attach(number, i, user);
    if (fake.waiting_load != NULL) {
        fake_host_load_now(&fake);
    }
    fake.loads_wait = false;
    fake_host_run(&fake);
}

static void an_actor_that_keeps_failing_is_quarantined(void **unused) {
    (void)unused;
    scene();
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(99), 1, {{0}}});
    fake_host_run(&fake);
    for (uint32_t i = 0; i < RUNTIME_FAILURES_MAX; i++) {
        push(1, COUNTER_ADD, (struct counter_message){uuid_of(100 + i), 666, {{0}}});
        fake_host_run(&fake);
    }
    assert_int_equal(fake_host_note(&fake, NOTE_LOST, 0)->why, LOAD_QUARANTINED);
    push(1, COUNTER_ADD, (struct counter_message){uuid_of(200), 1, {{0}}});
    assert_int_equal(fake_host_answer(&fake, 5)->refusal, REFUSAL_QUARANTINED);
    attach_and_load(1, 0, 7);
    assert_int_equal(results[0], LOAD_QUARANTINED);
    assert_true(activation_is_quarantined(actor(1)));
    fake_host_stop(&fake);
}

static void who_may_not_know_of_an_actor_is_not_told_what_is_wrong_with_it(void **unused) {
    (void)unused;
    static const enum load_result wrong[] = {LOAD_QUARANTINED, LOAD_NEWER_VERSION};
    enum { NOBODY = 0, SOMEBODY = 7 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scene();
        push(1, COUNTER_ADD, (struct counter_message){uuid_of(99), 1, {{0}}});
        fake_host_run(&fake);
        fake_host_crash(&fake, kinds, 1);
        fake.load_result = wrong[i];
        attach_and_load(1, 0, NOBODY);
        attach_and_load(1, 1, SOMEBODY);
        attach_and_load(2, 2, SOMEBODY); /* of which nothing could be read */
        assert_int_equal(results[0], LOAD_ABSENT);
        assert_int_equal(results[1], wrong[i]);
        assert_int_equal(results[2], LOAD_ABSENT);
        fake_host_stop(&fake);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_that_keeps_failing_is_quarantined),
        cmocka_unit_test(who_may_not_know_of_an_actor_is_not_told_what_is_wrong_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
