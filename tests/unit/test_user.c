/* links: actors actor_test_support */
/* A person's own actor: registration, worklist, preferences, read marks, notes, and that nobody
 * else sees them. */
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static uint32_t a_person(void) {
    world_start(&world);
    world_people(&world);
    return world_attach(&world, CHANNEL_KIND_USER, world_person(MEMBER), world_person(MEMBER), 0);
}

static struct user *person(void) {
    return world_user(&world, world_person(MEMBER));
}

static bool contains(struct bytes bytes, const char *word) {
    size_t length = strlen(word);
    for (uint32_t i = 0; i + length <= bytes.length; i++) {
        if (memcmp(bytes.bytes + i, word, length) == 0) {
            return true;
        }
    }
    return false;
}

static void only_the_person_opens_their_own_actor(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    assert_int_equal(world.sessions[self].grant.audiences, AUDIENCE_OWN);
    uint32_t other = world_attach(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                                  world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    assert_false(world.sessions[other].attached);
    world_stop(&world);
}

static void the_verifier_leaves_in_no_snapshot_and_no_event(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    assert_false(contains(user_kind.snapshot(&person()->actor, 0xff, &arena).fields, "argon2id"));
    assert_true(contains(user_kind.save(&person()->actor, &arena).fields, "argon2id"));
    struct change_verifier change = {.command_id = uuid_of(800), .verifier = TEXT("$argon2id$new")};
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                 change_verifier_encode(&arena, &change));
    assert_true(text_equal(person()->verifier, TEXT("$argon2id$new")));
    assert_false(world_saw(&world, self, USER_VERIFIER_SET));
    arena_finish(&arena);
    world_stop(&world);
}

static void a_closed_account_keeps_its_name_and_nothing_else(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct set_note note = {.patient_case = uuid_of(70), .text = TEXT("mine")};
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &note), REFUSAL_NONE);
    struct close_account close = {.command_id = uuid_of(801)};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                                 world_person(ADMINISTRATOR), USER_CLOSE_ACCOUNT, &close),
                     REFUSAL_NONE);
    assert_true(person()->closed && person()->name.length > 0 && person()->login.length > 0);
    assert_int_equal(person()->verifier.length, 0);
    assert_int_equal(person()->notes.count + person()->entries.count + person()->factors.count +
                         person()->memberships.count,
                     0);
    struct activation *activation =
        runtime_activate(world.fake.runtime, CHANNEL_KIND_USER, world_person(MEMBER));
    assert_int_equal(activation_grant(activation, world_person(MEMBER)).audiences, 0);
    struct change_verifier back = {.verifier = TEXT("$argon2id$again")};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                                 world_person(MEMBER), USER_CHANGE_VERIFIER, &back),
                     REFUSAL_NOT_FOUND);
    struct close_account again = {.command_id = uuid_of(802)};
    assert_int_equal(world_serve(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                                 world_person(ADMINISTRATOR), USER_CLOSE_ACCOUNT, &again),
                     REFUSAL_NONE);
    world_stop(&world); /* which replays it, and restores what was saved of it */
}

static void a_session_may_not_do_what_the_system_does(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct put_entry put = {.entry = {.id = uuid_of(1), .title = TEXT("Mine")}};
    assert_int_equal(world_say(&world, self, USER_PUT_ENTRY, &put), REFUSAL_NOT_PERMITTED);
    struct change_verifier change = {.verifier = TEXT("x")};
    assert_int_equal(world_say(&world, self, USER_CHANGE_VERIFIER, &change), REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static enum refusal registers(const struct register_user *command) {
    return world_serve(&world, CHANNEL_KIND_USER, uuid_of(70), world_person(1), USER_REGISTER_USER,
                       command);
}

static void a_person_is_registered_once(void **unused) {
    (void)unused;
    world_start(&world);
    struct register_user command = {
        .login = TEXT("Upper"), .name = TEXT("N"), .verifier = TEXT("v")};
    assert_int_equal(registers(&command), REFUSAL_MALFORMED);
    command.login = TEXT("lower");
    command.verifier = TEXT("");
    assert_int_equal(registers(&command), REFUSAL_MALFORMED);
    command.verifier = TEXT("v");
    assert_int_equal(registers(&command), REFUSAL_NONE);
    assert_int_equal(registers(&command), REFUSAL_CONFLICT);
    world_stop(&world);
}

static void a_login_may_be_written_in_any_script(void **unused) {
    (void)unused;
    world_start(&world);
    struct register_user command = {
        .login = TEXT("m\xc3\xbcller"), .name = TEXT("M\xc3\xbcller"), .verifier = TEXT("v")};
    assert_int_equal(registers(&command), REFUSAL_NONE);
    world_stop(&world);
}

static void preferences_are_set_replaced_removed_and_bounded(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct set_preference command = {.name = TEXT("key.next"), .value = TEXT("KeyN")};
    world_say(&world, self, USER_SET_PREFERENCE, &command);
    command.value = TEXT("KeyM");
    world_say(&world, self, USER_SET_PREFERENCE, &command);
    assert_int_equal(person()->preferences.count, 1);
    assert_true(text_equal(person()->preferences.items[0].value, TEXT("KeyM")));
    command.value = TEXT("");
    world_say(&world, self, USER_SET_PREFERENCE, &command);
    assert_int_equal(person()->preferences.count, 0);
    char name[4] = "000";
    command = (struct set_preference){.name = {3, name}, .value = TEXT("v")};
    for (int i = 0; i < USER_PREFERENCES_MAX; i++) {
        name[0] = (char)('0' + i / 100);
        name[1] = (char)('0' + i / 10 % 10);
        name[2] = (char)('0' + i % 10);
        assert_int_equal(world_say(&world, self, USER_SET_PREFERENCE, &command), REFUSAL_NONE);
    }
    name[0] = 'x';
    assert_int_equal(world_say(&world, self, USER_SET_PREFERENCE, &command), REFUSAL_TOO_MANY);
    command.name = TEXT("");
    assert_int_equal(world_say(&world, self, USER_SET_PREFERENCE, &command), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void read_marks_never_go_back(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct mark_read command = {.patient_case = uuid_of(1), .version = 5};
    world_say(&world, self, USER_MARK_READ, &command);
    command.version = 3;
    assert_int_equal(world_say(&world, self, USER_MARK_READ, &command), REFUSAL_NONE);
    assert_int_equal(person()->read_marks.items[0].version, 5);
    command.patient_case = (struct uuid){{0}};
    assert_int_equal(world_say(&world, self, USER_MARK_READ, &command), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void notes_are_private_and_set_replaced_removed_and_bounded(void **unused) {
    (void)unused;
    uint32_t self = a_person();
    struct set_note command = {.patient_case = uuid_of(20), .text = TEXT("Ask about the margin")};
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &command), REFUSAL_NONE);
    command.text = TEXT("Ask about the nodes");
    world_say(&world, self, USER_SET_NOTE, &command);
    assert_int_equal(person()->notes.count, 1);
    assert_true(text_equal(person()->notes.items[0].text, command.text));
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct encoded own = user_kind.snapshot(&person()->actor, AUDIENCE_OWN, &arena);
    struct encoded others = user_kind.snapshot(&person()->actor, (uint8_t)~AUDIENCE_OWN, &arena);
    assert_true(contains(own.fields, "the nodes") && !contains(others.fields, "the nodes"));
    arena_finish(&arena);
    command.text = TEXT("");
    world_say(&world, self, USER_SET_NOTE, &command);
    assert_int_equal(person()->notes.count, 0);
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &command), REFUSAL_NONE);
    command.text = TEXT("n");
    for (uint32_t i = 0; i < USER_NOTES_MAX; i++) {
        command.patient_case = uuid_of(5000 + i);
        assert_int_equal(world_say(&world, self, USER_SET_NOTE, &command), REFUSAL_NONE);
    }
    command.patient_case = uuid_of(4999);
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &command), REFUSAL_TOO_MANY);
    command.patient_case = (struct uuid){{0}};
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &command), REFUSAL_MALFORMED);
    world_stop(&world);
}

static void an_entry_says_what_it_is_about_and_what_is_expected(void **unused) {
    (void)unused;
    a_person();
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct put_entry put = {.command_id = uuid_of(801),
                            .entry = {.kind = ENTRY_KIND_TASK,
                                      .id = uuid_of(1),
                                      .title = TEXT("Refer to surgery"),
                                      .about = uuid_of(20)}};
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER), put_entry_encode(&arena, &put));
    put.command_id = uuid_of(802);
    put.entry.prepare = 3;
    put.entry.owes = 2;
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER), put_entry_encode(&arena, &put));
    arena_finish(&arena);
    assert_int_equal(person()->entries.count, 1);
    assert_true(uuid_equal(person()->entries.items[0].about, uuid_of(20)));
    assert_int_equal(person()->entries.items[0].prepare, 3);
    assert_int_equal(person()->entries.items[0].owes, 2);
    world_stop(&world);
}

static void an_entry_for_somebody_who_does_not_exist_is_refused_and_settled(void **unused) {
    (void)unused;
    world_start(&world);
    world_make_board(&world, A_BOARD);
    assert_int_equal(world.fake.pending_count, 0);
    assert_int_equal(fake_host_stream(&world.fake, CHANNEL_KIND_USER, world_person(CHAIR))->count,
                     0);
    world_stop(&world);
}

static void put(uint32_t command, enum entry_kind kind, uint32_t id, uint32_t about) {
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct put_entry put = {
        .command_id = uuid_of(command),
        .entry = {.kind = kind, .id = uuid_of(id), .title = TEXT("T"), .about = uuid_of(about)}};
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER), put_entry_encode(&arena, &put));
    arena_finish(&arena);
}

static void what_is_said_of_a_case_is_kept_apart_and_forgotten_with_it(void **unused) {
    (void)unused;
    enum { CASE = 6020, OTHER = 6021 };
    uint32_t self = a_person();
    put(811, ENTRY_KIND_PATIENT_CASE, CASE, 0);
    put(812, ENTRY_KIND_TASK, 31, CASE);
    put(813, ENTRY_KIND_EMERGENCY, 32, CASE);
    put(814, ENTRY_KIND_TASK, 33, OTHER);
    put(815, ENTRY_KIND_BOARD, 34, 0);
    struct set_note note = {.patient_case = uuid_of(CASE), .text = TEXT("the sister knows")};
    struct mark_read mark = {.patient_case = uuid_of(CASE), .version = 3};
    assert_int_equal(world_say(&world, self, USER_SET_NOTE, &note), REFUSAL_NONE);
    assert_int_equal(world_say(&world, self, USER_MARK_READ, &mark), REFUSAL_NONE);

    struct arena arena;
    uint32_t count;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct saved_part *parts = user_save_parts(&person()->actor, &arena, &count);
    assert_int_equal(count, 2);
    assert_true(uuid_equal(parts[0].about, uuid_of(CASE)));
    assert_true(contains(parts[0].bytes, "the sister knows"));
    assert_true(uuid_equal(parts[1].about, uuid_of(OTHER)));
    assert_false(contains(user_kind.save(&person()->actor, &arena).fields, "sister"));

    struct forget_topic forget = {.command_id = uuid_of(816), .about = uuid_of(CASE)};
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                 forget_topic_encode(&arena, &forget));
    arena_finish(&arena);
    assert_true(world_saw(&world, self, USER_TOPIC_FORGOTTEN));
    assert_int_equal(person()->entries.count, 2);
    assert_int_equal(person()->notes.count, 0);
    assert_int_equal(person()->read_marks.count, 0);
    world_stop(&world); /* which saves and restores everybody, and compares with a replay */
}

/* Their memory may be younger than what a page of theirs still shows. */
static void forgetting_is_written_also_by_whoever_has_nothing_of_it(void **unused) {
    (void)unused;
    struct arena arena;
    uint32_t self = a_person();
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct forget_topic forget = {.command_id = uuid_of(817), .about = uuid_of(6020)};
    world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                 forget_topic_encode(&arena, &forget));
    arena_finish(&arena);
    assert_true(world_saw(&world, self, USER_TOPIC_FORGOTTEN));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_person_opens_their_own_actor),
        cmocka_unit_test(the_verifier_leaves_in_no_snapshot_and_no_event),
        cmocka_unit_test(a_closed_account_keeps_its_name_and_nothing_else),
        cmocka_unit_test(a_session_may_not_do_what_the_system_does),
        cmocka_unit_test(a_person_is_registered_once),
        cmocka_unit_test(a_login_may_be_written_in_any_script),
        cmocka_unit_test(preferences_are_set_replaced_removed_and_bounded),
        cmocka_unit_test(read_marks_never_go_back),
        cmocka_unit_test(notes_are_private_and_set_replaced_removed_and_bounded),
        cmocka_unit_test(an_entry_says_what_it_is_about_and_what_is_expected),
        cmocka_unit_test(what_is_said_of_a_case_is_kept_apart_and_forgotten_with_it),
        cmocka_unit_test(forgetting_is_written_also_by_whoever_has_nothing_of_it),
        cmocka_unit_test(an_entry_for_somebody_who_does_not_exist_is_refused_and_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
