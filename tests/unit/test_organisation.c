/* links: actors actor_test_support */
/* An organisation's own actor: who sees what of it, and that an invitation is given to one. */
#include "actors/organisation.h"
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;
static const uint8_t secret[ORGANISATION_SECRET_HASH_BYTES] = {1, 2, 3};
static const struct uuid practice = {{7}};
static const struct uuid invitation_id = {{8}};

static const struct organisation *the_practice(void) {
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_ORGANISATION, practice);
    return (const struct organisation *)activation_actor(activation);
}

static uint8_t id_count;
#define SAY(name, ...)                                                                             \
    do {                                                                                           \
        struct arena arena;                                                                        \
        arena_init(&arena, 4096);                                                                  \
        struct name command = {.command_id = {{++id_count}}, __VA_ARGS__};                         \
        world_system(&world, CHANNEL_KIND_ORGANISATION, practice,                                  \
                     name##_encode(&arena, &command));                                             \
        arena_finish(&arena);                                                                      \
    } while (0)

static void a_practice(void) {
    world_start(&world);
    world_people(&world);
    SAY(create_organisation, .name = TEXT("Practice"));
}

static void invite_until(int64_t until) {
    SAY(invite, .invitation = {.id = invitation_id,
                               .secret_hash = {sizeof secret, secret},
                               .name = TEXT("Dr Weber"),
                               .roles = 1u << ROLE_SPECIALIST,
                               .until = until});
}

static void take(const uint8_t *with, uint32_t person) {
    SAY(take_invitation, .invitation = invitation_id,
        .secret_hash = {ORGANISATION_SECRET_HASH_BYTES, with}, .user = world_person(person));
}

static const struct invitation *the_invitation(void) {
    const struct organisation *organisation = the_practice();
    return organisation->invitations.count == 0 ? NULL : &organisation->invitations.items[0];
}

static int64_t in_a_minute(void) {
    return world.fake.now + INT64_C(60) * 1000000;
}

static void an_invitation_is_given_to_the_first_who_knows_its_secret(void **unused) {
    static const uint8_t guessed[ORGANISATION_SECRET_HASH_BYTES] = {9};
    (void)unused;
    a_practice();
    invite_until(in_a_minute());
    take(guessed, MEMBER);
    assert_int_equal(the_invitation()->state, INVITATION_STATE_OPEN);
    take(secret, MEMBER);
    take(secret, STRANGER);
    assert_int_equal(the_invitation()->state, INVITATION_STATE_TAKEN);
    assert_true(uuid_equal(the_invitation()->taken_by, world_person(MEMBER)));
    world_check_record(&world);
    world_stop(&world);
}

static void a_withdrawn_one_is_given_to_nobody(void **unused) {
    (void)unused;
    a_practice();
    invite_until(in_a_minute());
    SAY(withdraw_invitation, .invitation = invitation_id);
    take(secret, MEMBER);
    assert_int_equal(the_invitation()->state, INVITATION_STATE_WITHDRAWN);
    world_stop(&world);
}

static void who_came_by_one_does_not_come_by_it_again_once_it_is_called_back(void **unused) {
    (void)unused;
    a_practice();
    invite_until(in_a_minute());
    take(secret, MEMBER);
    SAY(withdraw_invitation, .invitation = invitation_id);
    assert_int_equal(the_invitation()->state, INVITATION_STATE_WITHDRAWN);
    struct take_invitation again = {.invitation = invitation_id,
                                    .secret_hash = {sizeof secret, secret},
                                    .user = world_person(MEMBER)};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_ORGANISATION, practice, world_person(MEMBER),
                                 ORGANISATION_TAKE_INVITATION, &again),
                     REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void a_used_one_is_worth_nothing_when_its_time_is_over(void **unused) {
    (void)unused;
    a_practice();
    invite_until(in_a_minute());
    take(secret, MEMBER);
    world.fake.now = in_a_minute();
    struct take_invitation again = {.invitation = invitation_id,
                                    .secret_hash = {sizeof secret, secret},
                                    .user = world_person(MEMBER)};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_ORGANISATION, practice, world_person(MEMBER),
                                 ORGANISATION_TAKE_INVITATION, &again),
                     REFUSAL_BAD_STATE);
    world_stop(&world);
}

static void invitations_whose_time_is_over_make_space(void **unused) {
    (void)unused;
    a_practice();
    for (uint32_t i = 0; i < ORGANISATION_INVITATIONS_MAX + 3; i++) {
        struct invite command = {.invitation = {.id = uuid_of(500 + i),
                                                .secret_hash = {sizeof secret, secret},
                                                .name = TEXT("Dr Weber"),
                                                .roles = 1u << ROLE_SPECIALIST,
                                                .until = in_a_minute()}};
        bool full = i >= ORGANISATION_INVITATIONS_MAX;
        if (full) {
            assert_int_equal(world_serve(&world, CHANNEL_KIND_ORGANISATION, practice,
                                         world_person(ADMINISTRATOR), ORGANISATION_INVITE,
                                         &command),
                             i == ORGANISATION_INVITATIONS_MAX ? REFUSAL_TOO_MANY : REFUSAL_NONE);
            world.fake.now = in_a_minute();
        } else {
            world_serve(&world, CHANNEL_KIND_ORGANISATION, practice, world_person(ADMINISTRATOR),
                        ORGANISATION_INVITE, &command);
        }
    }
    assert_int_equal(the_practice()->invitations.count, ORGANISATION_INVITATIONS_MAX);
    world_check_record(&world);
    world_stop(&world);
}

static void one_that_is_over_from_the_start_is_none(void **unused) {
    (void)unused;
    a_practice();
    invite_until(world.fake.now);
    assert_null(the_invitation());
    world_stop(&world);
}

static void its_administrator_sees_who_was_invited_and_a_stranger_nothing(void **unused) {
    (void)unused;
    a_practice();
    uint32_t runs = world_attach(&world, CHANNEL_KIND_ORGANISATION, practice,
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    uint32_t makes = world_attach(&world, CHANNEL_KIND_ORGANISATION, practice,
                                  world_person(COORDINATOR), RIGHT_COORDINATOR);
    uint32_t stranger =
        world_attach(&world, CHANNEL_KIND_ORGANISATION, practice, world_person(STRANGER), 0);
    invite_until(in_a_minute());
    assert_true(world_saw(&world, runs, ORGANISATION_INVITATION_MADE));
    assert_false(world_saw(&world, makes, ORGANISATION_INVITATION_MADE));
    assert_false(world.sessions[stranger].attached);
    world_stop(&world);
}

static void a_board_is_told_when_a_used_link_to_it_is_called_back(void **unused) {
    (void)unused;
    a_practice();
    world_make_board(&world, A_BOARD);
    uint32_t items[] = {1};
    SAY(invite, .invitation = {.id = invitation_id,
                               .secret_hash = {sizeof secret, secret},
                               .name = TEXT("Dr Weber"),
                               .board = uuid_of(A_BOARD),
                               .items = {1, items},
                               .access_until = in_a_minute(),
                               .until = in_a_minute()});
    assert_non_null(the_invitation());
    take(secret, STRANGER);
    const struct board *board = world_board(&world, uuid_of(A_BOARD));
    assert_int_equal(board->called_back.count, 0);
    SAY(withdraw_invitation, .invitation = invitation_id);
    assert_int_equal(board->called_back.count, 1);
    assert_true(uuid_equal(board->called_back.items[0], invitation_id));
    world_check_record(&world);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_is_told_when_a_used_link_to_it_is_called_back),
        cmocka_unit_test(an_invitation_is_given_to_the_first_who_knows_its_secret),
        cmocka_unit_test(a_withdrawn_one_is_given_to_nobody),
        cmocka_unit_test(who_came_by_one_does_not_come_by_it_again_once_it_is_called_back),
        cmocka_unit_test(a_used_one_is_worth_nothing_when_its_time_is_over),
        cmocka_unit_test(invitations_whose_time_is_over_make_space),
        cmocka_unit_test(one_that_is_over_from_the_start_is_none),
        cmocka_unit_test(its_administrator_sees_who_was_invited_and_a_stranger_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
