/* links: actors actor_test_support */
#define _GNU_SOURCE // memmem
/* Observers of a board that does not tell them who the patients are: they see the whole case, and
 * nothing that says whose it is. */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OPEN_BOARD = 14 };

static struct world world;

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        false);
}

static struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

static uint8_t audiences_of(uint32_t person) {
    return case_grant(&the_case()->actor, world_person(person), 0, 0).audiences;
}

/* CHAIR leads and OBSERVER looks on; gives the chair's session. */
static uint32_t a_board(uint32_t number, bool masks) {
    struct member members[] = {
        {.user = world_person(CHAIR), .role = ROLE_CHAIR, .name = TEXT("Chair")},
        {.user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("Coordinator")},
        {.user = world_person(MEMBER), .role = ROLE_MEMBER, .name = TEXT("Member")},
        {.user = world_person(OBSERVER), .role = ROLE_OBSERVER, .name = TEXT("Observer")},
        {.user = world_person(STRANGER), .role = ROLE_DISPLAY, .name = TEXT("Hall")},
    };
    struct create_board command = {.title = TEXT("Thorax"),
                                   .members = {5, members},
                                   .has_template = true,
                                   .template = meeting_template()};
    command.template.mask_observers = masks;
    uint32_t root = world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(number),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    assert_int_equal(world_say(&world, root, BOARD_CREATE_BOARD, &command), REFUSAL_NONE);
    world_detach(&world, root);
    uint32_t chair =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(number), world_person(CHAIR), 0);
    struct add_item item = {.patient_case = uuid_of(A_CASE)};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_ITEM, &item), REFUSAL_NONE);
    return chair;
}

static uint32_t a_masked_meeting(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    return a_board(A_BOARD, true);
}

static bool holds(struct bytes bytes, const char *words) {
    return memmem(bytes.bytes, bytes.length, words, strlen(words)) != NULL;
}

static void the_board_tells_its_cases_whom_not_to_tell(void **unused) {
    (void)unused;
    a_masked_meeting();
    const struct board_link *link = case_board(the_case(), uuid_of(A_BOARD));
    for (uint32_t i = 0; i < link->members.count; i++) {
        const struct case_member *member = &link->members.items[i];
        assert_int_equal(member->masked, uuid_equal(member->user, world_person(OBSERVER)));
    }
    world_stop(&world);
}

static void a_board_that_does_not_say_so_masks_nobody(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    a_board(A_BOARD, false);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL | AUDIENCE_IDENTITY);
    world_stop(&world);
}

static void they_are_shown_the_case_and_not_whose_it_is(void **unused) {
    (void)unused;
    a_masked_meeting();
    uint32_t chair = come(CHAIR);
    struct set_card card = {.topic = CARD_TOPIC_HISTORY, .text = TEXT("Smoker")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SET_CARD, &card), REFUSAL_NONE);
    struct post_message post = {.text = TEXT("Mrs Doe is well")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_POST_MESSAGE, &post), REFUSAL_NONE);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL);
    struct encoded frame = case_show(&the_case()->actor, audiences_of(OBSERVER), &world.reading);
    static const char *const secrets[] = {"Doe", "Jane", "4711", "1960"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_false(holds(frame.fields, secrets[i]));
    }
    assert_true(holds(frame.fields, "Smoker"));
    struct reader reader = reader_of(frame.fields);
    const struct case_snapshot *shown =
        patient_case_decode_down(frame.tag, &reader, &world.reading);
    assert_true(shown->masked && shown->has_stage);
    assert_true(text_equal(shown->subject.sex, TEXT("F")));
    assert_int_equal(shown->age.length, 4);
    assert_int_equal(shown->age.bytes[3], 'Y');
    assert_true(text_equal(shown->title, the_case()->title));
    world_stop(&world);
}

static void everybody_else_is_told_and_no_age(void **unused) {
    (void)unused;
    a_masked_meeting();
    static const uint32_t people[] = {CHAIR, COORDINATOR, MEMBER, STRANGER};
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        struct encoded frame =
            case_show(&the_case()->actor, audiences_of(people[i]), &world.reading);
        struct reader reader = reader_of(frame.fields);
        const struct case_snapshot *shown =
            patient_case_decode_down(frame.tag, &reader, &world.reading);
        assert_true(subject_equal(&shown->subject, &the_case()->subject));
        assert_true(!shown->masked && shown->age.length == 0);
    }
    world_stop(&world);
}

static void they_follow_the_case_and_not_the_conversation(void **unused) {
    (void)unused;
    a_masked_meeting();
    uint32_t chair = come(CHAIR);
    uint32_t observer = come(OBSERVER);
    uint32_t member = come(MEMBER);
    struct post_message post = {.text = TEXT("Mrs Doe is well")};
    world_say(&world, chair, PATIENT_CASE_POST_MESSAGE, &post);
    struct set_card card = {.topic = CARD_TOPIC_HISTORY, .text = TEXT("Smoker")};
    world_say(&world, chair, PATIENT_CASE_SET_CARD, &card);
    assert_true(world_saw(&world, member, PATIENT_CASE_MESSAGE_POSTED));
    assert_false(world_saw(&world, observer, PATIENT_CASE_MESSAGE_POSTED));
    assert_true(world_saw(&world, observer, PATIENT_CASE_CARD_SET));
    world_stop(&world);
}

static void a_right_elsewhere_tells_them_and_ends_with_it(void **unused) {
    (void)unused;
    a_masked_meeting();
    uint32_t open_board = a_board(OPEN_BOARD, false);
    assert_true((audiences_of(OBSERVER) & AUDIENCE_IDENTITY) != 0);
    struct remove_item remove = {.item = 1};
    assert_int_equal(world_say(&world, open_board, BOARD_REMOVE_ITEM, &remove), REFUSAL_NONE);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL);
    uint32_t coordinator = come(COORDINATOR);
    struct grant_access grant = {
        .member = {.user = world_person(OBSERVER), .role = ROLE_MEMBER, .name = TEXT("O")}};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_GRANT_ACCESS, &grant),
                     REFUSAL_NONE);
    assert_true((audiences_of(OBSERVER) & AUDIENCE_IDENTITY) != 0);
    struct revoke_access revoke = {.user = world_person(OBSERVER)};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REVOKE_ACCESS, &revoke),
                     REFUSAL_NONE);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL);
    world_stop(&world);
}

static void another_role_changes_it_both_ways(void **unused) {
    (void)unused;
    uint32_t chair = a_masked_meeting();
    struct add_member as = {
        .member = {.user = world_person(OBSERVER), .role = ROLE_MEMBER, .name = TEXT("Observer")}};
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &as), REFUSAL_NONE);
    assert_true((audiences_of(OBSERVER) & AUDIENCE_IDENTITY) != 0);
    as.member.role = ROLE_OBSERVER;
    assert_int_equal(world_say(&world, chair, BOARD_ADD_MEMBER, &as), REFUSAL_NONE);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL);
    world_stop(&world);
}

static const struct worklist_entry *entry_of(uint32_t person, enum entry_kind kind) {
    const struct user *user = world_user(&world, world_person(person));
    for (uint32_t i = 0; i < user->entries.count; i++) {
        if (user->entries.items[i].kind == kind) {
            return &user->entries.items[i];
        }
    }
    return NULL;
}

static void a_worklist_names_the_patient_to_those_who_may_know(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    uint32_t coordinator = come(COORDINATOR);
    struct grant_access grant = {.member = {.user = world_person(OBSERVER),
                                            .role = ROLE_OBSERVER,
                                            .name = TEXT("O"),
                                            .masked = true}};
    world_say(&world, coordinator, PATIENT_CASE_GRANT_ACCESS, &grant);
    assert_int_equal(audiences_of(OBSERVER), AUDIENCE_CLINICAL);
    assert_int_equal(entry_of(OBSERVER, ENTRY_KIND_PATIENT_CASE)->detail.length, 0);
    assert_true(text_equal(entry_of(CHAIR, ENTRY_KIND_PATIENT_CASE)->detail, TEXT("Doe^Jane")));
    grant.member.masked = false;
    world_say(&world, coordinator, PATIENT_CASE_GRANT_ACCESS, &grant);
    assert_true(text_equal(entry_of(OBSERVER, ENTRY_KIND_PATIENT_CASE)->detail, TEXT("Doe^Jane")));
    world_stop(&world);
}

/* OBSERVER and MEMBER each own a task of a signed decision; gives the chair's session at the board.
 */
static uint32_t two_tasks(void) {
    uint32_t board = a_masked_meeting();
    uint32_t chair = come(CHAIR);
    struct task tasks[] = {
        {.task = uuid_of(600), .text = TEXT("Biopsy"), .owner = world_person(OBSERVER)},
        {.task = uuid_of(601), .text = TEXT("Letter"), .owner = world_person(MEMBER)}};
    struct field_value values[] = {{TEXT("recommendation"), TEXT("As guidelined")}};
    struct record_decision record = {.decision = uuid_of(500),
                                     .board = uuid_of(A_BOARD),
                                     .item = 1,
                                     .fields = {1, values},
                                     .side = SIDE_LEFT,
                                     .tasks = {2, tasks}};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_RECORD_DECISION, &record), REFUSAL_NONE);
    struct sign_decision sign = {.decision = uuid_of(500),
                                 .revision = 1,
                                 .patient_id = TEXT("4711"),
                                 .side = SIDE_LEFT,
                                 .meaning = SIGNING_MEANING_APPROVED,
                                 .content = world_content(&world, uuid_of(A_CASE), uuid_of(500))};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SIGN_DECISION, &sign), REFUSAL_NONE);
    return board;
}

static void a_task_names_the_patient_to_those_who_may_know(void **unused) {
    (void)unused;
    two_tasks();
    assert_int_equal(entry_of(OBSERVER, ENTRY_KIND_TASK)->detail.length, 0);
    assert_true(text_equal(entry_of(MEMBER, ENTRY_KIND_TASK)->detail, TEXT("Doe^Jane")));
    world_stop(&world);
}

static void whoever_loses_the_case_has_no_task_of_it_any_more(void **unused) {
    (void)unused;
    uint32_t board = two_tasks();
    struct remove_member gone = {.user = world_person(MEMBER)};
    assert_int_equal(world_say(&world, board, BOARD_REMOVE_MEMBER, &gone), REFUSAL_NONE);
    assert_null(entry_of(MEMBER, ENTRY_KIND_TASK));
    assert_non_null(entry_of(OBSERVER, ENTRY_KIND_TASK));
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_board_tells_its_cases_whom_not_to_tell),
        cmocka_unit_test(a_board_that_does_not_say_so_masks_nobody),
        cmocka_unit_test(they_are_shown_the_case_and_not_whose_it_is),
        cmocka_unit_test(everybody_else_is_told_and_no_age),
        cmocka_unit_test(they_follow_the_case_and_not_the_conversation),
        cmocka_unit_test(a_right_elsewhere_tells_them_and_ends_with_it),
        cmocka_unit_test(another_role_changes_it_both_ways),
        cmocka_unit_test(a_worklist_names_the_patient_to_those_who_may_know),
        cmocka_unit_test(a_task_names_the_patient_to_those_who_may_know),
        cmocka_unit_test(whoever_loses_the_case_has_no_task_of_it_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
