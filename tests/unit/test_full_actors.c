/* links: actors actor_test_support; timeout: 120 */
/* Actors filled to the bounds of their schema: whatever a person may do is still done, shown, saved
 * and read back. */
#include "server/node/node.h"
#include "tests/unit/support_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>

static struct world world;

static char long_name[129];
static char long_text[4001];

static struct text filled(char *text, uint32_t length, char with) {
    memset(text, with, length);
    return (struct text){length, text};
}

/* Every list at its bound, and the texts as long as the whole may be. */
static struct template a_full_template(void) {
    static struct phrase phrases[16];
    static struct check checks[12];
    static struct template_field fields[24];
    static char keys[24][33];
    for (uint32_t i = 0; i < 16; i++) {
        phrases[i].text = (struct text){80, long_text};
    }
    for (uint32_t i = 0; i < 12; i++) {
        checks[i] = (struct check){.topic = (enum card_topic)i, .owed_by = {64, long_text}};
    }
    for (uint32_t i = 0; i < 24; i++) {
        snprintf(keys[i], sizeof keys[i], "%032u", i);
        fields[i] = (struct template_field){.key = {32, keys[i]},
                                            .label = {80, long_text},
                                            .kind = FIELD_KIND_CHOICE,
                                            .choices = {16, phrases}};
    }
    fields[0].key = TEXT("recommendation");
    struct template template = {.checks = {12, checks},
                                .fields = {24, fields},
                                .defer_reasons = {9, phrases},
                                .core_disciplines = {16, phrases},
                                .votes = true};
    for (uint32_t length = 80; template_size(&template) > TEMPLATE_SIZE_MAX; length--) {
        for (uint32_t i = 0; i < 16; i++) {
            phrases[i].text.length = length;
        }
    }
    return template;
}

/* 128 members with the longest names, the chair first. */
static void a_full_board(uint32_t items) {
    world_start(&world);
    world_people(&world);
    struct text name = filled(long_name, 128, 'n');
    struct member members[BOARD_MEMBERS_MAX];
    for (uint32_t i = 0; i < BOARD_MEMBERS_MAX; i++) {
        members[i] = (struct member){.user = i == 0 ? world_person(CHAIR) : uuid_of(5000 + i),
                                     .role = i == 0 ? ROLE_CHAIR : ROLE_MEMBER,
                                     .name = name,
                                     .discipline = {64, long_text}};
    }
    filled(long_text, 4000, 'w');
    struct create_board create = {.title = TEXT("Full"),
                                  .members = {BOARD_MEMBERS_MAX, members},
                                  .has_template = true,
                                  .template = a_full_template(),
                                  .cut_off_at = world.fake.now + 1};
    uint32_t root = world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    assert_int_equal(world_say(&world, root, BOARD_CREATE_BOARD, &create), REFUSAL_NONE);
    uint32_t chair =
        world_attach(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(CHAIR), 0);
    fake_host_forget_notes(&world.fake);
    for (uint32_t i = 0; i < items; i++) {
        /* Not run: the cases need not be there for the board to have them on its agenda. */
        struct add_item add = {.patient_case = uuid_of(9000 + i)};
        world_whisper(&world, chair, BOARD_ADD_ITEM, &add);
        runtime_run(world.fake.runtime, INT64_MAX);
        fake_host_forget_notes(&world.fake);
    }
}

static void a_full_board_can_still_let_somebody_go(void **unused) {
    (void)unused;
    a_full_board(BOARD_ITEMS_MAX);
    struct board *board = world_board(&world, uuid_of(A_BOARD));
    assert_int_equal(board->items.count, BOARD_ITEMS_MAX);
    struct remove_member remove = {.user = uuid_of(5001)};
    uint32_t before = world.fake.pending_count;
    world_whisper(&world, 2, BOARD_REMOVE_MEMBER, &remove);
    runtime_run(world.fake.runtime, INT64_MAX);
    assert_int_equal(fake_host_answer(&world.fake, 2)->refusal, REFUSAL_NONE);
    assert_int_equal(board->members.count, BOARD_MEMBERS_MAX - 1);
    assert_int_equal(world.fake.pending_count, before + BOARD_ITEMS_MAX + 1);
    fake_host_stop(&world.fake);
}

/* What every case lacks is expected of every member, so each report is news to all. */
static void a_full_board_is_still_shown_in_one_frame_and_tells_everybody(void **unused) {
    (void)unused;
    a_full_board(BOARD_ITEMS_MAX);
    struct board *board = world_board(&world, uuid_of(A_BOARD));
    world.fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    fake_host_pass(&world.fake, 1000000);
    assert_true(board->published);
    enum card_topic topics[CARD_TOPIC_COUNT];
    for (uint32_t i = 0; i < CARD_TOPIC_COUNT; i++) {
        topics[i] = (enum card_topic)i;
    }
    struct arena arena;
    arena_init(&arena, 4 * (size_t)FRAME_OUT_MAX);
    for (uint32_t i = 0; i < BOARD_ITEMS_MAX; i++) {
        fake_host_forget_notes(&world.fake);
        struct report_readiness report = {.command_id = uuid_of(700000 + i),
                                          .patient_case = uuid_of(9000 + i),
                                          .item = i + 1,
                                          .missing = {CARD_TOPIC_COUNT, topics},
                                          .decision = DECISION_STATE_NONE};
        world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                     report_readiness_encode(&arena, &report));
    }
    for (uint32_t i = 0; i < BOARD_IN_THE_ROOM_MAX; i++) {
        struct tick_in person = {.person = {.person = uuid_of(6000 + i),
                                            .name = {128, long_name},
                                            .discipline = {64, long_text}}};
        assert_int_equal(world_say(&world, 2, BOARD_TICK_IN, &person), REFUSAL_NONE);
    }
    assert_int_equal(world_user(&world, world_person(CHAIR))->entries.items[0].owes,
                     BOARD_ITEMS_MAX);
    struct encoded shown = board_show(&board->actor, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW, &arena);
    assert_non_null(shown.fields.bytes);
    assert_true(shown.fields.length > 64 * 1024);
    assert_true(shown.fields.length < FRAME_OUT_MAX);
    arena_finish(&arena);
    world_stop(&world);
}

/* So many that each case has one, in the place of members. */
static void let_guests_by_link_in(void) {
    enum { EACH = 16, GUESTS = (BOARD_ITEMS_MAX + EACH - 1) / EACH };
    for (uint32_t i = 0; i < GUESTS; i++) {
        uint32_t items[EACH];
        for (uint32_t j = 0; j < EACH; j++) {
            items[j] = (i * EACH + j) % BOARD_ITEMS_MAX + 1;
        }
        struct remove_member remove = {.user = uuid_of(5001 + i)};
        struct admit_guest admit = {.member = {.user = uuid_of(6000 + i),
                                               .role = ROLE_GUEST,
                                               .name = {128, long_name},
                                               .items = {EACH, items},
                                               .until = world.fake.now + INT64_C(86400) * 1000000,
                                               .link = uuid_of(7000 + i)}};
        assert_int_equal(world_say(&world, 2, BOARD_REMOVE_MEMBER, &remove), REFUSAL_NONE);
        fake_host_forget_held(&world.fake);
        assert_int_equal(world_serve(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                                     world_person(CHAIR), BOARD_ADMIT_GUEST, &admit),
                         REFUSAL_NONE);
        fake_host_forget_held(&world.fake);
    }
}

/* Everything said at once at the end: each case is asked, each answer is waited for; and each loses
 * the guests who came for the meeting. */
static void a_full_meeting_ends(void **unused) {
    (void)unused;
    a_full_board(BOARD_ITEMS_MAX);
    world.fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    struct board *board = world_board(&world, uuid_of(A_BOARD));
    let_guests_by_link_in();
    for (uint32_t i = 0; i <= BOARD_ITEMS_MAX; i++) {
        struct open_item next = {
            .item = i, .next = i < BOARD_ITEMS_MAX ? i + 1 : 0, .outcome = ITEM_OUTCOME_DECIDED};
        assert_int_equal(world_say(&world, 2, BOARD_OPEN_ITEM, &next), REFUSAL_NONE);
    }
    struct end_meeting end = {.item = 0};
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    for (uint32_t round = 0; round < 2; round++) {
        assert_int_equal(world_say(&world, 2, BOARD_END_MEETING, &end), REFUSAL_NONE);
        assert_int_equal(board->closing.count, BOARD_ITEMS_MAX);
        for (uint32_t i = 0; i < BOARD_ITEMS_MAX; i++) {
            fake_host_forget_notes(&world.fake);
            struct item_sealed answer = {.command_id = uuid_of(800000 + 1000 * round + i),
                                         .item = i + 1,
                                         .closing = round + 1,
                                         .decision = round == 0 ? DECISION_STATE_RECORDED
                                                                : DECISION_STATE_SIGNED};
            world_system(&world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD),
                         item_sealed_encode(&arena, &answer));
        }
        assert_int_equal(board->unsigned_items.count, round == 0 ? BOARD_ITEMS_MAX : 0);
        assert_int_equal(board->state, round == 0 ? MEETING_STATE_RUNNING : MEETING_STATE_ENDED);
    }
    arena_finish(&arena);
    world_stop(&world);
}

/* Nothing was discussed: each case is told so and then asked, and every worklist says that it ends.
 */
static void a_full_meeting_ends_with_everything_put_off(void **unused) {
    (void)unused;
    a_full_board(BOARD_ITEMS_MAX);
    world.fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    struct start_meeting begin = {0};
    assert_int_equal(world_say(&world, 2, BOARD_START_MEETING, &begin), REFUSAL_NONE);
    uint32_t rest[BOARD_ITEMS_MAX];
    for (uint32_t i = 0; i < BOARD_ITEMS_MAX; i++) {
        rest[i] = i + 1;
    }
    struct end_meeting end = {.rest = {BOARD_ITEMS_MAX, rest}, .rest_reason = 1};
    uint32_t before = world.fake.pending_count;
    world_whisper(&world, 2, BOARD_END_MEETING, &end);
    runtime_run(world.fake.runtime, INT64_MAX);
    assert_int_equal(fake_host_answer(&world.fake, 2)->refusal, REFUSAL_NONE);
    assert_int_equal(world.fake.pending_count, before + 2 * BOARD_ITEMS_MAX + BOARD_MEMBERS_MAX);
    assert_int_equal(world_board(&world, uuid_of(A_BOARD))->closing.count, BOARD_ITEMS_MAX);
    fake_host_stop(&world.fake);
}

static void a_full_person_is_still_shown_in_one_frame(void **unused) {
    (void)unused;
    world_start(&world);
    world_people(&world);
    uint32_t self =
        world_attach(&world, CHANNEL_KIND_USER, world_person(MEMBER), world_person(MEMBER), 0);
    struct text text = filled(long_text, 4000, 'n');
    struct arena arena;
    arena_init(&arena, 2 * (size_t)FRAME_OUT_MAX);
    for (uint32_t i = 0; i < USER_NOTES_MAX; i++) {
        struct set_note note = {.patient_case = uuid_of(9000 + i), .text = text};
        assert_int_equal(world_say(&world, self, USER_SET_NOTE, &note), REFUSAL_NONE);
    }
    for (uint32_t i = 0; i < USER_ENTRIES_MAX; i++) {
        fake_host_forget_notes(&world.fake);
        struct put_entry put = {.command_id = uuid_of(700000 + i),
                                .entry = {.kind = ENTRY_KIND_TASK,
                                          .id = uuid_of(20000 + i),
                                          .title = {200, long_text},
                                          .detail = {200, long_text}}};
        world_system(&world, CHANNEL_KIND_USER, world_person(MEMBER),
                     put_entry_encode(&arena, &put));
    }
    struct encoded shown =
        user_kind.snapshot(&world_user(&world, world_person(MEMBER))->actor, AUDIENCE_OWN, &arena);
    assert_non_null(shown.fields.bytes);
    assert_true(shown.fields.length > 4 * 1024 * 1024);
    assert_true(shown.fields.length < FRAME_OUT_MAX);
    arena_finish(&arena);
    world_stop(&world);
}

static void fill_conversation(uint32_t coordinator) {
    struct post_message post = {.text = filled(long_text, 4000, 'w')};
    uint32_t posted = 0;
    enum refusal refusal;
    while ((refusal = world_say(&world, coordinator, PATIENT_CASE_POST_MESSAGE, &post)) ==
           REFUSAL_NONE) {
        posted++;
    }
    assert_int_equal(refusal, REFUSAL_TOO_MANY);
    assert_true(posted >= 2000);
}

static void fill_drawings(uint32_t coordinator, struct text uid) {
    struct point ends[2] = {{0, 0, 0}, {30, 40, 0}};
    struct display_set set = {
        .display_set = uid, .study_uid = uid, .series_uid = uid, .instances = 1};
    struct add_images images = {.command_id = uuid_of(1), .display_sets = {1, &set}};
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 add_images_encode(&arena, &images));
    arena_finish(&arena);
    for (uint32_t i = 0; i < CASE_ANNOTATIONS_MAX; i++) {
        struct add_annotation add = {
            .annotation = {.annotation = uuid_of(100 + i),
                           .tool = ANNOTATION_TOOL_LENGTH,
                           .display_set = uid,
                           .image = {uid, 1},
                           .frame_of_reference_uid = uid,
                           .points = {2, ends},
                           .value = 50,
                           .unit = TEXT("mm"),
                           .calibration = CALIBRATION_PATIENT,
                           .label = {200, long_text}},
        };
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_ADD_ANNOTATION, &add),
                         REFUSAL_NONE);
    }
}

static void fill_views(uint32_t coordinator, struct text uid) {
    struct viewport viewports[9];
    for (int i = 0; i < 9; i++) {
        viewports[i] = (struct viewport){.display_set = uid,
                                         .has_image = true,
                                         .image = {uid, 1},
                                         .has_plane = true,
                                         .plane = {.frame_of_reference_uid = uid},
                                         .colormap = {32, long_text},
                                         .aspect = 1};
    }
    for (uint32_t i = 0; i < CASE_VIEWS_MAX; i++) {
        struct save_view save = {
            .view = uuid_of(3000 + i),
            .title = {200, long_text},
            .layout = {.rows = 3, .columns = 3, .viewports = {9, viewports}},
        };
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SAVE_VIEW, &save),
                         REFUSAL_NONE);
    }
}

static void list_on_a_board(uint32_t item, struct template_field_list fields) {
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct case_member member = {
        .user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("C")};
    struct list_on_board command = {.command_id = uuid_of(world.next_id++),
                                    .board = uuid_of(A_BOARD),
                                    .item = item,
                                    .members = {1, &member},
                                    .by = world_person(COORDINATOR),
                                    .has_template = true,
                                    .template = {.version = 1, .fields = fields}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&arena, &command));
    arena_finish(&arena);
}

/* A decision a meeting until there is no room. */
static void fill_decisions(uint32_t coordinator) {
    enum { FIELDS = 12 };
    struct template_field fields[FIELDS];
    struct field_value values[FIELDS];
    static char keys[FIELDS];
    for (uint32_t i = 0; i < FIELDS; i++) {
        keys[i] = (char)('a' + i);
        fields[i] = (struct template_field){.key = {1, &keys[i]}};
        values[i] = (struct field_value){.key = {1, &keys[i]}, .value = {4000, long_text}};
    }
    enum refusal refusal = REFUSAL_NONE;
    for (uint32_t item = 1; refusal == REFUSAL_NONE; item++) {
        list_on_a_board(item, (struct template_field_list){FIELDS, fields});
        struct record_decision record = {.decision = uuid_of(5000 + item),
                                         .board = uuid_of(A_BOARD),
                                         .item = item,
                                         .fields = {FIELDS, values}};
        refusal = world_say(&world, coordinator, PATIENT_CASE_RECORD_DECISION, &record);
    }
    assert_int_equal(refusal, REFUSAL_TOO_MANY);
}

static void fill_card(uint32_t coordinator) {
    static char words[8000];
    for (uint8_t topic = 0; topic < CARD_TOPIC_IMAGES; topic++) {
        struct set_card command = {.topic = (enum card_topic)topic,
                                   .text = filled(words, sizeof words, 'c')};
        assert_int_equal(world_say(&world, coordinator, PATIENT_CASE_SET_CARD, &command),
                         REFUSAL_NONE);
    }
}

static void a_full_case_is_still_shown_in_one_frame(void **unused) {
    (void)unused;
    static char uid_text[64];
    struct text uid = filled(uid_text, 64, '1');
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    uint32_t coordinator = world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                                        world_person(COORDINATOR), 0);
    fill_conversation(coordinator);
    fill_drawings(coordinator, uid);
    fill_views(coordinator, uid);
    fill_card(coordinator);
    fill_decisions(coordinator);
    struct arena arena;
    arena_init(&arena, 4 * (size_t)FRAME_OUT_MAX);
    struct encoded shown =
        case_show(&world_case(&world, uuid_of(A_CASE))->actor, (uint8_t)~0u, &arena);
    assert_non_null(shown.fields.bytes);
    assert_true(shown.fields.length > 8 * 1024 * 1024);
    /* Boards' rosters and display sets, which are not filled here, are half a mebibyte. */
    assert_true(shown.fields.length < FRAME_OUT_MAX - 1024 * 1024);
    arena_finish(&arena);
    world_stop(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_board_can_still_let_somebody_go),
        cmocka_unit_test(a_full_board_is_still_shown_in_one_frame_and_tells_everybody),
        cmocka_unit_test(a_full_meeting_ends),
        cmocka_unit_test(a_full_meeting_ends_with_everything_put_off),
        cmocka_unit_test(a_full_person_is_still_shown_in_one_frame),
        cmocka_unit_test(a_full_case_is_still_shown_in_one_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
