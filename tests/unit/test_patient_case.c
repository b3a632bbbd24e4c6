/* links: actors actor_test_support */
/* A case: who sees what of it, its content, and what boards make of it. */
#include "protocol/generated/policy.h"
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world world;

static uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

/* A case with one display set; gives the coordinator's session. */
static uint32_t a_case(void) {
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct display_set set = {.display_set = TEXT("axial"), .instances = 108};
    struct add_images command = {.command_id = uuid_of(world.next_id++), .display_sets = {1, &set}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 add_images_encode(&arena, &command));
    arena_finish(&arena);
    return come(COORDINATOR);
}

static struct point ends[2] = {{0, 0, 0}, {30, 40, 0}};

static struct add_annotation a_length(uint32_t id) {
    return (struct add_annotation){
        .annotation = {.annotation = uuid_of(id),
                       .tool = ANNOTATION_TOOL_LENGTH,
                       .display_set = TEXT("axial"),
                       .image = {TEXT("1.2.3"), 1},
                       .frame_of_reference_uid = TEXT("1.2.9"),
                       .points = {2, ends},
                       .value = 50,
                       .unit = TEXT("mm"),
                       .calibration = CALIBRATION_PATIENT},
    };
}

static enum refusal annotate(uint32_t slot, struct add_annotation command) {
    return world_say(&world, slot, PATIENT_CASE_ADD_ANNOTATION, &command);
}

static void each_role_gets_its_audiences(void **unused) {
    (void)unused;
    a_case();
    const struct actor *actor = &the_case()->actor;
    assert_int_equal(case_grant(actor, world_person(COORDINATOR), 0, 0).audiences,
                     AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY);
    assert_int_equal(case_grant(actor, world_person(REFERRER), 0, 0).audiences, AUDIENCE_STATUS);
    assert_int_equal(case_grant(actor, world_person(STRANGER), 0, 0).audiences, 0);
    assert_int_equal(
        case_grant(actor, world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR, 0).audiences,
        AUDIENCE_WORKFLOW);
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

/* Who runs the hospital's workflow reads who belongs to the case, and nothing of it. */
static void an_administrator_sees_no_word_of_the_case(void **unused) {
    (void)unused;
    a_case();
    struct post_message words = {.text = TEXT("suspicious")};
    assert_int_equal(world_say(&world, come(COORDINATOR), PATIENT_CASE_POST_MESSAGE, &words),
                     REFUSAL_NONE);
    struct encoded shown = case_show(&the_case()->actor, AUDIENCE_WORKFLOW, &world.reading);
    assert_true(contains(shown.fields, "Referrer"));
    static const char *const secret[] = {"Doe", "1960", "4711", "Nodule", "suspicious"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        assert_false(contains(shown.fields, secret[i]));
    }
    world_stop(&world);
}

static void a_referrer_gets_the_status_and_no_clinical_word(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t referrer = come(REFERRER);
    assert_int_equal(world.sessions[referrer].participant, 0);
    struct post_message message = {.text = TEXT("secret words")};
    world_say(&world, coordinator, PATIENT_CASE_POST_MESSAGE, &message);
    annotate(coordinator, a_length(1));
    assert_int_equal(world.sessions[referrer].seen_count, 0);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct encoded shown = case_show(&the_case()->actor, AUDIENCE_STATUS, &arena);
    assert_int_equal(shown.tag, PATIENT_CASE_CASE_STATUS_SNAPSHOT);
    assert_false(contains(shown.fields, "secret"));
    assert_false(contains(shown.fields, "Doe"));
    assert_false(contains(shown.fields, "Coordinator"));
    uint32_t tick;
    assert_int_equal(actor_kinds[1]
                         ->ephemera(&the_case()->actor, AUDIENCE_STATUS, 0, &arena, &tick)
                         .fields.length,
                     0);
    arena_finish(&arena);
    assert_int_equal(world_say(&world, referrer, PATIENT_CASE_POST_MESSAGE, &message),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void worklists_name_the_patient_only_to_those_entitled(void **unused) {
    (void)unused;
    a_case();
    const struct user *coordinator = world_user(&world, world_person(COORDINATOR));
    const struct user *referrer = world_user(&world, world_person(REFERRER));
    assert_true(text_equal(coordinator->entries.items[0].detail, TEXT("Doe^Jane")));
    /* Who referred them knows them: which of their patients it is must be told. */
    assert_true(referrer->entries.items[0].detail.length > 0);
    world_stop(&world);
}

static void workflow_alone_sees_no_content(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct post_message message = {.text = TEXT("secret words")};
    world_say(&world, coordinator, PATIENT_CASE_POST_MESSAGE, &message);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    const struct actor *actor = &the_case()->actor;
    uint8_t identity = AUDIENCE_IDENTITY;
    assert_false(contains(case_show(actor, AUDIENCE_WORKFLOW | identity, &arena).fields, "secret"));
    assert_true(contains(case_show(actor, AUDIENCE_CLINICAL | identity, &arena).fields, "secret"));
    arena_finish(&arena);
    world_stop(&world);
}

static void messages_stay_in_order_and_are_named_by_their_command(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t chair = come(CHAIR);
    struct post_message one = {.command_id = uuid_of(501), .text = TEXT("one")};
    struct post_message two = {.command_id = uuid_of(502), .text = TEXT("two")};
    world_say(&world, coordinator, PATIENT_CASE_POST_MESSAGE, &one);
    world_say(&world, chair, PATIENT_CASE_POST_MESSAGE, &two);
    assert_true(uuid_equal(the_case()->messages.items[1].message, uuid_of(502)));
    assert_true(uuid_equal(the_case()->messages.items[1].by, world_person(CHAIR)));
    struct post_message nothing = {.text = TEXT("")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_POST_MESSAGE, &nothing),
                     REFUSAL_MALFORMED);
    world_stop(&world);
}

static void an_annotation_must_fit_its_image_unit_and_value(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct add_annotation wrong = a_length(1);
    wrong.annotation.value = 60;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = a_length(1);
    wrong.annotation.unit = TEXT("px");
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = a_length(1);
    wrong.annotation.points.count = 1;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = a_length(1);
    wrong.annotation.image.frame = 0;
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_DRAWABLE);
    wrong = a_length(1);
    wrong.annotation.display_set = TEXT("of another patient");
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_NOT_FOUND);
    wrong = a_length(1);
    wrong.annotation.annotation = (struct uuid){{0}};
    assert_int_equal(annotate(coordinator, wrong), REFUSAL_MALFORMED);
    assert_int_equal(annotate(coordinator, a_length(1)), REFUSAL_NONE);
    assert_int_equal(annotate(coordinator, a_length(1)), REFUSAL_CONFLICT);
    world_stop(&world);
}

static void a_detector_length_need_not_match_patient_space(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct add_annotation radiograph = a_length(1);
    radiograph.annotation.frame_of_reference_uid = TEXT("");
    radiograph.annotation.calibration = CALIBRATION_DETECTOR;
    radiograph.annotation.value = 7.1;
    assert_int_equal(annotate(coordinator, radiograph), REFUSAL_NONE);
    world_stop(&world);
}

static void only_its_author_removes_an_annotation_or_changes_a_view(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    uint32_t chair = come(CHAIR);
    annotate(coordinator, a_length(1));
    struct remove_annotation remove = {.annotation = uuid_of(1), .reason = TEXT("undo")};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_REMOVE_ANNOTATION, &remove),
                     REFUSAL_NOT_YOURS);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REMOVE_ANNOTATION, &remove),
                     REFUSAL_NONE);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REMOVE_ANNOTATION, &remove),
                     REFUSAL_NOT_FOUND);
    struct save_view view = {
        .view = uuid_of(2), .title = TEXT("v"), .layout = {.item = 3, .rows = 1, .columns = 1}};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &view), REFUSAL_NONE);
    assert_int_equal(the_case()->views.items[0].layout.item, 0);
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_SAVE_VIEW, &view), REFUSAL_NOT_YOURS);
    struct remove_view remove_view = {.view = uuid_of(2)};
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_REMOVE_VIEW, &remove_view),
                     REFUSAL_NOT_YOURS);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REMOVE_VIEW, &remove_view),
                     REFUSAL_NONE);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REMOVE_VIEW, &remove_view),
                     REFUSAL_NOT_FOUND);
    view.layout.rows = 4;
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &view),
                     REFUSAL_MALFORMED);
    world_stop(&world);
}

static void lists_are_full_at_their_named_bounds(void **unused) {
    (void)unused;
    uint32_t coordinator = a_case();
    struct save_view view = {.title = TEXT("v"), .layout = {.rows = 1, .columns = 1}};
    for (uint32_t i = 0; i < CASE_VIEWS_MAX; i++) {
        view.view = uuid_of(1000 + i);
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &view),
                         REFUSAL_NONE);
    }
    view.view = uuid_of(999);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &view),
                     REFUSAL_TOO_MANY);
    for (uint32_t i = 0; i < CASE_ANNOTATIONS_MAX; i++) {
        assert_int_equal(annotate(coordinator, a_length(2000 + i)), REFUSAL_NONE);
    }
    assert_int_equal(annotate(coordinator, a_length(1)), REFUSAL_TOO_MANY);
    struct grant_access grant = {.member = {.role = ROLE_OBSERVER, .name = TEXT("O")}};
    for (uint32_t i = the_case()->members.count; i < CASE_MEMBERS_MAX; i++) {
        grant.member.user = uuid_of(4000 + i);
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_GRANT_ACCESS, &grant),
                         REFUSAL_NONE);
    }
    grant.member.user = uuid_of(4999);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_GRANT_ACCESS, &grant),
                     REFUSAL_TOO_MANY);
    world_stop(&world);
}

static void access_ends_with_its_revocation_unless_a_board_carries_it(void **unused) {
    (void)unused;
    world_start(&world);
    world_meeting(&world, 1);
    uint32_t coordinator = come(COORDINATOR);
    struct revoke_access revoke = {.user = world_person(CHAIR)};
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REVOKE_ACCESS, &revoke),
                     REFUSAL_NONE);
    assert_int_equal(case_grant(&the_case()->actor, world_person(CHAIR), 0, 0).roles,
                     1u << ROLE_COORDINATOR);
    revoke.user = world_person(REFERRER);
    world_say(&world, coordinator, PATIENT_CASE_REVOKE_ACCESS, &revoke);
    assert_int_equal(case_grant(&the_case()->actor, world_person(REFERRER), 0, 0).audiences, 0);
    assert_int_equal(world_user(&world, world_person(REFERRER))->entries.count, 0);
    revoke.user = world_person(COORDINATOR);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REVOKE_ACCESS, &revoke),
                     REFUSAL_BAD_STATE);
    revoke.user = world_person(STRANGER);
    assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_REVOKE_ACCESS, &revoke),
                     REFUSAL_NOT_FOUND);
    world_stop(&world);
}

/* Else they would make themselves its coordinator, and stay when the meeting is over. */
static void who_coordinates_it_through_a_board_alone_gives_nobody_access(void **unused) {
    (void)unused;
    world_start(&world);
    world_meeting(&world, 1);
    struct revoke_access revoke = {.user = world_person(CHAIR)};
    world_say(&world, come(COORDINATOR), PATIENT_CASE_REVOKE_ACCESS, &revoke);
    uint32_t chair = come(CHAIR);
    assert_int_equal(world.sessions[chair].grant.roles, 1u << ROLE_COORDINATOR);
    assert_int_equal(world.sessions[chair].grant.actions & PATIENT_CASE_MAY_SHARE, 0);
    revoke.user = world_person(REFERRER);
    assert_int_equal(world_say(&world, chair, PATIENT_CASE_REVOKE_ACCESS, &revoke),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

static void a_referrers_worklist_follows_the_case_live(void **unused) {
    (void)unused;
    world_start(&world);
    uint32_t chair = world_meeting(&world, 1);
    uint32_t referrer =
        world_attach(&world, CHANNEL_KIND_USER, world_person(REFERRER), world_person(REFERRER), 0);
    struct open_item open = {.item = 0, .next = 1};
    world_say(&world, chair, BOARD_OPEN_ITEM, &open);
    assert_true(world_saw(&world, referrer, USER_ENTRY_PUT));
    const struct user *user = world_user(&world, world_person(REFERRER));
    assert_int_equal(user->entries.items[0].status, CASE_STATUS_IN_DISCUSSION);
    open = (struct open_item){.item = 1, .next = 0};
    world_say(&world, chair, BOARD_OPEN_ITEM, &open);
    assert_int_equal(user->entries.items[0].status, CASE_STATUS_DISCUSSED);
    world_stop(&world);
}

static void while_a_board_discusses_it_the_consults_stage_is_closed(void **unused) {
    (void)unused;
    world_start(&world);
    uint32_t chair = world_meeting(&world, 1);
    uint32_t consultant = come(COORDINATOR);
    struct request_floor floor = {.item = 0};
    assert_int_equal(world_say(&world, consultant, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NONE);
    struct open_item open = {.item = 0, .next = 1};
    world_say(&world, chair, BOARD_OPEN_ITEM, &open);
    assert_true(uuid_is_zero(the_case()->stage.holder));
    assert_int_equal(world_say(&world, consultant, STAGE_REQUEST_FLOOR, &floor),
                     REFUSAL_STAGE_ELSEWHERE);
    struct bind_handle bind = {.target = {.space = POINTER_SPACE_INSTANCE,
                                          .patient_case = uuid_of(A_CASE),
                                          .uid = TEXT("1.2.3")}};
    assert_int_equal(world_say(&world, consultant, STAGE_BIND_HANDLE, &bind),
                     REFUSAL_STAGE_ELSEWHERE);
    open = (struct open_item){.item = 1, .next = 0};
    world_say(&world, chair, BOARD_OPEN_ITEM, &open);
    assert_int_equal(world_say(&world, consultant, STAGE_REQUEST_FLOOR, &floor), REFUSAL_NONE);
    world_stop(&world);
}

static void old_news_of_a_board_is_stepped_over(void **unused) {
    (void)unused;
    world_start(&world);
    world_meeting(&world, 1);
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    uint64_t version = activation_version(
        runtime_activate(world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE)));
    struct unlist_from_board stale = {
        .command_id = uuid_of(601), .board = uuid_of(A_BOARD), .item = 9};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 unlist_from_board_encode(&arena, &stale));
    struct list_on_board older = {.command_id = uuid_of(602), .board = uuid_of(A_BOARD), .item = 0};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&arena, &older));
    assert_int_equal(activation_version(runtime_activate(
                         world.fake.runtime, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE))),
                     version);
    arena_finish(&arena);
    world_stop(&world);
}

static void images_that_say_nothing_new_make_no_event(void **unused) {
    (void)unused;
    a_case();
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct display_set set = {.display_set = TEXT("axial"), .instances = 108};
    struct add_images command = {.command_id = uuid_of(700), .display_sets = {1, &set}};
    world_forget(&world);
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 add_images_encode(&arena, &command));
    assert_int_equal(fake_host_count(&world.fake, NOTE_PUBLISH), 0);
    set.instances = 109;
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 add_images_encode(&arena, &command));
    assert_int_equal(the_case()->display_sets.count, 1);
    assert_int_equal(the_case()->display_sets.items[0].instances, 109);
    arena_finish(&arena);
    world_stop(&world);
}

static void a_case_is_made_once_and_has_a_coordinator(void **unused) {
    (void)unused;
    world_start(&world);
    struct case_member member = {
        .user = world_person(MEMBER), .role = ROLE_MEMBER, .name = TEXT("M")};
    struct create_case command = {
        .subject = {.name = TEXT("A^B")}, .title = TEXT("T"), .members = {1, &member}};
    uint32_t root = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    assert_int_equal(world_say(&world, root, PATIENT_CASE_CREATE_CASE, &command),
                     REFUSAL_MALFORMED);
    member.role = ROLE_COORDINATOR;
    assert_int_equal(world_say(&world, root, PATIENT_CASE_CREATE_CASE, &command), REFUSAL_NONE);
    assert_int_equal(world_say(&world, root, PATIENT_CASE_CREATE_CASE, &command),
                     REFUSAL_NOT_PERMITTED);
    uint32_t maker = come(MEMBER);
    assert_int_equal(world_say(&world, maker, PATIENT_CASE_CREATE_CASE, &command),
                     REFUSAL_NOT_PERMITTED);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_gets_its_audiences),
        cmocka_unit_test(an_administrator_sees_no_word_of_the_case),
        cmocka_unit_test(a_referrer_gets_the_status_and_no_clinical_word),
        cmocka_unit_test(worklists_name_the_patient_only_to_those_entitled),
        cmocka_unit_test(workflow_alone_sees_no_content),
        cmocka_unit_test(messages_stay_in_order_and_are_named_by_their_command),
        cmocka_unit_test(an_annotation_must_fit_its_image_unit_and_value),
        cmocka_unit_test(a_detector_length_need_not_match_patient_space),
        cmocka_unit_test(only_its_author_removes_an_annotation_or_changes_a_view),
        cmocka_unit_test(lists_are_full_at_their_named_bounds),
        cmocka_unit_test(access_ends_with_its_revocation_unless_a_board_carries_it),
        cmocka_unit_test(who_coordinates_it_through_a_board_alone_gives_nobody_access),
        cmocka_unit_test(a_referrers_worklist_follows_the_case_live),
        cmocka_unit_test(while_a_board_discusses_it_the_consults_stage_is_closed),
        cmocka_unit_test(old_news_of_a_board_is_stepped_over),
        cmocka_unit_test(images_that_say_nothing_new_make_no_event),
        cmocka_unit_test(a_case_is_made_once_and_has_a_coordinator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
