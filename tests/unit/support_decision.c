#include "tests/unit/support_decision.h"

struct world world;
struct arena arena;

struct patient_case *the_case(void) {
    return world_case(&world, uuid_of(A_CASE));
}

uint32_t come(uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE), world_person(person),
                        0);
}

static struct template_field fields[] = {
    {.key = {14, "recommendation"}, .kind = FIELD_KIND_TEXT, .required = true},
    {.key = {6, "intent"},
     .kind = FIELD_KIND_CHOICE,
     .choices = {2, (struct phrase[]){{.text = {8, "curative"}}, {.text = {10, "palliative"}}}}},
    {.key = {4, "side"}, .kind = FIELD_KIND_SIDE, .required = true},
};
static struct check checks[] = {{.topic = CARD_TOPIC_PATHOLOGY}, {.topic = CARD_TOPIC_IMAGES}};
static struct case_member roster[] = {
    {.role = ROLE_COORDINATOR, .name = {5, "Chair"}, .votes = true, .signs = true},
    {.role = ROLE_COORDINATOR, .name = {11, "Coordinator"}},
    {.role = ROLE_MEMBER, .name = {6, "Member"}, .discipline = {9, "Radiology"}, .votes = true},
    {.role = ROLE_MEMBER, .name = {6, "Second"}},
};

void list(uint32_t item) {
    const uint32_t people[] = {CHAIR, COORDINATOR, MEMBER, SECOND_MEMBER};
    for (uint32_t i = 0; i < 4; i++) {
        roster[i].user = world_person(people[i]);
    }
    struct list_on_board command = {
        .command_id = uuid_of(world.next_id++),
        .board = uuid_of(THE_BOARD),
        .item = item,
        .members = {4, roster},
        .by = world_person(COORDINATOR),
        .has_template = true,
        .template = {.version = 3, .checks = {2, checks}, .fields = {3, fields}, .votes = true}};
    world_system(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE),
                 list_on_board_encode(&arena, &command));
}

/* The case is on a board's agenda; gives its chair's session. */
uint32_t begin(void) {
    arena_init(&arena, EFFECT_BYTES_MAX);
    world_start(&world);
    world_people(&world);
    world_make_case(&world, A_CASE);
    list(ITEM);
    return come(CHAIR);
}

void end(void) {
    world_stop(&world);
    arena_finish(&arena);
}

static struct field_value values[] = {
    {.key = {14, "recommendation"}, .value = {20, "Core biopsy, then MR"}},
    {.key = {6, "intent"}, .value = {8, "curative"}},
};
static struct task tasks[1];

struct record_decision a_decision(uint32_t based) {
    tasks[0] = (struct task){.task = uuid_of(TASK),
                             .text = TEXT("Book the biopsy"),
                             .owner = world_person(MEMBER),
                             .owner_name = TEXT("Member"),
                             .due_at = world.fake.now + HOUR * (int64_t)1000000};
    return (struct record_decision){.decision = uuid_of(DECISION),
                                    .board = uuid_of(THE_BOARD),
                                    .item = ITEM,
                                    .based = based,
                                    .fields = {2, values},
                                    .side = SIDE_RIGHT,
                                    .tasks = {1, tasks}};
}

enum refusal record(uint32_t slot, struct record_decision command) {
    return world_say(&world, slot, PATIENT_CASE_RECORD_DECISION, &command);
}

enum refusal sign(uint32_t slot, uint32_t revision) {
    struct sign_decision command = {.decision = uuid_of(DECISION),
                                    .revision = revision,
                                    .patient_id = TEXT("4711"),
                                    .side = SIDE_RIGHT,
                                    .meaning = SIGNING_MEANING_APPROVED,
                                    .content =
                                        world_content(&world, uuid_of(A_CASE), uuid_of(DECISION))};
    return world_say(&world, slot, PATIENT_CASE_SIGN_DECISION, &command);
}

enum refusal vote(uint32_t slot, enum vote_choice choice, const char *reason) {
    struct cast_vote command = {.decision = uuid_of(DECISION),
                                .revision = 1,
                                .choice = choice,
                                .reason = {(uint32_t)strlen(reason), reason}};
    return world_say(&world, slot, PATIENT_CASE_CAST_VOTE, &command);
}
