/* links: actors actor_test_support */
/* What the archive holds of a case: who hears of it, who decides, and what is left of that. */
#include "protocol/generated/policy.h"
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;
static uint8_t hash[32] = {7};
static uint8_t other_hash[32] = {8};

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

static uint32_t a_case(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    return come(COORDINATOR);
}

static enum refusal note(uint32_t images, uint32_t studies) {
    struct note_held command = {.images = images, .studies = studies};
    return world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), (struct uuid){{0}},
                       PATIENT_CASE_NOTE_HELD, &command);
}

static enum refusal join(uint32_t slot, const uint8_t *patient, uint32_t size) {
    struct join_held command = {
        .study_uid = TEXT("1.2.3"), .patient = {size, patient}, .images = 12};
    return world_say(&world, slot, PATIENT_CASE_JOIN_HELD, &command);
}

static enum refusal remove_held(uint32_t slot, const uint8_t *patient, uint32_t size,
                                struct text reason) {
    struct remove_held command = {.study_uid = TEXT("1.2.3"),
                                  .patient = {size, patient},
                                  .images = 12,
                                  .seen = 1790000000000000,
                                  .reason = reason};
    return world_say(&world, slot, PATIENT_CASE_REMOVE_HELD, &command);
}

static enum refusal hold_again(uint32_t slot, const uint8_t *patient, struct text reason) {
    struct hold_again command = {
        .study_uid = TEXT("1.2.3"), .patient = {32, patient}, .reason = reason};
    return world_say(&world, slot, PATIENT_CASE_HOLD_AGAIN, &command);
}

static uint32_t entries_of(uint32_t person, uint8_t kind) {
    const struct worklist_entry_list *entries = &world_user(&world, world_person(person))->entries;
    uint32_t found = 0;
    for (uint32_t i = 0; i < entries->count; i++) {
        found += entries->items[i].kind == kind;
    }
    return found;
}

static void coordinators_have_it_on_their_worklist_while_something_is_held(void **unused) {
    (void)unused;
    a_case();
    assert_int_equal(note(3, 1), REFUSAL_NONE);
    assert_int_equal(the_case()->held_images, 3);
    assert_int_equal(entries_of(COORDINATOR, ENTRY_KIND_HELD), 1);
    assert_int_equal(entries_of(REFERRER, ENTRY_KIND_HELD), 0);
    struct uuid entry = the_case()->held_entry;
    assert_int_equal(note(9, 2), REFUSAL_NONE);
    assert_int_equal(note(9, 2), REFUSAL_NONE);
    assert_true(uuid_equal(the_case()->held_entry, entry));
    assert_int_equal(entries_of(COORDINATOR, ENTRY_KIND_HELD), 1);
    assert_int_equal(note(0, 0), REFUSAL_NONE);
    assert_int_equal(entries_of(COORDINATOR, ENTRY_KIND_HELD), 0);
    assert_int_equal(note(1, 1), REFUSAL_NONE);
    assert_int_equal(entries_of(COORDINATOR, ENTRY_KIND_HELD), 1);
    world_stop(&world);
}

static void what_is_told_again_is_no_event(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    note(3, 1);
    world_forget(&world);
    assert_int_equal(note(3, 1), REFUSAL_NONE);
    assert_false(world_saw(&world, coordinator, PATIENT_CASE_HELD_NOTED));
    world_stop(&world);
}

static void what_a_decision_did_is_told_though_as_many_are_held(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    note(3, 1);
    assert_int_equal(join(coordinator, hash, 32), REFUSAL_NONE);
    world_forget(&world);
    assert_int_equal(note(3, 1), REFUSAL_NONE);
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_HELD_NOTED));
    world_stop(&world);
}

static void a_removal_by_which_nothing_went_is_told_as_that(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("of somebody else")), REFUSAL_NONE);
    assert_int_equal(join(coordinator, other_hash, 32), REFUSAL_NONE);
    const struct held_decision *decisions = the_case()->held_decisions.items;
    uint64_t versions[] = {decisions[0].version, decisions[1].version, 4711};
    struct note_held command = {.images = 3, .studies = 1, .kept = {3, versions}};
    world_forget(&world);
    assert_int_equal(world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 (struct uuid){{0}}, PATIENT_CASE_NOTE_HELD, &command),
                     REFUSAL_NONE);
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_HELD_NOTED));
    decisions = the_case()->held_decisions.items;
    assert_int_equal(decisions[0].outcome, HELD_OUTCOME_KEPT);
    assert_int_equal(decisions[1].outcome, HELD_OUTCOME_JOINED); // what is no removal stays
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("all of them")), REFUSAL_NONE);
    assert_int_equal(the_case()->held_decisions.items[1].outcome, HELD_OUTCOME_REMOVED);
    world_stop(&world);
}

static void the_last_decision_on_a_study_and_a_patient_holds(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("of somebody else")), REFUSAL_NONE);
    assert_int_equal(join(coordinator, other_hash, 32), REFUSAL_NONE);
    assert_int_equal(the_case()->held_decisions.count, 2);
    assert_int_equal(join(coordinator, hash, 32), REFUSAL_NONE);
    assert_int_equal(remove_held(coordinator, NULL, 0, TEXT("sent twice")), REFUSAL_NONE);
    assert_int_equal(the_case()->held_decisions.count, 3);
    const struct held_decision *joined = &the_case()->held_decisions.items[1];
    assert_int_equal(joined->outcome, HELD_OUTCOME_JOINED);
    assert_int_equal(joined->images, 12);
    assert_true(joined->version > the_case()->held_decisions.items[0].version);
    assert_true(uuid_equal(joined->by, world_person(COORDINATOR)));
    const struct held_decision *removed = &the_case()->held_decisions.items[2];
    assert_int_equal(removed->outcome, HELD_OUTCOME_REMOVED);
    assert_true(removed->seen == 1790000000000000);
    world_stop(&world);
}

static void what_was_joined_is_not_removed_but_held_again(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    assert_int_equal(hold_again(coordinator, hash, TEXT("never joined")), REFUSAL_BAD_STATE);
    assert_int_equal(join(coordinator, hash, 32), REFUSAL_NONE);
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("no")), REFUSAL_BAD_STATE);
    assert_int_equal(hold_again(coordinator, hash, TEXT("")), REFUSAL_MALFORMED);
    assert_int_equal(hold_again(come(CHAIR), hash, TEXT("not theirs")), REFUSAL_NOT_PERMITTED);
    assert_int_equal(hold_again(coordinator, hash, TEXT("his sister")), REFUSAL_NONE);
    assert_int_equal(the_case()->held_decisions.count, 1);
    assert_int_equal(the_case()->held_decisions.items[0].outcome, HELD_OUTCOME_AGAIN);
    assert_int_equal(hold_again(coordinator, hash, TEXT("twice")), REFUSAL_BAD_STATE);
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("his sister")), REFUSAL_NONE);
    world_stop(&world);
}

static void nothing_is_removed_while_the_case_must_be_kept(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t officer = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                    world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    struct place_hold hold = {.reason = TEXT("a court asks")};
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_PLACE_HOLD, &hold), REFUSAL_NONE);
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("sent by mistake")), REFUSAL_ON_HOLD);
    assert_int_equal(remove_held(coordinator, NULL, 0, TEXT("sent twice")), REFUSAL_ON_HOLD);
    assert_int_equal(join(coordinator, hash, 32), REFUSAL_NONE);
    assert_int_equal(hold_again(coordinator, hash, TEXT("another")), REFUSAL_NONE);
    struct lift_hold lift = {.reason = TEXT("it has what it needs")};
    assert_int_equal(world_say(&world, officer, PATIENT_CASE_LIFT_HOLD, &lift), REFUSAL_NONE);
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("sent by mistake")), REFUSAL_NONE);
    world_stop(&world);
}

static void a_decision_says_what_it_is_about_and_a_removal_why(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    assert_int_equal(join(coordinator, hash, 31), REFUSAL_MALFORMED);
    assert_int_equal(join(coordinator, NULL, 0), REFUSAL_MALFORMED);
    assert_int_equal(remove_held(coordinator, hash, 32, TEXT("")), REFUSAL_MALFORMED);
    struct join_held nothing = {.patient = {32, hash}};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_JOIN_HELD, &nothing),
                     REFUSAL_MALFORMED);
    struct remove_held unseen = {
        .study_uid = TEXT("1.2.3"), .patient = {32, hash}, .images = 12, .reason = TEXT("no")};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REMOVE_HELD, &unseen),
                     REFUSAL_MALFORMED);
    assert_int_equal(the_case()->held_decisions.count, 0);
    world_stop(&world);
}

static void decisions_end_at_their_bound_and_the_last_of_each_may_change(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint8_t many[32] = {1};
    for (uint32_t i = 0; i < CASE_HELD_DECISIONS_MAX; i++) {
        many[1] = (uint8_t)i;
        assert_int_equal(join(coordinator, many, 32), REFUSAL_NONE);
    }
    assert_int_equal(join(coordinator, hash, 32), REFUSAL_TOO_MANY);
    assert_int_equal(hold_again(coordinator, many, TEXT("no")), REFUSAL_NONE);
    world_stop(&world);
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

static void who_is_not_told_who_the_patient_is_hears_nothing_of_it(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    note(3, 1);
    remove_held(coordinator, hash, 32, TEXT("of somebody else"));
    struct encoded shown =
        case_show(&the_case()->actor, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW, &world.reading);
    assert_false(contains(shown.fields, "of somebody else"));
    shown = case_show(&the_case()->actor, AUDIENCE_IDENTITY | AUDIENCE_CLINICAL, &world.reading);
    assert_true(contains(shown.fields, "of somebody else"));
    world_stop(&world);
}

static enum refusal images(struct text series, uint32_t count, const struct display_set *sets) {
    struct add_images command = {.display_sets = {count, (struct display_set *)sets},
                                 .series_uid = series};
    return world_serve(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), (struct uuid){{0}},
                       PATIENT_CASE_ADD_IMAGES, &command);
}

static void what_a_series_does_not_have_any_more_is_gone(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    const struct display_set sets[] = {
        {.display_set = TEXT("a"), .series_uid = TEXT("1.1"), .instances = 20},
        {.display_set = TEXT("b"), .series_uid = TEXT("1.1"), .instances = 3},
        {.display_set = TEXT("c"), .series_uid = TEXT("1.2"), .instances = 5}};
    images(TEXT("1.1"), 2, sets);
    images(TEXT("1.2"), 1, sets + 2);
    assert_int_equal(the_case()->display_sets.count, 3);
    assert_int_equal(images(TEXT("1.1"), 1, sets), REFUSAL_NONE);
    assert_int_equal(the_case()->display_sets.count, 2);
    world_forget(&world);
    assert_int_equal(images(TEXT("1.1"), 0, NULL), REFUSAL_NONE);
    assert_true(world_saw(&world, coordinator, PATIENT_CASE_IMAGES_ADDED));
    assert_int_equal(the_case()->display_sets.count, 1);
    assert_true(text_equal(the_case()->display_sets.items[0].display_set, TEXT("c")));
    world_forget(&world);
    assert_int_equal(images(TEXT("1.1"), 0, NULL), REFUSAL_NONE);
    assert_false(world_saw(&world, coordinator, PATIENT_CASE_IMAGES_ADDED));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coordinators_have_it_on_their_worklist_while_something_is_held),
        cmocka_unit_test(what_is_told_again_is_no_event),
        cmocka_unit_test(what_a_decision_did_is_told_though_as_many_are_held),
        cmocka_unit_test(a_removal_by_which_nothing_went_is_told_as_that),
        cmocka_unit_test(the_last_decision_on_a_study_and_a_patient_holds),
        cmocka_unit_test(what_was_joined_is_not_removed_but_held_again),
        cmocka_unit_test(nothing_is_removed_while_the_case_must_be_kept),
        cmocka_unit_test(a_decision_says_what_it_is_about_and_a_removal_why),
        cmocka_unit_test(decisions_end_at_their_bound_and_the_last_of_each_may_change),
        cmocka_unit_test(who_is_not_told_who_the_patient_is_hears_nothing_of_it),
        cmocka_unit_test(what_a_series_does_not_have_any_more_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
