#include "server/dicomweb/qido_answer.h"

#include "server/dicomweb/qido_match.h"
#include "server/imaging/json_scan.h"

#include <stdio.h>
#include <string.h>

enum { MODALITY_MAX = 16, MODALITIES_MAX = 16 };

struct modalities {
    char words[MODALITIES_MAX][MODALITY_MAX + 1];
    size_t count;
};

static bool has_word(const struct modalities *modalities, const char *word) {
    for (size_t i = 0; i < modalities->count; i++) {
        if (strcmp(modalities->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Only what a code string is made of (PS3.5 6.2), as it is written as it stands. */
static bool is_code(const char *word, size_t length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ";
    return length > 0 && length <= MODALITY_MAX && strspn(word, letters) == length;
}

static void find_modalities(const struct qido_index *index, const struct qido_study *study,
                            struct modalities *ret) {
    ret->count = 0;
    for (uint32_t i = 0; i < study->series_count && ret->count < MODALITIES_MAX; i++) {
        const struct qido_series *series = &index->series[study->first_series + i];
        struct text field =
            qido_index_field(index, series->first_field, series->field_count, TAG_MODALITY);
        char vr[3], value[JSON_SCAN_VALUE_MAX];
        size_t length;
        struct json_values values = json_values_of(field, vr);
        if (!json_values_next(&values, value, &length)) {
            continue;
        }
        value[length < JSON_SCAN_VALUE_MAX ? length : JSON_SCAN_VALUE_MAX - 1] = 0;
        if (is_code(value, length) && !has_word(ret, value)) {
            memcpy(ret->words[ret->count++], value, length + 1);
        }
    }
}

static bool number_matches(const struct qido_match *match, uint32_t number) {
    char text[16];
    int length = snprintf(text, sizeof text, "%u", (unsigned)number);
    return qido_match_value(match, (struct text){(uint32_t)length, text});
}

static struct text uid_text(const char *uid) {
    return (struct text){(uint32_t)strlen(uid), uid};
}

static bool modalities_match(const struct qido_index *index, const struct qido_study *study,
                             const struct qido_match *match) {
    struct modalities modalities;
    find_modalities(index, study, &modalities);
    for (size_t i = 0; i < modalities.count; i++) {
        if (qido_match_value(match, uid_text(modalities.words[i]))) {
            return true;
        }
    }
    return false;
}

bool qido_study_matches(const struct qido_index *index, const struct qido_study *study,
                        const struct qido_query *query) {
    bool matches = true;
    for (uint32_t i = 0; i < query->match_count && matches; i++) {
        const struct qido_match *match = &query->matches[i];
        if (match->attribute->level != LEVEL_STUDY) {
            continue;
        }
        switch (match->attribute->tag) {
        case TAG_STUDY_INSTANCE_UID:
            matches = qido_match_value(match, uid_text(study->uid));
            break;
        case TAG_MODALITIES_IN_STUDY:
            matches = modalities_match(index, study, match);
            break;
        case TAG_STUDY_SERIES:
            matches = number_matches(match, study->series_count);
            break;
        case TAG_STUDY_INSTANCES:
            matches = number_matches(match, study->instances);
            break;
        case TAG_INSTANCE_AVAILABILITY:
            matches = qido_match_value(match, TEXT("ONLINE"));
            break;
        default:
            matches =
                qido_match_json(match, qido_index_field(index, study->first_field,
                                                        study->field_count, match->attribute->tag));
            break;
        }
    }
    return matches;
}

bool qido_series_matches(const struct qido_index *index, const struct qido_series *series,
                         const struct qido_query *query) {
    bool matches = true;
    for (uint32_t i = 0; i < query->match_count && matches; i++) {
        const struct qido_match *match = &query->matches[i];
        if (match->attribute->level != LEVEL_SERIES) {
            continue;
        }
        switch (match->attribute->tag) {
        case TAG_SERIES_INSTANCE_UID:
            matches = qido_match_value(match, uid_text(series->uid));
            break;
        case TAG_SERIES_INSTANCES:
            matches = number_matches(match, series->instances);
            break;
        default:
            matches = qido_match_json(match,
                                      qido_index_field(index, series->first_field,
                                                       series->field_count, match->attribute->tag));
            break;
        }
    }
    return matches;
}

static void tell_fields(const struct qido_index *index, uint32_t first, uint32_t count, bool given,
                        struct qido_results *results) {
    for (uint32_t i = 0; i < count; i++) {
        const struct qido_field *field = &index->fields[first + i];
        if (qido_results_want(results, attribute_of_tag(field->tag), given)) {
            qido_results_field(
                results, field->tag,
                (struct text){field->length, (const char *)index->text.bytes + field->offset});
        }
    }
}

static void tell_modalities(const struct qido_index *index, const struct qido_study *study,
                            struct qido_results *results) {
    struct modalities modalities;
    char list[MODALITIES_MAX * (MODALITY_MAX + 4)] = "";
    size_t length = 0;
    find_modalities(index, study, &modalities);
    for (size_t i = 0; i < modalities.count; i++) {
        length += (size_t)snprintf(list + length, sizeof list - length, "%s\"%s\"",
                                   i > 0 ? "," : "", modalities.words[i]);
    }
    qido_results_made(results, TAG_MODALITIES_IN_STUDY, "{\"vr\":\"CS\",\"Value\":[%s]}", list);
}

void qido_tell_study(const struct qido_index *index, const struct qido_study *study, bool given,
                     struct qido_results *results) {
    tell_fields(index, study->first_field, study->field_count, given, results);
    qido_results_text(results, TAG_STUDY_INSTANCE_UID, study->uid);
    if (given || results->query->include_all) {
        tell_modalities(index, study, results);
        qido_results_number(results, TAG_STUDY_SERIES, study->series_count);
        qido_results_number(results, TAG_STUDY_INSTANCES, study->instances);
    }
}

void qido_tell_series(const struct qido_index *index, const struct qido_series *series, bool given,
                      struct qido_results *results) {
    tell_fields(index, series->first_field, series->field_count, given, results);
    qido_results_text(results, TAG_SERIES_INSTANCE_UID, series->uid);
    if (given || results->query->include_all) {
        qido_results_number(results, TAG_SERIES_INSTANCES, series->instances);
    }
}

void qido_answer_studies(const struct qido_index *index, struct qido_results *results) {
    qido_results_begin(results);
    for (uint32_t i = 0; i < index->study_count; i++) {
        const struct qido_study *study = &index->studies[i];
        if (!qido_study_matches(index, study, results->query) || !qido_results_next(results)) {
            continue;
        }
        qido_tell_study(index, study, true, results);
        qido_results_text(results, TAG_INSTANCE_AVAILABILITY, "ONLINE");
        qido_results_made(results, TAG_RETRIEVE_URL,
                          "{\"vr\":\"UR\",\"Value\":[\"%s/studies/%s\"]}", results->base,
                          study->uid);
        qido_results_write(results);
    }
    qido_results_end(results);
}

static void answer_study(const struct qido_index *index, const struct qido_study *study,
                         bool of_one, struct qido_results *results) {
    if (!qido_study_matches(index, study, results->query)) {
        return;
    }
    for (uint32_t i = 0; i < study->series_count; i++) {
        const struct qido_series *series = &index->series[study->first_series + i];
        if (!qido_series_matches(index, series, results->query) || !qido_results_next(results)) {
            continue;
        }
        qido_tell_study(index, study, !of_one, results);
        qido_tell_series(index, series, true, results);
        qido_results_text(results, TAG_INSTANCE_AVAILABILITY, "ONLINE");
        qido_results_made(results, TAG_RETRIEVE_URL,
                          "{\"vr\":\"UR\",\"Value\":[\"%s/studies/%s/series/%s\"]}", results->base,
                          study->uid, series->uid);
        qido_results_write(results);
    }
}

void qido_answer_series(const struct qido_index *index, struct text study_uid,
                        struct qido_results *results) {
    qido_results_begin(results);
    if (study_uid.length > 0) {
        const struct qido_study *study = qido_index_study(index, study_uid);
        if (study) {
            answer_study(index, study, true, results);
        }
    }
    for (uint32_t i = 0; study_uid.length == 0 && i < index->study_count; i++) {
        answer_study(index, &index->studies[i], false, results);
    }
    qido_results_end(results);
}
