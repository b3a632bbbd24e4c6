#include "clients/native/demo/demo_board.h"

#include "clients/native/demo/demo_identifiers.h"
#include "clients/native/demo/demo_people.h"
#include "clients/native/demo/demo_preparation.h"
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/series.h"

#include <stdio.h>
#include <time.h>

enum { COMMAND_BYTES_MAX = 32 * 1024, QUARTER_HOUR_SECONDS = 900, HOUR_SECONDS = 3600 };

static const char board_name[] = "neurosurgery";

// "19710314" as the protocol has it, "1971-03-14"; empty when it is no date.
static struct text birth_date(const char *dicom, char ret_date[11]) {
    if (strlen(dicom) == 8)
        snprintf(ret_date, 11, "%.4s-%.2s-%.2s", dicom, dicom + 4, dicom + 6);
    else
        ret_date[0] = '\0';
    return demo_text(ret_date);
}

// Those who see a case before any board lists it, and for the first case who referred it.
static uint32_t case_members(struct case_member members[DEMO_PEOPLE_COUNT], bool referred) {
    static const struct {
        enum demo_part part;
        uint8_t role;
    } parts[] = {{DEMO_COORDINATOR, ROLE_COORDINATOR},
                 {DEMO_CHAIR, ROLE_MEMBER},
                 {DEMO_RADIOLOGIST, ROLE_MEMBER},
                 {DEMO_REFERRER, ROLE_REFERRER}};
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].part == DEMO_REFERRER && !referred)
            continue;
        members[count++] = (struct case_member){.user = demo_person_id(parts[i].part),
                                                .role = parts[i].role,
                                                .name = demo_text(demo_people[parts[i].part].name)};
    }
    return count;
}

static enum refusal make_case(struct conversation *conversation, uint16_t channel,
                              const struct demo_case *from, bool referred) {
    struct case_member members[DEMO_PEOPLE_COUNT];
    char date[11];
    struct arena arena;
    struct create_case command = {
        .command_id = demo_id("command/create case", from->name),
        .subject = {.name = demo_text(from->patient_name),
                    .birth_date = birth_date(from->birth_date, date),
                    .sex = demo_text(from->sex),
                    .patient_id = demo_text(from->patient_id)},
        .title = demo_text(from->title),
        .members = {case_members(members, referred), members},
    };
    arena_init(&arena, COMMAND_BYTES_MAX);
    enum refusal refusal =
        conversation_say(conversation, channel, create_case_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

static enum refusal make_series(struct conversation *conversation) {
    struct series_member members[DEMO_PEOPLE_COUNT];
    struct arena arena;
    uint32_t count = 0;
    for (enum demo_part part = 0; part < DEMO_PEOPLE_COUNT; part++) {
        const struct demo_person *person = &demo_people[part];
        if (person->on_board == ROLE_REFERRER)
            continue;
        members[count++] = (struct series_member){.user = demo_person_id(part),
                                                  .role = (uint8_t)person->on_board,
                                                  .name = demo_text(person->name),
                                                  .discipline = demo_text(person->discipline)};
    }
    struct create_series command = {.command_id = demo_id("command/create series", board_name),
                                    .title = TEXT("Neurosurgical board (demonstration)"),
                                    .members = {count, members},
                                    .template = demo_template};
    arena_init(&arena, COMMAND_BYTES_MAX);
    enum refusal refusal = conversation_say(conversation, DEMO_SERIES_CHANNEL,
                                            create_series_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

static enum refusal make_board(struct conversation *conversation) {
    struct member members[DEMO_PEOPLE_COUNT];
    struct arena arena;
    uint32_t count = 0;
    for (enum demo_part part = 0; part < DEMO_PEOPLE_COUNT; part++) {
        const struct demo_person *person = &demo_people[part];
        if (person->on_board == ROLE_REFERRER)
            continue;
        members[count++] = (struct member){.user = demo_person_id(part),
                                           .role = (uint8_t)person->on_board,
                                           .name = demo_text(person->name),
                                           .discipline = demo_text(person->discipline)};
    }
    // It begins with the next quarter of an hour.
    int64_t now_seconds = (int64_t)time(NULL);
    int64_t starts_seconds = (now_seconds / QUARTER_HOUR_SECONDS + 1) * QUARTER_HOUR_SECONDS;
    struct create_board command = {
        .command_id = demo_id("command/create board", board_name),
        .title = TEXT("Neurosurgical board (demonstration)"),
        .starts_at = starts_seconds * 1000000,
        .members = {count, members},
        .series = demo_id("series", board_name),
        .has_template = true,
        .template = demo_template,
        .cut_off_at =
            (starts_seconds - (int64_t)demo_template.cut_off_hours * HOUR_SECONDS) * 1000000,
    };
    arena_init(&arena, COMMAND_BYTES_MAX);
    enum refusal refusal = conversation_say(conversation, DEMO_BOARD_CHANNEL,
                                            create_board_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

// An administrator may open what is not made yet, and nothing of what is: being turned away means
// that an earlier run has made it.
static bool opens_unmade(struct conversation *conversation, uint16_t channel,
                         enum channel_kind kind, struct uuid id) {
    return conversation_open(conversation, channel, kind, id) ||
           conversation->refusal != REFUSAL_NOT_FOUND;
}

bool demo_board_make(struct conversation *conversation, const struct demo_manifest *manifest,
                     const char **ret_reason) {
    for (size_t i = 0; i < manifest->case_count; i++) {
        const struct demo_case *from = &manifest->cases[i];
        uint16_t channel = (uint16_t)(DEMO_CASE_CHANNEL_FIRST + i);
        if (!opens_unmade(conversation, channel, CHANNEL_KIND_PATIENT_CASE,
                          demo_id("case", from->name))) {
            continue;
        }
        if (make_case(conversation, channel, from, i == 0) != REFUSAL_NONE) {
            *ret_reason = "the server refused to make a case";
            return false;
        }
    }
    if (opens_unmade(conversation, DEMO_SERIES_CHANNEL, CHANNEL_KIND_SERIES,
                     demo_id("series", board_name)) &&
        make_series(conversation) != REFUSAL_NONE) {
        *ret_reason = "the server refused to make the series of boards";
        return false;
    }
    if (opens_unmade(conversation, DEMO_BOARD_CHANNEL, CHANNEL_KIND_BOARD,
                     demo_id("board", board_name)) &&
        make_board(conversation) != REFUSAL_NONE) {
        *ret_reason = "the server refused to make the board";
        return false;
    }
    return true;
}

bool demo_agenda_make(struct conversation *conversation, const struct demo_manifest *manifest,
                      const char **ret_reason) {
    bool listed = conversation_open(conversation, DEMO_BOARD_CHANNEL, CHANNEL_KIND_BOARD,
                                    demo_id("board", board_name));
    for (size_t i = 0; listed && i < manifest->case_count; i++) {
        const char *name = manifest->cases[i].name;
        struct arena arena;
        struct add_item command = {
            .command_id = demo_id("command/add item", name),
            .patient_case = demo_id("case", name),
            .planned_seconds = demo_template.planned_seconds,
            .presenter = demo_person_id(DEMO_RADIOLOGIST),
        };
        arena_init(&arena, COMMAND_BYTES_MAX);
        listed = conversation_say(conversation, DEMO_BOARD_CHANNEL,
                                  add_item_encode(&arena, &command), NULL) == REFUSAL_NONE;
        arena_finish(&arena);
    }
    if (!listed)
        *ret_reason = "the server refused an item of the agenda";
    return listed;
}
