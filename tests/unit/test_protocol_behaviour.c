/* links: protocol */
/* What is generated of a kind as a whole: rules, handler table, decode, dispatch, apply, copies. */
#include "protocol/frame.h"
#include "protocol/generated/board_behaviour.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/policy.h"
#include "protocol/generated/user_behaviour.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ARENA_SIZE_MAX ((size_t)1 << 20)

/* The actor and its turn of these tests: they note which handler was called. */
struct user {
    const char *called;
    struct text text;
    uint64_t version;
};

struct turn {
    struct user *user;
};

static void on_register(const struct user *user, struct turn *turn,
                        const struct register_user *command) {
    assert_ptr_equal(user, turn->user);
    turn->user->called = "register_user";
    turn->user->text = command->login;
}

static void on_set_preference(const struct user *user, struct turn *turn,
                              const struct set_preference *command) {
    (void)user;
    turn->user->called = "set_preference";
    turn->user->text = command->value;
}

static void apply_preference(struct user *user, const struct event_header *header,
                             const struct preference_set *event) {
    user->called = "preference_set";
    user->text = event->value;
    user->version = header->version;
}

static const struct user_behaviour partial = {
    .register_user = on_register,
    .set_preference = on_set_preference,
    .preference_set = apply_preference,
};

static const struct uuid some_id = {{1, 2, 3}};

static void a_table_with_a_missing_handler_is_not_complete(void **state) {
    (void)state;
    assert_false(user_behaviour_complete(&partial));
    assert_false(user_behaviour_complete(&(struct user_behaviour){0}));
}

static void a_command_reaches_its_own_handler(void **state) {
    (void)state;
    struct user user = {0};
    struct turn turn = {&user};
    const struct set_preference command = {some_id, TEXT("key.nextCase"), TEXT("KeyN")};
    user_dispatch(&partial, &user, &turn, USER_SET_PREFERENCE, &command);
    assert_string_equal(user.called, "set_preference");
    assert_true(text_equal(user.text, TEXT("KeyN")));
}

static void an_event_is_read_and_applied_with_its_header(void **state) {
    (void)state;
    struct user user = {0};
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_MAX);
    const struct preference_set event = {TEXT("key.nextCase"), TEXT("KeyN")};
    struct encoded encoded = preference_set_encode(&arena, &event);
    const struct event_header header = {.version = 7, .tag = encoded.tag};
    assert_true(user_apply(&partial, &user, &header, encoded.fields, &arena));
    assert_string_equal(user.called, "preference_set");
    assert_true(text_equal(user.text, TEXT("KeyN")));
    assert_true(user.version == 7);
    arena_finish(&arena);
}

static void an_event_that_is_malformed_or_none_is_not_applied(void **state) {
    (void)state;
    struct user user = {0};
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_MAX);
    const struct bytes nothing = {1, (const uint8_t *)"\x90"};
    const struct bytes malformed = {2, (const uint8_t *)"\x91\xc0"};
    struct event_header header = {.version = 1, .tag = USER_PREFERENCE_SET};
    assert_false(user_apply(&partial, &user, &header, malformed, &arena));
    header.tag = REPLY_ACCEPTED; /* a reply, which may be read but is no event */
    assert_false(user_apply(&partial, &user, &header, nothing, &arena));
    header.tag = 127;
    assert_false(user_apply(&partial, &user, &header, nothing, &arena));
    assert_null(user.called);
    arena_finish(&arena);
}

static void a_tag_of_the_other_direction_is_not_decoded(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_MAX);
    const struct bytes nothing = {1, (const uint8_t *)"\x90"};
    struct reader reader = reader_of(nothing);
    assert_null(board_decode(BOARD_MEETING_STARTED, &reader, &arena));
    reader = reader_of(nothing);
    assert_null(board_decode_down(STAGE_SET_HAND, &reader, &arena));
    reader = reader_of(nothing);
    assert_non_null(board_decode(STAGE_SET_HAND, &reader, &arena));
    arena_finish(&arena);
}

static void the_five_bytes_that_claim_437_million_allocate_nothing(void **state) {
    (void)state;
    struct frame frame;
    struct arena arena;
    const struct bytes bytes = {5, (const uint8_t *)"\xdd\x1a\x12\x8f\x8f"};
    assert_false(frame_read(bytes, &frame));
    arena_init(&arena, ARENA_SIZE_MAX);
    struct reader reader = reader_of(bytes);
    struct stage_state stage;
    assert_false(stage_state_read(&reader, &arena, &stage));
    assert_int_equal(arena.allocated, 0);
    assert_null(arena.newest);
    arena_finish(&arena);
}

static void a_message_that_does_not_fit_its_arena_is_refused(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, 16);
    const struct bytes hand = {2, (const uint8_t *)"\x91\xc3"};
    struct reader reader = reader_of(hand);
    assert_non_null(stage_decode(STAGE_SET_HAND, &reader, &arena));
    reader = reader_of(hand);
    assert_null(stage_decode(STAGE_SET_HAND, &reader, &arena));
    arena_finish(&arena);
}

static void what_breaks_a_bound_is_not_encoded(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_MAX);
    char long_name[65];
    memset(long_name, 'a', sizeof long_name);
    const struct preference_set event = {.name = {sizeof long_name, long_name}};
    assert_null(preference_set_encode(&arena, &event).fields.bytes);
    arena_finish(&arena);
}

static void only_commands_have_an_id(void **state) {
    (void)state;
    const struct add_item add = {.command_id = some_id};
    const struct grant_floor grant = {.command_id = some_id};
    const struct set_hand hand = {.raised = true};
    assert_true(uuid_equal(board_command_id(BOARD_ADD_ITEM, &add), some_id));
    assert_true(uuid_equal(board_command_id(STAGE_GRANT_FLOOR, &grant), some_id));
    assert_true(uuid_is_zero(board_command_id(STAGE_SET_HAND, &hand)));
}

static void the_rules_say_what_the_schema_says(void **state) {
    (void)state;
    const struct message_rule *rule = &board_rules[STAGE_MOVE_POINTER];
    assert_string_equal(rule->name, "MovePointer");
    assert_int_equal(rule->class, MESSAGE_SIGNAL);
    assert_int_equal(rule->actions, BOARD_MAY_DRIVE);
    assert_false(rule->by_system);
    assert_true(board_rules[BOARD_ITEM_SEALED].by_system);
    assert_true(rule->rate > 0 && rule->burst >= rule->rate);
    assert_null(board_rules[0].name);
    assert_null(board_rules[63].name);
    assert_int_equal(user_rules[USER_VERIFIER_SET].audiences, 0);
    assert_int_equal(patient_case_rules[PATIENT_CASE_STATUS_CHANGED].audiences,
                     AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_STATUS | AUDIENCE_PATIENT);
}

static void a_copy_outlives_what_it_was_copied_from(void **state) {
    (void)state;
    struct arena first, second;
    arena_init(&first, ARENA_SIZE_MAX);
    arena_init(&second, ARENA_SIZE_MAX);
    char *words = arena_copy(&first, "series", 6);
    struct viewport *viewports = arena_alloc(&first, 2 * sizeof *viewports);
    viewports[0] = viewport_default;
    viewports[1] = viewport_default;
    viewports[1].display_set = (struct text){6, words};
    viewports[1].has_image = true;
    viewports[1].image = (struct image_position){{6, words}, 3};
    struct layout from = {.item = 1, .rows = 1, .columns = 2, .viewports = {2, viewports}};
    struct layout copy;
    layout_copy(&second, &copy, &from);
    assert_true(layout_equal(&copy, &from));
    arena_finish(&first);
    assert_true(text_equal(copy.viewports.items[1].display_set, TEXT("series")));
    assert_true(text_equal(copy.viewports.items[1].image.sop_instance_uid, TEXT("series")));
    arena_finish(&second);
}

static void layouts_that_differ_anywhere_are_not_equal(void **state) {
    (void)state;
    struct viewport shown[2] = {viewport_default, viewport_default};
    struct viewport other[2] = {viewport_default, viewport_default};
    const struct layout a = {.rows = 1, .columns = 2, .viewports = {2, shown}};
    const struct layout b = {.rows = 1, .columns = 2, .viewports = {2, other}};
    assert_true(layout_equal(&a, &b));
    other[1].has_window = true;
    assert_false(layout_equal(&a, &b));
    shown[1].has_window = true;
    assert_true(layout_equal(&a, &b));
    other[1].window.width = 40;
    assert_false(layout_equal(&a, &b));
    other[1].window.width = 0;
    other[0].display_set = TEXT("x");
    assert_false(layout_equal(&a, &b));
}

static void a_missing_record_has_the_defaults_of_its_fields(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_MAX);
    struct stage_state stage;
    struct reader reader = reader_of((struct bytes){1, (const uint8_t *)"\x90"});
    assert_true(stage_state_read(&reader, &arena, &stage));
    assert_true(layout_equal(&stage.layout, &layout_default));
    assert_int_equal(stage.layout.rows, 1);
    assert_true(viewport_default.overlays);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_with_a_missing_handler_is_not_complete),
        cmocka_unit_test(a_command_reaches_its_own_handler),
        cmocka_unit_test(an_event_is_read_and_applied_with_its_header),
        cmocka_unit_test(an_event_that_is_malformed_or_none_is_not_applied),
        cmocka_unit_test(a_tag_of_the_other_direction_is_not_decoded),
        cmocka_unit_test(the_five_bytes_that_claim_437_million_allocate_nothing),
        cmocka_unit_test(a_message_that_does_not_fit_its_arena_is_refused),
        cmocka_unit_test(what_breaks_a_bound_is_not_encoded),
        cmocka_unit_test(only_commands_have_an_id),
        cmocka_unit_test(the_rules_say_what_the_schema_says),
        cmocka_unit_test(a_copy_outlives_what_it_was_copied_from),
        cmocka_unit_test(layouts_that_differ_anywhere_are_not_equal),
        cmocka_unit_test(a_missing_record_has_the_defaults_of_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
