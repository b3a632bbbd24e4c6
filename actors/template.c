#include "actors/template.h"

static const struct template_field *field_of(const struct template *template, struct text key) {
    for (uint32_t i = 0; i < template->fields.count; i++) {
        if (text_equal(template->fields.items[i].key, key)) {
            return &template->fields.items[i];
        }
    }
    return NULL;
}

static bool are_phrases(const struct phrase_list *phrases) {
    for (uint32_t i = 0; i < phrases->count; i++) {
        if (phrases->items[i].text.length == 0) {
            return false;
        }
    }
    return true;
}

static bool are_checks(const struct check_list *checks) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i < checks->count; i++) {
        uint32_t topic = 1u << checks->items[i].topic;
        if ((seen & topic) != 0) {
            return false;
        }
        seen |= topic;
    }
    return true;
}

static bool are_fields(const struct template *template) {
    for (uint32_t i = 0; i < template->fields.count; i++) {
        const struct template_field *field = &template->fields.items[i];
        bool lacks_choices = field->kind == FIELD_KIND_CHOICE && field->choices.count == 0;
        if (field->key.length == 0 || field->label.length == 0 || lacks_choices ||
            !are_phrases(&field->choices) || field_of(template, field->key) != field) {
            return false;
        }
    }
    return field_of(template, TEXT("recommendation")) != NULL;
}

enum { SIZE_OF_ONE = 8 }; /* heads of an entry and its texts, numbers */

static uint32_t size_of_phrases(const struct phrase_list *phrases) {
    uint32_t size = 0;
    for (uint32_t i = 0; i < phrases->count; i++) {
        size += SIZE_OF_ONE + phrases->items[i].text.length;
    }
    return size;
}

uint32_t template_size(const struct template *template) {
    uint32_t size = SIZE_OF_ONE + template->standard_words.length +
                    size_of_phrases(&template->defer_reasons) +
                    size_of_phrases(&template->core_disciplines);
    for (uint32_t i = 0; i < template->checks.count; i++) {
        size += SIZE_OF_ONE + template->checks.items[i].owed_by.length;
    }
    for (uint32_t i = 0; i < template->fields.count; i++) {
        const struct template_field *field = &template->fields.items[i];
        size += SIZE_OF_ONE + field->key.length + field->label.length +
                size_of_phrases(&field->choices);
    }
    return size;
}

bool template_is_whole(const struct template *template) {
    return template_size(template) <= TEMPLATE_SIZE_MAX && are_checks(&template->checks) &&
           are_fields(template) && are_phrases(&template->defer_reasons) &&
           are_phrases(&template->core_disciplines) &&
           template->planned_seconds <= TEMPLATE_PLANNED_SECONDS_MAX &&
           template->cut_off_hours <= TEMPLATE_CUT_OFF_HOURS_MAX;
}

struct text template_reason(const struct template *template, uint32_t digit) {
    bool known = digit >= 1 && digit <= template->defer_reasons.count;
    return known ? template->defer_reasons.items[digit - 1].text : (struct text){0, NULL};
}

bool template_has_reason(const struct template *template, uint32_t digit) {
    uint32_t count = template->defer_reasons.count;
    return count == 0 ? digit == 0 : digit >= 1 && digit <= count;
}

struct text template_standard_words(const struct template *template) {
    const struct template_field *field = field_of(template, TEXT("recommendation"));
    if (template->standard_words.length > 0) {
        return template->standard_words;
    }
    return field == NULL || field->choices.count == 0 ? (struct text){0, NULL}
                                                      : field->choices.items[0].text;
}
