#include "bench/meeting_plan.h"

#include "bench/agenda_view.h"
#include "bench/figure.h"
#include "protocol/generated/patient_case.h"

#include <stdio.h>

enum {
    COMMAND_BYTES = 16 * 1024,
    CASES_OF_ONE_SESSION = 4, /* it may fill in twenty lines at once */
    UNREADY_TOPICS = 1,
    READY_MS = 10 * 1000,
};

/* What TEXT() is, as C11 6.7.9 wants it outside of functions. */
#define WORDS(literal)                                                                             \
    { sizeof(literal) - 1, (literal) }

static struct check checks[] = {
    {.topic = CARD_TOPIC_QUESTION},
    {.topic = CARD_TOPIC_DIAGNOSIS, .owed_by = WORDS("Pathology")},
};

static struct phrase recommendations[] = {{WORDS(PLAN_STANDARD_WORDS)}};
static struct phrase intents[] = {{WORDS("curative")}, {WORDS("palliative")}};

static struct template_field fields[] = {
    {.key = WORDS("recommendation"),
     .label = WORDS("Recommendation"),
     .required = true,
     .choices = {1, recommendations}},
    {.key = WORDS("intent"),
     .label = WORDS("Intent"),
     .kind = FIELD_KIND_CHOICE,
     .required = true,
     .choices = {2, intents}},
    {.key = WORDS("side"), .label = WORDS("Side"), .kind = FIELD_KIND_SIDE, .required = true},
};

static struct phrase reasons[] = {{WORDS("Images are missing")},
                                  {WORDS("Pathology is missing")},
                                  {WORDS("Nobody knows the patient")}};
static struct phrase disciplines[] = {{WORDS("Surgery")}, {WORDS("Radiology")}};

static const struct template template = {
    .version = 1,
    .checks = {sizeof checks / sizeof *checks, checks},
    .fields = {sizeof fields / sizeof *fields, fields},
    .defer_reasons = {sizeof reasons / sizeof *reasons, reasons},
    .core_disciplines = {sizeof disciplines / sizeof *disciplines, disciplines},
    .votes = true,
    .planned_seconds = 180,
    .cut_off_hours = 48,
};

const struct template *plan_template(void) {
    return &template;
}

enum fate plan_fate(unsigned place) {
    switch (place % 10) {
    case 2:
        return place == 12 ? FATE_NOT_DISCUSSED : FATE_DECIDED;
    case 4:
        return FATE_DEFERRED;
    case 7:
        return FATE_COMES_BACK;
    case 9:
        return FATE_STANDARD;
    default:
        return FATE_DECIDED;
    }
}

enum item_outcome plan_outcome(enum fate fate) {
    static const enum item_outcome outcomes[] = {
        [FATE_DECIDED] = ITEM_OUTCOME_DECIDED,   [FATE_COMES_BACK] = ITEM_OUTCOME_DECIDED,
        [FATE_DEFERRED] = ITEM_OUTCOME_DEFERRED, [FATE_NOT_DISCUSSED] = ITEM_OUTCOME_NOT_DISCUSSED,
        [FATE_STANDARD] = ITEM_OUTCOME_STANDARD,
    };
    return outcomes[fate];
}

uint8_t plan_reason(unsigned place) {
    return (uint8_t)(1 + place / 10 % template.defer_reasons.count);
}

bool plan_is_unready(unsigned place) {
    return place % 20 == 3;
}

static bool fill_in(struct conversation *coordinator, uint16_t channel, unsigned number,
                    unsigned topics) {
    static const enum card_topic topic[PLAN_TOPICS] = {CARD_TOPIC_QUESTION, CARD_TOPIC_DIAGNOSIS,
                                                       CARD_TOPIC_HISTORY, CARD_TOPIC_PATHOLOGY,
                                                       CARD_TOPIC_TREATMENT};
    struct arena arena;
    arena_init(&arena, COMMAND_BYTES);
    bool filled =
        conversation_open(coordinator, channel, CHANNEL_KIND_PATIENT_CASE, staff_case_id(number));
    for (unsigned i = 0; filled && i < topics; i++) {
        struct set_card command = {
            .command_id = fresh_id(),
            .topic = topic[i],
            .text = TEXT("Invented words as a case card has them: a finding, where it is and how "
                         "large it was at each date, what was done about it and when, what the "
                         "specimen showed with its margins and nodes, and what is asked of the "
                         "board in the end. Three lines of it are enough to be told apart.")};
        filled = conversation_say(coordinator, channel, set_card_encode(&arena, &command), NULL) ==
                 REFUSAL_NONE;
        arena_reset(&arena);
    }
    arena_finish(&arena);
    return filled;
}

static bool prepare(const struct staff *staff, unsigned first_case, unsigned count) {
    struct conversation coordinator;
    bool prepared = true;
    for (unsigned done = 0; prepared && done < count;) {
        if (!conversation_begin(&coordinator, &staff->address, staff->people[0].token, "plan"))
            return false;
        for (unsigned i = 0; prepared && i < CASES_OF_ONE_SESSION && done < count; i++, done++)
            prepared = fill_in(&coordinator, (uint16_t)(i + 1), first_case + done,
                               plan_is_unready(done) ? UNREADY_TOPICS : PLAN_TOPICS);
        conversation_end(&coordinator);
    }
    if (!prepared)
        fprintf(stderr, "Not all cases could be prepared\n");
    return prepared;
}

static bool has_heard(const struct staff *staff, unsigned board) {
    struct agenda_view view;
    bool heard = agenda_view_take(&view, staff, 0, board, 0);
    for (uint32_t i = 0; heard && i < view.board->items.count; i++)
        heard = (view.board->items.items[i].missing.count > 0) == plan_is_unready(i);
    agenda_view_finish(&view);
    return heard;
}

bool plan_make(const struct staff *staff, unsigned board, unsigned first_case, unsigned count) {
    if (!staff_make_meeting(staff, board, &template, first_case, count) ||
        !prepare(staff, first_case, count))
        return false;
    for (int64_t end = monotonic_us() + READY_MS * 1000; monotonic_us() < end;)
        if (has_heard(staff, board))
            return true;
    fprintf(stderr, "The meeting did not hear what its cases lack\n");
    return false;
}
