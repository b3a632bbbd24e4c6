/* links: actors actor_test_support */
/* What a person has beside the password: each use is written down, so that none is good twice, also
 * after a restart: every test ends by replaying the record. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;
static struct arena arena;
static uint32_t self;

static void begin(void) {
    arena_init(&arena, EFFECT_BYTES_MAX);
    world_start(&world);
    world_people(&world);
    self = world_attach(&world, CHANNEL_KIND_USER, world_person(MEMBER), world_person(MEMBER), 0);
}

static void end(void) {
    world_stop(&world);
    arena_finish(&arena);
}

static const struct user *person(void) {
    return world_user(&world, world_person(MEMBER));
}

static void told(struct encoded command) {
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER), command);
}

static struct bytes bytes_of(const char *text) {
    return (struct bytes){(uint32_t)strlen(text), (const uint8_t *)text};
}

static void add(uint32_t id, enum factor_kind kind, const char *secret, const char *credential) {
    struct add_factor command = {.command_id = uuid_of(world.next_id++),
                                 .factor = {.id = uuid_of(id),
                                            .kind = kind,
                                            .name = TEXT("Telephone"),
                                            .secret = bytes_of(secret),
                                            .credential = bytes_of(credential)}};
    told(add_factor_encode(&arena, &command));
}

static void drop(uint32_t id) {
    struct remove_factor command = {.command_id = uuid_of(world.next_id++), .id = uuid_of(id)};
    told(remove_factor_encode(&arena, &command));
}

static void use(uint32_t id, uint64_t step) {
    struct use_factor command = {
        .command_id = uuid_of(world.next_id++), .id = uuid_of(id), .used = step};
    told(use_factor_encode(&arena, &command));
}

static void use_code(const char *hash) {
    struct use_recovery_code command = {.command_id = uuid_of(world.next_id++),
                                        .hash = bytes_of(hash)};
    told(use_recovery_code_encode(&arena, &command));
}

static void set_codes(uint32_t count, struct bytes *hashes) {
    struct set_recovery_codes command = {.command_id = uuid_of(world.next_id++),
                                         .hashes = {count, hashes}};
    told(set_recovery_codes_encode(&arena, &command));
}

static void a_factor_is_whole_new_and_one_of_ten(void **unused) {
    (void)unused;
    begin();
    add(1, FACTOR_KIND_CODE, "", "");
    add(1, FACTOR_KIND_CODE, "secret", "a credential");
    add(1, FACTOR_KIND_PASSKEY, "key", "");
    assert_int_equal(person()->factors.count, 0);
    add(1, FACTOR_KIND_CODE, "secret", "");
    add(1, FACTOR_KIND_CODE, "another", ""); /* the same id */
    add(2, FACTOR_KIND_PASSKEY, "key", "credential");
    add(3, FACTOR_KIND_PASSKEY, "key", "credential"); /* the same passkey */
    assert_int_equal(person()->factors.count, 2);
    assert_true(bytes_equal(person()->factors.items[0].secret, bytes_of("secret")));
    for (uint32_t id = 10; id < 30; id++) {
        add(id, FACTOR_KIND_CODE, "secret", "");
    }
    assert_int_equal(person()->factors.count, USER_FACTORS_MAX);
    end();
}

static void a_step_of_an_app_is_good_once_and_never_again_after_a_later_one(void **unused) {
    (void)unused;
    begin();
    add(1, FACTOR_KIND_CODE, "secret", "");
    use(1, 100);
    assert_int_equal(person()->factors.items[0].used, 100);
    use(1, 100);
    use(1, 99);
    use(2, 200); /* unknown */
    assert_int_equal(person()->factors.items[0].used, 100);
    use(1, 101);
    assert_int_equal(person()->factors.items[0].used, 101);
    end();
}

static void a_passkey_that_counts_never_goes_back_and_one_that_does_not_stays_at_0(void **unused) {
    (void)unused;
    begin();
    add(1, FACTOR_KIND_PASSKEY, "key", "counts");
    add(2, FACTOR_KIND_PASSKEY, "key", "does not");
    use(1, 7);
    use(1, 7); /* a copy of it */
    use(1, 0);
    use(2, 0);
    use(2, 0);
    assert_int_equal(person()->factors.items[0].used, 7);
    assert_int_equal(person()->factors.items[1].used, 0);
    use(1, 8);
    assert_int_equal(person()->factors.items[0].used, 8);
    end();
}

static void a_recovery_code_is_good_once_and_new_ones_end_those_before(void **unused) {
    (void)unused;
    begin();
    struct bytes first[] = {bytes_of("one"), bytes_of("two"), bytes_of("three")};
    struct bytes second[] = {bytes_of("four"), bytes_of("five")};
    set_codes(3, first); /* there is nothing that they could stand for */
    assert_int_equal(person()->recovery_codes.count, 0);
    add(1, FACTOR_KIND_CODE, "secret", "");
    set_codes(3, first);
    use_code("two");
    use_code("two");
    use_code("six");
    assert_int_equal(person()->recovery_codes.count, 2);
    set_codes(2, second);
    use_code("one");
    assert_int_equal(person()->recovery_codes.count, 2);
    use_code("four");
    assert_int_equal(person()->recovery_codes.count, 1);
    assert_true(bytes_equal(person()->recovery_codes.items[0], bytes_of("five")));
    end();
}

static void with_the_last_factor_the_recovery_codes_go_too(void **unused) {
    (void)unused;
    begin();
    struct bytes hashes[] = {bytes_of("one"), bytes_of("two")};
    add(1, FACTOR_KIND_CODE, "secret", "");
    add(2, FACTOR_KIND_PASSKEY, "key", "credential");
    set_codes(2, hashes);
    drop(1);
    drop(1); /* it is gone, as was wished */
    assert_int_equal(person()->factors.count, 1);
    assert_int_equal(person()->recovery_codes.count, 2);
    drop(2);
    assert_int_equal(person()->factors.count, 0);
    assert_int_equal(person()->recovery_codes.count, 0);
    end();
}

static void factors_and_codes_leave_in_no_event_and_by_no_session(void **unused) {
    (void)unused;
    begin();
    struct bytes hashes[] = {bytes_of("one")};
    add(1, FACTOR_KIND_CODE, "secret", "");
    set_codes(1, hashes);
    use(1, 5);
    use_code("one");
    assert_false(world_saw(&world, self, USER_FACTOR_ADDED));
    assert_false(world_saw(&world, self, USER_RECOVERY_CODES_SET));
    assert_false(world_saw(&world, self, USER_FACTOR_USED));
    assert_false(world_saw(&world, self, USER_RECOVERY_CODE_USED));
    struct remove_factor mine = {.id = uuid_of(1)};
    assert_int_equal(world_say(&world, self, USER_REMOVE_FACTOR, &mine), REFUSAL_NOT_PERMITTED);
    assert_int_equal(person()->factors.count, 1);
    end();
}

static void who_is_not_registered_has_no_factors(void **unused) {
    (void)unused;
    begin();
    struct add_factor command = {.command_id = uuid_of(world.next_id++),
                                 .factor = {.id = uuid_of(1), .secret = bytes_of("secret")}};
    world_system(&world, CHANNEL_KIND_USER, uuid_of(4711), add_factor_encode(&arena, &command));
    const struct user *nobody = world_user(&world, uuid_of(4711));
    assert_true(nobody == NULL || nobody->factors.count == 0);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factor_is_whole_new_and_one_of_ten),
        cmocka_unit_test(a_step_of_an_app_is_good_once_and_never_again_after_a_later_one),
        cmocka_unit_test(a_passkey_that_counts_never_goes_back_and_one_that_does_not_stays_at_0),
        cmocka_unit_test(a_recovery_code_is_good_once_and_new_ones_end_those_before),
        cmocka_unit_test(with_the_last_factor_the_recovery_codes_go_too),
        cmocka_unit_test(factors_and_codes_leave_in_no_event_and_by_no_session),
        cmocka_unit_test(who_is_not_registered_has_no_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
