#include "tests/unit/support_meeting.h"

#include <assert.h>

static struct check checks[] = {
    {.topic = CARD_TOPIC_QUESTION, .owed_by = {0, NULL}},
    {.topic = CARD_TOPIC_PATHOLOGY, .owed_by = {9, "Pathology"}},
    {.topic = CARD_TOPIC_GUIDELINE, .owed_by = {8, "Oncology"}},
};
static struct phrase recommended[] = {{{13, "As guidelined"}}, {{9, "Otherwise"}}};
static struct template_field fields[] = {
    {.key = {14, "recommendation"},
     .label = {14, "Recommendation"},
     .kind = FIELD_KIND_CHOICE,
     .required = true,
     .choices = {2, recommended}},
    {.key = {4, "side"}, .label = {4, "Side"}, .kind = FIELD_KIND_SIDE},
};
static struct phrase reasons[] = {{{14, "Pathology late"}}, {{14, "Patient absent"}}};

struct template meeting_template(void) {
    return (struct template){.version = 1,
                             .checks = {3, checks},
                             .fields = {2, fields},
                             .defer_reasons = {2, reasons},
                             .votes = true,
                             .planned_seconds = 180,
                             .cut_off_hours = 48,
                             .standard_words = TEXT("By the guideline")};
}

uint32_t meeting_series(struct world *world) {
    struct series_member members[] = {
        {.user = world_person(CHAIR),
         .role = ROLE_CHAIR,
         .name = TEXT("Dr Chair"),
         .discipline = TEXT("Surgery")},
        {.user = world_person(COORDINATOR),
         .role = ROLE_COORDINATOR,
         .name = TEXT("Coordinator"),
         .discipline = TEXT("")},
        {.user = world_person(MEMBER),
         .role = ROLE_MEMBER,
         .name = TEXT("Member"),
         .discipline = TEXT("Radiology")},
        {.user = world_person(SECOND_MEMBER),
         .role = ROLE_MEMBER,
         .name = TEXT("Second"),
         .discipline = TEXT("Pathology"),
         .no_vote = true},
        {.user = world_person(OBSERVER),
         .role = ROLE_OBSERVER,
         .name = TEXT("Observer"),
         .discipline = TEXT("Pathology")},
    };
    struct create_series command = {
        .title = TEXT("Thorax"), .members = {5, members}, .template = meeting_template()};
    uint32_t root = world_attach(world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    enum refusal refusal = world_say(world, root, SERIES_CREATE_SERIES, &command);
    assert(refusal == REFUSAL_NONE);
    return world_attach(world, CHANNEL_KIND_SERIES, uuid_of(A_SERIES), world_person(COORDINATOR),
                        0);
}

void meeting_plan(struct world *world, uint32_t coordinator, uint32_t board) {
    struct plan_meeting command = {.board = uuid_of(board),
                                   .title = TEXT("Thorax on Monday"),
                                   .starts_at = world->fake.now + 7 * 24 * 3600 * INT64_C(1000000)};
    enum refusal refusal = world_say(world, coordinator, SERIES_PLAN_MEETING, &command);
    assert(refusal == REFUSAL_NONE);
}

uint32_t meeting_begin(struct world *world, uint32_t count) {
    world_start(world);
    world_people(world);
    world->fake.held_kinds = 1u << CHANNEL_KIND_PATIENT_CASE;
    meeting_plan(world, meeting_series(world), A_BOARD);
    uint32_t chair = meeting_come(world, CHAIR);
    for (uint32_t i = 0; i < count; i++) {
        struct add_item command = {.patient_case = uuid_of(A_CASE + i),
                                   .planned_seconds = 180,
                                   .presenter = world_person(MEMBER)};
        enum refusal refusal = world_say(world, chair, BOARD_ADD_ITEM, &command);
        assert(refusal == REFUSAL_NONE);
    }
    meeting_look_away(world);
    return chair;
}

uint32_t meeting_come(struct world *world, uint32_t person) {
    return world_attach(world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(person), 0);
}

struct board *meeting_board(struct world *world) {
    return world_board(world, uuid_of(A_BOARD));
}

const struct agenda_item *meeting_item(struct world *world, uint32_t item) {
    return board_item(meeting_board(world), item, NULL);
}

static void system_says(struct world *world, struct encoded (*encode)(struct arena *, const void *),
                        const void *message) {
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    world_system(world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), encode(&arena, message));
    arena_finish(&arena);
}

static struct encoded encode_report(struct arena *arena, const void *message) {
    return report_readiness_encode(arena, message);
}

static struct encoded encode_sealed(struct arena *arena, const void *message) {
    return item_sealed_encode(arena, message);
}

void meeting_report(struct world *world, uint32_t item, uint32_t missing,
                    enum decision_state decision) {
    enum card_topic topics[CARD_TOPIC_COUNT];
    struct report_readiness command = {.command_id = uuid_of(world->next_id++),
                                       .patient_case = uuid_of(A_CASE + item - 1),
                                       .item = item,
                                       .missing = {0, topics},
                                       .decision = decision};
    for (uint32_t i = 0; i < CARD_TOPIC_COUNT; i++) {
        if ((missing & 1u << i) != 0) {
            topics[command.missing.count++] = (enum card_topic)i;
        }
    }
    system_says(world, encode_report, &command);
}

void meeting_seal(struct world *world, uint32_t item, enum decision_state decision) {
    meeting_seal_for(world, meeting_board(world)->closings, item, decision);
}

void meeting_seal_for(struct world *world, uint32_t closing, uint32_t item,
                      enum decision_state decision) {
    struct item_sealed command = {.command_id = uuid_of(world->next_id++),
                                  .item = item,
                                  .decision = decision,
                                  .closing = closing};
    system_says(world, encode_sealed, &command);
}

enum refusal meeting_leave(struct world *world, uint32_t slot, uint32_t item, uint32_t next,
                           enum item_outcome outcome, uint8_t reason) {
    struct open_item command = {.item = item, .next = next, .outcome = outcome, .reason = reason};
    return world_say(world, slot, BOARD_OPEN_ITEM, &command);
}

enum refusal meeting_open(struct world *world, uint32_t slot, uint32_t item, uint32_t next) {
    return meeting_leave(world, slot, item, next, ITEM_OUTCOME_NONE, 0);
}

uint32_t meeting_named(struct world *world, uint32_t slot) {
    return fake_host_answer(&world->fake, slot)->refused.item;
}

uint32_t meeting_told(struct world *world, uint8_t tag) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->fake.pending_count; i++) {
        const struct fake_pending *pending = &world->fake.pending[i];
        count += pending->kind == CHANNEL_KIND_PATIENT_CASE && pending->command.tag == tag;
    }
    return count;
}

const void *meeting_said(struct world *world, uint32_t patient_case, uint8_t tag) {
    for (uint32_t i = 0; i < world->fake.pending_count; i++) {
        const struct fake_pending *pending = &world->fake.pending[i];
        if (pending->kind == CHANNEL_KIND_PATIENT_CASE && pending->command.tag == tag &&
            uuid_equal(pending->target, uuid_of(patient_case))) {
            struct reader reader = reader_of(pending->command.fields);
            arena_reset(&world->reading);
            return patient_case_decode(tag, &reader, &world->reading);
        }
    }
    return NULL;
}

void meeting_look_away(struct world *world) {
    fake_host_forget_held(&world->fake);
    world_forget(world);
}

const struct worklist_entry *meeting_entry(struct world *world, uint32_t person, uint32_t board) {
    const struct user *user = world_user(world, world_person(person));
    for (uint32_t i = 0; i < user->entries.count; i++) {
        if (uuid_equal(user->entries.items[i].id, uuid_of(board))) {
            return &user->entries.items[i];
        }
    }
    return NULL;
}
