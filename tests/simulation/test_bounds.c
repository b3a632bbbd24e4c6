/* links: simulation_world; timeout: 120 */
/* Promise 8 where its limits are reached. That they are looked at is tested by sabotages.cmake. */
#include "tests/simulation/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

static void a_crowd_meets_every_limit_and_passes_none(void **state) {
    (void)state;
    static struct world world;
    struct crowd_story story;
    world_init(&world, 1, SABOTAGE_NONE);
    crowd_run(&world, &story);
    printf("%u messages accepted, %u told to wait; %zu in a mailbox, %zu bytes in a lane\n",
           story.accepted, story.busy, story.mailbox_most, story.lane_most);
    assert_string_equal(world.fault, "");
    world_finish(&world);
    assert_int_equal(story.mailbox_most, RUNTIME_MAILBOX_MAX);
    assert_true(story.busy > 0);
    assert_true(story.accepted > RUNTIME_MAILBOX_MAX);
    assert_in_range(story.lane_most, SESSION_LANE_MAX - 8192, SESSION_LANE_MAX);
    assert_true(story.slow_was_cut);
    assert_true(story.large_was_cut);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_meets_every_limit_and_passes_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
