#include "clients/native/demo/demo_preparation.h"

#include "clients/native/demo/demo_identifiers.h"
#include "protocol/generated/patient_case.h"

#include <stdio.h>

enum { COMMAND_BYTES_MAX = 32 * 1024 };

// What TEXT makes, for static tables.
#define WORDS(words)                                                                               \
    { sizeof(words) - 1, words }
#define PHRASE(words)                                                                              \
    { .text = WORDS(words) }

static struct check checks[] = {
    {.topic = CARD_TOPIC_QUESTION},
    {.topic = CARD_TOPIC_IMAGES, .owed_by = WORDS("Radiology")},
    {.topic = CARD_TOPIC_HISTORY},
    {.topic = CARD_TOPIC_PERFORMANCE_STATUS, .owed_by = WORDS("Oncology")},
};
static struct phrase intents[] = {PHRASE("cure"), PHRASE("relief"), PHRASE("more diagnosis"),
                                  PHRASE("watch and wait")};
static struct template_field fields[] = {
    {.key = WORDS("recommendation"),
     .label = WORDS("Recommendation"),
     .kind = FIELD_KIND_TEXT,
     .required = true},
    {.key = WORDS("side"), .label = WORDS("Side"), .kind = FIELD_KIND_SIDE, .required = true},
    {.key = WORDS("intent"),
     .label = WORDS("Intent"),
     .kind = FIELD_KIND_CHOICE,
     .choices = {4, intents}},
    {.key = WORDS("options"), .label = WORDS("Options weighed"), .kind = FIELD_KIND_TEXT},
    {.key = WORDS("guideline"),
     .label = WORDS("Guideline, or why not by it"),
     .kind = FIELD_KIND_LINE},
    {.key = WORDS("trial"), .label = WORDS("Trial"), .kind = FIELD_KIND_LINE},
    {.key = WORDS("preference"), .label = WORDS("Patient's preference"), .kind = FIELD_KIND_LINE},
};
static struct phrase defer_reasons[] = {PHRASE("images missing"), PHRASE("pathology missing"),
                                        PHRASE("another test first"), PHRASE("presenter absent"),
                                        PHRASE("no time left")};
static struct phrase core_disciplines[] = {PHRASE("Neurosurgery"), PHRASE("Radiology"),
                                           PHRASE("Oncology"), PHRASE("Pathology")};

const struct template demo_template = {
    .version = 1,
    .checks = {sizeof(checks) / sizeof(checks[0]), checks},
    .fields = {sizeof(fields) / sizeof(fields[0]), fields},
    .defer_reasons = {sizeof(defer_reasons) / sizeof(defer_reasons[0]), defer_reasons},
    .core_disciplines = {sizeof(core_disciplines) / sizeof(core_disciplines[0]), core_disciplines},
    .votes = true,
    .planned_seconds = 300,
    .cut_off_hours = 48,
    .standard_words = WORDS("Standard of care, by the guideline"),
};

static const struct card_line {
    const char *name; // of the case
    enum card_topic topic;
    const char *words;
} card[] = {
    {"cranium", CARD_TOPIC_QUESTION,
     "Which reconstruction of the right frontal defect, and when? Is the frontal sinus open?"},
    {"cranium", CARD_TOPIC_DIAGNOSIS, "Right frontal bone defect after craniectomy"},
    {"cranium", CARD_TOPIC_HISTORY,
     "Head injury in spring, decompression on the right, flap lost to infection. Free of "
     "infection for four months."},
    {"cranium", CARD_TOPIC_PERFORMANCE_STATUS, "ECOG 1"},
    {"cranium", CARD_TOPIC_COMORBIDITIES, "None that limits anaesthesia"},
    {"cranium", CARD_TOPIC_TREATMENT, "Six weeks of antibiotics, wound healed"},
    {"cranium", CARD_TOPIC_PREFERENCE, "Wants the contour restored; prefers one operation"},
    {"brain", CARD_TOPIC_QUESTION, "Second opinion on the MR: is there a lesion that explains it?"},
    {"brain", CARD_TOPIC_HISTORY, "Headache for three months, unsteady gait for four weeks"},
    {"brain", CARD_TOPIC_PERFORMANCE_STATUS, "ECOG 1"},
    {"brain", CARD_TOPIC_RESULTS, "Laboratory without findings"},
    {"spine", CARD_TOPIC_QUESTION, "Stable or not? Brace or fixation?"},
    {"spine", CARD_TOPIC_HISTORY, "Fall from a ladder ten days ago, no deficit"},
    {"spine", CARD_TOPIC_PERFORMANCE_STATUS, "ECOG 2 since the fall"},
    {"spine", CARD_TOPIC_PREFERENCE, "Would rather avoid an operation"},
    {"coronary", CARD_TOPIC_QUESTION, "Intervention or bypass for the right coronary artery?"},
    {"coronary", CARD_TOPIC_HISTORY, "Angina on exertion for half a year"},
};

static enum refusal write_line(struct conversation *conversation, uint16_t channel,
                               const struct card_line *line) {
    char name[128];
    struct arena arena;
    snprintf(name, sizeof(name), "command/card/%s/%d", line->name, (int)line->topic);
    struct set_card command = {
        .command_id = demo_id("card", name), .topic = line->topic, .text = demo_text(line->words)};
    arena_init(&arena, COMMAND_BYTES_MAX);
    enum refusal refusal =
        conversation_say(conversation, channel, set_card_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

bool demo_write_card(struct conversation *conversation, uint16_t channel, const char *name,
                     const char **ret_reason) {
    for (size_t i = 0; i < sizeof(card) / sizeof(card[0]); i++) {
        if (strcmp(card[i].name, name) != 0)
            continue;
        enum refusal refusal = write_line(conversation, channel, &card[i]);
        // Changed: somebody wrote there since an earlier run did.
        if (refusal != REFUSAL_NONE && refusal != REFUSAL_CHANGED) {
            *ret_reason = "the server refused a line of a case card";
            return false;
        }
    }
    return true;
}
