/* What is there before the meeting: cases, and two boards of one series, the second of which is
 * empty. */
#include "tests/simulation/person.h"

#include <string.h>

enum { ARENA_BYTES = 64 * 1024, SECOND = 1000000, MEMBERS = 6 };

/* Of 0 .. 5. Nobody is an oncologist, and the coordinator is of none. */
static struct text discipline_of(unsigned index) {
    static const char *const disciplines[MEMBERS] = {
        "surgery of the " CANARY,   "",
        "radiology of the " CANARY, "pathology of the " CANARY,
        "surgery of the " CANARY,   "pathology of the " CANARY,
    };
    return (struct text){(uint32_t)strlen(disciplines[index]), disciplines[index]};
}

static struct template template_of_both(void) {
    static struct check checks[3] = {{.topic = CARD_TOPIC_QUESTION},
                                     {.topic = CARD_TOPIC_PATHOLOGY},
                                     {.topic = CARD_TOPIC_GUIDELINE}};
    static struct template_field fields[2] = {{.kind = FIELD_KIND_TEXT, .required = true},
                                              {.kind = FIELD_KIND_SIDE, .required = true}};
    static struct phrase reasons[WORLD_REASONS];
    checks[1].owed_by = discipline_of(3);
    checks[2].owed_by = TEXT("oncology of the " CANARY);
    fields[0].key = TEXT("recommendation");
    fields[0].label = TEXT("Recommendation for the " CANARY);
    fields[1].key = TEXT("side");
    fields[1].label = TEXT("Side of the " CANARY);
    reasons[0].text = TEXT("no word of the " CANARY);
    reasons[1].text = TEXT("no time for the " CANARY);
    return (struct template){.version = 1,
                             .checks = {3, checks},
                             .fields = {2, fields},
                             .defer_reasons = {WORLD_REASONS, reasons},
                             .votes = true,
                             .mask_observers = true,
                             .planned_seconds = 180,
                             .standard_words = TEXT(STANDARD_WORDS)};
}

static void prepare_case(struct person *person, unsigned index, struct arena *arena) {
    struct world *world = person->world;
    struct person *referrer = world->people[6];
    struct case_member members[2] = {
        {.user = person->user, .role = ROLE_COORDINATOR, .name = TEXT(CANARY " 1")},
        {.user = referrer->user, .role = ROLE_REFERRER, .name = TEXT(CANARY " 6")},
    };
    struct create_case create = {
        .command_id = person_new_id(world),
        .subject = {.name = TEXT(PATIENT_NAME),
                    .birth_date = TEXT(PATIENT_BIRTH_DATE),
                    .sex = TEXT("O"),
                    .patient_id = TEXT(PATIENT_ID)},
        .title = TEXT("What now, " CANARY "?"),
        .members = {2, members},
    };
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + index), PATIENT_CASE_CREATE_CASE,
                    create.command_id, create_case_encode(arena, &create));
}

static void prepare_board(struct person *person, uint16_t channel, struct arena *arena) {
    struct world *world = person->world;
    struct member members[MEMBERS];
    for (unsigned i = 0; i < MEMBERS; i++) {
        const struct person *other = world->people[i];
        members[i] = (struct member){.user = other->user,
                                     .role = other->board_role,
                                     .name = {(uint32_t)strlen(other->name), other->name},
                                     .discipline = discipline_of(i)};
    }
    struct create_board create = {
        .command_id = person_new_id(world),
        .title = TEXT("Board of the " CANARY),
        .starts_at = world->time.now,
        .members = {MEMBERS, members},
        .has_template = true,
        .template = template_of_both(),
        .cut_off_at = world->time.now + chance_between(&world->time, 3 * SECOND, 9 * SECOND)};
    person_commands(person, channel, BOARD_CREATE_BOARD, create.command_id,
                    create_board_encode(arena, &create));
}

void person_plans(struct person *person) {
    struct world *world = person->world;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        struct add_item add = {.command_id = person_new_id(world),
                               .patient_case = world->cases[i],
                               .planned_seconds = 180,
                               .presenter = world->people[2]->user};
        person_commands(person, CHANNEL_BOARD, BOARD_ADD_ITEM, add.command_id,
                        add_item_encode(&arena, &add));
    }
    struct set_item set = {.command_id = person_new_id(world),
                           .item = WORLD_CASES,
                           .planned_seconds = 60,
                           .standard = true};
    person_commands(person, CHANNEL_BOARD, BOARD_SET_ITEM, set.command_id,
                    set_item_encode(&arena, &set));
    arena_finish(&arena);
}

void person_prepares(struct person *person) {
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        prepare_case(person, i, &arena);
    }
    prepare_board(person, CHANNEL_BOARD, &arena);
    prepare_board(person, CHANNEL_NEXT_BOARD, &arena);
    arena_finish(&arena);
}
