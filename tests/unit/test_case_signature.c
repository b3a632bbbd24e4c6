/* links: actors actor_test_support */
/* What a signature is bound to: one flipped byte of it, or of what was signed, breaks it. */
#include "tests/unit/support_decision.h"

#include "protocol/sha256.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct uuid an_addendum;

static struct decision *the_decision(void) {
    return case_decision(the_case(), uuid_of(DECISION));
}

static bool is_sound(void) {
    return case_decision_is_sound(the_case(), the_decision(), &world.reading);
}

static uint32_t begin_signed(void) {
    uint32_t chair = begin();
    assert_int_equal(record(chair, a_decision(0)), REFUSAL_NONE);
    assert_int_equal(sign(chair, 1), REFUSAL_NONE);
    an_addendum = uuid_of(700);
    return chair;
}

/* As somebody sends it who reads what stands there. */
static enum refusal add(uint32_t slot, struct uuid id, const char *words) {
    struct text text = {(uint32_t)strlen(words), words};
    struct add_addendum command = {
        .addendum = id,
        .decision = uuid_of(DECISION),
        .text = text,
        .content = case_addendum_content(the_case(), the_decision(), id, text, &world.reading)};
    return world_say(&world, slot, PATIENT_CASE_ADD_ADDENDUM, &command);
}

/* What is signed */

static void a_signature_says_who_signed_when_as_what_and_by_which_factor(void **unused) {
    (void)unused;
    begin_signed();
    const struct signature *signature = &the_decision()->signature;
    assert_true(the_decision()->has_signature);
    assert_true(uuid_equal(signature->by, world_person(CHAIR)));
    assert_true(text_equal(signature->name, TEXT("Chair")));
    assert_int_equal(signature->meaning, SIGNING_MEANING_APPROVED);
    assert_int_equal(signature->factor, SIGNING_FACTOR_PASSKEY);
    assert_int_equal(signature->at, the_decision()->signed_at);
    assert_true(is_sound());
    end();
}

static void nothing_is_signed_without_a_proof_for_this_meeting(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    world.factor = PROOF_NONE;
    assert_int_equal(sign(chair, 1), REFUSAL_UNPROVED);
    world.factor = PROOF_PASSWORD;
    world.factor_board = uuid_of(THE_BOARD + 1);
    assert_int_equal(sign(chair, 1), REFUSAL_UNPROVED);
    world.factor_board = (struct uuid){{0}}; /* for a case outside of any meeting */
    assert_int_equal(sign(chair, 1), REFUSAL_UNPROVED);
    assert_int_equal(the_decision()->signed_at, 0);
    end();
}

static void who_was_shown_other_words_signs_nothing(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    struct bytes shown = world_content(&world, uuid_of(A_CASE), uuid_of(DECISION));
    struct sign_decision command = {.decision = uuid_of(DECISION),
                                    .revision = 1,
                                    .patient_id = TEXT("4711"),
                                    .side = SIDE_RIGHT,
                                    .meaning = SIGNING_MEANING_APPROVED};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_CHANGED);
    command.content = (struct bytes){SHA256_BYTES - 1, shown.bytes};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_CHANGED);
    command.content = shown;
    ((uint8_t *)(uintptr_t)shown.bytes)[31] ^= 1;
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_CHANGED);
    ((uint8_t *)(uintptr_t)shown.bytes)[31] ^= 1;
    command.meaning = SIGNING_MEANING_ADDED;
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command),
                     REFUSAL_MALFORMED);
    command.meaning = SIGNING_MEANING_APPROVED;
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &command), REFUSAL_NONE);
    end();
}

/* One byte */

static void breaks_in_each_byte(const void *bytes, size_t length) {
    uint8_t *place = (uint8_t *)(uintptr_t)bytes;
    for (size_t i = 0; i < length; i++) {
        place[i] ^= 1;
        assert_false(is_sound());
        place[i] ^= 1;
        arena_reset(&world.reading);
    }
    assert_true(is_sound());
}

static void a_flipped_byte_of_what_was_signed_breaks_the_signature(void **unused) {
    (void)unused;
    begin_signed();
    struct decision *decision = the_decision();
    for (uint32_t i = 0; i < decision->fields.count; i++) {
        struct field_value *field = &decision->fields.items[i];
        breaks_in_each_byte(field->key.bytes, field->key.length);
        breaks_in_each_byte(field->value.bytes, field->value.length);
    }
    struct task *task = case_task(the_case(), uuid_of(TASK));
    breaks_in_each_byte(&task->task, sizeof task->task);
    breaks_in_each_byte(task->text.bytes, task->text.length);
    breaks_in_each_byte(&task->owner, sizeof task->owner);
    breaks_in_each_byte(task->owner_name.bytes, task->owner_name.length);
    breaks_in_each_byte(&task->due_at, 6);
    breaks_in_each_byte(&the_case()->actor.id, sizeof the_case()->actor.id);
    breaks_in_each_byte(&decision->item, sizeof decision->item);
    breaks_in_each_byte(&decision->revision, sizeof decision->revision);
    breaks_in_each_byte(&decision->template_version, sizeof decision->template_version);
    breaks_in_each_byte(&decision->by, sizeof decision->by);
    breaks_in_each_byte(&decision->at, 6);
    decision->side = SIDE_LEFT;
    assert_false(is_sound());
    decision->side = SIDE_RIGHT;
    decision->standard = true;
    assert_false(is_sound());
    decision->standard = false;
    decision->fields.count--;
    assert_false(is_sound());
    decision->fields.count++;
    task->decision = uuid_of(1); /* a task that is gone */
    assert_false(is_sound());
    task->decision = uuid_of(DECISION);
    assert_true(is_sound());
    end();
}

static void a_flipped_byte_of_the_signature_itself_breaks_it(void **unused) {
    (void)unused;
    begin_signed();
    struct signature *signature = &the_decision()->signature;
    breaks_in_each_byte(&signature->by, sizeof signature->by);
    breaks_in_each_byte(signature->name.bytes, signature->name.length);
    breaks_in_each_byte(&signature->at, 6);
    breaks_in_each_byte(signature->content.bytes, signature->content.length);
    breaks_in_each_byte(signature->seal.bytes, signature->seal.length);
    signature->meaning = SIGNING_MEANING_STANDARD;
    assert_false(is_sound());
    signature->meaning = SIGNING_MEANING_APPROVED;
    signature->factor = SIGNING_FACTOR_PASSWORD;
    assert_false(is_sound());
    signature->factor = SIGNING_FACTOR_PASSKEY;
    the_decision()->has_signature = false; /* of the time before there were any */
    assert_false(is_sound());
    the_decision()->has_signature = true;
    end();
}

static void what_becomes_of_its_tasks_leaves_a_signature_whole(void **unused) {
    (void)unused;
    begin_signed();
    struct close_task close = {.task = uuid_of(TASK), .state = TASK_STATE_DONE};
    assert_int_equal(world_say(&world, come(MEMBER), PATIENT_CASE_CLOSE_TASK, &close),
                     REFUSAL_NONE);
    struct record_following followed = {.decision = uuid_of(DECISION),
                                        .following = FOLLOWING_FOLLOWED};
    assert_int_equal(world_say(&world, come(MEMBER), PATIENT_CASE_RECORD_FOLLOWING, &followed),
                     REFUSAL_NONE);
    assert_true(is_sound());
    end();
}

/* Addenda */

static void an_addendum_is_signed_likewise_and_leaves_the_decision_as_it_is(void **unused) {
    (void)unused;
    uint32_t chair = begin_signed();
    assert_int_equal(add(chair, an_addendum, "HER2 came back positive"), REFUSAL_NONE);
    assert_int_equal(add(chair, uuid_of(701), "And was confirmed"), REFUSAL_NONE);
    assert_int_equal(the_decision()->addenda.count, 2);
    const struct addendum *first = &the_decision()->addenda.items[0];
    assert_true(text_equal(first->text, TEXT("HER2 came back positive")));
    assert_int_equal(first->signature.meaning, SIGNING_MEANING_ADDED);
    assert_int_equal(first->signature.factor, SIGNING_FACTOR_PASSKEY);
    assert_true(case_addendum_is_sound(the_case(), the_decision(), first, &world.reading));
    assert_true(is_sound());
    end();
}

static void an_addendum_is_bound_to_its_words_and_to_the_signature_above_it(void **unused) {
    (void)unused;
    uint32_t chair = begin_signed();
    add(chair, an_addendum, "HER2");
    const struct addendum *addendum = &the_decision()->addenda.items[0];
    for (uint32_t i = 0; i < 4; i++) {
        char *letter = (char *)(uintptr_t)&addendum->text.bytes[i];
        *letter ^= 1;
        assert_false(case_addendum_is_sound(the_case(), the_decision(), addendum, &world.reading));
        *letter ^= 1;
    }
    uint8_t *seal = (uint8_t *)(uintptr_t)the_decision()->signature.seal.bytes;
    seal[0] ^= 1;
    assert_false(case_addendum_is_sound(the_case(), the_decision(), addendum, &world.reading));
    seal[0] ^= 1;
    assert_true(case_addendum_is_sound(the_case(), the_decision(), addendum, &world.reading));
    end();
}

static void only_the_chair_adds_to_a_decision_and_only_with_a_proof(void **unused) {
    (void)unused;
    uint32_t chair = begin_signed();
    assert_int_equal(add(come(MEMBER), an_addendum, "HER2"), REFUSAL_NOT_PERMITTED);
    assert_int_equal(add(chair, an_addendum, ""), REFUSAL_MALFORMED);
    world.factor = PROOF_NONE;
    assert_int_equal(add(chair, an_addendum, "HER2"), REFUSAL_UNPROVED);
    world.factor = PROOF_CODE;
    struct add_addendum unread = {
        .addendum = an_addendum, .decision = uuid_of(DECISION), .text = TEXT("HER2")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_ADD_ADDENDUM, &unread), REFUSAL_CHANGED);
    assert_int_equal(add(chair, an_addendum, "HER2"), REFUSAL_NONE);
    assert_int_equal(add(chair, an_addendum, "Once more"), REFUSAL_CONFLICT);
    end();
}

static void nothing_is_added_to_what_is_unsigned_or_broken(void **unused) {
    (void)unused;
    uint32_t chair = begin();
    record(chair, a_decision(0));
    assert_int_equal(add(chair, uuid_of(700), "HER2"), REFUSAL_BAD_STATE);
    sign(chair, 1);
    char *letter = (char *)(uintptr_t)the_decision()->fields.items[0].value.bytes;
    *letter ^= 1;
    assert_int_equal(add(chair, uuid_of(700), "HER2"), REFUSAL_BAD_STATE);
    *letter ^= 1;
    assert_int_equal(add(chair, uuid_of(700), "HER2"), REFUSAL_NONE);
    end();
}

static void a_decision_takes_sixteen_addenda_also_after_its_meeting(void **unused) {
    (void)unused;
    uint32_t chair = begin_signed();
    struct seal_for_board seal = {.command_id = uuid_of(world.next_id++),
                                  .board = uuid_of(THE_BOARD),
                                  .item = ITEM,
                                  .closing = 1};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 seal_for_board_encode(&arena, &seal));
    assert_true(case_board(the_case(), uuid_of(THE_BOARD))->sealed);
    for (uint32_t i = 0; i < 16; i++) {
        world.fake.now += 1000000;
        assert_int_equal(add(chair, uuid_of(700 + i), "One more"), REFUSAL_NONE);
    }
    assert_int_equal(add(chair, uuid_of(799), "One too many"), REFUSAL_TOO_MANY);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_says_who_signed_when_as_what_and_by_which_factor),
        cmocka_unit_test(nothing_is_signed_without_a_proof_for_this_meeting),
        cmocka_unit_test(who_was_shown_other_words_signs_nothing),
        cmocka_unit_test(a_flipped_byte_of_what_was_signed_breaks_the_signature),
        cmocka_unit_test(a_flipped_byte_of_the_signature_itself_breaks_it),
        cmocka_unit_test(what_becomes_of_its_tasks_leaves_a_signature_whole),
        cmocka_unit_test(an_addendum_is_signed_likewise_and_leaves_the_decision_as_it_is),
        cmocka_unit_test(an_addendum_is_bound_to_its_words_and_to_the_signature_above_it),
        cmocka_unit_test(only_the_chair_adds_to_a_decision_and_only_with_a_proof),
        cmocka_unit_test(nothing_is_added_to_what_is_unsigned_or_broken),
        cmocka_unit_test(a_decision_takes_sixteen_addenda_also_after_its_meeting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
