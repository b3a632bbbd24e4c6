/* links: actors actor_test_support */
/* Files on their way into a case: who is shown them, and that they cost nothing but a slot. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static uint32_t a_case(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    return come(COORDINATOR);
}

static struct arrival an_arrival(uint32_t id, uint32_t done) {
    return (struct arrival){.arrival = uuid_of(id),
                            .by = world_person(MEMBER),
                            .files = 512,
                            .done = done,
                            .has_percent = true,
                            .percent = 41};
}

/* As the archive tells it. */
static void tell(struct arrival arrival) {
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 tell_arrival_encode(&arena, &(struct tell_arrival){arrival}));
    arena_finish(&arena);
}

/* What a reader of these audiences is missing since a tick. */
static struct arrival_list missing(uint8_t audiences, uint32_t since, uint32_t *ret_tick) {
    const struct actor *actor = &the_case()->actor;
    struct encoded notice =
        actor->kind->ephemera(actor, audiences, since, &world.reading, ret_tick);
    struct reader reader = reader_of(notice.fields);
    struct ephemera frame;
    if (notice.fields.length == 0 || !ephemera_read(&reader, &world.reading, &frame)) {
        return (struct arrival_list){0};
    }
    return frame.arrivals;
}

static void who_is_clinical_hears_of_what_arrives_and_nobody_else(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t referrer = come(REFERRER);
    uint32_t tick;
    missing(AUDIENCE_CLINICAL, 0, &tick);
    tell(an_arrival(1, 214));
    struct arrival_list heard = missing(AUDIENCE_CLINICAL, tick, &tick);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.items[0].done, 214);
    assert_int_equal(missing(AUDIENCE_CLINICAL, tick, &tick).count, 0);
    uint32_t other;
    assert_int_equal(missing(AUDIENCE_STATUS, 0, &other).count, 0);
    assert_int_equal(missing(AUDIENCE_STATUS | AUDIENCE_PATIENT, 0, &other).count, 0);
    (void)coordinator;
    (void)referrer;
    world_stop(&world);
}

static void only_the_archive_tells_of_it(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct tell_arrival signal = {an_arrival(1, 1)};
    world_say(&world, coordinator, PATIENT_CASE_TELL_ARRIVAL, &signal);
    assert_int_equal(the_case()->arrivals.count, 0);
    world_stop(&world);
}

static void who_comes_in_the_middle_gets_it_with_the_rest(void **unused) {
    (void)unused;
    a_case();
    tell(an_arrival(1, 100));
    tell(an_arrival(2, 7));
    tell((struct arrival){.arrival = uuid_of(2), .state = ARRIVAL_STATE_GONE});
    struct encoded shown = case_show(&the_case()->actor, AUDIENCE_CLINICAL, &world.reading);
    struct reader reader = reader_of(shown.fields);
    struct case_snapshot snapshot;
    assert_true(case_snapshot_read(&reader, &world.reading, &snapshot));
    assert_int_equal(snapshot.stage.arrivals.count, 1);
    assert_int_equal(snapshot.stage.arrivals.items[0].done, 100);
    shown = case_save(&the_case()->actor, &world.reading);
    reader = reader_of(shown.fields);
    assert_true(case_snapshot_read(&reader, &world.reading, &snapshot));
    assert_int_equal(snapshot.stage.arrivals.count, 0);
    world_stop(&world);
}

static void that_it_is_over_is_said_and_what_is_known_is_not_said_again(void **unused) {
    (void)unused;
    a_case();
    uint32_t tick;
    tell(an_arrival(1, 100));
    missing(AUDIENCE_CLINICAL, 0, &tick);
    uint64_t version = the_case()->stage.tick;
    tell(an_arrival(1, 100));
    assert_int_equal(the_case()->stage.tick, version);
    struct arrival over = an_arrival(1, 512);
    over.state = ARRIVAL_STATE_GONE;
    tell(over);
    struct arrival_list heard = missing(AUDIENCE_CLINICAL, tick, &tick);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.items[0].state, ARRIVAL_STATE_GONE);
    world_stop(&world);
}

static void more_than_there_are_places_for_are_left_out_until_one_is_free(void **unused) {
    (void)unused;
    a_case();
    for (uint32_t id = 1; id <= CASE_ARRIVALS_MAX + 3; id++) {
        tell(an_arrival(id, id));
    }
    assert_int_equal(the_case()->arrivals.count, CASE_ARRIVALS_MAX);
    tell((struct arrival){.arrival = uuid_of(1), .state = ARRIVAL_STATE_GONE});
    tell(an_arrival(100, 1));
    assert_int_equal(the_case()->arrivals.slots[0].shown.state, ARRIVAL_STATE_GONE);
    world.fake.now += 61 * INT64_C(1000000);
    tell(an_arrival(100, 1));
    assert_true(uuid_equal(the_case()->arrivals.slots[0].shown.arrival, uuid_of(100)));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_clinical_hears_of_what_arrives_and_nobody_else),
        cmocka_unit_test(only_the_archive_tells_of_it),
        cmocka_unit_test(who_comes_in_the_middle_gets_it_with_the_rest),
        cmocka_unit_test(that_it_is_over_is_said_and_what_is_known_is_not_said_again),
        cmocka_unit_test(more_than_there_are_places_for_are_left_out_until_one_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
